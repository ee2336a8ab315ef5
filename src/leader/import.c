// SPDX-License-Identifier: GPL-3.0-or-later
/* What a new generation takes over from those before it, by name and without being asked: counters, health, what was set at run time.
 *
 * Counters of generations that have ended are added to our retired column; those of generations that still live are looked at wherever sums
 * are made, for they go on growing. Words of servers come from the generation that serves: once before our children are forked and again at
 * the commit, because its checker and its operators do not rest in between. What cannot be read is said and left out. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/base/notice.h>
#include <sluice/health/health.h>

#include "leader_priv.h"

#define ENTRIES_MAX 64u

static void store64(_Atomic uint64_t *at, uint64_t v) { atomic_store_explicit(at, v, memory_order_release); }
static void store32(_Atomic uint32_t *at, uint32_t v) { atomic_store_explicit(at, v, memory_order_relaxed); }

/* What was changed at run time stays until the configuration itself says something else. */
uint64_t import_admin(uint64_t cfg, uint64_t old, uint64_t old_cfg)
{
	unsigned bits = srv_admin_bits(old) & (ADM_FORCED_MAINT | ADM_FORCED_DRAIN | ADM_INHERITED_MAINT | ADM_INHERITED_DRAIN);
	unsigned same = ~(srv_admin_bits(cfg) ^ srv_admin_bits(old_cfg));

	/* without a place of the older one, the configuration alone knows whether there is an address */
	bits |= srv_admin_bits(srv_admin_flags(old) & ADMF_PLACE ? old : cfg) & ADM_RESOLUTION;
	bits |= (same & ADM_CONFIG_MAINT ? srv_admin_bits(old) : srv_admin_bits(cfg)) & ADM_CONFIG_MAINT;
	return srv_admin_pack(bits, srv_admin_weight(srv_admin_weight(cfg) == srv_admin_weight(old_cfg) ? old : cfg),
			      srv_admin_maxconn(srv_admin_maxconn(cfg) == srv_admin_maxconn(old_cfg) ? old : cfg)) |
	       (uint64_t)(srv_admin_flags(old) & (ADMF_NOCHECK | ADMF_NOAGENT)) << 24;
}

uint64_t import_op(const struct rt_server *s, uint64_t old, uint32_t now_s)
{
	struct health h;
	uint32_t since = srv_op_since(old);
	bool checked = s->flags & (SRVF_CHECK | SRVF_AGENT) || s->track != RT_NONE;

	if (checked && !(s->flags & SRVF_UNRESOLVED))
		health_restore(&h, s, old);
	else
		health_init(&h, s);
	return health_op_word(&h, since && since <= now_s ? since : now_s);
}

static bool same_place(const struct leader *l, uint32_t i, const struct srv_place *p)
{
	struct srv_place now;
	return place_read(l->seg, i, &now) && !memcmp(&now, p, sizeof(now));
}

bool import_place(struct leader *l, uint32_t i, const struct state_view *v, uint32_t j, uint64_t admin)
{
	struct srv_place p;

	return srv_admin_flags(admin) & ADMF_PLACE && state_read_place(v, j, &p) && (same_place(l, i, &p) || place_write(l->seg, i, &p));
}

static bool import_note(struct leader *l, uint32_t i, const struct state_view *v, uint32_t j, enum note_kind k, bool noted)
{
	char text[NOTE_TEXT];
	size_t n = noted ? state_read_note(v, j, k, text) : 0;

	return n && note_write(l->seg, i, k, str_n(text, n));
}

void import_srv_admin(struct leader *l, uint32_t i, const struct state_view *v, uint32_t old_i, uint64_t admin)
{
	uint64_t place = import_place(l, i, v, old_i, admin) ? (uint64_t)ADMF_PLACE << 24 : 0;

	store64(&l->seg->srv[i].admin, import_admin(l->names.srv[i].cfg, admin, v->srv[old_i].cfg) | place);
}

static void import_srv(struct leader *l, uint32_t i, const struct state_view *v, uint32_t old_i, uint32_t now_s)
{
	struct seg_srv *w = &l->seg->srv[i];
	struct state_srv old;

	state_read_srv(v, old_i, &old);
	store64(&w->op, import_op(&l->rt->srv[i], old.op, now_s));
	bool known = check_word_status(old.check) < CHK_STATUS_COUNT, agent_known = agent_word_status(old.agent) < CHK_STATUS_COUNT;
	bool noted = import_note(l, i, v, old_i, NOTE_CHECK, known && check_word_noted(old.check));
	bool agent_noted = import_note(l, i, v, old_i, NOTE_AGENT, agent_known && agent_word_noted(old.agent));
	store64(&w->check, known ? check_word_note(old.check, noted) : 0);
	store32(&w->agent, agent_known ? agent_word(agent_word_status(old.agent), agent_word_ms(old.agent), agent_noted) : 0);
	import_srv_admin(l, i, v, old_i, old.admin);
	store64(&w->ewma, old.ewma);
	store32(&w->chk_fail, old.chk_fail);
	store32(&w->chk_down, old.chk_down);
	store32(&w->down_s, old.down_s);
}

static void import_be(struct leader *l, uint32_t i, const struct state_view *v, uint32_t old_i)
{
	struct seg_be *w = &l->seg->be[i];
	struct state_be old;

	state_read_be(v, old_i, &old);
	store64(&w->state, old.state);
	store32(&w->chk_down, old.chk_down);
	store32(&w->down_s, old.down_s);
}

/* A frontend that was disabled by hand stays disabled; one that was shut for good is open again, for its listeners are new to it. */
void import_fe(struct leader *l, uint32_t i, const struct state_view *v, uint32_t old_i)
{
	struct seg_be *w = &l->seg->be[i];
	struct state_be old;

	state_read_be(v, old_i, &old);
	store32(&w->fe_state, old.fe_state == FE_DISABLED ? FE_DISABLED : FE_OPEN);
	if (v->px[old_i].cfg == l->names.px[i].cfg)
		store32(&w->fe_maxconn, old.fe_maxconn);
}

_Atomic uint32_t *import_limit(const struct leader *l, unsigned i)
{
	struct seg_header *h = l->seg->h;
	_Atomic uint32_t *const at[IMPORT_LIMITS] = { &h->maxconn, &h->conn_rate, &h->sess_rate, &h->ssl_rate };

	return at[i];
}

static void import_limits(struct leader *l, const struct state_view *v)
{
	for (unsigned i = 0; i < IMPORT_LIMITS; i++)
		if (v->h.cfg_limits[i] == l->names.limits[i])
			store32(import_limit(l, i), state_read_limit(v, i));
}

/* Histories of servers, oldest first; before the checker writes its own. */
static void import_events(struct leader *l)
{
	const struct state_view *v = l->before;
	uint32_t *ours = v ? malloc(MAX(v->h.nsrv, 1u) * sizeof(*ours)) : NULL;
	struct seg_event e;

	if (!ours)
		return;
	memset(ours, 0xff, v->h.nsrv * sizeof(*ours));
	for (uint32_t i = 0; i < l->rt->nsrv; i++)
		if (v->of_srv[i] != STATE_NONE)
			ours[v->of_srv[i]] = i;
	uint64_t head = state_event_count(v);
	for (uint64_t n = head > SEG_EVENTS ? head - SEG_EVENTS : 0; n < head; n++) {
		if (!state_read_event(v, n, &e) || e.srv >= v->h.nsrv || ours[e.srv] == STATE_NONE)
			continue;
		e.srv = ours[e.srv];
		e.via = e.via < v->h.nsrv ? ours[e.via] : UINT32_MAX;
		event_push(l->seg, &e);
	}
	free(ours);
}

void import_words(struct leader *l)
{
	const struct state_view *v = l->before;
	uint32_t now_s = (uint32_t)(clock_ms() / 1000);

	if (!v)
		return;
	for (uint32_t i = 0; i < l->rt->nsrv; i++)
		if (v->of_srv[i] != STATE_NONE && state_same_srv(v, v->of_srv[i], &l->names.srv[i]))
			import_srv(l, i, v, v->of_srv[i], now_s);
		else if (v->of_srv[i] != STATE_NONE) /* deleted there since we read the files */
			atomic_fetch_or_explicit(&l->seg->srv[i].admin, ADM_FORCED_MAINT, memory_order_release);
	for (uint32_t i = 0; i < l->rt->npx; i++)
		if (v->of_be[i] != STATE_NONE)
			import_be(l, i, v, v->of_be[i]);
	for (uint32_t i = 0; i < l->rt->npx; i++)
		if (v->of_fe[i] != STATE_NONE)
			import_fe(l, i, v, v->of_fe[i]);
	import_limits(l, v);
	atomic_fetch_add_explicit(&l->seg->h->epoch_checker, 1, memory_order_release);
	atomic_fetch_add_explicit(&l->seg->h->epoch_leader, 1, memory_order_release);
}

void import_late(struct leader *l, uint32_t i)
{
	struct state_view *v = l->before;

	for (uint32_t j = 0; v && j < v->h.nsrv; j++)
		if (state_same_srv(v, j, &l->names.srv[i])) {
			v->of_srv[i] = j;
			import_srv(l, i, v, j, (uint32_t)(clock_ms() / 1000));
			return;
		}
}

/* ---- which generations there are ---- */

/* The one that served last is looked at for its words, all the others for their counters alone. */
static void look_at(struct leader *l, const struct ipc_state_entry *e)
{
	struct state_view *v = state_open(e->dir, e->seg);

	if (!v || !state_match(v, l->seg, &l->names)) {
		notice(SAY_WARNING, "the state of generation %llu cannot be read (%s): what it counted is lost", (unsigned long long)e->generation,
		       strerror(errno));
		state_close(v);
		return;
	}
	if (e->flags & IPC_STATE_ENDED)
		state_absorb(l->seg, v);
	else
		v->next = l->seg->older, l->seg->older = v;
	if (e->flags & IPC_STATE_LATEST)
		l->before = v;
	else if (e->flags & IPC_STATE_ENDED)
		state_close(v);
}

/* Descriptors are ours to close, whatever became of them. */
static void entries_read(struct leader *l, int table)
{
	struct ipc_state_entry e[ENTRIES_MAX];
	ssize_t n = pread(table, e, sizeof(e), 0);

	for (size_t i = 0; n > 0 && i < (size_t)n / sizeof(*e); i++) {
		look_at(l, &e[i]);
		close(e[i].dir);
		close(e[i].seg);
	}
	close(table);
}

bool state_import(struct leader *l)
{
	if (!names_make(l))
		return false;
	if (l->o->state >= 0)
		entries_read(l, l->o->state);
	if (!l->before)
		state_files_load(l);
	import_words(l);
	import_events(l);
	int dir = state_describe(l->seg, &l->names, &l->live_names);
	if (dir < 0) {
		notice(SAY_ALERT, "cannot describe the shared segment: %s", strerror(errno));
		return false;
	}
	bool told = master_tell(l, IPC_STATE_DIR, 0, 0, NULL, 0, dir) && master_tell(l, IPC_STATE_SEG, 0, 0, NULL, 0, l->seg->fd);
	l->dir_fd = dir;
	return told;
}

void state_release(struct leader *l)
{
	struct state_view *v, *next;
	bool listed = false;

	last_look_drop(l);
	for (v = l->seg ? l->seg->older : NULL; v; v = next) {
		next = v->next;
		listed |= v == l->before;
		state_close(v);
	}
	if (!listed)
		state_close(l->before);
	state_close(l->successor);
	if (l->dir_fd >= 0)
		close(l->dir_fd);
	free((void *)(uintptr_t)l->names.px);
}
