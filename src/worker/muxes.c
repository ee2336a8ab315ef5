// SPDX-License-Identifier: GPL-3.0-or-later
/* Which protocol is spoken on a connection that is established, handshake included. */
#include "pool.h"
#include "session.h"

const struct mux_ops *mux_select_front(const struct session *se)
{
	return se->fe->mode == MODE_HTTP ? &mux_h1 : &mux_tcp;
}

const struct mux_ops *mux_select_back(const struct rt_server *srv, struct conn *c, bool http)
{
	(void)srv, (void)c;
	return http ? &mux_h1 : &mux_tcp;
}
