// SPDX-License-Identifier: GPL-3.0-or-later
/* Which server gets which address, and when it has none: answers are given by the test, no nameserver is asked. */
#include "names_fixture.h"

static void open_names(struct fx *f, unsigned nsrv) { open_names_of(f, nsrv, 0, STR("a.test")); }

static void a_server_gets_its_first_address_and_keeps_it_as_long_as_answers_have_it(void **s)
{
	(void)s;
	struct fx f;

	open_names(&f, 1);
	assert_string_equal(at(&f, 0), "maint");
	say(&f, DNS_VALID, "10.0.0.1", NULL);
	assert_string_equal(asked.name, "a.test");
	assert_int_equal(obey(&f), 1);
	assert_string_equal(at(&f, 0), "10.0.0.1");
	assert_true(logged("b/s1 changed its IP from (none) to 10.0.0.1 by dns/ns."));
	say(&f, DNS_VALID, "10.0.0.9", "10.0.0.1");
	assert_int_equal(obey(&f), 0);
	say(&f, DNS_VALID, "10.0.0.9", NULL);
	assert_int_equal(obey(&f), 1);
	assert_string_equal(at(&f, 0), "10.0.0.9");
	close_names(&f);
}

static void servers_with_one_name_share_the_question_and_not_the_address(void **s)
{
	(void)s;
	struct fx f;

	open_names(&f, 3);
	say(&f, DNS_VALID, "10.0.0.1", "10.0.0.2");
	obey(&f);
	assert_int_equal(nasked, 1);
	assert_string_equal(at(&f, 0), "10.0.0.1");
	assert_string_equal(at(&f, 1), "10.0.0.2");
	assert_string_equal(at(&f, 2), "maint");
	/* the first one loses its address: it gets the one that is free, not the second's */
	say(&f, DNS_VALID, "10.0.0.2", "10.0.0.3");
	obey(&f);
	assert_string_equal(at(&f, 0), "10.0.0.3");
	assert_string_equal(at(&f, 1), "10.0.0.2");
	f.o[2].resolve_opts = RESOLVE_DUP_IP;
	say(&f, DNS_VALID, "10.0.0.2", "10.0.0.3");
	obey(&f);
	assert_string_equal(at(&f, 2), "10.0.0.2");
	close_names(&f);
}

static void preferences_choose_and_do_not_exclude(void **s)
{
	(void)s;
	struct fx f;

	open_names(&f, 1);
	assert_true(addr_parse_net(&f.o[0].resolve_net[0], STR("10.0.0.2/32")));
	f.o[0].nresolve_net = 1;
	say(&f, DNS_VALID, "2001:db8::1", "10.0.0.2");
	obey(&f);
	assert_string_equal(at(&f, 0), "10.0.0.2");
	say(&f, DNS_VALID, "10.0.0.7", NULL);
	obey(&f);
	assert_string_equal(at(&f, 0), "10.0.0.7");
	close_names(&f);
}

static void failures_count_when_they_last_longer_than_hold(void **s)
{
	(void)s;
	struct fx f;

	open_names(&f, 1);
	say(&f, DNS_VALID, "10.0.0.1", NULL);
	obey(&f);
	for (unsigned i = 0; i < 4; i++)
		say(&f, i & 1 ? DNS_TIMEOUT : DNS_NX, NULL, NULL);
	assert_int_equal(obey(&f), 0);
	say(&f, DNS_OTHER, NULL, NULL); /* its hold is 0 */
	obey(&f);
	assert_string_equal(at(&f, 0), "maint");
	assert_true(logged("Server b/s1 is going DOWN for maintenance (unspecified DNS error)."));
	say(&f, DNS_VALID, "10.0.0.1", NULL);
	obey(&f);
	assert_string_equal(at(&f, 0), "10.0.0.1");
	say(&f, DNS_NX, NULL, NULL);
	pass_ms(5000);
	say(&f, DNS_NX, NULL, NULL);
	obey(&f);
	assert_string_equal(at(&f, 0), "maint");
	close_names(&f);
}

static void an_address_that_is_gone_is_kept_for_hold_obsolete(void **s)
{
	(void)s;
	struct fx f;

	open_names(&f, 1);
	section.hold[HOLD_OBSOLETE] = 2500;
	say(&f, DNS_VALID, "10.0.0.1", NULL);
	obey(&f);
	say(&f, DNS_VALID, "10.0.0.2", NULL);
	say(&f, DNS_VALID, "10.0.0.2", NULL);
	assert_int_equal(obey(&f), 0);
	say(&f, DNS_VALID, "10.0.0.2", NULL);
	obey(&f);
	assert_string_equal(at(&f, 0), "10.0.0.2");
	close_names(&f);
}

static void a_message_that_is_lost_is_sent_again_with_the_next_answer(void **s)
{
	(void)s;
	struct fx f;
	struct ipc_msg m;
	int fd;

	open_names(&f, 1);
	say(&f, DNS_VALID, "10.0.0.1", NULL);
	assert_int_equal(ipc_recv(leader, ROLE_LEADER, ROLE_CHECKER, &m, &fd), 1);
	say(&f, DNS_VALID, "10.0.0.1", NULL);
	assert_int_equal(obey(&f), 1);
	assert_string_equal(at(&f, 0), "10.0.0.1");
	close_names(&f);
}

static void a_checker_that_starts_again_moves_nobody(void **s)
{
	(void)s;
	struct fx f;

	open_names(&f, 2);
	say(&f, DNS_VALID, "10.0.0.1", "10.0.0.2");
	obey(&f);
	names_free();
	assert_true(names_init(&f.ck));
	names_go();
	say(&f, DNS_VALID, "10.0.0.2", "10.0.0.1");
	assert_int_equal(obey(&f), 0);
	close_names(&f);
}

static void what_is_on_its_way_to_the_leader_is_not_taken_for_an_address_set_by_hand(void **s)
{
	(void)s;
	struct fx f;
	struct srv_place p;
	struct ipc_msg lost;
	int fd;

	open_names(&f, 1);
	section.hold[HOLD_OBSOLETE] = 60000;
	say(&f, DNS_VALID, "10.0.0.1", NULL);
	obey(&f);
	names_tick(&f.ck);
	section.hold[HOLD_OBSOLETE] = 0;
	say(&f, DNS_VALID, "10.0.0.2", NULL);
	section.hold[HOLD_OBSOLETE] = 60000;
	assert_int_equal(ipc_recv(leader, ROLE_LEADER, ROLE_CHECKER, &lost, &fd), 1);
	atomic_fetch_add(&f.ck.seg->h->epoch_leader, 1); /* of something else */
	say(&f, DNS_VALID, "10.0.0.2", NULL);
	obey(&f);
	assert_string_equal(at(&f, 0), "10.0.0.2");
	/* but this is */
	names_tick(&f.ck);
	assert_true(place_read(f.ck.seg, 0, &p));
	assert_true(addr_parse_ip(&p.addr, STR("10.0.0.9")));
	assert_true(place_write(f.ck.seg, 0, &p));
	atomic_fetch_add(&f.ck.seg->h->epoch_leader, 1);
	section.hold[HOLD_OBSOLETE] = 0;
	say(&f, DNS_VALID, "10.0.0.2", "10.0.0.9");
	assert_int_equal(obey(&f), 0);
	assert_string_equal(at(&f, 0), "10.0.0.9");
	assert_int_equal(nupdates, 2);
	close_names(&f);
}

static void a_server_that_a_check_cannot_reach_is_asked_for_at_once(void **s)
{
	(void)s;
	struct fx f;

	open_names_of(&f, 1, SRVF_CHECK, STR("a.test"));
	say(&f, DNS_VALID, "10.0.0.1", NULL);
	obey(&f);
	fleet_reload(&f.ck);
	names_tick(&f.ck);
	assert_null(asked.done);
	fleet_verdict(f.ck.t[0], CHK_L4CON, 0, 1, STR_NULL);
	names_tick(&f.ck);
	assert_null(asked.done);
	fleet_verdict(f.ck.t[0], CHK_L4TOUT, 0, 1, STR_NULL);
	names_tick(&f.ck);
	assert_non_null(asked.done);
	close_names(&f);
}

static void another_name_is_asked_for_and_nobody_asks_for_one_without_servers(void **s)
{
	(void)s;
	struct fx f;
	struct srv_place p = { .fqdn = "b.test" };

	open_names(&f, 1);
	say(&f, DNS_VALID, "10.0.0.1", NULL);
	obey(&f);
	assert_true(place_read(f.ck.seg, 0, &p));
	strcpy(p.fqdn, "b.test");
	assert_true(place_write(f.ck.seg, 0, &p));
	atomic_fetch_add(&f.ck.seg->h->epoch_leader, 1);
	nasked = 0;
	say(&f, DNS_VALID, "10.0.0.5", NULL);
	assert_string_equal(asked.name, "b.test");
	assert_int_equal(nasked, 1);
	obey(&f);
	assert_string_equal(at(&f, 0), "10.0.0.5");
	close_names(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_gets_its_first_address_and_keeps_it_as_long_as_answers_have_it),
		cmocka_unit_test(servers_with_one_name_share_the_question_and_not_the_address),
		cmocka_unit_test(preferences_choose_and_do_not_exclude),
		cmocka_unit_test(failures_count_when_they_last_longer_than_hold),
		cmocka_unit_test(an_address_that_is_gone_is_kept_for_hold_obsolete),
		cmocka_unit_test(a_message_that_is_lost_is_sent_again_with_the_next_answer),
		cmocka_unit_test(a_checker_that_starts_again_moves_nobody),
		cmocka_unit_test(what_is_on_its_way_to_the_leader_is_not_taken_for_an_address_set_by_hand),
		cmocka_unit_test(a_server_that_a_check_cannot_reach_is_asked_for_at_once),
		cmocka_unit_test(another_name_is_asked_for_and_nobody_asks_for_one_without_servers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
