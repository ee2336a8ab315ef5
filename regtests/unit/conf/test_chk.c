// SPDX-License-Identifier: GPL-3.0-or-later
#include "sema_test.h"

#define BE "defaults\n mode http\n" TIMES "backend b\n"

static const struct rt_check *check(struct compiled *c, const char *text)
{
	return &px(compile_ok(c, text), "b")->check;
}

static void httpchk_has_four_forms(void **st)
{
	struct compiled c;
	const struct rt_check *k = check(&c, BE " option httpchk\n");

	(void)st;
	assert_int_equal(k->kind, CHK_HTTP);
	STR_IS(k->req.method, "OPTIONS");
	STR_IS(k->req.uri, "/");
	STR_IS(k->req.version, "HTTP/1.0");
	compiled_close(&c);
	k = check(&c, BE " option httpchk /up\n");
	STR_IS(k->req.method, "OPTIONS");
	STR_IS(k->req.uri, "/up");
	compiled_close(&c);
	k = check(&c, BE " option httpchk GET /up\n");
	STR_IS(k->req.method, "GET");
	STR_IS(k->req.uri, "/up");
	compiled_close(&c);
	k = check(&c, BE " option httpchk GET /up HTTP/1.1 www\n");
	STR_IS(k->req.version, "HTTP/1.1");
	STR_IS(k->req.hdrs[0].name, "Host");
	compiled_close(&c);
}

static void grpc_check_may_name_a_service(void **st)
{
	struct compiled c;
	const struct rt_check *k = check(&c, BE " option grpc-check\n");

	(void)st;
	assert_int_equal(k->kind, CHK_GRPC);
	STR_IS(k->service, "");
	compiled_close(&c);
	k = check(&c, BE " option grpc-check shop.v1.Orders\n");
	STR_IS(k->service, "shop.v1.Orders");
	compiled_close(&c);
	k = check(&c, "defaults\n mode http\n option grpc-check x\n" TIMES "backend b\n no option grpc-check\n");
	assert_int_equal(k->kind, CHK_TCP);
	compiled_close(&c);
}

static void headers_behind_the_version_are_headers(void **st)
{
	struct compiled c;
	const struct rt_check *k = check(&c, BE " option httpchk HEAD / HTTP/1.1\\r\\nHost:\\ www\\r\\nX-A:b\n");

	(void)st;
	STR_IS(k->req.version, "HTTP/1.1");
	assert_int_equal(k->req.nhdrs, 2);
	STR_IS(k->req.hdrs[0].name, "Host");
	STR_IS(logfmt_literal(k->req.hdrs[0].val), "www");
	STR_IS(k->req.hdrs[1].name, "X-A");
	compiled_close(&c);
}

static void http_check_send_describes_the_request(void **st)
{
	struct compiled c;
	const struct rt_check *k =
		check(&c, BE " option httpchk\n http-check send meth PUT uri /x ver HTTP/1.1 hdr A b hdr C d body e\n"
			     " http-check disable-on-404\n http-check send-state\n");

	(void)st;
	STR_IS(k->req.method, "PUT");
	STR_IS(k->req.uri, "/x");
	STR_IS(k->req.version, "HTTP/1.1");
	STR_IS(k->req.body, "e");
	assert_int_equal(k->req.nhdrs, 2);
	assert_true(k->disable_on_404 && k->send_state);
	compiled_close(&c);
}

static void expects_of_every_kind_are_read(void **st)
{
	struct compiled c;
	const struct rt_check *k =
		check(&c, BE " option httpchk\n http-check expect status 200-299,304\n http-check expect ! string bad\n"
			     " http-check expect rstring ^ok\n http-check expect hdr name X value -m beg y\n "
			     "http-check expect comment why rstatus ^2\n");

	(void)st;
	assert_int_equal(k->nsteps, 6);
	assert_int_equal(k->steps[0].kind, CS_REQUEST);
	assert_int_equal(k->steps[1].exp.nstatus, 2);
	assert_int_equal(k->steps[1].exp.status[0].lo, 200);
	assert_int_equal(k->steps[1].exp.status[0].hi, 299);
	assert_int_equal(k->steps[1].exp.status[1].lo, 304);
	assert_true(k->steps[2].exp.neg);
	STR_IS(k->steps[2].exp.text, "bad");
	assert_non_null(k->steps[3].exp.re);
	STR_IS(k->steps[4].exp.hdr_name, "X");
	assert_int_equal(k->steps[4].exp.hdr_how, NAME_BEG);
	assert_int_equal(k->steps[5].exp.match, CM_RSTATUS);
	STR_IS(k->steps[5].comment, "why");
	compiled_close(&c);
}

static void tcp_check_steps_keep_their_order(void **st)
{
	struct compiled c;
	const struct rt_check *k = check(
		&c, BE " option tcp-check\n tcp-check connect port 81\n tcp-check send PING\\r\\n\n"
		       " tcp-check expect string +PONG\n tcp-check send-binary 00ff41\n tcp-check expect binary 0a\n");

	(void)st;
	assert_int_equal(k->kind, CHK_SCRIPT);
	assert_int_equal(k->nsteps, 5);
	assert_int_equal(k->steps[0].port, 81);
	STR_IS(k->steps[1].data, "PING\r\n");
	STR_IS(k->steps[2].exp.text, "+PONG");
	STR_IS(k->steps[3].data, "\0\xff" "A");
	STR_IS(k->steps[4].exp.text, "\n");
	compiled_close(&c);
}

static void steps_of_a_proxy_replace_those_of_its_defaults(void **st)
{
	struct compiled c;
	const struct rt *rt =
		compile_ok(&c, "defaults\n mode http\n option httpchk\n http-check expect status 200\n" TIMES
			       "backend b\n http-check expect string x\nbackend inherits\n");

	(void)st;
	assert_int_equal(px(rt, "b")->check.nsteps, 2);
	assert_int_equal(px(rt, "b")->check.steps[1].exp.match, CM_STRING);
	assert_int_equal(px(rt, "inherits")->check.steps[1].exp.match, CM_STATUS);
	compiled_close(&c);
}

static void send_after_expect_gets_a_helpful_error(void **st)
{
	(void)st;
	expect_error(BE " option httpchk\n http-check expect status 200\n http-check send uri /x\n", "9:13",
		     "before 'http-check expect'");
}

static void further_sends_are_requests_of_their_own(void **st)
{
	struct compiled c;
	const struct rt_check *k = check(&c, BE " option httpchk\n http-check connect port 81\n http-check send meth GET uri /a\n http-check expect status 200\n"
						" http-check send meth GET uri /b hdr X y\n http-check expect status 201\n http-check connect port 82 ssl\n"
						" http-check send uri /c\n http-check expect status 202\n");
	static const uint8_t kinds[] = { CS_CONNECT, CS_REQUEST, CS_EXPECT, CS_REQUEST, CS_EXPECT, CS_CONNECT, CS_REQUEST, CS_EXPECT };

	(void)st;
	STR_IS(k->req.uri, "/a");
	assert_int_equal(k->req.nhdrs, 0);
	assert_null(k->steps[1].req);
	STR_IS(k->steps[3].req->uri, "/b");
	STR_IS(k->steps[3].req->hdrs[0].name, "X");
	assert_int_equal(k->steps[3].req->nth, 1);
	STR_IS(k->steps[6].req->uri, "/c");
	assert_int_equal(k->nsteps, ARRAY_LEN(kinds));
	for (unsigned i = 0; i < ARRAY_LEN(kinds); i++)
		assert_int_equal(k->steps[i].kind, kinds[i]);
	compiled_close(&c);
}

static void requests_that_nobody_judges_are_errors(void **st)
{
	(void)st;
	expect_error(BE " option httpchk\n http-check send uri /x\n http-check send uri /y\n", "9:13", "is never judged");
	expect_error(BE " option httpchk\n http-check send uri /x\n http-check connect port 1\n", "9:13", "is never judged");
	expect_error(BE " option httpchk\n http-check send uri /x\n http-check expect status 200\n http-check connect port 1\n"
			" http-check expect status 200\n", "11:13", "nothing is sent");
}

static void a_server_without_a_port_is_checked_where_its_script_connects(void **st)
{
	struct compiled c;
	const struct rt_check *k = check(&c, BE " option tcp-check\n server s 127.0.0.1 check\n tcp-check set-var(check.p) int(81)\n"
						" tcp-check connect port var(check.p)\n");

	(void)st;
	assert_non_null(k->steps[1].expr);
	compiled_close(&c);
	check(&c, "defaults\n mode tcp\n option tcp-check\n tcp-check connect port 81\n" TIMES "backend b\n server s 127.0.0.1 check\n");
	compiled_close(&c);
	expect_error(BE " option tcp-check\n server s 127.0.0.1 check\n tcp-check connect\n tcp-check connect port 81\n", "8:11", "needs 'port'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(httpchk_has_four_forms),
		cmocka_unit_test(grpc_check_may_name_a_service),
		cmocka_unit_test(headers_behind_the_version_are_headers),
		cmocka_unit_test(http_check_send_describes_the_request),
		cmocka_unit_test(expects_of_every_kind_are_read),
		cmocka_unit_test(tcp_check_steps_keep_their_order),
		cmocka_unit_test(steps_of_a_proxy_replace_those_of_its_defaults),
		cmocka_unit_test(send_after_expect_gets_a_helpful_error),
		cmocka_unit_test(further_sends_are_requests_of_their_own),
		cmocka_unit_test(requests_that_nobody_judges_are_errors),
		cmocka_unit_test(a_server_without_a_port_is_checked_where_its_script_connects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
