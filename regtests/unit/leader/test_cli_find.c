// SPDX-License-Identifier: GPL-3.0-or-later
/* Names that commands give: of backends, servers and frontends, by name or by number, and what is said when there is none. */
#include "cli_fixture.h"

static int setup(void **state UNUSED)
{
	cli_fx_open(PLAIN "frontend f\n bind 127.0.0.1:1\n default_backend b\nbackend b\n server s1 192.0.2.1:80\n server s2 192.0.2.2:80 id 7\n"
			  "listen both\n bind 127.0.0.1:2\n server s 192.0.2.3:80\n");
	return 0;
}

static int teardown(void **state UNUSED)
{
	cli_fx_close();
	return 0;
}

static struct cli_run fresh(void)
{
	answer.n = 0;
	return (struct cli_run){ .s = &sess, .l = &l, .out = &answer };
}

static uint32_t server(const char *name)
{
	struct cli_run r = fresh();

	return cli_server(&r, str_c(name));
}

TEST(servers_are_found_by_names_and_numbers_of_both_parts)
{
	uint32_t s1 = srv_of("b", "s1"), s2 = srv_of("b", "s2");
	char by_id[32];

	assert_int_equal(server("b/s1"), s1);
	assert_int_equal(server("b/#7"), s2);
	snprintf(by_id, sizeof(by_id), "#%u/#7", rt_find_backend(l.rt, STR("b"))->id);
	assert_int_equal(server(by_id), s2);
	assert_int_equal(server("both/s"), srv_of("both", "s"));
}

TEST(what_is_not_there_is_said_by_its_part)
{
	static const struct { const char *name, *says; } t[] = {
		{ "s1", "Require 'backend/server'.\n" }, { "x/s1", "No such backend.\n" }, { "b/x", "No such server.\n" },
		{ "f/s1", "No such backend.\n" }, { "b/#99", "No such server.\n" }, { "b/", "No such server.\n" }, { "#999/s1", "No such backend.\n" },
		{ "b/#", "No such server.\n" }, { "/s1", "No such backend.\n" },
	};

	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		assert_int_equal(server(t[i].name), RT_NONE);
		assert_string_equal(sbuf_cstr(&answer), t[i].says);
	}
}

TEST(a_spare_row_is_no_server)
{
	const struct rt_backend *be = &rt_find_backend(l.rt, STR("b"))->be;
	char by_id[32];

	assert_true(be->nsrv > 2);
	snprintf(by_id, sizeof(by_id), "b/#%u", be->srv[be->nsrv - 1].id);
	assert_int_equal(server(by_id), RT_NONE);
	rt_srv_clear(l.rt, srv_of("b", "s2"), (uint32_t)(rt_find_backend(l.rt, STR("b")) - l.rt->px));
	assert_int_equal(server("b/s2"), RT_NONE);
}

TEST(a_frontend_is_not_a_backend)
{
	struct cli_run r = fresh();

	assert_int_equal(cli_frontend(&r, STR("b")), RT_NONE);
	assert_string_equal(sbuf_cstr(&answer), "No such frontend.\n");
	r = fresh();
	assert_int_equal(cli_frontend(&r, STR_NULL), RT_NONE);
	assert_string_equal(sbuf_cstr(&answer), "A frontend name is expected.\n");
	r = fresh();
	assert_int_equal(cli_backend(&r, STR("f")), RT_NONE);
	assert_string_equal(sbuf_cstr(&answer), "Can't find backend.\n");
	uint32_t both = cli_frontend(&r, STR("both"));
	assert_int_not_equal(both, RT_NONE);
	assert_int_equal(cli_backend(&r, STR("both")), both);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(servers_are_found_by_names_and_numbers_of_both_parts),
		T(what_is_not_there_is_said_by_its_part),
		T(a_spare_row_is_no_server),
		T(a_frontend_is_not_a_backend),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
