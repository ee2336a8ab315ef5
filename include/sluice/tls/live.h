// SPDX-License-Identifier: GPL-3.0-or-later
/* Certificates that change while the processes live: the leader hands their text on in a sealed memfd, everybody builds
 * from it what it needs. */
#ifndef SLUICE_TLS_LIVE_H
#define SLUICE_TLS_LIVE_H

#include <sluice/tls/cert.h>

/* A sealed memfd with text; -1 and errno. */
int tls_live_pack(struct str text) MUST_CHECK;
/* The certificate number `at` becomes the one whose PEM text of n bytes is in fd, for all connections that begin from
 * now on. false with err: nothing has changed. */
bool tls_live_apply(unsigned at, int fd, size_t n, struct tls_err *err) MUST_CHECK;

#endif
