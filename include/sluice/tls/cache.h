// SPDX-License-Identifier: GPL-3.0-or-later
/* Sessions that clients resume by their id, which is how TLS 1.2 does it without tickets (RFC 5246, F.1.4), and TLS 1.3 when the
 * ticket is nothing but an id (RFC 8446, 4.6.1). All
 * workers of a service, and its generations, share one table of bounded size in a memfd. What is in it are secrets of
 * connections, readable by who can read the secret of the tickets as well. A session is only good under the policy that
 * it was made under, which OpenSSL checks by the session id context. */
#ifndef SLUICE_TLS_CACHE_H
#define SLUICE_TLS_CACHE_H

#include <openssl/ssl.h>
#include <sluice/base/str.h>

/* A new table for so many sessions; -1 and errno. */
int tls_cache_create(uint32_t sessions) MUST_CHECK;
/* Uses the table in fd, in this process and those it forks. false: it is none, or not for so many sessions. */
bool tls_cache_use(int fd, uint32_t sessions) MUST_CHECK;
/* Is there one? */
bool tls_cache_on(void);
/* What this process has looked for so far, and what of it was not there. */
void tls_cache_counts(uint64_t *lookups, uint64_t *misses);
void tls_cache_drop(void);

/* id: 1 to 32 bytes. der: a session as i2d_SSL_SESSION() writes it; one that is too long is not kept. */
void tls_cache_put(struct str id, struct str der);
/* Its length in buf, 0 = not there. */
#define TLS_CACHE_DER_MAX 1984u
size_t tls_cache_get(struct str id, char buf[TLS_CACHE_DER_MAX]);
void tls_cache_remove(struct str id);

/* Makes ctx use the table, if there is one. */
void tls_cache_hook(SSL_CTX *ctx);

#endif
