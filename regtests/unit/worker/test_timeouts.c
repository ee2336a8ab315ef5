// SPDX-License-Identifier: GPL-3.0-or-later
#include "fake.h"

static void unset_timeouts_fall_back_as_documented(void **state)
{
	struct fake_world w;

	(void)state;
	fake_world(&w);
	w.px[0].to[TO_CLIENT] = 7;
	w.px[1].to[TO_CONNECT] = 9;
	assert_int_equal(strm_timeout(&w.s, TO_HTTP_REQUEST), 7);
	assert_int_equal(strm_timeout(&w.s, TO_HTTP_KEEP_ALIVE), 7);
	assert_int_equal(strm_timeout(&w.s, TO_QUEUE), 9);
	assert_int_equal(strm_timeout(&w.s, TO_TARPIT), 9);
	w.px[0].to[TO_HTTP_REQUEST] = 3;
	assert_int_equal(strm_timeout(&w.s, TO_HTTP_KEEP_ALIVE), 3);
	fake_world_end(&w);
}

static void the_backend_says_how_long_a_buffered_body_may_take(void **state)
{
	struct fake_world w;

	(void)state;
	fake_world(&w);
	w.px[0].to[TO_CLIENT] = 700, w.px[0].to[TO_HTTP_REQUEST] = 5;
	assert_int_equal(strm_body_timeout(&w.s), 700);
	w.px[1].to[TO_HTTP_REQUEST] = 30;
	assert_int_equal(strm_body_timeout(&w.s), 30);
	fake_world_end(&w);
}

static void a_tunnel_replaces_both_inactivity_timeouts(void **state)
{
	struct fake_world w;

	(void)state;
	fake_world(&w);
	w.px[0].to[TO_CLIENT] = 10, w.px[1].to[TO_SERVER] = 20, w.px[1].to[TO_TUNNEL] = 1000;
	strm_touch_cli(&w.s), strm_touch_srv(&w.s);
	assert_int_equal(w.s.exp_cli, clock_ms() + 10);
	assert_int_equal(w.s.exp_srv, clock_ms() + 20);
	w.s.flags |= SF_TUNNEL;
	strm_touch_cli(&w.s), strm_touch_srv(&w.s);
	assert_int_equal(w.s.exp_cli, clock_ms() + 1000);
	assert_int_equal(w.s.exp_srv, clock_ms() + 1000);
	fake_world_end(&w);
}

static void a_half_closed_stream_waits_for_the_fin_timeouts(void **state)
{
	struct fake_world w;

	(void)state;
	fake_world(&w);
	w.px[0].to[TO_CLIENT] = 1000, w.px[0].to[TO_CLIENT_FIN] = 5;
	w.s.flags |= SF_FIN_SRV;
	strm_touch_cli(&w.s);
	assert_int_equal(w.s.exp_cli, clock_ms() + 5);
	fake_world_end(&w);
}

static void the_deadline_is_the_earliest_that_runs(void **state)
{
	struct stream s = { .exp = 0, .exp_cli = 9, .exp_srv = 4 };

	(void)state;
	assert_int_equal(strm_deadline(&s), 4);
	s.exp = 2;
	assert_int_equal(strm_deadline(&s), 2);
	s.exp = s.exp_cli = s.exp_srv = 0;
	assert_int_equal(strm_deadline(&s), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unset_timeouts_fall_back_as_documented),
		cmocka_unit_test(the_backend_says_how_long_a_buffered_body_may_take),
		cmocka_unit_test(a_tunnel_replaces_both_inactivity_timeouts),
		cmocka_unit_test(a_half_closed_stream_waits_for_the_fin_timeouts),
		cmocka_unit_test(the_deadline_is_the_earliest_that_runs),
	};

	(void)fake_use();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
