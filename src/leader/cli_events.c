// SPDX-License-Identifier: GPL-3.0-or-later
/* What has happened: changes of state that the checker found and changes that operators made, the last 1024 of all and the last 20 of each
 * server. The leader collects the checker's ring ten times a second and keeps what it says in memory of its own. */
#include <stdlib.h>
#include <time.h>
#include <sluice/base/clock.h>
#include <sluice/health/health.h>
#include <sluice/ipc/event.h>
#include "cli_change.h"

#define EVENTS_KEPT 1024u
#define HISTORY 20u
#define COLLECT_MS 100

/* admin: what was done to the server; else the checker's event. */
struct happening { struct seg_event e; uint8_t admin; uint8_t by; };
struct history { struct happening at[HISTORY]; uint32_t n; };

static struct {
	struct leader *l;
	struct happening *ring;
	uint64_t n;              /* happenings so far */
	uint64_t seen, lost;     /* of the checker's ring */
	struct history **of_srv; /* NULL until something happens to the server */
	struct timer timer;
} ev;

static const char *const op_words[] = { [SRV_DOWN] = "DOWN", [SRV_STARTING] = "STARTING", [SRV_UP] = "UP", [SRV_STOPPING] = "NOLB" };
static const char *const admin_words[] = { "", "ready", "maint", "drain", "address" };

static void keep(const struct happening *h)
{
	struct history **hs = &ev.of_srv[h->e.srv];

	ev.ring[ev.n++ % EVENTS_KEPT] = *h;
	if (!*hs && !(*hs = calloc(1, sizeof(**hs))))
		return;
	(*hs)->at[(*hs)->n++ % HISTORY] = *h;
}

static void collect(void)
{
	struct happening h = { 0 };
	int r;

	while ((r = event_read(ev.l->seg, ev.seen, &h.e))) {
		uint64_t count = event_count(ev.l->seg);

		if (r < 0) {
			uint64_t from = count > SEG_EVENTS / 2 ? count - SEG_EVENTS / 2 : 0;
			ev.lost += from - ev.seen;
			ev.seen = from;
			continue;
		}
		ev.seen++;
		if (h.e.srv < ev.l->rt->nsrv)
			keep(&h);
	}
}

static void on_timer(struct timer *t)
{
	collect();
	timer_set(t, clock_ms() + COLLECT_MS);
}

bool events_start(struct leader *l)
{
	ev.l = l;
	ev.n = ev.seen = ev.lost = 0;
	ev.ring = calloc(EVENTS_KEPT, sizeof(*ev.ring));
	ev.of_srv = calloc(MAX(l->rt->nsrv, 1u), sizeof(*ev.of_srv));
	if (!ev.ring || !ev.of_srv)
		return false;
	timer_init(&ev.timer, on_timer);
	on_timer(&ev.timer);
	return true;
}

void events_stop(void)
{
	for (uint32_t i = 0; ev.of_srv && i < ev.l->rt->nsrv; i++)
		free(ev.of_srv[i]);
	free(ev.of_srv);
	free(ev.ring);
	ev.of_srv = NULL;
	ev.ring = NULL;
	timer_stop(&ev.timer);
}

void events_admin(uint32_t srv, enum admin_deed what, enum change_by by)
{
	struct happening h = { .admin = (uint8_t)what, .by = (uint8_t)by };

	if (!ev.ring)
		return;
	collect();
	h.e.srv = srv;
	h.e.wall_ms = (int64_t)clock_real.tv_sec * 1000 + clock_real.tv_nsec / 1000000;
	keep(&h);
}

void events_forget(uint32_t srv)
{
	if (!ev.ring)
		return;
	collect();
	free(ev.of_srv[srv]);
	ev.of_srv[srv] = NULL;
	for (uint64_t i = 0; i < MIN(ev.n, (uint64_t)EVENTS_KEPT); i++)
		if (ev.ring[i].e.srv == srv)
			ev.ring[i].e.srv = UINT32_MAX;
}

/* ---- printing ---- */

static void cell_when(struct cli_run *r, int64_t wall_ms)
{
	time_t s = (time_t)(wall_ms / 1000);
	struct tm tm;
	char text[40];

	gmtime_r(&s, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	cli_fmt(r, "time", "%s.%03dZ", text, (int)(wall_ms % 1000));
}

static void add_reason(struct sbuf *b, const struct happening *h)
{
	const struct seg_event *e = &h->e;
	const struct rt *rt = ev.l->rt;

	if (h->by != BY_OPERATOR) {
		sbuf_add(b, h->by == BY_AGENT ? STR("agent") : STR("resolution"));
	} else if (h->admin || e->ordered) {
		sbuf_add(b, STR("runtime socket"));
	} else if (e->via < rt->nsrv) {
		sbuf_printf(b, "via " STR_FMT "/" STR_FMT, STR_ARG(rt->px[rt->srv[e->via].px].name), STR_ARG(rt->srv[e->via].name));
	} else {
		sbuf_printf(b, "%s", check_status_text((enum check_status)e->status));
		if (check_status_has_code((enum check_status)e->status))
			sbuf_printf(b, ", code: %u", e->code);
		if (e->info[0])
			sbuf_printf(b, ", info: \"%s\"", e->info);
		sbuf_printf(b, ", check duration: %ums", e->ms);
	}
}

static void row(struct cli_run *r, const struct happening *h)
{
	const struct rt *rt = ev.l->rt;
	const struct rt_server *s = &rt->srv[h->e.srv];
	char text[256];
	struct sbuf b = SBUF_FIXED(text);

	cli_row(r);
	cell_when(r, h->e.wall_ms);
	cli_fmt(r, "server", STR_FMT "/" STR_FMT, STR_ARG(rt->px[s->px].name), STR_ARG(s->name));
	cli_str(r, "change", h->admin ? str_c(admin_words[h->admin]) : str_c(op_words[h->e.to]));
	cli_str(r, "from", h->admin ? STR_NULL : str_c(op_words[h->e.from]));
	add_reason(&b, h);
	cli_str(r, "reason", sbuf_str(&b));
	cli_row_end(r);
}

#define HEAD "# time server change from reason"

static bool no_events(const struct cli_run *r) { return r->l->rt->nsrv == 0 || !ev.ring; }

enum cli_state cli_show_events(struct cli_run *r)
{
	if (!r->calls) {
		if (!no_events(r))
			collect();
		cli_head(r, HEAD);
		r->num = ev.n > EVENTS_KEPT ? ev.n - EVENTS_KEPT : 0;
	}
	r->num = MAX(r->num, ev.n > EVENTS_KEPT ? ev.n - EVENTS_KEPT : 0);
	for (; r->num < ev.n && !cli_full(r); r->num++)
		if (ev.ring[r->num % EVENTS_KEPT].e.srv != UINT32_MAX)
			row(r, &ev.ring[r->num % EVENTS_KEPT]);
	if (r->num < ev.n)
		return CLI_AGAIN;
	cli_tail(r);
	return CLI_DONE;
}

/* Newest last, as in the log. */
static void history_rows(struct cli_run *r, uint32_t srv)
{
	const struct history *h = ev.of_srv ? ev.of_srv[srv] : NULL;

	for (uint32_t i = h && h->n > HISTORY ? h->n - HISTORY : 0; h && i < h->n; i++)
		row(r, &h->at[i % HISTORY]);
}

static bool health_range(struct cli_run *r)
{
	r->num = r->l->rt->nsrv;
	if (!r->n)
		return true;
	if (str_chr(r->w[0], '/') >= 0) {
		uint32_t srv = cli_server(r, r->w[0]);
		if (srv == RT_NONE)
			return false;
		r->srv = srv, r->num = srv + 1;
		return true;
	}
	uint32_t px = cli_backend(r, r->w[0]);
	if (px == RT_NONE)
		return false;
	r->srv = r->l->rt->px[px].be.srv0;
	r->num = r->srv + r->l->rt->px[px].be.nsrv;
	return true;
}

enum cli_state cli_show_health(struct cli_run *r)
{
	if (!r->calls) {
		if (!no_events(r))
			collect();
		if (!health_range(r))
			return CLI_DONE;
		cli_head(r, HEAD);
	}
	for (unsigned looked = 0; r->srv < r->num && !cli_full(r) && looked < 10000; r->srv++, looked++)
		if (rt_srv_exists(&r->l->rt->srv[r->srv]))
			history_rows(r, r->srv);
	if (r->srv < r->num)
		return CLI_AGAIN;
	cli_tail(r);
	return CLI_DONE;
}
