// SPDX-License-Identifier: GPL-3.0-or-later
/* `show servers state` and `show servers conn`: HAProxy's columns and numbers. */
#include "cli_fixture.h"

static int setup(void **state UNUSED)
{
	cli_fx_open("resolvers dns\n nameserver a 127.0.0.1:53\n" PLAIN "backend b\n server s1 192.0.2.1:80 check weight 10\n server s2 192.0.2.2:81 disabled\n"
		    "backend n\n default-server resolvers dns init-addr none\n server name a.test:80\n server rec _x._tcp.test\n");
	return 0;
}

static int teardown(void **state UNUSED)
{
	cli_fx_close();
	return 0;
}

/* Column `col` (from 0) of the row of that server. */
static const char *cell(const char *line, const char *server, unsigned col)
{
	static char out[256];
	struct str text = str_c(cmd(line));

	while (text.p) {
		struct str row = str_split(&text, '\n'), w[32];
		unsigned n = 0;
		while (row.p && n < 32)
			w[n++] = str_split(&row, ' ');
		if (n > col && n > 3 && str_eq(w[3], str_c(server))) {
			snprintf(out, sizeof(out), STR_FMT, STR_ARG(w[col]));
			return out;
		}
	}
	return "no such row";
}
#define CELL(server, col, want) assert_string_equal(cell("show servers state", server, col), want)

TEST(the_columns_are_haproxys)
{
	HAS("show servers state", "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight ");
	CELL("s1", 1, "b");
	CELL("s1", 4, "192.0.2.1");
	CELL("s1", 7, "10");
	CELL("s1", 17, "-");
	CELL("s1", 18, "80");
	CELL("s2", 5, "0");
	CELL("s2", 6, "5"); /* disabled by the configuration counts as set into maintenance too */
	cmd("set weight b/s1 3");
	CELL("s1", 7, "3");
	CELL("s1", 8, "10");
	cmd("disable health b/s1");
	CELL("s1", 13, "2");
}

TEST(a_backend_can_be_chosen)
{
	HAS_NOT("show servers state n", " s1 ");
	HAS("show servers state n", " rec ");
	SAYS("show servers state x", "Can't find backend.\n");
	HAS_NOT("show servers conn n", "b/s1");
	HAS("show servers conn", "b/s1 ");
}

TEST(names_and_records_have_their_columns)
{
	struct srv_place p = { .fqdn = "w.test", .addr = { .family = AF_INET, .in4.s_addr = htonl(0xc0000209), .port = 8080 } };

	CELL("name", 4, "-");
	CELL("name", 6, "32");
	CELL("name", 17, "a.test");
	CELL("name", 19, "-");
	CELL("rec", 17, "-");
	CELL("rec", 18, "0");
	CELL("rec", 19, "_x._tcp.test");
	assert_true(place_write(l.seg, srv_of("n", "rec"), &p));
	CELL("rec", 4, "192.0.2.9");
	CELL("rec", 17, "w.test");
	CELL("rec", 18, "8080");
	CELL("rec", 19, "_x._tcp.test");
	/* the name by hand is that of a name alone */
	SAYS("set server n/rec fqdn b.test", "set server <b>/<s> fqdn failed because SRV resolution is configured.\n");
	SAYS("set server b/s1 fqdn b.test", "set server <b>/<s> fqdn failed because no resolution is configured.\n");
	SAYS("set server n/name fqdn", "set server <b>/<s> fqdn requires a FQDN.\n");
	SAYS("set server n/name fqdn b.test", "n/name changed its FQDN from a.test to b.test\n");
	CELL("name", 17, "b.test");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_columns_are_haproxys),
		T(a_backend_can_be_chosen),
		T(names_and_records_have_their_columns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
