// SPDX-License-Identifier: GPL-3.0-or-later
/* Counting in stick tables. What a table does not store costs a look at its specification; a session or stream that
 * tracks nothing, a NULL pointer. */
#include <sluice/base/notice.h>
#include <sluice/base/pool.h>

#include "session.h"
#include "stream.h"
#include "track.h"
#include "worker_priv.h"

static struct pool set_pool = POOL("counter slots", struct sc_set);

void track_setup(void)
{
	if (!wk.h->tables)
		return;
	for (uint32_t i = 0; i < wk.rt->ntbl; i++)
		if (!stick_attach(wk.h->tables[i]))
			notice(SAY_ALERT, "worker %u: no room in stick table " STR_FMT ": nothing is counted", wk.slot,
			       STR_ARG(wk.rt->tbl[i].name));
}

void track_teardown(void)
{
	for (uint32_t i = 0; wk.h->tables && i < wk.rt->ntbl; i++)
		stick_detach(wk.h->tables[i]);
}

struct stick_table *track_table(int64_t idx)
{
	return wk.h->tables && idx >= 0 && idx < wk.rt->ntbl ? wk.h->tables[idx] : NULL;
}

/* ---- slots ------------------------------------------------------------------------------------------------------ */

bool track_key(struct sc_set **set, unsigned slot, struct stick_table *t, struct str key)
{
	struct stick_at at;
	struct sc *sc;

	if (!*set && !(*set = pool_zget(&set_pool)))
		return false;
	sc = &(*set)->at[slot];
	if (sc->t || !stick_open(t, key, true, track_now(), &at))
		return false;
	if (stick_pin(&at, &sc->ref)) {
		sc->t = t;
		stick_touch(&at, track_now());
		stick_event(&at, SE_CONN, 1, track_now());
	}
	stick_close(&at);
	return sc->t != NULL;
}

void track_end(struct sc_set **set)
{
	if (!*set)
		return;
	for (unsigned i = 0; i < STICK_SC_MAX; i++)
		if ((*set)->at[i].t)
			stick_unpin((*set)->at[i].t, &(*set)->at[i].ref, track_now());
	pool_put(&set_pool, *set);
	*set = NULL;
}

static const struct sc *slot_of(const struct stream *s, unsigned n)
{
	if (s->track && s->track->at[n].t)
		return &s->track->at[n];
	return s->sess->track && s->sess->track->at[n].t ? &s->sess->track->at[n] : NULL;
}

const struct sc *track_slot(const struct stream *s, int64_t n)
{
	return n >= 0 && n < STICK_SC_MAX ? slot_of(s, (unsigned)n) : NULL;
}

/* ---- events ----------------------------------------------------------------------------------------------------- */

static void count(const struct sc *sc, enum stick_event e, uint32_t n)
{
	struct stick_at at = stick_at_ref(sc->t, &sc->ref);

	stick_event(&at, e, n, track_now());
}

void track_event(const struct stream *s, enum stick_event e, uint32_t n)
{
	if (!s->track && !s->sess->track)
		return;
	for (unsigned i = 0; i < STICK_SC_MAX; i++) {
		const struct sc *sc = slot_of(s, i);

		if (sc)
			count(sc, e, n);
	}
}

void track_session_event(const struct session *se, enum stick_event e, uint32_t n)
{
	for (unsigned i = 0; se->track && i < STICK_SC_MAX; i++)
		if (se->track->at[i].t)
			count(&se->track->at[i], e, n);
}

static void bytes(const struct stream *s, enum stick_event e, uint64_t now, uint64_t *seen)
{
	while (now > *seen) {
		uint32_t n = (uint32_t)MIN(now - *seen, (uint64_t)INT32_MAX);

		track_event(s, e, n);
		*seen += n;
	}
}

void track_bytes(struct stream *s)
{
	bytes(s, SE_BYTES_IN, s->cli.bytes_in, &s->track_in);
	bytes(s, SE_BYTES_OUT, s->cli.bytes_out, &s->track_out);
}

enum stick_event track_status_event(unsigned status)
{
	if (status / 100 == 4)
		return SE_HTTP_ERR;
	return status / 100 == 5 && status != 501 && status != 505 ? SE_HTTP_FAIL : SE_NONE;
}

void track_status(const struct stream *s, unsigned status)
{
	enum stick_event e = track_status_event(status);

	if (e != SE_NONE)
		track_event(s, e, 1);
}

/* ---- questions -------------------------------------------------------------------------------------------------- */

void track_alias(const struct rt_table *spec, enum stick_data *d, unsigned *elem)
{
	static const struct {
		uint8_t from, to, elem;
	} rows[] = {
		{ SD_GPC0, SD_GPC, 0 },		  { SD_GPC1, SD_GPC, 1 }, { SD_GPC0_RATE, SD_GPC_RATE, 0 },
		{ SD_GPC1_RATE, SD_GPC_RATE, 1 }, { SD_GPT0, SD_GPT, 0 },
	};

	for (size_t i = 0; !stick_has(spec, *d) && i < ARRAY_LEN(rows); i++)
		if (rows[i].from == *d) {
			*d = (enum stick_data)rows[i].to;
			*elem = rows[i].elem;
			return;
		}
}

static enum stick_data rate_of(enum stick_data d)
{
	return d == SD_GPC0 ? SD_GPC0_RATE : d == SD_GPC1 ? SD_GPC1_RATE : SD_GPC_RATE;
}

static int64_t increment(const struct stick_at *at, enum stick_data d, unsigned elem)
{
	enum stick_data rate = rate_of(d);
	unsigned re = elem;

	track_alias(stick_spec(at->t), &rate, &re);
	stick_add(at, d, elem, 1, track_now());
	stick_add(at, rate, re, 1, track_now());
	return (int64_t)stick_value(at, d, elem, track_now());
}

/* The entry is at hand. false: the table does not store what is asked for. */
static bool answer(const struct stick_at *at, const struct smp_stick *q, int64_t *out)
{
	enum stick_data d = (enum stick_data)q->data;
	unsigned elem = q->elem >= 0 && q->elem < STICK_ARRAY_MAX ? (unsigned)q->elem : STICK_ARRAY_MAX;
	uint32_t now = track_now(), left;

	track_alias(stick_spec(at->t), &d, &elem);
	switch (q->op) {
	case STICK_TRACKERS:
		*out = stick_pins(at);
		return true;
	case STICK_TRACKED:
	case STICK_IN:
		*out = 1;
		return true;
	case STICK_IDLE:
		left = stick_expires_in(at, now);
		*out = stick_spec(at->t)->expire ? stick_spec(at->t)->expire - left : 0;
		return true;
	case STICK_EXPIRE:
		*out = stick_expires_in(at, now);
		return true;
	default:
		break;
	}
	if (elem >= stick_spec(at->t)->store[d].n)
		return false;
	switch (q->op) {
	case STICK_INC:
		*out = increment(at, d, elem);
		return true;
	case STICK_UPDT:
		stick_event(at, SE_CONN, 1, now);
		*out = (int64_t)stick_value(at, d, elem, now);
		return true;
	default:
		*out = (int64_t)stick_value(at, d, elem, now);
	}
	if (q->op == STICK_KB)
		*out >>= 10;
	else if (q->op == STICK_CLR)
		stick_set(at, d, elem, 0, now);
	return true;
}

/* An entry that is not there counts as one in which nothing happened. */
static bool answer_absent(const struct smp_stick *q, int64_t *out)
{
	*out = 0;
	return q->op != STICK_UPDT && q->op != STICK_INC;
}

static bool ask_key(struct stick_table *t, struct str key, const struct smp_stick *q, int64_t *out)
{
	bool create = (q->op == STICK_INC || q->op == STICK_UPDT) && q->by == STICK_BY_KEY, ok;
	struct stick_at at;

	if (!stick_open(t, key, create, track_now(), &at))
		return answer_absent(q, out);
	if (create)
		stick_touch(&at, track_now());
	ok = answer(&at, q, out);
	stick_close(&at);
	return ok;
}

static bool ask_slot(const struct stream *s, const struct smp_stick *q, int64_t *out)
{
	const struct sc *sc = track_slot(s, q->slot);
	struct stick_table *other = track_table(q->table);
	char key[1024];
	struct stick_at at;
	struct str k;

	if (!sc) {
		*out = 0;
		return q->op == STICK_TRACKED;
	}
	at = stick_at_ref(sc->t, &sc->ref);
	if (q->table < 0 || other == sc->t)
		return answer(&at, q, out);
	if (!other)
		return false;
	k = stick_key(&at); /* it stays: the entry is pinned */
	memcpy(key, k.p, MIN(k.n, sizeof(key)));
	return ask_key(other, str_n(key, MIN(k.n, sizeof(key))), q, out);
}

bool track_ask(struct smp_ctx *c, const struct smp_stick *q, int64_t *out)
{
	struct stick_table *t = track_table(q->table);
	struct str key;

	switch (q->by) {
	case STICK_BY_SLOT:
		return ask_slot(c->owner, q, out);
	case STICK_BY_TABLE:
		if (!t)
			return false;
		*out = stick_used(t);
		if (q->op == STICK_AVL)
			*out = stick_spec(t)->size - *out;
		return true;
	default:
		return t && stick_key_of(stick_spec(t), q->key, c->tmp, &key) && ask_key(t, key, q, out);
	}
}
