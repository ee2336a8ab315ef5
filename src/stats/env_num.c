// SPDX-License-Identifier: GPL-3.0-or-later
/* Numbers about proxies and servers for expressions, from the words of the segment: worker and checker answer alike. */
#include <sluice/base/clock.h>
#include <sluice/ipc/counters.h>
#include <sluice/lb/lb.h>
#include <sluice/stats/env_num.h>

struct view { const struct rt *rt; const struct segment *seg; };

static bool usable(const struct view *v, uint32_t srv)
{
	return rt_srv_exists(&v->rt->srv[srv]) && lb_words_usable(v->seg, srv, false);
}

static uint32_t usable_servers(const struct view *v, uint32_t px)
{
	const struct rt_backend *be = &v->rt->px[px].be;
	uint32_t active = 0, backup = 0;

	for (uint32_t i = 0; i < be->nsrv; i++)
		if (usable(v, be->srv0 + i))
			++*(be->srv[i].flags & SRVF_BACKUP ? &backup : &active);
	if (active)
		return active;
	return be->allbackups ? backup : MIN(backup, 1u);
}

/* Slots and queue places left over all usable servers; -1 when one of them has no limit. */
static int64_t conn_slots(const struct view *v, uint32_t px)
{
	const struct rt_proxy *p = &v->rt->px[px];
	int64_t t = 0;

	for (uint32_t i = p->be.srv0; i < p->be.srv0 + p->be.nsrv; i++) {
		const struct rt_srv_opts *o = v->rt->srv[i].o;

		if (!usable(v, i))
			continue;
		if (!o->maxconn || !o->maxqueue)
			return -1;
		t += (int64_t)o->maxconn - live_sum(v->seg, LIVE_SRV, i);
		t += (int64_t)o->maxqueue - live_sum(v->seg, LIVE_SRV_QUEUE, i);
	}
	return t;
}

static int64_t be_queue(const struct view *v, uint32_t px)
{
	const struct rt_backend *be = &v->rt->px[px].be;
	int64_t n = live_sum(v->seg, LIVE_BE_QUEUE, px);

	for (uint32_t i = 0; i < be->nsrv; i++)
		n += live_sum(v->seg, LIVE_SRV_QUEUE, be->srv0 + i);
	return n;
}

static int64_t req_rate(const struct view *v, uint32_t px)
{
	struct px_counters c;

	px_ctr_sum(v->seg, px, clock_ms(), &c);
	return (int64_t)c.fe.req_rate;
}

static int64_t sess_rate(const struct view *v, uint32_t px, bool fe)
{
	struct px_counters c;

	px_ctr_sum(v->seg, px, clock_ms(), &c);
	return (int64_t)(fe ? c.fe.rate : c.be.rate);
}

/* Free slots of one server, -1 when it has no limit. */
static int64_t srv_slots(const struct view *v, uint32_t srv)
{
	uint32_t max = v->rt->srv[srv].o->maxconn;

	return max ? MAX((int64_t)max - live_sum(v->seg, LIVE_SRV, srv), 0) : -1;
}

/* ... of all usable servers, -1 when one of them has no limit. */
static int64_t be_slots(const struct view *v, uint32_t px)
{
	const struct rt_backend *be = &v->rt->px[px].be;
	int64_t t = 0;

	for (uint32_t i = be->srv0; i < be->srv0 + be->nsrv; i++) {
		int64_t n = usable(v, i) ? srv_slots(v, i) : 0;

		if (n < 0)
			return -1;
		t += n;
	}
	return t;
}

static int64_t srv_rate(const struct view *v, uint32_t srv)
{
	struct srv_counters c;

	srv_ctr_sum(v->seg, srv, clock_ms(), &c);
	return (int64_t)c.rate;
}

static int64_t avg_queue(const struct view *v, uint32_t px)
{
	uint32_t n = usable_servers(v, px);
	int64_t q = be_queue(v, px);

	return n ? (q + n - 1) / n : q;
}

static bool of_server(const struct view *v, enum smp_env_num what, uint32_t srv, int64_t *out)
{
	if (srv >= v->rt->nsrv)
		return false;
	switch (what) {
	case ENV_SRV_IS_UP: *out = rt_srv_exists(&v->rt->srv[srv]) && lb_words_usable(v->seg, srv, true); return true;
	case ENV_SRV_CONN: *out = live_sum(v->seg, LIVE_SRV, srv); return true;
	case ENV_SRV_CONN_FREE: *out = srv_slots(v, srv); return true;
	case ENV_SRV_QUEUE: *out = live_sum(v->seg, LIVE_SRV_QUEUE, srv); return true;
	case ENV_SRV_SESS_RATE: *out = srv_rate(v, srv); return true;
	case ENV_SRV_ID: *out = v->rt->srv[srv].id; return true;
	case ENV_SRV_IWEIGHT: *out = v->rt->srv[srv].weight; return true;
	case ENV_SRV_WEIGHT:
	case ENV_SRV_UWEIGHT: *out = srv_admin_weight(atomic_load_explicit(&v->seg->srv[srv].admin, memory_order_relaxed)); return true;
	default: return false;
	}
}

bool stats_env_num(const struct rt *rt, const struct segment *seg, enum smp_env_num what, uint32_t px, uint32_t srv, int64_t *out)
{
	const struct view view = { rt, seg }, *v = &view;

	if (px >= rt->npx)
		return of_server(v, what, srv, out);
	switch (what) {
	case ENV_BE_CONN: *out = live_sum(seg, LIVE_BE, px); return true;
	case ENV_FE_CONN: *out = live_sum(seg, LIVE_FE, px); return true;
	case ENV_NBSRV: *out = usable_servers(v, px); return true;
	case ENV_CONNSLOTS: *out = conn_slots(v, px); return true;
	case ENV_QUEUE: *out = be_queue(v, px); return true;
	case ENV_AVG_QUEUE: *out = avg_queue(v, px); return true;
	case ENV_BE_SESS_RATE: *out = sess_rate(v, px, false); return true;
	case ENV_FE_SESS_RATE: *out = sess_rate(v, px, true); return true;
	case ENV_FE_REQ_RATE: *out = req_rate(v, px); return true;
	case ENV_BE_CONN_FREE: *out = be_slots(v, px); return true;
	case ENV_BE_ID:
	case ENV_FE_ID: *out = rt->px[px].id; return true;
	case ENV_ACTCONN: *out = live_sum(seg, LIVE_PROCESS, 0); return true;
	default: return of_server(v, what, srv, out);
	}
}
