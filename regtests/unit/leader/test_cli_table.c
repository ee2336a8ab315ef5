// SPDX-License-Identifier: GPL-3.0-or-later
/* `show table`, `set table`, `clear table`: entries by key, by place, by what they hold. */
#include <sluice/stick/stick.h>
#include "cli_fixture.h"

static struct stick_table *tables[4];

static int setup(void **state UNUSED)
{
	cli_fx_open(PLAIN "backend ips\n stick-table type ip size 100 expire 10m store gpc0,conn_cur,http_req_rate(10s),server_key\n"
			  " server one 192.0.2.1:80\n server two 192.0.2.2:80\n"
			  "backend words\n stick-table type string len 32 size 100 store gpc(3),gpt0\n"
			  "backend numbers\n stick-table type integer size 100 store gpc0\n"
			  "backend bytes\n stick-table type binary len 4 size 100 store gpc0\n");
	assert_int_equal(l.rt->ntbl, 4);
	for (uint32_t i = 0; i < 4; i++) {
		tables[i] = stick_create(&l.rt->tbl[i]);
		assert_non_null(tables[i]);
		assert_true(stick_attach(tables[i]));
	}
	l.tables = tables;
	return 0;
}

static int teardown(void **state UNUSED)
{
	for (uint32_t i = 0; i < 4; i++)
		stick_unmap(tables[i]);
	cli_fx_close();
	return 0;
}

TEST(what_is_set_is_shown)
{
	HAS("show table", "# table: ips, type: ip, size:100, used:0\n# table: words, type: string, size:100, used:0\n");
	SAYS("set table ips key 192.0.2.7 data.gpc0 3 data.server_key two", "");
	HAS("show table ips", "# table: ips, type: ip, size:100, used:1\n0x");
	HAS("show table ips", ": key=192.0.2.7 use=0 exp=");
	HAS("show table ips", " gpc0=3");
	HAS("show table ips", " http_req_rate(10000)=0");
	HAS("show table ips", " server_key=two");
	SAYS("set table ips key 192.0.2.7 data.gpc0 4", "");
	HAS("show table ips key 192.0.2.7", " gpc0=4");
	SAYS("show table ips key 192.0.2.8", "");
}

TEST(texts_are_written_so_that_they_can_be_read_back)
{
	SAYS("set table words key a\\ b=c data.gpt0 9", "");
	HAS("show table words", ": key=a\\ b\\=c use=0 ");
	SAYS("set table numbers key -1", "");
	HAS("show table numbers", ": key=4294967295 ");
	SAYS("set table numbers key five", "Invalid key\n");
}

TEST(elements_of_arrays_have_their_names)
{
	SAYS("set table words key w data.gpc1 7 data.gpc[2] 8", "");
	HAS("show table words", " gpc0=0 gpc1=7 gpc2=8");
	SAYS("set table words key w data.gpc3 1", "Data type not stored in this table\n");
	SAYS("set table words key w data.gpc1_rate 1", "Data type not stored in this table\n");
}

TEST(filters_compare_and_all_must_hold)
{
	static const struct { const char *filter; bool a, b; } t[] = {
		{ "data.gpc0 eq 1", true, false }, { "data.gpc0 ne 1", false, true }, { "data.gpc0 le 1", true, false }, { "data.gpc0 ge 2", false, true },
		{ "data.gpc0 lt 5", true, false }, { "data.gpc0 gt 0", true, true }, { "data.gpc0 gt 0 data.gpc0 lt 5", true, false },
		{ "data.gpc0 gt 9", false, false },
	};
	char line[128];

	cmd("set table ips key 192.0.2.1 data.gpc0 1");
	cmd("set table ips key 192.0.2.5 data.gpc0 5");
	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		snprintf(line, sizeof(line), "show table ips %s", t[i].filter);
		const char *said = cmd(line);
		assert_int_equal(strstr(said, "key=192.0.2.1 ") != NULL, t[i].a);
		assert_int_equal(strstr(said, "key=192.0.2.5 ") != NULL, t[i].b);
	}
}

TEST(an_entry_is_named_by_its_place_too)
{
	char line[64];
	unsigned place;

	cmd("set table ips key 192.0.2.1 data.gpc0 1");
	cmd("set table ips key 192.0.2.2 data.gpc0 2");
	const char *entry = strstr(cmd("show table ips key 192.0.2.2"), "\n0x");
	assert_non_null(entry);
	assert_int_equal(sscanf(entry, "\n%x:", &place), 1);
	snprintf(line, sizeof(line), "show table ips ptr 0x%x", place);
	HAS(line, "key=192.0.2.2 ");
	HAS_NOT(line, "key=192.0.2.1 ");
	SAYS("show table ips ptr 0xffff", "");
	SAYS("show table ips ptr 0x0", "");
	SAYS("show table ips ptr 12", "Invalid pointer\n");
	SAYS("show table ips ptr", "Pointer expected\n");
	snprintf(line, sizeof(line), "clear table ips ptr 0x%x", place);
	SAYS(line, "");
	HAS("show table ips", "used:1\n");
	SAYS("show table ips key 192.0.2.2", "");
}

TEST(what_is_tracked_stays)
{
	struct stick_ref ref;
	struct stick_at at;
	struct in_addr ip = { .s_addr = htonl(0xc0000201) };

	cmd("set table ips key 192.0.2.1 data.gpc0 1");
	cmd("set table ips key 192.0.2.2 data.gpc0 1");
	assert_true(stick_open(tables[0], str_n((const char *)&ip, 4), false, (uint32_t)clock_ms(), &at));
	assert_true(stick_pin(&at, &ref));
	stick_close(&at);
	HAS("show table ips key 192.0.2.1", " use=1 ");
	SAYS("clear table ips key 192.0.2.1", "Entry currently in use, cannot remove\n");
	SAYS("clear table ips", "");
	HAS("show table ips", "used:1\n");
	HAS("show table ips", "key=192.0.2.1 ");
	stick_unpin(tables[0], &ref, (uint32_t)clock_ms());
	SAYS("clear table ips data.gpc0 eq 2", "");
	HAS("show table ips", "used:1\n");
	SAYS("clear table ips data.gpc0 eq 1", "");
	HAS("show table ips", "used:0\n");
}

TEST(what_cannot_be_changes_nothing)
{
	static const struct { const char *line, *says; } t[] = {
		{ "show table nowhere", "No such table\n" },
		{ "show table ips key", "Key value expected\n" },
		{ "show table ips key 300.1.1.1", "Invalid key\n" },
		{ "show table ips data.nonsense eq 1", "Filter entry #1: Unknown data type\n" },
		{ "show table ips data.gpt0 eq 1", "Filter entry #1: Data type not stored in this table\n" },
		{ "show table ips data.gpc0 is 1", "Filter entry #1: Require and operator among \"eq\", \"ne\", \"le\", \"ge\", \"lt\", \"gt\"\n" },
		{ "show table ips data.gpc0 eq 1 data.gpc0 eq", "Filter entry #2: Require a valid integer value to compare against\n" },
		{ "show table ips with love", "Optional argument only supports \"data.<store_data_type>\" <operator> <value> and key <key>\n" },
		{ "set table", "Required arguments: <table> key <key> [data.<store_data_type> <value>]*\n" },
		{ "set table ips 192.0.2.1", "Key value expected\n" },
		{ "set table ips data.gpc0 eq 1", "content-based lookup is only supported with the \"show\" and \"clear\" actions\n" },
		{ "set table ips key 192.0.2.1 gpc0 1", "\"data.<type>\" followed by a value expected\n" },
		{ "set table ips key 192.0.2.1 data.gpc0", "Require a valid integer value to store\n" },
		{ "set table ips key 192.0.2.1 data.gpc0 1 data.server_key three", "No such server\n" },
		{ "set table bytes key abcd", "Inserting keys into tables of type other than ip, ipv6, string and integer is not supported\n" },
		{ "clear table", "Required arguments: <table> \"data.<store_data_type>\" <operator> <value> or <table> key <key>\n" },
	};

	for (unsigned i = 0; i < ARRAY_LEN(t); i++)
		SAYS(t[i].line, t[i].says);
	HAS("show table ips", "used:0\n");
}

TEST(a_long_table_comes_in_pieces_and_whole)
{
	char line[64];
	unsigned n = 0;

	for (unsigned i = 0; i < 100; i++) {
		snprintf(line, sizeof(line), "set table numbers key %u", i);
		SAYS(line, "");
	}
	for (const char *p = cmd("show table numbers"); (p = strstr(p, "key=")); p++)
		n++;
	assert_int_equal(n, 100);
	SAYS("clear table numbers", "");
	HAS("show table numbers", "used:0\n");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_is_set_is_shown), T(texts_are_written_so_that_they_can_be_read_back), T(elements_of_arrays_have_their_names),
		T(filters_compare_and_all_must_hold), T(an_entry_is_named_by_its_place_too), T(what_is_tracked_stays),
		T(what_cannot_be_changes_nothing), T(a_long_table_comes_in_pieces_and_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
