// SPDX-License-Identifier: GPL-3.0-or-later
/* TLS towards servers. A connection belongs to the name it was opened with: reusing it for another would show one site
 * what was meant for the other, so the pool asks for the name first. */
#include <sluice/base/hash.h>
#include <sluice/http/msg.h>
#include <sluice/tls/xprt_tls.h>

#include "steps.h"
#include "tls_out.h"

/* A Host header without its port, and no address: those are not names. */
static struct str host_name(const struct http_msg *m)
{
	int at = m ? msg_find_id(m, HH_HOST, 0) : -1;
	struct str v = at >= 0 ? hdr_val(&m->hdr[at]) : STR_NULL;
	ptrdiff_t colon = str_chr(v, ':');
	struct addr a;

	if (v.n && v.p[0] == '[')
		return STR_NULL;
	if (colon >= 0)
		v.n = (size_t)colon;
	return addr_parse_ip(&a, v) ? STR_NULL : v;
}

static struct str sni_of(struct stream *s, const struct rt_srv_opts *o)
{
	struct smp_ctx *c = strm_smp_ctx(s);
	const char *asked;
	struct str v;

	if (o->sni)
		return expr_eval_str(o->sni, c, &v) ? v : STR_NULL;
	if (o->no_sni_auto)
		return STR_NULL;
	if (s->flags & SF_HTTP)
		return host_name(c->req);
	asked = s->sess->conn && tls_ssl(s->sess->conn) ? SSL_get_servername(tls_ssl(s->sess->conn), TLSEXT_NAMETYPE_host_name) : NULL;
	return str_c(asked);
}

bool tls_out_wanted(uint32_t srv) { return wk.rt->srv[srv].flags & SRVF_SSL && !wk.srv[srv].plain; }

uint64_t tls_out_sni(struct stream *s, uint32_t srv, struct str *name)
{
	const struct rt_server *rs = &wk.rt->srv[srv];

	*name = tls_out_wanted(srv) ? sni_of(s, rs->o) : STR_NULL;
	return name->n ? hash_xxh3(*name, 0) | 1 : 0;
}

/* A protocol that the server's line does not name by itself is the only one offered. */
static struct str alpn_of(const struct sconn *sc)
{
	return !sc->apart ? STR_NULL : sc->proto == PROTO_H2 ? STR("\2h2") : STR("\10http/1.1");
}

struct conn *tls_out_connect(struct stream *s, const struct sconn *sc, const struct addr *dst, const struct sock_connect_opts *o,
			     struct str sni)
{
	struct tls_connect k = { .back = wk.rt->srv[sc->srv].o->xprt_cfg, .sessions = &wk.srv[sc->srv].tls, .sni = sni, .alpn = alpn_of(sc) };
	char hdr[PROXY_OUT_MAX];
	struct conn *c;

	k.preface = str_n(hdr, server_proxy_header(s, hdr));
	k.early = early_may_leave(s);
	c = conn_new_back(dst, o, &xprt_tls, &k, NULL, NULL);
	if (c && tls_sends_early(c))
		s->early |= EARLY_SENT;
	return c;
}
