// SPDX-License-Identifier: GPL-3.0-or-later
/* Error pages: which line wins, sets of them, pages written in the configuration. */
#include <unistd.h>

#include "sema_test.h"

static char dir[] = "/tmp/sluice-errors.XXXXXX";

static int make_files(void **st)
{
	(void)st;
	if (!mkdtemp(dir) || chdir(dir))
		return -1;
	for (int i = 0; i < 3; i++) {
		char name[] = "p0";

		name[1] = (char)('0' + i);
		FILE *f = fopen(name, "w");

		if (!f || fprintf(f, "HTTP/1.1 503 X\r\n\r\npage%d", i) < 0 || fclose(f))
			return -1;
	}
	return 0;
}

static int remove_files(void **st)
{
	(void)st;
	return unlink("p0") || unlink("p1") || unlink("p2") || chdir("/") || rmdir(dir);
}

#define SETS "http-errors e\n errorfile 503 p0\n errorfile 404 p1\n"
#define IN(body) "defaults\n mode http\n " TIMES " errorfile 503 p2\n http-error status 404 content-type text/plain string dflt\n" SETS \
		 "frontend f\n bind :80\n" body

static struct str page(const struct rt_proxy *p, unsigned status)
{
	const struct rt_reply *r = p->errors[error_slot(status)];

	return !r ? STR("none") : r->raw.n ? str_sub(r->raw, r->raw.n - 5, 5) : r->body;
}

static void expect_pages(const char *text, const char *p503, const char *p404)
{
	struct compiled c;
	const struct rt_proxy *p = px(compile_ok(&c, text), "f");

	assert_true(str_eq(page(p, 503), str_c(p503)));
	assert_true(str_eq(page(p, 404), str_c(p404)));
	compiled_close(&c);
}

static void lines_of_the_proxy_win_over_its_defaults(void **st)
{
	(void)st;
	expect_pages(IN(""), "page2", "dflt");
	expect_pages(IN(" errorfiles e\n"), "page0", "page1");
	expect_pages(IN(" errorfiles e 404\n"), "page2", "page1");
	expect_pages(IN(" errorfile 404 p2\n"), "page2", "page2");
	expect_pages(IN(" errorfiles e\n http-error status 503 content-type text/plain string own\n"), "own", "page1");
}

static void a_page_of_a_set_may_answer_a_rule(void **st)
{
	struct compiled c;
	const struct rule *r = px(compile_ok(&c, IN(" http-request deny status 503 errorfiles e if { path /a }\n"
						    " http-request return status 404 errorfiles e if { path /b }\n"
						    " http-request deny status 500 errorfiles e if { path /c }\n"
						    " http-request return status 502 default-errorfiles\n")), "f")->rules[PH_HTTP_REQ].at;

	(void)st;
	assert_true(str_ends(r[0].reply->raw, STR("page0")));
	assert_true(str_ends(r[1].reply->raw, STR("page1")));
	assert_null(r[2].reply); /* the set has none: the proxy's own */
	assert_int_equal(r[2].status, 500);
	assert_null(r[3].reply);
	assert_int_equal(r[3].status, 502);
	compiled_close(&c);
}

static void wrong_lines_are_told(void **st)
{
	(void)st;
	expect_error("frontend f\n bind :80\n errorfiles e\n", "3:13", "unknown http-errors section 'e'");
	expect_error(SETS "frontend f\n bind :80\n errorfiles e 500\n", "6:15", "'e' has no page for status 500");
	expect_error("http-errors e\n errorfile 201 p0\n", "2:12", "there is no error page for status 201");
	expect_error("http-errors e\n errorfile 503 nope\n", "2:16", "cannot read 'nope'");
	expect_error(SETS "http-errors e\n", "4:13", "there is already an http-errors section 'e'");
	expect_error("frontend f\n mode http\n bind :80\n http-error status 299 string x\n", "4:2", "'http-error' expects 'status'");
	expect_error("frontend f\n mode http\n bind :80\n http-request deny errorfiles e\n", "4:31", "unknown http-errors section 'e'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_the_proxy_win_over_its_defaults),
		cmocka_unit_test(a_page_of_a_set_may_answer_a_rule),
		cmocka_unit_test(wrong_lines_are_told),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
