// SPDX-License-Identifier: GPL-3.0-or-later
#include "lb_fixture.h"

static int keyed(struct fx *f, uint32_t h)
{
	return lb_pick(&f->lb, &(struct lb_req){ .hash = h, .has_key = true });
}

static void a_key_stays_with_its_server_and_shares_are_exact(void **s)
{
	(void)s;
	struct fx f;
	int got[3] = { 0 };

	fx_open(&f, 1, 3, (unsigned[]){ 1, 2, 3 });
	fx_lb(&f, "source");
	for (uint32_t h = 0; h < 600; h++) {
		int p = keyed(&f, h);

		got[p]++;
		assert_int_equal(keyed(&f, h), p);
	}
	assert_int_equal(got[0], 100);
	assert_int_equal(got[1], 200);
	assert_int_equal(got[2], 300);
	fx_close(&f);
}

static void equal_weights_are_hash_modulo_n_in_configuration_order(void **s)
{
	(void)s;
	struct fx f;

	fx_open(&f, 1, 7, NULL);
	fx_lb(&f, "hdr");
	for (uint32_t h = 0; h < 50; h++)
		assert_int_equal(keyed(&f, h * 1000003u), h * 1000003u % 7);
	fx_close(&f);
}

static void a_request_without_key_goes_round_robin(void **s)
{
	(void)s;
	struct fx f;

	fx_open(&f, 1, 3, NULL);
	fx_lb(&f, "url_param");
	for (int i = 0; i < 7; i++)
		assert_int_equal(lb_pick(&f.lb, &any_req), i % 3);
	fx_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_stays_with_its_server_and_shares_are_exact),
		cmocka_unit_test(equal_weights_are_hash_modulo_n_in_configuration_order),
		cmocka_unit_test(a_request_without_key_goes_round_robin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
