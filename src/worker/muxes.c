// SPDX-License-Identifier: GPL-3.0-or-later
/* Which protocol is spoken on a connection that is established, handshake included, and within which limits. A line of
 * the configuration says it, else ALPN, else the first bytes (a clear-text client that begins with HTTP/2's preface). */
#include "muxes.h"
#include "session.h"
#include "stream.h"
#include "worker_priv.h"

#define H2_STREAMS 100u
#define H2_WINDOW 65536u
#define H2_TABLE 4096u
#define H2_FRAME 16384u

static uint32_t first_set(uint32_t a, uint32_t b, uint32_t c) { return a ? a : b ? b : c; }

void mux_limits(struct mux_cfg *cfg, uint32_t streams, uint32_t window)
{
	const struct rt_global *g = &wk.rt->g;

	cfg->max_head = g->bufsize - g->maxrewrite;
	cfg->max_hdr = (uint16_t)g->maxhdr;
	cfg->h2_streams = first_set(streams, g->h2.streams, H2_STREAMS);
	cfg->h2_window = first_set(window, g->h2.window, H2_WINDOW);
	cfg->h2_table = first_set(g->h2.table, 0, H2_TABLE);
	cfg->h2_frame = first_set(g->h2.frame, 0, H2_FRAME);
}

static const struct mux_ops *http_mux(enum rt_proto proto, struct conn *c)
{
	if (proto == PROTO_AUTO)
		return str_eq(conn_alpn(c), STR("h2")) ? &mux_h2 : &mux_h1;
	return proto == PROTO_H2 ? &mux_h2 : &mux_h1;
}

const struct mux_ops *mux_select_front(const struct session *se)
{
	return se->fe->mode == MODE_HTTP ? http_mux(se->lst->opts->proto, se->conn) : &mux_tcp;
}

bool mux_may_upgrade(const struct session *se)
{
	const struct rt_bind_opts *o = se->lst->opts;

	return se->fe->mode == MODE_HTTP && o->proto == PROTO_AUTO && !o->ssl && !(se->fe->opts & OPT_NO_H2_UPGRADE);
}

bool mux_is_websocket(const struct http_msg *m)
{
	int i = m->flags & MSG_UPGRADE ? msg_find_id(m, HH_UPGRADE, 0) : -1;

	return i >= 0 && str_ieq(hdr_val(&m->hdr[i]), STR("websocket"));
}

enum rt_proto mux_proto_back(const struct stream *s, const struct rt_server *srv)
{
	return srv->o->ws != PROTO_AUTO && s->flags & SF_HTTP && mux_is_websocket(&s->req) ? srv->o->ws : srv->o->proto;
}

const struct mux_ops *mux_select_back(enum rt_proto proto, struct conn *c, bool http)
{
	return http ? http_mux(proto, c) : &mux_tcp;
}
