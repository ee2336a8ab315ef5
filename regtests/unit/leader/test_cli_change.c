// SPDX-License-Identifier: GPL-3.0-or-later
/* Changes and transactions: what is collected is applied at once or not at all. */
#include "cli_fixture.h"

static int setup(void **state UNUSED)
{
	cli_fx_open(PLAIN "backend b\n server s1 192.0.2.1:80 check weight 10\n server s2 192.0.2.2:80 track s1\n server s3 192.0.2.3:80 track s2\n");
	return 0;
}

static int teardown(void **state UNUSED)
{
	cli_fx_close();
	return 0;
}

static uint64_t epoch(void) { return l.seg->h->epoch_leader; }

TEST(a_transaction_is_applied_at_once_and_told_once)
{
	uint64_t before = epoch();

	SAYS("begin", "");
	SAYS("set weight b/s1 3", "");
	SAYS("disable server b/s3", "");
	cmd("set server b/s1 addr 198.51.100.1");
	assert_int_equal(weight_of(0), 10);
	assert_int_equal(bits_of(srv_of("b", "s3")), 0);
	assert_int_equal(place_seq(l.seg, 0), 0);
	assert_int_equal(epoch(), before);
	SAYS("commit", "3 changes applied.\n");
	assert_int_equal(weight_of(0), 3);
	assert_int_equal(bits_of(srv_of("b", "s3")), ADM_FORCED_MAINT);
	assert_int_equal(cli_place(&l, 0).addr.in4.s_addr, htonl(0xc6336401));
	assert_int_equal(epoch(), before + 1);
}

TEST(what_is_rolled_back_never_was)
{
	cmd("begin");
	cmd("set weight b/s1 3");
	SAYS("rollback", "");
	SAYS("commit", "No transaction is open.\n");
	SAYS("rollback", "No transaction is open.\n");
	assert_int_equal(weight_of(0), 10);
}

TEST(one_command_that_fails_spoils_all_of_them)
{
	cmd("begin");
	cmd("set weight b/s1 3");
	cmd("set weight b/nobody 3");
	cmd("set weight b/s1 4");
	SAYS("commit", "A command of the transaction failed: nothing was changed.\n");
	assert_int_equal(weight_of(0), 10);
	SAYS("begin", ""); /* it is over */
	SAYS("begin", "A transaction is open already.\n");
}

TEST(a_transaction_of_nothing_and_one_that_is_too_long)
{
	cmd("begin");
	SAYS("commit", "0 changes applied.\n");
	cmd("begin");
	for (unsigned i = 0; i < TXN_MAX; i++)
		SAYS("set weight b/s1 3", "");
	SAYS("set weight b/s1 3", "Too many changes in a transaction (4096 at most).\n");
	SAYS("commit", "A command of the transaction failed: nothing was changed.\n");
	assert_int_equal(weight_of(0), 10);
}

TEST(followers_of_followers_inherit)
{
	uint32_t s2 = srv_of("b", "s2"), s3 = srv_of("b", "s3");

	cmd("disable server b/s1");
	assert_int_equal(bits_of(s2), ADM_INHERITED_MAINT);
	assert_int_equal(bits_of(s3), ADM_INHERITED_MAINT);
	cmd("set server b/s2 state drain"); /* of its own, beside what it inherits */
	assert_int_equal(bits_of(s2), ADM_FORCED_DRAIN | ADM_INHERITED_MAINT);
	assert_int_equal(bits_of(s3), ADM_INHERITED_MAINT | ADM_INHERITED_DRAIN);
	cmd("enable server b/s1");
	assert_int_equal(bits_of(s2), ADM_FORCED_DRAIN);
	assert_int_equal(bits_of(s3), ADM_INHERITED_DRAIN);
	cmd("enable server b/s2");
	assert_int_equal(bits_of(s3), 0);
}

TEST(a_change_of_one_part_of_a_word_leaves_the_others)
{
	cmd("set weight b/s1 3");
	cmd("set maxconn server b/s1 9");
	cmd("disable health b/s1");
	cmd("set server b/s1 state drain");
	uint64_t a = srv_admin_now(&l, 0);
	assert_int_equal(srv_admin_weight(a), 3);
	assert_int_equal(srv_admin_maxconn(a), 9);
	assert_int_equal(srv_admin_flags(a), ADMF_NOCHECK);
	assert_int_equal(srv_admin_bits(a), ADM_FORCED_DRAIN);
	/* the same order twice is two orders */
	cmd("set server b/s1 health down");
	uint32_t first = l.seg->srv[0].order;
	cmd("set server b/s1 health down");
	assert_int_not_equal(l.seg->srv[0].order, first);
	assert_int_equal(l.seg->srv[0].order & 0xff, ORDER_DOWN);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_transaction_is_applied_at_once_and_told_once),
		T(what_is_rolled_back_never_was),
		T(one_command_that_fails_spoils_all_of_them),
		T(a_transaction_of_nothing_and_one_that_is_too_long),
		T(followers_of_followers_inherit),
		T(a_change_of_one_part_of_a_word_leaves_the_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
