// SPDX-License-Identifier: GPL-3.0-or-later
/* Certificates that change while the processes live. Connections hold references to what they were made with, so the
 * old one lives on where it is in use. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sluice/tls/live.h>
#include "tls_priv.h"

#define TEXT_MAX (1u << 20)

int tls_live_pack(struct str text)
{
	int fd = memfd_create("certificate", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	if (pwrite(fd, text.p, text.n, 0) == (ssize_t)text.n &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0)
		return fd;
	close(fd);
	return -1;
}

bool tls_live_apply(unsigned at, int fd, size_t n, struct tls_err *err)
{
	struct tls_cert *c = tls_cert_at(at);
	char *text = c && n <= TEXT_MAX ? malloc(n + 1) : NULL;
	bool ok = false;

	tls_err_set(err, "there is no certificate %u, or its text is out of bounds", at);
	if (text && pread(fd, text, n, 0) == (ssize_t)n) {
		text[n] = '\0';
		ok = tls_cert_replace(c, str_n(text, n), err) && tls_fronts_refresh(err) && tls_backs_refresh(c, err);
	}
	if (text)
		OPENSSL_cleanse(text, n);
	free(text);
	return ok;
}
