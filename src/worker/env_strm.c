// SPDX-License-Identifier: GPL-3.0-or-later
/* What expressions may ask about one exchange: its connections, timers, bytes, how it stands. Timers are those of the log aliases, so that
 * a line and a rule never disagree. */
#include <netinet/tcp.h>
#include <sluice/base/clock.h>
#include <sluice/log/logfmt.h>
#include "steps.h"

/* ms of a phase; -1 while it was not reached. */
static bool env_timer(struct stream *s, char which, int64_t *out)
{
	struct log_data d;

	strm_log_data(s, &d);
	*out = log_timer(&d, which);
	return true;
}

/* us since 1970. */
static int64_t env_date(struct stream *s, bool request)
{
	struct log_data d;

	strm_log_data(s, &d);
	int64_t us = d.accept_date.tv_sec * 1000000 + d.accept_date.tv_nsec / 1000;

	return request && d.t_req_start > d.t_accept ? us + (int64_t)((d.t_req_start - d.t_accept) / 1000) : us;
}

/* One system call, only where a configuration asks for it. */
static bool env_tcp(const struct stream *s, enum smp_env_num what, int64_t *out)
{
	struct tcp_info ti;
	socklen_t n = sizeof(ti);

	if (!s->sess->conn || getsockopt(s->sess->conn->io.fd, IPPROTO_TCP, TCP_INFO, &ti, &n))
		return false;
	switch (what) {
	case ENV_FC_RTT: *out = ti.tcpi_rtt; break;
	case ENV_FC_RTTVAR: *out = ti.tcpi_rttvar; break;
	case ENV_FC_UNACKED: *out = ti.tcpi_unacked; break;
	case ENV_FC_SACKED: *out = ti.tcpi_sacked; break;
	case ENV_FC_LOST: *out = ti.tcpi_lost; break;
	case ENV_FC_RETRANS: *out = ti.tcpi_retrans; break;
	case ENV_FC_FACKETS: *out = ti.tcpi_fackets; break;
	default: *out = ti.tcpi_reordering; break;
	}
	return true;
}

static bool ended_badly(const struct stream *s)
{
	return s->term[0] != '-' && s->term[0] != 'L';
}

static bool env_state(const struct stream *s, enum smp_env_num what, int64_t *out)
{
	switch (what) {
	case ENV_IS_ERROR: *out = ended_badly(s); break;
	case ENV_IS_NORMAL: *out = !ended_badly(s); break;
	case ENV_IS_FORWARDED: *out = (s->flags & (SF_REQ_SENT | SF_TUNNEL)) != 0; break;
	case ENV_IS_LOCAL: *out = (s->flags & SF_REPLY) != 0; break;
	default: *out = (s->flags & (SF_REQ_SENT | SF_TUNNEL | SF_REPLY)) != 0; break;
	}
	return true;
}

static bool env_timeout(const struct stream *s, enum smp_env_num what, int64_t *out)
{
	const struct rt_proxy *be = s->be ? s->be : s->fe;

	switch (what) {
	case ENV_BE_SERVER_TIMEOUT: *out = be->to[TO_SERVER]; break;
	case ENV_BE_TUNNEL_TIMEOUT: *out = be->to[TO_TUNNEL]; break;
	case ENV_FE_CLIENT_TIMEOUT: *out = s->fe->to[TO_CLIENT]; break;
	case ENV_CUR_SERVER_TIMEOUT: *out = strm_timeout(s, TO_SERVER); break;
	case ENV_CUR_TUNNEL_TIMEOUT: *out = strm_timeout(s, TO_TUNNEL); break;
	default: *out = strm_timeout(s, TO_CLIENT); break;
	}
	return true;
}

static bool conn_num(const struct mux *m, enum smp_env_num what, int64_t *out)
{
	if (!m || m->ops == &mux_tcp)
		return false;
	if (what == ENV_FC_HTTP_MAJOR || what == ENV_BC_HTTP_MAJOR)
		*out = m->ops->http_major;
	else
		*out = m->glitches;
	return true;
}

bool env_strm_num(struct stream *s, enum smp_env_num what, int64_t *out)
{
	switch (what) {
	case ENV_TXN_STATUS: *out = s->status; return s->status != 0;
	case ENV_HTTP_FIRST_REQ: *out = !(s->flags & SF_NOT_FIRST); return true;
	case ENV_FC_HTTP_MAJOR:
	case ENV_FC_GLITCHES: return conn_num(s->sess->mux, what, out);
	case ENV_BC_HTTP_MAJOR:
	case ENV_BC_GLITCHES: return conn_num(s->sc ? s->sc->mux : NULL, what, out);
	case ENV_LAST_RULE_LINE: *out = s->last_rule ? s->last_rule->loc.line : 0; return s->last_rule;
	case ENV_SO_ID: *out = (int64_t)(s->sess->lst - wk.rt->lst) + 1; return true;
	case ENV_FC_RCVD_PROXY: *out = s->sess->lst->opts->accept_proxy; return true;
	case ENV_PRIO_CLASS: *out = s->prio_class; return true;
	case ENV_PRIO_OFFSET: *out = s->prio_offset; return true;
	case ENV_RETRIES: *out = s->retries; return true;
	case ENV_REDISPATCHED: *out = (s->flags & SF_REDISPATCHED) != 0; return true;
	case ENV_BYTES_IN: *out = (int64_t)MAX(s->cli.bytes_in, s->bytes_in); return true;
	case ENV_BYTES_OUT: *out = (int64_t)MAX(s->cli.bytes_out, s->bytes_out); return true;
	case ENV_SRV_QUEUE_POS: *out = s->srv_queue_pos; return true;
	case ENV_BE_QUEUE_POS: *out = s->be_queue_pos; return true;
	case ENV_ACCEPT_DATE: *out = env_date(s, false); return true;
	case ENV_REQUEST_DATE: *out = env_date(s, true); return true;
	case ENV_T_HANDSHAKE: return env_timer(s, 'h', out);
	case ENV_T_IDLE: return env_timer(s, 'i', out);
	case ENV_T_HDR: return env_timer(s, 'R', out);
	case ENV_T_TQ: return env_timer(s, 'q', out);
	case ENV_T_QUEUE: return env_timer(s, 'w', out);
	case ENV_T_CONNECT: return env_timer(s, 'c', out);
	case ENV_T_RES_HDR: return env_timer(s, 'r', out);
	case ENV_T_DATA: return env_timer(s, 'd', out);
	case ENV_T_ACTIVE: return env_timer(s, 'a', out);
	case ENV_T_USER: return env_timer(s, 'u', out);
	case ENV_T_TOTAL: return env_timer(s, 't', out);
	case ENV_BE_SERVER_TIMEOUT ... ENV_CUR_CLIENT_TIMEOUT: return env_timeout(s, what, out);
	case ENV_IS_ERROR ... ENV_IS_LOCAL: return env_state(s, what, out);
	case ENV_FC_RTT ... ENV_FC_REORDERING: return env_tcp(s, what, out);
	default: return false;
	}
}

const struct addr *env_addr(const struct smp_ctx *c, enum smp_env_addr what)
{
	const struct stream *s = c->owner;
	struct conn *back = s->sc && s->sc->mux ? s->sc->mux->conn : NULL;

	switch (what) {
	case ENV_FC_SRC: return s->sess->conn ? &s->sess->conn->src : NULL;
	case ENV_FC_DST: return s->sess->conn ? conn_local(s->sess->conn) : NULL;
	case ENV_BC_SRC: return back ? conn_local(back) : NULL;
	default: return back ? &back->dst : NULL;
	}
}

void env_capture(const struct smp_ctx *c, bool response, int slot, struct str v)
{
	strm_capture((struct stream *)(uintptr_t)c->owner, response, slot, v);
}
