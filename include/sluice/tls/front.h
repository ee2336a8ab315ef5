// SPDX-License-Identifier: GPL-3.0-or-later
/* The server side of TLS: what a `bind ... ssl` line means. One SSL_CTX for a line, and one more for each different set
 * of options in its crt-lists; certificates are chosen in the handshake, so ten thousand of them are ten thousand
 * certificates and not as many contexts. Built by the leader, inherited by the workers. */
#ifndef SLUICE_TLS_FRONT_H
#define SLUICE_TLS_FRONT_H

#include <sluice/tls/cert.h>

struct tls_front;
struct tls_line;

/* id: what sessions are bound to besides the policy, the same over reloads (frontend and bind line). o is kept. */
struct tls_front *tls_front_new(const struct tls_opts *o, struct str id, struct tls_err *err) MUST_CHECK;
/* Adds a certificate under filters[0..n) ("www.example.com", "*.example.com", "!x.example.com", "*"), or under its own
 * names when n is 0. own: options of a crt-list line, NULL = those of the bind line; line: that line, NULL = a `crt` of
 * the bind line. The first one added is the default. */
bool tls_front_add(struct tls_front *f, struct tls_cert *c, const struct str *filters, unsigned n,
		   const struct tls_opts *own, const struct tls_line *line, struct tls_err *err) MUST_CHECK;
/* After the last tls_front_add(). */
bool tls_front_finish(struct tls_front *f, struct tls_err *err) MUST_CHECK;
/* Rebuilds the name tables of all fronts after certificates have changed. */
bool tls_fronts_refresh(struct tls_err *err);
/* Frees all fronts. No connection may be using them. */
void tls_fronts_drop(void);

struct tls_match {                  /* certificates for one name, by kind of key */
	struct tls_entry *at[TLS_KEY_KINDS];
};
struct tls_entry {                  /* a certificate under a bind line */
	struct tls_cert *cert;
	struct tls_policy *policy;
	struct str *filters;
	unsigned nfilters;
	struct tls_front *front;
	const struct tls_line *line; /* of a crt-list or directory; NULL: `crt` of the bind line */
	unsigned refs;              /* handshakes that hold it */
};
/* Certificates for an SNI (any case), NULL: none, the default counts unless strict-sni forbids. */
const struct tls_match *tls_front_match(const struct tls_front *f, struct str sni);
const struct tls_match *tls_front_default(const struct tls_front *f);

/* For listings: fronts in order of building, and their entries. */
struct tls_front *tls_front_first(void);
struct tls_front *tls_front_next(const struct tls_front *f);
struct str tls_front_id(const struct tls_front *f);
/* Options of the bind line. */
const struct tls_opts *tls_front_opts(const struct tls_front *f);
unsigned tls_front_entries(const struct tls_front *f);
struct tls_entry *tls_front_entry(const struct tls_front *f, unsigned i);

#endif
