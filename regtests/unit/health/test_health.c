// SPDX-License-Identifier: GPL-3.0-or-later
/* Transitions as tables: a start, a string of results, and what must have happened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sluice/health/health.h>

static struct rt_srv_opts opts;
static struct rt_server server;

static struct health fresh(uint16_t rise, uint16_t fall, enum init_state init)
{
	struct health h;

	opts = (struct rt_srv_opts){ .rise = rise, .fall = fall, .init_state = (uint8_t)init, .inter = 2000 };
	server = (struct rt_server){ .flags = SRVF_CHECK, .track = RT_NONE, .o = &opts, .weight = 7 };
	health_init(&h, &server);
	return h;
}

/* + passed, - failed, c conditional, n neutral; the output: . same, U up, D down, S stopping, and lower case m when only the counter moved. */
static void run(struct health *h, const char *in, const char *want, bool slow)
{
	for (unsigned i = 0; in[i]; i++) {
		enum health_result r = in[i] == '+' ? HEALTH_PASSED : in[i] == '-' ? HEALTH_FAILED : in[i] == 'c' ? HEALTH_CONDPASS : HEALTH_NEUTRAL;
		bool moved;
		enum health_change ch = health_apply(h, r, slow, &moved);
		char got = ch == HEALTH_UP ? 'U' : ch == HEALTH_DOWN ? 'D' : ch == HEALTH_STOPPING ? 'S' : moved ? 'm' : '.';

		if (got != want[i])
			fail_msg("%s: result %u gave %c, not %c (position %u)", in, i, got, want[i], h->pos);
	}
}

static void results_move_the_counter_as_haproxy_counts(void **s)
{
	(void)s;
	static const struct { uint16_t rise, fall; enum init_state init; const char *in, *out; uint16_t pos; } t[] = {
		{ 2, 3, INIT_UP, "-", "D", 0 },                     /* one failure is enough at the start */
		{ 2, 3, INIT_UP, "+", "m", 4 },                     /* one success jumps to the top */
		{ 2, 3, INIT_UP, "+---", "mmmD", 0 },               /* then it takes fall failures */
		{ 2, 3, INIT_FULLY_UP, "--+", "mmm", 4 },           /* a success in between forgives all */
		{ 2, 3, INIT_FULLY_UP, "---", "mmD", 0 },
		{ 2, 3, INIT_FULLY_UP, "+++", "...", 4 },
		{ 2, 3, INIT_DOWN, "+", "U", 4 },
		{ 2, 3, INIT_DOWN, "-+", "mm", 1 },
		{ 2, 3, INIT_FULLY_DOWN, "++", "mU", 4 },
		{ 2, 3, INIT_FULLY_DOWN, "+-+-+-", "mmmmmm", 0 },   /* rise must be consecutive */
		{ 2, 3, INIT_FULLY_DOWN, "---", "...", 0 },
		{ 1, 1, INIT_UP, "-+-+", "DUDU", 1 },
		{ 5, 2, INIT_FULLY_DOWN, "+++++--", "mmmmUmD", 0 },
		{ 2, 3, INIT_NONE, "nnn", "...", 2 },
		{ 2, 3, INIT_FULLY_UP, "c", "S", 4 },               /* disable-on-404 */
		{ 2, 3, INIT_FULLY_UP, "cc+", "S.U", 4 },
		{ 2, 3, INIT_FULLY_UP, "c---", "SmmD", 0 },
		{ 2, 3, INIT_FULLY_UP, "-c", "mS", 4 },
	};

	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		struct health h = fresh(t[i].rise, t[i].fall, t[i].init);

		run(&h, t[i].in, t[i].out, false);
		assert_int_equal(h.pos, t[i].pos);
		assert_int_equal(h.state != SRV_DOWN, h.pos >= h.rise);
	}
}

static void coming_up_with_slowstart_starts_a_ramp_that_a_success_does_not_end(void **s)
{
	(void)s;
	struct health h = fresh(2, 3, INIT_FULLY_DOWN);

	run(&h, "++", "mU", true);
	assert_int_equal(h.state, SRV_STARTING);
	assert_int_equal(h.ramp, 1);
	run(&h, "+++", "...", true);
	assert_int_equal(h.state, SRV_STARTING);
	run(&h, "---", "mmD", true);
	assert_int_equal(h.state, SRV_DOWN);
}

static void leaving_stopping_needs_no_ramp(void **s)
{
	(void)s;
	struct health h = fresh(2, 3, INIT_FULLY_UP);

	run(&h, "c+", "SU", true);
	assert_int_equal(h.state, SRV_UP);
	assert_int_equal(h.ramp, 100);
}

static void unchecked_servers_start_up_and_unresolved_ones_down(void **s)
{
	(void)s;
	struct health h = fresh(2, 3, INIT_FULLY_DOWN);

	server.flags = 0;
	health_init(&h, &server);
	assert_int_equal(h.state, SRV_UP);
	server.flags = SRVF_UNRESOLVED;
	health_init(&h, &server);
	assert_int_equal(h.state, SRV_DOWN);
}

static void passive_errors_act_as_on_error_says(void **s)
{
	(void)s;
	static const struct { enum on_error mode; uint16_t pos; enum health_change ch; bool moved; } t[] = {
		{ ONERR_FASTINTER, 4, HEALTH_SAME, false },
		{ ONERR_FAIL_CHECK, 3, HEALTH_SAME, true },
		{ ONERR_SUDDEN_DEATH, 2, HEALTH_SAME, true },
		{ ONERR_MARK_DOWN, 0, HEALTH_DOWN, true },
	};

	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		struct health h = fresh(2, 3, INIT_FULLY_UP);
		bool moved;

		assert_int_equal(health_on_error(&h, t[i].mode, &moved), t[i].ch);
		assert_int_equal(h.pos, t[i].pos);
		assert_int_equal(moved, t[i].moved);
	}
}

static void sudden_death_leaves_one_step(void **s)
{
	(void)s;
	struct health h = fresh(2, 5, INIT_FULLY_UP);
	bool moved;

	health_on_error(&h, ONERR_SUDDEN_DEATH, &moved);
	run(&h, "-", "D", false);
}

static void a_restart_goes_on_from_the_published_word(void **s)
{
	(void)s;
	for (unsigned init = 0; init <= INIT_NONE; init++) {
		struct health h = fresh(3, 4, (enum init_state)init), r;
		bool moved;

		health_apply(&h, HEALTH_FAILED, false, &moved);
		health_restore(&r, &server, health_op_word(&h, 77));
		assert_int_equal(r.pos, h.pos);
		assert_int_equal(r.state, h.state);
		assert_int_equal(srv_op_since(health_op_word(&h, 77)), 77);
	}
}

static void a_restored_word_that_does_not_fit_keeps_the_state(void **s)
{
	(void)s;
	struct health h = fresh(2, 3, INIT_UP);

	health_restore(&h, &server, srv_op_pack(SRV_UP, 0, 100, 1));
	assert_int_equal(h.pos, 2);
	health_restore(&h, &server, srv_op_pack(SRV_DOWN, 200, 100, 1));
	assert_int_equal(h.pos, 1);
	health_restore(&h, &server, srv_op_pack(SRV_STARTING, 4, 35, 1));
	assert_int_equal(h.ramp, 35);
	health_restore(&h, &server, 0xff);
	assert_int_equal(h.state, SRV_DOWN);
}

static void intervals_depend_on_where_the_counter_stands(void **s)
{
	(void)s;
	struct health h = fresh(2, 3, INIT_FULLY_UP);
	bool moved;

	opts.fastinter = 500;
	opts.downinter = 9000;
	assert_int_equal(health_interval(&h, &opts), 2000);
	health_apply(&h, HEALTH_FAILED, false, &moved);
	assert_int_equal(health_interval(&h, &opts), 500);
	health_apply(&h, HEALTH_FAILED, false, &moved);
	health_apply(&h, HEALTH_FAILED, false, &moved);
	assert_int_equal(health_interval(&h, &opts), 9000);
	health_apply(&h, HEALTH_PASSED, false, &moved);
	assert_int_equal(health_interval(&h, &opts), 500);
	opts.fastinter = opts.downinter = 0;
	assert_int_equal(health_interval(&h, &opts), 2000);
}

static void fractions_read_as_in_haproxys_logs(void **s)
{
	(void)s;
	struct health h = fresh(2, 3, INIT_FULLY_UP);
	unsigned have, of;

	health_fraction(&h, &have, &of);
	assert_int_equal(have * 10 + of, 33);
	h.pos = 2;
	health_fraction(&h, &have, &of);
	assert_int_equal(have * 10 + of, 13);
	h.pos = 1;
	health_fraction(&h, &have, &of);
	assert_int_equal(have * 10 + of, 12);
}

static void the_ramp_is_linear_in_steps_and_never_0(void **s)
{
	(void)s;
	assert_int_equal(health_ramp(0, 10000), 1);
	assert_int_equal(health_ramp(499, 10000), 1);
	assert_int_equal(health_ramp(500, 10000), 5);
	assert_int_equal(health_ramp(5050, 10000), 50);
	assert_int_equal(health_ramp(9999, 10000), 95);
	assert_int_equal(health_ramp(10000, 10000), 100);
	assert_int_equal(health_ramp(0, 0), 100);
}

static void a_follower_goes_where_its_server_goes_with_its_own_ramp(void **s)
{
	(void)s;
	struct health of = fresh(2, 3, INIT_FULLY_UP), h = of;

	of.state = SRV_DOWN;
	assert_int_equal(health_follow(&h, &of, true), HEALTH_DOWN);
	assert_int_equal(health_follow(&h, &of, true), HEALTH_SAME);
	of.state = SRV_STARTING;
	assert_int_equal(health_follow(&h, &of, false), HEALTH_UP);
	assert_int_equal(h.state, SRV_UP);
	of.state = SRV_STOPPING;
	assert_int_equal(health_follow(&h, &of, false), HEALTH_STOPPING);
	of.state = SRV_DOWN;
	health_follow(&h, &of, false);
	of.state = SRV_UP;
	assert_int_equal(health_follow(&h, &of, true), HEALTH_UP);
	assert_int_equal(h.state, SRV_STARTING);
}

static void words_pack_and_unpack(void **s)
{
	(void)s;
	uint64_t w = health_check_word(CHK_L7STS, 503, 0x12345678);

	fresh(2, 3, INIT_UP);
	assert_int_equal(check_word_status(w), CHK_L7STS);
	assert_int_equal(check_word_code(w), 503);
	assert_int_equal(check_word_ms(w), 0xffffff);
	opts.maxconn = 100;
	server.flags |= SRVF_DISABLED;
	w = health_initial_admin(&server);
	assert_int_equal(srv_admin_bits(w), ADM_CONFIG_MAINT);
	assert_int_equal(srv_admin_weight(w), 7);
	assert_int_equal(srv_admin_maxconn(w), 100);
	assert_int_equal(srv_op_state(health_initial_op(&server, 5)), SRV_UP);
	assert_string_equal(check_status_word(CHK_L7OKC), "L7OKC");
	assert_string_equal(check_status_text((enum check_status)200), "Unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results_move_the_counter_as_haproxy_counts),
		cmocka_unit_test(coming_up_with_slowstart_starts_a_ramp_that_a_success_does_not_end),
		cmocka_unit_test(leaving_stopping_needs_no_ramp),
		cmocka_unit_test(unchecked_servers_start_up_and_unresolved_ones_down),
		cmocka_unit_test(passive_errors_act_as_on_error_says),
		cmocka_unit_test(sudden_death_leaves_one_step),
		cmocka_unit_test(a_restart_goes_on_from_the_published_word),
		cmocka_unit_test(a_restored_word_that_does_not_fit_keeps_the_state),
		cmocka_unit_test(intervals_depend_on_where_the_counter_stands),
		cmocka_unit_test(fractions_read_as_in_haproxys_logs),
		cmocka_unit_test(the_ramp_is_linear_in_steps_and_never_0),
		cmocka_unit_test(a_follower_goes_where_its_server_goes_with_its_own_ramp),
		cmocka_unit_test(words_pack_and_unpack),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
