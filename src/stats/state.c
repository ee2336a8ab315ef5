// SPDX-License-Identifier: GPL-3.0-or-later
/* States of servers and backends in words, from the words of the segment. */
#include <stdio.h>
#include <sluice/health/health.h>
#include "stats_priv.h"

uint32_t stats_srv_root(const struct rt *rt, uint32_t srv)
{
	for (uint32_t hops = 0; hops <= rt->nsrv && rt->srv[srv].track != RT_NONE; hops++)
		srv = rt->srv[srv].track;
	return srv;
}

static bool srv_checked(const struct stats_src *s, uint32_t srv) { return s->rt->srv[srv].flags & SRVF_CHECK; }

bool stats_srv_usable(const struct stats_src *s, uint32_t srv)
{
	uint64_t admin = srv_admin_of(s, srv);
	enum srv_op st = srv_op_state(srv_op_of(s, srv));

	return st != SRV_DOWN && st != SRV_STOPPING && !(srv_admin_bits(admin) & (ADM_MAINT | ADM_DRAIN)) && srv_admin_weight(admin);
}

enum srv_class stats_srv_class(const struct stats_src *s, uint32_t srv)
{
	uint32_t root = stats_srv_root(s->rt, srv);
	const struct rt_srv_opts *o = s->rt->srv[root].o;
	uint64_t op = srv_op_of(s, root), adm = srv_admin_bits(srv_admin_of(s, srv));
	unsigned top = MAX(o->rise, 1u) + MAX(o->fall, 1u) - 1, pos = srv_op_pos(op);

	if (adm & ADM_MAINT)
		return SRV_CLASS_MAINT;
	if (srv_op_flags(srv_op_of(s, srv)) & OPF_AGENT_DOWN)
		return SRV_CLASS_DOWN;
	switch (srv_op_state(srv_op_of(s, srv))) {
	case SRV_DOWN: return pos && srv_checked(s, root) ? SRV_CLASS_GOING_UP : SRV_CLASS_DOWN;
	case SRV_STOPPING: return SRV_CLASS_NOLB;
	default: break;
	}
	if (adm & ADM_DRAIN)
		return SRV_CLASS_DRAIN;
	if (!srv_checked(s, root))
		return SRV_CLASS_NO_CHECK;
	return pos < MIN(top, 255u) ? SRV_CLASS_GOING_DOWN : SRV_CLASS_UP;
}

static void maint_word(const struct stats_src *s, uint32_t srv, char *out, size_t n)
{
	unsigned adm = srv_admin_bits(srv_admin_of(s, srv));
	uint32_t root = stats_srv_root(s->rt, srv);
	const struct rt_server *r = &s->rt->srv[root];

	if (adm & ADM_RESOLUTION)
		snprintf(out, n, "MAINT (resolution)");
	else if (adm & ADM_INHERITED_MAINT && root != srv)
		snprintf(out, n, "MAINT (via " STR_FMT "/" STR_FMT ")", STR_ARG(s->rt->px[r->px].name), STR_ARG(r->name));
	else
		snprintf(out, n, "MAINT");
}

void stats_srv_status(const struct stats_src *s, uint32_t srv, char *out, size_t n)
{
	static const char *const words[] = {
		[SRV_CLASS_DOWN] = "DOWN", [SRV_CLASS_GOING_UP] = "DOWN", [SRV_CLASS_GOING_DOWN] = "UP", [SRV_CLASS_UP] = "UP",
		[SRV_CLASS_NOLB] = "NOLB", [SRV_CLASS_DRAIN] = "DRAIN", [SRV_CLASS_NO_CHECK] = "no check",
	};
	enum srv_class c = stats_srv_class(s, srv);
	uint32_t root = stats_srv_root(s->rt, srv);
	const struct rt_srv_opts *o = s->rt->srv[root].o;
	unsigned rise = MAX(o->rise, 1u), fall = MAX(o->fall, 1u), pos = srv_op_pos(srv_op_of(s, root));
	bool up = pos >= rise;

	if (c == SRV_CLASS_MAINT)
		maint_word(s, srv, out, n);
	else if (srv_op_flags(srv_op_of(s, srv)) & OPF_AGENT_DOWN)
		snprintf(out, n, "DOWN (agent)");
	else if (c == SRV_CLASS_DRAIN && s->rt->srv[srv].flags & SRVF_AGENT)
		snprintf(out, n, "DRAIN (agent)");
	else if (srv_checked(s, root) && pos && pos < MIN(rise + fall - 1, 255u))
		snprintf(out, n, "%s %u/%u", words[c], up ? pos - rise + 1 : pos, up ? fall : rise);
	else
		snprintf(out, n, "%s", words[c]);
}

uint32_t stats_srv_weight(const struct stats_src *s, uint32_t srv)
{
	uint64_t admin = srv_admin_of(s, srv), op = srv_op_of(s, srv);
	uint32_t w = srv_admin_weight(admin);

	if (srv_op_state(op) == SRV_STARTING && w)
		w = (w * srv_op_ramp(op) + 99) / 100;
	return w;
}

uint32_t stats_srv_downtime(const struct stats_src *s, uint32_t srv)
{
	uint64_t op = srv_op_of(s, srv);
	uint32_t sum = atomic_load_explicit(&s->seg->srv[srv].down_s, memory_order_relaxed);

	return srv_op_state(op) == SRV_DOWN || srv_admin_bits(srv_admin_of(s, srv)) & ADM_MAINT ? sum + stats_age(s, srv_op_since(op)) : sum;
}

void stats_be_sums(const struct stats_src *s, uint32_t px, struct be_sums *out)
{
	const struct rt_backend *be = &s->rt->px[px].be;
	uint32_t w[2] = { 0 }, uw[2] = { 0 }, n[2] = { 0 };

	*out = (struct be_sums){ 0 };
	for (uint32_t i = be->srv0; i < be->srv0 + be->nsrv; i++) {
		const struct rt_server *srv = &s->rt->srv[i];
		unsigned b = !!(srv->flags & SRVF_BACKUP);
		uint64_t check = atomic_load_explicit(&s->seg->srv[i].check, memory_order_relaxed);
		enum health_result res = check_status_result(check_word_status(check));
		enum srv_op st = srv_op_state(srv_op_of(s, i));

		out->checked_up += srv->flags & SRVF_CHECK && st != SRV_DOWN;
		out->passed += srv->flags & SRVF_CHECK && (res == HEALTH_PASSED || res == HEALTH_CONDPASS);
		if (!stats_srv_usable(s, i))
			continue;
		n[b]++;
		if (b && n[b] > 1 && !be->allbackups)
			continue;
		w[b] += stats_srv_weight(s, i);
		uw[b] += srv_admin_weight(srv_admin_of(s, i));
	}
	out->act = n[0], out->bck = n[1], out->usable = n[0] + n[1];
	out->weight = w[!n[0]], out->uweight = uw[!n[0]];
}

bool stats_be_up(const struct stats_src *s, uint32_t px)
{
	const struct rt_backend *be = &s->rt->px[px].be;

	for (uint32_t i = be->srv0; i < be->srv0 + be->nsrv; i++)
		if (stats_srv_usable(s, i))
			return true;
	return !rt_has_servers(be);
}
