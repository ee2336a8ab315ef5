// SPDX-License-Identifier: GPL-3.0-or-later
/* Where CAs and revocations are read from: a file, a directory of them, or the system's. They are read by the leader and at once, since a
 * worker may see neither the directory nor the rights to read it. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <openssl/x509.h>

#include <sluice/base/hash.h>
#include "tls_priv.h"

static const char *env_or(const char *name, const char *dflt)
{
	const char *v = getenv(name);

	return v ? v : dflt;
}

static const char *place_of(const char *path)
{
	return strcmp(path, "@system-ca") != 0 ? path : env_or(X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
}

static int is_text(const struct dirent *d)
{
	static const char *const ends[] = { ".pem", ".crt", ".cer", ".crl" };
	struct str name = str_c(d->d_name);

	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (str_ends(name, str_c(ends[i])))
			return 1;
	return 0;
}

/* Calls each() for every file until it says false; the system may have one more beside its directory. */
static bool files_of(const char *path, bool (*each)(const char *file, void *arg), void *arg)
{
	const char *place = place_of(path);
	struct stat st;
	bool ok;

	if (stat(place, &st) != 0 || !S_ISDIR(st.st_mode))
		return each(place, arg);
	ok = tls_dir_each(place, is_text, each, arg) > 0;
	return ok && (place == path || each(env_or(X509_get_default_cert_file_env(), X509_get_default_cert_file()), arg));
}

static bool add_text(const char *file, void *arg)
{
	bool ok = tls_text_read(file, arg);

	if (ok)
		sbuf_addc(arg, '\n');
	return ok || errno == ENOENT; /* links into nothing are common where the system keeps its own */
}

bool tls_trust_text(const char *path, struct sbuf *out)
{
	return files_of(path, add_text, out) && (out->n > 1 || (errno = ENOENT, false));
}

static bool add_stamp(const char *file, void *arg)
{
	uint64_t *sum = arg, one = tls_file_stamp(file);

	*sum = hash_xxh3(str_n((const char *)&one, sizeof(one)), *sum);
	return true;
}

uint64_t tls_trust_stamp(const char *path)
{
	uint64_t sum = 1;

	(void)files_of(path, add_stamp, &sum);
	return sum;
}
