// SPDX-License-Identifier: GPL-3.0-or-later
/* What verdicts mean: drives the health machine of each server, publishes the result, tells followers, and acts on what workers saw.
 *
 * The words in the segment are the only memory that outlives this process: a checker that is started again goes on from them. Followers (track)
 * hang on the server at the end of their chain, so one change reaches all of them in one step. */
#include <stdlib.h>
#include <sluice/base/clock.h>
#include <sluice/ipc/note.h>
#include "checker_priv.h"

static uint64_t admin_of(const struct target *t)
{
	return atomic_load_explicit(&t->ck->seg->srv[t->srv].admin, memory_order_acquire);
}

static bool in_maint(const struct target *t)
{
	return srv_admin_bits(admin_of(t)) & ADM_MAINT;
}

static void store_op(const struct target *t)
{
	atomic_store_explicit(&t->ck->seg->srv[t->srv].op, health_op_word(&t->health, (uint32_t)(t->since_ms / 1000)), memory_order_release);
}

/* Readers derive their candidates from state and ramp; a step of the counter alone does not concern them. */
static void publish(const struct target *t)
{
	store_op(t);
	atomic_fetch_add_explicit(&t->ck->seg->h->epoch_checker, 1, memory_order_release);
}

static void count_word(_Atomic uint32_t *c)
{
	atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + 1, memory_order_relaxed);
}

static void changed(struct target *t, enum health_change ch, const struct report *r)
{
	enum srv_op from = srv_op_state(atomic_load_explicit(&t->ck->seg->srv[t->srv].op, memory_order_relaxed));

	downtime_server(t);
	t->since_ms = clock_ms();
	if (ch == HEALTH_DOWN)
		count_word(&t->ck->seg->srv[t->srv].chk_down);
	publish(t);
	downtime_backend(t->ck, t->s->px);
	report_event(t->ck, t->srv, from, (enum srv_op)t->health.state, r);
	report_change(t, ch, r);
}

static void recount_starting(struct checker *ck)
{
	ck->nstarting = 0;
	for (uint32_t i = 0; i < ck->ntargets; i++)
		ck->nstarting += ck->t[i]->health.state == SRV_STARTING;
}

static void tell_followers(struct target *t, const struct report *r)
{
	struct report via = *r;

	via.via = t;
	for (struct target *f = t->followers; f; f = f->next_follower) {
		enum health_change ch = health_follow(&f->health, &t->health, f->s->o->slowstart > 0);

		if (ch != HEALTH_SAME && !f->maint)
			changed(f, ch, &via);
	}
}

void fleet_settle(struct target *t, enum health_change ch, bool moved, const struct report *r)
{
	if (ch != HEALTH_SAME) {
		changed(t, ch, r);
		tell_followers(t, r);
		recount_starting(t->ck);
	} else if (moved) {
		store_op(t);
	}
}

void fleet_verdict(struct target *t, enum check_status st, unsigned code, uint32_t ms, struct str info)
{
	struct report r = { .status = st, .code = code, .ms = ms, .info = info };
	struct seg_srv *w = &t->ck->seg->srv[t->srv];
	enum health_result res = check_status_result(st);
	bool news = st != t->status, moved;
	enum health_change ch;

	if (in_maint(t))
		return;
	bool noted = info.n && note_write(t->ck->seg, t->srv, NOTE_CHECK, info);
	uint64_t word = check_word_note(check_word_with_errno(health_check_word(st, code, ms), t->err), noted);

	atomic_store_explicit(&w->check, word, memory_order_release);
	t->err = 0;
	if (st == CHK_L4TOUT)
		names_soon(t->srv);
	if (res == HEALTH_FAILED)
		count_word(&w->chk_fail);
	else if (t->observed)
		atomic_store_explicit(&w->fail_hint, 0, memory_order_relaxed);
	t->status = st;
	if (t->peer && t->peer->off)
		t->health.agent_down = false; /* nobody asks it any more */
	ch = health_apply(&t->health, res, t->s->o->slowstart > 0, &moved);
	if (moved || news)
		report_check(t, &r);
	fleet_settle(t, ch, moved, &r);
}

void fleet_ordered(struct target *t, enum health_change ch)
{
	fleet_settle(t, ch, true, &(struct report){ .status = t->status, .ms = -1, .ordered = true });
}

/* Workers have counted error-limit failures in a row on this server. */
static void act_on_errors(struct target *t)
{
	const struct rt_srv_opts *o = t->s->o;
	char text[64];
	struct sbuf info = SBUF_FIXED(text);
	enum health_change ch;
	bool moved;

	if (t->health.state == SRV_DOWN || t->maint)
		return;
	ch = health_on_error(&t->health, (enum on_error)o->on_error, &moved);
	if (moved) {
		struct report r = { .status = CHK_HANA, .ms = -1 };
		struct seg_srv *w = &t->ck->seg->srv[t->srv];

		sbuf_printf(&info, "Detected %u consecutive errors", o->error_limit);
		r.info = sbuf_str(&info);
		atomic_store_explicit(&w->check, health_check_word(CHK_HANA, 0, 0), memory_order_relaxed);
		count_word(&w->chk_fail);
		t->status = CHK_HANA;
		report_check(t, &r);
		fleet_settle(t, ch, moved, &r);
	}
	probe_soon(t, o->fastinter ? o->fastinter : o->inter);
}

static void look_at_errors(struct checker *ck)
{
	for (uint32_t i = 0; i < ck->ntargets; i++) {
		struct target *t = ck->t[i];
		uint32_t seq;

		if (!t->observed)
			continue;
		seq = atomic_load_explicit(&ck->seg->srv[t->srv].passive_seq, memory_order_relaxed);
		/* as often as the limit was reached since the last look; more than that would not sink it deeper */
		for (uint32_t n = MIN(seq - t->seen_passive, (uint32_t)t->health.rise + t->health.fall); n; n--)
			act_on_errors(t);
		t->seen_passive = seq;
	}
}

static void climb(struct checker *ck)
{
	for (uint32_t i = 0; i < ck->ntargets; i++) {
		struct target *t = ck->t[i];
		unsigned pct;

		if (t->health.state != SRV_STARTING)
			continue;
		pct = health_ramp(clock_ms() - t->since_ms, t->s->o->slowstart);
		if (pct == t->health.ramp)
			continue;
		t->health.ramp = (uint8_t)pct;
		if (pct == 100)
			t->health.state = SRV_UP;
		publish(t);
	}
	recount_starting(ck);
}

/* For whoever reads statistics a server in maintenance is down from now on, as in HAProxy; its health stays what it was. */
static void enter_maint(struct target *t)
{
	downtime_server(t);
	if (t->health.state != SRV_DOWN)
		count_word(&t->ck->seg->srv[t->srv].chk_down);
	t->maint = true;
	t->since_ms = clock_ms();
	store_op(t);
	if (t->ops)
		probe_abort(t);
}

/* Out of maintenance a server starts as its init-state says, or as the one it follows stands. */
static void leave_maint(struct target *t)
{
	bool agent_down = t->health.agent_down;

	downtime_server(t);
	t->maint = false;
	t->since_ms = clock_ms();
	health_init(&t->health, t->s);
	if (t->leads)
		health_follow(&t->health, &t->leads->health, false);
	(void)health_agent(&t->health, !agent_down, false);
	t->status = CHK_INI;
	publish(t);
	probe_soon(t, 1);
}

static void look_at_admin(struct checker *ck)
{
	uint64_t epoch = atomic_load_explicit(&ck->seg->h->epoch_leader, memory_order_acquire);

	if (epoch == ck->leader_epoch)
		return;
	ck->leader_epoch = epoch;
	for (uint32_t i = 0; i < ck->ntargets; i++) {
		struct target *t = ck->t[i];
		bool maint = in_maint(t);

		if (maint && !t->maint)
			enter_maint(t);
		else if (!maint && t->maint)
			leave_maint(t);
	}
	orders_look(ck);
	for (uint32_t i = 0; i < ck->rt->npx; i++)
		downtime_backend(ck, i);
}

void fleet_tick(struct checker *ck)
{
	look_at_admin(ck);
	look_at_errors(ck);
	if (ck->nstarting)
		climb(ck);
}

bool fleet_takes_requests(const struct checker *ck, uint32_t srv)
{
	uint64_t admin = atomic_load_explicit(&ck->seg->srv[srv].admin, memory_order_relaxed);
	enum srv_op st = srv_op_state(atomic_load_explicit(&ck->seg->srv[srv].op, memory_order_relaxed));

	return st != SRV_DOWN && st != SRV_STOPPING && !(srv_admin_bits(admin) & (ADM_MAINT | ADM_DRAIN)) && srv_admin_weight(admin);
}

void fleet_count(const struct checker *ck, const struct rt_proxy *px, unsigned *active, unsigned *backup)
{
	*active = *backup = 0;
	for (uint32_t i = px->be.srv0; i < px->be.srv0 + px->be.nsrv; i++)
		if (fleet_takes_requests(ck, i))
			++*(ck->rt->srv[i].flags & SRVF_BACKUP ? backup : active);
}

/* ---- start ---- */

static const struct check_ops *ops_for(const struct rt_proxy *px)
{
	switch ((enum chk_kind)px->check.kind) {
	case CHK_HTTP:
	case CHK_SCRIPT: return &chk_script;
	case CHK_GRPC: return &chk_grpc;
	case CHK_TCP: break;
	}
	return &chk_tcp;
}

/* A server whose name is not resolved stays as it is: there is nothing to connect to. */
static bool wanted(const struct rt_server *s)
{
	return s->track != RT_NONE || (s->flags & (SRVF_CHECK | SRVF_AGENT) && !(s->flags & SRVF_UNRESOLVED));
}

static uint64_t age_of(uint64_t op)
{
	uint32_t now_s = (uint32_t)(clock_ms() / 1000), since = srv_op_since(op);

	return since && since <= now_s ? (uint64_t)since * 1000 : clock_ms();
}

static void load_state(struct target *t)
{
	const struct seg_srv *w = &t->ck->seg->srv[t->srv];
	uint64_t op = atomic_load(&w->op);

	if (op) {
		health_restore(&t->health, t->s, op);
		t->status = check_word_status(atomic_load(&w->check));
		t->since_ms = age_of(op);
	} else {
		health_init(&t->health, t->s);
		t->since_ms = clock_ms();
	}
}

static struct target *new_target(struct checker *ck, uint32_t srv)
{
	const struct rt_server *s = &ck->rt->srv[srv];
	struct target *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	ck->t[ck->ntargets++] = t;
	*t = (struct target){ .ck = ck, .s = s, .px = &ck->rt->px[s->px], .srv = srv, .status = CHK_INI };
	ck->of_srv[srv] = t;
	t->ops = s->flags & SRVF_CHECK && s->track == RT_NONE ? ops_for(t->px) : NULL;
	t->observed = t->ops && s->o->observe != OBSERVE_NONE;
	t->seen_passive = atomic_load(&ck->seg->srv[srv].passive_seq);
	t->maint = in_maint(t);
	probe_init(t);
	load_state(t);
	return t;
}

/* The server at the end of a chain of track; RT_NONE when the chain is a ring. */
static uint32_t chain_end(const struct rt *rt, uint32_t srv)
{
	for (uint32_t hops = 0; hops <= rt->nsrv; hops++) {
		if (rt->srv[srv].track == RT_NONE || rt->srv[srv].track >= rt->nsrv)
			return srv;
		srv = rt->srv[srv].track;
	}
	return RT_NONE;
}

static void link_follower(struct checker *ck, struct target *t)
{
	uint32_t end = chain_end(ck->rt, t->srv);
	struct target *of = end != RT_NONE && end != t->srv ? ck->of_srv[end] : NULL;

	if (!of)
		return;
	t->leads = of;
	t->next_follower = of->followers;
	of->followers = t;
	health_follow(&t->health, &of->health, false);
}

static void publish_all(struct checker *ck)
{
	for (uint32_t i = 0; i < ck->ntargets; i++)
		store_op(ck->t[i]);
	recount_starting(ck);
	for (uint32_t i = 0; i < ck->rt->npx; i++)
		downtime_backend(ck, i);
	atomic_fetch_add_explicit(&ck->seg->h->epoch_checker, 1, memory_order_release);
}

bool fleet_init(struct checker *ck)
{
	const struct rt *rt = ck->rt;

	ck->leader_epoch = atomic_load(&ck->seg->h->epoch_leader); /* what changes while we look is looked at again */
	ck->t = calloc(MAX(rt->nsrv, 1u), sizeof(struct target *));
	ck->of_srv = calloc(MAX(rt->nsrv, 1u), sizeof(struct target *));
	if (!ck->t || !ck->of_srv)
		return false;
	for (uint32_t i = 0; i < rt->nsrv; i++)
		if (wanted(&rt->srv[i]) && !new_target(ck, i))
			return false;
	for (uint32_t i = 0; i < ck->ntargets; i++)
		if (ck->t[i]->s->track != RT_NONE)
			link_follower(ck, ck->t[i]);
	if (!agents_init(ck) || !orders_init(ck))
		return false;
	publish_all(ck);
	return true;
}

void fleet_reload(struct checker *ck)
{
	for (uint32_t i = 0; i < ck->ntargets; i++) {
		load_state(ck->t[i]);
		ck->t[i]->maint = in_maint(ck->t[i]);
		orders_flags(ck, ck->t[i]->srv);
	}
	for (uint32_t i = 0; i < ck->ntargets; i++)
		if (ck->t[i]->leads)
			health_follow(&ck->t[i]->health, &ck->t[i]->leads->health, false);
	publish_all(ck);
}

void fleet_free(struct checker *ck)
{
	agents_free(ck);
	for (uint32_t i = 0; i < ck->ntargets; i++) {
		probe_abort(ck->t[i]);
		free(ck->t[i]);
	}
	free(ck->t);
	free(ck->of_srv);
	orders_free(ck);
	ck->t = NULL;
	ck->of_srv = NULL;
	ck->ntargets = 0;
}

/* ---- servers that come and go ------------------------------------------------------------------------------------- */

bool fleet_put(struct checker *ck, uint32_t srv)
{
	struct target *t;

	orders_begin(ck, srv);
	if (!wanted(&ck->rt->srv[srv]))
		return true;
	if (!(t = new_target(ck, srv)) || !agent_add(ck, t))
		return false;
	if (t->s->track != RT_NONE)
		link_follower(ck, t);
	orders_begin(ck, srv);
	store_op(t);
	if (!t->maint)
		probe_soon(t, 1);
	if (t->peer)
		probe_soon(t->peer, 1);
	recount_starting(ck);
	return true;
}

static void unlink_follower(struct target *t)
{
	struct target **at = t->leads ? &t->leads->followers : NULL;

	while (at && *at && *at != t)
		at = &(*at)->next_follower;
	if (at && *at)
		*at = t->next_follower;
	for (struct target *f = t->followers; f; f = f->next_follower)
		f->leads = NULL;
}

void fleet_drop(struct checker *ck, uint32_t srv)
{
	struct target *t = ck->of_srv[srv];
	uint32_t i = 0;

	if (!t)
		return;
	while (ck->t[i] != t)
		i++;
	ck->t[i] = ck->t[--ck->ntargets];
	ck->of_srv[srv] = NULL;
	agent_remove(ck, t);
	unlink_follower(t);
	probe_abort(t);
	free(t);
	recount_starting(ck);
}
