// SPDX-License-Identifier: GPL-3.0-or-later
#include "checker_fixture.h"

struct http_case { const char *name, *answer, *rest; bool close; enum check_status want; unsigned code; };

static struct chk_step steps[4];

/* A request before the steps, and what is expected when there are none: as the configuration makes it. */
static void as_configured(struct rt_check *c)
{
	static struct chk_step all[ARRAY_LEN(steps) + 1];

	c->kind = CHK_HTTP;
	c->req.method = c->req.method.n ? c->req.method : STR("OPTIONS");
	c->req.uri = c->req.uri.n ? c->req.uri : STR("/");
	c->req.version = c->req.version.n ? c->req.version : STR("HTTP/1.0");
	all[0] = (struct chk_step){ .kind = CS_REQUEST };
	memcpy(all + 1, steps, sizeof(steps));
	if (!c->nsteps)
		all[1] = (struct chk_step){ .kind = CS_EXPECT, .exp = { .match = CM_STATUS, .nstatus = 1, .status = { { 200, 399 } } } };
	c->steps = all;
	c->nsteps = MAX(c->nsteps, 1u) + 1;
}

static void open_http(struct fx *f, struct origin *o, const struct http_case *c)
{
	fx_init(f, 1);
	f->px.check.kind = CHK_HTTP;
	f->px.check.steps = steps;
	f->o[0].inter = 200;
	*o = (struct origin){ .answer = c->answer, .rest = c->rest, .close_after = c->close, .wait_for = "\r\n\r\n" };
	origin_open(o, &f->srv[0]);
}

static void begin(struct fx *f)
{
	as_configured(&f->px.check);
	fx_words(f);
	fx_fleet(f);
	fx_go(f);
}

static void verdict_is(struct fx *f, struct origin *o, const struct http_case *c)
{
	begin(f);
	RUN_UNTIL(status_of(f, 0) != CHK_UNKNOWN);
	if (status_of(f, 0) != c->want)
		fail_msg("%s: %s, not %s (%s)", c->name, check_status_word(status_of(f, 0)), check_status_word(c->want), nlines ? lines[0] : "");
	assert_int_equal(check_word_code(atomic_load(&f->ck.seg->srv[0].check)), c->code);
	origin_close(o);
	fx_close(f);
}

static void run_cases(const struct http_case *c, unsigned n, unsigned nsteps)
{
	for (unsigned i = 0; i < n; i++) {
		struct origin o;
		struct fx f;

		open_http(&f, &o, &c[i]);
		f.px.check.nsteps = nsteps;
		verdict_is(&f, &o, &c[i]);
	}
}

static void without_expectations_2xx_and_3xx_pass(void **s)
{
	(void)s;
	static const struct http_case cases[] = {
		{ "200", "HTTP/1.0 200 OK\r\n\r\n", NULL, true, CHK_L7OK, 200 },
		{ "kept alive", "HTTP/1.1 204 No Content\r\n\r\n", NULL, false, CHK_L7OK, 204 },
		{ "301", "HTTP/1.1 301 Moved\r\nContent-Length: 0\r\n\r\n", NULL, true, CHK_L7OK, 301 },
		{ "503", "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", NULL, true, CHK_L7STS, 503 },
		{ "404 without disable-on-404", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", NULL, true, CHK_L7STS, 404 },
		{ "in two parts", "HTTP/1.1 20", "0 OK\r\n\r\n", false, CHK_L7OK, 200 },
		{ "after a 100", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 ", "200 OK\r\n\r\n", false, CHK_L7OK, 200 },
		{ "cut in the head", "HTTP/1.1 200 OK\r\nFoo:", NULL, true, CHK_L7RSP, 0 },
		{ "empty", "", NULL, true, CHK_L7RSP, 0 },
		{ "no HTTP", "SSH-2.0-OpenSSH\r\n\r\n", NULL, false, CHK_L7RSP, 0 },
		{ "silence", NULL, NULL, false, CHK_L7TOUT, 0 },
		{ "half a head, then silence", "HTTP/1.1 200", NULL, false, CHK_L7TOUT, 0 },
	};

	run_cases(cases, ARRAY_LEN(cases), 0);
}

static void expected_statuses_decide(void **s)
{
	(void)s;
	static const struct http_case cases[] = {
		{ "in range", "HTTP/1.1 418 Teapot\r\n\r\n", NULL, true, CHK_L7OK, 418 },
		{ "listed", "HTTP/1.1 500 No\r\n\r\n", NULL, true, CHK_L7OK, 500 },
		{ "outside", "HTTP/1.1 200 OK\r\n\r\n", NULL, true, CHK_L7STS, 200 },
	};

	steps[0] = (struct chk_step){ .kind = CS_EXPECT, .exp = { .match = CM_STATUS, .nstatus = 2, .status = { { 400, 499 }, { 500, 500 } } } };
	run_cases(cases, ARRAY_LEN(cases), 1);
	steps[0].exp.neg = true;
	run_cases((struct http_case[]){ { "negated", "HTTP/1.1 404 No\r\n\r\n", NULL, true, CHK_L7STS, 404 },
					{ "negated, other", "HTTP/1.1 302 No\r\n\r\n", NULL, true, CHK_L7OK, 302 } }, 2, 1);
}

static void body_text_decides_whatever_frames_the_body(void **s)
{
	(void)s;
	static const struct http_case cases[] = {
		{ "content-length", "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nis fine", NULL, false, CHK_L7OK, 200 },
		{ "close", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nit is", " fine\n", true, CHK_L7OK, 200 },
		{ "chunked across a boundary", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nis f\r\n3\r", "\nine\r\n0\r\n\r\n", false, CHK_L7OK, 200 },
		{ "error status does not matter then", "HTTP/1.1 500 OK\r\nContent-Length: 7\r\n\r\nis fine", NULL, false, CHK_L7OK, 500 },
		{ "absent", "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nis sick", NULL, false, CHK_L7RSP, 200 },
		{ "only behind the end", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nis fine", NULL, false, CHK_L7RSP, 200 },
		{ "chunked, absent", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nfin\r\n0\r\n\r\n", NULL, false, CHK_L7RSP, 200 },
		{ "broken chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nis fine", NULL, false, CHK_L7RSP, 0 },
		{ "no body", "HTTP/1.1 204 OK\r\n\r\nis fine", NULL, false, CHK_L7RSP, 204 },
	};

	steps[0] = (struct chk_step){ .kind = CS_EXPECT, .exp = { .match = CM_STRING, .text = STR("is fine") } };
	run_cases(cases, ARRAY_LEN(cases), 1);
	steps[0].exp.neg = true;
	run_cases((struct http_case[]){ { "unwanted", "HTTP/1.1 200 OK\r\n\r\nis fine", NULL, false, CHK_L7RSP, 200 },
					{ "without", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", NULL, false, CHK_L7OK, 200 } }, 2, 1);
}

static void header_and_status_and_body_must_all_hold(void **s)
{
	(void)s;
	static const struct http_case cases[] = {
		{ "all", "HTTP/1.1 200 OK\r\nX-Role: primary\r\nContent-Length: 2\r\n\r\nok", NULL, false, CHK_L7OK, 200 },
		{ "wrong header", "HTTP/1.1 200 OK\r\nX-Role: replica\r\nContent-Length: 2\r\n\r\nok", NULL, false, CHK_L7STS, 200 },
		{ "second of two headers", "HTTP/1.1 200 OK\r\nX-Role: a\r\nx-role: primary\r\nContent-Length: 2\r\n\r\nok", NULL, false, CHK_L7OK, 200 },
		{ "wrong status", "HTTP/1.1 201 Made\r\nX-Role: primary\r\nContent-Length: 2\r\n\r\nok", NULL, false, CHK_L7STS, 201 },
		{ "wrong body", "HTTP/1.1 200 OK\r\nX-Role: primary\r\nContent-Length: 2\r\n\r\nko", NULL, false, CHK_L7RSP, 200 },
	};

	steps[0] = (struct chk_step){ .kind = CS_EXPECT, .exp = { .match = CM_STATUS, .nstatus = 1, .status = { { 200, 200 } } } };
	steps[1] = (struct chk_step){ .kind = CS_EXPECT, .exp = { .match = CM_HDR, .hdr_name = STR("X-Role"), .has_value = true, .text = STR("primary") } };
	steps[2] = (struct chk_step){ .kind = CS_EXPECT, .exp = { .match = CM_STRING, .text = STR("ok") } };
	run_cases(cases, ARRAY_LEN(cases), 3);
}

static void a_404_under_disable_on_404_keeps_the_server_for_the_persistent_only(void **s)
{
	(void)s;
	static const struct http_case c = { "404", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", NULL, true, CHK_L7OKC, 404 };
	struct origin o;
	struct fx f;

	open_http(&f, &o, &c);
	f.px.check.disable_on_404 = true;
	f.o[0].inter = 20;
	begin(&f);
	RUN_UNTIL(status_of(&f, 0) == CHK_L7OKC);
	assert_int_equal(op_of(&f, 0), SRV_STOPPING);
	o.answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
	RUN_UNTIL(op_of(&f, 0) == SRV_UP);
	o.answer = "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n";
	RUN_UNTIL(op_of(&f, 0) == SRV_DOWN);
	o.answer = c.answer;
	for (unsigned n = o.accepted; o.accepted < n + 4;)
		fx_turn(20);
	assert_int_equal(op_of(&f, 0), SRV_DOWN);
	origin_close(&o);
	fx_close(&f);
}

static void the_request_says_what_is_configured(void **s)
{
	(void)s;
	static const struct http_case c = { "", "HTTP/1.1 200 OK\r\n\r\n", NULL, true, CHK_L7OK, 200 };
	struct origin o;
	char want[256];
	struct fx f;

	open_http(&f, &o, &c);
	f.px.check.req.method = STR("POST");
	f.px.check.req.uri = STR("/health?x");
	f.px.check.req.version = STR("HTTP/1.1");
	f.px.check.req.body = STR("ping");
	f.px.check.send_state = true;
	f.rt.g.node = STR("n1");
	o.wait_for = "ping";
	begin(&f);
	RUN_UNTIL(status_of(&f, 0) == CHK_L7OK);
	snprintf(want, sizeof(want), "POST /health?x HTTP/1.1\r\nConnection: close\r\nContent-Length: 4\r\nHost: 127.0.0.1:%u\r\n"
		 "X-Haproxy-Server-State: UP 1/3; address=127.0.0.1; port=%u; name=b/s1; node=n1; weight=1/1; scur=0/0; qcur=0\r\n\r\nping",
		 f.srv[0].addr.port, f.srv[0].addr.port);
	assert_string_equal(o.got, want);
	origin_close(&o);
	fx_close(&f);
}

static void the_default_request_is_options_over_http_1_0(void **s)
{
	(void)s;
	static const struct http_case c = { "", "HTTP/1.0 200 OK\r\n\r\n", NULL, true, CHK_L7OK, 200 };
	struct origin o;
	struct fx f;

	open_http(&f, &o, &c);
	begin(&f);
	RUN_UNTIL(status_of(&f, 0) == CHK_L7OK);
	assert_string_equal(o.got, "OPTIONS / HTTP/1.0\r\nConnection: close\r\n\r\n");
	origin_close(&o);
	fx_close(&f);
}

static void timeout_check_counts_from_the_connection(void **s)
{
	(void)s;
	static const struct http_case c = { "silence", NULL, NULL, false, CHK_L7TOUT, 0 };
	struct origin o;
	struct fx f;

	open_http(&f, &o, &c);
	f.o[0].inter = 3000;
	f.px.to[TO_CHECK] = 30;
	begin(&f);
	RUN_UNTIL(status_of(&f, 0) == CHK_L7TOUT);
	assert_in_range(check_word_ms(atomic_load(&f.ck.seg->srv[0].check)), 29, 1000);
	origin_close(&o);
	fx_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_expectations_2xx_and_3xx_pass),
		cmocka_unit_test(expected_statuses_decide),
		cmocka_unit_test(body_text_decides_whatever_frames_the_body),
		cmocka_unit_test(header_and_status_and_body_must_all_hold),
		cmocka_unit_test(a_404_under_disable_on_404_keeps_the_server_for_the_persistent_only),
		cmocka_unit_test(the_request_says_what_is_configured),
		cmocka_unit_test(the_default_request_is_options_over_http_1_0),
		cmocka_unit_test(timeout_check_counts_from_the_connection),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
