// SPDX-License-Identifier: GPL-3.0-or-later
/* Answers in the server's place: error files, bodies, redirects. */
#include <unistd.h>

#include "sema_test.h"

#define FE "defaults\n mode http\n" TIMES "frontend f\n bind :80\n" /* the next line is 8 */

static char path[] = "/tmp/sluice-reply.XXXXXX";

static int make_file(void **st)
{
	static const char text[] = "HTTP/1.0 418 Teapot\r\nA: b\r\n\r\nshort";
	int fd = mkstemp(path);

	(void)st;
	return fd < 0 || write(fd, text, sizeof(text) - 1) != sizeof(text) - 1 || close(fd) ? -1 : 0;
}

static int remove_file(void **st)
{
	(void)st;
	return unlink(path);
}

static const char *with_path(const char *format)
{
	static char text[512];
	const char *at = strstr(format, "@FILE");

	assert_non_null(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - format), format, path, at + strlen("@FILE"));
	return text;
}

static void an_error_file_is_sent_as_it_is(void **st)
{
	struct compiled c;
	const struct rt_proxy *p = px(compile_ok(&c, with_path(FE " errorfile 503 @FILE\n errorfile 400 /dev/null\n")), "f");

	(void)st;
	assert_int_equal(p->errors[error_slot(503)]->status, 503);
	assert_true(str_ends(p->errors[error_slot(503)]->raw, STR("\r\n\r\nshort")));
	assert_false(p->errors[error_slot(503)]->silent);
	assert_true(p->errors[error_slot(400)]->silent);
	assert_null(p->errors[error_slot(502)]);
	compiled_close(&c);
}

static void an_error_file_of_return_gives_the_status_unless_one_is_named(void **st)
{
	struct compiled c;
	const struct rule *r =
		px(compile_ok(&c, with_path(FE " http-request return errorfile @FILE\n")), "f")->rules[PH_HTTP_REQ].at;

	(void)st;
	assert_int_equal(r->status, 418);
	compiled_close(&c);
	r = px(compile_ok(&c, with_path(FE " http-request return status 404 errorfile @FILE\n")), "f")->rules[PH_HTTP_REQ].at;
	assert_int_equal(r->status, 404);
	compiled_close(&c);
	expect_warning(with_path(FE " http-request return errorfile @FILE hdr X y\n"), "an errorfile is sent as it is");
}

static void error_pages_exist_for_some_statuses(void **st)
{
	(void)st;
	expect_error(FE " errorfile 418 /dev/null\n", "8:12", "there is no error page for status 418");
	expect_error(FE " errorloc 600 /x\n", "8:11", "out of range, expected 100 to 599");
	expect_error(FE " errorfile 503 /nonexistent\n", "8:16", "cannot read '/nonexistent'");
	expect_error(FE " errorfile 503 Makefile\n", "8:16", "is not a complete HTTP response");
}

static void an_error_location_redirects_by_get_when_asked_to(void **st)
{
	struct compiled c;
	const struct rt_proxy *p = px(compile_ok(&c, FE " errorloc 500 /a\n errorloc302 502 /b\n errorloc303 503 /c\n"), "f");

	(void)st;
	assert_int_equal(p->errors[error_slot(500)]->status, 302);
	assert_int_equal(p->errors[error_slot(502)]->status, 302);
	assert_int_equal(p->errors[error_slot(503)]->status, 303);
	STR_IS(p->errors[error_slot(503)]->location, "/c");
	compiled_close(&c);
}

static void a_body_comes_once_and_with_a_type(void **st)
{
	(void)st;
	expect_error(FE " http-request return string a lf-string b\n", "8:31", "the body was already given by 'string'");
	expect_error(with_path(FE " http-request return file @FILE\n"), "8:22", "a body from a file needs 'content-type'");
	expect_error(FE " http-request return status 199\n", "8:29", "out of range, expected 200 to 599");
	expect_error(FE " http-request return hdr X\n", "8:22", "'hdr' expects a name and a format");
	expect_error(FE " http-request return bdy x\n", "8:22", "unknown argument 'bdy'");
}

static void a_file_becomes_the_body(void **st)
{
	struct compiled c;
	const struct rule *r = px(compile_ok(&c, with_path(FE " http-request return content-type a/b file @FILE hdr X y\n")),
				  "f")->rules[PH_HTTP_REQ].at;

	(void)st;
	assert_true(str_starts(r->reply->body, STR("HTTP/1.0 418")));
	STR_IS(r->reply->content_type, "a/b");
	assert_int_equal(r->reply->nhdrs, 1);
	compiled_close(&c);
}

static void a_redirect_has_one_target_and_a_code_that_redirects(void **st)
{
	(void)st;
	expect_error(FE " http-request redirect code 302\n", "8:15", "'redirect' expects location, prefix or scheme");
	expect_error(FE " http-request redirect location /a code 304\n", "8:41", "'304' is not a redirect");
	expect_error(FE " http-request redirect location /a prefix /b\n", "8:36", "only one of location, prefix and scheme");
	expect_error(FE " http-request redirect location\n", "8:24", "'location' expects an argument");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_error_file_is_sent_as_it_is),
		cmocka_unit_test(an_error_file_of_return_gives_the_status_unless_one_is_named),
		cmocka_unit_test(error_pages_exist_for_some_statuses),
		cmocka_unit_test(an_error_location_redirects_by_get_when_asked_to),
		cmocka_unit_test(a_body_comes_once_and_with_a_type),
		cmocka_unit_test(a_file_becomes_the_body),
		cmocka_unit_test(a_redirect_has_one_target_and_a_code_that_redirects),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
