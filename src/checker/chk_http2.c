// SPDX-License-Identifier: GPL-3.0-or-later
/* HTTP checks over HTTP/2. The request is made from its text in HTTP/1, and the response is written down as such a text, so that
 * everything that judges responses knows one form of them: its head, then the bytes of its body, in the buffer of the exchange. */
#include <stdlib.h>
#include "h2_call.h"

#define MAX_FIELDS 96

struct http2 {
	struct h2_call call;
	bool head_done;             /* of the final response: what follows are trailers */
	bool full;                  /* the buffer of the exchange is */
	unsigned status;
};

bool http2_spoken(const struct target *t)
{
	const struct rt_srv_opts *o = t->s->o;
	const struct chk_step *st = t->x->at;
	uint8_t proto = st ? st->proto : PROTO_AUTO;

	if (proto == PROTO_AUTO && (!st || st->as_server))
		proto = o->check_proto != PROTO_AUTO || o->check_port || o->check_addr.family ? o->check_proto : o->proto;
	return proto == PROTO_H2 || (proto == PROTO_AUTO && str_eq(conn_alpn(t->conn), STR("h2")));
}

/* ---- the response ------------------------------------------------------------------------------------------------- */

static void put(struct exchange *x, struct str s)
{
	x->h2->full |= buf_append(&x->in, s) < s.n;
}

static void on_field(struct h2_call *c, struct str name, struct str value)
{
	struct exchange *x = c->owner;

	if (x->h2->head_done)
		return;
	if (str_eq(name, STR(":status"))) {
		x->h2->status = value.n == 3 ? (unsigned)((value.p[0] - '0') * 100 + (value.p[1] - '0') * 10 + value.p[2] - '0') : 0;
		put(x, STR("HTTP/1.1 "));
		put(x, value);
		put(x, STR(" \r\n"));
		return;
	}
	put(x, name);
	put(x, STR(": "));
	put(x, value);
	put(x, STR("\r\n"));
}

static void on_fields_end(struct h2_call *c)
{
	struct exchange *x = c->owner;

	if (!x->h2->head_done)
		put(x, STR("\r\n"));
	x->h2->head_done = x->h2->status >= 200;
}

static void on_data(struct h2_call *c, struct str bytes)
{
	put(c->owner, bytes);
}

static enum probe_io failed(struct target *t, bool eof)
{
	char text[INFO_MAX];

	probe_finish(t, CHK_L7RSP, 0, str_c(h2_call_failure(&t->x->h2->call, eof, text, sizeof(text))));
	return PROBE_GONE;
}

enum probe_io http2_fill(struct target *t)
{
	struct exchange *x = t->x;
	struct h2_call *c = &x->h2->call;

	for (uint32_t before = x->in.tail;;) {
		enum probe_io r = h2_call_say(t, c);

		if (r == PROBE_GONE)
			return r;
		if (c->broken || (c->closed && c->close_code))
			return failed(t, false);
		if (x->in.tail != before)
			return PROBE_OK;
		if (c->closed || x->h2->full)
			return c->closed ? PROBE_EOF : PROBE_FULL;
		r = h2_call_hear(t, c);
		if (r == PROBE_EOF)
			return failed(t, true);
		if (r != PROBE_OK)
			return r;
	}
}

/* ---- the request -------------------------------------------------------------------------------------------------- */

static struct str lower(struct arena *a, struct str s)
{
	char *p = arena_bytes(a, s.n);

	for (size_t i = 0; i < s.n; i++)
		p[i] = ascii_lower(s.p[i]);
	return str_n(p, s.n);
}

static nghttp2_nv field(struct str name, struct str value)
{
	return (nghttp2_nv){ (uint8_t *)(uintptr_t)name.p, (uint8_t *)(uintptr_t)value.p, name.n, value.n, NGHTTP2_NV_FLAG_NONE };
}

static bool submit(struct target *t, const struct http_msg *m, struct str body)
{
	int host = msg_find(m, STR("host"), 0);
	struct arena *a = t->x->mem;
	char addr[ADDR_TEXT_MAX];
	struct str authority = host >= 0 ? hdr_val(&m->hdr[host]) : h2_call_authority(t, addr);
	nghttp2_nv nv[MAX_FIELDS + 4] = {
		H2_FIELD(":method", m->method_s), H2_FIELD(":scheme", t->tls ? STR("https") : STR("http")), H2_FIELD(":path", m->target),
		H2_FIELD(":authority", authority),
	};
	size_t n = 4;

	for (int i = 0; i < m->nhdr; i++)
		if (i != host && !http_hdr_hop_by_hop(&m->hdr[i]))
			nv[n++] = field(lower(a, hdr_name(&m->hdr[i])), hdr_val(&m->hdr[i]));
	return h2_call_ask(&t->x->h2->call, nv, n, body);
}

static bool session(struct exchange *x)
{
	if (x->h2)
		return true;
	x->h2 = calloc(1, sizeof(*x->h2));
	if (!x->h2)
		return false;
	x->h2->call = (struct h2_call){ .field = on_field, .fields_end = on_fields_end, .data = on_data, .owner = x };
	return h2_call_open(&x->h2->call);
}

bool http2_ask(struct target *t, struct str head, struct str body)
{
	static struct hdr hdrs[MAX_FIELDS];
	struct h1_head_opts o = { .request = true, .max_head = UINT32_MAX };
	enum h1_error err;
	uint32_t scan = 0;
	struct http_msg m;

	if (!chk_mem(t->x) || !buf_acquire(&t->x->in) || !session(t->x))
		return false;
	msg_init(&m, hdrs, MAX_FIELDS, t->x->mem, true);
	t->x->h2->head_done = t->x->h2->full = false;
	if (h1_head_parse(&m, head, &o, &scan, &err) != H1_OK)
		t->x->h2->call.broken = "the request cannot be said in HTTP/2";
	else if (!submit(t, &m, body))
		t->x->h2->call.broken = "server takes no more requests on this connection";
	return true;
}

void http2_end(struct exchange *x)
{
	if (!x->h2)
		return;
	h2_call_close(&x->h2->call);
	free(x->h2);
	x->h2 = NULL;
}
