// SPDX-License-Identifier: GPL-3.0-or-later
/* The client of a described request: where it arrives, what its handshake comes to, which protocol is spoken, and a mux that has this one
 * request to give. Which protocol follows from the very function that decides it for real connections. */
#include <string.h>
#include <sluice/base/clock.h>
#include <sluice/http/h1.h>
#include <sluice/http/h2.h>
#include "explain_priv.h"
#include "muxes.h"

#define WS_KEY "c2x1aWNlIGV4cGxhaW5zLg==" /* any 16 bytes */

/* ---- a mux with one request ---- */

static void recv_failed(struct endp *ep, enum h1_error err)
{
	ep->flags |= EP_ERR;
	ep->err = EE_BAD_HEAD;
	ep->h1_err = (uint8_t)err;
}

static void said_recv_h1(struct endp *ep)
{
	struct explained *x = CONTAINER_OF(ep->mux, struct explained, mux);
	struct h1_head_opts o = { .request = true, .max_head = wk.rt->g.bufsize - wk.rt->g.maxrewrite };
	enum h1_error err = H1E_NONE;
	uint32_t scan = 0;

	if (ep->flags & (EP_HEAD | EP_ERR))
		return;
	if (h1_head_parse(ep->msg, sbuf_str(&x->head), &o, &scan, &err) == H1_OK)
		ep->flags |= EP_HEAD | EP_EOM;
	else
		recv_failed(ep, err);
}

static struct h2_field field(struct str name, struct str val) { return (struct h2_field){ name.p, val.p, (uint32_t)name.n, (uint32_t)val.n }; }

static struct str lowered(struct arena *a, struct str s)
{
	char *p = arena_bytes(a, s.n);

	for (size_t i = 0; i < s.n; i++)
		p[i] = ascii_lower(s.p[i]);
	return str_n(p, s.n);
}

/* The fields that such a client's header block has. Host goes as :authority. */
static unsigned say_fields(const struct explain_request *q, struct arena *a, struct h2_field *f)
{
	bool connect = str_eq(q->method, STR("CONNECT"));
	struct str host = q->host;
	unsigned n = 1;

	f[0] = field(STR(":method"), q->upgrade.n ? STR("CONNECT") : q->method);
	if (!connect) {
		f[n++] = field(STR(":scheme"), q->tls ? STR("https") : STR("http"));
		f[n++] = field(STR(":path"), q->target);
	}
	if (q->upgrade.n)
		f[n++] = field(STR(":protocol"), q->upgrade);
	unsigned authority = n++;

	for (unsigned i = 0; i < q->nhdr; i++) {
		struct str val = q->hdr[i], name = str_split(&val, ':');

		if (str_ieq(name, STR("host")))
			host = str_trim(val);
		else
			f[n++] = field(lowered(a, name), str_trim(val));
	}
	f[authority] = field(STR(":authority"), host);
	return n;
}

static void said_recv_h2(struct endp *ep)
{
	struct explained *x = CONTAINER_OF(ep->mux, struct explained, mux);
	struct h2_field f[EXPLAIN_MAX_HDRS + 5];
	struct h2_head_opts o = { .end_stream = !x->q->upgrade.n };

	if (ep->flags & (EP_HEAD | EP_ERR))
		return;
	enum h1_error err = h2_request_build(ep->msg, f, say_fields(x->q, ep->msg->arena, f), &o);

	if (!err && x->q->upgrade.n && !msg_add(ep->msg, STR("sec-websocket-key"), STR(WS_KEY)))
		err = H1E_TOO_MANY_HDRS;
	if (err)
		recv_failed(ep, err);
	else
		ep->flags |= EP_HEAD | EP_EOM;
}

static bool said_send(struct endp *ep, struct mux_tx *tx)
{
	tx->head = NULL;
	ep->flags |= EP_TX_EOM;
	return true;
}

static bool said_close(struct endp *ep, enum mux_close_how how UNUSED)
{
	ep->mux = NULL;
	return false;
}

static const struct mux_ops said_h1 = {
	.name = "explain", .http_major = 1, .max_streams = 1, .recv = said_recv_h1, .send = said_send, .close = said_close,
};
static const struct mux_ops said_h2 = {
	.name = "explain", .http_major = 2, .max_streams = 1, .recv = said_recv_h2, .send = said_send, .close = said_close,
};

static void say_request(struct sbuf *head, const struct explain_request *q)
{
	bool host = false;

	sbuf_printf(head, STR_FMT " " STR_FMT " HTTP/1.1\r\n", STR_ARG(q->method), STR_ARG(q->target));
	for (unsigned i = 0; i < q->nhdr; i++) {
		host |= str_istarts(q->hdr[i], STR("host:"));
		sbuf_printf(head, STR_FMT "\r\n", STR_ARG(q->hdr[i]));
	}
	if (!host)
		sbuf_printf(head, "Host: " STR_FMT "\r\n", STR_ARG(q->host));
	if (q->upgrade.n)
		sbuf_printf(head, "Connection: Upgrade\r\nUpgrade: " STR_FMT "\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " WS_KEY "\r\n",
			    STR_ARG(q->upgrade));
	sbuf_add(head, STR("\r\n"));
}

/* ---- where it arrives ---- */

static bool listens_for(const struct rt_listener *l, const struct explain_request *q, bool named)
{
	const struct rt_proxy *fe = &wk.rt->px[l->px];

	if (fe->caps & PX_DISABLED || fe->mode != MODE_HTTP)
		return false;
	if (named)
		return str_eq(fe->name, q->frontend);
	return l->addr.port == q->port && l->opts->ssl == q->tls;
}

static uint32_t find_listener(const struct explain_request *q)
{
	for (uint32_t i = 0; i < wk.rt->nlst; i++)
		if (listens_for(&wk.rt->lst[i], q, q->frontend.n > 0))
			return i;
	return RT_NONE;
}

void explain_where(const char *word, struct str name, struct rt_loc loc)
{
	sbuf_printf(wk.trace, "%-10s" STR_FMT "  [%s:%u]\n", word, STR_ARG(name), loc.file ? loc.file : "-", loc.line);
}

static void put_arrival(const struct explain_request *q, const struct rt_listener *l)
{
	const struct rt_proxy *fe = &wk.rt->px[l->px];
	char text[ADDR_TEXT_MAX];
	size_t n = addr_ip_text(&q->src, text);

	sbuf_printf(wk.trace, "request   " STR_FMT " %s://" STR_FMT STR_FMT "  from " STR_FMT "\n", STR_ARG(q->method), q->tls ? "https" : "http",
		    STR_ARG(q->host), STR_ARG(q->target), (int)n, text);
	n = addr_text(&l->addr, text);
	explain_where("bind", str_n(text, n), l->opts->loc);
	explain_where("frontend", fe->name, fe->loc);
}

/* ---- its handshake, and the protocol ---- */

/* What the client offers by ALPN. */
static struct str alpn_offered(const struct explain_request *q)
{
	if (q->alpn.n)
		return q->alpn;
	return q->proto == PROTO_H2 ? STR("h2,http/1.1") : q->proto == PROTO_H1 ? STR("http/1.1") : STR_NULL;
}

/* What the handshake would have come to. */
static bool tls_open(struct explained *x, const struct rt_listener *l)
{
	const struct explain_request *q = x->q;
	struct str file, offered = alpn_offered(q);

	if (!l->opts->ssl)
		return true;
	x->tls = (struct tls_said){ .sni = q->sni, .version = q->version, .cipher = q->cipher };
	if (q->client_dn.n && !tls_said_client(&x->tls, q->client_dn, q->issuer_dn)) {
		sbuf_add(wk.trace, STR("a name of a certificate is written /C=DE/O=Example/CN=joe\n"));
		x->lst = RT_NONE;
		return false;
	}
	file = tls_said_own(&x->tls, l->opts->xprt_cfg, offered);
	sbuf_printf(wk.trace, "tls       server name " STR_FMT ", certificate " STR_FMT "\n", STR_ARG(q->sni.n ? q->sni : STR("none")),
		    STR_ARG(file.n ? file : STR("none: strict-sni refuses the client")));
	if (tls_said_refused(&x->tls, l->opts->xprt_cfg)) {
		sbuf_add(wk.trace, STR("closed    the handshake fails: a client certificate is required (--client-dn)\n"));
		return false;
	}
	return file.n > 0;
}

/* Why this protocol. */
static void put_protocol(struct explained *x, const struct rt_listener *l, bool h2)
{
	struct str offered = alpn_offered(x->q);

	sbuf_printf(wk.trace, "protocol  %s: ", h2 ? "HTTP/2" : "HTTP/1.1");
	if (l->opts->proto != PROTO_AUTO)
		sbuf_printf(wk.trace, "the bind line says proto %s\n", l->opts->proto == PROTO_H2 ? "h2" : "h1");
	else if (!l->opts->ssl)
		sbuf_add(wk.trace, h2 ? STR("the first bytes are its preface\n") : STR("in the clear\n"));
	else if (!offered.n)
		sbuf_add(wk.trace, STR("the client offers nothing by ALPN\n"));
	else if (!x->tls.alpn.n)
		sbuf_printf(wk.trace, "ALPN finds nothing in common with " STR_FMT "\n", STR_ARG(offered));
	else
		sbuf_printf(wk.trace, "ALPN chose " STR_FMT " of " STR_FMT "\n", STR_ARG(x->tls.alpn), STR_ARG(offered));
}

/* A client that knows one protocol only cannot follow to another. */
static bool client_follows(const struct explain_request *q, bool ssl, bool h2)
{
	if (q->proto == PROTO_AUTO || (q->proto == PROTO_H2) == h2)
		return true;
	return ssl && q->proto == PROTO_H2 && !q->alpn.n; /* it has offered both */
}

static bool protocol_open(struct explained *x, const struct rt_listener *l)
{
	const struct explain_request *q = x->q;
	bool h2 = mux_select_front(&x->se) == &mux_h2 || (q->proto == PROTO_H2 && mux_may_upgrade(&x->se));

	put_protocol(x, l, h2);
	if (!client_follows(q, l->opts->ssl, h2)) {
		sbuf_printf(wk.trace, "closed    the client speaks HTTP/%s only\n", q->proto == PROTO_H2 ? "2" : "1");
		return false;
	}
	x->mux.ops = h2 ? &said_h2 : &said_h1;
	for (unsigned i = 0; h2 && i < q->nhdr; i++) {
		struct str val = q->hdr[i], name = str_split(&val, ':');
		struct hdr f = { .id = (uint8_t)http_hdr_id(name), .val = str_trim(val).p, .vlen = (uint32_t)str_trim(val).n };

		if (h2_field_allowed(&f))
			continue;
		sbuf_printf(wk.trace, "closed    the stream is reset: HTTP/2 has no header '" STR_FMT "' (RFC 9113 section 8.2.2)\n", STR_ARG(name));
		return false;
	}
	return true;
}

static void session_open(struct explained *x)
{
	const struct explain_request *q = x->q;
	const struct rt_listener *l = &wk.rt->lst[x->lst];

	x->conn = (struct conn){ .flags = CONN_FRONT, .src = q->src, .dst = l->addr, .xprt_ctx = &x->tls };
	x->conn.xprt = l->opts->ssl ? &xprt_said : &xprt_raw;
	if (addr_is_any(&l->addr) || l->addr.family == AF_UNSPEC)
		x->conn.dst = (struct addr){ .family = AF_INET, .port = q->port, .in4.s_addr = htonl(INADDR_LOOPBACK) };
	x->mux = (struct mux){ .magic = MUX_MAGIC, .ops = &said_h1, .conn = &x->conn, .owner = &x->se, .front = true };
	x->se = (struct session){ .magic = SESSION_MAGIC, .flags = SESS_PINNED, .conn = &x->conn, .mux = &x->mux, .fe = &wk.rt->px[l->px], .lst = l,
				  .last_srv = RT_NONE, .t_accept = clock_now_ns, .t_hs_done = clock_now_ns };
	list_init(&x->se.link);
	list_init(&x->se.streams);
	list_init(&x->se.priv);
	say_request(&x->head, q);
}

bool explain_client_open(struct explained *x, const struct explain_request *q)
{
	x->q = q;
	x->lst = find_listener(q);
	if (x->lst == RT_NONE) {
		sbuf_printf(wk.trace, q->frontend.n ? "no http frontend of that name has a listener\n" : "no http frontend listens on port %u%s\n", q->port,
			    q->tls ? " with ssl" : "");
		return false;
	}
	session_open(x);
	put_arrival(q, x->se.lst);
	return tls_open(x, x->se.lst) && protocol_open(x, x->se.lst);
}

void explain_client_close(struct explained *x)
{
	sbuf_free(&x->head);
	tls_said_free(&x->tls);
}
