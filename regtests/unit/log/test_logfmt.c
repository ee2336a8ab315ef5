// SPDX-License-Identifier: GPL-3.0-or-later
/* Log formats: HAProxy's lines to the byte, and what is said about wrong formats. */
#include "../expr/expr_test.h"

#include <stdlib.h>
#include <time.h>
#include <sluice/log/logfmt.h>

#define MS 1000000u

static struct addr cli, fe, srv;
static struct str caps[2];

static struct log_data sample(void)
{
	uint64_t t = 1000000000000ull;

	assert_true(addr_parse_ip(&cli, STR("10.0.1.2")) && addr_parse_ip(&fe, STR("10.0.0.1")) &&
		    addr_parse_ip(&srv, STR("10.0.2.3")));
	cli.port = 33317, fe.port = 80, srv.port = 8000;
	caps[0] = STR("1wt.eu"), caps[1] = STR("");
	return (struct log_data){
		.accept_date = { 1233922454, 655000000 },
		.t_accept = t,
		.t_hs_done = t,
		.t_req_start = t + 5 * MS,
		.t_req_done = t + 15 * MS,
		.t_queue_done = t + 15 * MS,
		.t_conn_done = t + 45 * MS,
		.t_res_head = t + 114 * MS,
		.t_end = t + 124 * MS,
		.cli = &cli,
		.fe = &fe,
		.srv = &srv,
		.fe_name = STR("http-in"),
		.be_name = STR("static"),
		.srv_name = STR("srv1"),
		.http = true,
		.method = STR("GET"),
		.uri = STR("/index.html?a=\"b\""),
		.version = STR("HTTP/1.1"),
		.status = 200,
		.bytes_in = 80,
		.bytes_out = 2750,
		.term = { '-', '-', '-', '-' },
		.actconn = 1,
		.feconn = 2,
		.beconn = 3,
		.srvconn = 4,
		.retries = 0,
		.srv_queue = 5,
		.bck_queue = 6,
		.req_caps = caps,
		.n_req_caps = 1,
		.hostname = STR("lb1"),
		.pid = 4660,
		.counter = 7,
		.req_counter = 8,
	};
}

static void expect_line(struct canned *t, const char *format, const struct log_data *d, bool log, const char *want)
{
	struct xerr err;
	struct sbuf b = { 0 };
	struct logfmt *f =
		log ? logfmt_compile_log(&t->env, str_c(format), &err) : logfmt_compile(&t->env, str_c(format), &err);

	if (!f)
		fail_msg("%s: %s", format, err.msg);
	logfmt_render(f, &t->ctx, d, &b);
	assert_string_equal(sbuf_cstr(&b), want);
	sbuf_free(&b);
}

static void the_built_in_formats_give_haproxys_lines(void **s)
{
	struct log_data d = sample();

	expect_line(*s, logfmt_httplog, &d, true,
		    "10.0.1.2:33317 [06/Feb/2009:12:14:14.660] http-in static/srv1 10/0/30/69/119 200 2750 - - ---- "
		    "1/2/3/4/0 5/6 {1wt.eu} \"GET /index.html?a=#22b#22 HTTP/1.1\"");
	expect_line(*s, logfmt_tcplog, &d, true,
		    "10.0.1.2:33317 [06/Feb/2009:12:14:14.655] http-in static/srv1 0/30/124 2750 -- 1/2/3/4/0 5/6");
	expect_line(*s, logfmt_default_http, &d, true, "Connect from 10.0.1.2:33317 to 10.0.0.1:80 (http-in/HTTP)");
}

static void blanks_stand_around_an_empty_query_but_not_around_captures_that_are_not_configured(void **s)
{
	struct log_data d = sample();

	d.uri = STR("/x");
	d.n_req_caps = 0;
	expect_line(*s, "a %HQ b %hr c %hrl d", &d, true, "a  b c d");
}

static void phases_not_reached_are_minus_one(void **s)
{
	struct log_data d = sample();

	d.t_req_done = d.t_queue_done = d.t_conn_done = d.t_res_head = 0;
	d.method = STR_NULL, d.uri = STR_NULL, d.version = STR_NULL, d.status = 0, d.no_server = true, d.n_req_caps = 0;
	memcpy(d.term, "CR--", 4);
	expect_line(*s, logfmt_httplog, &d, true,
		    "10.0.1.2:33317 [06/Feb/2009:12:14:14.660] http-in static/<NOSRV> -1/-1/-1/-1/119 -1 2750 - - CR-- "
		    "1/2/3/4/0 5/6 \"<BADREQ>\"");
}

static void early_lines_and_redispatches_carry_a_plus(void **s)
{
	struct log_data d = sample();

	d.logasap = d.redispatched = d.fe_tls = true, d.retries = 3;
	expect_line(*s, "%Ta %Tt %B %U %rc %ft", &d, true, "+119 +124 +2750 80 +3 http-in~");
}

static void timers_cover_the_phases_they_name(void **s)
{
	struct log_data d = sample();

	d.t_hs_done = d.t_accept + 2 * MS;
	expect_line(*s, "%Th %Ti %TR %Tq %Tw %Tc %Tr %Td %Ta %Tt %Tu", &d, true, "2 3 10 15 0 30 69 10 119 124 121");
}

static void flags_quote_escape_and_print_hexadecimal(void **s)
{
	struct log_data d = sample();

	expect_line(*s, "%{+X}ci %{+X}cp %{+X}pid %{+X}rt", &d, true, "0A000102 8225 1234 0008");
	expect_line(*s, "%{+Q}s %{+Q}CC %CC %{+Q}hr", &d, true, "\"srv1\" \"\" - \"{1wt.eu}\"");
	expect_line(*s, "%{+E}[str('a\"b]c\\d')] %{+Q,+E}[str('\"')]", &d, true, "a\\\"b\\]c\\\\d \"\\\"\"");
	expect_line(*s, "%{+Q}o %s %{-Q}b %f", &d, true, "\"srv1\" static \"http-in\"");
	expect_line(*s, "%(name)s|%(other){+Q}s", &d, true, "srv1|\"srv1\"");
}

static void dates_come_in_all_forms(void **s)
{
	struct log_data d = sample();

	expect_line(*s, "%T|%Tl|%trg|%trl|%Ts|%ms", &d, true,
		    "06/Feb/2009:12:14:14 +0000|06/Feb/2009:12:14:14 +0000|06/Feb/2009:12:14:14 +0000|"
		    "06/Feb/2009:12:14:14 +0000|1233922454|655");
}

static void request_parts_are_taken_from_the_request_line(void **s)
{
	struct log_data d = sample();

	d.uri = STR("http://h/p?q=1");
	expect_line(*s, "%HM %HP %HPO %HQ %HU %HV", &d, true, "GET http://h/p /p ?q=1 http://h/p?q=1 HTTP/1.1");
	d.uri = STR("/\x01{#");
	expect_line(*s, "%r", &d, true, "GET /#01{#23 HTTP/1.1");
}

static void captures_are_encoded_and_listed(void **s)
{
	struct log_data d = sample();

	caps[0] = STR("a|b"), d.n_req_caps = 2;
	expect_line(*s, "%hr %hrl %hs %{+Q}hrl", &d, true, "{a#7Cb|} a#7Cb - \"a#7Cb\" \"\"");
}

static void log_lines_merge_blanks_and_dash_what_is_empty(void **s)
{
	struct log_data d = sample();

	d.n_req_caps = 0;
	expect_line(*s, "  a   %hr  b %[req.hdr(nope)] 100%%", &d, true, "a b - 100%");
	expect_line(*s, "x %[str(\"a\\nb\")]", &d, true, "x a#0Ab");
}

static void values_keep_blanks_and_nothing_stays_nothing(void **s)
{
	struct log_data d = sample();

	expect_line(*s, "a  b%[req.hdr(nope)]c %ci", &d, false, "a  bc 10.0.1.2");
	expect_line(*s, "%[str(\"a\\r\\nb\")]", &d, false, "a%0D%0Ab");
	expect_line(*s, "%[path] %ci", NULL, false, "/a/b -");
}

static void constant_text_is_known_as_such(void **s)
{
	struct canned *t = *s;
	struct xerr err;

	assert_true(str_eq(logfmt_literal(logfmt_compile(&t->env, STR("50%% of  it"), &err)), STR("50% of  it")));
	assert_null(logfmt_literal(logfmt_compile(&t->env, STR("a %[path]"), &err)).p);
	assert_int_equal(logfmt_needs(logfmt_compile(&t->env, STR("a %[path]"), &err)), NEED_REQ_HEAD);
}

static void expect_error(struct canned *t, const char *text, unsigned off, unsigned len, const char *msg,
			 const char *hint)
{
	struct xerr err;

	assert_null(logfmt_compile(&t->env, str_c(text), &err));
	assert_string_equal(err.msg, msg);
	assert_string_equal(err.hint, hint);
	assert_int_equal(err.off, off);
	assert_int_equal(err.len, len);
}

static void errors_name_the_bytes_they_mean(void **s)
{
	expect_error(*s, "a %zz b", 2, 3, "unknown format word '%zz'", "");
	expect_error(*s, "a %hrll", 2, 5, "unknown format word '%hrll'", "hrl");
	expect_error(*s, "50% ", 2, 1, "'%' stands alone: write '%%' for a percent sign", "");
	expect_error(*s, "a %[paht]", 4, 4, "unknown fetch 'paht'", "path");
	expect_error(*s, "a %[path", 8, 1, "missing ']' behind the expression", "");
	expect_error(*s, "%{+Q", 1, 1, "missing '}'", "");
	expect_error(*s, "%{+Z}s", 2, 1, "unknown format flag in '+Z' (known: +Q +X +E, - takes away)", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_built_in_formats_give_haproxys_lines),
		TEST(blanks_stand_around_an_empty_query_but_not_around_captures_that_are_not_configured),
		TEST(phases_not_reached_are_minus_one),
		TEST(early_lines_and_redispatches_carry_a_plus),
		TEST(timers_cover_the_phases_they_name),
		TEST(flags_quote_escape_and_print_hexadecimal),
		TEST(dates_come_in_all_forms),
		TEST(request_parts_are_taken_from_the_request_line),
		TEST(captures_are_encoded_and_listed),
		TEST(log_lines_merge_blanks_and_dash_what_is_empty),
		TEST(values_keep_blanks_and_nothing_stays_nothing),
		TEST(constant_text_is_known_as_such),
		TEST(errors_name_the_bytes_they_mean),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
