// SPDX-License-Identifier: GPL-3.0-or-later
/* The rise/fall machine, the slow-start ramp, and the words that publish them. The rules are in health.h. */
#include <sluice/health/health.h>

#define RAMP_STEP 5

static const struct { const char *word, *text; uint8_t result; bool has_code; } statuses[] = {
#define CHECK_STATUS(id, word, text, result, has_code) { word, text, HEALTH_##result, has_code },
#include <sluice/tbl/check_status.def>
#undef CHECK_STATUS
};

const char *check_status_word(enum check_status s)
{
	return statuses[s < CHK_STATUS_COUNT ? s : 0].word;
}

const char *check_status_text(enum check_status s)
{
	return statuses[s < CHK_STATUS_COUNT ? s : 0].text;
}

enum health_result check_status_result(enum check_status s)
{
	return (enum health_result)statuses[s < CHK_STATUS_COUNT ? s : 0].result;
}

bool check_status_has_code(enum check_status s)
{
	return statuses[s < CHK_STATUS_COUNT ? s : 0].has_code;
}

static uint16_t top(const struct health *h)
{
	return (uint16_t)(h->rise + h->fall - 1);
}

static void set_bounds(struct health *h, const struct rt_server *s)
{
	h->rise = MAX(s->o->rise, (uint16_t)1);
	h->fall = MAX(s->o->fall, (uint16_t)1);
	h->ramp = 100;
}

static bool is_checked(const struct rt_server *s)
{
	return s->flags & SRVF_CHECK || s->track != RT_NONE;
}

void health_init(struct health *h, const struct rt_server *s)
{
	set_bounds(h, s);
	h->pos = top(h);
	h->agent_down = false;
	if (is_checked(s))
		switch ((enum init_state)s->o->init_state) {
		case INIT_FULLY_UP: break;
		case INIT_UP:
		case INIT_NONE: h->pos = h->rise; break;
		case INIT_DOWN: h->pos = (uint16_t)(h->rise - 1); break;
		case INIT_FULLY_DOWN: h->pos = 0; break;
		}
	if (s->flags & SRVF_UNRESOLVED)
		h->pos = 0;
	h->state = h->pos >= h->rise ? SRV_UP : SRV_DOWN;
}

/* The published position is one byte: with larger bounds only the side of `rise` survives a restart, not the exact step. */
void health_restore(struct health *h, const struct rt_server *s, uint64_t op)
{
	set_bounds(h, s);
	h->state = srv_op_state(op);
	h->agent_down = s->flags & SRVF_AGENT && srv_op_flags(op) & OPF_AGENT_DOWN;
	if (h->state > SRV_STOPPING || h->agent_down)
		h->state = SRV_DOWN;
	h->pos = MIN((uint16_t)srv_op_pos(op), top(h));
	if (h->agent_down)
		return;
	if (h->state == SRV_DOWN)
		h->pos = MIN(h->pos, (uint16_t)(h->rise - 1));
	else
		h->pos = MAX(h->pos, h->rise);
	if (h->state == SRV_STARTING)
		h->ramp = (uint8_t)MIN(MAX(srv_op_ramp(op), 1u), 100u);
}

static enum health_change enter(struct health *h, enum srv_op st, bool slow)
{
	enum srv_op old = (enum srv_op)h->state;

	if (st == SRV_UP && old == SRV_DOWN && slow)
		st = SRV_STARTING;
	if (st == old || (st == SRV_UP && old == SRV_STARTING))
		return HEALTH_SAME;
	h->state = st;
	h->ramp = st == SRV_STARTING ? 1 : 100;
	return st == SRV_DOWN ? HEALTH_DOWN : st == SRV_STOPPING ? HEALTH_STOPPING : HEALTH_UP;
}

static enum health_change fail(struct health *h, bool *moved)
{
	if (h->pos > 0) {
		*moved = true;
		h->pos--;
		if (h->pos < h->rise)
			h->pos = 0;
	}
	return h->pos < h->rise ? enter(h, SRV_DOWN, false) : HEALTH_SAME;
}

enum health_change health_apply(struct health *h, enum health_result r, bool slow, bool *moved)
{
	*moved = false;
	if (r == HEALTH_NEUTRAL)
		return HEALTH_SAME;
	if (r == HEALTH_FAILED)
		return fail(h, moved);
	if (h->pos < top(h)) {
		*moved = true;
		h->pos++;
		if (h->pos >= h->rise)
			h->pos = top(h);
	}
	if (h->pos < h->rise || h->agent_down)
		return HEALTH_SAME;
	return enter(h, r == HEALTH_CONDPASS ? SRV_STOPPING : SRV_UP, slow);
}

enum health_change health_on_error(struct health *h, enum on_error mode, bool *moved)
{
	*moved = false;
	switch (mode) {
	case ONERR_FASTINTER:
		return HEALTH_SAME;
	case ONERR_SUDDEN_DEATH:
		if (h->pos > h->rise)
			h->pos = (uint16_t)(h->rise + 1);
		break;
	case ONERR_MARK_DOWN:
		h->pos = MIN(h->pos, h->rise);
		break;
	case ONERR_FAIL_CHECK:
		break;
	}
	return fail(h, moved);
}

enum health_change health_agent(struct health *h, bool up, bool slow)
{
	if (h->agent_down == !up)
		return HEALTH_SAME;
	h->agent_down = !up;
	if (!up)
		return enter(h, SRV_DOWN, false);
	return h->pos < h->rise ? HEALTH_SAME : enter(h, SRV_UP, slow);
}

enum health_change health_force(struct health *h, enum srv_order order)
{
	if (order == ORDER_NONE)
		return HEALTH_SAME;
	if (order == ORDER_AGENT_UP || order == ORDER_AGENT_DOWN)
		return health_agent(h, order == ORDER_AGENT_UP, false);
	if (order != ORDER_DOWN)
		h->agent_down = false;
	h->pos = order == ORDER_DOWN ? 0 : top(h);
	return enter(h, order == ORDER_DOWN ? SRV_DOWN : order == ORDER_UP ? SRV_UP : SRV_STOPPING, false);
}

enum health_change health_follow(struct health *h, const struct health *of, bool slow)
{
	bool up = of->state != SRV_DOWN;

	h->pos = up ? top(h) : 0;
	if (h->agent_down)
		return HEALTH_SAME;
	return enter(h, of->state == SRV_STARTING ? SRV_UP : (enum srv_op)of->state, slow);
}

unsigned health_ramp(uint64_t elapsed_ms, uint64_t total_ms)
{
	unsigned pct;

	if (elapsed_ms >= total_ms)
		return 100;
	pct = (unsigned)(elapsed_ms * 100 / total_ms) / RAMP_STEP * RAMP_STEP;
	return MAX(pct, 1u);
}

uint32_t health_interval(const struct health *h, const struct rt_srv_opts *o)
{
	if (h->pos == top(h))
		return o->inter;
	if (h->state == SRV_DOWN && h->pos == 0)
		return o->downinter ? o->downinter : o->inter;
	return o->fastinter ? o->fastinter : o->inter;
}

void health_fraction(const struct health *h, unsigned *have, unsigned *of)
{
	*have = h->pos >= h->rise ? h->pos - h->rise + 1u : h->pos;
	*of = h->pos >= h->rise ? h->fall : h->rise;
}

uint64_t health_op_word(const struct health *h, uint32_t since_s)
{
	return srv_op_pack((enum srv_op)h->state, MIN(h->pos, (uint16_t)0xff), h->ramp, since_s) | (h->agent_down ? (uint64_t)OPF_AGENT_DOWN << 24 : 0);
}

uint64_t health_check_word(enum check_status s, unsigned code, uint32_t duration_ms)
{
	return (uint64_t)s | (uint64_t)(code & 0xffff) << 8 | (uint64_t)MIN(duration_ms, 0xffffffu) << 24;
}

uint64_t health_initial_admin(const struct rt_server *s)
{
	unsigned unknown = s->flags & SRVF_RESOLVE && addr_is_any(&s->addr) ? ADM_RESOLUTION : 0;
	unsigned off = s->flags & SRVF_DISABLED || !rt_srv_exists(s) ? ADM_CONFIG_MAINT : 0;

	return srv_admin_pack(off | unknown, s->weight, s->o->maxconn);
}

uint64_t health_initial_op(const struct rt_server *s, uint32_t now_s)
{
	struct health h;

	health_init(&h, s);
	return health_op_word(&h, now_s);
}

uint64_t health_first_admin(const struct rt_server *s)
{
	uint64_t a = health_initial_admin(s);

	return s->flags & SRVF_ADDED ? a | ADM_FORCED_MAINT | (uint64_t)(ADMF_NOCHECK | ADMF_NOAGENT) << 24 : a;
}

void health_initial_states(struct segment *seg, const struct rt *rt, uint32_t now_s)
{
	for (uint32_t i = 0; i < rt->nsrv; i++) {
		atomic_store_explicit(&seg->srv[i].admin, health_first_admin(&rt->srv[i]), memory_order_relaxed);
		atomic_store_explicit(&seg->srv[i].op, health_initial_op(&rt->srv[i], now_s), memory_order_relaxed);
	}
}
