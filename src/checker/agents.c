// SPDX-License-Identifier: GPL-3.0-or-later
/* Agents of servers: a second probe beside the check, whose answer says how the server wants to be used. Up and down count here; what it says
 * about weight, maxconn, maint and drain are words of the leader, which is told when they differ from what stands. That is compared
 * with each answer, so a message that is lost, or one that a leader did not live to obey, is sent again with the next.
 *
 * That an agent cannot be reached says nothing about its server. Agents are asked in maintenance too: they may say that it is over. */
#include <stdlib.h>
#include <sluice/ipc/msg.h>
#include <sluice/ipc/note.h>
#include <sluice/ipc/place.h>
#include "checker_priv.h"

static uint64_t admin_of(const struct target *a)
{
	return atomic_load_explicit(&a->ck->seg->srv[a->srv].admin, memory_order_acquire);
}

/* What the leader has to change; it checks the same again. */
static void ask_leader(const struct target *a, const struct agent_reply *r)
{
	struct ipc_agent m = { .maxconn = r->maxconn, .weight_pct = r->weight_pct, .admin = r->admin };

	if (a->ck->ctl >= 0 && !(srv_admin_flags(admin_of(a)) & ADMF_NOAGENT) && health_agent_admin(r, a->s, admin_of(a)) != admin_of(a))
		ipc_send(a->ck->ctl, IPC_AGENT, 0, a->srv, &m, sizeof(m), -1);
}

/* "via agent : down (disk full)" */
static void say(const struct agent_reply *r, struct sbuf *out)
{
	struct str what = r->reason;

	if (r->oper == AGENT_UP && r->error.n)
		what = r->error;
	if (r->oper)
		sbuf_printf(out, "via agent : %s", agent_oper_word((enum agent_oper)r->oper));
	if (r->oper && what.n)
		sbuf_printf(out, " (" STR_FMT ")", STR_ARG(what));
	if (!r->oper && r->error.n)
		sbuf_printf(out, "agent reports an error : " STR_FMT, STR_ARG(r->error));
}

void agent_answered(struct target *a, struct str text)
{
	enum check_status st = CHK_CHECKED;
	struct agent_reply r;
	char info[INFO_MAX];
	struct sbuf b = SBUF_FIXED(info);

	if (!text.n) {
		probe_finish(a, CHK_L7RSP, 0, STR("no answer from the agent"));
		return;
	}
	(void)!health_agent_parse(text, &r);
	if (r.oper)
		st = r.oper == AGENT_UP ? CHK_L7OK : CHK_L7STS;
	say(&r, &b);
	ask_leader(a, &r);
	probe_finish(a, st, 0, sbuf_str(&b));
}

/* Of failures one alone concerns the server: that its agent says it is down. */
void agent_verdict(struct target *a, enum check_status st, uint32_t ms, struct str info)
{
	struct report r = { .status = st, .ms = ms, .info = info, .agent = true };
	struct target *t = a->peer;
	bool news = st != a->status, said = st == CHK_L7OK || st == CHK_L7STS;
	bool moved = said && t->health.agent_down != (st == CHK_L7STS);
	bool noted = info.n && note_write(a->ck->seg, a->srv, NOTE_AGENT, info);
	enum health_change ch = HEALTH_SAME;

	a->err = 0;
	a->status = st;
	atomic_store_explicit(&a->ck->seg->srv[a->srv].agent, agent_word(st, ms, noted), memory_order_release);
	if (t->maint && said)
		t->health.agent_down = st == CHK_L7STS;
	else if (said)
		ch = health_agent(&t->health, st == CHK_L7OK, a->s->o->slowstart > 0);
	if ((moved || news) && check_status_result(st) != HEALTH_NEUTRAL)
		report_check(t, &r);
	fleet_settle(t, ch, moved, &r);
}

struct addr agent_place(const struct target *a)
{
	const struct rt_srv_opts *o = a->s->o;
	struct srv_place p = { 0 };
	bool moved = place_read(a->ck->seg, a->srv, &p);
	struct addr to = moved && p.agent_addr.family ? p.agent_addr : o->agent_addr.family ? o->agent_addr : moved && p.addr.family ? p.addr : a->s->addr;

	to.port = moved && p.agent_port ? p.agent_port : o->agent_port;
	return to;
}

struct str agent_question(struct target *a)
{
	struct srv_place p;

	if (!place_read(a->ck->seg, a->srv, &p) || !p.send_len)
		return a->s->o->agent_send;
	memcpy(a->x->extra, p.agent_send, p.send_len);
	return str_n(a->x->extra, p.send_len);
}

bool agent_add(struct checker *ck, struct target *t)
{
	struct target *a;

	if (!(t->s->flags & SRVF_AGENT))
		return true;
	if (!(a = calloc(1, sizeof(*a))))
		return false;
	*a = (struct target){ .ck = ck, .s = t->s, .px = t->px, .srv = t->srv, .ops = &chk_agent, .agent = true, .peer = t };
	ck->agent[ck->nagents++] = a;
	t->peer = a;
	probe_init(a);
	return true;
}

void agent_remove(struct checker *ck, struct target *t)
{
	for (uint32_t i = 0; t->peer && i < ck->nagents; i++)
		if (ck->agent[i] == t->peer) {
			probe_abort(t->peer);
			free(t->peer);
			t->peer = NULL;
			ck->agent[i] = ck->agent[--ck->nagents];
		}
}

bool agents_init(struct checker *ck)
{
	ck->agent = calloc(MAX(ck->rt->nsrv, 1u), sizeof(struct target *));
	for (uint32_t i = 0; ck->agent && i < ck->ntargets; i++)
		if (!agent_add(ck, ck->t[i]))
			return false;
	return ck->agent != NULL;
}

void agents_go(struct checker *ck)
{
	for (uint32_t i = 0; i < ck->nagents; i++) {
		struct target *a = ck->agent[i];

		a->status = (uint8_t)agent_word_status(atomic_load(&ck->seg->srv[a->srv].agent));
		probe_schedule_first(a);
	}
}

void agents_free(struct checker *ck)
{
	for (uint32_t i = 0; i < ck->nagents; i++) {
		probe_abort(ck->agent[i]);
		free(ck->agent[i]);
	}
	free(ck->agent);
	ck->agent = NULL;
	ck->nagents = 0;
}
