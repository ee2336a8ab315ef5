// SPDX-License-Identifier: GPL-3.0-or-later
/* Arguments of actions on connections and on the course of a request. */
#include <sluice/http/uri_norm.h>

#include "sema_test.h"

#define FE "defaults\n mode http\n" TIMES "frontend f\n bind :80\n" /* the next line is 8 */

static struct rule rule_of(struct compiled *c, const char *line)
{
	char text[512];

	snprintf(text, sizeof(text), FE " http-request %s\n", line);
	return px(compile_ok(c, text), "f")->rules[PH_HTTP_REQ].at[0];
}

static void numbers_are_read_in_any_base_and_expressions_too(void **st)
{
	struct compiled c;
	struct rule r = rule_of(&c, "set-mark 0x20");

	(void)st;
	assert_int_equal(r.num, 32);
	assert_null(r.expr);
	assert_int_equal(r.kind, 0);
	compiled_close(&c);
	r = rule_of(&c, "set-bc-tos int(4)");
	assert_non_null(r.expr);
	assert_int_equal(r.kind, 1);
	compiled_close(&c);
	expect_error(FE " http-request set-tos 256\n", "8:23", "'256' is not a number from 0 to 255");
}

static void times_and_sizes_of_waiting(void **st)
{
	struct compiled c;
	struct rule r = rule_of(&c, "wait-for-body time 2s at-least 1k");

	(void)st;
	assert_int_equal(r.num, 2000);
	assert_int_equal(r.num2, 1024);
	compiled_close(&c);
	r = rule_of(&c, "pause 10s");
	assert_int_equal(r.num, 10000);
	compiled_close(&c);
	r = rule_of(&c, "set-timeout tunnel 5s");
	assert_int_equal(r.kind, TO_TUNNEL);
	assert_int_equal(r.num, 5000);
	compiled_close(&c);
	expect_error(FE " http-request wait-for-body at-least 5\n", "8:15", "'wait-for-body' expects 'time'");
	expect_error(FE " http-request set-timeout queue 5s\n", "8:27", "queue");
}

static void normal_forms_have_their_flags(void **st)
{
	struct compiled c;
	struct rule r = rule_of(&c, "normalize-uri path-strip-dotdot full");

	(void)st;
	assert_int_equal(r.kind, NORM_STRIP_DOTDOT);
	assert_int_equal(r.flags, 1);
	compiled_close(&c);
	expect_error(FE " http-request normalize-uri path-strip-dot full\n", "8:44", "unexpected 'full' behind 'path-strip-dot'");
	expect_error(FE " http-request normalize-uri\n", "8:15", "'normalize-uri' expects a normal form");
}

static void what_has_no_effect_says_so(void **st)
{
	(void)st;
	expect_warning(FE " http-request set-nice 5\n", "'set-nice' is accepted, but has no effect");
	expect_warning(FE " http-request strict-mode on\n", "'strict-mode' is accepted, but has no effect");
}

static void actions_stay_in_their_phases(void **st)
{
	(void)st;
	expect_error(FE " http-response set-src src\n", "8:16", "'set-src' is not possible in 'http-response' rules");
	expect_error(FE " tcp-request connection pause 1s\n", "8:25", "'pause' is not possible in 'tcp-request connection' rules");
}

#define TCP "defaults\n mode tcp\n" TIMES "frontend f\n bind :80\n" /* the next line is 8 */

static void a_frontend_that_switches_may_have_http_rules(void **st)
{
	struct compiled c;
	const struct rt_proxy *f;

	(void)st;
	compile_ok(&c, TCP " http-request set-header x %[path]\n tcp-request content switch-mode http proto h2 if HTTP\n use_backend b if { path /x }\n default_backend t\n"
			   "backend b\n mode http\nbackend t\n");
	f = px(c.rt, "f");
	assert_int_equal(f->mode, MODE_TCP);
	assert_int_equal(f->rules[PH_HTTP_REQ].n, 1);
	assert_int_equal(f->rules[PH_TCP_CONTENT].at[0].kind, PROTO_H2);
	compiled_close(&c);
	expect_warning(TCP " http-request deny\n", "'http-request' has no effect in mode tcp");
	expect_error(TCP " tcp-request content switch-mode h1\n", "8:34", "expects 'http'");
	expect_error(TCP " tcp-request content switch-mode http proto h3\n", "8:45", "unknown protocol 'h3'");
	expect_error(TCP "backend b\n tcp-request content switch-mode http\n", "9:22", "frontends only");
}

static void a_proxy_header_is_expected_at_layer_4_only(void **st)
{
	struct compiled c;

	(void)st;
	compile_ok(&c, TCP " tcp-request connection expect-proxy layer4 if { src 10.0.0.0/8 }\n");
	assert_int_equal(px(c.rt, "f")->rules[PH_TCP_CONN].n, 1);
	compiled_close(&c);
	expect_error(TCP " tcp-request connection expect-proxy layer7\n", "8:38", "unknown place of the PROXY header 'layer7'");
	expect_error(TCP " tcp-request content expect-proxy layer4\n", "8:22", "'expect-proxy' is not possible");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_read_in_any_base_and_expressions_too),
		cmocka_unit_test(times_and_sizes_of_waiting),
		cmocka_unit_test(normal_forms_have_their_flags),
		cmocka_unit_test(what_has_no_effect_says_so),
		cmocka_unit_test(actions_stay_in_their_phases),
		cmocka_unit_test(a_frontend_that_switches_may_have_http_rules),
		cmocka_unit_test(a_proxy_header_is_expected_at_layer_4_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
