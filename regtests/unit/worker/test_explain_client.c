// SPDX-License-Identifier: GPL-3.0-or-later
/* The client of a described request: where it arrives, what it speaks, and the message that comes of it. */
#include "ruled.h"

#define FRONTS " bind 127.0.0.1:81 proto h2\n bind 127.0.0.1:82 proto h1\n"

static struct stream *arrives(struct ruled *r, const char *const *words)
{
	struct stream *s = ruled_begin(r, words);

	while (s->step == ST_REQ_HEAD)
		assert_int_equal(strm_step(s), STEP_NEXT);
	return s;
}
#define ARRIVES(r, ...) arrives((r), (const char *const[]){ __VA_ARGS__, NULL })

TEST(a_message_is_made_as_the_muxes_make_it)
{
	struct ruled r;

	ruled_open(&r, FRONTS, NULL);
	struct stream *s = ARRIVES(&r, "POST http://h.test/a?b", "--header", "A-B: c d");

	assert_int_equal(s->req.ver, 11);
	assert_slice(s->req.target, "/a?b");
	assert_string_equal(ruled_hdr(&s->req, "host"), "h.test");
	assert_string_equal(ruled_hdr(&s->req, "a-b"), "c d");
	s = ARRIVES(&r, "POST http://h.test/a?b", "--proto", "h2", "--header", "A-B: c d", "--header", "Host: other.test");
	assert_int_equal(s->req.ver, 20);
	assert_slice(s->req.method_s, "POST");
	assert_slice(s->req.target, "/a?b");
	assert_slice(s->req.scheme, "http");
	assert_string_equal(ruled_hdr(&s->req, "host"), "other.test");
	assert_string_equal(ruled_hdr(&s->req, "a-b"), "c d");
	ruled_close(&r);
}

TEST(a_websocket_has_a_key_in_either_version)
{
	struct ruled r;

	ruled_open(&r, FRONTS, NULL);
	for (unsigned h2 = 0; h2 < 2; h2++) {
		struct stream *s = ARRIVES(&r, "http://h/chat", "--upgrade", "websocket", "--proto", h2 ? "h2" : "h1");

		assert_int_equal(s->req.method, HTTP_GET);
		assert_true(s->req.flags & MSG_UPGRADE);
		assert_string_equal(ruled_hdr(&s->req, "upgrade"), "websocket");
		assert_int_equal(strlen(ruled_hdr(&s->req, "sec-websocket-key")), 24);
	}
	ruled_close(&r);
}

static bool comes(struct ruled *r, const char *port, const char *proto)
{
	struct str w[3] = { STR_NULL, STR("--proto"), str_c(proto ? proto : "") };
	char url[32], err[100];

	snprintf(url, sizeof(url), "http://h:%s/", port);
	w[0] = str_c(url);
	ruled_drop(r);
	assert_true(explain_parse(&r->q, w, proto ? 3 : 1, err, sizeof(err)));
	wk.trace = &r->said;
	bool ok = explain_client_open(&r->x, &r->q);

	wk.trace = NULL;
	return ok;
}

TEST(listeners_decide_the_protocol_and_clients_follow_or_part)
{
	struct ruled r;

	ruled_open(&r, FRONTS, NULL);
	assert_true(comes(&r, "80", NULL) && r.x.mux.ops->http_major == 1);
	assert_true(comes(&r, "80", "h2") && r.x.mux.ops->http_major == 2);
	assert_true(comes(&r, "81", NULL) && r.x.mux.ops->http_major == 2);
	assert_true(comes(&r, "81", "h2") && r.x.mux.ops->http_major == 2);
	assert_false(comes(&r, "81", "h1"));
	assert_true(comes(&r, "82", NULL) && r.x.mux.ops->http_major == 1);
	assert_false(comes(&r, "82", "h2"));
	assert_false(comes(&r, "83", NULL));
	assert_int_equal(r.x.lst, RT_NONE);
	ruled_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_made_as_the_muxes_make_it),
		cmocka_unit_test(a_websocket_has_a_key_in_either_version),
		cmocka_unit_test(listeners_decide_the_protocol_and_clients_follow_or_part),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
