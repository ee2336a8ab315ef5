// SPDX-License-Identifier: GPL-3.0-or-later
/* TLS of servers: whether a server and its checks use it, with what, and which name they ask for. */
#include <sluice/tls/back.h>
#include "tls_priv.h"

/* As HAProxy: a check goes to the server's port as traffic does; one that goes elsewhere is in the clear unless
 * check-ssl asks otherwise. */
static bool checks_with_tls(const struct tls_words *t, const struct rt_srv_opts *o)
{
	if (t->check_ssl)
		return t->check_ssl > 0;
	return t->ssl && !o->check_port && !o->check_addr.family;
}

void tls_server_later(struct sema *s, const struct line *l, struct rt_server *srv, const struct tls_words *t)
{
	struct tls_srv_job j = { .l = l, .srv = (uint32_t)(srv - s->rt->srv), .t = *t };
	bool check = checks_with_tls(t, srv->o);

	if (!t->ssl && !check)
		return;
	srv->flags |= (t->ssl ? SRVF_SSL : 0u) | (check ? SRVF_CHECK_SSL : 0u);
	VEC_PUSH(&s->tls_srvs, j);
}

static struct expr *sni_expr(struct sema *s, const struct rt_server *srv, const struct word *w)
{
	const struct rt_proxy *px = &s->rt->px[srv->px];
	unsigned avail = NEED_CLIENT | NEED_STREAM | (px->mode == MODE_HTTP ? NEED_REQ_HEAD : NEED_L6);

	s->px = s->pxs.at[srv->px];
	return sema_expr(s, w, avail);
}

static bool verify_check(struct sema *s, const struct line *l, const struct tls_opts *o)
{
	if (o->verify != TLS_VERIFY_OPTIONAL && (o->verify == TLS_VERIFY_NONE || o->ca_file))
		return true;
	if (o->verify == TLS_VERIFY_OPTIONAL)
		sema_err(s, &l->w[1], "'verify' of a server is none or required");
	else
		sema_err(s, &l->w[1],
			 "servers are verified unless 'verify none' says otherwise, and that needs a 'ca-file' (@system-ca for the "
			 "system's)");
	return false;
}

/* Most servers that speak both take WebSocket only in HTTP/1. */
static uint8_t ws_proto(const struct rt_srv_opts *o, struct str alpn)
{
	if (o->ws != PROTO_AUTO || o->proto != PROTO_AUTO)
		return o->ws;
	return str_find(alpn, STR("\2h2"), false) >= 0 && str_find(alpn, STR("\10http/1.1"), false) >= 0 ? PROTO_H1 : PROTO_AUTO;
}

static bool script_has_tls(const struct rt_check *c)
{
	for (uint32_t i = 0; i < c->nsteps; i++)
		if (c->steps[i].kind == CS_CONNECT && c->steps[i].ssl)
			return true;
	return false;
}

/* What a check offers that check-alpn says nothing of: HTTP as its server does, unless the protocol is given. */
static struct str alpn_of_check(enum chk_kind kind, const struct rt_srv_opts *o, struct str alpn)
{
	if (kind == CHK_GRPC || (kind == CHK_HTTP && o->check_proto == PROTO_H2))
		return STR("\2h2");
	return kind == CHK_HTTP && o->check_proto == PROTO_AUTO ? alpn : STR_NULL;
}

/* Options of the server and of its checks, with what they inherit. */
static void opts_complete(struct sema *s, const struct rt_server *srv, struct tls_words *w, struct tls_opts *check)
{
	struct tls_opts *t = &w->o;

	if (!t->verify_set && !s->tls_srv_dflt.verify_set) {
		t->verify = TLS_VERIFY_REQUIRED;
		t->verify_set = true;
	}
	tls_opts_inherit(t, &s->tls_srv_dflt);
	tls_opts_paths(s, t);
	t->crt = tls_path(s, s->crt_base, t->crt);
	*check = *t;
	check->alpn = w->check_alpn.n ? w->check_alpn : alpn_of_check((enum chk_kind)s->rt->px[srv->px].check.kind, srv->o, t->alpn);
}

static void server_build(struct sema *s, struct tls_srv_job *j)
{
	struct rt_server *srv = &s->rt->srv[j->srv];
	struct rt_srv_opts o = *srv->o;
	struct tls_opts *t = &j->t.o, check;
	struct tls_err e = { "" };

	opts_complete(s, srv, &j->t, &check);
	if (!verify_check(s, j->l, t))
		return;
	o.xprt_cfg = tls_back_get(t, &e);
	o.check_xprt_cfg = o.xprt_cfg ? tls_back_get(&check, &e) : NULL;
	if (!o.check_xprt_cfg) {
		sema_err(s, &j->l->w[1], "%s", e.text);
		return;
	}
	o.no_sni_auto = j->t.no_sni_auto;
	o.ws = ws_proto(&o, t->alpn);
	o.check_sni = j->t.check_sni;
	if (j->t.sni && !(o.sni = sni_expr(s, srv, j->t.sni)))
		return;
	o.sni_text = j->t.sni ? keep(s, j->t.sni->s) : STR_NULL;
	srv->o = srv_opts_intern(s, &o);
}

/* ---- at run time -------------------------------------------------------------------------------------------------- */

/* An expression for the name to ask for exists when a server of the backend has the same. */
static bool find_sni(const struct sema *s, const struct rt_server *srv, const struct word *w, struct rt_srv_opts *o)
{
	const struct rt_backend *be = &s->rt->px[srv->px].be;

	o->sni_text = w ? w->s : STR_NULL;
	for (uint32_t i = 0; w && i < be->nsrv && !o->sni; i++)
		if (be->srv[i].o->sni && !(be->srv[i].flags & SRVF_ADDED) && str_eq(be->srv[i].o->sni_text, w->s))
			o->sni = be->srv[i].o->sni;
	return !w || o->sni;
}

bool tls_server_live(struct sema *s, const struct line *l, struct rt_server *srv, struct tls_words *t, struct rt_srv_opts *o, bool *have)
{
	struct tls_opts check, script = s->tls_srv_dflt;
	bool need_check = checks_with_tls(t, o), need_script = script_has_tls(&s->rt->px[srv->px].check);

	*have = true;
	tls_opts_paths(s, &script);
	o->check_xprt_cfg = need_script ? tls_back_find(&script) : NULL;
	*have = !need_script || o->check_xprt_cfg;
	if (!t->ssl && !need_check)
		return true;
	srv->flags |= (t->ssl ? SRVF_SSL : 0u) | (need_check ? SRVF_CHECK_SSL : 0u);
	opts_complete(s, srv, t, &check);
	if (!verify_check(s, l, &t->o))
		return false;
	o->xprt_cfg = tls_back_find(&t->o);
	o->check_xprt_cfg = tls_back_find(&check);
	o->no_sni_auto = t->no_sni_auto;
	o->ws = ws_proto(o, t->o.alpn);
	o->check_sni = t->check_sni;
	*have = find_sni(s, srv, t->sni, o) && o->xprt_cfg && o->check_xprt_cfg;
	return true;
}

/* `tcp-check connect ssl` speaks TLS with servers that know nothing of it otherwise. */
static void scripts_need(struct sema *s, const struct px_build *b)
{
	const struct rt_backend *be = &b->p->be;

	for (uint32_t i = be->srv0; i < be->srv0 + be->nsrv; i++) {
		struct rt_srv_opts o = *s->rt->srv[i].o;
		struct tls_opts t = s->tls_srv_dflt;
		struct tls_err e;
		if (o.check_xprt_cfg)
			continue;
		tls_opts_paths(s, &t);
		o.check_xprt_cfg = tls_back_get(&t, &e);
		if (!o.check_xprt_cfg)
			sema_err(s, &b->sec->head.w[0], "%s", e.text);
		s->rt->srv[i].o = srv_opts_intern(s, &o);
	}
}

void tls_servers_finish(struct sema *s)
{
	for (size_t i = 0; i < s->tls_srvs.n; i++)
		server_build(s, &s->tls_srvs.at[i]);
	VEC_FREE(&s->tls_srvs);
	for (size_t i = 0; i < s->pxs.n; i++)
		if (script_has_tls(&s->pxs.at[i]->p->check))
			scripts_need(s, s->pxs.at[i]);
}
