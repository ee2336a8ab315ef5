// SPDX-License-Identifier: GPL-3.0-or-later
/* Counters and rates: sums, sliding, arrays. Times are ms. */
#include "stick_test.h"

static struct rt_table spec;

static struct stick_table *fresh(struct stick_at *at)
{
	static uint32_t k = 1;
	struct stick_table *t;

	spec = spec_of(SK_INTEGER, 4, 16, 0);
	spec.store[SD_GPC] = (struct rt_store){ .n = 3 };
	spec.store[SD_GPC_RATE] = (struct rt_store){ .n = 2, .period = 1000 };
	spec.store[SD_BYTES_OUT_CNT] = (struct rt_store){ .n = 1 };
	t = table_of(&spec);
	assert_true(stick_open(t, num_key(&k), true, 0, at));
	return t;
}

static uint64_t rate(const struct stick_at *at, uint32_t now) { return stick_value(at, SD_HTTP_REQ_RATE, 0, now); }

TEST(counters_add_up_and_may_be_set)
{
	struct stick_at at;
	struct stick_table *t = fresh(&at);

	stick_add(&at, SD_GPC0, 0, 2, 0);
	stick_add(&at, SD_GPC0, 0, 3, 0);
	assert_int_equal(stick_value(&at, SD_GPC0, 0, 0), 5);
	stick_set(&at, SD_GPC0, 0, 1, 0);
	assert_int_equal(stick_value(&at, SD_GPC0, 0, 0), 1);
	for (unsigned i = 0; i < 3; i++)
		stick_add(&at, SD_BYTES_OUT_CNT, 0, UINT32_MAX, 0);
	assert_true(stick_value(&at, SD_BYTES_OUT_CNT, 0, 0) == 3ull * UINT32_MAX);
	stick_close(&at);
	stick_unmap(t);
}

TEST(elements_of_an_array_are_apart_and_those_beyond_it_are_nothing)
{
	struct stick_at at;
	struct stick_table *t = fresh(&at);

	stick_add(&at, SD_GPC, 2, 7, 0);
	stick_add(&at, SD_GPC, 3, 9, 0);
	stick_add(&at, SD_GPC_RATE, 1, 4, 10);
	assert_int_equal(stick_value(&at, SD_GPC, 0, 0), 0);
	assert_int_equal(stick_value(&at, SD_GPC, 2, 0), 7);
	assert_int_equal(stick_value(&at, SD_GPC, 3, 0), 0);
	assert_int_equal(stick_value(&at, SD_GPC_RATE, 0, 10), 0);
	assert_int_equal(stick_value(&at, SD_GPC_RATE, 1, 10), 4);
	stick_close(&at);
	stick_unmap(t);
}

TEST(data_that_is_not_stored_reads_as_nothing)
{
	struct stick_at at;
	struct stick_table *t = fresh(&at);

	stick_add(&at, SD_CONN_CNT, 0, 1, 0);
	stick_event(&at, SE_SESS, 1, 0);
	assert_int_equal(stick_value(&at, SD_CONN_CNT, 0, 0), 0);
	assert_false(stick_has(&spec, SD_CONN_CNT));
	stick_close(&at);
	stick_unmap(t);
}

TEST(an_event_counts_in_all_of_its_rows)
{
	struct stick_at at;
	struct stick_table *t = fresh(&at);

	stick_event(&at, SE_HTTP_REQ, 3, 100);
	assert_int_equal(stick_value(&at, SD_HTTP_REQ_CNT, 0, 100), 3);
	assert_int_equal(rate(&at, 100), 3);
	stick_close(&at);
	stick_unmap(t);
}

/* 10 s: 100 events in the first period fade over the second, as the share of it that is left. */
TEST(a_rate_slides_over_two_periods)
{
	struct stick_at at;
	struct stick_table *t = fresh(&at);

	stick_event(&at, SE_HTTP_REQ, 100, 1000);
	assert_int_equal(rate(&at, 1000), 100);
	assert_int_equal(rate(&at, 10999), 100);
	assert_int_equal(rate(&at, 11000), 100);
	assert_int_equal(rate(&at, 16000), 50);
	stick_event(&at, SE_HTTP_REQ, 10, 16000); /* turns the period: it began at 11000 */
	assert_int_equal(rate(&at, 16000), 60);
	assert_int_equal(rate(&at, 20999), 10);
	assert_int_equal(rate(&at, 26000), 5);
	assert_int_equal(rate(&at, 40000), 0);
	stick_event(&at, SE_HTTP_REQ, 1, 90000);
	assert_int_equal(rate(&at, 90000), 1);
	stick_close(&at);
	stick_unmap(t);
}

TEST(one_lonely_event_stays_one_until_it_is_forgotten)
{
	struct stick_at at;
	struct stick_table *t = fresh(&at);

	stick_event(&at, SE_HTTP_REQ, 1, 1000);
	assert_int_equal(rate(&at, 19999), 1);
	assert_int_equal(rate(&at, 21000), 0);
	stick_close(&at);
	stick_unmap(t);
}

TEST(a_rate_that_was_set_fades_like_one_that_was_counted)
{
	struct stick_at at;
	struct stick_table *t = fresh(&at);

	stick_event(&at, SE_HTTP_REQ, 77, 500);
	stick_set(&at, SD_HTTP_REQ_RATE, 0, 40, 1000);
	assert_int_equal(rate(&at, 1000), 40);
	assert_int_equal(rate(&at, 16000), 20);
	stick_close(&at);
	stick_unmap(t);
}

TEST(clocks_that_differ_a_little_do_not_turn_a_period)
{
	struct stick_at at;
	struct stick_table *t = fresh(&at);

	stick_event(&at, SE_HTTP_REQ, 2, 1000);
	stick_event(&at, SE_HTTP_REQ, 2, 998);
	assert_int_equal(rate(&at, 999), 4);
	stick_close(&at);
	stick_unmap(t);
}

TEST(pins_are_the_open_connections)
{
	struct stick_at at;
	struct stick_table *t = fresh(&at);
	struct stick_ref a, b;

	assert_true(stick_pin(&at, &a));
	assert_true(stick_pin(&at, &b));
	assert_int_equal(stick_value(&at, SD_CONN_CUR, 0, 0), 2);
	stick_set(&at, SD_CONN_CUR, 0, 10, 0);
	assert_int_equal(stick_value(&at, SD_CONN_CUR, 0, 0), 10);
	stick_close(&at);
	stick_unpin(t, &a, 0);
	at = stick_at_ref(t, &b);
	assert_int_equal(stick_value(&at, SD_CONN_CUR, 0, 0), 9);
	stick_unpin(t, &b, 0);
	stick_unmap(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters_add_up_and_may_be_set),
		cmocka_unit_test(elements_of_an_array_are_apart_and_those_beyond_it_are_nothing),
		cmocka_unit_test(data_that_is_not_stored_reads_as_nothing),
		cmocka_unit_test(an_event_counts_in_all_of_its_rows),
		cmocka_unit_test(a_rate_slides_over_two_periods),
		cmocka_unit_test(one_lonely_event_stays_one_until_it_is_forgotten),
		cmocka_unit_test(a_rate_that_was_set_fades_like_one_that_was_counted),
		cmocka_unit_test(clocks_that_differ_a_little_do_not_turn_a_period),
		cmocka_unit_test(pins_are_the_open_connections),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
