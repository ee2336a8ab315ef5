// SPDX-License-Identifier: GPL-3.0-or-later
/* Commands that workers answer: exchanges shown and ended, bad messages, figures of loops, pools and descriptors, counters zeroed. */
#include <fcntl.h>
#include <time.h>
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/base/num.h>
#include <sluice/ipc/counters.h>
#include "cli_ask.h"
#include "cli_change.h"

/* ---- show sess ---- */

static bool hex_id(struct str v, uint64_t *id)
{
	if (str_istarts(v, STR("0x")))
		v = str_sub(v, 2, v.n);
	return num_hex64(v, id) && *id;
}

/* One filter from w[*i] on; false: a message was written. */
static bool take_filter(struct cli_run *r, unsigned *i, struct ipc_ask *q)
{
	struct str k = r->w[*i], v = *i + 1 < r->n ? r->w[*i + 1] : STR_NULL;
	uint64_t ms;

	++*i;
	if (str_eq(k, STR("all")))
		q->flags |= ASK_LONG;
	else if (str_eq(k, STR("show-uri")))
		q->flags |= ASK_URI;
	else if (str_eq(k, STR("susp")))
		q->older_s = MAX(q->older_s, 1u);
	else if (hex_id(k, &q->id))
		q->flags |= ASK_LONG;
	else if (str_eq(k, STR("older")) && num_duration(v, 1000, &ms))
		++*i, q->older_s = (uint32_t)MIN(ms / 1000, (uint64_t)UINT32_MAX);
	else if (str_eq(k, STR("backend")))
		return ++*i, (q->be = cli_backend(r, v)) != RT_NONE;
	else if (str_eq(k, STR("frontend")))
		return ++*i, (q->fe = cli_frontend(r, v)) != RT_NONE;
	else if (str_eq(k, STR("server")))
		return ++*i, (q->srv = cli_server(r, v)) != RT_NONE;
	else
		return cli_fail(r, "Session identifier or one of 'all', 'older <age>', 'susp', 'backend <b>', 'frontend <f>', 'server <b/s>', "
				   "'show-uri' expected."), false;
	return true;
}

enum cli_state cli_show_sess(struct cli_run *r)
{
	struct ipc_ask q = ASK_ANY;

	if (!r->calls) {
		for (unsigned i = 0; i < r->n;)
			if (!take_filter(r, &i, &q))
				return CLI_DONE;
		r->num = q.id;
		return cli_ask(r, ASK_SESS, &q);
	}
	if (r->num && !cli_ask_found(r))
		return cli_fail(r, "Session not found.");
	return cli_ask_copy(r);
}

/* ---- shutdown ---- */

enum cli_state cli_shutdown_session(struct cli_run *r)
{
	struct ipc_ask q = ASK_ANY;

	if (!r->calls) {
		if (!r->n)
			return cli_fail(r, "Session pointer expected (use 'show sess').");
		if (!hex_id(r->w[0], &q.id))
			return cli_fail(r, "No such session (use 'show sess').");
		return cli_ask(r, ASK_KILL, &q);
	}
	return cli_ask_found(r) ? CLI_DONE : cli_fail(r, "No such session (use 'show sess').");
}

enum cli_state cli_shutdown_sessions(struct cli_run *r)
{
	struct ipc_ask q = ASK_ANY;

	if (r->calls)
		return CLI_DONE;
	if ((q.srv = cli_server(r, r->n ? r->w[0] : STR_NULL)) == RT_NONE)
		return CLI_DONE;
	return cli_ask(r, ASK_KILL, &q);
}

/* ---- show errors ---- */

static void print_total(struct cli_run *r)
{
	char date[40];
	struct tm tm;

	localtime_r(&clock_real.tv_sec, &tm);
	strftime(date, sizeof(date), "%d/%b/%Y:%H:%M:%S", &tm);
	sbuf_printf(r->out, "Total events captured on [%s.%03ld] : %u\n", date, clock_real.tv_nsec / 1000000, cli_ask_found(r));
}

static bool errors_args(struct cli_run *r, struct ipc_ask *q)
{
	int64_t id;

	q->flags = 0;
	for (unsigned i = 0; i < r->n; i++) {
		if (str_eq(r->w[i], STR("request")))
			q->flags |= ASK_REQ;
		else if (str_eq(r->w[i], STR("response")))
			q->flags |= ASK_RES;
		else if (!num_i64(r->w[i], &id) || id >= 0)
			for (uint32_t p = 0; p < r->l->rt->npx; p++)
				if (str_eq(r->l->rt->px[p].name, r->w[i]) || (num_i64(r->w[i], &id) && r->l->rt->px[p].id == (uint32_t)id))
					q->be = p;
	}
	if (!q->flags)
		q->flags = ASK_REQ | ASK_RES;
	if (r->n && q->be == RT_NONE && !str_eq(r->w[0], STR("-1")) && !str_eq(r->w[0], STR("request")) && !str_eq(r->w[0], STR("response"))) {
		cli_fail(r, "No such proxy.");
		return false;
	}
	return true;
}

enum cli_state cli_show_errors(struct cli_run *r)
{
	struct ipc_ask q = ASK_ANY;

	if (!r->calls)
		return errors_args(r, &q) ? cli_ask(r, ASK_ERRORS, &q) : CLI_DONE;
	if (r->calls == 1)
		print_total(r);
	return cli_ask_copy(r);
}

/* ---- figures ---- */

static enum cli_state show(struct cli_run *r, enum ask_kind kind)
{
	struct ipc_ask q = ASK_ANY;
	uint64_t n;

	if (r->calls)
		return cli_ask_copy(r);
	if (r->n && num_u64(r->w[0], &n))
		q.id = n + 1;
	return cli_ask(r, kind, &q);
}

enum cli_state cli_show_activity(struct cli_run *r) { return show(r, ASK_ACTIVITY); }
enum cli_state cli_show_pools(struct cli_run *r) { return show(r, ASK_POOLS); }
enum cli_state cli_show_fd(struct cli_run *r) { return show(r, ASK_FDS); }

/* ---- counters ---- */

/* Of generations and workers that are no more: that column is the leader's own. */
static void clear_retired(const struct cli_run *r, const struct ipc_ask *q)
{
	ctr_clear_column(r->l->seg, 0, q->flags & ASK_ALL, q->srv);
}

/* Those of generations that drain, whose counts are in every sum of ours, are theirs: each is told, with its own number of the server. */
static void clear_drained(const struct cli_run *r, const struct ipc_ask *q)
{
	for (const struct state_view *v = r->l->seg->older; v; v = v->next) {
		struct ipc_clear c = { .srv = q->srv == RT_NONE ? RT_NONE : v->of_srv[q->srv], .all = q->flags & ASK_ALL };

		if (q->srv == RT_NONE || c.srv != STATE_NONE)
			(void)master_tell(r->l, IPC_CLEAR, 0, v->h.generation, &c, sizeof(c), -1);
	}
}

void counters_clear(struct leader *l, const struct ipc_msg *m)
{
	const struct ipc_clear *c = (const struct ipc_clear *)(const void *)m->data;
	struct ipc_ask q = ASK_ANY;
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	q.srv = c->srv < l->rt->nsrv ? c->srv : RT_NONE;
	q.flags = c->all ? ASK_ALL : 0;
	ctr_clear_column(l->seg, 0, c->all, q.srv);
	for (unsigned i = 0; i < l->nchild; i++)
		if (l->child[i].role == ROLE_WORKER && l->child[i].pid && nowhere >= 0)
			(void)ipc_send(l->child[i].io.fd, IPC_ASK, ASK_CLEAR, 0, &q, sizeof(q), nowhere);
	if (nowhere >= 0)
		close(nowhere);
}

enum cli_state cli_clear_counters(struct cli_run *r)
{
	struct ipc_ask q = ASK_ANY;

	if (r->calls)
		return CLI_DONE;
	if (r->n && str_eq(r->w[0], STR("server"))) {
		q.flags = ASK_ALL;
		if ((q.srv = cli_server(r, r->n > 1 ? r->w[1] : STR_NULL)) == RT_NONE)
			return CLI_DONE;
	} else if (r->n && str_eq(r->w[0], STR("all"))) {
		q.flags = ASK_ALL;
	}
	if (q.flags & ASK_ALL && r->s->level < CLI_ADMIN)
		return cli_fail(r, "Permission denied");
	clear_retired(r, &q);
	clear_drained(r, &q);
	return cli_ask(r, ASK_CLEAR, &q);
}
