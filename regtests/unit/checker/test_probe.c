// SPDX-License-Identifier: GPL-3.0-or-later
#include "checker_fixture.h"

static void a_listening_server_passes_layer4_and_a_closed_port_is_refused(void **s)
{
	(void)s;
	struct origin o = { 0 };
	struct fx f;

	fx_init(&f, 2);
	origin_open(&o, &f.srv[0]);
	fx_words(&f);
	fx_fleet(&f);
	fx_go(&f);
	RUN_UNTIL(status_of(&f, 0) == CHK_L4OK && status_of(&f, 1) == CHK_L4CON);
	assert_int_equal(op_of(&f, 0), SRV_UP);
	assert_int_equal(op_of(&f, 1), SRV_DOWN);
	assert_int_equal(atomic_load(&f.ck.seg->srv[1].chk_down), 1);
	RUN_UNTIL(o.accepted >= 3);
	origin_close(&o);
	fx_close(&f);
}

static void a_server_that_stops_listening_goes_down_after_fall_and_returns_after_rise(void **s)
{
	(void)s;
	struct origin o = { 0 };
	struct fx f;
	uint16_t port;
	uint32_t fails;

	fx_init(&f, 1);
	origin_open(&o, &f.srv[0]);
	fx_words(&f);
	fx_fleet(&f);
	fx_go(&f);
	RUN_UNTIL(o.accepted >= 2 && f.ck.t[0]->health.pos == 4);
	port = f.srv[0].addr.port;
	origin_close(&o);
	RUN_UNTIL(op_of(&f, 0) == SRV_DOWN);
	fails = atomic_load(&f.ck.seg->srv[0].chk_fail);
	assert_int_equal(fails, 3);
	f.srv[0].addr.port = port;
	struct sock_listen_opts lo = { .unix_mode = -1, .unix_uid = -1, .unix_gid = -1 };
	o.lfd = sock_listen(&f.srv[0].addr, &lo);
	assert_true(o.lfd >= 0);
	o.accepted = 0;
	assert_true(io_add(&o.io, o.lfd, IO_READ, origin_accept));
	RUN_UNTIL(op_of(&f, 0) == SRV_UP);
	assert_true(o.accepted >= 1);
	assert_int_equal(f.ck.t[0]->health.pos, 4);
	origin_close(&o);
	fx_close(&f);
}

static void a_connection_that_never_stands_is_a_layer4_timeout(void **s)
{
	(void)s;
	struct sock_listen_opts lo = { .backlog = 1, .unix_mode = -1, .unix_uid = -1, .unix_gid = -1 };
	int lfd, fill[8];
	struct addr a;
	struct fx f;
	bool done;

	fx_init(&f, 1);
	a = f.srv[0].addr;
	a.port = 0;
	lfd = sock_listen(&a, &lo);
	assert_true(sock_local(lfd, &f.srv[0].addr));
	for (unsigned i = 0; i < ARRAY_LEN(fill); i++)
		fill[i] = sock_connect(&f.srv[0].addr, NULL, &done);
	fx_words(&f);
	fx_fleet(&f);
	fx_go(&f);
	RUN_UNTIL(status_of(&f, 0) == CHK_L4TOUT);
	for (unsigned i = 0; i < ARRAY_LEN(fill); i++)
		close(fill[i]);
	close(lfd);
	fx_close(&f);
}

static void check_addr_and_port_replace_the_servers(void **s)
{
	(void)s;
	struct origin o = { 0 };
	struct fx f;

	fx_init(&f, 1);
	origin_open(&o, &f.srv[0]);
	f.o[0].check_port = f.srv[0].addr.port;
	f.o[0].check_addr = f.srv[0].addr;
	f.o[0].check_addr.port = 0;
	f.srv[0].addr.port = 1;
	fx_words(&f);
	fx_fleet(&f);
	fx_go(&f);
	RUN_UNTIL(status_of(&f, 0) == CHK_L4OK);
	origin_close(&o);
	fx_close(&f);
}

static void first_checks_are_spread_over_one_interval(void **s)
{
	(void)s;
	struct fx f;

	fx_init(&f, 4);
	for (unsigned i = 0; i < 4; i++)
		f.o[i].inter = 4000;
	fx_words(&f);
	fx_fleet(&f);
	fx_go(&f);
	for (unsigned i = 0; i < 4; i++) {
		assert_in_range(f.ck.t[i]->timer.deadline, clock_ms() + 1, clock_ms() + 4017);
		for (unsigned j = 0; j < i; j++) {
			uint64_t a = f.ck.t[i]->timer.deadline, b = f.ck.t[j]->timer.deadline, apart = a > b ? a - b : b - a;

			assert_in_range(MIN(apart, 4000 - apart), 500, 2000);
		}
	}
	fx_close(&f);
}

/* Where in its interval the next check of each server begins. */
static void max_spread_checks_bounds_the_time_until_the_first_check(void **s)
{
	struct fx f;

	(void)s;
	fx_init(&f, MAX_SRV);
	for (unsigned i = 0; i < MAX_SRV; i++)
		f.o[i].inter = i ? 60000 : 20;
	f.rt.g.max_spread_checks = 200;
	fx_words(&f);
	fx_fleet(&f);
	fx_go(&f);
	for (uint32_t i = 0; i < f.ck.ntargets; i++)
		assert_in_range(f.ck.t[i]->timer.deadline - clock_ms(), 0, i ? 216 : 36);
	fx_close(&f);
}

static void phases(struct fx *f, uint64_t *ph)
{
	for (unsigned i = 0; i < 4; i++)
		ph[i] = f->ck.t[i]->timer.deadline % 4000;
}

static void a_checker_that_starts_again_goes_on_in_the_same_rhythm(void **s)
{
	(void)s;
	uint64_t before[4], after[4];
	struct fx f;

	fx_init(&f, 4);
	for (unsigned i = 0; i < 4; i++)
		f.o[i].inter = 4000;
	fx_words(&f);
	fx_fleet(&f);
	fx_go(&f);
	phases(&f, before);
	for (unsigned n = 0; n < 5; n++) {
		fleet_free(&f.ck);
		clock_now_ns += 1700000000;
		assert_true(fleet_init(&f.ck));
		fx_go(&f);
		phases(&f, after);
		for (unsigned i = 0; i < 4; i++)
			assert_in_range((after[i] + 4000 - before[i] + 16) % 4000, 0, 32);
	}
	fx_close(&f);
}

static void a_check_that_began_late_does_not_move_those_after_it(void **s)
{
	(void)s;
	uint64_t beat;
	struct fx f;

	fx_init(&f, 1);
	f.o[0].inter = 800;
	fx_words(&f);
	fx_fleet(&f);
	fx_go(&f);
	beat = f.ck.t[0]->timer.deadline % 800;
	for (unsigned late = 0; late < 400; late += 37) {
		struct target *t = f.ck.t[0];

		clock_now_ns = (t->timer.deadline + late) * 1000000;
		t->started_ns = clock_now_ns;
		probe_finish(t, CHK_L4OK, 0, STR_NULL);
		assert_int_equal(t->timer.deadline % 800, beat);
		assert_in_range(t->timer.deadline - clock_ms(), 400, 800);
	}
	fx_close(&f);
}

static void spread_checks_varies_the_interval_within_its_bounds(void **s)
{
	(void)s;
	struct fx f;
	uint64_t lo = UINT64_MAX, hi = 0;

	fx_init(&f, 1);
	f.rt.g.spread_checks = 20;
	f.o[0].inter = 10000;
	fx_words(&f);
	fx_fleet(&f);
	for (unsigned i = 0; i < 200; i++) {
		struct target *t = f.ck.t[0];
		uint64_t in;

		t->started_ns = clock_now_ns;
		probe_finish(t, CHK_L4OK, 0, STR_NULL);
		in = t->timer.deadline - clock_ms();
		lo = MIN(lo, in);
		hi = MAX(hi, in);
	}
	assert_in_range(lo, 8000, 8500);
	assert_in_range(hi, 11500, 12016);
	fx_close(&f);
}

static void want_of_descriptors_is_no_verdict(void **s)
{
	(void)s;
	struct origin o = { 0 };
	struct fx f;
	int fds[1024], n = 0;

	fx_init(&f, 1);
	origin_open(&o, &f.srv[0]);
	fx_words(&f);
	fx_fleet(&f);
	fx_go(&f);
	sock_raise_nofile(64);
	while (n < 1024 && (fds[n] = dup(0)) >= 0)
		n++;
	if (n < 1024) {
		uint64_t until = clock_read_ns() + 100000000;

		while (clock_read_ns() < until)
			fx_turn(10);
		assert_int_equal(status_of(&f, 0), CHK_UNKNOWN);
		assert_int_equal(op_of(&f, 0), SRV_UP);
	}
	while (n)
		close(fds[--n]);
	RUN_UNTIL(status_of(&f, 0) == CHK_L4OK);
	origin_close(&o);
	fx_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_listening_server_passes_layer4_and_a_closed_port_is_refused),
		cmocka_unit_test(a_server_that_stops_listening_goes_down_after_fall_and_returns_after_rise),
		cmocka_unit_test(a_connection_that_never_stands_is_a_layer4_timeout),
		cmocka_unit_test(check_addr_and_port_replace_the_servers),
		cmocka_unit_test(first_checks_are_spread_over_one_interval),
		cmocka_unit_test(max_spread_checks_bounds_the_time_until_the_first_check),
		cmocka_unit_test(a_checker_that_starts_again_goes_on_in_the_same_rhythm),
		cmocka_unit_test(a_check_that_began_late_does_not_move_those_after_it),
		cmocka_unit_test(spread_checks_varies_the_interval_within_its_bounds),
		cmocka_unit_test(want_of_descriptors_is_no_verdict),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
