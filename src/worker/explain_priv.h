// SPDX-License-Identifier: GPL-3.0-or-later
/* Between the parts of `explain`. All of them write to wk.trace. */
#ifndef SLUICE_WORKER_EXPLAIN_PRIV_H
#define SLUICE_WORKER_EXPLAIN_PRIV_H

#include <sluice/tls/said.h>
#include <sluice/worker/explain.h>
#include "session.h"
#include "steps.h"
#include "trace.h"

struct explained {              /* the client: connection, session, mux and what it says */
	struct conn conn;
	struct session se;
	struct mux mux;
	struct tls_said tls;
	struct sbuf head;       /* of a request in HTTP/1 */
	const struct explain_request *q;
	uint32_t lst;
};

/* Where it arrives (lst; RT_NONE: nowhere), handshake and protocol. false: the request never begins, and the trace says why. */
bool explain_client_open(struct explained *x, const struct explain_request *q) MUST_CHECK;
void explain_client_close(struct explained *x);
/* The servers of the backend, before one is picked; the one that was, or that the request waits. */
void explain_servers(struct stream *s);
void explain_choice(struct stream *s);
/* A line with the place that the configuration has for it. */
void explain_where(const char *word, struct str name, struct rt_loc loc);

#endif
