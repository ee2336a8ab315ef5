// SPDX-License-Identifier: GPL-3.0-or-later
/* Takes a described request through the steps of a stream and writes down what was decided. The stream is a real one; only its client is
 * a mux that has one request to give (explain_client.c), and it ends where a connection would begin. Rules write their part through
 * trace.h. */
#include <sluice/base/rand.h>
#include "explain_priv.h"

static void put_answer(const struct stream *s)
{
	int loc = msg_find(&s->res, STR("location"), 0);

	sbuf_printf(wk.trace, "answer    %u made by the proxy, termination state %.2s%s\n", s->res.status, s->term, s->flags & SF_TARPIT ? ", after a tarpit" : "");
	if (loc >= 0)
		sbuf_printf(wk.trace, "location  " STR_FMT "\n", STR_ARG(hdr_val(&s->res.hdr[loc])));
}

/* ---- the steps ---- */

static void put_heading(struct stream *s)
{
	switch (s->step) {
	case ST_TCP_RULES: sbuf_add(wk.trace, STR("rules\n")); break;
	case ST_ROUTE: sbuf_add(wk.trace, STR("route\n")); break;
	case ST_BE_RULES: explain_where("backend", s->be->name, s->be->loc); break;
	case ST_PICK: explain_servers(s); break;
	}
}

/* false: a step has ended the stream. */
static bool walk(struct stream *s)
{
	enum step_result r = STEP_NEXT;

	s->running = true;
	while (r == STEP_NEXT && s->step < ST_CONNECT && s->step != ST_QUEUE) {
		put_heading(s);
		r = strm_step(s);
		if (r == STEP_END) {
			sbuf_add(wk.trace, STR("closed    without an answer\n"));
			return false;
		}
	}
	if (s->step == ST_TARPIT || s->step == ST_REPLY)
		put_answer(s);
	else
		explain_choice(s);
	return true;
}

bool explain_run(const struct heritage *h, const struct explain_request *q, struct sbuf *out)
{
	struct explained x = { 0 };
	struct stream *s;
	bool open;

	worker_setup(h);
	if (q->seed)
		rand_seed_fixed(q->seed);
	wk.trace = out;
	open = explain_client_open(&x, q);
	s = open ? strm_new(&x.se, x.se.fe, true) : NULL;
	if (s) {
		s->cli.mux = &x.mux;
		s->flags |= SF_LOGGED;
		if (walk(s))
			strm_discard(s);
	}
	explain_client_close(&x);
	return x.lst != RT_NONE;
}
