// SPDX-License-Identifier: GPL-3.0-or-later
/* What generations know each other's objects by. The key of an object is a hash of its name; its identity is a hash of what must not have
 * changed for its past to be its own: of a server its address and the definition of its check. Two generations that run different builds must
 * come to the same hashes, so the order of what is mixed in here stays as it is. */
#include <stdlib.h>
#include <sluice/base/hash.h>
#include <sluice/health/health.h>

#include "leader_priv.h"

static uint64_t mix(uint64_t h, struct str s) { return hash_xxh3(s, h ^ s.n * 0x9e3779b97f4a7c15u); }
static uint64_t mix_num(uint64_t h, uint64_t v) { return mix(h, str_n((const char *)&v, sizeof(v))); }

static uint64_t mix_addr(uint64_t h, const struct addr *a)
{
	char text[ADDR_TEXT_MAX];
	size_t n = a->family == AF_UNSPEC ? 0 : addr_text(a, text);
	return mix(h, str_n(text, n));
}

static uint64_t mix_fmt(uint64_t h, const struct logfmt *f)
{
	return f ? mix(h, logfmt_source(f)) : h;
}

static uint64_t mix_expr(uint64_t h, const struct expr *e)
{
	struct sbuf b = { 0 };

	if (!e)
		return h;
	expr_print(e, &b);
	h = mix(h, sbuf_str(&b));
	sbuf_free(&b);
	return h;
}

static uint64_t mix_expect(uint64_t h, const struct chk_expect *e)
{
	h = mix_num(h, e->match | (uint64_t)e->neg << 8 | (uint64_t)e->hdr_how << 16);
	h = mix(mix(h, e->text), e->hdr_name);
	for (unsigned i = 0; i < e->nstatus; i++)
		h = mix_num(h, (uint64_t)e->status[i].lo << 16 | e->status[i].hi);
	if (e->name_how)
		h = mix_num(h, e->name_how);
	return mix_fmt(mix_fmt(h, e->fmt), e->name_fmt);
}

static uint64_t mix_request(uint64_t h, const struct chk_request *q)
{
	h = mix(mix(mix(mix(h, q->method), q->uri), q->version), q->body);
	for (uint32_t i = 0; i < q->nhdrs; i++)
		h = mix_fmt(mix(h, q->hdrs[i].name), q->hdrs[i].val);
	return mix_fmt(mix_fmt(h, q->uri_fmt), q->body_fmt);
}

/* A request counts as the send that it is; what judges an answer of which the files say nothing counts for nothing. */
static uint64_t mix_step(uint64_t h, const struct chk_step *s)
{
	uint64_t kind = s->kind == CS_REQUEST ? CS_SEND : s->kind;

	if ((s->kind == CS_REQUEST && !s->req) || (s->kind == CS_EXPECT && s->exp.match == CM_STATUS && !s->exp.text.n))
		return h;
	h = mix_expect(mix_num(mix(h, s->data), kind | (uint64_t)s->port << 8 | (uint64_t)s->ssl << 24), &s->exp);
	if (s->kind >= CS_SET_VAR)
		h = mix_num(h, s->var.scope | (uint64_t)s->conds << 8);
	return mix_expr(mix_fmt(h, s->fmt), s->expr);
}

static uint64_t mix_check(uint64_t h, const struct rt_check *c)
{
	h = mix_request(mix_num(h, c->kind | (uint64_t)c->disable_on_404 << 8), &c->req);
	for (uint32_t i = 0; i < c->nsteps; i++)
		if (c->steps[i].req)
			h = mix_request(h, c->steps[i].req);
	for (uint32_t i = 0; i < c->nsteps; i++)
		h = mix_step(h, &c->steps[i]);
	return c->kind == CHK_GRPC ? mix(h, c->service) : h;
}

static uint64_t srv_identity(const struct rt *rt, const struct rt_server *s)
{
	const struct addr named = { .family = AF_INET, .port = s->addr.port };
	uint64_t h = mix(mix_addr(1, s->flags & SRVF_RESOLVE ? &named : &s->addr), s->host); /* the address of a name may change */

	h = mix_num(h, (s->flags & (SRVF_CHECK | SRVF_PORT_FROM_CLIENT | SRVF_PORT_OFFSET)) | (uint64_t)(uint32_t)s->port_offset << 32);
	if (s->track != RT_NONE && s->track < rt->nsrv)
		return mix(mix(h, rt->px[rt->srv[s->track].px].name), rt->srv[s->track].name);
	if (!(s->flags & SRVF_CHECK))
		return h;
	if (s->o->check_proto)
		h = mix_num(h, s->o->check_proto);
	return mix_check(mix_num(mix_addr(h, &s->o->check_addr), s->o->check_port), &rt->px[s->px].check);
}

static uint64_t lst_key(const struct rt *rt, const struct rt_listener *lst)
{
	struct ipc_key key;
	uint64_t h = mix(3, rt->px[lst->px].name);

	if (lst->opts->name.n)
		return mix(h, lst->opts->name);
	listener_key(&lst->addr, &lst->opts->sock, &key);
	return mix(h, str_n(key.text, sizeof(key.text)));
}

/* A spare row has no key: it is nobody's. */
void names_of_server(const struct leader *l, uint32_t i, struct state_obj *o)
{
	const struct rt *rt = l->rt;
	const struct rt_server *s = &rt->srv[i];

	*o = (struct state_obj){ 0 };
	if (!rt_srv_exists(s))
		return;
	o->key = mix(mix(2, rt->px[s->px].name), s->name);
	o->identity = srv_identity(rt, s);
	o->cfg = health_initial_admin(s);
}

bool names_make(struct leader *l)
{
	const struct rt *rt = l->rt;
	struct state_obj *o = calloc((size_t)rt->npx + rt->nsrv + rt->nlst + 1, sizeof(*o));

	l->names = (struct state_names){ .px = o, .limits = { rt->g.maxconn, rt->g.maxconnrate, rt->g.maxsessrate, rt->g.maxsslrate } };
	if (!o)
		return false;
	for (uint32_t i = 0; i < rt->npx; i++, o++) {
		o->key = rt->px[i].caps & PX_FE ? mix(1, rt->px[i].name) : 0;
		o->key2 = rt->px[i].caps & PX_BE ? mix(2, rt->px[i].name) : 0;
		o->cfg = rt->px[i].maxconn;
	}
	l->names.srv = o;
	for (uint32_t i = 0; i < rt->nsrv; i++, o++) {
		names_of_server(l, i, o);
	}
	l->names.lst = o;
	for (uint32_t i = 0; i < rt->nlst; i++, o++)
		o->key = lst_key(rt, &rt->lst[i]);
	return true;
}
