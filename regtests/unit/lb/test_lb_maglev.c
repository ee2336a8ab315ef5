// SPDX-License-Identifier: GPL-3.0-or-later
#include <sluice/base/hash.h>
#include "lb_fixture.h"

enum { KEYS = 20000 };

static int keyed(struct fx *f, uint32_t k)
{
	return lb_pick(&f->lb, &(struct lb_req){ .hash = hash_avalanche(k), .has_key = true });
}

static void open_with(struct fx *f, unsigned n, const unsigned *weights)
{
	fx_open(f, 2, n, weights);
	f->px.be.hash_consistent = true;
	fx_lb(f, "maglev");
	assert_string_equal(f->lb.algo->name, "maglev");
}

static void shares_follow_the_weights(void **s)
{
	(void)s;
	struct fx f;
	unsigned got[4] = { 0 };

	open_with(&f, 4, (unsigned[]){ 10, 10, 20, 40 });
	for (uint32_t k = 0; k < KEYS; k++)
		got[keyed(&f, k)]++;
	for (unsigned i = 0; i < 4; i++) {
		double want = KEYS * f.rt.srv[i].weight / 80.0;

		assert_true(got[i] > want * 0.85 && got[i] < want * 1.15);
	}
	fx_close(&f);
}

static void a_server_that_leaves_moves_few_other_keys_and_all_come_back_with_it(void **s)
{
	(void)s;
	struct fx f;
	static int before[KEYS];
	unsigned moved = 0;

	open_with(&f, 10, NULL);
	for (uint32_t k = 0; k < KEYS; k++)
		before[k] = keyed(&f, k);
	fx_state(&f, 4, SRV_DOWN, 100);
	for (uint32_t k = 0; k < KEYS; k++)
		moved += before[k] != 4 && keyed(&f, k) != before[k];
	assert_in_range(moved, 0, KEYS / 20);
	fx_state(&f, 4, SRV_UP, 100);
	for (uint32_t k = 0; k < KEYS; k++)
		assert_int_equal(keyed(&f, k), before[k]);
	fx_close(&f);
}

static void a_request_without_key_goes_round_robin(void **s)
{
	(void)s;
	struct fx f;

	open_with(&f, 3, NULL);
	for (int i = 0; i < 7; i++)
		assert_int_equal(lb_pick(&f.lb, &any_req), i % 3);
	fx_close(&f);
}

static void a_retry_of_a_key_always_finds_the_same_second_server(void **s)
{
	(void)s;
	struct fx f;

	open_with(&f, 5, NULL);
	for (uint32_t k = 0; k < 200; k++) {
		uint32_t first = (uint32_t)keyed(&f, k);
		struct lb_req r = { .hash = hash_avalanche(k), .has_key = true, .avoid = &first, .navoid = 1 };
		int second = lb_pick(&f.lb, &r);

		assert_int_not_equal(second, first);
		assert_int_equal(lb_pick(&f.lb, &r), second);
	}
	fx_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_follow_the_weights),
		cmocka_unit_test(a_server_that_leaves_moves_few_other_keys_and_all_come_back_with_it),
		cmocka_unit_test(a_request_without_key_goes_round_robin),
		cmocka_unit_test(a_retry_of_a_key_always_finds_the_same_second_server),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
