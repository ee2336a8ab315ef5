// SPDX-License-Identifier: GPL-3.0-or-later
/* Which server gets which SRV record: answers are given by the test. */
#include "names_fixture.h"

#define LABEL "_app._tcp.test"

static struct srv_target targets_at[16];
static struct srv_address known[16];
static struct srv_record records[16];
static struct srv_reply reply;

static void open_labels(struct fx *f, unsigned nsrv)
{
	open_names_of(f, nsrv, SRVF_SRV, STR(LABEL));
	for (unsigned i = 0; i < nsrv; i++)
		f->srv[i].addr.port = 0;
	reply = (struct srv_reply){ .at = records };
}

/* One more record of the next answer; ip: of its target, comes along when it is not NULL. */
static void record(const char *target, uint16_t port, uint16_t weight, const char *ip)
{
	uint32_t i = reply.n++;

	targets_at[i] = (struct srv_target){ .name = str_c(target) };
	if (ip) {
		known[i] = (struct srv_address){ 0 };
		assert_true(addr_parse_ip(&known[i].addr, str_c(ip)));
		targets_at[i].known = &known[i];
	}
	records[i] = (struct srv_record){ &targets_at[i], 0, weight, port };
}

/* What was recorded is the answer that comes when it is due. */
static void answer(struct fx *f, enum dns_status st)
{
	struct dns_answer ans = { .status = (uint8_t)st, .by = STR("ns"), .srv = st == DNS_VALID ? &reply : NULL };

	pass_ms(1000);
	names_tick(&f->ck);
	assert_non_null(asked_srv.done);
	assert_string_equal(asked_srv.name, LABEL);
	asked_srv.done(asked_srv.arg, &ans);
	asked_srv.done = NULL;
	reply.n = 0;
}

static const char *row(struct fx *f, unsigned i)
{
	static char text[512];
	struct srv_place p;
	const char *ip = at(f, i);

	if (!strcmp(ip, "maint") || !place_read(f->ck.seg, i, &p))
		return ip;
	snprintf(text, sizeof(text), "%s %s:%u w%u", p.fqdn, ip, p.addr.port, srv_admin_weight(atomic_load(&f->ck.seg->srv[i].admin)));
	return text;
}

static void records_become_rows_and_the_rest_is_in_maintenance(void **s)
{
	(void)s;
	struct fx f;

	open_labels(&f, 4);
	record("a", 80, 65535, "10.0.0.1");
	record("b", 81, 0, "10.0.0.2");
	record("b", 82, 256, "10.0.0.2");
	answer(&f, DNS_VALID);
	assert_int_equal(nasked_srv, 1);
	assert_int_equal(obey(&f), 3);
	assert_string_equal(row(&f, 0), "a 10.0.0.1:80 w256");
	assert_string_equal(row(&f, 1), "b 10.0.0.2:81 w0");
	assert_string_equal(row(&f, 2), "b 10.0.0.2:82 w1");
	assert_string_equal(row(&f, 3), "maint");
	assert_true(logged("b/s1 changed its FQDN from (none) to a by 'SRV record'"));
	assert_int_equal(nasked, 0);
	close_names(&f);
}

static void a_target_without_an_address_in_the_answer_is_asked_for(void **s)
{
	(void)s;
	struct fx f;

	open_labels(&f, 1);
	record("a", 80, 1, NULL);
	answer(&f, DNS_VALID);
	assert_int_equal(obey(&f), 0);
	assert_string_equal(row(&f, 0), "maint");
	say(&f, DNS_VALID, "10.0.0.7", NULL);
	assert_string_equal(asked.name, "a");
	obey(&f);
	assert_string_equal(row(&f, 0), "a 10.0.0.7:80 w1");
	/* and no more once it comes along */
	record("a", 80, 1, "10.0.0.8");
	answer(&f, DNS_VALID);
	obey(&f);
	assert_string_equal(row(&f, 0), "a 10.0.0.8:80 w1");
	asked.done(asked.arg, &(struct dns_answer){ .status = DNS_TIMEOUT }); /* it was asked for in the same moment */
	asked.done = NULL;
	nasked = 0;
	for (unsigned i = 0; i < 5; i++) {
		record("a", 80, 1, "10.0.0.8");
		answer(&f, DNS_VALID);
	}
	assert_int_equal(nasked, 0);
	/* until it does not */
	answer(&f, DNS_TIMEOUT);
	say(&f, DNS_VALID, "10.0.0.9", NULL);
	obey(&f);
	assert_string_equal(row(&f, 0), "a 10.0.0.9:80 w1");
	close_names(&f);
}

static void who_has_a_record_keeps_it_and_who_had_it_gets_it_back(void **s)
{
	(void)s;
	struct fx f;

	open_labels(&f, 3);
	record("a", 80, 1, "10.0.0.1");
	record("b", 80, 1, "10.0.0.2");
	answer(&f, DNS_VALID);
	obey(&f);
	record("b", 80, 1, "10.0.0.2");
	answer(&f, DNS_VALID);
	obey(&f);
	assert_string_equal(row(&f, 0), "maint");
	assert_string_equal(row(&f, 1), "b 10.0.0.2:80 w1");
	assert_true(logged("Server b/s1 is going DOWN for maintenance (entry removed from SRV record)."));
	record("c", 80, 1, "10.0.0.3");
	answer(&f, DNS_VALID);
	obey(&f);
	assert_string_equal(row(&f, 1), "maint");
	assert_string_equal(row(&f, 2), "c 10.0.0.3:80 w1");
	/* s1 is without for longer, but it is not what s1 had that comes first */
	record("b", 80, 1, "10.0.0.2");
	record("a", 80, 1, "10.0.0.1");
	record("c", 80, 1, "10.0.0.3");
	answer(&f, DNS_VALID);
	obey(&f);
	assert_string_equal(row(&f, 0), "a 10.0.0.1:80 w1");
	assert_string_equal(row(&f, 1), "b 10.0.0.2:80 w1");
	assert_string_equal(row(&f, 2), "c 10.0.0.3:80 w1");
	close_names(&f);
}

static void the_row_that_is_longest_without_a_record_is_given_away_and_surplus_records_wait(void **s)
{
	(void)s;
	struct fx f;

	open_labels(&f, 2);
	record("a", 80, 1, "10.0.0.1");
	record("b", 80, 1, "10.0.0.2");
	answer(&f, DNS_VALID);
	record("a", 80, 1, "10.0.0.1");
	answer(&f, DNS_VALID); /* b goes first */
	answer(&f, DNS_VALID); /* then a */
	obey(&f);
	nlines = 0;
	record("c", 80, 1, "10.0.0.3");
	answer(&f, DNS_VALID);
	obey(&f);
	assert_string_equal(row(&f, 0), "maint");
	assert_string_equal(row(&f, 1), "c 10.0.0.3:80 w1");
	for (unsigned i = 0; i < 2; i++) {
		record("d", 80, 1, "10.0.0.4");
		record("c", 80, 1, "10.0.0.3");
		record("e", 80, 1, "10.0.0.5");
		record("f", 80, 1, "10.0.0.6");
		answer(&f, DNS_VALID);
		obey(&f);
		assert_string_equal(row(&f, 0), "d 10.0.0.4:80 w1");
		assert_string_equal(row(&f, 1), "c 10.0.0.3:80 w1");
		assert_int_equal(logged("backend b has no server left for 2 of the records of " LABEL "."), !i);
		nlines = 0;
	}
	close_names(&f);
}

static void a_record_that_is_gone_stays_for_hold_obsolete(void **s)
{
	(void)s;
	struct fx f;

	open_labels(&f, 2);
	section.hold[HOLD_OBSOLETE] = 2500;
	record("a", 80, 1, "10.0.0.1");
	answer(&f, DNS_VALID);
	for (unsigned i = 0; i < 2; i++) {
		record("b", 80, 1, "10.0.0.2");
		answer(&f, DNS_VALID);
	}
	obey(&f);
	assert_string_equal(row(&f, 0), "a 10.0.0.1:80 w1");
	assert_string_equal(row(&f, 1), "b 10.0.0.2:80 w1");
	answer(&f, DNS_VALID);
	obey(&f);
	assert_string_equal(row(&f, 0), "maint");
	assert_string_equal(row(&f, 1), "b 10.0.0.2:80 w1");
	close_names(&f);
}

static void failures_take_all_records_when_they_last_longer_than_hold(void **s)
{
	(void)s;
	struct fx f;

	open_labels(&f, 1);
	record("a", 80, 1, "10.0.0.1");
	answer(&f, DNS_VALID);
	for (unsigned i = 0; i < 4; i++)
		answer(&f, i & 1 ? DNS_TIMEOUT : DNS_NX);
	obey(&f);
	assert_string_equal(row(&f, 0), "a 10.0.0.1:80 w1");
	answer(&f, DNS_NX);
	obey(&f);
	assert_string_equal(row(&f, 0), "maint");
	assert_true(logged("Server b/s1 is going DOWN for maintenance (DNS NX status)."));
	record("a", 80, 1, "10.0.0.1");
	answer(&f, DNS_VALID);
	obey(&f);
	assert_string_equal(row(&f, 0), "a 10.0.0.1:80 w1");
	close_names(&f);
}

static void a_checker_that_starts_again_moves_nobody_and_remembers(void **s)
{
	(void)s;
	struct fx f;

	open_labels(&f, 4);
	record("a", 80, 1, "10.0.0.1");
	record("b", 80, 1, "10.0.0.2");
	record("c", 80, 1, "10.0.0.3");
	answer(&f, DNS_VALID);
	obey(&f);
	record("c", 80, 1, "10.0.0.3");
	record("b", 80, 1, "10.0.0.2");
	answer(&f, DNS_VALID);
	obey(&f);
	names_free();
	assert_true(names_init(&f.ck));
	names_go();
	nlines = 0;
	answer(&f, DNS_TIMEOUT);
	assert_int_equal(obey(&f), 0);
	record("c", 80, 1, "10.0.0.3");
	record("b", 80, 1, "10.0.0.2");
	answer(&f, DNS_VALID);
	assert_int_equal(obey(&f), 0);
	assert_int_equal(nlines, 0);
	record("d", 80, 1, "10.0.0.4"); /* for the one that never had a record */
	record("c", 80, 1, "10.0.0.3");
	answer(&f, DNS_VALID);
	obey(&f);
	record("d", 80, 1, "10.0.0.4");
	record("c", 80, 1, "10.0.0.3");
	record("a", 80, 1, "10.0.0.1");
	answer(&f, DNS_VALID);
	obey(&f);
	assert_string_equal(row(&f, 0), "a 10.0.0.1:80 w1");
	assert_string_equal(row(&f, 1), "maint");
	assert_string_equal(row(&f, 2), "c 10.0.0.3:80 w1");
	assert_string_equal(row(&f, 3), "d 10.0.0.4:80 w1");
	close_names(&f);
}

static void weights_change_with_the_record_unless_they_are_to_be_ignored(void **s)
{
	(void)s;
	struct fx f;

	open_labels(&f, 1);
	record("a", 80, 600, "10.0.0.1");
	answer(&f, DNS_VALID);
	obey(&f);
	assert_string_equal(row(&f, 0), "a 10.0.0.1:80 w3");
	record("a", 80, 512, "10.0.0.1");
	answer(&f, DNS_VALID);
	obey(&f);
	assert_string_equal(row(&f, 0), "a 10.0.0.1:80 w2");
	f.o[0].resolve_opts = RESOLVE_NO_WEIGHT;
	record("a", 80, 65535, "10.0.0.1");
	answer(&f, DNS_VALID);
	assert_int_equal(obey(&f), 0);
	close_names(&f);
}

static void a_server_that_goes_leaves_its_record_to_others(void **s)
{
	(void)s;
	struct fx f;

	open_labels(&f, 2);
	record("a", 80, 1, "10.0.0.1");
	answer(&f, DNS_VALID);
	obey(&f);
	names_drop(0);
	record("a", 80, 1, "10.0.0.1");
	answer(&f, DNS_VALID);
	obey(&f);
	assert_string_equal(row(&f, 1), "a 10.0.0.1:80 w1");
	names_drop(1);
	nasked_srv = 0;
	pass_ms(5000);
	names_tick(&f.ck);
	assert_int_equal(nasked_srv, 0);
	close_names(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_become_rows_and_the_rest_is_in_maintenance),
		cmocka_unit_test(a_target_without_an_address_in_the_answer_is_asked_for),
		cmocka_unit_test(who_has_a_record_keeps_it_and_who_had_it_gets_it_back),
		cmocka_unit_test(the_row_that_is_longest_without_a_record_is_given_away_and_surplus_records_wait),
		cmocka_unit_test(a_record_that_is_gone_stays_for_hold_obsolete),
		cmocka_unit_test(failures_take_all_records_when_they_last_longer_than_hold),
		cmocka_unit_test(a_checker_that_starts_again_moves_nobody_and_remembers),
		cmocka_unit_test(weights_change_with_the_record_unless_they_are_to_be_ignored),
		cmocka_unit_test(a_server_that_goes_leaves_its_record_to_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
