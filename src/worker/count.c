// SPDX-License-Identifier: GPL-3.0-or-later
/* Counting. Most of an exchange is counted once, at its end, from what the stream then knows. */
#include <sluice/base/clock.h>
#include "count.h"

/* The rate word answers the present rate too, so the highest is found where events are counted. */
static void rate_hit(uint64_t *rate, uint64_t *max)
{
	ctr_rate_hit(rate, clock_ms(), 1);
	ctr_max(max, ctr_rate_read(ctr_load(rate), clock_ms()));
}

/* Bytes are added to a total, and to a rate in KiB: a second of any worker fits, and no byte is lost to rounding. */
static void count_volume(uint64_t *total, uint64_t *rate, uint64_t bytes)
{
	uint64_t before = ctr_load(total);

	ctr_add(total, bytes);
	ctr_rate_hit(rate, clock_ms(), (unsigned)(((before + bytes) >> 10) - (before >> 10)));
}

/* What a copy does is nothing that the frontend, its listener or a client has seen. */
static struct fe_counters nobody;

static struct fe_counters *stream_fe(const struct stream *s) { return UNLIKELY(s->copy != NULL) ? &nobody : count_fe(s->fe); }
static struct lst_counters *stream_lst(const struct stream *s) { return s->copy ? NULL : count_lst(s->sess); }

void count_accept(const struct rt_proxy *fe)
{
	struct proc_counters *p = proc_ctr(wk.seg, wk.slot);
	struct fe_counters *f = count_fe(fe);

	ctr_inc(&p->conn_tot);
	rate_hit(&p->conn_rate, &p->conn_rate_max);
	ctr_inc(&f->conn_tot);
	rate_hit(&f->conn_rate, &f->conn_rate_max);
}

void count_session(const struct session *se)
{
	struct fe_counters *f = count_fe(se->fe);
	struct proc_counters *p = proc_ctr(wk.seg, wk.slot);
	struct lst_counters *l = count_lst(se);

	ctr_inc(&f->stot);
	rate_hit(&f->rate, &f->rate_max);
	ctr_max(&f->smax, live_sum(wk.seg, LIVE_FE, px_index(se->fe)));
	rate_hit(&p->sess_rate, &p->sess_rate_max);
	ctr_max(&p->conn_max, live_sum(wk.seg, LIVE_PROCESS, 0));
	ctr_inc(se->fe->mode == MODE_HTTP ? &f->h1sess : &f->sess_other);
	if (l) {
		ctr_inc(&l->stot);
		ctr_max(&l->smax, live_sum(wk.seg, LIVE_LST, lst_index(se->lst)));
	}
}

void count_handshake(const struct session *se, bool ok, bool resumed)
{
	struct fe_counters *f = count_fe(se->fe);
	struct proc_counters *p = proc_ctr(wk.seg, wk.slot);

	if (!ok) {
		ctr_inc(&p->ssl_failed);
		ctr_inc(&f->ssl_failed);
		return;
	}
	ctr_inc(&p->ssl_tot);
	ctr_inc(&f->ssl_sess);
	rate_hit(&p->ssl_rate, &p->ssl_rate_max);
	if (resumed) {
		ctr_inc(&p->ssl_reused);
		ctr_inc(&f->ssl_reused);
	} else {
		rate_hit(&p->ssl_key_rate, &p->ssl_key_rate_max);
	}
}

void count_server_handshake(bool resumed)
{
	struct proc_counters *p = proc_ctr(wk.seg, wk.slot);

	if (!resumed)
		rate_hit(&p->ssl_be_key_rate, &p->ssl_be_key_rate_max);
}

void count_session_refused(const struct session *se, enum rule_phase ph)
{
	struct fe_counters *f = count_fe(se->fe);
	struct lst_counters *l = count_lst(se);

	ctr_inc(ph == PH_TCP_CONN ? &f->dcon : &f->dses);
	if (l)
		ctr_inc(ph == PH_TCP_CONN ? &l->dcon : &l->dses);
}

void count_request(const struct stream *s)
{
	struct fe_counters *f = stream_fe(s);

	ctr_inc(&proc_ctr(wk.seg, wk.slot)->req_tot);
	ctr_inc(&f->req_tot);
	ctr_inc(&f->h1req);
	rate_hit(&f->req_rate, &f->req_rate_max);
}

void count_backend(const struct stream *s)
{
	struct be_counters *b = count_be(s->be);

	ctr_inc(&b->stot);
	rate_hit(&b->rate, &b->rate_max);
	ctr_max(&b->smax, live_sum(wk.seg, LIVE_BE, s->be_idx));
	if (s->flags & SF_HTTP)
		ctr_inc(&b->req_tot);
}

void count_server(const struct stream *s)
{
	struct be_counters *b = count_be(s->be);
	struct srv_counters *v = count_srv(s->srv_idx);

	ctr_inc(&b->lbtot);
	ctr_inc(&v->lbtot);
	ctr_inc(&v->stot);
	if (s->flags & SF_HTTP)
		ctr_inc(&v->req_tot);
	rate_hit(&v->rate, &v->rate_max);
	ctr_max(&v->smax, live_sum(wk.seg, LIVE_SRV, s->srv_idx));
	ctr_max(&b->lastsess, (uint64_t)clock_real.tv_sec);
	ctr_max(&v->lastsess, (uint64_t)clock_real.tv_sec);
}

void count_connect(const struct stream *s, bool reused)
{
	struct be_counters *b = count_be(s->be);
	struct srv_counters *v = count_srv(s->srv_idx);

	ctr_inc(reused ? &b->reuse : &b->connect);
	ctr_inc(reused ? &v->reuse : &v->connect);
}

void count_connect_failed(const struct stream *s)
{
	ctr_inc(&count_be(s->be)->econ);
	ctr_inc(&count_srv(s->srv_idx)->econ);
}

void count_retry(const struct stream *s, bool elsewhere)
{
	struct be_counters *b = count_be(s->be);
	struct srv_counters *v = count_srv(s->srv_idx);

	ctr_inc(elsewhere ? &b->wredis : &b->wretr);
	ctr_inc(elsewhere ? &v->wredis : &v->wretr);
}

void count_queued(const struct stream *s, uint32_t srv)
{
	struct be_counters *b = count_be(s->be);

	if (srv != RT_NONE)
		ctr_max(&count_srv(srv)->qmax, live_sum(wk.seg, LIVE_SRV_QUEUE, srv));
	ctr_max(&b->qmax, live_sum(wk.seg, LIVE_BE_QUEUE, s->be_idx));
}

void count_queue_timeout(const struct stream *s) { ctr_inc(&count_be(s->be)->queue_timeout); }
void count_no_server(const struct stream *s) { ctr_inc(&count_be(s->be)->no_server); }

void count_bad_request(const struct stream *s)
{
	struct lst_counters *l = stream_lst(s);

	ctr_inc(&stream_fe(s)->ereq);
	if (l)
		ctr_inc(&l->ereq);
}

void count_bad_response(const struct stream *s)
{
	ctr_inc(&count_be(s->be)->eresp);
	ctr_inc(&count_srv(s->srv_idx)->eresp);
}

/* A request is the frontend's and, once routed, another backend's; a response also its server's. */
void count_denied(const struct stream *s, bool response)
{
	struct fe_counters *f = stream_fe(s);
	struct lst_counters *l = stream_lst(s);

	ctr_inc(response ? &f->dresp : &f->dreq);
	if (l)
		ctr_inc(response ? &l->dresp : &l->dreq);
	if (s->be && (response || s->be != s->fe))
		ctr_inc(response ? &count_be(s->be)->dresp : &count_be(s->be)->dreq);
	if (response && s->srv_idx != RT_NONE)
		ctr_inc(&count_srv(s->srv_idx)->dresp);
}

void count_compressed(const struct stream *s)
{
	ctr_inc(&stream_fe(s)->comp_rsp);
	ctr_inc(&count_be(s->be)->comp_rsp);
}

void count_compressed_bytes(const struct stream *s, uint32_t in, uint32_t out, bool response)
{
	struct fe_counters *f = stream_fe(s);
	struct be_counters *b = count_be(s->be);
	struct proc_counters *p = proc_ctr(wk.seg, wk.slot);

	count_volume(&p->comp_in, &p->comp_in_rate, in);
	count_volume(&p->comp_out, &p->comp_out_rate, out);
	if (!response)
		return;
	ctr_add(&f->comp_in, in), ctr_add(&f->comp_out, out);
	ctr_add(&b->comp_in, in), ctr_add(&b->comp_out, out);
}

/* The hrsp_* fields stand in one row in every block: 1xx to 5xx, then other. */
static void count_status(uint64_t *hrsp_1xx, unsigned status)
{
	unsigned c = status / 100;

	ctr_inc(hrsp_1xx + (c >= 1 && c <= 5 ? c - 1 : 5));
}

static uint64_t us_between(uint64_t a, uint64_t b) { return b > a && a ? (b - a) / 1000u : 0; }

static void count_times(const struct stream *s, struct be_counters *b, struct srv_counters *v)
{
	uint64_t q = us_between(s->t.req_done, s->t.queue_done) / 1000, c = us_between(s->t.queue_done, s->t.conn_done) / 1000;
	uint64_t r = us_between(s->t.conn_done, s->t.res_head) / 1000, t = us_between(s->t.req_start, s->t.end) / 1000;

	ctr_avg_add(&b->qtime, q), ctr_avg_add(&v->qtime, q);
	ctr_avg_add(&b->ctime, c), ctr_avg_add(&v->ctime, c);
	ctr_avg_add(&b->rtime, r), ctr_avg_add(&v->rtime, r);
	ctr_avg_add(&b->ttime, t), ctr_avg_add(&v->ttime, t);
	ctr_max(&b->qtime_max, q), ctr_max(&v->qtime_max, q);
	ctr_max(&b->ctime_max, c), ctr_max(&v->ctime_max, c);
	ctr_max(&b->rtime_max, r), ctr_max(&v->rtime_max, r);
	ctr_max(&b->ttime_max, t), ctr_max(&v->ttime_max, t);
}

static void hist_hit(uint64_t *fe, uint64_t *be, uint64_t from, uint64_t to)
{
	unsigned b = hist_bucket(us_between(from, to));

	ctr_inc(fe + b);
	if (be)
		ctr_inc(be + b);
}

/* Phases that were not reached have no time. */
static void count_hists(const struct stream *s)
{
	struct fe_hists *f = &px_hist(wk.seg, px_index(s->fe), wk.slot)->fe;
	struct be_hists *b = s->be ? &px_hist(wk.seg, s->be_idx, wk.slot)->be : NULL;

	hist_hit(f->total, b ? b->total : NULL, s->t.req_start, s->t.end);
	if (!b || !s->t.queue_done)
		return;
	hist_hit(f->queue, b->queue, s->t.req_done, s->t.queue_done);
	if (s->t.conn_done)
		hist_hit(f->connect, b->connect, s->t.queue_done, s->t.conn_done);
	if (s->t.res_head)
		hist_hit(f->response, b->response, s->t.conn_done, s->t.res_head);
}

static void count_internal_error(const struct stream *s, struct fe_counters *f, struct be_counters *b, struct srv_counters *v)
{
	struct lst_counters *l = stream_lst(s);

	ctr_inc(&f->eint);
	if (l)
		ctr_inc(&l->eint);
	if (b)
		ctr_inc(&b->eint);
	if (v)
		ctr_inc(&v->eint);
}

/* Who is to blame, by the letters; only transfers that had begun count as aborted. */
static void count_term(const struct stream *s, struct fe_counters *f, struct be_counters *b, struct srv_counters *v)
{
	char who = s->term[0], when = s->term[1];

	if ((who == 'C' || who == 'c') && when != 'R') {
		ctr_inc(&f->cli_abrt);
		if (b)
			ctr_inc(&b->cli_abrt);
		if (v)
			ctr_inc(&v->cli_abrt);
	} else if ((who == 'S' || who == 's') && (when == 'D' || when == 'L')) {
		ctr_inc(&f->srv_abrt);
		if (b)
			ctr_inc(&b->srv_abrt);
		if (v)
			ctr_inc(&v->srv_abrt);
	}
	if (when == 'R' && who != 'L' && who != 'P')
		count_bad_request(s);
	if (who == 'I')
		count_internal_error(s, f, b, v);
}

void count_rewrite_failed(const struct stream *s)
{
	struct lst_counters *l = stream_lst(s);

	ctr_inc(&stream_fe(s)->wrew);
	if (l)
		ctr_inc(&l->wrew);
	if (s->be)
		ctr_inc(&count_be(s->be)->wrew);
	if (s->srv_idx != RT_NONE)
		ctr_inc(&count_srv(s->srv_idx)->wrew);
}

static struct srv_counters *stream_srv(const struct stream *s)
{
	return s->srv_idx != RT_NONE && s->t.queue_done ? count_srv(s->srv_idx) : NULL;
}

/* What has moved since the last time. */
void count_bytes(struct stream *s)
{
	struct fe_counters *f = stream_fe(s);
	struct srv_counters *v = stream_srv(s);
	struct lst_counters *l = stream_lst(s);
	struct proc_counters *p = proc_ctr(wk.seg, wk.slot);
	uint64_t in = s->cli.bytes_in - s->counted_in, out = s->cli.bytes_out - s->counted_out;

	ctr_add(&f->bin, in), ctr_add(&f->bout, out);
	if (!s->copy)
		count_volume(&p->bout, &p->bout_rate, out);
	if (s->be) {
		ctr_add(&count_be(s->be)->bin, in);
		ctr_add(&count_be(s->be)->bout, out);
	}
	if (v)
		ctr_add(&v->bin, in), ctr_add(&v->bout, out);
	if (l)
		ctr_add(&l->bin, in), ctr_add(&l->bout, out);
	s->counted_in += in;
	s->counted_out += out;
	s->counted_ms = clock_ms();
}

void count_end(struct stream *s)
{
	struct fe_counters *f = stream_fe(s);
	struct be_counters *b = s->be ? count_be(s->be) : NULL;
	struct srv_counters *v = stream_srv(s);

	if (s->flags & SF_MONITOR) {
		ctr_inc(&f->intercepted);
		return;
	}
	count_bytes(s);
	if (!s->copy)
		count_hists(s);
	if (s->comp_bypassed) {
		ctr_add(&f->comp_byp, s->bytes_out);
		ctr_add(&b->comp_byp, s->bytes_out);
	}
	if (s->flags & SF_HTTP && s->status) {
		count_status(&f->hrsp_1xx, s->status);
		if (b)
			count_status(&b->hrsp_1xx, s->status);
		if (v && !(s->flags & SF_REPLY))
			count_status(&v->hrsp_1xx, s->status);
	}
	if (s->term[0] != '-')
		count_term(s, f, b, v);
	if (b && v && s->t.conn_done)
		count_times(s, b, v);
	if (s->flags & SF_REPLY && s->term[0] == 'L') {
		ctr_inc(&f->intercepted);
		if (b)
			ctr_inc(&b->intercepted);
	}
}
