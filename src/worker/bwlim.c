// SPDX-License-Identifier: GPL-3.0-or-later
/* Bandwidth limits at work. A limit gives out credit, the stream spends it on what the receiver takes; what is left over is spent next time.
 * So what two workers read from a shared entry and what they add to it is one step under its lock, and no limit is ever overdrawn. Nothing is
 * buffered for it: what may not pass stays in the sender's buffer, and the sender is not read. */
#include <sluice/base/clock.h>
#include <sluice/filter/bwlim.h>

#include "bwlim.h"
#include "steps.h"
#include "track.h"

/* Nobody sleeps longer than this without a look: the inactivity timers of both sides go on from there, since neither is late. */
#define LOOK_MS 1000u

struct bwlim { /* in the stream's arena */
	struct bwlim *next;
	const struct rt_bwlim *f;
	uint32_t limit, period;
	uint32_t credit;          /* bytes given out and not yet sent */
	struct bw_rate rate;      /* of a limit of this stream's own */
	struct stick_table *t;    /* of one that is shared, with */
	struct str key;           /* ... the key of the entry */
};

static struct bwlim *bwlim_get(struct stream *s, const struct rt_bwlim *f)
{
	struct bwlim *b;

	for (b = s->bw; b; b = b->next)
		if (b->f == f)
			return b;
	b = ARENA_NEW(s->arena, struct bwlim);
	b->f = f;
	b->next = s->bw;
	return s->bw = b;
}

/* A number that is given, or an expression's when that gives one, or what the filter says. */
static uint32_t number(struct stream *s, struct expr *e, uint32_t given, uint32_t dflt)
{
	struct smp_ctx *c = strm_smp_ctx(s);
	struct smp v;

	if (e && expr_eval(e, c, &v) && smp_cast(&v, SMP_INT, c->tmp) && v.i > 0)
		return (uint32_t)MIN(v.i, INT32_MAX);
	return given ? given : dflt;
}

static void share(struct stream *s, struct bwlim *b)
{
	struct smp_ctx *c = strm_smp_ctx(s);
	struct smp v;
	struct str key;

	b->t = track_table(b->f->table);
	if (!b->t || !expr_eval(b->f->key, c, &v) || !stick_key_of(stick_spec(b->t), &v, c->tmp, &key))
		b->t = NULL; /* without a key there is no limit */
	else
		b->key = strm_dup(s, key);
}

void bwlim_set(struct stream *s, const struct rt_bw_use *u)
{
	struct bwlim *b = bwlim_get(s, u->filter);

	b->limit = number(s, u->limit_of, u->limit, b->f->limit);
	b->period = number(s, u->period_of, u->period, b->f->period);
	if (b->f->key)
		share(s, b);
}

/* ---- giving out ------------------------------------------------------------------------------------------------- */

static enum stick_data data_of(const struct bwlim *b) { return b->f->in ? SD_BYTES_IN_RATE : SD_BYTES_OUT_RATE; }

/* From min to max bytes of the entry's limit, or 0 and how long to wait: its bytes fade evenly over a period at the latest. */
static uint32_t take_shared(struct bwlim *b, uint32_t min, uint32_t max, uint64_t *wait)
{
	uint32_t now = track_now(), left;
	struct stick_at at;
	uint64_t used;

	if (!stick_open(b->t, b->key, true, now, &at))
		return max; /* a full table stops no traffic */
	stick_touch(&at, now);
	used = stick_value(&at, data_of(b), 0, now);
	left = used < b->limit ? (uint32_t)MIN(b->limit - used, (uint64_t)max) : 0;
	if (left >= min)
		stick_add(&at, data_of(b), 0, left, now);
	stick_close(&at);
	if (left >= min)
		return left;
	*wait = MAX((uint64_t)(min - left) * b->period / b->limit, (uint64_t)BW_SLICE_MS);
	return 0;
}

static uint32_t take_own(struct bwlim *b, uint32_t min, uint32_t max, uint64_t *wait)
{
	uint64_t now = clock_ms();
	uint32_t left = MIN(bw_left(&b->rate, b->limit, b->period, now), max);

	if (left >= min) {
		bw_add(&b->rate, left);
		return left;
	}
	*wait = bw_wait(&b->rate, b->limit, b->period, min, now);
	return 0;
}

/* How many of len bytes b lets pass now. */
static uint32_t credit(struct bwlim *b, uint32_t len, uint64_t *wait)
{
	uint32_t need, min;

	if (b->f->key && !b->t)
		return len;
	if (b->credit < len) {
		need = len - b->credit;
		min = bw_slice(b->limit, b->period, b->f->min_size, need);
		b->credit += (b->t ? take_shared : take_own)(b, min, need, wait);
	}
	return MIN(b->credit, len);
}

/* How many of len bytes all limits of this direction let pass; 0: not before *wait ms. */
static uint32_t granted(struct stream *s, bool in, uint32_t len, uint64_t *wait)
{
	for (struct bwlim *b = s->bw; b; b = b->next) {
		uint64_t w = 0;

		if (b->f->in == in)
			len = MIN(len, credit(b, len, &w));
		*wait = MAX(*wait, w);
	}
	return len;
}

static void spent(struct stream *s, bool in, uint32_t n)
{
	for (struct bwlim *b = s->bw; b; b = b->next)
		if (b->f->in == in)
			b->credit -= MIN(b->credit, n);
}

/* ---- sending ---------------------------------------------------------------------------------------------------- */

/* A part of the body, which is not its end. */
static bool send_part(struct endp *to, struct mux_tx *tx, uint32_t n)
{
	struct buf part = *tx->body, *whole = tx->body;
	struct mux_tx t = { .head = tx->head, .body = &part, .flags = (tx->flags & ~(unsigned)MS_EOM) };
	bool taken;

	part.tail = part.head + n;
	taken = to->mux->ops->send(to, &t);
	tx->head = t.head;
	buf_consume(whole, n - buf_len(&part));
	return taken;
}

static bool throttled(struct stream *s, uint64_t wait)
{
	s->exp_bw = clock_ms() + MIN(MAX(wait, 1), LOOK_MS);
	if (s->exp_cli)
		strm_touch_cli(s);
	if (s->exp_srv)
		strm_touch_srv(s);
	return false;
}

bool bwlim_send_limited(struct stream *s, struct endp *to, struct mux_tx *tx)
{
	bool in = to == &s->srv, taken;

	for (;;) {
		uint32_t len = tx->body ? buf_len(tx->body) : 0, n;
		uint64_t wait = 0;

		n = len ? granted(s, in, len, &wait) : 0;
		if (n == len) {
			taken = to->mux->ops->send(to, tx);
			spent(s, in, len - (tx->body ? buf_len(tx->body) : 0));
			return taken;
		}
		if (!n && !tx->head)
			return throttled(s, wait);
		taken = send_part(to, tx, n);
		spent(s, in, len - buf_len(tx->body));
		if (!taken)
			return false;
	}
}
