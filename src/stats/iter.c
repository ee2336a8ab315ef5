// SPDX-License-Identifier: GPL-3.0-or-later
/* The order of the objects, and which of them a question is about. */
#include "stats_priv.h"

enum { STEP_FE, STEP_LST, STEP_SRV, STEP_BE, STEPS };

bool stats_in_scope(const struct stats_iter *it, struct str px)
{
	for (uint32_t i = 0; i < it->nscope; i++)
		if (str_eq(it->scope[i], px) || (str_eq(it->scope[i], STR(".")) && str_eq(px, it->self)))
			return true;
	return !it->nscope;
}

static bool px_wanted(const struct stats_iter *it, const struct rt_proxy *px)
{
	return !(px->caps & PX_DISABLED) && (it->iid < 0 || it->iid == px->id) && stats_in_scope(it, px->name);
}

static bool type_wanted(const struct stats_iter *it, uint32_t bit) { return !it->types || it->types & bit; }

static bool proxy_row(const struct stats_iter *it, const struct rt_proxy *px, uint8_t cap, uint32_t bit)
{
	return px->caps & cap && type_wanted(it, bit) && (it->sid < 0 || it->sid == 0);
}

/* The next listener of the proxy from it->at on. */
static bool next_listener(const struct stats_src *s, struct stats_iter *it, uint32_t *idx)
{
	const struct rt *rt = s->rt;

	if (!(rt->px[it->px].opts & OPT_SOCKET_STATS) || !type_wanted(it, 8) || it->flags & STATS_HIDE_LST)
		return false;
	for (; it->at < rt->nlst; it->at++) {
		uint32_t nth = 1;

		if (rt->lst[it->at].px != it->px)
			continue;
		for (uint32_t i = 0; it->sid >= 0 && i < it->at; i++)
			nth += rt->lst[i].px == it->px;
		*idx = it->at;
		if (it->sid < 0 || it->sid == nth) {
			it->at++;
			return true;
		}
	}
	return false;
}

static bool srv_wanted(const struct stats_src *s, const struct stats_iter *it, uint32_t srv)
{
	if (!rt_srv_exists(&s->rt->srv[srv]))
		return false;
	enum srv_class c = it->flags & (STATS_UP | STATS_NO_MAINT) ? stats_srv_class(s, srv) : SRV_CLASS_UP;

	if (it->sid >= 0 && it->sid != s->rt->srv[srv].id)
		return false;
	if (it->flags & STATS_NO_MAINT && c == SRV_CLASS_MAINT)
		return false;
	return !(it->flags & STATS_UP && (c == SRV_CLASS_DOWN || c == SRV_CLASS_GOING_UP || c == SRV_CLASS_MAINT));
}

static bool next_server(const struct stats_src *s, struct stats_iter *it, uint32_t *idx)
{
	const struct rt_proxy *px = &s->rt->px[it->px];

	if (!(px->caps & PX_BE) || !type_wanted(it, 4))
		return false;
	while (it->at < px->be.nsrv) {
		*idx = px->be.srv0 + it->at++;
		if (srv_wanted(s, it, *idx))
			return true;
	}
	return false;
}

static void step_on(struct stats_iter *it)
{
	it->at = 0;
	if (++it->step == STEPS) {
		it->step = 0;
		it->px++;
	}
}

bool stats_next(const struct stats_src *s, struct stats_iter *it, struct stats_obj *o)
{
	for (; it->px < s->rt->npx; step_on(it)) {
		const struct rt_proxy *px = &s->rt->px[it->px];

		*o = (struct stats_obj){ .px = it->px, .idx = it->px };
		if (!px_wanted(it, px))
			continue;
		if (it->step == STEP_LST && px->caps & PX_FE && next_listener(s, it, &o->idx)) {
			o->kind = STAT_LST;
			return true;
		}
		if (it->step == STEP_SRV && next_server(s, it, &o->idx)) {
			o->kind = STAT_SRV;
			return true;
		}
		if ((it->step == STEP_FE && proxy_row(it, px, PX_FE, 1)) || (it->step == STEP_BE && proxy_row(it, px, PX_BE, 2))) {
			o->kind = it->step == STEP_FE ? STAT_FE : STAT_BE;
			step_on(it);
			return true;
		}
	}
	return false;
}
