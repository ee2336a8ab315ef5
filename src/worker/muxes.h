// SPDX-License-Identifier: GPL-3.0-or-later
/* Which protocol is spoken on a connection, and within which limits. */
#ifndef SLUICE_WORKER_MUXES_H
#define SLUICE_WORKER_MUXES_H

#include <sluice/mux/mux.h>
#include <sluice/rt/rt.h>

struct session;

/* Limits of heads and of HTTP/2 from the global section; streams and window are those of the side, 0 = unset. */
void mux_limits(struct mux_cfg *cfg, uint32_t streams, uint32_t window);
/* Which protocol an accepted, established connection speaks. */
const struct mux_ops *mux_select_front(const struct session *se);
/* May a clear-text HTTP/1 connection that begins with the preface of HTTP/2 be taken for it? */
bool mux_may_upgrade(const struct session *se);
/* Which protocol is spoken with a server; before c is established what its line alone can say. */
const struct mux_ops *mux_select_back(const struct rt_server *srv, struct conn *c, bool http);

#endif
