// SPDX-License-Identifier: GPL-3.0-or-later
/* Changes while the processes live: a table of what each kind does, and their way through a sealed memfd. Connections
 * hold references to what they were made with, so the former lives on where it is in use. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sluice/tls/live.h>
#include "pack.h"
#include "tls_priv.h"

#define CHANGE_MAX (64u << 20)

static bool do_cert(struct str path, struct str text, struct tls_err *err)
{
	bool renamed;
	struct tls_cert *c = tls_cert_put(path.p, text, &renamed, err);

	return c && tls_fronts_recert(c, renamed, err) && tls_backs_refresh(c, err);
}

static bool do_cert_del(struct str path, struct str text, struct tls_err *err)
{
	(void)text;
	if (tls_cert_delete(path.p))
		return true;
	tls_err_set(err, "certificate '%s' doesn't exist!", path.p);
	return false;
}

static bool do_beside(struct str path, enum tls_beside k, struct str text, struct tls_err *err)
{
	struct tls_cert *c = tls_cert_find(path.p);

	if (c)
		return tls_cert_take(c, k, text, err);
	tls_err_set(err, "certificate '%s' doesn't exist!", path.p);
	return false;
}

static bool do_ocsp(struct str path, struct str text, struct tls_err *err) { return do_beside(path, TLS_BESIDE_OCSP, text, err); }
static bool do_issuer(struct str path, struct str text, struct tls_err *err) { return do_beside(path, TLS_BESIDE_ISSUER, text, err); }
static bool do_sctl(struct str path, struct str text, struct tls_err *err) { return do_beside(path, TLS_BESIDE_SCTL, text, err); }

static bool do_cas(struct str path, struct str text, struct tls_err *err) { return tls_trust_put(TLS_CAS, path.p, text, err); }
static bool do_crls(struct str path, struct str text, struct tls_err *err) { return tls_trust_put(TLS_CRLS, path.p, text, err); }

static bool do_cas_del(struct str path, struct str text, struct tls_err *err)
{
	(void)text;
	tls_err_set(err, "CA file '%s' doesn't exist!", path.p);
	return tls_trust_delete(TLS_CAS, path.p);
}

static bool do_crls_del(struct str path, struct str text, struct tls_err *err)
{
	(void)text;
	tls_err_set(err, "CRL file '%s' doesn't exist!", path.p);
	return tls_trust_delete(TLS_CRLS, path.p);
}

static bool (*const doers[TLS_CHANGES])(struct str name, struct str text, struct tls_err *err) = {
	[TLS_CHANGE_CERT] = do_cert,
	[TLS_CHANGE_CERT_DEL] = do_cert_del,
	[TLS_CHANGE_OCSP] = do_ocsp,
	[TLS_CHANGE_CAS] = do_cas,
	[TLS_CHANGE_CAS_DEL] = do_cas_del,
	[TLS_CHANGE_CRLS] = do_crls,
	[TLS_CHANGE_CRLS_DEL] = do_crls_del,
	[TLS_CHANGE_LIST_ADD] = tls_list_add_apply,
	[TLS_CHANGE_LIST_DEL] = tls_list_del_apply,
	[TLS_CHANGE_TICKET] = tls_ticket_rotate,
	[TLS_CHANGE_ISSUER] = do_issuer,
	[TLS_CHANGE_SCTL] = do_sctl,
	[TLS_CHANGE_LIST] = tls_list_put_apply,
};

bool tls_live_do(enum tls_change k, struct str name, struct str text, struct tls_err *err)
{
	char *path = (unsigned)k < TLS_CHANGES ? strndup(name.p, name.n) : NULL;
	bool ok;

	tls_err_set(err, path ? "" : "no such change, or no memory for it");
	ok = path && doers[k](str_n(path, name.n), text, err);
	free(path);
	return ok;
}

int tls_live_pack(enum tls_change k, struct str name, struct str text, size_t *n)
{
	int fd = memfd_create("change", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct sbuf b = { 0 };
	bool ok;

	pack_u32(&b, k);
	pack_str(&b, name);
	pack_str(&b, text);
	*n = b.n;
	ok = fd >= 0 && pwrite(fd, b.p, b.n, 0) == (ssize_t)b.n &&
	     fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0;
	OPENSSL_cleanse(b.p, b.n);
	sbuf_free(&b);
	if (ok)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

bool tls_live_apply(int fd, size_t n, struct tls_err *err)
{
	char *all = n <= CHANGE_MAX ? malloc(n + 1) : NULL;
	struct unpack u = { .rest = { all, n } };
	uint32_t kind;
	struct str name, text;
	bool ok = false;

	tls_err_set(err, "its text is out of bounds");
	if (all && pread(fd, all, n, 0) == (ssize_t)n) {
		kind = unpack_u32(&u);
		name = unpack_str(&u);
		text = unpack_str(&u);
		ok = !u.bad && tls_live_do((enum tls_change)kind, name, text, err);
	}
	if (all)
		tls_text_wipe(all, n);
	return ok;
}
