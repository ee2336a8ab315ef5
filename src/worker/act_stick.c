// SPDX-License-Identifier: GPL-3.0-or-later
/* Actions on stick tables: what is tracked, and the general purpose counters and tags. */
#include "act_priv.h"
#include "session.h"
#include "track.h"

/* Counts what the phase means in the entry that is tracked from now on; earlier slots have counted it already. */
static void count_late(struct stream *s, enum rule_phase ph, const struct sc *sc)
{
	struct stick_at at = stick_at_ref(sc->t, &sc->ref);
	bool request = ph == PH_HTTP_REQ || (ph == PH_TCP_CONTENT && s->be && s->flags & SF_HTTP);

	if (request)
		stick_event(&at, SE_HTTP_REQ, 1, track_now());
	else if (ph == PH_HTTP_RES)
		stick_event(&at, track_status_event(s->res.status), 1, track_now());
}

/* The first rule that runs for a slot wins. */
enum rule_verdict act_exec_track_sc(struct stream *s, const struct rule *r, enum rule_phase ph)
{
	struct sc_set **set = ph == PH_TCP_CONN || ph == PH_TCP_SESS ? &s->sess->track : &s->track;
	struct stick_table *t = track_table(r->num2);
	struct smp_ctx *c = strm_smp_ctx(s);
	struct smp v;
	struct str key;

	if (!t || (*set && (*set)->at[r->num].t))
		return RULE_CONTINUE;
	if (!expr_eval(r->expr, c, &v))
		return v.may_change && !c->final ? RULE_WAIT : RULE_CONTINUE;
	if (stick_key_of(stick_spec(t), &v, c->tmp, &key) && track_key(set, (unsigned)r->num, t, key))
		count_late(s, ph, &(*set)->at[r->num]);
	return RULE_CONTINUE;
}

static bool amount(struct stream *s, const struct rule *r, int64_t *n)
{
	struct smp_ctx *c = strm_smp_ctx(s);
	struct smp v;

	*n = r->num2;
	if (!r->expr)
		return true;
	if (!expr_eval(r->expr, c, &v) || !smp_cast(&v, SMP_INT, c->tmp))
		return false;
	*n = v.i;
	return true;
}

enum rule_verdict act_exec_sc(struct stream *s, const struct rule *r, enum rule_phase ph UNUSED)
{
	const struct sc *sc = track_slot(s, r->num);
	enum stick_data d = (enum stick_data)r->kind, rate;
	unsigned elem = r->status, re = elem;
	struct stick_at at;
	int64_t n;

	if (!sc || !amount(s, r, &n))
		return RULE_CONTINUE;
	at = stick_at_ref(sc->t, &sc->ref);
	rate = d == SD_GPC0 ? SD_GPC0_RATE : d == SD_GPC1 ? SD_GPC1_RATE : SD_GPC_RATE;
	track_alias(stick_spec(sc->t), &rate, &re);
	track_alias(stick_spec(sc->t), &d, &elem);
	if (r->flags) {
		stick_set(&at, d, elem, (uint32_t)n, track_now());
		return RULE_CONTINUE;
	}
	stick_add(&at, d, elem, (uint32_t)n, track_now());
	stick_add(&at, rate, re, (uint32_t)n, track_now());
	return RULE_CONTINUE;
}
