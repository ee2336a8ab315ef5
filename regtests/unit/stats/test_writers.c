// SPDX-License-Identifier: GPL-3.0-or-later
/* CSV, typed lines and JSON. */
#include "stats_fixture.h"

static struct sbuf out;

static int close_all(void **state)
{
	sbuf_free(&out);
	return fx_close(state);
}
#undef T
#define T(f) cmocka_unit_test_setup_teardown(f, fx_open, close_all)

static const char *dump(enum stats_form form)
{
	struct stats_dump d = { .form = form, .it = { .iid = -1, .sid = -1 } };

	while (stats_dump_step(&src, &d, &out))
		;
	return sbuf_cstr(&out);
}

static bool starts(const char *p, const char *with) { return !strncmp(p, with, strlen(with)); }

static unsigned commas(const char *line)
{
	unsigned n = 0;

	for (; *line && *line != '\n'; line++)
		n += *line == ',';
	return n;
}

TEST(every_csv_line_has_as_many_columns_as_the_header)
{
	const char *p = dump(STATS_CSV);
	unsigned lines = 0;

	assert_true(starts(p, "# pxname,svname,qcur,"));
	for (const char *l = p; *l; l = strchr(l, '\n') + 1, lines++) {
		assert_int_equal(commas(l), STAT_COUNT + 1);
		assert_int_equal(strchr(l, '\n')[-1], ',');
	}
	assert_int_equal(lines, 13);
	assert_non_null(strstr(p, "cache_hint_hits,-,queue_p50_us,"));
}

TEST(csv_quotes_what_would_be_misread)
{
	px[PX_APP].name = STR("a,\"b\"");
	fx_row(STAT_BE, PX_APP, PX_APP);
	stats_csv_row(&row, &out);
	assert_true(starts(sbuf_cstr(&out), "\"a,\"\"b\"\"\",BACKEND,"));
}

TEST(typed_lines_name_object_position_column_tags_and_type)
{
	const char *p = dump(STATS_TYPED);

	assert_non_null(strstr(p, "F.2.0.0.pxname.1:KNS:str:web\n"));
	assert_non_null(strstr(p, "L.2.1.1.svname.1:KNS:str:sock-1\n"));
	assert_non_null(strstr(p, "S.3.5.17.status.1:SGP:str:no check\n"));
	assert_non_null(strstr(p, "B.3.0.55.lastsess.1:MAP:s32:-1\n"));
	assert_null(strstr(p, "\n\n"));
}

TEST(descriptions_stand_in_quotes_behind_the_value)
{
	fx_row(STAT_FE, PX_WEB, PX_WEB);
	stats_typed_row(&src, &row, true, &out);
	assert_non_null(strstr(sbuf_cstr(&out), "F.2.0.4.scur.1:MGP:u32:0:\"sessions now\"\n"));
}

TEST(json_has_haproxys_shape)
{
	const char *p = dump(STATS_JSON);

	assert_true(starts(p,
			     "[[{\"objType\":\"Frontend\",\"proxyId\":2,\"id\":0,\"field\":{\"pos\":0,\"name\":\"pxname\"},\"processNum\":1,"
			     "\"tags\":{\"origin\":\"Key\",\"nature\":\"Name\",\"scope\":\"Service\"},\"value\":{\"type\":\"str\",\"value\":\"web\"}},{"));
	assert_non_null(strstr(p, "}],[{\"objType\":\"Listener\""));
	assert_string_equal(p + strlen(p) - 4, "}]]\n");
}

TEST(json_strings_hold_no_raw_byte)
{
	stats_json_str(&out, STR("a\"\\\n\x80"));
	assert_slice(sbuf_str(&out), "\"a\\\"\\\\\\u000a\\u0080\"");
}

TEST(information_has_a_line_for_each_name)
{
	stats_info(&src, STATS_CSV, false, &out);
	const char *p = sbuf_cstr(&out);
	assert_true(starts(p, "Name: sluice\nVersion: "));
	assert_non_null(strstr(p, "\nPid: 4711\n"));
	assert_non_null(strstr(p, "\nUnstoppable Jobs: 0\n"));
}

TEST(information_is_typed_and_json_too)
{
	stats_info(&src, STATS_TYPED, false, &out);
	assert_non_null(strstr(sbuf_cstr(&out), "\n3.Nbthread.1:CGS:u32:3\n"));
	out.n = 0;
	stats_info(&src, STATS_JSON, true, &out);
	assert_true(starts(sbuf_cstr(&out), "[{\"field\":{\"pos\":0,\"name\":\"Name\"},\"processNum\":1,"));
	assert_non_null(strstr(sbuf_cstr(&out), ",\"desc\":\"worker processes\"}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(every_csv_line_has_as_many_columns_as_the_header), T(csv_quotes_what_would_be_misread),
		T(typed_lines_name_object_position_column_tags_and_type), T(descriptions_stand_in_quotes_behind_the_value),
		T(json_has_haproxys_shape), T(json_strings_hold_no_raw_byte), T(information_has_a_line_for_each_name),
		T(information_is_typed_and_json_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
