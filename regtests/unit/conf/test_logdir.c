// SPDX-License-Identifier: GPL-3.0-or-later
/* log lines and what belongs to them: targets, samples, formats, captures. */
#include "sema_test.h"

#define FE "defaults\n mode http\n" TIMES "frontend f\n bind :80\n" /* the next line is 8 */

static const struct log_target *target(const struct rt *rt, uint32_t i)
{
	assert_true(i < px(rt, "f")->log.ntargets);
	return px(rt, "f")->log.targets[i];
}

static void a_target_has_an_address_a_facility_and_levels(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(&c, FE " log 127.0.0.1 local3 notice crit\n log [::1]:1514 daemon\n"
						" log /dev/log local0 err\n");
	const struct log_target *t = target(rt, 0);

	(void)st;
	assert_int_equal(t->addr.family, AF_INET);
	assert_int_equal(t->addr.port, 514);
	assert_int_equal(t->facility, 19);
	assert_int_equal(t->max_level, 5);
	assert_int_equal(t->min_level, 2);
	assert_int_equal(t->max_len, 1024);
	assert_int_equal(t->fd, -1);
	assert_int_equal(target(rt, 1)->addr.port, 1514);
	assert_int_equal(target(rt, 1)->facility, 3);
	assert_int_equal(target(rt, 1)->max_level, 7);
	assert_int_equal(target(rt, 2)->addr.family, AF_UNIX);
	assert_int_equal(target(rt, 2)->max_level, 3);
	compiled_close(&c);
}

static void streams_of_the_process_are_written_raw_unless_told_otherwise(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(&c, FE " log stdout local0\n log stderr format rfc5424 local0\n log fd@9 local0\n");

	(void)st;
	assert_int_equal(target(rt, 0)->fd, 1);
	assert_int_equal(target(rt, 0)->format, LOGF_RAW);
	assert_int_equal(target(rt, 1)->fd, 2);
	assert_int_equal(target(rt, 1)->format, LOGF_RFC5424);
	assert_int_equal(target(rt, 2)->fd, 9);
	assert_int_equal(target(rt, 2)->format, LOGF_RAW);
	compiled_close(&c);
}

static void a_sample_keeps_some_lines_of_each_round(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(&c, FE " log stdout len 200 sample 1,3-5:10 local0\n");

	(void)st;
	assert_int_equal(target(rt, 0)->sample_num, 4);
	assert_int_equal(target(rt, 0)->sample_of, 10);
	assert_int_equal(target(rt, 0)->max_len, 200);
	compiled_close(&c);
}

static void samples_that_do_not_fit_their_round_are_refused(void **st)
{
	static const char *const bad[] = { "1", ":10", "1:0", "11:10", "5-3:10", "3,2:10", "1,1:10", "1-:10", "a:10", "1:x",
					   "0:10" };
	char text[256];

	(void)st;
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		snprintf(text, sizeof(text), FE " log stdout sample %s local0\n", bad[i]);
		expect_error(text, "8:20", "is not a sample: ranges and a size, as in 1,3-5:10");
	}
}

static void log_global_takes_the_targets_of_global_first(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(&c, "global\n log 10.0.0.1 local1\n log 10.0.0.2 local2\n"
		"defaults\n mode http\n" TIMES "frontend f\n bind :80\n log 10.0.0.3 local3\n log global\n"
		"frontend g\n bind :81\n");

	(void)st;
	assert_int_equal(px(rt, "f")->log.ntargets, 3);
	assert_int_equal(target(rt, 0)->facility, 17);
	assert_int_equal(target(rt, 1)->facility, 18);
	assert_int_equal(target(rt, 2)->facility, 19);
	assert_int_equal(px(rt, "g")->log.ntargets, 0);
	assert_null(px(rt, "g")->log.fmt);
	assert_int_equal(rt->nlogs, 3);
	compiled_close(&c);
}

static void no_log_drops_what_was_inherited(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(&c, "defaults\n mode http\n" TIMES " log stdout local0\nfrontend f\n bind :80\n"
					     " no log\nfrontend g\n bind :81\n");

	(void)st;
	assert_int_equal(px(rt, "f")->log.ntargets, 0);
	assert_int_equal(px(rt, "g")->log.ntargets, 1);
	assert_non_null(px(rt, "g")->log.fmt);
	compiled_close(&c);
}

static void wrong_targets_are_told_at_their_word(void **st)
{
	(void)st;
	expect_error(FE " log\n", "8:2", "'log' expects");
	expect_error(FE " log 127.0.0.1\n", "8:6", "'log' expects a facility after the target");
	expect_error(FE " log 127.0.0.1 locl0\n", "8:16", "unknown facility 'locl0' (did you mean 'local0'?)");
	expect_error(FE " log 127.0.0.1 local0 loud\n", "8:23", "unknown log level 'loud'");
	expect_error(FE " log 127.0.0.1 local0 info err more\n", "8:32", "unexpected 'more' after the levels");
	expect_error(FE " log 127.0.0.1 len 79 local0\n", "8:20", "out of range");
	expect_error(FE " log 127.0.0.1 format xml local0\n", "8:23", "unknown log format 'xml'");
	expect_error(FE " log ring@r local0\n", "8:6", "'ring@' is known to HAProxy");
	expect_error(FE " log global local0\n", "8:13", "takes no further argument");
}

static void a_tcp_proxy_with_httplog_uses_tcplog_and_says_so(void **st)
{
	(void)st;
	expect_warning("frontend f\n mode tcp\n bind :1\n timeout client 1s\n option httplog\n log stdout local0\n",
		       "'option httplog' in 'f' which is in mode tcp: 'option tcplog' is used");
}

static void a_format_of_ones_own_must_compile(void **st)
{
	struct compiled c;

	(void)st;
	compile_ok(&c, FE " log stdout local0\n log-format \"%ci %[path]\"\n error-log-format \"%ci\"\n");
	assert_non_null(px(c.rt, "f")->log.fmt);
	assert_non_null(px(c.rt, "f")->log.err_fmt);
	compiled_close(&c);
	expect_error(FE " log stdout local0\n log-format %[nosuch]\n", "9:15", "unknown fetch 'nosuch'");
}

static void a_format_of_the_defaults_serves_proxies_of_both_modes(void **st)
{
	static const char of_defaults[] = "defaults\n mode http\n" TIMES " log stdout local0\n log-format \"%ci %[req.hdr(host)]\"\n"
					  "frontend f\n mode tcp\n bind :80\nfrontend g\n bind :81\n";
	struct compiled c;

	(void)st;
	compile_ok(&c, of_defaults);
	assert_non_null(px(c.rt, "f")->log.fmt);
	assert_non_null(px(c.rt, "g")->log.fmt);
	compiled_close(&c);
	expect_warning(of_defaults, "the log format uses HTTP messages, which 'f' in mode tcp does not have: logged as '-'");
	expect_error("frontend f\n mode tcp\n bind :80\n timeout client 1s\n log stdout local0\n log-format %[path]\n", "6:15",
		     "'path' needs the HTTP request");
}

static void captures_have_a_name_and_a_length(void **st)
{
	struct compiled c;
	const struct rt_proxy *p = px(compile_ok(&c, FE " capture request header Host len 20\n"
		" capture response header Server len 30\n capture cookie SID len 40\n declare capture response len 50\n"), "f");

	(void)st;
	assert_int_equal(p->nreq_cap, 1);
	STR_IS(p->req_cap[0].name, "Host");
	assert_int_equal(p->req_cap[0].len, 20);
	assert_int_equal(p->nres_cap, 2);
	STR_IS(p->res_cap[0].name, "Server");
	assert_int_equal(p->res_cap[1].len, 50);
	STR_IS(p->cookie_cap.name, "SID");
	assert_int_equal(p->cookie_cap.len, 40);
	compiled_close(&c);
	expect_error(FE " capture request header Host\n", "8:18", "expected 'capture request header <name> len <bytes>'");
	expect_error(FE " capture request header Host len 0\n", "8:34", "out of range");
	expect_error(FE " declare capture both len 5\n", "8:18", "unknown kind of capture 'both'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_target_has_an_address_a_facility_and_levels),
		cmocka_unit_test(streams_of_the_process_are_written_raw_unless_told_otherwise),
		cmocka_unit_test(a_sample_keeps_some_lines_of_each_round),
		cmocka_unit_test(samples_that_do_not_fit_their_round_are_refused),
		cmocka_unit_test(log_global_takes_the_targets_of_global_first),
		cmocka_unit_test(no_log_drops_what_was_inherited),
		cmocka_unit_test(wrong_targets_are_told_at_their_word),
		cmocka_unit_test(a_tcp_proxy_with_httplog_uses_tcplog_and_says_so),
		cmocka_unit_test(a_format_of_ones_own_must_compile),
		cmocka_unit_test(a_format_of_the_defaults_serves_proxies_of_both_modes),
		cmocka_unit_test(captures_have_a_name_and_a_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
