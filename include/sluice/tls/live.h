// SPDX-License-Identifier: GPL-3.0-or-later
/* Certificates, trust, lists, responses and ticket keys that change while the processes live. A change is a kind, a name
 * and a text; the leader applies it to itself first and hands it on in a sealed memfd, everybody builds from it what it
 * needs. A change that does not apply changes nothing. */
#ifndef SLUICE_TLS_LIVE_H
#define SLUICE_TLS_LIVE_H

#include <sluice/tls/cert.h>

enum tls_change {               /* others know the numbers: new ones come at the end. The name is a path; the text is: */
	TLS_CHANGE_CERT,        /* PEM of certificate, chain and key; a new path makes a certificate */
	TLS_CHANGE_CERT_DEL,    /* - */
	TLS_CHANGE_OCSP,        /* DER of a response, the name is that of the certificate */
	TLS_CHANGE_CAS,         /* PEM of CA certificates */
	TLS_CHANGE_CAS_DEL,
	TLS_CHANGE_CRLS,        /* PEM of revocation lists */
	TLS_CHANGE_CRLS_DEL,
	TLS_CHANGE_LIST_ADD,    /* tls_line_pack() */
	TLS_CHANGE_LIST_DEL,    /* tls_line_pack_del() */
	TLS_CHANGE_TICKET,      /* a ticket key, 48 or 80 bytes */
	TLS_CHANGE_ISSUER,      /* PEM of who signed it, the name is that of the certificate */
	TLS_CHANGE_SCTL,        /* the list of its timestamps; likewise */
	TLS_CHANGE_LIST,        /* tls_list_pack() */
	TLS_CHANGES
};

/* In this process. */
bool tls_live_do(enum tls_change k, struct str name, struct str text, struct tls_err *err) MUST_CHECK;
/* A sealed memfd with the change, *n bytes long; -1 and errno. */
int tls_live_pack(enum tls_change k, struct str name, struct str text, size_t *n) MUST_CHECK;
/* Applies the change of n bytes in fd. */
bool tls_live_apply(int fd, size_t n, struct tls_err *err) MUST_CHECK;

#endif
