// SPDX-License-Identifier: GPL-3.0-or-later
/* `explain`: one described request is taken through the very steps that a worker takes a real one through, up to the moment it
 * would connect, and every decision on the way is written down. */
#ifndef SLUICE_WORKER_EXPLAIN_H
#define SLUICE_WORKER_EXPLAIN_H

#include <sluice/base/buf.h>
#include <sluice/base/addr.h>
#include <sluice/ipc/heritage.h>

#define EXPLAIN_MAX_HDRS 32

struct explain_request {
	struct str method, target, host;  /* host: with the port, as the Host header will say it */
	uint16_t port;                    /* where the client connects to */
	bool tls;
	uint8_t proto;                    /* enum rt_proto that the client insists on; auto: what the listener speaks */
	struct str upgrade;               /* protocol that it wants to go over to ("websocket"); empty: none */
	uint64_t seed;                    /* of what is left to chance; 0: another one each time */
	struct str sni, alpn, version, cipher; /* of TLS; sni: the host of the URL unless it is an address; alpn: "h2,http/1.1", its offer */
	struct str client_dn, issuer_dn;  /* "/C=DE/CN=joe", of the client's certificate; empty: it has none */
	struct addr src;
	struct str frontend;              /* empty: found by port */
	struct str hdr[EXPLAIN_MAX_HDRS]; /* "Name: value" */
	unsigned nhdr;
};

/* Reads "GET https://host:8443/path?q" and the words behind it, each with a value: --src IP, --header 'N: v', --frontend NAME, --proto h1|h2,
 * --upgrade PROTOCOL, --seed N, and for https --sni NAME, --alpn PROTOCOLS, --tls VERSION, --cipher NAME, --client-dn DN, --issuer-dn DN.
 * The method may be left out (GET). false: err says why. Keeps slices of the words. Any process. */
bool explain_parse(struct explain_request *q, const struct str *words, unsigned n, char *err, size_t errlen) MUST_CHECK;

/* Appends the explanation to *out; false when the request reaches no frontend, or cannot be (out says so). Makes a worker of the calling process and
 * counts as one in h->seg: call it in a process of its own, over a segment that nobody else uses (made for it, or a private
 * copy of the running one). */
bool explain_run(const struct heritage *h, const struct explain_request *q, struct sbuf *out);

#endif
