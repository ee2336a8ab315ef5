// SPDX-License-Identifier: GPL-3.0-or-later
/* Early data and requests (RFC 8470). One that a client sent before its handshake was over may be a copy that somebody else sent: its server
 * is told, and may answer 425. One that we send so ourselves has a safe method, and a client who can bear a 425, or none that will see it. */
#include "steps.h"

void early_note(struct stream *s)
{
	if (UNLIKELY(tls_is_early(s->sess->conn)))
		s->early = EARLY_CAME;
}

static bool has_field(const struct stream *s) { return msg_find(&s->req, STR("early-data"), 0) >= 0; }

/* What the client says itself stays what it is. */
void early_tell(struct stream *s)
{
	if (!tls_is_early(s->sess->conn) || has_field(s))
		return;
	headers_add(s, &s->req, STR("early-data"), STR("1"));
	s->early |= EARLY_TOLD;
}

void early_untell(struct stream *s)
{
	if (s->early & EARLY_TOLD)
		msg_del(&s->req, STR("early-data"));
	s->early &= (uint8_t)~EARLY_TOLD;
}

static bool method_safe(const struct stream *s)
{
	switch (s->req.method) {
	case HTTP_GET: case HTTP_HEAD: case HTTP_OPTIONS: case HTTP_TRACE:
		return true;
	default:
		return false;
	}
}

/* As HAProxy: for a client that was early, or where a rejection is ours to repeat; the first attempt alone. */
bool early_may_leave(const struct stream *s)
{
	if (!(s->flags & SF_HTTP) || s->copy || s->ntries > 1 || !(s->cli.flags & EP_EOM) || !method_safe(s))
		return false;
	return s->early & EARLY_CAME || (s->be->retry_on & RO_0RTT && strm_retries(s) && !(s->flags & SF_NO_RETRY));
}

/* Who tells us of early data further out gets the 425, that is for him to deal with (RFC 8470, 5.2). */
bool early_retried(const struct stream *s)
{
	bool listed = s->be->retry_slots >> error_slot(425) & 1;

	if (!(s->flags & SF_REQ_HELD) || s->flags & SF_NO_RETRY || s->retries >= strm_retries(s))
		return false;
	if (!(s->early & EARLY_TOLD) && has_field(s))
		return false;
	return listed || (s->early && s->be->retry_on & RO_0RTT);
}

enum early_state early_wait(struct stream *s)
{
	struct conn *c = s->sess->conn;

	if (!tls_is_early(c))
		return EARLY_OVER;
	if (tls_early_over(c))
		return tls_is_early(c) ? EARLY_FAILED : EARLY_OVER;
	tls_early_wait(c, &s->early_over);
	return EARLY_OPEN;
}

enum step_result step_early(struct stream *s)
{
	enum early_state e = early_wait(s);

	if (e == EARLY_FAILED || s->cli.flags & EP_ERR)
		return strm_abort(s, 'C', term_phase(s), MUX_ABORT);
	if (e == EARLY_OPEN && !s->exp)
		s->exp = wk_after(HANDSHAKE_MOST_MS);
	if (e == EARLY_OPEN)
		return STEP_WAIT;
	s->exp = 0;
	return step_to(s, ST_PICK);
}
