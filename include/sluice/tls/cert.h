// SPDX-License-Identifier: GPL-3.0-or-later
/* Certificates: a PEM file with its key, chain and OCSP response, loaded once under its path, whoever names it. The
 * store belongs to the process: filled by the leader before it forks, changed in a worker only by what the runtime
 * CLI sends. */
#ifndef SLUICE_TLS_CERT_H
#define SLUICE_TLS_CERT_H

#include <openssl/ssl.h>
#include <sluice/base/buf.h>
#include <sluice/tls/opts.h>

enum tls_key_kind { TLS_KEY_RSA, TLS_KEY_EC, TLS_KEY_OTHER, TLS_KEY_KINDS };

/* What may stand in files of its own beside a certificate. */
enum tls_beside { TLS_BESIDE_OCSP, TLS_BESIDE_ISSUER, TLS_BESIDE_SCTL, TLS_BESIDES };

struct tls_cert {
	char *path;
	X509 *leaf;
	EVP_PKEY *key;
	STACK_OF(X509) *chain;      /* without the leaf; may be empty */
	X509 *issuer;               /* from FILE.issuer, not shown to clients; NULL = none, the chain may have it */
	unsigned char *ocsp;        /* DER response to staple, NULL = none */
	size_t nocsp;
	int64_t ocsp_until;         /* s since the epoch: nextUpdate of that response */
	unsigned char *sctl;        /* signed certificate timestamps to show (RFC 6962, 3.3), NULL = none */
	size_t nsctl;
	unsigned refs;              /* holders besides the store */
	char *key_path;             /* NULL: in the certificate's file */
	uint64_t stamp;             /* tls_cert_stamp() when it was read, 0 = made at run time */
	struct { char *path; uint64_t stamp; } beside[TLS_BESIDES]; /* by enum tls_beside; path NULL: made at run time */
	uint8_t kind;               /* enum tls_key_kind */
	char **names;               /* DNS names of the certificate, lower case; wildcards as "*.example.com" */
	unsigned nnames;
	bool ocsp_update;           /* its OCSP response is renewed */
	bool ocsp_scheduled;        /* the leader has that in its list */
	uint8_t warned;             /* how near its end was at the last warning */
	struct tls_cert *next;      /* in the store, in the order of loading */
};

/* Where a certificate's parts come from; NULL: from the certificate's file or what stands beside it (.key, .ocsp, .issuer,
 * .sctl). */
struct tls_cert_files { const char *crt, *key, *beside[TLS_BESIDES]; bool ocsp_update; };

/* How certificates are completed whose files lack something. */
enum tls_extra { TLS_EXTRA_KEY = 1, TLS_EXTRA_OCSP = 2, TLS_EXTRA_ISSUER = 4, TLS_EXTRA_SCTL = 8, TLS_EXTRA_BUNDLE = 16, TLS_EXTRA_ALL = 31 };
struct tls_completion {
	uint8_t extra;              /* enum tls_extra: what is looked for beside a certificate */
	bool del_ext;               /* beside FILE.crt stands FILE.key, not FILE.crt.key */
	bool skip_self_issued;      /* a chain that is but a root is not shown */
};
/* Of this process; set before certificates are loaded. */
struct tls_completion *tls_completion(void);
/* The files of a directory are chains for certificates that come without one: those whose issuer is the first in it. */
bool tls_chains_load(const char *dir, struct tls_err *err) MUST_CHECK;

/* The certificate of that path, from the store or loaded. NULL with err. */
struct tls_cert *tls_cert_load(const struct tls_cert_files *f, struct tls_err *err) MUST_CHECK;
struct tls_cert *tls_cert_find(const char *path);
struct tls_cert *tls_cert_first(void);
/* The certificate of that path gets key, chain and leaf of a PEM text, or is made; the object of a known path stays the
 * same. Its OCSP response and timestamps are dropped, FILE.issuer stays. *renamed: fronts have to look at its names again
 * (tls_fronts_refresh). NULL with err: unchanged. */
struct tls_cert *tls_cert_put(const char *path, struct str pem, bool *renamed, struct tls_err *err) MUST_CHECK;
/* Takes it out of the store; whoever holds it keeps it until tls_cert_free(). false: no such path. */
bool tls_cert_delete(const char *path);
/* A certificate outside of the store, from text: to look at one before it is used. */
struct tls_cert *tls_cert_parse(const char *path, struct str pem, struct tls_err *err) MUST_CHECK;
/* Frees it when nobody else holds it. */
void tls_cert_free(struct tls_cert *c);
/* Takes the text of what stands beside it. false with err: unchanged. */
bool tls_cert_take(struct tls_cert *c, enum tls_beside k, struct str text, struct tls_err *err) MUST_CHECK;
/* What the files of certificate and key, or any file, are now: another number once they have changed. Leader. */
uint64_t tls_cert_stamp(const struct tls_cert *c);
uint64_t tls_file_stamp(const char *path);
/* The text of certificate and key as the files have it now. false with err. Leader. */
bool tls_cert_read_text(const struct tls_cert *c, struct sbuf *pem, struct tls_err *err) MUST_CHECK;
/* The text of a file of at most 1 MiB; false: it cannot be read. */
bool tls_text_read(const char *path, struct sbuf *out) MUST_CHECK;
static inline struct tls_cert *tls_cert_hold(struct tls_cert *c)
{
	c->refs++;
	return c;
}
int64_t tls_cert_not_after(const struct tls_cert *c); /* s since the epoch */
/* Whole days until notAfter, negative when that is past. */
long tls_cert_days_left(const struct tls_cert *c);
/* What HAProxy's `show ssl cert` says about it, line by line. */
void tls_cert_describe(const struct tls_cert *c, struct sbuf *out);
/* "Nov 25 18:23:50 2026 GMT" */
void tls_cert_date(const ASN1_TIME *t, struct sbuf *out);
/* Empties the store. Tests, and before another configuration is read in the same process. */
void tls_certs_drop(void);

#endif
