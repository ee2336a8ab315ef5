// SPDX-License-Identifier: GPL-3.0-or-later
/* What a peer may not do to us for little effort of its own. Three budgets of a client connection: streams that were
 * reset (by the client, or because it made us: CVE-2023-44487, CVE-2025-8671), measured against those that ended well;
 * oddities that a correct peer would not show, of servers too where a limit is set; undelivered control answers, which the
 * output bound and nghttp2's own limit of acknowledgements hold. Crossing one ends the connection with ENHANCE_YOUR_CALM. */
#include "mux_h2_priv.h"

void h2_kill(struct mux_h2 *h, uint32_t code)
{
	if (h->flags & (H2F_OVER | H2F_GONE))
		return;
	nghttp2_session_terminate_session(h->ng, code);
	h2_fail(h);
}

void h2_glitch(struct mux_h2 *h, uint32_t n)
{
	uint32_t max = h->m.cfg->h2_glitches, own = h->m.front ? H2_GLITCH_MAX : UINT32_MAX;

	h->m.glitches += n;
	if (h->m.cfg->on_glitch && !(h->flags & H2F_ORPHAN))
		h->m.cfg->on_glitch(&h->m, n);
	if (h->m.glitches > (max ? max : own))
		h2_kill(h, NGHTTP2_ENHANCE_YOUR_CALM);
}

void h2_check_flood(struct mux_h2 *h)
{
	if (h->m.front && h->wire / 8 > h->payload + (1u << 20))
		h2_kill(h, NGHTTP2_ENHANCE_YOUR_CALM);
}

void h2_count_reset(struct mux_h2 *h)
{
	h->resets++;
	if (h->m.front && h->resets > H2_RESETS_FREE + 2ull * h->done)
		h2_kill(h, NGHTTP2_ENHANCE_YOUR_CALM);
}
