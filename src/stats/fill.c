// SPDX-License-Identifier: GPL-3.0-or-later
/* One row of values. Columns whose source is a counter are found through a table made once from the names; the others are computed
 * here, each kind of object in a function of its own. */
#include <stdio.h>
#include <sluice/base/clock.h>
#include <sluice/health/health.h>
#include <sluice/http/msg.h>
#include <sluice/ipc/note.h>
#include <sluice/ipc/place.h>
#include <sluice/lb/lb.h>
#include "stats_priv.h"

#define STAT_EXT(name, hist, permille, objs, help) STAT(name, MGP, U64, objs, hist, help)
static const char *const sources[STAT_COUNT] = {
#define STAT(name, tag, type, objs, src, help) #src,
#include <sluice/tbl/stats_fields.def>
#undef STAT
};
#undef STAT_EXT
static const uint16_t permilles[STAT_COUNT] = {
#define STAT(name, tag, type, objs, src, help) 0,
#define STAT_EXT(name, hist, permille, objs, help) permille,
#include <sluice/tbl/stats_fields.def>
#undef STAT
#undef STAT_EXT
};

/* Counter behind a column of a kind of object, NULL where there is none. */
static const struct ctr_desc *source_of[STAT_KINDS][STAT_COUNT];

static void sources_find(void)
{
	static const enum ctr_scope scopes[STAT_KINDS] = { CTR_SCOPE_FE, CTR_SCOPE_BE, CTR_SCOPE_SRV, CTR_SCOPE_LST };
	static const enum ctr_scope hists[STAT_KINDS] = { CTR_SCOPE_FEH, CTR_SCOPE_BEH, CTR_SCOPE_SRV, CTR_SCOPE_LST };

	for (unsigned k = 0; k < STAT_KINDS; k++)
		for (unsigned f = 0; f < STAT_COUNT; f++)
			if (stat_applies(f, k, true))
				source_of[k][f] = ctr_find(permilles[f] ? hists[k] : scopes[k], sources[f]);
}

void stats_src_refresh(struct stats_src *s)
{
	s->now_ms = clock_ms();
	s->now_s = clock_real.tv_sec;
	memset(&s->walk, 0, sizeof(s->walk));
}

void stats_src_init(struct stats_src *s, const struct rt *rt, const struct segment *seg, uint32_t pid)
{
	*s = (struct stats_src){ .rt = rt, .seg = seg, .pid = pid };
	if (!source_of[STAT_FE][ST_F_stot])
		sources_find();
	stats_src_refresh(s);
}

struct str row_text(struct stats_row *r, const char *fmt, ...)
{
	char *at = r->text + r->ntext;
	size_t room = sizeof(r->text) - r->ntext;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(at, room, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= room)
		n = room ? (int)room - 1 : 0;
	r->ntext += (size_t)n;
	return str_n(at, (size_t)n);
}

/* ---- counters ---------------------------------------------------------------------------------------------------------- */

static struct stat_val typed(enum stat_field f, uint64_t v)
{
	return stat_descs[f].type == SV_U64 ? sv_u64(v) : sv_u32(v);
}

static void fill_counters(struct stats_src *s, struct stats_row *r, bool http)
{
	union {
		struct px_counters px;
		struct srv_counters srv;
		struct lst_counters lst;
	} sum;
	const char *base = (const char *)&sum;

	switch (r->o.kind) {
	case STAT_SRV: srv_ctr_sum(s->seg, r->o.idx, s->now_ms, &sum.srv); break;
	case STAT_LST: lst_ctr_sum(s->seg, r->o.idx, s->now_ms, &sum.lst); break;
	default: px_ctr_sum(s->seg, r->o.px, s->now_ms, &sum.px); break;
	}
	if (r->o.kind == STAT_BE)
		base = (const char *)&sum.px.be;
	for (unsigned f = 0; f < STAT_EXT_FIRST; f++) {
		const struct ctr_desc *d = source_of[r->o.kind][f];

		if (d && stat_applies(f, r->o.kind, http))
			r->v[f] = typed(f, *(const uint64_t *)(const void *)(base + d->off));
	}
}

static void fill_quantiles(const struct stats_src *s, struct stats_row *r)
{
	static struct px_hists h;
	const char *base = r->o.kind == STAT_FE ? (const char *)&h.fe : (const char *)&h.be;

	if (r->o.kind != STAT_FE && r->o.kind != STAT_BE)
		return;
	px_hist_sum(s->seg, r->o.px, &h);
	for (unsigned f = STAT_EXT_FIRST; f < STAT_COUNT; f++)
		r->v[f] = sv_u64(hist_quantile((const uint64_t *)(const void *)(base + source_of[r->o.kind][f]->off), permilles[f]));
}

/* ---- what is computed -------------------------------------------------------------------------------------------------- */

static void fill_common(const struct stats_src *s, struct stats_row *r, struct str name, uint32_t sid)
{
	const struct rt_proxy *px = &s->rt->px[r->o.px];

	r->v[ST_F_pxname] = sv_str(px->name);
	r->v[ST_F_svname] = sv_str(name);
	r->v[ST_F_pid] = sv_u32(1);
	r->v[ST_F_iid] = sv_u32(px->id);
	r->v[ST_F_sid] = sv_u32(sid);
	r->v[ST_F_type] = sv_u32(r->o.kind);
	r->v[ST_F_mode] = sv_str(px->mode == MODE_HTTP ? STR("http") : STR("tcp"));
}

static uint32_t fe_limit(const struct stats_src *s, const struct rt_proxy *px)
{
	const struct seg_be *w = &s->seg->be[px - s->rt->px];
	uint32_t now = atomic_load_explicit(&w->fe_maxconn, memory_order_relaxed);

	return now ? now : px->maxconn ? px->maxconn : s->rt->g.maxconn;
}

/* A frontend that the runtime socket closed: for a while, for good. */
static struct str fe_status(const struct stats_src *s, uint32_t px)
{
	switch (atomic_load_explicit(&s->seg->be[px].fe_state, memory_order_relaxed)) {
	case FE_DISABLED: return STR("PAUSED");
	case FE_SHUT: return STR("STOP");
	default: return STR("OPEN");
	}
}

static void fill_frontend(const struct stats_src *s, struct stats_row *r)
{
	const struct rt_proxy *px = &s->rt->px[r->o.px];
	uint32_t cur = live_sum(s->seg, LIVE_FE, r->o.px);

	fill_common(s, r, STR("FRONTEND"), 0);
	r->v[ST_F_scur] = sv_u32(cur);
	r->v[ST_F_slim] = sv_u32(fe_limit(s, px));
	r->v[ST_F_status] = sv_str(fe_status(s, r->o.px));
	r->v[ST_F_rate_lim] = sv_u32(px->rate_limit);
}

static struct str listener_name(const struct stats_src *s, struct stats_row *r, uint32_t nth)
{
	const struct rt_listener *l = &s->rt->lst[r->o.idx];

	return l->opts->name.n ? l->opts->name : row_text(r, "sock-%u", nth);
}

static struct str addr_value(struct stats_row *r, const struct addr *a)
{
	char text[ADDR_TEXT_MAX];
	size_t n = addr_text(a, text);

	return row_text(r, "%.*s", (int)n, text);
}

static void fill_listener(const struct stats_src *s, struct stats_row *r)
{
	const struct rt_listener *l = &s->rt->lst[r->o.idx];
	uint32_t nth = 1;

	for (uint32_t i = 0; i < r->o.idx; i++)
		nth += s->rt->lst[i].px == r->o.px;
	fill_common(s, r, listener_name(s, r, nth), nth);
	r->v[ST_F_scur] = sv_u32(live_sum(s->seg, LIVE_LST, r->o.idx));
	r->v[ST_F_slim] = sv_u32(l->opts->maxconn);
	r->v[ST_F_status] = sv_str(str_eq(fe_status(s, r->o.px), STR("OPEN")) ? STR("OPEN") : STR("WAITING"));
	r->v[ST_F_proto] = sv_str(l->addr.family == AF_UNIX ? STR("unix") : l->addr.family == AF_INET6 ? STR("tcpv6") : STR("tcpv4"));
	if (s->legends)
		r->v[ST_F_addr] = sv_str(addr_value(r, &l->addr));
}

static int64_t session_age(struct stats_src *s, const struct stats_obj *o)
{
	static const struct ctr_desc *of_srv, *of_be;
	uint64_t last;

	if (!of_srv) {
		of_srv = ctr_find(CTR_SCOPE_SRV, "lastsess");
		of_be = ctr_find(CTR_SCOPE_BE, "lastsess");
	}
	last = ctr_sum_one(s->seg, o->kind == STAT_SRV ? of_srv : of_be, o->idx, s->now_ms, &s->walk);
	return last ? MAX(s->now_s - (int64_t)last, (int64_t)0) : -1;
}

static struct str note(const struct stats_src *s, struct stats_row *r, enum note_kind k)
{
	char text[NOTE_TEXT];
	size_t n = note_read(s->seg, r->o.idx, k, text);

	return row_text(r, "%.*s", (int)n, text);
}

static struct str check_detail(const struct stats_src *s, struct stats_row *r, uint64_t word)
{
	enum check_status st = check_word_status(word);
	unsigned err = check_word_errno(word);

	if (check_word_noted(word))
		return note(s, r, NOTE_CHECK);

	if (err)
		return row_text(r, "%s", strerror((int)err));
	if (st == CHK_L7STS)
		return http_reason(check_word_code(word));
	return STR("");
}

static void fill_check(const struct stats_src *s, struct stats_row *r)
{
	const struct rt_srv_opts *o = s->rt->srv[r->o.idx].o;
	const struct seg_srv *w = &s->seg->srv[r->o.idx];
	uint64_t word = atomic_load_explicit(&w->check, memory_order_relaxed);
	enum check_status st = check_word_status(word);

	r->v[ST_F_chkfail] = sv_u64(atomic_load_explicit(&w->chk_fail, memory_order_relaxed));
	r->v[ST_F_chkdown] = sv_u64(atomic_load_explicit(&w->chk_down, memory_order_relaxed));
	r->v[ST_F_downtime] = sv_u32(stats_srv_downtime(s, r->o.idx));
	r->v[ST_F_check_status] = sv_str(str_c(check_status_word(st == CHK_UNKNOWN ? CHK_INI : st)));
	r->v[ST_F_check_desc] = sv_str(str_c(check_status_text(st == CHK_UNKNOWN ? CHK_INI : st)));
	if (check_status_has_code(st))
		r->v[ST_F_check_code] = sv_u32(check_word_code(word));
	if (st > CHK_INI)
		r->v[ST_F_check_duration] = sv_u64(check_word_ms(word));
	r->v[ST_F_last_chk] = sv_str(check_detail(s, r, word));
	r->v[ST_F_check_rise] = sv_u32(o->rise);
	r->v[ST_F_check_fall] = sv_u32(o->fall);
	r->v[ST_F_check_health] = sv_u32(srv_op_pos(srv_op_of(s, r->o.idx)));
}

static void fill_agent(const struct stats_src *s, struct stats_row *r)
{
	uint32_t word = atomic_load_explicit(&s->seg->srv[r->o.idx].agent, memory_order_acquire);
	enum check_status st = agent_word_status(word) == CHK_UNKNOWN ? CHK_INI : agent_word_status(word);

	if (srv_admin_flags(srv_admin_of(s, r->o.idx)) & ADMF_NOAGENT)
		return;
	r->v[ST_F_agent_status] = sv_str(str_c(check_status_word(st)));
	r->v[ST_F_agent_desc] = sv_str(str_c(check_status_text(st)));
	if (check_status_has_code(st))
		r->v[ST_F_agent_code] = sv_u32(0);
	if (st > CHK_INI)
		r->v[ST_F_agent_duration] = sv_u64(agent_word_ms(word));
	r->v[ST_F_last_agt] = sv_str(agent_word_noted(word) ? note(s, r, NOTE_AGENT) : STR(""));
	r->v[ST_F_agent_rise] = r->v[ST_F_agent_fall] = sv_u32(1);
	r->v[ST_F_agent_health] = sv_u32(!(srv_op_flags(srv_op_of(s, r->o.idx)) & OPF_AGENT_DOWN));
}

/* The rows are read one after the other: an idle connection may have become a used one in between. */
static void fill_connections(const struct stats_src *s, struct stats_row *r)
{
	const struct rt_srv_opts *o = s->rt->srv[r->o.idx].o;
	uint32_t once = live_sum(s->seg, LIVE_SRV_IDLE, r->o.idx), safe = live_sum(s->seg, LIVE_SRV_SAFE, r->o.idx);
	uint32_t conns = live_sum(s->seg, LIVE_SRV_CONN, r->o.idx), used = conns - MIN(once + safe, conns);

	r->v[ST_F_srv_icur] = sv_u32(once + safe);
	r->v[ST_F_idle_conn_cur] = sv_u32(once);
	r->v[ST_F_safe_conn_cur] = sv_u32(safe);
	r->v[ST_F_used_conn_cur] = r->v[ST_F_need_conn_est] = sv_u32(used);
	if (o->pool_max_conn >= 0)
		r->v[ST_F_src_ilim] = sv_u32((uint64_t)o->pool_max_conn);
}

/* The runtime interface or a nameserver may have moved the server, and with it a cookie that is made of its address. */
static struct str server_cookie(struct stats_row *r, const struct rt_proxy *px, const struct rt_server *srv, const struct addr *at)
{
	char text[DYN_COOKIE_LEN + 1];

	if (!(srv->flags & SRVF_DYN_COOKIE))
		return srv->cookie;
	rt_dynamic_cookie(&px->cookie, at, text);
	return row_text(r, "%s", text);
}

static void fill_server_config(const struct stats_src *s, struct stats_row *r)
{
	const struct rt_server *srv = &s->rt->srv[r->o.idx];
	uint32_t maxconn = srv_admin_maxconn(srv_admin_of(s, r->o.idx));

	if (maxconn)
		r->v[ST_F_slim] = sv_u32(maxconn);
	if (srv->o->maxqueue)
		r->v[ST_F_qlimit] = sv_u32(srv->o->maxqueue);
	if (srv->track != RT_NONE) {
		const struct rt_server *of = &s->rt->srv[srv->track];

		r->v[ST_F_tracked] = sv_str(row_text(r, STR_FMT "/" STR_FMT, STR_ARG(s->rt->px[of->px].name), STR_ARG(of->name)));
	}
	if (!s->legends)
		return;
	struct addr at = place_addr(s->seg, r->o.idx, &srv->addr);
	r->v[ST_F_addr] = sv_str(addr_value(r, &at));
	if (srv->cookie.n)
		r->v[ST_F_cookie] = sv_str(server_cookie(r, &s->rt->px[srv->px], srv, &at));
}

static void fill_server(struct stats_src *s, struct stats_row *r)
{
	const struct rt_server *srv = &s->rt->srv[r->o.idx];
	uint64_t op = srv_op_of(s, r->o.idx);
	char status[160];

	fill_common(s, r, srv->name, srv->id);
	stats_srv_status(s, r->o.idx, status, sizeof(status));
	r->v[ST_F_status] = sv_str(row_text(r, "%s", status));
	r->v[ST_F_qcur] = sv_u32(live_sum(s->seg, LIVE_SRV_QUEUE, r->o.idx));
	r->v[ST_F_scur] = sv_u32(live_sum(s->seg, LIVE_SRV, r->o.idx));
	r->v[ST_F_weight] = sv_u32(stats_srv_weight(s, r->o.idx));
	r->v[ST_F_uweight] = sv_u32(srv_admin_weight(srv_admin_of(s, r->o.idx)));
	r->v[ST_F_act] = sv_u32(!(srv->flags & SRVF_BACKUP));
	r->v[ST_F_bck] = sv_u32(!!(srv->flags & SRVF_BACKUP));
	r->v[ST_F_lastchg] = sv_u32(stats_age(s, srv_op_since(op)));
	r->v[ST_F_lastsess] = sv_s32(session_age(s, &r->o));
	r->v[ST_F_srid] = sv_u32(0);
	if (srv_op_state(op) == SRV_STARTING)
		r->v[ST_F_throttle] = sv_u32(srv_op_ramp(op));
	fill_server_config(s, r);
	fill_connections(s, r);
	if (srv->flags & SRVF_CHECK)
		fill_check(s, r);
	if (srv->flags & SRVF_AGENT)
		fill_agent(s, r);
}

static void fill_backend(struct stats_src *s, struct stats_row *r)
{
	const struct rt_proxy *px = &s->rt->px[r->o.px];
	const struct seg_be *w = &s->seg->be[r->o.px];
	uint64_t state = atomic_load_explicit(&w->state, memory_order_relaxed);
	uint32_t since = state ? (uint32_t)(state >> 32) : (uint32_t)(s->seg->h->started_ms / 1000);
	uint32_t down = atomic_load_explicit(&w->down_s, memory_order_relaxed);
	bool some = rt_has_servers(&px->be);
	struct be_sums sum;

	stats_be_sums(s, r->o.px, &sum);
	fill_common(s, r, STR("BACKEND"), 0);
	r->v[ST_F_qcur] = sv_u32(live_sum(s->seg, LIVE_BE_QUEUE, r->o.px));
	r->v[ST_F_scur] = sv_u32(live_sum(s->seg, LIVE_BE, r->o.px));
	r->v[ST_F_slim] = sv_u32(px->fullconn);
	r->v[ST_F_status] = sv_str(sum.usable || !some ? STR("UP") : STR("DOWN"));
	r->v[ST_F_weight] = sv_u32(sum.weight);
	r->v[ST_F_uweight] = sv_u32(sum.uweight);
	r->v[ST_F_act] = sv_u32(sum.act);
	r->v[ST_F_bck] = sv_u32(sum.bck);
	r->v[ST_F_chkdown] = sv_u64(atomic_load_explicit(&w->chk_down, memory_order_relaxed));
	r->v[ST_F_lastchg] = sv_u32(stats_age(s, since));
	r->v[ST_F_downtime] = sv_u32(some ? down + (state & 1 ? stats_age(s, since) : 0) : 0);
	r->v[ST_F_lastsess] = sv_s32(session_age(s, &r->o));
	r->v[ST_F_algo] = sv_str(str_c(px->be.algo->name));
	r->v[ST_F_agg_server_status] = sv_u32(sum.usable);
	r->v[ST_F_agg_server_check_status] = sv_u32(sum.checked_up);
	r->v[ST_F_agg_check_status] = sv_u32(sum.passed);
}

void stats_fill(struct stats_src *s, const struct stats_obj *o, enum stat_field want, struct stats_row *r)
{
	const struct ctr_desc *d = want < STAT_EXT_FIRST ? source_of[o->kind][want] : NULL;
	bool http = s->rt->px[o->px].mode == MODE_HTTP;

	r->o = *o;
	r->ntext = 0;
	if (d) {
		r->v[want] = (struct stat_val){ 0 };
		if (stat_applies(want, o->kind, http))
			r->v[want] = typed(want, ctr_sum_one(s->seg, d, o->idx, s->now_ms, &s->walk));
		return;
	}
	memset(r->v, 0, sizeof(r->v));
	if (want >= STAT_EXT_FIRST)
		fill_quantiles(s, r);
	if (want == STAT_ALL)
		fill_counters(s, r, http);
	switch (o->kind) {
	case STAT_FE: fill_frontend(s, r); break;
	case STAT_LST: fill_listener(s, r); break;
	case STAT_SRV: fill_server(s, r); break;
	default: fill_backend(s, r); break;
	}
}
