// SPDX-License-Identifier: GPL-3.0-or-later
/* `server` and `default-server`: name, address, parameters. What many servers have in common is stored once: option
 * sets are interned by their bytes, so that a server costs only what differs. `track` is resolved when all servers are
 * known. */
#include <sluice/base/hash.h>
#include <sluice/base/num.h>

#include "tls_priv.h"

void srv_init_tmpl(struct srv_tmpl *t)
{
	memset(t, 0, sizeof(*t));
	t->o.inter = t->o.agent_inter = 2000;
	t->o.rise = 2;
	t->o.fall = 3;
	t->o.on_error = ONERR_FAIL_CHECK;
	t->o.error_limit = 10;
	t->o.pool_max_conn = -1;
	t->o.pool_purge_delay = 5000;
	t->o.max_reuse = UINT32_MAX;
	t->weight = 1;
}

/* Templates start zeroed and are copied whole, so equal options are equal bytes, padding included. */
const struct rt_srv_opts *srv_opts_intern(struct sema *s, const struct rt_srv_opts *o)
{
	struct str key = { (const char *)o, sizeof(*o) };
	struct rt_srv_opts *found = hmap_get(&s->interned, key);

	if (!found) {
		found = arena_dup(s->a, o, sizeof(*o));
		hmap_put(&s->interned, str_n((const char *)found, sizeof(*o)), found);
	}
	return found;
}

void dir_default_server(struct sema *s, const struct line *l)
{
	s->in_default_server = true;
	(void)!srv_opts_parse(s, l->w + 1, l->n - 1, &s->px->dsrv);
	s->in_default_server = false;
}

static void apply_address(struct rt_server *srv, const struct addr_spec *a)
{
	srv->addr = a->addr;
	srv->host = a->host;
	srv->port_offset = a->port_off;
	if (a->port_rel)
		srv->flags |= SRVF_PORT_OFFSET | SRVF_PORT_FROM_CLIENT;
	else if (!a->port_given || (!a->port_lo && a->addr.family != AF_UNIX))
		srv->flags |= SRVF_PORT_FROM_CLIENT;
	if (a->unresolved)
		srv->flags |= SRVF_UNRESOLVED;
}

static void check_options(struct sema *s, const struct line *l, struct srv_tmpl *t, const struct rt_server *srv)
{
	if (t->o.minconn > t->o.maxconn && t->o.maxconn) {
		sema_warn(s, &l->w[1], "minconn %u is above maxconn %u; maxconn is raised to it", t->o.minconn,
			  t->o.maxconn);
		t->o.maxconn = t->o.minconn;
	}
	if (t->track && (t->flags & SRVF_CHECK))
		sema_err(s, t->track, "a server cannot have both 'check' and 'track'");
	if ((t->flags & SRVF_AGENT) && !t->o.agent_port)
		sema_err(s, &l->w[1], "a server with 'agent-check' needs 'agent-port'");
	if ((t->flags & SRVF_CHECK) && (srv->flags & SRVF_PORT_FROM_CLIENT) && !t->o.check_port && !chk_names_port(s->px))
		sema_err(s, &l->w[2], "a server without a port of its own needs 'port' to be checked, or a script that begins with 'connect port'");
}

static bool claim_name(struct sema *s, const struct line *l, struct rt_server *srv)
{
	struct px_build *b = s->px;
	struct rt_server *other;

	if (!b->srv_names.arena)
		hmap_init(&b->srv_names, &s->scratch);
	other = hmap_get(&b->srv_names, srv->name);
	if (other) {
		sema_err(s, &l->w[1], "server '" STR_FMT "' is already defined at %s:%u", STR_ARG(srv->name),
			 other->loc.file, other->loc.line);
		return false;
	}
	hmap_put(&b->srv_names, srv->name, srv);
	return true;
}

static bool is_label(struct str host) { return host.n && host.p[0] == '_'; }

/* How a name is looked up now depends on who looks it up later. */
static bool server_address(struct sema *s, const struct line *l, const struct srv_tmpl *t, struct addr_spec *a)
{
	s->quiet_lookup = t->o.resolvers || t->init_ip.family || t->no_libc;
	s->no_libc = t->no_libc;
	bool ok = addr_spec_parse(s, &l->w[2], l->w[2].s, ADDR_SERVER, a);
	s->quiet_lookup = s->no_libc = false;
	if (ok && (a->fd >= 0 || a->dgram)) {
		sema_err(s, &l->w[2], "this kind of server address is not supported by sluice yet");
		return false;
	}
	if (ok && is_label(a->host) && !t->o.resolvers) {
		sema_err(s, &l->w[2], "'" STR_FMT "' is an SRV label: it needs 'resolvers'", STR_ARG(a->host));
		return false;
	}
	return ok;
}

/* Name and port come from records at run time: there is nothing to look up before. */
static void apply_label(struct rt_server *srv)
{
	srv->flags &= ~(unsigned)(SRVF_UNRESOLVED | SRVF_PORT_FROM_CLIENT | SRVF_PORT_OFFSET);
	srv->flags |= SRVF_RESOLVE | SRVF_SRV;
	srv->addr = (struct addr){ .family = AF_INET };
	srv->port_offset = 0;
}

static void apply_name(struct rt_server *srv, const struct srv_tmpl *t)
{
	uint16_t port = srv->addr.port;

	if (!srv->host.n)
		return;
	if (is_label(srv->host)) {
		apply_label(srv);
		return;
	}
	if (srv->flags & SRVF_UNRESOLVED && t->init_ip.family) {
		srv->addr = t->init_ip;
		srv->addr.port = port;
		srv->flags &= ~(unsigned)SRVF_UNRESOLVED;
	}
	if (t->o.resolvers)
		srv->flags = (srv->flags & ~(unsigned)SRVF_UNRESOLVED) | SRVF_RESOLVE;
}

bool srv_line(struct sema *s, const struct line *l, struct rt_server *srv, struct srv_tmpl *t)
{
	struct addr_spec a;

	if (!arg_name(s, &l->w[1], "server"))
		return false;
	*t = s->px->dsrv;
	t->track = NULL;
	t->id = 0;
	if (!srv_opts_parse(s, l->w + 3, l->n - 3, t) || !server_address(s, l, t, &a))
		return false;
	if (!t->track)
		t->track = s->px->dsrv.track;
	*srv = (struct rt_server){ .name = keep(s, l->w[1].s), .flags = t->flags, .px = (uint32_t)(s->px->p - s->rt->px),
				   .weight = t->weight, .cookie = t->cookie, .track = RT_NONE, .id = t->id, .own = srv->own };
	apply_address(srv, &a);
	apply_name(srv, t);
	check_options(s, l, t, srv);
	return true;
}

uint64_t srv_line_hash(const struct line *l)
{
	uint64_t h = 1;

	for (uint32_t i = 1; i < l->n; i++)
		h = hash_xxh3(l->w[i].s, h ^ l->w[i].s.n);
	return h;
}

/* again: what is to be said about its parameters has been said. */
static bool server_add(struct sema *s, const struct line *l, bool again)
{
	struct rt_server *srv = &s->rt->srv[s->rt->nsrv];
	struct srv_tmpl t;

	if (srv_is_deleted(s, l)) {
		srv_deleted(s, l);
		return true;
	}
	s->mute = again;
	bool ok = srv_line(s, l, srv, &t);
	s->mute = false;
	if (!ok)
		return false;
	srv->loc = sema_loc(s, l->w[0].at);
	srv->line = srv_line_hash(l);
	if (!claim_name(s, l, srv))
		return false;
	s->px->srv_ids |= t.id != 0;
	srv->o = srv_opts_intern(s, &t.o);
	tls_server_later(s, l, srv, &t.tls);
	s->track[s->rt->nsrv] = t.track;
	s->px->p->be.nsrv++;
	s->rt->nsrv++;
	return true;
}

void srv_add_live(struct sema *s, const struct line *l)
{
	struct rt_server *srv = &s->rt->srv[s->rt->nsrv];

	if (!server_add(s, l, false))
		return;
	srv->flags |= SRVF_ADDED;
	srv->line = 0;
	srv->loc.file = NULL;
}

void dir_server(struct sema *s, const struct line *l) { (void)server_add(s, l, false); }

/* ---- templates -------------------------------------------------------------------------------------------------- */

uint32_t srv_template_count(struct str range, uint32_t *first)
{
	ptrdiff_t dash = str_chr(range, '-');
	uint64_t lo = 1, hi;

	if (dash >= 0 && !num_u64(str_sub(range, 0, (size_t)dash), &lo))
		return 0;
	if (!num_u64(str_sub(range, (size_t)(dash + 1), range.n), &hi) || lo > hi || hi - lo >= SRV_TEMPLATE_MAX || hi > UINT32_MAX - 1)
		return 0;
	*first = (uint32_t)lo;
	return (uint32_t)(hi - lo) + 1;
}

/* The line of one of them: `server`, prefix and number, address, parameters. */
static const struct line *template_line(struct sema *s, const struct line *l, uint32_t number)
{
	struct line *one = ARENA_NEW(&s->scratch, struct line);

	*one = (struct line){ .w = ARENA_NEWN(&s->scratch, struct word, l->n - 1), .n = l->n - 1 };
	one->w[0] = l->w[0];
	one->w[1] = l->w[1];
	one->w[1].s = arena_printf(&s->scratch, STR_FMT "%u", STR_ARG(l->w[1].s), number);
	memcpy(one->w + 2, l->w + 3, (l->n - 3) * sizeof(*one->w));
	return one;
}

void dir_server_template(struct sema *s, const struct line *l)
{
	uint32_t first = 0, n = srv_template_count(l->w[2].s, &first);

	if (!n)
		sema_err(s, &l->w[2], "'" STR_FMT "' is no number of servers: <n>, or <first>-<last>, of at most %u", STR_ARG(l->w[2].s),
			 SRV_TEMPLATE_MAX);
	for (uint32_t i = 0; i < n && server_add(s, template_line(s, l, first + i), i > 0); i++)
		;
}

/* ---- ids -------------------------------------------------------------------------------------------------------- */

static struct str id_key(struct sema *s, uint32_t id)
{
	return str_n(arena_dup(&s->scratch, &id, sizeof(id)), sizeof(id));
}

static void same_id(struct sema *s, const struct px_build *b, const struct rt_server *other,
		    const struct rt_server *srv)
{
	struct word w = srv->flags & SRVF_ADDED ? srv_added_word(s, srv) : (struct word){ 0 };

	if (w.at.line)
		sema_err(s, &w, "server '" STR_FMT "' has the same id %u as '" STR_FMT "'", STR_ARG(srv->name), srv->id, STR_ARG(other->name));
	for (size_t i = 0; i < b->sec->lines.n; i++) {
		const struct line *l = &b->sec->lines.at[i];
		struct rt_loc at = sema_loc(s, l->w[0].at);
		if (at.line == srv->loc.line && at.file == srv->loc.file)
			sema_err(s, &l->w[1], "server '" STR_FMT "' has the same id %u as '" STR_FMT "'",
				 STR_ARG(srv->name), srv->id, STR_ARG(other->name));
	}
}

/* Servers without an id of their own count up and leave out those that others have. */
void srv_number(struct sema *s, struct px_build *b)
{
	struct rt_backend *be = &b->p->be;
	struct rt_server *srv = s->rt->srv + be->srv0, *other;
	struct hmap taken;
	uint32_t next = 1;

	hmap_init(&taken, &s->scratch);
	for (uint32_t i = 0; i < be->nsrv && b->srv_ids; i++) {
		other = srv[i].id && rt_srv_exists(&srv[i]) ? hmap_put(&taken, id_key(s, srv[i].id), &srv[i]) : NULL;
		if (other)
			same_id(s, b, other, &srv[i]);
	}
	for (uint32_t i = 0; i < be->nsrv; i++) {
		while (b->srv_ids && !srv[i].id && hmap_get(&taken, str_n((const char *)&next, sizeof(next))))
			next++;
		if (!srv[i].id)
			srv[i].id = next++;
	}
}

/* ---- track ------------------------------------------------------------------------------------------------------ */

static uint32_t track_target(struct sema *s, const struct rt_server *srv, const struct word *w)
{
	ptrdiff_t slash = str_chr(w->s, '/');
	const struct px_build *b = s->pxs.at[srv->px];
	struct str name = w->s;
	const struct rt_server *t;

	if (slash >= 0) {
		struct word be = *w;
		be.s = str_sub(w->s, 0, (size_t)slash);
		be.at.len = be.quoted ? be.at.len : (uint32_t)slash;
		name = str_sub(w->s, (size_t)slash + 1, w->s.n);
		b = sema_backend(s, &be);
		if (!b)
			return RT_NONE;
	}
	t = b->srv_names.arena ? hmap_get(&b->srv_names, name) : NULL;
	if (!t) {
		sema_err_at(s, w, name, "unknown server '" STR_FMT "' in backend '" STR_FMT "'", STR_ARG(name),
			    STR_ARG(b->name));
		return RT_NONE;
	}
	return (uint32_t)(t - s->rt->srv);
}

/* Follows the chain to its end; false when it comes back to where it began. */
static bool track_ends(const struct rt *rt, uint32_t from, uint32_t *end)
{
	uint32_t at = from, steps = 0;
	while (rt->srv[at].track != RT_NONE) {
		at = rt->srv[at].track;
		if (++steps > rt->nsrv)
			return false;
	}
	*end = at;
	return true;
}

void srv_resolve_tracks(struct sema *s)
{
	struct rt *rt = s->rt;
	uint32_t end;

	for (uint32_t i = 0; i < rt->nsrv; i++)
		if (s->track[i])
			rt->srv[i].track = track_target(s, &rt->srv[i], s->track[i]);
	for (uint32_t i = 0; i < rt->nsrv; i++) {
		if (rt->srv[i].track == RT_NONE)
			continue;
		if (!track_ends(rt, i, &end)) {
			sema_err(s, s->track[i], "tracking runs in a circle");
		} else if (!(rt->srv[end].flags & (SRVF_CHECK | SRVF_AGENT))) {
			sema_err(s, s->track[i], "the tracked server '" STR_FMT "' has no check",
				 STR_ARG(rt->srv[end].name));
		}
	}
}
