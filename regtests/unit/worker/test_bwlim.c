// SPDX-License-Identifier: GPL-3.0-or-later
/* What a stream with bandwidth limits may send, and when it goes on. Time stands still unless the test moves it. */
#include "fake_req.h"
#include "../../../src/worker/bwlim.h"

static struct fake_mux to_client, to_server;
static struct rt_bwlim out = { .name = STR("out"), .limit = 100, .period = 1000 }, in = { .name = STR("in"), .in = true, .limit = 50, .period = 1000 };
static struct buf body;

static int open_limits(void **state)
{
	open_world(state);
	fake_request(&w, "/");
	clock_now_ns = 1000000000000;
	to_client = to_server = (struct fake_mux){ .room = 256 };
	to_client.m.ops = to_server.m.ops = &fake_ops;
	w.s.cli = (struct endp){ .mux = &to_client.m, .front = true, .owner = &w.s };
	w.s.srv = (struct endp){ .mux = &to_server.m, .owner = &w.s };
	assert_true(buf_acquire(&body));
	return 0;
}

static int close_limits(void **state)
{
	buf_release(&body);
	return close_world(state);
}

static void limit(const struct rt_bwlim *f, uint32_t bytes, uint32_t ms)
{
	bwlim_set(&w.s, &(struct rt_bw_use){ .filter = f, .limit = bytes, .period = ms });
}

static void fill(unsigned n)
{
	char text[256];

	memset(text, 'x', n);
	assert_int_equal(buf_append(&body, str_n(text, n)), n);
}

static bool send_to(struct endp *ep, unsigned flags)
{
	struct mux_tx tx = { .body = &body, .flags = (uint8_t)flags };

	return bwlim_send(&w.s, ep, &tx);
}

static void pass_ms(uint64_t ms) { clock_now_ns += ms * 1000000; }

TEST(what_the_limit_allows_passes_at_once_and_the_rest_waits)
{
	limit(&out, 0, 0);
	fill(150);
	assert_false(send_to(&w.s.cli, 0));
	assert_int_equal(to_client.out_len, 100);
	assert_int_equal(buf_len(&body), 50);
	assert_true(w.s.exp_bw > clock_ms());
	assert_true(w.s.exp_bw <= clock_ms() + 1000);
	pass_ms(2000);
	assert_true(send_to(&w.s.cli, 0));
	assert_int_equal(to_client.out_len, 150);
}

TEST(the_end_of_a_body_is_told_with_its_last_byte)
{
	limit(&out, 0, 0);
	fill(150);
	assert_false(send_to(&w.s.cli, MS_EOM));
	assert_false(to_client.out_end);
	pass_ms(2000);
	assert_true(send_to(&w.s.cli, MS_EOM));
	assert_true(to_client.out_end);
}

TEST(each_direction_has_limits_of_its_own)
{
	limit(&in, 0, 0);
	fill(120);
	assert_true(send_to(&w.s.cli, 0)); /* none that way */
	assert_int_equal(to_client.out_len, 120);
	fill(120);
	assert_false(send_to(&w.s.srv, 0));
	assert_int_equal(to_server.out_len, 50);
}

TEST(the_narrowest_of_several_limits_counts)
{
	struct rt_bwlim narrow = { .name = STR("narrow"), .limit = 30, .period = 1000 };

	limit(&out, 0, 0);
	limit(&narrow, 0, 0);
	fill(150);
	assert_false(send_to(&w.s.cli, 0));
	assert_int_equal(to_client.out_len, 30);
}

TEST(a_rule_may_give_it_other_values_again)
{
	limit(&out, 20, 0);
	fill(150);
	assert_false(send_to(&w.s.cli, 0));
	assert_int_equal(to_client.out_len, 20);
	limit(&out, 70, 0); /* the same one: what has passed is not forgotten */
	assert_false(send_to(&w.s.cli, 0));
	assert_int_equal(to_client.out_len, 70);
}

TEST(credit_that_the_receiver_did_not_take_is_not_lost_and_not_given_twice)
{
	limit(&out, 0, 0);
	fill(150);
	to_client.room = 40;
	assert_false(send_to(&w.s.cli, 0));
	assert_int_equal(to_client.out_len, 40);
	to_client.room = 256;
	assert_false(send_to(&w.s.cli, 0));
	assert_int_equal(to_client.out_len, 100);
}

TEST(without_a_limit_or_a_body_nothing_waits)
{
	fill(200);
	assert_true(send_to(&w.s.cli, 0));
	limit(&out, 0, 0);
	assert_true(send_to(&w.s.cli, MS_EOM));
	assert_true(to_client.out_end);
}

#define TB(f) cmocka_unit_test_setup_teardown(f, open_limits, close_limits)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TB(what_the_limit_allows_passes_at_once_and_the_rest_waits), TB(the_end_of_a_body_is_told_with_its_last_byte),
		TB(each_direction_has_limits_of_its_own), TB(the_narrowest_of_several_limits_counts), TB(a_rule_may_give_it_other_values_again),
		TB(credit_that_the_receiver_did_not_take_is_not_lost_and_not_given_twice), TB(without_a_limit_or_a_body_nothing_waits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
