// SPDX-License-Identifier: GPL-3.0-or-later
/* Raw bytes both ways: tcp mode and tunnels. Each direction ends for itself: end of input of one side is passed on
 * as a half-close once everything before it has left, and the exchange is over when both directions are. */
#include "steps.h"

static enum step_result l4_broken(struct stream *s, const struct endp *who)
{
	return strm_abort(s, who == &s->cli ? 'C' : 'S', 'D', MUX_ABORT);
}

/* One direction. STEP_NEXT: it is over. */
static enum step_result l4_direction(struct stream *s, struct endp *from, struct endp *to, enum strm_flags fin)
{
	if (s->flags & fin)
		return STEP_NEXT;
	switch (fwd_move(s, from, to)) {
	case FWD_DONE:
		s->flags |= fin;
		to->mux->ops->shutw(to);
		strm_touch_cli(s);
		strm_touch_srv(s);
		return STEP_NEXT;
	case FWD_SRC_ERR:
		return l4_broken(s, from);
	case FWD_DST_ERR:
		return l4_broken(s, to);
	case FWD_MORE:
		task_wake(&s->task);
		break;
	case FWD_WAIT:
		break;
	}
	return STEP_WAIT;
}

enum step_result step_tcp_forward(struct stream *s)
{
	enum step_result up, down;

	up = l4_direction(s, &s->cli, &s->srv, SF_FIN_CLI);
	if (up == STEP_END)
		return up;
	down = l4_direction(s, &s->srv, &s->cli, SF_FIN_SRV);
	if (down == STEP_END)
		return down;
	if (up == STEP_NEXT && down == STEP_NEXT) {
		strm_release_server(s, MUX_CLOSE, false);
		strm_end(s, MUX_CLOSE);
		return STEP_END;
	}
	if (!s->exp_cli)
		strm_touch_cli(s);
	if (!s->exp_srv)
		strm_touch_srv(s);
	return STEP_WAIT;
}
