// SPDX-License-Identifier: GPL-3.0-or-later
/* The log line of a stream: gathers what the format aliases print and hands one line to each target. Runs only when a line is due. */
#include <sluice/base/clock.h>
#include <sluice/ipc/place.h>
#include <sluice/log/logfmt.h>
#include <sluice/net/conn.h>
#include <sluice/tls/info.h>

#include "mirror.h"
#include "pool.h"
#include "rules.h"
#include "session.h"
#include "worker_priv.h"

enum { LEVEL_ERR = 3, LEVEL_INFO = 6 };

static bool log_is_error(const struct stream *s)
{
	return (s->term[0] != '-' && s->term[0] != 'L') || s->status >= 500 || s->retries > 0;
}

static bool log_wanted(const struct stream *s, const struct rt_logging *l)
{
	if (!l->fmt || l->ntargets == 0 || (s->copy && !mirror_logged(s)) || s->log_level == LOG_SILENT || (s->flags & (SF_LOGGED | SF_MONITOR)))
		return false;
	if (l->dontlognull && s->bytes_in == 0)
		return false;
	return !(l->dontlog_normal && !log_is_error(s));
}

static void log_counts(const struct stream *s, struct log_data *d)
{
	d->actconn = live_sum(wk.seg, LIVE_PROCESS, 0);
	d->feconn = live_sum(wk.seg, LIVE_FE, px_index(s->fe));
	d->beconn = s->be ? live_sum(wk.seg, LIVE_BE, s->be_idx) : 0;
	d->srvconn = s->srv_idx != RT_NONE ? live_sum(wk.seg, LIVE_SRV, s->srv_idx) : 0;
	d->retries = s->retries;
	d->redispatched = s->flags & SF_REDISPATCHED;
	d->srv_queue = s->srv_queue_pos;
	d->bck_queue = s->be_queue_pos;
	d->req_counter = s->req_counter;
	d->counter = s->sess->nreq;
	d->pid = wk.h->master_pid;
}

static void log_times(const struct stream *s, struct log_data *d)
{
	const struct session *se = s->sess;

	d->accept_date = se->accept_date;
	/* a later request counts from the end of the one before, one among others from its own beginning */
	d->t_accept = se->flags & SESS_MANY ? s->t.req_start : s->flags & SF_NOT_FIRST ? se->t_idle : se->t_accept;
	if (d->t_accept != se->t_accept) {
		uint64_t ns = (uint64_t)se->accept_date.tv_nsec + (d->t_accept - se->t_accept);
		d->accept_date.tv_sec += (time_t)(ns / 1000000000u);
		d->accept_date.tv_nsec = (long)(ns % 1000000000u);
	}
	d->t_hs_done = MAX(d->t_accept, se->t_hs_done);
	d->t_req_start = s->t.req_start;
	d->t_req_done = s->t.req_done;
	d->t_queue_done = s->t.queue_done;
	d->t_conn_done = s->t.conn_done;
	d->t_res_head = s->t.res_head;
	d->t_end = s->t.end;
}

static void log_tls(const struct stream *s, struct log_data *d)
{
	struct tls_answer a;

	if (tls_ask(s->ctx.fc, TLS_ASK_PROTOCOL, NULL, s->arena, &a))
		d->tls_version = a.text;
	if (tls_ask(s->ctx.fc, TLS_ASK_CIPHER, NULL, s->arena, &a))
		d->tls_cipher = a.text;
}

static void log_names(const struct stream *s, struct log_data *d)
{
	static struct addr at; /* of the line that is being made */
	const struct session *se = s->sess;

	d->fe_name = s->fe->name;
	d->be_name = s->be ? s->be->name : s->fe->name;
	d->srv_name = s->srv_idx != RT_NONE ? wk.rt->srv[s->srv_idx].name : STR_NULL;
	d->no_server = s->srv_idx == RT_NONE;
	d->stats = s->service;
	if (s->srv_idx != RT_NONE) {
		at = place_addr(wk.seg, s->srv_idx, &wk.rt->srv[s->srv_idx].addr);
		d->srv = &at;
	}
	d->bind_name = se->lst->opts->name;
	d->fe_tls = se->lst->opts->ssl;
	d->http = s->flags & SF_HTTP;
	if (d->fe_tls)
		log_tls(s, d);
	d->log_tag = s->fe->log.tag.n ? s->fe->log.tag : wk.rt->g.log_tag;
	d->hostname = wk.rt->g.node;
}

void strm_log_data(struct stream *s, struct log_data *d)
{
	const struct smp_ctx *c = strm_smp_ctx(s);
	bool head = s->log_method.n > 0; /* a bad request has nothing to capture from: no fields at all */

	*d = (struct log_data){ .cli = c->src, .fe = c->dst, .bck = &s->back };
	log_names(s, d);
	log_times(s, d);
	log_counts(s, d);
	d->method = s->log_method;
	d->uri = s->log_uri;
	d->version = s->log_version;
	d->status = s->status;
	d->bytes_in = s->bytes_in;
	d->bytes_out = s->bytes_out;
	memcpy(d->term, s->term, sizeof d->term);
	d->req_caps = s->req_caps;
	d->n_req_caps = head ? s->fe->nreq_cap : 0;
	d->res_caps = s->res_caps;
	d->n_res_caps = head ? s->fe->nres_cap : 0;
	d->req_cookie = s->req_cookie;
	d->res_cookie = s->res_cookie;
	d->unique_id = s->unique_id;
	d->logasap = s->fe->log.asap;
}

void strm_render(struct stream *s, const struct logfmt *f, struct sbuf *out)
{
	struct log_data d;

	if (logfmt_aliases(f))
		strm_log_data(s, &d);
	logfmt_render(f, strm_smp_ctx(s), logfmt_aliases(f) ? &d : NULL, out);
}

static void write_line(struct stream *s, const struct logfmt *f, int level)
{
	static char line[8192];
	const struct rt_logging *l = &s->fe->log;
	struct log_data d;
	struct sbuf out = SBUF_FIXED(line);

	strm_log_data(s, &d);
	logfmt_render(f, &s->ctx, &d, &out);
	for (unsigned i = 0; i < l->ntargets; i++)
		log_send(l->targets[i], level, d.log_tag, sbuf_str(&out));
}

void strm_log(struct stream *s)
{
	const struct rt_logging *l = &s->fe->log;

	if (!log_wanted(s, l))
		return;
	s->flags |= SF_LOGGED;
	bool bad = s->log_method.n == 0 && (s->flags & SF_HTTP);
	int level = s->log_level > 0 ? s->log_level - 1 : l->separate_errors && log_is_error(s) ? LEVEL_ERR : LEVEL_INFO;

	write_line(s, bad && l->err_fmt ? l->err_fmt : l->fmt, level);
}

void strm_log_now(struct stream *s)
{
	const struct rt_logging *l = &s->fe->log;

	if (!l->fmt || wk.trace || (s->copy && !mirror_logged(s)) || s->log_level == LOG_SILENT)
		return;
	(void)strm_smp_ctx(s);
	s->bytes_in = s->cli.bytes_in;
	s->bytes_out = s->cli.bytes_out;
	write_line(s, l->fmt, s->log_level > 0 ? s->log_level - 1 : LEVEL_INFO);
}

void strm_log_early(struct stream *s)
{
	s->bytes_in = s->cli.bytes_in;
	s->bytes_out = s->cli.bytes_out;
	s->t.end = clock_now_ns;
	strm_log(s);
}

void strm_log_connected(struct stream *s)
{
	const struct rt_logging *l = &s->fe->log;

	if (l->fmt && logfmt_needs(l->fmt) & NEED_BACK_ADDR)
		s->back = *conn_local(s->sc->mux->conn);
	if (l->asap && !(s->flags & SF_HTTP))
		strm_log_early(s);
}
