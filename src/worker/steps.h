// SPDX-License-Identifier: GPL-3.0-or-later
/* What the step files share: the step functions, and the verbs a step is written in. */
#ifndef SLUICE_WORKER_STEPS_H
#define SLUICE_WORKER_STEPS_H

#include <sluice/net/proxy_hdr.h>
#include "count.h"
#include "pool.h"
#include "rules.h"
#include "session.h"
#include "term.h"
#include "worker_priv.h"

#define STEP(id, fn, name, help) enum step_result step_##fn(struct stream *s);
#include "strm_steps.def"
#undef STEP

static inline enum step_result step_to(struct stream *s, enum strm_step st)
{
	s->step = (uint8_t)st;
	return STEP_NEXT;
}

/* Ends the exchange with an answer of our own, or by closing when it is too late for one. Term letters count only if
 * none is set. */
enum step_result strm_fail(struct stream *s, unsigned status, char cause, char phase);
/* Ends the exchange without an answer. */
enum step_result strm_abort(struct stream *s, char cause, char phase, enum mux_close_how how);
/* The client's message is broken (EP_ERR): answers what was refused, gives up on what ended early. */
enum step_result strm_request_broken(struct stream *s);
/* Counts a request whose bytes are refused (EE_BAD_HEAD, EE_BAD_BODY), after which its connection ends; the status to answer with. */
unsigned strm_request_bad(struct stream *s);
/* Waits for the whole body of the request, or as much as a buffer holds (then it is in cli.rx), and goes on with `next`. */
enum step_result strm_body(struct stream *s, enum strm_step next);
/* The stream belongs to that backend from now on. */
void strm_route_to(struct stream *s, uint32_t be);
/* What a rule verdict means: `next` for continue and allow. */
enum step_result strm_obey(struct stream *s, enum rule_verdict v, enum strm_step next);

/* steps_req.c: tells the client to send its body. false: the client is gone. */
bool strm_answer_continue(struct stream *s);
/* act_conn.c: TOS and netfilter mark of a socket; -1 = as it is. */
void conn_mark(int fd, const struct addr *peer, int64_t tos, int64_t mark);

/* timeouts.c: deadlines in ms. */
void strm_touch_cli(struct stream *s);   /* bytes moved on the client side: its inactivity timer starts again */
void strm_touch_srv(struct stream *s);
/* n bytes were sent to the client or the server, `all` that there were. One that is kept waiting for more than that by a
 * receiver of single bytes has not been served: only all, or a good number, starts the timer again. */
void strm_touch_sent(struct stream *s, bool client, uint32_t n, bool all);
/* Before waiting: runs the timers of those who are waited for, stops the others'. */
void strm_await(struct stream *s);
/* In ms: the backend's where it is about the server, else the frontend's, with the fallbacks of the manual. */
uint32_t strm_timeout(const struct stream *s, enum rt_timeout which);
/* How long step REQ_BODY waits for a body that option http-buffer-request wants whole: timeout http-request of the backend, else timeout
 * client. */
uint32_t strm_body_timeout(const struct stream *s);

/* The message whose trailers are passed on, NULL when there are none. */
static inline const struct http_msg *strm_trailers(const struct stream *s, const struct http_msg *m)
{
	if (LIKELY(!m->ntrl))
		return NULL;
	return (m == &s->req ? s->be->opts & OPT_DROP_REQ_TRAILERS : s->fe->opts & OPT_DROP_RES_TRAILERS) ? NULL : m;
}

/* forward.c */
/* mux_ops.send() of bytes that one side has sent to the other: they are copied for mirrors and kept to bandwidth limits where there are any. false
 * means wait, as there; a limit that is used up wakes the stream by itself. */
bool strm_send_filtered(struct stream *s, struct endp *to, struct mux_tx *tx);
static inline bool strm_send(struct stream *s, struct endp *to, struct mux_tx *tx)
{
	return LIKELY(!s->bw && !s->copies) ? to->mux->ops->send(to, tx) : strm_send_filtered(s, to, tx);
}
enum fwd_result {
	FWD_WAIT,     /* blocked on one of the ends: a wake follows */
	FWD_DONE,     /* the whole message (or, in a tunnel, everything up to the end of file) was handed over */
	FWD_SRC_ERR,  /* the sender broke and what it had sent is handed over */
	FWD_DST_ERR,  /* the receiver broke */
	FWD_MORE,     /* the turn's share is used up: run again in the next turn */
};
/* Moves body (or raw) bytes from one end to the other until either blocks. */
/* Receives unless there is input already or there will be none. */
void fwd_pull(struct stream *s, struct endp *from);
enum fwd_result fwd_move(struct stream *s, struct endp *from, struct endp *to);

/* server.c */
/* The attempt failed before a byte of the response was seen: tries again, or answers. */
enum step_result strm_connect_failed(struct stream *s, bool timed_out);
enum step_result strm_response_failed(struct stream *s, enum retry_on why, unsigned status, char cause);
/* The server has said that it did not look at the request. */
enum step_result strm_refused(struct stream *s);
/* Lets go of the server: connection (kept for others when keep), slot, load. */
void strm_release_server(struct stream *s, enum mux_close_how how, bool failed);
/* The server that failed again, after the pause: nobody else is left. */
enum step_result strm_retry_same(struct stream *s);
/* Assigns srv: load becomes visible to other workers at once. */
void strm_take_server(struct stream *s, uint32_t srv);
/* Passive observation: an error or a success at the server. */
void server_observe(struct stream *s, bool l7, bool ok);
/* proxy_out.c: writes the PROXY header that the server of s wants; 0 = it wants none. */
size_t server_proxy_header(struct stream *s, char hdr[PROXY_OUT_MAX]);
/* Sends the PROXY header of a new connection where the server wants one (before a TLS handshake it went with that); an
 * empty send queue takes it whole. */
bool server_introduce(struct stream *s);
/* Begins the connection; false when it failed at once. */
bool server_connect(struct stream *s);

/* The server found the request too early: it goes there once more, when nobody can take it for a copy. */
enum step_result strm_too_early(struct stream *s);

/* early.c */
/* The head of the request has come. */
void early_note(struct stream *s);
/* Tells the server what came early (RFC 8470, 5.1); takes that back. */
void early_tell(struct stream *s);
void early_untell(struct stream *s);
/* May it leave for a server before the handshake there is over? */
bool early_may_leave(const struct stream *s);
/* Is a response 425 ours to deal with? */
bool early_retried(const struct stream *s);
/* Where the client's handshake stands; while it is open, its end wakes s. */
#define HANDSHAKE_MOST_MS 10000
enum early_state { EARLY_OVER, EARLY_OPEN, EARLY_FAILED };
enum early_state early_wait(struct stream *s);

/* page.c: is the request for the statistics page of px? */
bool stats_page_wanted(const struct stream *s, const struct rt_proxy *px);

/* lbkey.c */
struct lb_req;
void lbkey_fill(struct stream *s, struct lb_req *r);

/* auth.c: the callbacks of expressions. */
bool auth_check(const struct smp_ctx *c, int list, struct str user, struct str pass);
bool auth_group(const struct smp_ctx *c, int list, struct str user, int n, struct str *out);
void auth_start(void); /* once in each worker */

/* env.c, env_strm.c */
extern const struct smp_env strm_env;
bool env_strm_num(struct stream *s, enum smp_env_num what, int64_t *out);
const struct addr *env_addr(const struct smp_ctx *c, enum smp_env_addr what);
void env_capture(const struct smp_ctx *c, bool response, int slot, struct str v);

#endif
