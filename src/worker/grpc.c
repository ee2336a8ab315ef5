// SPDX-License-Identifier: GPL-3.0-or-later
/* gRPC: its requests and trailers pass like any others; here is what a proxy must add. A deadline that the client has
 * announced limits the wait for the server, and an error of ours is told in grpc-status, since its clients make nothing
 * of a page. */
#include <sluice/base/num.h>
#include "grpc.h"
#include "rules.h"
#include "session.h"
#include "stream.h"

bool grpc_is(const struct http_msg *req)
{
	int i = msg_find_id(req, HH_CONTENT_TYPE, 0);
	struct str v = i < 0 ? STR_NULL : hdr_val(&req->hdr[i]), rest;

	if (req->method != HTTP_POST || !str_istarts(v, STR("application/grpc")))
		return false;
	rest = str_sub(v, 16, SIZE_MAX);
	return !rest.n || rest.p[0] == '+' || rest.p[0] == ';';
}

uint32_t grpc_timeout_ms(struct str v)
{
	static const struct { char unit; uint64_t us; } units[] = {
		{ 'H', 3600000000u }, { 'M', 60000000 }, { 'S', 1000000 }, { 'm', 1000 }, { 'u', 1 }, { 'n', 0 },
	};
	uint64_t n, ms;

	if (v.n < 2 || v.n > 9 || !num_u64(str_sub(v, 0, v.n - 1), &n))
		return 0;
	for (unsigned i = 0; i < ARRAY_LEN(units); i++) {
		if (units[i].unit != v.p[v.n - 1])
			continue;
		ms = units[i].us ? (n * units[i].us + 999) / 1000 : (n + 999999) / 1000000;
		return (uint32_t)MIN(MAX(ms, (uint64_t)1), (uint64_t)INT32_MAX);
	}
	return 0;
}

void grpc_begin(struct stream *s)
{
	int i;

	s->grpc = grpc_is(&s->req);
	i = s->grpc ? msg_find(&s->req, STR("grpc-timeout"), 0) : -1;
	if (i >= 0)
		s->grpc_timeout = grpc_timeout_ms(hdr_val(&s->req.hdr[i]));
}

unsigned grpc_status_of(unsigned http_status)
{
	switch (http_status) {
	case 400:
		return 13; /* INTERNAL */
	case 401:
		return 16; /* UNAUTHENTICATED */
	case 403:
		return 7; /* PERMISSION_DENIED */
	case 404:
		return 12; /* UNIMPLEMENTED */
	case 408:
	case 504:
		return 4; /* DEADLINE_EXCEEDED */
	case 413:
	case 431:
		return 8; /* RESOURCE_EXHAUSTED */
	case 429:
	case 502:
	case 503:
		return 14; /* UNAVAILABLE */
	default:
		return 2; /* UNKNOWN */
	}
}

void grpc_reply(struct stream *s, unsigned http_status)
{
	struct http_msg *m = &s->res;
	char num[20];

	msg_init(m, m->hdr, m->max_hdr, s->arena, false);
	m->ver = 20;
	m->flags |= MSG_KEEPALIVE | MSG_CLEN;
	msg_set_status(m, 200, http_reason(200));
	s->flags |= SF_REPLY;
	s->reply_body = STR_NULL;
	headers_add(s, m, STR("content-type"), STR("application/grpc"));
	headers_add(s, m, STR("grpc-status"), strm_dup(s, str_n(num, num_fmt_u64(num, grpc_status_of(http_status)))));
	headers_add(s, m, STR("grpc-message"), http_reason(http_status));
}

static bool may_give_up(const struct stream *s)
{
	return s->flags & SF_RES_STARTED && !(s->flags & SF_REPLY) && s->sess->flags & SESS_MANY && s->cli.mux &&
	       !(s->cli.flags & (EP_ERR | EP_TX_EOM)) && !buf_len(&s->srv.rx);
}

/* The headers have left: what comes behind them in the message are trailers. */
void grpc_give_up(struct stream *s, unsigned http_status)
{
	struct mux_tx tx = { .flags = MS_EOM, .trailers_of = &s->res };
	struct http_msg *m = &s->res;
	uint16_t nhdr = m->nhdr;
	char num[20];

	if (!may_give_up(s))
		return;
	m->ntrl = 0;
	if (!msg_add(m, STR("grpc-status"), strm_dup(s, str_n(num, num_fmt_u64(num, grpc_status_of(http_status))))) ||
	    !msg_add(m, STR("grpc-message"), http_reason(http_status)))
		return;
	m->nhdr = nhdr;
	m->ntrl = 2;
	s->cli.mux->ops->send(&s->cli, &tx);
}
