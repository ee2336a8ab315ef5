// SPDX-License-Identifier: GPL-3.0-or-later
/* Termination letters. The second letter follows from the step, save that a response under way makes it D whatever
 * step pulls. */
#include "term.h"

char term_phase(const struct stream *s)
{
	switch ((enum strm_step)s->step) {
	case ST_REQ_HEAD:
	case ST_TCP_RULES:
	case ST_REQ_RULES:
	case ST_STATS:
	case ST_ROUTE:
	case ST_BE_RULES:
	case ST_REQ_BODY:
	case ST_COPY:
	case ST_EARLY:
		return 'R';
	case ST_TARPIT:
		return 'T';
	case ST_PICK:
	case ST_QUEUE:
		return 'Q';
	case ST_TURNAROUND:
	case ST_CONNECT:
		return 'C';
	case ST_SEND_HEAD:
	case ST_RES_HEAD:
	case ST_RES_RULES:
		return 'H';
	case ST_RES_SEND:
	case ST_TUNNEL:
	case ST_FORWARD:
		/* the server is done, the client still takes the last bytes */
		return s->flags & SF_HTTP && s->srv.flags & EP_EOM ? 'L' : 'D';
	case ST_TCP_FORWARD:
		return 'D';
	case ST_REPLY:
		return 'R';
	case ST_DONE:
	case ST_COUNT:
		break;
	}
	return '-';
}

void term_set(struct stream *s, char cause, char phase)
{
	if (term_is_set(s))
		return;
	s->term[0] = cause;
	s->term[1] = phase;
}

void term_cause(struct stream *s, char cause)
{
	term_set(s, cause, term_phase(s));
}
