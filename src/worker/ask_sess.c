// SPDX-License-Identifier: GPL-3.0-or-later
/* `show sess` and `shutdown session(s)` in one worker. The fields are HAProxy's as far as they mean something here; its flags of analysers
 * and channels do not exist and are 0. The step an exchange is in stands behind them. */
#include <stdio.h>
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/ipc/place.h>
#include "ask.h"
#include "pool.h"
#include "session.h"
#include "term.h"
#include "worker_priv.h"

static const char *const step_names[ST_COUNT] = {
#define STEP(id, fn, name, help) [ST_##id] = name,
#include "strm_steps.def"
#undef STEP
};

/* Time from now to a deadline in ms as HAProxy writes durations: the largest unit, nothing when there is none. */
static const char *until(char *out, size_t n, uint64_t deadline_ms, const char *none)
{
	uint64_t ms = deadline_ms > clock_ms() ? deadline_ms - clock_ms() : 0;

	if (!deadline_ms)
		snprintf(out, n, "%s", none);
	else if (ms < 1000)
		snprintf(out, n, "%ums", (unsigned)ms);
	else if (ms < 60000)
		snprintf(out, n, "%us", (unsigned)(ms / 1000));
	else if (ms < 3600000)
		snprintf(out, n, "%um%us", (unsigned)(ms / 60000), (unsigned)(ms / 1000 % 60));
	else
		snprintf(out, n, "%uh%um", (unsigned)(ms / 3600000), (unsigned)(ms / 60000 % 60));
	return out;
}

static unsigned age_s(const struct stream *s) { return (unsigned)((clock_now_ns - s->t.req_start) / 1000000000u); }

static struct str be_name(const struct stream *s) { return s->be ? s->be->name : STR("<NONE>"); }

static struct str srv_name(const struct stream *s) { return s->srv_idx != RT_NONE ? wk.rt->srv[s->srv_idx].name : STR("<none>"); }

static const char *proto(const struct addr *a)
{
	return a->family == AF_INET ? "tcpv4" : a->family == AF_INET6 ? "tcpv6" : "unix_stream";
}

static int fd_of(const struct endp *e) { return e->mux && e->mux->conn ? e->mux->conn->io.fd : -1; }

static void add_side(struct ask *a, const char *name, const struct stream *s, const struct endp *e, uint64_t exp)
{
	char t[32];

	sbuf_printf(&a->out, " %s=[%d,%xh,fd=%d", name, e->mux ? 8 : 0, e->flags, fd_of(e));
	if (s->exp_cli || s->exp_srv)
		sbuf_printf(&a->out, ",rex=%s,wex=", until(t, sizeof(t), exp, ""));
	sbuf_addc(&a->out, ']');
}

static void add_line(struct ask *a, const struct stream *s)
{
	const struct addr *src = s->sess->conn ? &s->sess->conn->src : NULL;
	char ip[ADDR_TEXT_MAX], t[32], c[32];

	sbuf_printf(&a->out, "0x%llx: proto=%s src=%.*s fe=" STR_FMT " be=" STR_FMT " srv=" STR_FMT, (unsigned long long)ask_strm_id(s),
		    src ? proto(src) : "none", src ? (int)addr_text(src, ip) : 0, ip, STR_ARG(s->fe->name), STR_ARG(be_name(s)),
		    STR_ARG(srv_name(s)));
	sbuf_printf(&a->out, " ts=00 epoch=0 age=%us calls=%u rate=0 cpu=0 lat=0", age_s(s), s->sess->nreq);
	sbuf_printf(&a->out, " rq[f=%xh,i=%u,an=00h,rx=%s,wx=,ax=]", s->flags, buf_len(&s->cli.rx), until(t, sizeof(t), s->exp_cli, ""));
	sbuf_printf(&a->out, " rp[f=0h,i=%u,an=00h,rx=%s,wx=,ax=]", buf_len(&s->srv.rx), until(t, sizeof(t), s->exp_srv, ""));
	add_side(a, "scf", s, &s->cli, s->exp_cli);
	add_side(a, "scb", s, &s->srv, s->exp_srv);
	sbuf_printf(&a->out, " exp=%s rc=%u c_exp=%s step=%s", until(t, sizeof(t), strm_deadline(s), ""), s->retries,
		    until(c, sizeof(c), s->step == ST_CONNECT ? s->exp : 0, ""), step_names[s->step]);
	if (a->q.flags & ASK_URI)
		sbuf_printf(&a->out, " uri=\"" STR_FMT "\"", STR_ARG(s->log_uri));
	sbuf_addc(&a->out, '\n');
}

static void add_date(struct sbuf *b, const struct timespec *ts)
{
	char text[40];
	struct tm tm;

	localtime_r(&ts->tv_sec, &tm);
	strftime(text, sizeof(text), "%d/%b/%Y:%H:%M:%S", &tm);
	sbuf_printf(b, "[%s.%06ld]", text, ts->tv_nsec / 1000);
}

static void add_proxy(struct ask *a, const char *what, const struct rt_proxy *px)
{
	if (px)
		sbuf_printf(&a->out, "  %s=" STR_FMT " (id=%u mode=%s)", what, STR_ARG(px->name), px->id, px->mode == MODE_HTTP ? "http" : "tcp");
	else
		sbuf_printf(&a->out, "  %s=<NONE> (id=-1 mode=-)", what);
}

static void add_endp(struct ask *a, const char *name, const struct endp *e)
{
	sbuf_printf(&a->out, "  %s: flags=0x%04x state=%s mux=%s fd=%d in=%llu out=%llu buf=%u\n", name, e->flags, e->mux ? "EST" : "CLO",
		    e->mux ? e->mux->ops->name : "<NONE>", fd_of(e), (unsigned long long)e->bytes_in, (unsigned long long)e->bytes_out,
		    buf_len(&e->rx));
}

static void add_long(struct ask *a, const struct stream *s)
{
	const struct addr *src = s->sess->conn ? &s->sess->conn->src : NULL;
	const struct rt_server *srv = s->srv_idx != RT_NONE ? &wk.rt->srv[s->srv_idx] : NULL;
	char ip[ADDR_TEXT_MAX], t[32];

	sbuf_printf(&a->out, "0x%llx: ", (unsigned long long)ask_strm_id(s));
	add_date(&a->out, &s->sess->accept_date);
	sbuf_printf(&a->out, " id=%u proto=%s source=%.*s\n", s->req_counter, src ? proto(src) : "none", src ? (int)addr_text(src, ip) : 0, ip);
	sbuf_printf(&a->out, "  flags=0x%x, conn_retries=%u, conn_exp=%s waiting=%d epoch=0\n", s->flags, s->retries,
		    until(t, sizeof(t), s->step == ST_CONNECT ? s->exp : 0, "<NEVER>"), !!(s->flags & SF_QUEUED));
	add_proxy(a, "frontend", s->fe);
	sbuf_printf(&a->out, ", listener=" STR_FMT " addr=%.*s\n", STR_ARG(s->sess->lst->opts->name.n ? s->sess->lst->opts->name : STR("?")),
		    (int)addr_text(&s->sess->lst->addr, ip), ip);
	add_proxy(a, "backend", s->be);
	sbuf_printf(&a->out, "\n  server=" STR_FMT " (id=%lld)", STR_ARG(srv_name(s)), srv ? (long long)srv->id : -1ll);
	if (srv) {
		struct addr at = place_addr(wk.seg, s->srv_idx, &srv->addr);

		sbuf_printf(&a->out, " addr=%.*s", (int)addr_text(&at, ip), ip);
	}
	sbuf_printf(&a->out, "\n  task: worker=%u pid=%d step=%s exp=%s age=%us requests=%u\n", wk.slot, (int)getpid(), step_names[s->step],
		    until(t, sizeof(t), strm_deadline(s), "<NEVER>"), age_s(s), s->sess->nreq);
	add_endp(a, "scf", &s->cli);
	add_endp(a, "scb", &s->srv);
	if (s->log_uri.n)
		sbuf_printf(&a->out, "  req: " STR_FMT " " STR_FMT "\n", STR_ARG(s->log_method), STR_ARG(s->log_uri));
}

static bool wanted(const struct ask *a, const struct stream *s)
{
	const struct ipc_ask *q = &a->q;

	if (q->id && ask_strm_id(s) != q->id)
		return false;
	if (q->fe != RT_NONE && s->fe != &wk.rt->px[q->fe])
		return false;
	if (q->be != RT_NONE && s->be != &wk.rt->px[q->be])
		return false;
	return (q->srv == RT_NONE || s->srv_idx == q->srv) && age_s(s) >= q->older_s;
}

static struct session *next_of(const struct session *se)
{
	return se->link.next == &wk.sessions ? NULL : LIST_ENTRY(se->link.next, struct session, link);
}

bool ask_sess(struct ask *a)
{
	unsigned looked = 0;

	for (; a->at && a->out.n < ASK_SLICE && looked < ASK_SLICE_ITEMS; a->at = next_of(a->at), looked++)
		LIST_EACH(p, &a->at->streams) {
			const struct stream *s = LIST_ENTRY(p, struct stream, link);

			if (!wanted(a, s))
				continue;
			a->found++;
			if (a->q.flags & ASK_LONG)
				add_long(a, s);
			else
				add_line(a, s);
		}
	return !a->at;
}

static void kill_one(struct stream *s)
{
	term_cause(s, 'K');
	strm_end(s, MUX_ABORT);
}

static bool kill_by_id(struct ask *a)
{
	for (unsigned looked = 0; a->at && looked < ASK_SLICE_ITEMS * 10; a->at = next_of(a->at), looked++)
		LIST_EACH(p, &a->at->streams) {
			struct stream *s = LIST_ENTRY(p, struct stream, link);

			if (ask_strm_id(s) == a->q.id) {
				a->found++;
				kill_one(s);
				return true;
			}
		}
	return !a->at;
}

bool ask_kill(struct ask *a)
{
	struct list *l;

	if (a->q.srv == RT_NONE)
		return kill_by_id(a);
	l = &wk.srv[a->q.srv].streams;
	for (unsigned n = 0; !list_empty(l) && n < ASK_SLICE_ITEMS; n++) {
		kill_one(LIST_ENTRY(l->next, struct stream, srv_link));
		a->found++;
	}
	return list_empty(l) || a->calls > 1000;
}
