// SPDX-License-Identifier: GPL-3.0-or-later
/* Log lines about checks and servers, in HAProxy's words, to the log targets of the backend. */
#include <sluice/base/clock.h>
#include <sluice/ipc/event.h>
#include "checker_priv.h"

#define LINE_MAX_LEN 1024

/* One checker a process. */
static struct str dflt_tag;

void report_init(const struct rt *rt) { dflt_tag = rt->g.log_tag; }

static void send_to(const struct rt_proxy *px, int level, const struct sbuf *b)
{
	const struct rt_logging *l = &px->log;

	for (uint32_t i = 0; i < l->ntargets; i++)
		log_send(l->targets[i], level, l->tag.n ? l->tag : dflt_tag, sbuf_str(b));
}

static void send_line(const struct target *t, int level, const struct sbuf *b) { send_to(t->px, level, b); }

void report_text(const struct rt_proxy *px, int level, const char *fmt, ...)
{
	char text[LINE_MAX_LEN];
	struct sbuf b = SBUF_FIXED(text);
	va_list ap;

	va_start(ap, fmt);
	sbuf_vprintf(&b, fmt, ap);
	va_end(ap);
	send_to(px, level, &b);
}

static void add_name(struct sbuf *b, const struct target *t)
{
	sbuf_printf(b, STR_FMT "/" STR_FMT, STR_ARG(t->px->name), STR_ARG(t->s->name));
}

/* What a server sent may end up here: nothing unprintable, no quote. */
static void add_quoted(struct sbuf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 32 || c > 126 || c == '"')
			sbuf_printf(b, "<%02X>", c);
		else
			sbuf_addc(b, (char)c);
	}
}

static void add_reason(struct sbuf *b, const struct report *r)
{
	sbuf_printf(b, ", reason: %s", check_status_text(r->status));
	if (check_status_has_code(r->status))
		sbuf_printf(b, ", code: %u", r->code);
	if (r->info.n) {
		sbuf_add(b, STR(", info: \""));
		add_quoted(b, r->info);
		sbuf_addc(b, '"');
	}
	if (r->ms >= 0)
		sbuf_printf(b, ", check duration: %lldms", (long long)r->ms);
}

static const char *result_word(enum check_status s)
{
	switch (check_status_result(s)) {
	case HEALTH_PASSED: return "succeeded";
	case HEALTH_CONDPASS: return "conditionally succeeded";
	default: return "failed";
	}
}

void report_event(const struct checker *ck, uint32_t srv, enum srv_op from, enum srv_op to, const struct report *r)
{
	struct seg_event e = {
		.wall_ms = (int64_t)clock_real.tv_sec * 1000 + clock_real.tv_nsec / 1000000, .srv = srv, .from = (uint8_t)from, .to = (uint8_t)to,
		.status = (uint8_t)r->status, .code = (uint16_t)r->code, .ms = (uint16_t)(r->ms < 0 ? 0 : MIN(r->ms, UINT16_MAX)),
		.ordered = r->ordered, .via = r->via ? r->via->srv : UINT32_MAX,
	};
	struct sbuf info = { .p = e.info, .cap = EVENT_INFO - 1, .fixed = true };

	add_quoted(&info, r->info);
	event_push(ck->seg, &e);
}

void report_check(const struct target *t, const struct report *r)
{
	uint64_t admin = atomic_load_explicit(&t->ck->seg->srv[t->srv].admin, memory_order_relaxed);
	char text[LINE_MAX_LEN];
	struct sbuf b = SBUF_FIXED(text);
	bool up = r->agent ? !t->health.agent_down : t->health.pos >= t->health.rise;
	unsigned have, of;

	if (!(t->px->opts & OPT_LOG_HEALTH))
		return;
	health_fraction(&t->health, &have, &of);
	if (r->agent)
		have = up, of = 1;
	sbuf_printf(&b, "%s check for %sserver ", r->agent ? "Agent" : "Health", t->s->flags & SRVF_BACKUP ? "backup " : "");
	add_name(&b, t);
	sbuf_printf(&b, " %s", result_word(r->status));
	add_reason(&b, r);
	sbuf_printf(&b, ", status: %u/%u %s.", have, of, !up ? "DOWN" : srv_admin_weight(admin) ? "UP" : "DRAIN");
	send_line(t, LEVEL_NOTICE, &b);
}

static void add_fleet(struct sbuf *b, const struct target *t, enum health_change ch, unsigned active, unsigned backup)
{
	const struct segment *seg = t->ck->seg;
	const char *on_backup = backup && !active ? " Running on backup." : "";
	uint32_t queued = live_sum(seg, LIVE_SRV_QUEUE, t->srv);

	if (ch == HEALTH_DOWN)
		sbuf_printf(b, ". %u active and %u backup servers left.%s %u sessions active, %u requeued, 0 remaining in queue.", active, backup,
			    on_backup, live_sum(seg, LIVE_SRV, t->srv), queued);
	else
		sbuf_printf(b, ". %u active and %u backup servers online.%s 0 sessions requeued, %u total in queue.", active, backup, on_backup,
			    queued);
}

static void report_no_server(const struct target *t)
{
	char text[LINE_MAX_LEN];
	struct sbuf b = SBUF_FIXED(text);

	sbuf_printf(&b, "%s " STR_FMT " has no server available!", t->px->caps & PX_FE ? "proxy" : "backend", STR_ARG(t->px->name));
	send_line(t, LEVEL_EMERG, &b);
}

void report_change(const struct target *t, enum health_change ch, const struct report *r)
{
	static const char *const verbs[] = { [HEALTH_UP] = "UP", [HEALTH_DOWN] = "DOWN", [HEALTH_STOPPING] = "stopping" };
	char text[LINE_MAX_LEN];
	struct sbuf b = SBUF_FIXED(text);
	unsigned active, backup;

	fleet_count(t->ck, t->px, &active, &backup);
	sbuf_printf(&b, "%sServer ", t->s->flags & SRVF_BACKUP ? "Backup " : "");
	add_name(&b, t);
	sbuf_printf(&b, " is %s", verbs[ch]);
	if (r->ordered) {
		sbuf_add(&b, STR(", changed from CLI"));
	} else if (r->via) {
		sbuf_add(&b, STR(" via "));
		add_name(&b, r->via);
	} else {
		add_reason(&b, r);
	}
	add_fleet(&b, t, ch, active, backup);
	send_line(t, ch == HEALTH_DOWN ? LEVEL_ALERT : LEVEL_NOTICE, &b);
	if (ch != HEALTH_UP && !active && !backup)
		report_no_server(t);
}
