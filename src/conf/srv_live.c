// SPDX-License-Identifier: GPL-3.0-or-later
/* Servers that come at run time. While a configuration is compiled each backend gets spare rows behind its servers, and what default-server
 * said last is kept with the backend. Later a single line is read with the parser of the configuration, against frozen tables: nothing in them
 * is changed, and what the line needs that does not exist yet (an address behind a name without resolvers, a TLS context) is left to a reload. */
#include "tls_priv.h"

/* ---- while compiling ---------------------------------------------------------------------------------------------- */

uint32_t srv_spare(const struct sema *s, uint32_t nsrv)
{
	if (s->rt->g.spare_servers != RT_NONE)
		return s->rt->g.spare_servers;
	return MIN(MIN(MAX(SPARE_LEAST, nsrv / 4), SPARE_MOST), SPARE_ALL / MAX(s->nbackends, 1u));
}

static const struct word *keep_word(struct sema *s, const struct word *w)
{
	struct word *k = w ? arena_dup(s->a, w, sizeof(*w)) : NULL;

	if (k)
		k->s = keep(s, w->s);
	return k;
}

/* Most backends say the same as the one before them: nothing, or what their defaults section says. */
static const void *keep_tmpl(struct sema *s, const struct srv_tmpl *t)
{
	struct srv_tmpl *k;

	if (s->kept_dsrv && memcmp(s->kept_dsrv, t, sizeof(*t)) == 0)
		return s->kept_dsrv_as;
	k = arena_dup(s->a, t, sizeof(*t));
	k->track = keep_word(s, t->track);
	k->tls.sni = keep_word(s, t->tls.sni);
	k->tls.crts = NULL;
	s->kept_dsrv = arena_dup(&s->scratch, t, sizeof(*t));
	s->kept_dsrv_as = k;
	return k;
}

void srv_reserve(struct sema *s, struct px_build *b)
{
	b->nspare = srv_spare(s, b->p->be.nsrv);
	for (uint32_t i = 0; i < b->nspare; i++)
		rt_srv_clear(s->rt, s->rt->nsrv++, (uint32_t)(b->p - s->rt->px));
	b->p->srv_dflt = keep_tmpl(s, &b->dsrv);
}

void srv_live_freeze(struct sema *s)
{
	struct live_tls t = { s->tls_srv_dflt, s->ca_base, s->crt_base };

	s->rt->srv_tls = arena_dup(s->a, &t, sizeof(t));
	for (size_t i = 0; i < s->pxs.n; i++) {
		s->pxs.at[i]->p->be.nsrv += s->pxs.at[i]->nspare;
		s->rt->nspare += s->pxs.at[i]->nspare;
	}
}

/* ---- what was changed at run time --------------------------------------------------------------------------------- */

static struct conf_changes changes_of(const struct sema *s) { return s->o->changes ? *s->o->changes : (struct conf_changes){ 0 }; }

/* What is met in the sections is not over. */
void srv_changes_begin(struct sema *s)
{
	struct conf_changes c = changes_of(s);

	for (unsigned i = 0; i < c.n; i++)
		c.at[i].over = !c.at[i].refused;
	s->nsrv_cap += 3 * c.n; /* with the spare rows that they bring */
}

bool srv_is_deleted(struct sema *s, const struct line *l)
{
	struct conf_changes c = changes_of(s);

	for (unsigned i = 0; i < c.n; i++) {
		struct conf_change *x = &c.at[i];
		if (x->add || x->refused || !str_eq(x->be, s->px->name) || !str_eq(x->w[0], l->w[1].s) || x->line != srv_line_hash(l))
			continue;
		x->over = false;
		return true;
	}
	return false;
}

void srv_deleted(struct sema *s, const struct line *l)
{
	uint32_t i = s->rt->nsrv++;

	rt_srv_clear(s->rt, i, (uint32_t)(s->px->p - s->rt->px));
	s->rt->srv[i].name = keep(s, l->w[1].s);
	s->rt->srv[i].loc = sema_loc(s, l->w[0].at);
	s->rt->srv[i].line = srv_line_hash(l);
	s->px->p->be.nsrv++;
	s->rt->nspare++;
}

static const struct line *change_line(struct sema *s, const struct conf_change *c, unsigned i)
{
	struct line *l = ARENA_NEW(&s->scratch, struct line);
	struct span at = { .file = s->o->changes_file, .line = i + 1, .col = 1 };

	*l = (struct line){ .w = ARENA_NEWN(&s->scratch, struct word, c->n + 1), .n = c->n + 1 };
	for (unsigned k = 0; k <= c->n; k++) {
		l->w[k].s = k ? c->w[k - 1] : STR("server");
		at.len = (uint32_t)l->w[k].s.n;
		l->w[k].at = at;
		at.col += at.len + 1;
	}
	return l;
}

struct word srv_added_word(struct sema *s, const struct rt_server *srv)
{
	struct conf_changes c = changes_of(s);

	for (unsigned i = 0; i < c.n; i++)
		if (c.at[i].add && !c.at[i].refused && str_eq(c.at[i].be, s->rt->px[srv->px].name) && str_eq(c.at[i].w[0], srv->name))
			return change_line(s, &c.at[i], i)->w[1];
	return (struct word){ 0 };
}

void srv_added(struct sema *s, struct px_build *b)
{
	struct conf_changes c = changes_of(s);

	for (unsigned i = 0; i < c.n; i++) {
		struct conf_change *x = &c.at[i];
		if (!x->add || x->refused || !str_eq(x->be, b->name))
			continue;
		x->over = b->srv_names.arena && hmap_get(&b->srv_names, x->w[0]);
		if (!x->over) /* a server of the files goes before it */
			srv_add_live(s, change_line(s, x, i));
	}
}

/* ---- at run time -------------------------------------------------------------------------------------------------- */

static const struct rt_server *with_id(const struct rt_backend *be, uint32_t id)
{
	for (uint32_t i = 0; i < be->nsrv; i++)
		if (rt_srv_exists(&be->srv[i]) && be->srv[i].id == id)
			return &be->srv[i];
	return NULL;
}

/* A deleted server of the files keeps its number, so that those behind it keep theirs. */
static bool is_kept(const struct rt_backend *be, uint32_t id)
{
	for (uint32_t i = 0; i < be->nsrv; i++)
		if (be->srv[i].id == id && be->srv[i].loc.file)
			return true;
	return false;
}

static bool give_id(struct sema *s, const struct line *l, const struct rt_backend *be, struct rt_server *srv)
{
	const struct rt_server *other = srv->id ? with_id(be, srv->id) : NULL;

	if (other) {
		sema_err(s, &l->w[1], "'id' : custom id %u already used ('server " STR_FMT "')", srv->id, STR_ARG(other->name));
		return false;
	}
	for (uint32_t id = 1; !srv->id; id++)
		if (!with_id(be, id) && !is_kept(be, id))
			srv->id = id;
	return true;
}

static bool resolve_track(struct sema *s, const struct word *w, struct rt_server *srv)
{
	uint32_t of, end;

	if (!w)
		return true;
	of = end = rt_find_server(s->rt, &s->rt->px[srv->px], w->s);
	for (uint32_t hops = 0; end != RT_NONE && s->rt->srv[end].track != RT_NONE && hops < s->rt->nsrv; hops++)
		end = s->rt->srv[end].track;
	if (of == RT_NONE)
		sema_err(s, w, "unknown server '" STR_FMT "' to track", STR_ARG(w->s));
	else if (!(s->rt->srv[end].flags & SRVF_CHECK))
		sema_err(s, w, "the tracked server '" STR_FMT "' has no check", STR_ARG(s->rt->srv[end].name));
	srv->track = of;
	return !s->d->errors;
}

static enum conf_live server_live(struct sema *s, const struct line *l, struct rt_server *srv, struct rt_srv_opts *o)
{
	const struct rt_proxy *p = s->px->p;
	struct srv_tmpl t;
	bool have;

	if (!srv_line(s, l, srv, &t) || !give_id(s, l, &p->be, srv) || !resolve_track(s, t.track, srv))
		return CONF_LIVE_BAD;
	*o = t.o;
	srv->o = o;
	srv->flags |= SRVF_ADDED;
	if (!tls_server_live(s, l, srv, &t.tls, o, &have) || s->d->errors)
		return CONF_LIVE_BAD;
	persist_dynamic(s, &p->cookie, srv);
	return have && !o->pp_tlvs && (!srv->host.n || srv->flags & SRVF_RESOLVE) ? CONF_LIVE_OK : CONF_LIVE_RELOAD;
}

enum conf_live conf_server_live(const struct rt *rt, uint32_t px, const struct str *w, unsigned n, struct arena *a, struct rt_server *srv,
				struct rt_srv_opts *o, struct diags *d)
{
	static const struct conf_opts opts = { .no_lookup = true };
	const struct live_tls *t = rt->srv_tls;
	struct px_build b = { .p = (struct rt_proxy *)(uintptr_t)&rt->px[px], .dsrv = *(const struct srv_tmpl *)rt->px[px].srv_dflt };
	struct sema s = { .rt = (struct rt *)(uintptr_t)rt, .a = a, .d = d, .o = &opts, .px = &b, .tls_srv_dflt = t->srv_dflt,
			  .ca_base = t->ca_base, .crt_base = t->crt_base };
	struct line l = { .w = arena_alloc(a, (n + 1) * sizeof(struct word)), .n = n + 1 };
	enum conf_live r;

	l.w[0].s = STR("server");
	for (unsigned i = 0; i < n; i++)
		l.w[i + 1].s = w[i];
	*srv = (struct rt_server){ 0 };
	*o = (struct rt_srv_opts){ 0 };
	arena_init(&s.scratch, 0);
	srv_opts_init(&s);
	hmap_init(&s.hosts, &s.scratch);
	r = server_live(&s, &l, srv, o);
	arena_free(&s.scratch);
	return r;
}
