// SPDX-License-Identifier: GPL-3.0-or-later
/* Frontends opened and closed at run time, and limits of frontends and of the process. */
#include <sluice/base/num.h>
#include "cli_change.h"

static uint32_t fe_state(const struct cli_run *r, uint32_t px)
{
	return atomic_load_explicit(&r->l->seg->be[px].fe_state, memory_order_relaxed);
}

static enum cli_state set_fe_state(struct cli_run *r, uint32_t px, enum fe_state to)
{
	return cli_change(r, &(struct change){ .kind = CHG_FE_STATE, .at = px, .value = to });
}

enum cli_state cli_disable_frontend(struct cli_run *r)
{
	uint32_t px = cli_frontend(r, r->n ? r->w[0] : STR_NULL);

	if (px == RT_NONE)
		return CLI_DONE;
	if (fe_state(r, px) == FE_SHUT)
		return cli_say(r, CLI_NOTICE, "Frontend was previously shut down, cannot disable.");
	if (fe_state(r, px) == FE_DISABLED)
		return cli_say(r, CLI_NOTICE, "All sockets are already disabled.");
	return set_fe_state(r, px, FE_DISABLED);
}

enum cli_state cli_enable_frontend(struct cli_run *r)
{
	uint32_t px = cli_frontend(r, r->n ? r->w[0] : STR_NULL);

	if (px == RT_NONE)
		return CLI_DONE;
	if (fe_state(r, px) == FE_SHUT)
		return cli_say(r, CLI_NOTICE, "Frontend was previously shut down, cannot enable.");
	if (fe_state(r, px) == FE_OPEN)
		return cli_say(r, CLI_NOTICE, "All sockets are already enabled.");
	return set_fe_state(r, px, FE_OPEN);
}

enum cli_state cli_shutdown_frontend(struct cli_run *r)
{
	uint32_t px = cli_frontend(r, r->n ? r->w[0] : STR_NULL);

	if (px == RT_NONE)
		return CLI_DONE;
	if (fe_state(r, px) == FE_SHUT)
		return cli_say(r, CLI_NOTICE, "Frontend was already shut down.");
	return set_fe_state(r, px, FE_SHUT);
}

static bool take_number(struct cli_run *r, unsigned at, uint32_t *n)
{
	uint64_t v;

	if (r->n > at && num_u64(r->w[at], &v) && v <= INT32_MAX) {
		*n = (uint32_t)v;
		return true;
	}
	return false;
}

enum cli_state cli_set_maxconn_frontend(struct cli_run *r)
{
	uint32_t px = cli_frontend(r, r->n ? r->w[0] : STR_NULL), n;

	if (px == RT_NONE)
		return CLI_DONE;
	if (!take_number(r, 1, &n))
		return cli_fail(r, "Integer value expected.");
	return cli_change(r, &(struct change){ .kind = CHG_FE_MAXCONN, .at = px, .value = n ? n : r->l->rt->px[px].maxconn });
}

/* 0 and numbers above the configured one: descriptors were reserved for that many. */
enum cli_state cli_set_maxconn_global(struct cli_run *r)
{
	uint32_t n, most = r->l->rt->g.maxconn;

	if (!r->n)
		return cli_fail(r, "Expects an integer value.");
	if (!take_number(r, 0, &n) || n > most)
		return cli_fail(r, "Value out of range.");
	return cli_change(r, &(struct change){ .kind = CHG_MAXCONN_ALL, .value = n ? n : most });
}

enum cli_state cli_set_rate_limit(struct cli_run *r)
{
	static const struct { const char *word; enum change_kind kind; } rates[] = {
		{ "connections", CHG_CONN_RATE }, { "sessions", CHG_SESS_RATE }, { "ssl-sessions", CHG_SSL_RATE },
	};
	uint32_t n;

	for (size_t i = 0; r->n > 1 && i < ARRAY_LEN(rates); i++)
		if (str_eq(r->w[0], str_c(rates[i].word)) && str_eq(r->w[1], STR("global"))) {
			if (r->n < 3)
				return cli_fail(r, "Integer value expected.");
			if (!take_number(r, 2, &n))
				return cli_fail(r, "Value out of range.");
			return cli_change(r, &(struct change){ .kind = (uint8_t)rates[i].kind, .value = n });
		}
	return cli_fail(r, "'set rate-limit' only supports :\n"
			   "   - 'connections global' to set the per-process maximum connection rate\n"
			   "   - 'sessions global' to set the per-process maximum session rate\n"
			   "   - 'ssl-sessions global' to set the per-process maximum SSL session rate");
}
