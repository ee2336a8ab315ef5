// SPDX-License-Identifier: GPL-3.0-or-later
/* Since when servers and backends are down. */
#include "checker_fixture.h"

static struct fx f;

static void set(unsigned i, enum srv_op st, uint32_t since) { atomic_store(&f.ck.seg->srv[i].op, srv_op_pack(st, 0, 100, since)); }

static int setup(void **state)
{
	(void)state;
	fx_init(&f, 2);
	fx_words(&f);
	clock_now_ns = 1000ull * 1000000000u;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	segment_unmap(f.ck.seg);
	loop_free();
	return 0;
}

static void time_spent_down_is_added_when_it_ends(void **state)
{
	struct target t = { .ck = &f.ck };

	(void)state;
	set(0, SRV_DOWN, 940);
	downtime_server(&t);
	assert_int_equal(f.ck.seg->srv[0].down_s, 60);
	set(0, SRV_UP, 990);
	downtime_server(&t);
	assert_int_equal(f.ck.seg->srv[0].down_s, 60);
	t.maint = true; /* maintenance counts, whatever the health is */
	downtime_server(&t);
	assert_int_equal(f.ck.seg->srv[0].down_s, 70);
}

static void a_backend_goes_down_with_its_last_server(void **state)
{
	struct seg_be *b = &f.ck.seg->be[0];

	(void)state;
	set(0, SRV_UP, 1), set(1, SRV_UP, 1);
	downtime_backend(&f.ck, 0);
	set(0, SRV_DOWN, 1000);
	downtime_backend(&f.ck, 0);
	assert_int_equal(b->chk_down, 0);
	set(1, SRV_DOWN, 1000);
	downtime_backend(&f.ck, 0);
	downtime_backend(&f.ck, 0);
	assert_int_equal(b->chk_down, 1);
	assert_int_equal(b->state, 1 | 1000ull << 32);
	clock_now_ns = 1015ull * 1000000000u;
	set(0, SRV_UP, 1015);
	downtime_backend(&f.ck, 0);
	assert_int_equal(b->down_s, 15);
	assert_int_equal(b->state, 1015ull << 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(time_spent_down_is_added_when_it_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(a_backend_goes_down_with_its_last_server, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
