// SPDX-License-Identifier: GPL-3.0-or-later
/* Which objects are walked over, and in which order. */
#include "stats_fixture.h"

/* "web/F web/L1 …" */
static const char *walk(struct stats_iter it)
{
	static char text[512];
	struct sbuf b = SBUF_FIXED(text);
	struct stats_obj o;

	while (stats_next(&src, &it, &o))
		sbuf_printf(&b, "%s%s/%c%u", b.n ? " " : "", px[o.px].name.p, "FBSL"[o.kind], o.kind == STAT_SRV || o.kind == STAT_LST ? o.idx : 0);
	text[b.n] = 0;
	return text;
}

#define ALL .iid = -1, .sid = -1

TEST(the_order_is_haproxys)
{
	assert_string_equal(walk((struct stats_iter){ ALL }), "web/F0 web/L0 web/L1 app/S0 app/S1 app/S2 app/S3 app/S4 app/B0 raw/F0 raw/S5 raw/B0");
}

TEST(listeners_are_shown_under_option_socket_stats_alone)
{
	px[PX_WEB].opts = 0, px[PX_RAW].opts = OPT_SOCKET_STATS;
	assert_string_equal(walk((struct stats_iter){ ALL, .types = 8 }), "raw/L2");
}

TEST(numbers_and_types_narrow_the_walk)
{
	assert_string_equal(walk((struct stats_iter){ .iid = 3, .sid = -1 }), "app/S0 app/S1 app/S2 app/S3 app/S4 app/B0");
	assert_string_equal(walk((struct stats_iter){ .iid = 3, .sid = 2, .types = 4 }), "app/S1");
	assert_string_equal(walk((struct stats_iter){ .iid = 2, .sid = 2, .types = 8 }), "web/L1");
	assert_string_equal(walk((struct stats_iter){ ALL, .types = 1 }), "web/F0 raw/F0");
	assert_string_equal(walk((struct stats_iter){ ALL, .types = 2 }), "app/B0 raw/B0");
	assert_string_equal(walk((struct stats_iter){ .iid = 99, .sid = -1 }), "");
}

TEST(servers_that_are_down_or_in_maintenance_can_be_left_out)
{
	fx_state(0, SRV_DOWN, 0), fx_admin(2, ADM_FORCED_MAINT, 1);
	assert_string_equal(walk((struct stats_iter){ ALL, .types = 4, .flags = STATS_UP }), "app/S1 app/S3 app/S4 raw/S5");
	assert_string_equal(walk((struct stats_iter){ ALL, .types = 4, .flags = STATS_NO_MAINT }), "app/S0 app/S1 app/S3 app/S4 raw/S5");
}

TEST(a_scope_names_proxies_and_a_dot_is_the_own_one)
{
	const struct str scope[] = { STR("app"), STR(".") };
	assert_string_equal(walk((struct stats_iter){ ALL, .types = 3, .scope = scope, .nscope = 2, .self = STR("raw") }), "app/B0 raw/F0 raw/B0");
}

TEST(disabled_proxies_are_not_there)
{
	px[PX_APP].caps |= PX_DISABLED, px[PX_WEB].caps |= PX_DISABLED;
	assert_string_equal(walk((struct stats_iter){ ALL }), "raw/F0 raw/S5 raw/B0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_order_is_haproxys), T(listeners_are_shown_under_option_socket_stats_alone), T(numbers_and_types_narrow_the_walk),
		T(servers_that_are_down_or_in_maintenance_can_be_left_out), T(a_scope_names_proxies_and_a_dot_is_the_own_one),
		T(disabled_proxies_are_not_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
