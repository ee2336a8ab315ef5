// SPDX-License-Identifier: GPL-3.0-or-later
/* OCSP responses that are stapled to handshakes (RFC 6066, 8; RFC 6960). One is taken only when it is signed by the
 * certificate's issuer or a responder that the issuer appointed, is about the certificate, and is in force. */
#ifndef SLUICE_TLS_OCSP_H
#define SLUICE_TLS_OCSP_H

#include <openssl/ocsp.h>
#include <sluice/tls/cert.h>

/* A DER response about c becomes what is stapled. false with err: nothing has changed. */
bool tls_ocsp_take(struct tls_cert *c, struct str der, struct tls_err *err) MUST_CHECK;
/* The certificate that a DER response is about; NULL with err. */
struct tls_cert *tls_ocsp_owner(struct str der, struct tls_err *err) MUST_CHECK;
/* Who signed it: from the chain, or FILE.issuer. NULL = not known. The certificate's. */
X509 *tls_cert_issuer(const struct tls_cert *c);
/* HAProxy's key of a response: the DER of the certificate id, in hex. Empty when the issuer is not known. */
void tls_ocsp_key(const struct tls_cert *c, struct sbuf *out);
/* The certificate id in words. */
void tls_ocsp_describe_id(const struct tls_cert *c, struct sbuf *out);
/* A DER response in OpenSSL's words. */
void tls_ocsp_describe(struct str der, struct sbuf *out);

/* Whom to ask about c: the first responder that its certificate names, when that is http://. */
struct tls_responder { char host[256], port[8], path[1024]; };
bool tls_ocsp_responder(const struct tls_cert *c, struct tls_responder *r);
/* The question: DER of an OCSP request without a nonce, so that responders may answer from what they have signed before. */
bool tls_ocsp_request(const struct tls_cert *c, struct sbuf *der);

#endif
