// SPDX-License-Identifier: GPL-3.0-or-later
/* Server state files at a start from nothing: which lines count for which server. */
#include <stdio.h>
#include "cli_fixture.h"

static char global[64], local[64];

static int setup(void **state UNUSED)
{
	char text[2048];

	snprintf(global, sizeof(global), "/tmp/sluice-test.states.%d", (int)getpid());
	snprintf(local, sizeof(local), "/tmp/sluice-test.local.%d", (int)getpid());
	snprintf(text, sizeof(text),
		 "global\n server-state-file %s\nresolvers dns\n nameserver a 127.0.0.1:53\n" PLAIN
		 "backend g\n load-server-state-from-file global\n server s 192.0.2.1:80 check weight 10\n"
		 " server name a.test:81 resolvers dns init-addr none\n server rec _x._tcp.test resolvers dns\n"
		 "backend loc\n load-server-state-from-file local\n server-state-file-name %s\n server s 192.0.2.2:80 check weight 10\n"
		 "backend none\n server s 192.0.2.3:80 check weight 10\n", global, local);
	cli_fx_open(text);
	return 0;
}

static int teardown(void **state UNUSED)
{
	unlink(global);
	unlink(local);
	cli_fx_close();
	return 0;
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* A line: backend, server, address, operational and administrative state, user weight; then name, port, label. */
#define LINE(be, srv, addr, op, admin, weight, fqdn, port, rec) \
	"4 " be " 1 " srv " " addr " " op " " admin " " weight " 10 5 15 3 2 6 0 0 0 " fqdn " " port " " rec " 0 0 - - 0\n"

TEST(each_backend_reads_the_file_that_it_names)
{
	write_file(global, "1\n# be_id be_name\n" LINE("g", "s", "192.0.2.1", "0", "0", "3", "-", "80", "-")
		   LINE("loc", "s", "192.0.2.2", "0", "0", "4", "-", "80", "-") LINE("none", "s", "192.0.2.3", "0", "0", "5", "-", "80", "-")
		   LINE("gone", "s", "192.0.2.3", "0", "0", "5", "-", "80", "-") "nonsense\n");
	write_file(local, "1\n" LINE("loc", "s", "192.0.2.2", "2", "8", "6", "-", "80", "-"));
	state_files_load(&l);
	uint32_t g = srv_of("g", "s"), loc = srv_of("loc", "s"), none = srv_of("none", "s");
	assert_int_equal(weight_of(g), 3);
	assert_int_equal(srv_op_state(l.seg->srv[g].op), SRV_DOWN);
	assert_int_equal(check_word_status(l.seg->srv[g].check), CHK_L7OK);
	assert_int_equal(weight_of(loc), 6);
	assert_int_equal(bits_of(loc), ADM_FORCED_DRAIN);
	assert_int_equal(srv_op_state(l.seg->srv[loc].op), SRV_UP);
	assert_int_equal(weight_of(none), 10);
}

TEST(addresses_count_where_names_are_resolved)
{
	write_file(global, "1\n" LINE("g", "s", "198.51.100.1", "2", "0", "10", "-", "99", "-")
		   LINE("g", "name", "198.51.100.2", "2", "0", "1", "a.test", "99", "-")
		   LINE("g", "rec", "198.51.100.3", "2", "0", "7", "w.test", "8080", "_x._tcp.test"));
	state_files_load(&l);
	uint32_t s = srv_of("g", "s"), name = srv_of("g", "name"), rec = srv_of("g", "rec");
	assert_int_equal(place_seq(l.seg, s), 0);
	assert_int_equal(cli_place(&l, name).addr.in4.s_addr, htonl(0xc6336402));
	assert_int_equal(cli_place(&l, name).addr.port, 81); /* the port of a name is the configuration's */
	assert_string_equal(cli_place(&l, name).fqdn, "");
	assert_int_equal(bits_of(name), 0);
	assert_int_equal(cli_place(&l, rec).addr.port, 8080);
	assert_string_equal(cli_place(&l, rec).fqdn, "w.test");
	assert_int_equal(bits_of(rec), 0);
}

TEST(a_record_that_was_gone_is_remembered_and_no_server)
{
	write_file(global, "1\n" LINE("g", "rec", "198.51.100.3", "0", "32", "7", "w.test", "8080", "_x._tcp.test")
		   LINE("g", "name", "198.51.100.2", "2", "0", "1", "other.test", "99", "-"));
	state_files_load(&l);
	assert_int_equal(bits_of(srv_of("g", "rec")), ADM_RESOLUTION);
	assert_string_equal(cli_place(&l, srv_of("g", "rec")).fqdn, "w.test");
	assert_int_equal(bits_of(srv_of("g", "name")), ADM_RESOLUTION); /* that was another name */
	assert_int_equal(place_seq(l.seg, srv_of("g", "name")), 0);
}

TEST(a_file_that_is_missing_or_of_another_version_changes_nothing)
{
	uint64_t admin = srv_admin_now(&l, srv_of("g", "s"));

	state_files_load(&l);
	assert_true(srv_admin_now(&l, srv_of("g", "s")) == admin);
	write_file(global, "2\n" LINE("g", "s", "192.0.2.1", "0", "1", "3", "-", "80", "-"));
	write_file(local, "");
	state_files_load(&l);
	assert_true(srv_admin_now(&l, srv_of("g", "s")) == admin);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_backend_reads_the_file_that_it_names), T(addresses_count_where_names_are_resolved),
		T(a_record_that_was_gone_is_remembered_and_no_server), T(a_file_that_is_missing_or_of_another_version_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
