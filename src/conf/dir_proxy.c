// SPDX-License-Identifier: GPL-3.0-or-later
/* Settings of proxies that are one value each: mode, timeouts, retries, limits, names. */
#include <sluice/rt/rt.h>

#include "sema_priv.h"

#define MAXCONN_MAX 10000000

void dir_mode(struct sema *s, const struct line *l)
{
	static const char *const words[] = { "tcp", "http" };

	if (word_is(&l->w[1], "log") || word_is(&l->w[1], "haterm") || word_is(&l->w[1], "spop")) {
		sema_err(s, &l->w[1], "'mode " STR_FMT "' is known to HAProxy, not supported by sluice yet",
			 STR_ARG(l->w[1].s));
		return;
	}
	if (word_is(&l->w[1], "udp")) {
		sema_err(s, &l->w[1], "'mode udp' is not supported by sluice yet");
		return;
	}
	if (word_is(&l->w[1], "health")) {
		sema_err(s, &l->w[1], "'mode health' was removed from HAProxy; use 'http-request return status 200'");
		return;
	}
	int i = arg_word(s, &l->w[1], words, 2, "mode");
	if (i >= 0)
		s->px->p->mode = (uint8_t)i;
}

void dir_maxconn(struct sema *s, const struct line *l)
{
	(void)!arg_u32(s, &l->w[1], 0, MAXCONN_MAX, s->px ? &s->px->p->maxconn : &s->rt->g.maxconn);
}

void dir_description(struct sema *s, const struct line *l)
{
	struct sbuf b = { 0 };
	for (uint32_t i = 1; i < l->n; i++) {
		if (i > 1)
			sbuf_addc(&b, ' ');
		sbuf_add(&b, l->w[i].s);
	}
	*(s->px ? &s->px->p->description : &s->rt->g.description) = keep(s, sbuf_str(&b));
	sbuf_free(&b);
}

void dir_log_tag(struct sema *s, const struct line *l)
{
	*(s->px ? &s->px->p->log.tag : &s->rt->g.log_tag) = keep(s, l->w[1].s);
}

void dir_disabled(struct sema *s, const struct line *l)
{
	(void)l;
	s->px->p->caps |= PX_DISABLED;
}

void dir_enabled(struct sema *s, const struct line *l)
{
	(void)l;
	s->px->p->caps &= (uint8_t)~PX_DISABLED;
}

void dir_id(struct sema *s, const struct line *l)
{
	uint32_t id;

	if (!arg_u32(s, &l->w[1], 1, INT32_MAX, &id))
		return;
	for (size_t i = 0; i + 1 < s->pxs.n; i++)
		if (s->pxs.at[i]->id_set && s->pxs.at[i]->p->id == id) {
			sema_err(s, &l->w[1], "id %u is already that of '" STR_FMT "'", id,
				 STR_ARG(s->pxs.at[i]->name));
			return;
		}
	s->px->p->id = id;
	s->px->id_set = true;
}

/* ---- timeouts --------------------------------------------------------------------------------------------------- */

static const char *const timeout_words[] = { "connect",		"client",    "server",	   "queue",	 "http-request",
					     "http-keep-alive", "tunnel",    "client-fin", "server-fin", "check",
					     "tarpit",		"client-hs", "clitimeout", "contimeout", "srvtimeout" };

/* Those that a frontend has no use for, and a backend. */
static bool timeout_fits(uint8_t sect, int which)
{
	const unsigned fe_only = 1u << TO_CLIENT | 1u << TO_CLIENT_FIN | 1u << TO_HTTP_REQUEST |
				 1u << TO_HTTP_KEEP_ALIVE | 1u << TO_CLIENT_HS;
	const unsigned be_only =
		1u << TO_CONNECT | 1u << TO_SERVER | 1u << TO_QUEUE | 1u << TO_SERVER_FIN | 1u << TO_CHECK;

	if (sect == SECT_FRONTEND)
		return !(be_only >> which & 1);
	if (sect == SECT_BACKEND)
		return !((fe_only & ~(1u << TO_HTTP_REQUEST | 1u << TO_HTTP_KEEP_ALIVE)) >> which & 1);
	return true;
}

void dir_timeout(struct sema *s, const struct line *l)
{
	static const uint8_t old[] = { TO_CLIENT, TO_CONNECT, TO_SERVER };
	int i = arg_word(s, &l->w[1], timeout_words, ARRAY_LEN(timeout_words), "timeout");
	uint32_t ms;

	if (i < 0)
		return;
	if (i >= TO_COUNT) {
		sema_warn(s, &l->w[1], "'timeout %s' is an old spelling of 'timeout %s'", timeout_words[i],
			  timeout_words[old[i - TO_COUNT]]);
		i = old[i - TO_COUNT];
	}
	if (!arg_time(s, &l->w[2], 1, &ms))
		return;
	if (!timeout_fits(s->sect, i))
		sema_warn(s, &l->w[1], "'timeout %s' has no effect in a %s", timeout_words[i], s->sect_word);
	s->px->p->to[i] = ms;
}

void dir_old_timeout(struct sema *s, const struct line *l)
{
	static const char *const words[] = { "contimeout", "clitimeout", "srvtimeout" };
	uint32_t ms;

	for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
		if (!word_is(&l->w[0], words[i]))
			continue;
		sema_warn(s, &l->w[0], "'%s' was removed from HAProxy; read as 'timeout %s'", words[i],
			  timeout_words[i]);
		if (arg_time(s, &l->w[1], 1, &ms))
			s->px->p->to[i] = ms;
	}
}

/* ---- TCP keep-alives -------------------------------------------------------------------------------------------- */

#define KEEPALIVE_MAX_S 32767u /* the kernel's limit */

static void seconds(struct sema *s, const struct word *w, uint32_t *out)
{
	uint32_t ms;

	if (!arg_time(s, w, 1000, &ms))
		return;
	*out = (ms + 999) / 1000;
	if (*out < 1 || *out > KEEPALIVE_MAX_S)
		sema_err(s, w, "'" STR_FMT "' is out of range, expected 1s to %us", STR_ARG(w->s), KEEPALIVE_MAX_S);
}

#define KEEPALIVE(side)                                                                                                                              \
	void dir_##side##tcpka_cnt(struct sema *s, const struct line *l) { (void)!arg_u32(s, &l->w[1], 1, 127, &s->px->p->side##_ka.cnt); }           \
	void dir_##side##tcpka_idle(struct sema *s, const struct line *l) { seconds(s, &l->w[1], &s->px->p->side##_ka.idle); }                        \
	void dir_##side##tcpka_intvl(struct sema *s, const struct line *l) { seconds(s, &l->w[1], &s->px->p->side##_ka.intvl); }
KEEPALIVE(cli)
KEEPALIVE(srv)

/* ---- retries ---------------------------------------------------------------------------------------------------- */

void dir_retries(struct sema *s, const struct line *l)
{
	uint32_t n;
	if (arg_u32(s, &l->w[1], 0, UINT16_MAX, &n))
		s->px->p->retries = (uint16_t)n;
}

static bool retry_status(struct sema *s, const struct word *w)
{
	static const uint16_t codes[] = { 401, 403, 404, 408, 421, 425, 429, 500, 501, 502, 503, 504 };
	uint32_t v;

	if (!w->s.n || w->s.p[0] < '1' || w->s.p[0] > '9') /* "0rtt-rejected" is a word */
		return false;
	if (!arg_u32(s, w, 100, 599, &v))
		return true;
	for (unsigned i = 0; i < ARRAY_LEN(codes); i++)
		if (codes[i] == v) {
			s->px->p->retry_on |= RO_STATUS;
			s->px->p->retry_slots |= 1u << error_slot(v);
			return true;
		}
	sema_err(s, w, "status %u cannot be retried: 401, 403, 404, 408, 421, 425, 429 or 500 to 504", v);
	return true;
}

void dir_retry_on(struct sema *s, const struct line *l)
{
	static const char *const words[] = {
		"none",		 "conn-failure",	"empty-response", "junk-response", "response-timeout",
		"0rtt-rejected", "all-retryable-errors"
	};
	static const uint32_t bits[] = { 0, RO_CONN_FAILURE, RO_EMPTY, RO_JUNK, RO_TIMEOUT, RO_0RTT,
		RO_CONN_FAILURE | RO_EMPTY | RO_JUNK | RO_TIMEOUT | RO_0RTT | RO_STATUS };

	s->px->p->retry_on = s->px->p->retry_slots = 0;
	for (uint32_t i = 1; i < l->n; i++) {
		if (retry_status(s, &l->w[i]))
			continue;
		int k = arg_word(s, &l->w[i], words, ARRAY_LEN(words), "kind of failure");
		if (k == 0 && l->n > 2)
			sema_err(s, &l->w[i], "'none' excludes every other word");
		if (k < 0)
			return;
		s->px->p->retry_on |= bits[k];
		if (bits[k] & RO_STATUS)
			s->px->p->retry_slots |= 1u << error_slot(500) | 1u << error_slot(502) | 1u << error_slot(503) |
						 1u << error_slot(504);
	}
}

void dir_old_redispatch(struct sema *s, const struct line *l)
{
	sema_warn(s, &l->w[0], "'redispatch' was removed from HAProxy; read as 'option redispatch'");
	s->px->p->opts |= OPT_REDISPATCH;
}

/* ---- the rest --------------------------------------------------------------------------------------------------- */

void dir_http_reuse(struct sema *s, const struct line *l)
{
	static const char *const words[] = { "never", "safe", "aggressive", "always" };
	int i = arg_word(s, &l->w[1], words, 4, "kind of reuse");
	if (i >= 0)
		s->px->p->reuse = (uint8_t)i;
}

void dir_load_state(struct sema *s, const struct line *l)
{
	static const char *const words[] = { "none", "global", "local" };
	int i = arg_word(s, &l->w[1], words, 3, "source of server states");
	if (i >= 0)
		s->px->p->state_from = (uint8_t)i;
}

void dir_state_name(struct sema *s, const struct line *l)
{
	s->px->p->state_name = l->n < 2 || str_eq(l->w[1].s, STR("use-backend-name")) ? STR_NULL : keep(s, l->w[1].s);
}

void dir_fullconn(struct sema *s, const struct line *l)
{
	(void)!arg_u32(s, &l->w[1], 0, MAXCONN_MAX, &s->px->p->fullconn);
}

/* Bind lines before and after it: the value is put into those that gave none when they are read, and here for the
 * others. */
void dir_backlog(struct sema *s, const struct line *l)
{
	if (!arg_u32(s, &l->w[1], 0, INT32_MAX, &s->px->backlog))
		return;
	for (size_t i = s->lst.n; s->px->bound && i-- > 0 && s->lst.at[i].px == (uint32_t)(s->px->p - s->rt->px);) {
		struct rt_bind_opts *o = (struct rt_bind_opts *)s->lst.at[i].opts;
		if (!o->sock.backlog)
			o->sock.backlog = (int)s->px->backlog;
	}
}

void dir_rate_limit(struct sema *s, const struct line *l)
{
	static const char *const words[] = { "sessions" };
	if (arg_word(s, &l->w[1], words, 1, "rate") == 0)
		(void)!arg_u32(s, &l->w[2], 0, INT32_MAX, &s->px->p->rate_limit);
}

void dir_source(struct sema *s, const struct line *l)
{
	struct addr_spec a;

	if (!addr_spec_parse(s, &l->w[1], l->w[1].s, ADDR_SOURCE, &a))
		return;
	s->px->p->source = a.addr;
	for (uint32_t i = 2; i < l->n; i++) {
		if (word_is(&l->w[i], "usesrc")) {
			sema_err(s, &l->w[i], "'usesrc' is known to HAProxy, not supported by sluice yet");
			return;
		}
		if (!word_is(&l->w[i], "interface")) {
			sema_err(s, &l->w[i], "unknown parameter '" STR_FMT "' of source", STR_ARG(l->w[i].s));
			return;
		}
		const struct word *v = arg_next(s, l->w, l->n, &i);
		if (!v)
			return;
		s->px->p->source_if = arena_cstr(s->a, v->s);
		sema_warn_inert(s, v - 1);
	}
}

void dir_send_name_header(struct sema *s, const struct line *l)
{
	if (!s->no && l->n < 2)
		sema_err(s, &l->w[0], "'http-send-name-header' expects the name of a header");
	else
		s->px->p->send_name_hdr = s->no ? STR_NULL : keep(s, l->w[1].s);
}
