// SPDX-License-Identifier: GPL-3.0-or-later
/* Lines of server state files: what is understood, and what they mean for a server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sluice/health/state_line.h>

/* As HAProxy 2.6 prints it. */
#define LINE "4 app 1 web1 127.0.0.1 2 0 7 5 33 15 3 4 6 0 0 0 - 8080 - 0 0 - - 0"

static const struct rt_srv_opts so = { .rise = 2, .fall = 3, .maxconn = 9, .init_state = INIT_FULLY_UP };
static struct rt_server s = { .flags = SRVF_CHECK, .weight = 5, .track = RT_NONE, .o = &so };

static struct state_line parsed(const char *text)
{
	struct state_line f;
	assert_true(state_line_parse(str_c(text), &f));
	return f;
}

static void a_line_of_haproxy_is_understood(void **state)
{
	(void)state;
	struct state_line f = parsed(LINE);
	assert_true(str_eq(f.be_name, STR("app")));
	assert_true(str_eq(f.srv_name, STR("web1")));
	assert_int_equal(f.op, SRV_UP);
	assert_int_equal(f.uweight, 7);
	assert_int_equal(f.since, 33);
	assert_int_equal(check_status_from_number((unsigned)f.check_status), CHK_L7OK);
	assert_int_equal(f.check_pos, 4);
}

static void what_is_no_state_is_left_out(void **state)
{
	(void)state;
	struct state_line f;
	const char *const bad[] = { "", "# be_id be_name", "1", "4 app 1 web1 127.0.0.1 2 0 7 5 33 15 3", "4 app 1 web1 1.2.3.4 9 0 7 5 3 1 1 1 1",
				    "4 app 1 web1 1.2.3.4 2 0 300 5 3 1 1 1 1", "4 app 1 web1 1.2.3.4 -1 0 7 5 3 1 1 1 1",
				    "4 app 1 web1 1.2.3.4 2 0 7 5 99999999999999999999 1 1 1" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(state_line_parse(str_c(bad[i]), &f));
}

static void statuses_have_haproxys_numbers(void **state)
{
	(void)state;
	for (unsigned i = CHK_INI; i < CHK_STATUS_COUNT; i++)
		if (check_status_number((enum check_status)i))
			assert_int_equal(check_status_from_number(check_status_number((enum check_status)i)), i);
	assert_int_equal(check_status_from_number(0), CHK_INI);
	assert_int_equal(check_status_from_number(200), CHK_INI);
}

static void health_goes_on_where_the_line_stands(void **state)
{
	(void)state;
	struct state_line f = parsed("4 app 1 web1 1.2.3.4 0 0 7 5 33 8 2 1 6");
	uint64_t op = state_line_op(&f, &s, 100);
	assert_int_equal(srv_op_state(op), SRV_DOWN);
	assert_int_equal(srv_op_pos(op), 1);
	assert_int_equal(srv_op_since(op), 67);
	f.since = 1000; /* longer than this machine has been up */
	assert_int_equal(srv_op_since(state_line_op(&f, &s, 100)), 1);
	f.admin = ADM_FORCED_MAINT; /* stopped because of that, not by a check */
	assert_int_equal(srv_op_state(state_line_op(&f, &s, 100)), SRV_UP);
}

static void settings_count_as_long_as_the_configuration_is_what_it_was(void **state)
{
	(void)state;
	uint64_t cfg = srv_admin_pack(0, 5, 9);
	struct state_line f = parsed(LINE);
	assert_int_equal(state_line_admin(&f, &s, cfg), srv_admin_pack(0, 7, 9));
	f.iweight = 4;
	assert_int_equal(state_line_admin(&f, &s, cfg), cfg);
	f.admin = ADM_FORCED_DRAIN;
	assert_int_equal(state_line_admin(&f, &s, cfg), srv_admin_pack(ADM_FORCED_DRAIN, 5, 9));
	f.admin = ADM_FORCED_MAINT | ADM_CONFIG_MAINT; /* enabled in the configuration now */
	assert_int_equal(state_line_admin(&f, &s, cfg), cfg);
}

#define AT(addr, fqdn, port, record) "4 app 1 web1 " addr " 2 0 7 5 33 15 3 4 6 0 0 0 " fqdn " " port " " record " 0 0 - - 0"

static void addresses_count_for_servers_with_the_same_name_or_label_alone(void **state)
{
	(void)state;
	struct rt_server named = { .flags = SRVF_RESOLVE, .host = STR("a.test"), .o = &so };
	struct rt_server labelled = { .flags = SRVF_RESOLVE | SRVF_SRV, .host = STR("_x._tcp.test"), .o = &so };
	static const struct { const char *line; bool named, labelled; } t[] = {
		{ AT("192.0.2.1", "A.test", "80", "-"), true, false },
		{ AT("192.0.2.1", "b.test", "80", "-"), false, false },
		{ AT("192.0.2.1", "a.test", "80", "_X._tcp.test"), false, true },
		{ AT("192.0.2.1", "a.test", "0", "_x._tcp.test"), false, false },
		{ AT("192.0.2.1", "-", "80", "_x._tcp.test"), false, false },
		{ AT("192.0.2.1", "a.test", "80", "_y._tcp.test"), false, false },
		{ AT("192.0.2.1", "a.test", "65536", "_x._tcp.test"), false, false },
		{ AT("-", "a.test", "80", "-"), false, false },
		{ AT("0.0.0.0", "a.test", "80", "-"), false, false },
		{ "4 app 1 web1 192.0.2.1 2 0 7 5 33 15 3 4 6", false, false },
	};

	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		struct state_line f = parsed(t[i].line);

		assert_int_equal(state_line_same_name(&f, &named), t[i].named);
		assert_int_equal(state_line_same_name(&f, &labelled), t[i].labelled);
		assert_false(state_line_same_name(&f, &s)); /* it has an address of its own */
	}
	struct state_line f = parsed(AT("2001:db8::1", "a.test", "8080", "_x._tcp.test"));
	assert_int_equal(f.addr.family, AF_INET6);
	assert_int_equal(f.addr.port, 8080);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_of_haproxy_is_understood), cmocka_unit_test(what_is_no_state_is_left_out),
		cmocka_unit_test(statuses_have_haproxys_numbers), cmocka_unit_test(health_goes_on_where_the_line_stands),
		cmocka_unit_test(settings_count_as_long_as_the_configuration_is_what_it_was),
		cmocka_unit_test(addresses_count_for_servers_with_the_same_name_or_label_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
