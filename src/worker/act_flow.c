// SPDX-License-Identifier: GPL-3.0-or-later
/* Actions that decide: allow, deny, return, redirect, tarpit, reject, silent-drop. */
#include "act_priv.h"
#include "count.h"
#include "session.h"
#include "worker_priv.h"
#include "term.h"
#include "track.h"

/* Second letter of the termination state. */
static char phase_letter(enum rule_phase ph)
{
	return ph == PH_TCP_RES_CONTENT ? 'D' : ph == PH_HTTP_RES || ph == PH_HTTP_AFTER ? 'H' : 'R';
}

static bool phase_is_response(enum rule_phase ph) { return ph == PH_HTTP_RES || ph == PH_TCP_RES_CONTENT || ph == PH_HTTP_AFTER; }

/* Connection and session rules are counted by who runs them. */
static void refuse(struct stream *s, enum rule_phase ph)
{
	term_set(s, 'P', phase_letter(ph));
	if (ph != PH_TCP_CONN && ph != PH_TCP_SESS)
		count_denied(s, phase_is_response(ph));
}

enum rule_verdict act_exec_allow(struct stream *s UNUSED, const struct rule *r UNUSED, enum rule_phase ph UNUSED)
{
	return RULE_ALLOW;
}

enum rule_verdict act_exec_accept(struct stream *s UNUSED, const struct rule *r UNUSED, enum rule_phase ph UNUSED)
{
	return RULE_ALLOW;
}

enum rule_verdict act_exec_deny(struct stream *s, const struct rule *r, enum rule_phase ph)
{
	refuse(s, ph);
	if (ph == PH_HTTP_REQ)
		track_event(s, SE_HTTP_ERR, 1);
	if (r->reply)
		reply_prepare(s, r->reply, r->status);
	else
		reply_error(s, r->status ? r->status : phase_is_response(ph) ? 502 : 403);
	return RULE_ANSWERED;
}

enum rule_verdict act_exec_tarpit(struct stream *s, const struct rule *r, enum rule_phase ph UNUSED)
{
	term_set(s, 'P', 'T');
	count_denied(s, false);
	track_event(s, SE_HTTP_ERR, 1);
	if (r->reply)
		reply_prepare(s, r->reply, r->status);
	else
		reply_error(s, r->status ? r->status : 500);
	return RULE_TARPIT;
}

enum rule_verdict act_exec_return(struct stream *s, const struct rule *r, enum rule_phase ph)
{
	term_set(s, 'L', phase_letter(ph));
	if (r->reply)
		reply_prepare(s, r->reply, r->status);
	else
		reply_error(s, r->status);
	return RULE_ANSWERED;
}

/* RFC 7617; quotes and backslashes of the realm are escaped. */
enum rule_verdict act_exec_auth(struct stream *s, const struct rule *r, enum rule_phase ph UNUSED)
{
	bool proxied = http_proxied(&s->req);
	struct str realm = r->tpl.n ? r->tpl : s->be ? s->be->name : s->fe->name;
	char text[256];
	struct sbuf out = SBUF_FIXED(text);

	sbuf_add(&out, STR("Basic realm=\""));
	for (size_t i = 0; i < realm.n; i++) {
		if (realm.p[i] == '"' || realm.p[i] == '\\')
			sbuf_addc(&out, '\\');
		sbuf_addc(&out, realm.p[i]);
	}
	sbuf_addc(&out, '"');
	term_set(s, 'L', 'R');
	reply_error(s, proxied ? 407 : 401);
	if (!(s->flags & SF_REPLY_SILENT))
		headers_set(s, &s->res, proxied ? STR("proxy-authenticate") : STR("www-authenticate"), strm_dup(s, sbuf_str(&out)));
	return RULE_ANSWERED;
}

enum rule_verdict act_exec_reject(struct stream *s, const struct rule *r UNUSED, enum rule_phase ph)
{
	refuse(s, ph);
	return RULE_CLOSE;
}

/* What is HTTP already goes on. */
enum rule_verdict act_exec_switch_mode(struct stream *s, const struct rule *r UNUSED, enum rule_phase ph UNUSED)
{
	return s->flags & SF_HTTP ? RULE_ALLOW : RULE_SWITCH;
}

enum rule_verdict act_exec_expect_proxy(struct stream *s, const struct rule *r UNUSED, enum rule_phase ph UNUSED)
{
	s->sess->flags |= SESS_PROXY;
	return RULE_CONTINUE;
}

enum rule_verdict act_exec_expect_netscaler_cip(struct stream *s, const struct rule *r, enum rule_phase ph UNUSED)
{
	s->sess->flags |= SESS_CIP;
	s->sess->cip_magic = r->num < 0 ? s->sess->lst->opts->cip_magic : (uint32_t)r->num;
	return RULE_CONTINUE;
}

/* As if the server had closed after what has come so far. */
enum rule_verdict act_exec_close(struct stream *s, const struct rule *r UNUSED, enum rule_phase ph UNUSED)
{
	s->flags |= SF_SRV_CLOSE;
	if (s->flags & SF_HTTP) {
		s->srv.flags |= s->srv.flags & EP_EOM ? 0 : EP_ERR;
		return RULE_ALLOW;
	}
	s->srv.flags |= EP_EOF;
	s->flags |= SF_FIN_CLI;
	if (s->srv.mux)
		s->srv.mux->ops->shutw(&s->srv);
	return RULE_ALLOW;
}

enum rule_verdict act_exec_do_log(struct stream *s, const struct rule *r UNUSED, enum rule_phase ph UNUSED)
{
	strm_log_now(s);
	return RULE_CONTINUE;
}

/* The client is not told: a socket under repair is closed without a packet, which wants CAP_NET_ADMIN; else its RST is not to get far. */
enum rule_verdict act_exec_silent_drop(struct stream *s, const struct rule *r, enum rule_phase ph)
{
	const struct conn *c = s->sess->conn;

	if (c && !wk.trace)
		sock_mute(c->io.fd, r->num ? (int)r->num2 : 0);
	refuse(s, ph);
	return RULE_RESET;
}

/* The target as a client would write it in a Location header. */
static void location_scheme(struct stream *s, const struct rule *r, struct str scheme, struct sbuf *out)
{
	struct str t = r->flags & REDIR_DROP_QUERY ? uri_path(s->req.target) : s->req.target;
	sbuf_add(out, scheme);
	sbuf_add(out, STR("://"));
	sbuf_add(out, s->req.authority);
	sbuf_add(out, t);
}

static void location_prefix(struct stream *s, const struct rule *r, struct str prefix, struct sbuf *out)
{
	struct str path = uri_path(s->req.target), query = uri_query(s->req.target);

	/* "/" as a prefix means: the path alone, so that only the flags act. */
	if (!str_eq(prefix, STR("/")))
		sbuf_add(out, prefix);
	sbuf_add(out, path);
	if (r->flags & REDIR_APPEND_SLASH && !str_ends(path, STR("/")))
		sbuf_addc(out, '/');
	if (!(r->flags & REDIR_DROP_QUERY) && uri_has_query(s->req.target)) {
		sbuf_addc(out, '?');
		sbuf_add(out, query);
	}
}

static bool redirect_location(struct stream *s, const struct rule *r, struct str *loc)
{
	static char text[8192];
	struct sbuf out = SBUF_FIXED(text);
	struct str v;

	if (!act_value(s, r->fmt, &v) || (v.n == 0 && r->flags & REDIR_IGNORE_EMPTY))
		return false;
	if (r->kind == REDIR_SCHEME)
		location_scheme(s, r, v, &out);
	else if (r->kind == REDIR_PREFIX)
		location_prefix(s, r, v, &out);
	else
		sbuf_add(&out, v);
	if (r->kind == REDIR_LOCATION && r->flags & REDIR_KEEP_QUERY && uri_has_query(s->req.target)) {
		sbuf_addc(&out, str_chr(v, '?') >= 0 ? '&' : '?');
		sbuf_add(&out, uri_query(s->req.target));
	}
	*loc = strm_dup(s, sbuf_str(&out));
	return !out.cut;
}

enum rule_verdict act_exec_disable_l7_retry(struct stream *s, const struct rule *r UNUSED, enum rule_phase ph UNUSED)
{
	s->flags |= SF_NO_RETRY;
	return RULE_CONTINUE;
}

enum rule_verdict act_exec_redirect(struct stream *s, const struct rule *r, enum rule_phase ph)
{
	struct str loc;

	if (!redirect_location(s, r, &loc))
		return RULE_CONTINUE;
	struct rt_reply answer = { .status = r->status ? r->status : 302 };
	term_set(s, 'L', phase_letter(ph));
	reply_prepare(s, &answer, 0);
	headers_add(s, &s->res, STR("location"), loc);
	if (r->extra.n)
		headers_add(s, &s->res, STR("set-cookie"), r->extra);
	return RULE_ANSWERED;
}
