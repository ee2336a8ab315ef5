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

void count_session(const struct session *se)
{
	struct fe_counters *f = count_fe(se->fe);
	struct proc_counters *p = proc_ctr(wk.seg, wk.slot);

	ctr_inc(&f->stot);
	rate_hit(&f->rate, &f->rate_max);
	ctr_max(&f->smax, live_sum(wk.seg, LIVE_FE, px_index(se->fe)));
	rate_hit(&p->sess_rate, &p->sess_rate_max);
	ctr_max(&p->conn_max, live_sum(wk.seg, LIVE_PROCESS, 0));
	ctr_inc(se->fe->mode == MODE_HTTP ? &f->h1sess : &f->sess_other);
}

void count_request(const struct stream *s)
{
	struct fe_counters *f = count_fe(s->fe);

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

/* The hrsp_* fields stand in one row in every block: 1xx to 5xx, then other. */
static void count_status(uint64_t *hrsp_1xx, unsigned status)
{
	unsigned c = status / 100;

	ctr_inc(hrsp_1xx + (c >= 1 && c <= 5 ? c - 1 : 5));
}

static uint64_t ms_between(uint64_t a, uint64_t b) { return b > a && a ? (b - a) / 1000000u : 0; }

static void count_times(const struct stream *s, struct be_counters *b, struct srv_counters *v)
{
	uint64_t q = ms_between(s->t.req_done, s->t.queue_done), c = ms_between(s->t.queue_done, s->t.conn_done);
	uint64_t r = ms_between(s->t.conn_done, s->t.res_head), t = ms_between(s->t.req_start, s->t.end);

	ctr_avg_add(&b->qtime, q), ctr_avg_add(&v->qtime, q);
	ctr_avg_add(&b->ctime, c), ctr_avg_add(&v->ctime, c);
	ctr_avg_add(&b->rtime, r), ctr_avg_add(&v->rtime, r);
	ctr_avg_add(&b->ttime, t), ctr_avg_add(&v->ttime, t);
	ctr_max(&b->qtime_max, q), ctr_max(&v->qtime_max, q);
	ctr_max(&b->ctime_max, c), ctr_max(&v->ctime_max, c);
	ctr_max(&b->rtime_max, r), ctr_max(&v->rtime_max, r);
	ctr_max(&b->ttime_max, t), ctr_max(&v->ttime_max, t);
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
	if (when == 'H' && who != 'C' && who != 'c') {
		if (b)
			ctr_inc(&b->eresp);
		if (v)
			ctr_inc(&v->eresp);
	}
	if (when == 'R' && who != 'L' && who != 'P')
		ctr_inc(&f->ereq);
}

void count_rewrite_failed(const struct stream *s)
{
	ctr_inc(&count_fe(s->fe)->wrew);
	if (s->be)
		ctr_inc(&count_be(s->be)->wrew);
}

void count_end(const struct stream *s)
{
	struct fe_counters *f = count_fe(s->fe);
	struct be_counters *b = s->be ? count_be(s->be) : NULL;
	struct srv_counters *v = s->srv_idx != RT_NONE && s->t.queue_done ? count_srv(s->srv_idx) : NULL;

	if (s->flags & SF_MONITOR)
		return;
	ctr_add(&f->bin, s->bytes_in), ctr_add(&f->bout, s->bytes_out);
	ctr_add(&proc_ctr(wk.seg, wk.slot)->bout, s->bytes_out);
	if (b)
		ctr_add(&b->bin, s->bytes_in), ctr_add(&b->bout, s->bytes_out);
	if (v)
		ctr_add(&v->bin, s->bytes_in), ctr_add(&v->bout, s->bytes_out);
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
	if (s->flags & SF_REPLY)
		ctr_inc(&f->intercepted);
}
