// SPDX-License-Identifier: GPL-3.0-or-later
/* Requests through the rules of a configuration, without a process, a descriptor or a server: the steps of a stream up to the moment a
 * server is wanted; then, when a test has a response for it, the rules of responses. */
#ifndef REGTESTS_WORKER_RULED_H
#define REGTESTS_WORKER_RULED_H

#include "../unit.h"
#include "../conf/sema_test.h"
#include <sluice/base/clock.h>
#include <sluice/health/health.h>
#include <sluice/http/h1.h>
#include <sluice/stick/stick.h>
#include "../../../src/worker/explain_priv.h"
#include "../../../src/worker/worker_priv.h"

#define RULED_HEAD "defaults\n mode http\n timeout connect 1s\n timeout client 2s\n timeout server 2s\n"
#define RULED_BACK "backend b\n server s1 127.0.0.1:1\n server s2 127.0.0.1:2\n"

struct ruled {
	struct compiled c;
	struct heritage h;
	struct explained x;
	struct explain_request q;
	struct sbuf said;        /* of where the request arrived */
	struct stream *s;
};

/* front: lines of frontend f, which listens on port 80; back: whole sections. */
static void ruled_open(struct ruled *r, const char *front, const char *back)
{
	struct sbuf text = { 0 };

	memset(r, 0, sizeof(*r));
	sbuf_printf(&text, RULED_HEAD "frontend f\n bind 127.0.0.1:80\n%s default_backend b\n%s", front, back ? back : RULED_BACK);
	r->h = (struct heritage){ .role = ROLE_WORKER, .nworkers = 1, .generation = 1, .ctl = -1, .rt = compile_ok(&r->c, sbuf_cstr(&text)) };
	sbuf_free(&text);
	clock_update();
	r->h.seg = segment_create(1, 1, r->c.rt->npx, r->c.rt->nsrv, r->c.rt->nlst);
	assert_non_null(r->h.seg);
	health_initial_states((struct segment *)(uintptr_t)r->h.seg, r->c.rt, 1);
	r->h.tables = ARENA_NEWN(&r->c.rt->arena, struct stick_table *, r->c.rt->ntbl + 1);
	for (uint32_t i = 0; i < r->c.rt->ntbl; i++)
		((struct stick_table **)(uintptr_t)r->h.tables)[i] = stick_create(&r->c.rt->tbl[i]);
	worker_setup(&r->h);
}

static void ruled_drop(struct ruled *r)
{
	if (r->s) {
		strm_release_server(r->s, MUX_ABORT, false);
		strm_discard(r->s);
	}
	r->s = NULL;
	explain_client_close(&r->x);
	r->x = (struct explained){ 0 };
	r->said.n = 0;
}

/* A request as `explain` has it, "GET http://h/x" and switches; NULL ends them. */
static struct stream *ruled_begin(struct ruled *r, const char *const *words)
{
	struct str w[24];
	char err[200];
	unsigned n = 0;

	ruled_drop(r);
	while (words[n])
		w[n] = str_c(words[n]), n++;
	if (!explain_parse(&r->q, w, n, err, sizeof(err)))
		fail_msg("%s", err);
	wk.trace = &r->said;
	assert_true(explain_client_open(&r->x, &r->q));
	wk.trace = NULL;
	r->s = strm_new(&r->x.se, r->x.se.fe, true);
	assert_non_null(r->s);
	r->s->cli.mux = &r->x.mux;
	r->s->flags |= SF_LOGGED;
	r->s->running = true;
	return r->s;
}

/* ... through all rules of requests; s->step says how it came out. */
static struct stream *ruled_ask(struct ruled *r, const char *const *words)
{
	struct stream *s = ruled_begin(r, words);
	enum step_result st = STEP_NEXT;

	while (st == STEP_NEXT && s->step < ST_CONNECT && s->step != ST_QUEUE && s->step != ST_REPLY && s->step != ST_TARPIT)
		st = strm_step(s);
	if (st == STEP_END)
		r->s = s = NULL;
	return s;
}
#define ASK(r, ...) ruled_ask((r), (const char *const[]){ __VA_ARGS__, NULL })

/* The response of the server, and the rules that it meets: of the backend, then of the frontend. */
UNUSED static enum rule_verdict ruled_response(struct ruled *r, const char *head)
{
	struct h1_head_opts o = { .max_head = 8192 };
	enum h1_error err;
	uint32_t scan = 0;
	struct stream *s = r->s;

	msg_init(&s->res, s->res.hdr, s->res.max_hdr, s->arena, false);
	assert_int_equal(h1_head_parse(&s->res, str_c(head), &o, &scan, &err), H1_OK);
	strm_vars_response(s);
	enum rule_verdict v = rules_run(s, PH_HTTP_RES, s->be);

	return v == RULE_CONTINUE || v == RULE_ALLOW ? rules_run(s, PH_HTTP_RES, s->fe) : v;
}

/* The last value of a header, "-" for none. */
static const char *ruled_hdr(const struct http_msg *m, const char *name)
{
	static char text[512];
	int last = -1;

	for (int i = msg_find(m, str_c(name), 0); i >= 0; i = msg_find(m, str_c(name), i + 1))
		last = i;
	snprintf(text, sizeof(text), STR_FMT, STR_ARG(last < 0 ? STR("-") : hdr_val(&m->hdr[last])));
	return text;
}

static void ruled_close(struct ruled *r)
{
	ruled_drop(r);
	sbuf_free(&r->said);
	worker_teardown();
	for (uint32_t i = 0; i < r->c.rt->ntbl; i++)
		stick_unmap(r->h.tables[i]);
	segment_unmap((struct segment *)(uintptr_t)r->h.seg);
	compiled_close(&r->c);
}

/* A row: lines of the frontend, a request, and what is to become of it: "503" and the like for an answer of the proxy, else the value of
 * header X, or the target when X is not there. */
struct ruled_row { const char *front, *ask[8], *want; };

static const char *ruled_outcome(const struct stream *s)
{
	static char text[512];

	if (!s)
		return "closed";
	if (s->step == ST_REPLY || s->step == ST_TARPIT)
		snprintf(text, sizeof(text), "%s%u %.2s", s->step == ST_TARPIT ? "tarpit " : "", s->res.status, s->term);
	else if (strcmp(ruled_hdr(&s->req, "x"), "-"))
		snprintf(text, sizeof(text), "%s", ruled_hdr(&s->req, "x"));
	else
		snprintf(text, sizeof(text), STR_FMT, STR_ARG(s->req.target));
	return text;
}

UNUSED static void ruled_rows(const struct ruled_row *row, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct ruled r;

		ruled_open(&r, row[i].front, NULL);
		const char *got = ruled_outcome(ruled_ask(&r, row[i].ask));

		if (strcmp(got, row[i].want))
			fail_msg("%s with%s is %s, not %s", row[i].ask[0], row[i].front, got, row[i].want);
		ruled_close(&r);
	}
}
#define RULED_ROWS(rows) ruled_rows((rows), ARRAY_LEN(rows))

#endif
