// SPDX-License-Identifier: GPL-3.0-or-later
/* What expressions may ask about the running state: the only link from samples to the worker. idx is a proxy or
 * server index, -1 = the stream's own. */
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/ipc/counters.h>
#include "steps.h"
#include "track.h"

static const struct stream *env_stream(const struct smp_ctx *c) { return c->owner; }

static uint32_t env_be(const struct stream *s, int idx)
{
	return idx >= 0 ? (uint32_t)idx : s->be ? s->be_idx : px_index(s->fe);
}

static uint32_t env_fe(const struct stream *s, int idx) { return idx >= 0 ? (uint32_t)idx : px_index(s->fe); }

static uint32_t usable_servers(uint32_t px)
{
	const struct rt_backend *be = &wk.rt->px[px].be;
	uint32_t active = 0, backup = 0;

	for (uint32_t i = 0; i < be->nsrv; i++)
		if (lb_srv_usable(&wk.lb[px], be->srv0 + i, false))
			++*(be->srv[i].flags & SRVF_BACKUP ? &backup : &active);
	if (active)
		return active;
	return be->allbackups ? backup : MIN(backup, 1u);
}

/* Slots and queue places left over all usable servers; -1 when one of them has no limit. */
static int64_t conn_slots(uint32_t px)
{
	const struct rt_proxy *p = &wk.rt->px[px];
	int64_t t = 0;

	for (uint32_t i = p->be.srv0; i < p->be.srv0 + p->be.nsrv; i++) {
		const struct rt_srv_opts *o = wk.rt->srv[i].o;

		if (!lb_srv_usable(&wk.lb[px], i, false))
			continue;
		if (!o->maxconn || !o->maxqueue)
			return -1;
		t += (int64_t)o->maxconn - live_sum(wk.seg, LIVE_SRV, i);
		t += (int64_t)o->maxqueue - live_sum(wk.seg, LIVE_SRV_QUEUE, i);
	}
	return t;
}

static int64_t be_queue(uint32_t px)
{
	const struct rt_backend *be = &wk.rt->px[px].be;
	int64_t n = live_sum(wk.seg, LIVE_BE_QUEUE, px);

	for (uint32_t i = 0; i < be->nsrv; i++)
		n += live_sum(wk.seg, LIVE_SRV_QUEUE, be->srv0 + i);
	return n;
}

static int64_t req_rate(uint32_t px)
{
	struct px_counters c;

	px_ctr_sum(wk.seg, px, clock_ms(), &c);
	return (int64_t)c.fe.req_rate;
}

static int64_t sess_rate(uint32_t px, bool fe)
{
	struct px_counters c;

	px_ctr_sum(wk.seg, px, clock_ms(), &c);
	return (int64_t)(fe ? c.fe.rate : c.be.rate);
}

/* Free slots of one server, -1 when it has no limit. */
static int64_t srv_slots(uint32_t srv)
{
	uint32_t max = wk.rt->srv[srv].o->maxconn;

	return max ? MAX((int64_t)max - live_sum(wk.seg, LIVE_SRV, srv), 0) : -1;
}

/* ... of all usable servers, -1 when one of them has no limit. */
static int64_t be_slots(uint32_t px)
{
	const struct rt_backend *be = &wk.rt->px[px].be;
	int64_t t = 0;

	for (uint32_t i = be->srv0; i < be->srv0 + be->nsrv; i++) {
		int64_t n = lb_srv_usable(&wk.lb[px], i, false) ? srv_slots(i) : 0;

		if (n < 0)
			return -1;
		t += n;
	}
	return t;
}

static int64_t srv_rate(uint32_t srv)
{
	struct srv_counters c;

	srv_ctr_sum(wk.seg, srv, clock_ms(), &c);
	return (int64_t)c.rate;
}

static bool env_srv_num(const struct stream *s, enum smp_env_num what, int idx, int64_t *out)
{
	uint32_t srv = idx >= 0 ? (uint32_t)idx : s->srv_idx;

	if (srv == RT_NONE)
		return false;
	switch (what) {
	case ENV_SRV_IS_UP: *out = lb_srv_usable(&wk.lb[wk.rt->srv[srv].px], srv, true); return true;
	case ENV_SRV_CONN: *out = live_sum(wk.seg, LIVE_SRV, srv); return true;
	case ENV_SRV_CONN_FREE: *out = srv_slots(srv); return true;
	case ENV_SRV_QUEUE: *out = live_sum(wk.seg, LIVE_SRV_QUEUE, srv); return true;
	case ENV_SRV_SESS_RATE: *out = srv_rate(srv); return true;
	case ENV_SRV_ID: *out = wk.rt->srv[srv].id; return true;
	case ENV_SRV_IWEIGHT: *out = wk.rt->srv[srv].weight; return true;
	case ENV_SRV_WEIGHT:
	case ENV_SRV_UWEIGHT: *out = srv_admin_weight(atomic_load_explicit(&wk.seg->srv[srv].admin, memory_order_relaxed)); return true;
	default: return false;
	}
}

static int64_t avg_queue(uint32_t px)
{
	uint32_t n = usable_servers(px);
	int64_t q = be_queue(px);

	return n ? (q + n - 1) / n : q;
}

static bool env_num(const struct smp_ctx *c, enum smp_env_num what, int idx, int64_t *out)
{
	struct stream *s = (struct stream *)(uintptr_t)c->owner;

	switch (what) {
	case ENV_BE_CONN: *out = live_sum(wk.seg, LIVE_BE, env_be(s, idx)); return true;
	case ENV_FE_CONN: *out = live_sum(wk.seg, LIVE_FE, env_fe(s, idx)); return true;
	case ENV_NBSRV: *out = usable_servers(env_be(s, idx)); return true;
	case ENV_CONNSLOTS: *out = conn_slots(env_be(s, idx)); return true;
	case ENV_QUEUE: *out = be_queue(env_be(s, idx)); return true;
	case ENV_AVG_QUEUE: *out = avg_queue(env_be(s, idx)); return true;
	case ENV_BE_SESS_RATE: *out = sess_rate(env_be(s, idx), false); return true;
	case ENV_FE_SESS_RATE: *out = sess_rate(env_fe(s, idx), true); return true;
	case ENV_BE_ID: *out = wk.rt->px[env_be(s, idx)].id; return true;
	case ENV_FE_ID: *out = s->fe->id; return true;
	case ENV_DST_CONN: *out = live_sum(wk.seg, LIVE_FE, px_index(s->fe)); return true;
	case ENV_STOPPING: *out = wk.draining; return true;
	case ENV_NBPROC: *out = wk.h->nworkers; return true;
	case ENV_PID: *out = getpid(); return true;
	case ENV_BE_CONN_FREE: *out = be_slots(env_be(s, idx)); return true;
	case ENV_FE_REQ_RATE: *out = req_rate(env_fe(s, idx)); return true;
	case ENV_PROC: *out = wk.slot + 1; return true;
	case ENV_ACTCONN: *out = live_sum(wk.seg, LIVE_PROCESS, 0); return true;
	default: return env_srv_num(s, what, idx, out) || env_strm_num(s, what, out);
	}
}

static bool capture_slot(const struct str *caps, int idx, uint32_t n, struct str *out)
{
	if (!caps || idx < 0 || (uint32_t)idx >= n || !caps[idx].p)
		return false;
	*out = caps[idx];
	return true;
}

static bool given(struct str v, struct str *out)
{
	*out = v;
	return v.n > 0;
}

static bool env_text(const struct smp_ctx *c, enum smp_env_str what, int idx, struct str *out)
{
	const struct stream *s = env_stream(c);

	switch (what) {
	case ENV_FE_NAME: return given(s->fe->name, out);
	case ENV_BE_NAME: return given(wk.rt->px[env_be(s, idx)].name, out);
	case ENV_SRV_NAME: return s->srv_idx != RT_NONE && given(wk.rt->srv[s->srv_idx].name, out);
	case ENV_UNIQUE_ID: return given(s->unique_id, out);
	case ENV_HOSTNAME: return given(wk.rt->g.node, out);
	case ENV_CAPTURE_REQ_HDR: return capture_slot(s->req_caps, idx, s->fe->nreq_cap, out);
	case ENV_CAPTURE_RES_HDR: return capture_slot(s->res_caps, idx, s->fe->nres_cap, out);
	case ENV_CAPTURE_REQ_URI: return given(s->log_uri, out);
	case ENV_CAPTURE_REQ_METHOD: return given(s->log_method, out);
	case ENV_CAPTURE_REQ_VER: return given(s->log_version, out);
	case ENV_CAPTURE_RES_VER: return s->res.status && given(s->res.ver == 10 ? STR("HTTP/1.0") : STR("HTTP/1.1"), out);
	case ENV_LAST_RULE_FILE: return s->last_rule && given(str_c(s->last_rule->loc.file), out);
	case ENV_SO_NAME: return given(s->sess->lst->opts->name, out);
	case ENV_FE_DEFBE: return s->fe->default_be != RT_NONE && given(wk.rt->px[s->fe->default_be].name, out);
	case ENV_TERM_STATE: return given(str_n(s->term, s->flags & SF_HTTP ? 4 : 2), out);
	}
	return false;
}

static int env_find(const struct smp_ctx *c, enum ref_kind kind, struct str name)
{
	const struct stream *s = env_stream(c);
	const struct rt_proxy *be;
	uint32_t srv;

	if (kind == REF_BACKEND) {
		be = rt_find_backend(wk.rt, name);
		return be ? (int)px_index(be) : -1;
	}
	srv = kind == REF_SERVER ? rt_find_server(wk.rt, s->be ? s->be : s->fe, name) : RT_NONE;
	return srv == RT_NONE ? -1 : (int)srv;
}

const struct smp_env strm_env = { .num = env_num, .text = env_text, .addr = env_addr, .find = env_find, .capture = env_capture,
				.stick = track_ask, .auth = auth_check, .group = auth_group };
