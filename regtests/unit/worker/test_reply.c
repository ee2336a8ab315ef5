// SPDX-License-Identifier: GPL-3.0-or-later
/* Answers that the proxy makes itself: which page counts, what its head says, and when it has no body. */
#include "fake_req.h"
#include "../../../src/worker/rules.h"

static struct hdr res_hdrs[16];

static int open_reply(void **state)
{
	open_world(state);
	fake_request(&w, "/");
	w.s.req.method = HTTP_GET;
	msg_init(&w.s.res, res_hdrs, ARRAY_LEN(res_hdrs), &req_arena, false);
	return 0;
}

static const char *header(const char *name)
{
	static char text[256];
	int i = msg_find(&w.s.res, str_c(name), 0);

	if (i < 0)
		return "none";
	snprintf(text, sizeof(text), STR_FMT, STR_ARG(hdr_val(&w.s.res.hdr[i])));
	return text;
}

static void body_begins(const char *text) { assert_true(str_starts(w.s.reply_body, str_c(text))); }

TEST(without_anything_configured_there_is_a_page)
{
	char len[24];

	reply_error(&w.s, 503);
	assert_int_equal(w.s.res.status, 503);
	assert_true(w.s.flags & SF_REPLY);
	assert_string_equal(header("cache-control"), "no-cache");
	assert_string_equal(header("content-type"), "text/html");
	body_begins("<html><body><h1>503 Service Unavailable</h1>\n");
	snprintf(len, sizeof(len), "%zu", w.s.reply_body.n);
	assert_string_equal(header("content-length"), len);
	assert_int_equal(w.s.res.body_len, w.s.reply_body.n);
	reply_error(&w.s, 401);
	assert_string_equal(header("www-authenticate"), "Basic realm=\"sluice\"");
	reply_error(&w.s, 407);
	assert_string_equal(header("proxy-authenticate"), "Basic realm=\"sluice\"");
	assert_string_equal(header("www-authenticate"), "none");
}

TEST(head_gets_the_length_and_no_body)
{
	w.s.req.method = HTTP_HEAD;
	reply_error(&w.s, 503);
	assert_int_equal(w.s.reply_body.n, 0);
	assert_true(w.s.res.flags & MSG_NO_BODY);
	assert_string_not_equal(header("content-length"), "none");
	assert_string_not_equal(header("content-length"), "0");
}

TEST(statuses_without_a_body_have_none)
{
	struct rt_reply r = { .status = 204, .body = STR("text"), .content_type = STR("text/plain") };

	reply_prepare(&w.s, &r, 0);
	assert_int_equal(w.s.res.status, 204);
	assert_int_equal(w.s.reply_body.n, 0);
	assert_string_equal(header("content-length"), "none");
}

TEST(the_backends_page_goes_before_the_frontends)
{
	struct rt_reply fe = { .status = 500, .body = STR("front") }, be = { .status = 500, .body = STR("back") };
	int slot = error_slot(503);

	w.px[0].errors[slot] = &fe;
	reply_error(&w.s, 503);
	assert_slice(w.s.reply_body, "front");
	assert_int_equal(w.s.res.status, 503); /* the status is that of the error */
	w.px[1].errors[slot] = &be;
	reply_error(&w.s, 503);
	assert_slice(w.s.reply_body, "back");
	w.s.be = NULL; /* not routed yet */
	reply_error(&w.s, 503);
	assert_slice(w.s.reply_body, "front");
}

TEST(an_errorfile_leaves_as_a_message_of_its_own)
{
	struct rt_reply r = { .raw = STR("HTTP/1.0 503 Away\r\nX-Own: yes\r\nContent-Length: 99\r\nConnection: close\r\n\r\n<p>away</p>") };

	w.px[0].errors[error_slot(503)] = &r;
	reply_error(&w.s, 503);
	assert_int_equal(w.s.res.status, 503);
	assert_slice(w.s.res.reason, "Away");
	assert_string_equal(header("x-own"), "yes");
	assert_string_equal(header("content-length"), "11"); /* what it has, whatever it says */
	assert_slice(w.s.reply_body, "<p>away</p>");
	r.raw = STR("no message at all"); /* then it is not used */
	r.status = 503, r.body = STR("else");
	reply_error(&w.s, 503);
	assert_slice(w.s.reply_body, "else");
}

TEST(an_errorloc_redirects_with_its_own_status)
{
	struct rt_reply r = { .status = 302, .location = STR("http://a.test/away") };

	w.px[0].errors[error_slot(503)] = &r;
	reply_error(&w.s, 503);
	assert_int_equal(w.s.res.status, 302);
	assert_string_equal(header("location"), "http://a.test/away");
	assert_string_equal(header("content-length"), "0");
}

TEST(a_silent_one_is_no_byte)
{
	struct rt_reply r = { .silent = true };

	reply_prepare(&w.s, &r, 0);
	assert_true(w.s.flags & SF_REPLY_SILENT);
}

#define TR(f) cmocka_unit_test_setup_teardown(f, open_reply, close_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TR(without_anything_configured_there_is_a_page), TR(head_gets_the_length_and_no_body), TR(statuses_without_a_body_have_none),
		TR(the_backends_page_goes_before_the_frontends), TR(an_errorfile_leaves_as_a_message_of_its_own),
		TR(an_errorloc_redirects_with_its_own_status), TR(a_silent_one_is_no_byte),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
