// SPDX-License-Identifier: GPL-3.0-or-later
/* CA certificates and revocation lists: each file is read once under its path, whoever names it, and what is in it may
 * be replaced while connections live. The files of a directory are one, and so are those of the directory where the system keeps
 * its CAs (@system-ca). Filled by the leader before it forks, changed in a worker only by what the leader sends. */
#ifndef SLUICE_TLS_TRUST_H
#define SLUICE_TLS_TRUST_H

#include <openssl/ssl.h>
#include <sluice/base/buf.h>
#include <sluice/tls/opts.h>

enum tls_trust_kind { TLS_CAS, TLS_CRLS };

struct tls_trust {
	char *path;
	uint8_t kind;                  /* enum tls_trust_kind */
	STACK_OF(X509) *certs;
	STACK_OF(X509_CRL) *crls;
	unsigned char digest[32];      /* of what it holds */
	uint64_t stamp;                /* tls_trust_stamp() when it was read, 0 = made at run time */
	struct tls_trust *next;
};

/* trust_files.c: the text of a file, or of the files *.pem, *.crt, *.cer, *.crl of a directory, or of @system-ca; false with errno. What
 * all of them are now: another number once one has changed. Leader. */
bool tls_trust_text(const char *path, struct sbuf *out) MUST_CHECK;
uint64_t tls_trust_stamp(const char *path);
/* From the store, or read from the file. NULL with err. Leader only. */
struct tls_trust *tls_trust_load(enum tls_trust_kind k, const char *path, struct tls_err *err) MUST_CHECK;
/* Outside of the store; the caller frees. NULL with err when nothing of the kind is in the text. */
struct tls_trust *tls_trust_parse(enum tls_trust_kind k, const char *path, struct str pem, struct tls_err *err) MUST_CHECK;
void tls_trust_free(struct tls_trust *t);
struct tls_trust *tls_trust_find(enum tls_trust_kind k, const char *path);
/* The next of the kind behind t, the first for NULL. */
struct tls_trust *tls_trust_next(enum tls_trust_kind k, const struct tls_trust *t);
/* The file of that path holds this from now on, for all handshakes that begin later; a new one is made. */
bool tls_trust_put(enum tls_trust_kind k, const char *path, struct str pem, struct tls_err *err) MUST_CHECK;
/* false: no such path. */
bool tls_trust_delete(enum tls_trust_kind k, const char *path);
/* Does a listener or a server name it? */
bool tls_trust_used(enum tls_trust_kind k, const char *path);
/* Number i (from 0) of what it holds, as HAProxy's `show ssl ca-file` and `show ssl crl-file` do. */
unsigned tls_trust_count(const struct tls_trust *t);
void tls_trust_describe(const struct tls_trust *t, unsigned i, struct sbuf *out);
/* Empties the store. */
void tls_trusts_drop(void);

#endif
