// SPDX-License-Identifier: GPL-3.0-or-later
/* `bind`: addresses by comma, ranges of ports, and parameters that all of them share. The same address twice in one
 * configuration is an error here; a clash with another process is seen when the leader binds. */
#include <stdlib.h>

#include "tls_priv.h"

struct bind_arg {
	struct rt_bind_opts *o;
	const struct word *k, *v;     /* keyword and its argument */
};
typedef bool bind_fn(struct sema *s, struct bind_arg *b);

static bool bind_tolerated(struct sema *s, struct bind_arg *b)
{
	sema_warn_inert(s, b->k);
	return true;
}
/* Without its header parsed every such connection would be refused, or its header taken for a request. */
static bool bind_accept_proxy(struct sema *s, struct bind_arg *b) { (void)s; return b->o->accept_proxy = true; }
static bool bind_accept_netscaler_cip(struct sema *s, struct bind_arg *b)
{
	b->o->accept_cip = true;
	return arg_u32(s, b->v, 0, UINT32_MAX, &b->o->cip_magic);
}
static bool bind_defer_accept(struct sema *s, struct bind_arg *b) { (void)s; return b->o->sock.defer_accept = true; }
static bool bind_transparent(struct sema *s, struct bind_arg *b) { (void)s; return b->o->sock.transparent = true; }
static bool bind_v4v6(struct sema *s, struct bind_arg *b) { (void)s; return b->o->sock.v4v6 = true; }
static bool bind_v6only(struct sema *s, struct bind_arg *b) { (void)s; return b->o->sock.v6only = true; }
static bool bind_tfo(struct sema *s, struct bind_arg *b) { (void)s; return (b->o->sock.tfo = 256) != 0; }
static bool bind_backlog(struct sema *s, struct bind_arg *b)
{
	return arg_i32(s, b->v, 0, INT32_MAX, &b->o->sock.backlog);
}
static bool bind_maxconn(struct sema *s, struct bind_arg *b) { return arg_u32(s, b->v, 0, 10000000, &b->o->maxconn); }
static bool bind_tcp_ut(struct sema *s, struct bind_arg *b) { return arg_time(s, b->v, 1, &b->o->sock.tcp_ut_ms); }
static bool bind_uid(struct sema *s, struct bind_arg *b)
{
	return arg_i32(s, b->v, 0, INT32_MAX, &b->o->sock.unix_uid);
}
static bool bind_gid(struct sema *s, struct bind_arg *b)
{
	return arg_i32(s, b->v, 0, INT32_MAX, &b->o->sock.unix_gid);
}
static bool bind_user(struct sema *s, struct bind_arg *b) { return id_of_user(s, b->v, false, &b->o->sock.unix_uid); }
static bool bind_group(struct sema *s, struct bind_arg *b) { return id_of_user(s, b->v, true, &b->o->sock.unix_gid); }

static bool bind_name(struct sema *s, struct bind_arg *b)
{
	b->o->name = keep(s, b->v->s);
	return arg_name(s, b->v, "listener");
}

static bool bind_proto(struct sema *s, struct bind_arg *b)
{
	static const char *const words[] = { "h1", "h2" };
	int i = arg_word(s, b->v, words, ARRAY_LEN(words), "protocol");

	if (i >= 0)
		b->o->proto = i ? PROTO_H2 : PROTO_H1;
	return i >= 0;
}

static bool bind_interface(struct sema *s, struct bind_arg *b)
{
	b->o->sock.interface = arena_cstr(s->a, b->v->s);
	return true;
}

/* HAProxy takes negative values as "this much less than the path's". */
static bool bind_mss(struct sema *s, struct bind_arg *b)
{
	uint32_t v;
	if (!arg_u32(s, b->v, 0, 65535, &v))
		return false;
	b->o->sock.mss = v;
	return true;
}

static bool bind_mode(struct sema *s, struct bind_arg *b)
{
	char *end, *text = arena_cstr(&s->scratch, b->v->s);
	long v = strtol(text, &end, 8);
	if (*end || !*text || v < 0 || v > 07777) {
		sema_err(s, b->v, "'%s' is not an octal file mode", text);
		return false;
	}
	b->o->sock.unix_mode = (int)v;
	return true;
}

static const struct bind_row { const char *word; uint8_t nargs; bind_fn *run; } rows[] = {
#define BIND_OPT(word, nargs, fn, help) { word, nargs, bind_##fn },
#include <sluice/tbl/bind_opts.def>
#undef BIND_OPT
};

static const struct bind_row *row_find(struct str w)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (str_eq(w, str_c(rows[i].word)))
			return &rows[i];
	return NULL;
}

static bool unknown_param(struct sema *s, const struct line *l, uint32_t *i)
{
	const char *names[ARRAY_LEN(rows)];
	const struct ha_word *h = sema_ha_word(s, HAW_BIND, &l->w[*i]);

	if (h) {
		*i += h->nargs;
		return true;
	}
	for (size_t k = 0; k < ARRAY_LEN(rows); k++)
		names[k] = rows[k].word;
	sema_err_hint(s, &l->w[*i], diag_nearest(l->w[*i].s, names, ARRAY_LEN(rows)),
		      "unknown parameter '" STR_FMT "' of bind", STR_ARG(l->w[*i].s));
	return false;
}

static bool bind_params(struct sema *s, const struct line *l, struct rt_bind_opts *o, struct tls_words *t)
{
	for (uint32_t i = 2; i < l->n; i++) {
		const struct bind_row *r = row_find(l->w[i].s);
		struct bind_arg b = { .o = o, .k = &l->w[i] };
		bool known = false;
		if (!r && !tls_word(s, t, TLS_AT_BIND, l->w, l->n, &i, &known))
			return false;
		if (known)
			continue;
		if (!r) {
			if (!unknown_param(s, l, &i))
				return false;
			continue;
		}
		if (r->nargs && !(b.v = arg_next(s, l->w, l->n, &i)))
			return false;
		if (!r->run(s, &b))
			return false;
	}
	return true;
}

/* ---- addresses -------------------------------------------------------------------------------------------------- */

static void add_listener(struct sema *s, const struct word *w, const struct rt_bind_opts *o, const struct addr *a,
			 int fd)
{
	struct rt_listener l = { .addr = *a, .inherited_fd = fd, .px = (uint32_t)(s->px->p - s->rt->px), .opts = o };
	char text[ADDR_TEXT_MAX];
	struct str key = str_n(text, 0);
	const struct word *other;

	if (fd >= 0)
		key = arena_printf(&s->scratch, "fd@%d", fd);
	else
		key = arena_str(&s->scratch, str_n(text, addr_text(a, text)));
	if (o->sock.interface)
		key = arena_printf(&s->scratch, STR_FMT "%%%s", STR_ARG(key), o->sock.interface);
	other = hmap_get(&s->binds, key);
	if (other) {
		sema_err(s, w, "address " STR_FMT " is already bound at %s:%u", STR_ARG(key),
			 s->src->files.at[other->at.file].name, other->at.line);
		return;
	}
	hmap_put(&s->binds, key, (void *)w);
	VEC_PUSH(&s->lst, l);
	s->px->bound = true;
}

static void bind_address(struct sema *s, const struct word *w, struct str text, const struct rt_bind_opts *o)
{
	struct addr_spec a;

	if (!addr_spec_parse(s, w, text, ADDR_BIND, &a))
		return;
	if (a.dgram) {
		sema_err_at(s, w, text, "datagram listeners are not supported by sluice yet");
		return;
	}
	if (a.fd >= 0 || a.addr.family == AF_UNIX) {
		add_listener(s, w, o, &a.addr, a.fd);
		return;
	}
	for (unsigned port = a.port_lo; port <= a.port_hi; port++) {
		a.addr.port = (uint16_t)port;
		add_listener(s, w, o, &a.addr, -1);
	}
}

void dir_bind(struct sema *s, const struct line *l)
{
	struct rt_bind_opts *o = ARENA_NEW(s->a, struct rt_bind_opts);
	struct str rest = l->w[1].s, part;
	struct tls_words t = { .ssl = false };

	o->sock = bind_sock_defaults(s);
	o->sock.backlog = 0;
	o->loc = sema_loc(s, l->w[0].at);
	bool ok = bind_params(s, l, o, &t);
	s->px->bound = true;
	if (o->sock.v4v6 && o->sock.v6only) {
		sema_err(s, &l->w[0], "'v4v6' and 'v6only' exclude each other");
		return;
	}
	if (!ok)
		return;
	tls_bind_later(s, l, o, &t);
	if (!o->sock.backlog)
		o->sock.backlog = (int)s->px->backlog;
	while (rest.p) {
		part = str_split(&rest, ',');
		if (part.n)
			bind_address(s, &l->w[1], part, o);
		else
			sema_err(s, &l->w[1], "an address is missing beside the comma");
	}
}
