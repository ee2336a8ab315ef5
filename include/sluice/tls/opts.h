// SPDX-License-Identifier: GPL-3.0-or-later
/* What a configuration can say about TLS, as plain data: of a bind line, of one line of a crt-list, of a server. Texts
 * are NUL-terminated and live as long as the object built from them. Zeroed options are the defaults. */
#ifndef SLUICE_TLS_OPTS_H
#define SLUICE_TLS_OPTS_H

#include <sluice/base/str.h>

enum tls_ocsp_update { TLS_OCSP_UNSET, TLS_OCSP_OFF, TLS_OCSP_ON };
enum tls_verify { TLS_VERIFY_NONE, TLS_VERIFY_OPTIONAL, TLS_VERIFY_REQUIRED };

#define TLS_MAX_VERIFY_CODE 128

/* Certificate verification errors (X509_V_ERR_*) that are tolerated. */
struct tls_errset { uint64_t bits[TLS_MAX_VERIFY_CODE / 64]; };

struct tls_opts {
	const char *ciphers;         /* TLS 1.2 and below, OpenSSL's syntax; NULL: forward secrecy with AEAD only */
	const char *ciphersuites;    /* TLS 1.3; NULL: OpenSSL's */
	const char *curves;
	const char *sigalgs, *client_sigalgs;
	const char *ca_file;         /* file, directory or @system-ca */
	const char *ca_verify_file;  /* as ca_file, not announced to clients */
	const char *crl_file;
	const char *dh_file;
	const char *ticket_keys;     /* front: tls-ticket-keys */
	const char *crt;             /* back: our certificate for the server */
	const char *verify_host;     /* back: name in the server's certificate; NULL: the SNI */
	struct str alpn;             /* wire form: length-prefixed names */
	struct tls_errset ca_ignore, crt_ignore; /* depth > 0, depth 0 */
	uint16_t min_ver, max_ver;   /* TLS1_2_VERSION ...; 0: TLS 1.2, no maximum */
	uint8_t without;             /* bit n: not version 0x0300 + n */
	uint16_t dh_bits;            /* size of a built-in DH group, 0: none */
	uint32_t lifetime;           /* s, of sessions; 0: 300 */
	uint8_t verify;              /* enum tls_verify */
	uint8_t ocsp_update;         /* enum tls_ocsp_update: of the certificates under these options; no part of their equality */
	bool no_tickets, no_ca_names, strict_sni, client_ciphers /* the client's order counts */, early_data, no_reuse;
	bool verify_set;
};

/* Why a TLS object could not be built; a sentence without a final stop. */
struct tls_err { char text[400]; };
void tls_err_set(struct tls_err *e, const char *fmt, ...) PRINTF_FMT(2, 3);

/* Version number of "TLSv1.2", "TLSv1.3", ...; 0 when the word is none. */
uint16_t tls_version_parse(struct str word);
/* "TLSv1.3" for 0x0304; "" for what is unknown. */
struct str tls_version_name(uint16_t v);
/* Do they say the same? Texts are compared, not pointers. */
bool tls_opts_eq(const struct tls_opts *a, const struct tls_opts *b);
static inline void tls_errset_add(struct tls_errset *s, unsigned code)
{
	if (code < TLS_MAX_VERIFY_CODE)
		s->bits[code / 64] |= 1ull << code % 64;
}
static inline bool tls_errset_has(const struct tls_errset *s, int code)
{
	return code >= 0 && code < TLS_MAX_VERIFY_CODE && s->bits[code / 64] >> code % 64 & 1;
}

#endif
