// SPDX-License-Identifier: GPL-3.0-or-later
/* What sessions and exchanges leave in the cumulative counters: plain stores into this worker's column. */
#ifndef SLUICE_WORKER_COUNT_H
#define SLUICE_WORKER_COUNT_H

#include <sluice/ipc/counters.h>
#include "session.h"
#include "stream.h"
#include "worker_priv.h"

static inline struct fe_counters *count_fe(const struct rt_proxy *px)
{
	return &px_ctr(wk.seg, px_index(px), wk.slot)->fe;
}
static inline struct be_counters *count_be(const struct rt_proxy *px)
{
	return &px_ctr(wk.seg, px_index(px), wk.slot)->be;
}
static inline struct srv_counters *count_srv(uint32_t srv) { return srv_ctr(wk.seg, srv, wk.slot); }

static inline uint32_t lst_index(const struct rt_listener *l) { return (uint32_t)(l - wk.rt->lst); }
/* Of the listener, NULL without option socket-stats. */
static inline struct lst_counters *count_lst(const struct session *se)
{
	return se->fe->opts & OPT_SOCKET_STATS ? lst_ctr(wk.seg, lst_index(se->lst), wk.slot) : NULL;
}

void count_accept(const struct rt_proxy *fe);
void count_session(const struct session *se);
void count_server_handshake(bool resumed);                              /* TLS with a server that is established */
void count_handshake(const struct session *se, bool ok, bool resumed);     /* TLS with a client */
void count_session_refused(const struct session *se, enum rule_phase ph); /* by a rule of that phase */
void count_request(const struct stream *s);
void count_backend(const struct stream *s);             /* a backend was chosen */
void count_server(const struct stream *s);              /* a server was chosen */
void count_connect(const struct stream *s, bool reused);
void count_connect_failed(const struct stream *s);
void count_retry(const struct stream *s, bool elsewhere);
void count_rewrite_failed(const struct stream *s);       /* a header or value of a rule did not fit */
void count_queued(const struct stream *s, uint32_t srv); /* srv RT_NONE: on the backend */
void count_queue_timeout(const struct stream *s);
void count_no_server(const struct stream *s);
void count_bad_request(const struct stream *s);
void count_bad_response(const struct stream *s);
void count_denied(const struct stream *s, bool response); /* by a rule */
void count_bytes(struct stream *s);                      /* also while the exchange goes on */
void count_compressed(const struct stream *s);
void count_compressed_bytes(const struct stream *s, uint32_t in, uint32_t out, bool response); /* proxies count those of responses */
void count_end(struct stream *s);

#endif
