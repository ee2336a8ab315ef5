// SPDX-License-Identifier: GPL-3.0-or-later
/* The choice of a server: who is pinned, who is passed over, who has to wait, and where. */
#include "ruled.h"

static uint32_t load(struct ruled *r, uint32_t srv) { return live_sum(r->h.seg, LIVE_SRV, srv); }

TEST(a_server_that_was_chosen_counts_the_request_and_gives_it_back)
{
	struct ruled r;

	ruled_open(&r, "", "backend b\n server s1 127.0.0.1:1\n");
	struct stream *s = ASK(&r, "http://h/");

	assert_int_equal(s->step, ST_CONNECT);
	assert_int_equal(s->srv_idx, 0);
	assert_int_equal(load(&r, 0), 1);
	strm_release_server(s, MUX_ABORT, false);
	assert_int_equal(load(&r, 0), 0);
	ruled_close(&r);
}

TEST(a_full_server_is_passed_over_and_when_all_are_full_the_request_queues)
{
	struct ruled r;

	ruled_open(&r, "", "backend b\n balance leastconn\n timeout queue 9s\n server s1 127.0.0.1:1 maxconn 1\n server s2 127.0.0.1:2 maxconn 3\n");
	live_add(r.h.seg, LIVE_SRV, 0, 0, 1);
	live_add(r.h.seg, LIVE_SRV, 1, 0, 2);
	struct stream *s = ASK(&r, "http://h/");

	assert_int_equal(s->step, ST_CONNECT);
	assert_int_equal(s->srv_idx, 1);
	strm_release_server(s, MUX_ABORT, false);
	live_add(r.h.seg, LIVE_SRV, 1, 0, 1);
	s = ASK(&r, "http://h/");
	assert_int_equal(s->step, ST_QUEUE);
	assert_int_equal(s->wait.srv, RT_NONE);
	assert_in_range(s->exp, clock_ms() + 8000, clock_ms() + 9000);
	lb_queue_del(&wk.q, &s->wait);
	live_add(r.h.seg, LIVE_SRV, 0, 0, -1);
	live_add(r.h.seg, LIVE_SRV, 1, 0, -3);
	ruled_close(&r);
}

TEST(who_is_pinned_waits_for_that_server_and_no_longer_than_its_queue)
{
	struct ruled r;

	ruled_open(&r, "", "backend b\n use-server s1 if TRUE\n server s1 127.0.0.1:1 maxconn 1 maxqueue 1\n server s2 127.0.0.1:2\n");
	live_add(r.h.seg, LIVE_SRV, 0, 0, 1);
	struct stream *s = ASK(&r, "http://h/");

	assert_int_equal(s->step, ST_QUEUE);
	assert_int_equal(s->wait.srv, 0);
	lb_queue_del(&wk.q, &s->wait);
	live_add(r.h.seg, LIVE_SRV_QUEUE, 0, 0, 1); /* somebody waits there already */
	s = ASK(&r, "http://h/");
	assert_int_equal(s->step, ST_REPLY);
	assert_int_equal(s->res.status, 503);
	assert_memory_equal(s->term, "SQ", 2);
	live_add(r.h.seg, LIVE_SRV_QUEUE, 0, 0, -1);
	live_add(r.h.seg, LIVE_SRV, 0, 0, -1);
	ruled_close(&r);
}

TEST(a_pinned_server_that_is_down_is_left_unless_that_is_forbidden)
{
	static const char *const back = "backend b\n cookie S insert\n %s\n server s1 127.0.0.1:1 cookie a disabled\n server s2 127.0.0.1:2 cookie b\n";
	char text[512];
	struct ruled r;

	snprintf(text, sizeof(text), back, "option redispatch");
	ruled_open(&r, "", text);
	struct stream *s = ASK(&r, "http://h/", "--header", "Cookie: S=a");

	assert_int_equal(s->srv_idx, 1);
	assert_int_equal(s->term[2], 'D');
	s = ASK(&r, "http://h/", "--header", "Cookie: S=b");
	assert_int_equal(s->srv_idx, 1);
	assert_true(s->flags & SF_PINNED);
	assert_int_equal(s->term[2], 'V');
	ruled_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_that_was_chosen_counts_the_request_and_gives_it_back),
		cmocka_unit_test(a_full_server_is_passed_over_and_when_all_are_full_the_request_queues),
		cmocka_unit_test(who_is_pinned_waits_for_that_server_and_no_longer_than_its_queue),
		cmocka_unit_test(a_pinned_server_that_is_down_is_left_unless_that_is_forbidden),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
