// SPDX-License-Identifier: GPL-3.0-or-later
/* Actions that change messages: what the server will see. */
#include "ruled.h"

TEST(headers_are_set_added_removed_and_replaced)
{
	static const struct ruled_row rows[] = {
		{ " http-request set-header X a\n", { "http://h/", "--header", "X: q" }, "a" },
		{ " http-request set-header X %[path]-%[method]\n", { "POST http://h/p" }, "/p-POST" },
		{ " http-request add-header Y a\n http-request set-header X %[hdr_cnt(y)]\n", { "http://h/", "--header", "Y: q" }, "2" },
		{ " http-request del-header Y\n http-request set-header X %[hdr_cnt(y)]\n", { "http://h/", "--header", "Y: q", "--header", "Y: r" }, "0" },
		{ " http-request del-header ^Y[0-9] -m reg\n http-request set-header X %[req.hdr_names]\n",
		  { "http://h/", "--header", "Y1: q", "--header", "Ya: r" }, "ya,host" },
		{ " http-request del-header y -m beg\n http-request set-header X %[req.hdr_names]\n", { "http://h/", "--header", "Y1: q" }, "host" },
		{ " http-request replace-header X (.*)b(.*) \\2-\\1\n", { "http://h/", "--header", "X: a, b, c" }, ", c-a, " },
		{ " http-request replace-value X ^.$ <\\0>\n", { "http://h/", "--header", "X: a, bb, c" }, "<a>, bb, <c>" },
		{ " http-request replace-value X z y\n", { "http://h/", "--header", "X: a,  b" }, "a,  b" },
	};

	RULED_ROWS(rows);
}

TEST(a_replacement_is_made_once_for_all_lines_of_a_header)
{
	/* of the last value before any was replaced */
	static const struct ruled_row rows[] = {
		{ " http-request replace-header Y .* %[hdr(y)]+\n http-request set-header X %[req.fhdr(y,1)]%[req.fhdr(y,2)]\n",
		  { "http://h/", "--header", "Y: a", "--header", "Y: b" }, "b+b+" },
	};

	RULED_ROWS(rows);
}

TEST(what_a_client_sent_never_becomes_a_header_of_its_own)
{
	static const struct ruled_row rows[] = {
		{ " http-request set-header X %[urlp(v),url_dec]\n", { "http://h/?v=a%0d%0aEvil:%201" }, "a%0D%0AEvil: 1" },
		{ " http-request set-var(txn.v) urlp(v),url_dec\n http-request set-header X %[var(txn.v)]\n", { "http://h/?v=a%0ab" }, "a%0Ab" },
	};

	RULED_ROWS(rows);
}

TEST(targets_are_rewritten_in_their_parts)
{
	static const struct ruled_row rows[] = {
		{ " http-request set-path /n%[path]\n", { "http://h/a?q=1" }, "/n/a?q=1" },
		{ " http-request set-pathq /n%[pathq]\n", { "http://h/a?q=1" }, "/n/a?q=1" },
		{ " http-request set-query x=2\n", { "http://h/a?q=1" }, "/a?x=2" },
		{ " http-request set-query %[var(txn.none)]\n", { "http://h/a?q=1" }, "/a" },
		{ " http-request replace-path ^/a/(.*) /b/\\1\n", { "http://h/a/c?q=/a/" }, "/b/c?q=/a/" },
		{ " http-request replace-path ^/z /b\n", { "http://h/a" }, "/a" },
		{ " http-request replace-pathq a\\?q=(.) \\1\n", { "http://h/a?q=7" }, "/7" },
		{ " http-request set-uri https://other.test/z?w\n http-request set-header X %[hdr(host)]%[pathq]\n", { "http://h/a" }, "other.test/z?w" },
		{ " http-request normalize-uri path-merge-slashes\n", { "http://h//a///b?c//d" }, "/a/b?c//d" },
		{ " http-request normalize-uri path-strip-dotdot full\n", { "http://h/../../a" }, "/a" },
	};

	RULED_ROWS(rows);
}

TEST(a_target_that_would_not_be_one_is_left_as_it_was)
{
	static const struct ruled_row rows[] = {
		{ " http-request set-path \"/a b\"\n", { "http://h/x" }, "/x" },
		{ " http-request set-path /%[urlp(v),url_dec]\n", { "http://h/x?v=%23f" }, "/x?v=%23f" },
		{ " http-request set-method \"A B\"\n http-request set-header X %[method]\n", { "http://h/x" }, "GET" },
		{ " http-request set-method BREW\n http-request set-header X %[method]\n", { "http://h/x" }, "BREW" },
	};

	RULED_ROWS(rows);
}

TEST(responses_change_status_and_headers)
{
	struct ruled r;

	ruled_open(&r, " http-response set-status 299 reason \"So So\"\n http-response set-header Y %[status]-%[res.hdr(z)]\n http-response del-header Z\n", NULL);
	assert_non_null(ASK(&r, "http://h/"));
	assert_int_equal(ruled_response(&r, "HTTP/1.1 200 OK\r\nZ: 7\r\nContent-Length: 0\r\n\r\n"), RULE_CONTINUE);
	assert_int_equal(r.s->res.status, 299);
	assert_slice(r.s->res.reason, "So So");
	assert_string_equal(ruled_hdr(&r.s->res, "y"), "299-7");
	assert_string_equal(ruled_hdr(&r.s->res, "z"), "-");
	ruled_close(&r);
}

TEST(captures_and_log_levels_are_kept_for_the_log)
{
	struct ruled r;

	ruled_open(&r, " declare capture request len 3\n http-request capture hdr(y) id 0\n http-request set-log-level silent if { path /s }\n", NULL);
	assert_non_null(ASK(&r, "http://h/", "--header", "Y: abcdef"));
	assert_slice(r.s->req_caps[0], "abc");
	assert_int_equal(r.s->log_level, 0);
	assert_int_equal(ASK(&r, "http://h/s")->log_level, LOG_SILENT);
	ruled_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_are_set_added_removed_and_replaced),
		cmocka_unit_test(a_replacement_is_made_once_for_all_lines_of_a_header),
		cmocka_unit_test(what_a_client_sent_never_becomes_a_header_of_its_own),
		cmocka_unit_test(targets_are_rewritten_in_their_parts),
		cmocka_unit_test(a_target_that_would_not_be_one_is_left_as_it_was),
		cmocka_unit_test(responses_change_status_and_headers),
		cmocka_unit_test(captures_and_log_levels_are_kept_for_the_log),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
