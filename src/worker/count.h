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

void count_session(const struct session *se);
void count_request(const struct stream *s);
void count_backend(const struct stream *s);             /* a backend was chosen */
void count_server(const struct stream *s);              /* a server was chosen */
void count_connect(const struct stream *s, bool reused);
void count_connect_failed(const struct stream *s);
void count_retry(const struct stream *s, bool elsewhere);
void count_rewrite_failed(const struct stream *s);       /* a header or value of a rule did not fit */
void count_end(const struct stream *s);

#endif
