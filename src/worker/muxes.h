// SPDX-License-Identifier: GPL-3.0-or-later
/* Which protocol is spoken on a connection, and within which limits. */
#ifndef SLUICE_WORKER_MUXES_H
#define SLUICE_WORKER_MUXES_H

#include <sluice/mux/mux.h>
#include <sluice/rt/rt.h>

struct session;
struct stream;

/* Limits of heads and of HTTP/2 from the global section; streams and window are those of the side, 0 = unset. */
void mux_limits(struct mux_cfg *cfg, uint32_t streams, uint32_t window);
/* Which protocol an accepted, established connection speaks. */
const struct mux_ops *mux_select_front(const struct session *se);
/* May a clear-text HTTP/1 connection that begins with the preface of HTTP/2 be taken for it? */
bool mux_may_upgrade(const struct session *se);
/* Does this request ask for a WebSocket? */
bool mux_is_websocket(const struct http_msg *m);
/* What a server is spoken to in for s: as its line says, or as its `ws` says when s is a WebSocket. */
enum rt_proto mux_proto_back(const struct stream *s, const struct rt_server *srv);
/* Which protocol is spoken on a connection to a server; before c is established what proto alone can say. */
const struct mux_ops *mux_select_back(enum rt_proto proto, struct conn *c, bool http);

#endif
