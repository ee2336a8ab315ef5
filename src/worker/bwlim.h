// SPDX-License-Identifier: GPL-3.0-or-later
/* Bandwidth limits of a stream (filter bwlim-in, bwlim-out): every body byte on its way to the other side passes here. */
#ifndef SLUICE_WORKER_BWLIM_H
#define SLUICE_WORKER_BWLIM_H

#include "stream.h"

/* The stream comes under a limit, or its present one gets other values. */
void bwlim_set(struct stream *s, const struct rt_bw_use *u);
/* bwlim_send() for a stream that has limits. */
bool bwlim_send_limited(struct stream *s, struct endp *to, struct mux_tx *tx);

/* mux_ops.send() of as much as the limits of s let pass. false means wait, as there, or that the limits are used up: then s->exp_bw is when to
 * go on. */
static inline bool bwlim_send(struct stream *s, struct endp *to, struct mux_tx *tx)
{
	return LIKELY(!s->bw) ? to->mux->ops->send(to, tx) : bwlim_send_limited(s, to, tx);
}

#endif
