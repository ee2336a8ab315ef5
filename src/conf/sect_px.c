// SPDX-License-Identifier: GPL-3.0-or-later
/* Opening and closing of proxies: names, inheritance from defaults sections, and turning what was collected into frozen
 * arrays. Settings are inherited by copying the structure: everything it points at is never changed in place. */
#include <sluice/lb/lb.h>

#include "sema_priv.h"

#define TO_UNSET UINT32_MAX
#define CLIENT_TIMEOUT_MS 60000 /* when the configuration gives none; HAProxy: infinite */

void px_init_builtin(struct px_build *b)
{
	struct rt_proxy *p = b->p;

	for (unsigned i = 0; i < TO_COUNT; i++)
		p->to[i] = TO_UNSET;
	p->opts = OPT_REDISPATCH;
	p->retries = 3;
	p->retry_on = RO_CONN_FAILURE;
	p->reuse = REUSE_SAFE;
	p->default_be = RT_NONE;
	p->be.algo = lb_algo_find(STR("p2c"));
	p->be.draws = 2;
	p->check.req.method = STR("OPTIONS");
	p->check.req.uri = STR("/");
	p->check.req.version = STR("HTTP/1.0");
	srv_init_tmpl(&b->dsrv);
}

/* Everything but what belongs to the section itself. */
static void px_inherit(struct px_build *b, struct px_build *base)
{
	struct rt_proxy *p = b->p;
	struct str name = p->name;
	uint8_t caps = p->caps;

	*p = *base->p;
	p->name = name;
	p->caps = caps | (p->caps & PX_DISABLED);
	for (unsigned i = 0; i < PH_COUNT; i++)
		p->rules[i] = (struct rule_list){ 0 };
	b->base = base;
	b->dsrv = base->dsrv;
	b->log_kind = base->log_kind;
	b->log_word = base->log_word;
	b->log_fmt = base->log_fmt, b->err_fmt = base->err_fmt, b->uid_fmt = base->uid_fmt;
	b->log_global = base->log_global;
	b->default_be = base->default_be;
	b->backlog = base->backlog;
	for (size_t i = 0; i < base->logs.n; i++)
		VEC_PUSH(&b->logs, base->logs.at[i]);
	base->used = true;
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

/* In the order of the text, so that a tie always falls the same way. */
static const char *nearest_name(struct sema *s, struct px_build *const *at, size_t n, uint8_t caps, struct str w)
{
	const char **names = ARENA_NEWN(&s->scratch, const char *, n + 1);
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if ((at[i]->p->caps & caps) && at[i]->name.n)
			names[k++] = arena_cstr(&s->scratch, at[i]->name);
	return diag_nearest(w, names, k);
}

struct px_build *sema_backend(struct sema *s, const struct word *w)
{
	struct px_build *b = hmap_get(&s->be_by_name, w->s);

	if (b) {
		b->used = true;
		return b;
	}
	if (hmap_get(&s->fe_by_name, w->s))
		sema_err(s, w, "'" STR_FMT "' is a frontend, a backend is needed here", STR_ARG(w->s));
	else
		sema_err_hint(s, w, nearest_name(s, s->pxs.at, s->pxs.n, PX_BE, w->s), "unknown backend '" STR_FMT "'",
			      STR_ARG(w->s));
	return NULL;
}

static void complain_duplicate(struct sema *s, const struct word *w, const struct px_build *other)
{
	struct span at = other->sec->head.w[0].at;
	sema_err(s, w, "'" STR_FMT "' is already the name of a %s at %s:%u", STR_ARG(w->s),
		 other->sect == SECT_FRONTEND  ? "frontend"
		 : other->sect == SECT_BACKEND ? "backend"
		 : other->sect == SECT_LISTEN  ? "listen section"
					       : "defaults section",
		 s->src->files.at[at.file].name, at.line);
}

static void px_claim(struct sema *s, struct px_build *b, struct hmap *m, const struct word *w)
{
	struct px_build *other = hmap_get(m, w->s);
	if (other)
		complain_duplicate(s, w, other);
	else
		hmap_put(m, b->name, b);
}

/* `from` and the name after it, at word i of the section line. false after an error. */
static bool base_of(struct sema *s, const struct line *h, uint32_t i, struct px_build **base)
{
	if (i >= h->n)
		return true;
	if (!word_is(&h->w[i], "from")) {
		sema_err(s, &h->w[i], "unexpected '" STR_FMT "', only 'from <defaults>' may follow",
			 STR_ARG(h->w[i].s));
		return false;
	}
	if (i + 2 != h->n) {
		sema_err(s, &h->w[i + 1 < h->n ? i + 2 : i], "'from' expects the name of one defaults section");
		return false;
	}
	*base = hmap_get(&s->dflt_by_name, h->w[i + 1].s);
	if (!*base)
		sema_err_hint(s, &h->w[i + 1], nearest_name(s, s->defaults.at, s->defaults.n, PX_BE, h->w[i + 1].s),
			      "unknown defaults section '" STR_FMT "'", STR_ARG(h->w[i + 1].s));
	return *base != NULL;
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

/* Known before any line is read: what expressions may use depends on it. */
static bool has_switch(const struct section *sec)
{
	for (size_t i = 0; i < sec->lines.n; i++) {
		const struct line *l = &sec->lines.at[i];

		if (l->n > 2 && word_is(&l->w[0], "tcp-request") && word_is(&l->w[1], "content") && word_is(&l->w[2], "switch-mode"))
			return true;
	}
	return false;
}

static struct px_build *defaults_open(struct sema *s, const struct section *sec)
{
	const struct line *h = &sec->head;
	struct px_build *b = ARENA_NEW(&s->scratch, struct px_build), *base = NULL;
	bool named = h->n > 1 && (h->n == 2 || !word_is(&h->w[1], "from"));

	b->sec = sec;
	b->sect = SECT_DEFAULTS;
	b->is_named = named;
	b->name = named ? h->w[1].s : STR_NULL;
	b->p = ARENA_NEW(&s->scratch, struct rt_proxy);
	b->p->caps = PX_FE | PX_BE;
	b->switches = has_switch(sec);
	b->p->loc = sema_loc(s, h->w[0].at);
	px_init_builtin(b);
	if (base_of(s, h, named ? 2 : 1, &base) && base)
		px_inherit(b, base);
	if (named && arg_name(s, &h->w[1], "defaults section"))
		px_claim(s, b, &s->dflt_by_name, &h->w[1]);
	VEC_PUSH(&s->defaults, b);
	s->last_defaults = b;
	return b;
}

struct px_build *px_open(struct sema *s, const struct section *sec)
{
	const struct line *h = &sec->head;
	struct px_build *b, *base = s->last_defaults;
	static const struct word nameless = { .s = { "", 0 } };
	const struct word *name = h->n > 1 ? &h->w[1] : &nameless;

	if (s->sect == SECT_DEFAULTS)
		return defaults_open(s, sec);
	b = ARENA_NEW(&s->scratch, struct px_build);
	b->sec = sec;
	b->sect = s->sect;
	b->p = &s->rt->px[s->pxs.n];
	b->p->caps = s->sect == SECT_FRONTEND ? PX_FE : s->sect == SECT_BACKEND ? PX_BE : PX_FE | PX_BE;
	b->p->name = b->name = keep(s, name->s);
	px_init_builtin(b);
	if (h->n < 2)
		sema_err(s, &h->w[0], "'%s' expects a name", s->sect_word);
	else if (arg_name(s, name, "proxy"))
		base_of(s, h, 2, &base);
	if (base)
		px_inherit(b, base);
	b->switches = (base && base->switches) || has_switch(sec);
	b->p->loc = sema_loc(s, h->w[0].at);
	b->p->id = 0;
	b->p->be.srv0 = s->rt->nsrv;
	b->p->be.srv = s->rt->srv + s->rt->nsrv;
	if ((b->p->caps & PX_FE) && h->n > 1)
		px_claim(s, b, &s->fe_by_name, name);
	if ((b->p->caps & PX_BE) && h->n > 1)
		px_claim(s, b, &s->be_by_name, name);
	VEC_PUSH(&s->pxs, b);
	return b;
}

/* ---- closing ---------------------------------------------------------------------------------------------------- */

static void index_rules(struct sema *s, struct rule_list *rl)
{
	struct cond **conds = ARENA_NEWN(&s->scratch, struct cond *, rl->n);
	uint64_t *changes = ARENA_NEWN(&s->scratch, uint64_t, rl->n);

	for (uint32_t i = 0; i < rl->n; i++) {
		conds[i] = rl->at[i].cond;
		changes[i] = rl->at[i].changes = rule_changes(&rl->at[i]);
	}
	if (route_pays(conds, rl->n))
		rl->route = route_compile(s->a, conds, changes, rl->n);
}

static void finish_rules(struct sema *s, struct px_build *b)
{
	for (unsigned ph = 0; ph < PH_COUNT; ph++) {
		struct rule_list *rl = &b->p->rules[ph];
		rl->late = (uint32_t)b->rules[ph].n;
		if (ph == PH_HTTP_REQ)
			for (size_t i = 0; i < b->redirects.n; i++)
				VEC_PUSH(&b->rules[ph], b->redirects.at[i]);
		rl->n = (uint32_t)b->rules[ph].n;
		rl->at = rl->n ? VEC_FREEZE(&b->rules[ph], s->a) : NULL;
		if (rl->n && !s->d->errors)
			index_rules(s, rl);
	}
}

static struct route *index_targets(struct sema *s, const struct rt_use_be *u, uint32_t n, bool always)
{
	struct cond **conds = ARENA_NEWN(&s->scratch, struct cond *, n);

	for (uint32_t i = 0; i < n; i++)
		conds[i] = u[i].cond;
	return always || route_pays(conds, n) ? route_compile(s->a, conds, NULL, n) : NULL;
}

static void finish_routing(struct sema *s, struct px_build *b)
{
	struct rt_proxy *p = b->p;

	p->use_be = b->use_be.n ? VEC_FREEZE(&b->use_be, s->a) : NULL, p->nuse_be = (uint32_t)b->use_be.n;
	p->use_srv = b->use_srv.n ? VEC_FREEZE(&b->use_srv, s->a) : NULL, p->nuse_srv = (uint32_t)b->use_srv.n;
	if (p->nuse_srv && !s->d->errors)
		p->srv_route = index_targets(s, p->use_srv, p->nuse_srv, false);
	p->monitor_fail = b->monitor_fail.n ? VEC_FREEZE(&b->monitor_fail, s->a) : NULL;
	p->nmonitor_fail = (uint32_t)b->monitor_fail.n;
	if (p->nuse_be && !s->d->errors)
		p->route = index_targets(s, p->use_be, p->nuse_be, true);
	p->default_be = RT_NONE;
	if (b->default_be && (p->caps & PX_FE)) {
		struct px_build *be = sema_backend(s, b->default_be);
		if (be)
			p->default_be = (uint32_t)(be->p - s->rt->px);
	} else if (b->sect == SECT_LISTEN) {
		p->default_be = (uint32_t)(p - s->rt->px);
	}
}

/* Unset timeouts take the value of the one that HAProxy puts in their place. */
static void finish_timeouts(struct px_build *b)
{
	uint32_t *to = b->p->to;
	b->to_unset = 0;
	for (unsigned i = 0; i < TO_COUNT; i++)
		if (to[i] == TO_UNSET)
			b->to_unset |= 1u << i;
#define FALLBACK(which, value) (to[which] = to[which] == TO_UNSET ? (value) : to[which])
	FALLBACK(TO_CONNECT, TIMEOUT_NONE);
	FALLBACK(TO_CLIENT, CLIENT_TIMEOUT_MS);
	FALLBACK(TO_SERVER, TIMEOUT_NONE);
	FALLBACK(TO_QUEUE, to[TO_CONNECT]);
	FALLBACK(TO_TARPIT, to[TO_CONNECT]);
	FALLBACK(TO_HTTP_KEEP_ALIVE, to[TO_HTTP_REQUEST] == TO_UNSET ? to[TO_CLIENT] : to[TO_HTTP_REQUEST]);
	FALLBACK(TO_HTTP_REQUEST, b->p->caps & PX_FE ? to[TO_CLIENT] : TIMEOUT_NONE);
	FALLBACK(TO_CLIENT_HS, to[TO_CLIENT]);
	for (unsigned i = 0; i < TO_COUNT; i++)
		FALLBACK(i, TIMEOUT_NONE);
#undef FALLBACK
}

/* Proxies without an id of their own count up and leave out those that others have. */
void px_number(struct sema *s)
{
	struct hmap taken;
	uint32_t next = 1;

	hmap_init(&taken, &s->scratch);
	for (size_t i = 0; i < s->pxs.n; i++)
		if (s->pxs.at[i]->id_set)
			hmap_put(&taken, str_n((const char *)&s->pxs.at[i]->p->id, sizeof(next)), s->pxs.at[i]);
	for (size_t i = 0; i < s->pxs.n; i++) {
		if (s->pxs.at[i]->id_set)
			continue;
		while (taken.n && hmap_get(&taken, str_n((const char *)&next, sizeof(next))))
			next++;
		s->pxs.at[i]->p->id = next++;
	}
}

void px_finish(struct sema *s, struct px_build *b)
{
	struct rt_proxy *p = b->p;

	if (p->caps & PX_BE) {
		hmap_put(&s->rt->px_by_name, p->name, p);
		p->be.allbackups = p->opts & OPT_ALLBACKUPS;
		srv_number(s, b);
		persist_finish(s, b);
		chk_finish(s, b);
	}
	filter_finish(s, b);
	p->acls = b->own_acls ? b->own_acls : b->base ? b->base->own_acls : NULL;
	finish_rules(s, b);
	finish_routing(s, b);
	finish_timeouts(b);
	log_finish(s, b);
	stats_page_finish(s, b);
}
