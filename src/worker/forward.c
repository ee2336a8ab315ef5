// SPDX-License-Identifier: GPL-3.0-or-later
/* Bytes from one end to the other. Nothing is copied: what one endpoint received is the body the other sends, so a
 * full receive buffer is all that a slow receiver can cost; the sender is then not read until there is room. */
#include <sluice/base/clock.h>
#include "bwlim.h"
#include "mirror.h"
#include "steps.h"

/* Rounds of receive and send before others get their turn. */
#define FWD_ROUNDS 16

static void fwd_touch(struct stream *s, const struct endp *ep)
{
	if (ep == &s->cli)
		strm_touch_cli(s);
	else
		strm_touch_srv(s);
}

bool strm_send_filtered(struct stream *s, struct endp *to, struct mux_tx *tx)
{
	struct str was = tx->body ? buf_str(tx->body) : STR_NULL;
	bool tap = s->copies && to == &s->srv && !s->comp_req;
	bool taken = bwlim_send(s, to, tx);

	if (tap) {
		size_t left = tx->body ? buf_len(tx->body) : 0;

		mirror_feed(s, str_n(was.p, was.n - left), tx->flags & MS_EOM && !left);
	}
	return taken;
}

static inline bool fwd_input_over(const struct endp *ep) { return ep->flags & (EP_EOM | EP_EOF | EP_ERR); }

void fwd_pull(struct stream *s, struct endp *from)
{
	uint32_t had = buf_len(&from->rx);

	if (had || fwd_input_over(from) || !from->mux)
		return;
	from->mux->ops->recv(from);
	if (buf_len(&from->rx) != had)
		fwd_touch(s, from);
}

enum fwd_result fwd_move(struct stream *s, struct endp *from, struct endp *to)
{
	for (unsigned i = 0; i < FWD_ROUNDS; i++) {
		struct mux_tx tx = { .body = &from->rx };
		uint32_t len;
		bool taken, asks = !buf_len(&from->rx);

		if (to->flags & EP_ERR || !to->mux)
			return FWD_DST_ERR;
		if (to->flags & EP_TX_EOM)
			return FWD_DONE;
		fwd_pull(s, from);
		len = buf_len(&from->rx);
		if (from->flags & EP_EOM) {
			tx.flags = MS_EOM;
			tx.trailers_of = strm_trailers(s, from->msg);
		} else if (!len) {
			return from->flags & EP_ERR ? FWD_SRC_ERR : from->flags & EP_EOF ? FWD_DONE : FWD_WAIT;
		}
		taken = strm_send(s, to, &tx);
		if (buf_len(&from->rx) != len)
			strm_touch_sent(s, to == &s->cli, len - buf_len(&from->rx), taken);
		if (to->flags & EP_ERR)
			return FWD_DST_ERR;
		if (!taken)
			return FWD_WAIT;
		if (tx.flags & MS_EOM)
			return FWD_DONE;
		/* a wait noted in an earlier turn proves nothing: its wake may have come while the receiver was blocked */
		if (asks && from->flags & EP_RX_WAIT && !fwd_input_over(from))
			return FWD_WAIT;
	}
	return FWD_MORE;
}
