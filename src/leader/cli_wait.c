// SPDX-License-Identifier: GPL-3.0-or-later
/* `wait`: lets a script pause until a time has passed or a server may be taken away. */
#include <stdlib.h>
#include <sluice/base/clock.h>
#include <sluice/base/num.h>
#include "cli_change.h"

#define LOOK_MS 50u

struct waiting { struct timer timer; struct cli_run *r; uint64_t until; uint32_t srv; };

static void wait_end(struct cli_run *r)
{
	struct waiting *w = r->priv;

	timer_stop(&w->timer);
	free(w);
}

static void on_timer(struct timer *t) { cli_resume(CONTAINER_OF(t, struct waiting, timer)->r); }

static bool removable(const struct leader *l, uint32_t srv)
{
	return srv_admin_bits(srv_admin_now(l, srv)) & ADM_MAINT && !live_sum(l->seg, LIVE_SRV, srv) &&
	       !live_sum(l->seg, LIVE_SRV_QUEUE, srv) && !live_sum(l->seg, LIVE_SRV_CONN, srv);
}

static enum cli_state wait_begin(struct cli_run *r)
{
	uint32_t srv = RT_NONE;
	struct waiting *w;
	uint64_t ms;

	if (!r->n || !num_duration(r->w[0], 1000, &ms) || ms > INT32_MAX)
		return cli_fail(r, "Invalid wait delay. Use 'wait <delay> [srv-removable <backend>/<server>]'.");
	if (r->n > 1) {
		if (!str_eq(r->w[1], STR("srv-removable")))
			return cli_fail(r, "Unknown condition '" STR_FMT "'; only 'srv-removable' is known.", STR_ARG(r->w[1]));
		srv = cli_server(r, r->n > 2 ? r->w[2] : STR_NULL);
		if (srv == RT_NONE)
			return CLI_DONE;
	}
	if (!(w = calloc(1, sizeof(*w))))
		return cli_fail(r, "Out of memory.");
	*w = (struct waiting){ .r = r, .until = clock_ms() + ms, .srv = srv };
	timer_init(&w->timer, on_timer);
	r->priv = w;
	r->end = wait_end;
	return CLI_AGAIN;
}

enum cli_state cli_wait(struct cli_run *r)
{
	struct waiting *w = r->priv;

	if (!w)
		return wait_begin(r);
	if (w->srv != RT_NONE && removable(r->l, w->srv))
		return cli_say(r, CLI_INFO, "Done.");
	if (clock_ms() >= w->until)
		return w->srv == RT_NONE ? cli_say(r, CLI_INFO, "Done.") : cli_fail(r, "Wait delay expired.");
	timer_set(&w->timer, w->srv == RT_NONE ? w->until : MIN(w->until, clock_ms() + LOOK_MS));
	return CLI_WAIT;
}
