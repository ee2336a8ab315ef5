// SPDX-License-Identifier: GPL-3.0-or-later
/* The response: whose rules it meets, in which order, and what they may still do. */
#include "ruled.h"

/* The head of a response is there: through the steps until it would be sent. */
static struct stream *answered(struct ruled *r, const char *head)
{
	struct h1_head_opts o = { .max_head = 8192 };
	enum h1_error err;
	uint32_t scan = 0;
	struct stream *s = ASK(r, "http://h/");

	assert_int_equal(s->step, ST_CONNECT);
	msg_init(&s->res, s->res.hdr, s->res.max_hdr, s->arena, false);
	assert_int_equal(h1_head_parse(&s->res, str_c(head), &o, &scan, &err), H1_OK);
	s->srv.flags |= EP_HEAD;
	s->step = ST_RES_RULES;
	while (s->step == ST_RES_RULES)
		if (strm_step(s) != STEP_NEXT)
			break;
	return s;
}

TEST(the_backend_speaks_first_then_the_frontend_then_what_holds_for_every_answer)
{
	struct ruled r;

	ruled_open(&r, " http-response set-header X %[res.hdr(x)]f\n http-after-response set-header X %[res.hdr(x)]F\n",
		   "backend b\n http-response set-header X %[res.hdr(x)]b\n http-after-response set-header X %[res.hdr(x)]B\n server s 127.0.0.1:1\n");
	struct stream *s = answered(&r, "HTTP/1.1 200 OK\r\nX: 0\r\nContent-Length: 0\r\n\r\n");

	assert_int_equal(s->step, ST_RES_SEND);
	assert_string_equal(ruled_hdr(&s->res, "x"), "0bfBF");
	assert_int_equal(s->status, 200);
	ruled_close(&r);
}

TEST(an_allow_ends_its_own_list_only)
{
	struct ruled r;

	ruled_open(&r, " http-response set-header F 1\n", "backend b\n http-response allow if { status 200 }\n http-response set-header B 1\n server s 127.0.0.1:1\n");
	struct stream *s = answered(&r, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");

	assert_string_equal(ruled_hdr(&s->res, "b"), "-");
	assert_string_equal(ruled_hdr(&s->res, "f"), "1");
	ruled_close(&r);
}

TEST(a_response_that_is_denied_gives_its_server_back)
{
	struct ruled r;

	ruled_open(&r, "", "backend b\n http-response deny status 418 if { res.hdr(x) bad }\n server s 127.0.0.1:1\n");
	struct stream *s = answered(&r, "HTTP/1.1 200 OK\r\nX: bad\r\nContent-Length: 0\r\n\r\n");

	assert_int_equal(s->step, ST_REPLY);
	assert_int_equal(s->res.status, 418);
	assert_memory_equal(s->term, "PH", 2);
	assert_int_equal(live_sum(r.h.seg, LIVE_SRV, 0), 0);
	ruled_close(&r);
}

TEST(a_status_that_a_rule_has_set_is_the_one_that_counts)
{
	struct ruled r;

	ruled_open(&r, " http-response set-status 299\n", NULL);
	struct stream *s = answered(&r, "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");

	assert_int_equal(s->status, 299);
	ruled_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_backend_speaks_first_then_the_frontend_then_what_holds_for_every_answer),
		cmocka_unit_test(an_allow_ends_its_own_list_only),
		cmocka_unit_test(a_response_that_is_denied_gives_its_server_back),
		cmocka_unit_test(a_status_that_a_rule_has_set_is_the_one_that_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
