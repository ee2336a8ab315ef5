// SPDX-License-Identifier: GPL-3.0-or-later
/* Peers that lie, hang up or talk too much: what one client sends or one server says never reaches another. */
#include "rig.h"

static void origin_echo_line(int c, int nth, void *arg)
{
	char in[8192], out[512];

	(void)nth, (void)arg;
	while (get_message(c, in, sizeof(in))) {
		int n = (int)strcspn(in, "\r");

		snprintf(out, sizeof(out), "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%.*s", n, n, in);
		put(c, out);
	}
}

static uint64_t connects(const struct rig *r) { return srv_ctr(r->seg, 0, 0)->connect; }

static void a_body_behind_an_answer_of_our_own_is_never_parsed_as_a_request(void **state)
{
	static const char head[] = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 31\r\n\r\n";
	static const char body[] = "GET /evil HTTP/1.1\r\nHost: a\r\n\r\n";
	struct rig r;
	char in[8192], *second;

	(void)state;
	assert_int_equal(strlen(body), 31);
	rig_init(&r, MODE_HTTP, 1);
	r.px[1].retries = 0;
	rig_refuse(&r, 0);
	rig_start(&r);
	for (int late = 0; late < 2; late++) {
		int c = rig_client(&r);

		if (late) {
			put(c, head);
			assert_true(get_message(c, in, sizeof(in)) > 0);
			assert_non_null(strstr(in, " 503 "));
			(void)!send(c, body, sizeof(body) - 1, MSG_NOSIGNAL);
			shutdown(c, SHUT_WR);
			assert_int_equal(get_all(c, in, sizeof(in)), 0);
		} else {
			char both[256];

			snprintf(both, sizeof(both), "%s%s", head, body);
			put(c, both);
			shutdown(c, SHUT_WR);
			get_all(c, in, sizeof(in));
			second = strstr(in + 1, "HTTP/1.1 ");
			assert_null(second);
		}
		close(c);
	}
	rig_stop(&r);
}

static void a_request_behind_a_refused_upgrade_is_a_request(void **state)
{
	struct rig r;
	char in[8192];
	int c;

	(void)state;
	rig_init(&r, MODE_HTTP, 1);
	rig_origin(&r, 0, origin_echo_line, NULL);
	rig_start(&r);
	c = rig_client(&r);
	put(c, "GET /x HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n"
	       "GET /admin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	get_all(c, in, sizeof(in));
	assert_non_null(strstr(in, "GET /x HTTP/1.1"));
	assert_non_null(strstr(in, "GET /admin HTTP/1.1"));
	assert_int_equal(px_ctr(r.seg, 0, 0)->fe.req_tot, 2);
	close(c);
	rig_stop(&r);
}

static void origin_101_unasked(int c, int nth, void *arg)
{
	char in[8192];

	(void)nth, (void)arg;
	get_message(c, in, sizeof(in));
	put(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n");
	get_all(c, in, sizeof(in));
}

static void a_101_nobody_asked_for_is_a_502(void **state)
{
	struct rig r;
	char in[8192];
	int c;

	(void)state;
	rig_init(&r, MODE_HTTP, 1);
	rig_origin(&r, 0, origin_101_unasked, NULL);
	rig_start(&r);
	c = rig_client(&r);
	put(c, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
	get_message(c, in, sizeof(in));
	assert_non_null(strstr(in, " 502 "));
	close(c);
	rig_stop(&r);
}

static void origin_says_more(int c, int nth, void *arg)
{
	char in[8192];

	(void)nth, (void)arg;
	while (get_message(c, in, sizeof(in)))
		put(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
}

static void bytes_behind_a_response_reach_nobody_and_cost_the_connection(void **state)
{
	struct rig r;
	char in[8192];
	int c;

	(void)state;
	rig_init(&r, MODE_HTTP, 1);
	r.px[1].reuse = REUSE_ALWAYS;
	rig_origin(&r, 0, origin_says_more, NULL);
	rig_start(&r);
	c = rig_client(&r);
	for (int i = 0; i < 3; i++) {
		put(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
		assert_true(get_message(c, in, sizeof(in)) > 0);
		assert_null(strstr(in, "evil"));
		assert_non_null(strstr(in, "\r\n\r\nok"));
	}
	assert_int_equal(connects(&r), 3);
	close(c);
	rig_stop(&r);
}

static void origin_interim_flood(int c, int nth, void *arg)
{
	char in[8192];

	(void)nth, (void)arg;
	get_message(c, in, sizeof(in));
	for (int i = 0; i < 1000; i++)
		if (send(c, "HTTP/1.1 103 Early Hints\r\n\r\n", 28, MSG_NOSIGNAL) <= 0)
			return;
}

static void a_flood_of_interim_responses_is_a_502(void **state)
{
	static char in[65536];
	struct rig r;
	int c;

	(void)state;
	rig_init(&r, MODE_HTTP, 1);
	rig_origin(&r, 0, origin_interim_flood, NULL);
	rig_start(&r);
	c = rig_client(&r);
	put(c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	get_all(c, in, sizeof(in));
	assert_non_null(strstr(in, " 502 "));
	close(c);
	rig_stop(&r);
}

/* Hangs up on the first connection after the request, answers on later ones. */
static void origin_second_chance(int c, int nth, void *arg)
{
	char in[8192];

	(void)arg;
	if (!get_message(c, in, sizeof(in)) || nth == 0)
		return;
	put(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

static void post_to_second_chance(uint32_t retry_on, const char *want, uint64_t attempts)
{
	struct rig r;
	char in[8192];
	int c;

	rig_init(&r, MODE_HTTP, 1);
	r.px[1].retry_on = retry_on;
	rig_origin(&r, 0, origin_second_chance, NULL);
	rig_start(&r);
	c = rig_client(&r);
	put(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
	get_message(c, in, sizeof(in));
	assert_non_null(strstr(in, want));
	assert_int_equal(connects(&r), attempts);
	close(c);
	rig_stop(&r);
}

static void an_empty_response_is_retried_only_when_asked_for(void **state)
{
	(void)state;
	post_to_second_chance(RO_CONN_FAILURE, " 502 ", 1);
	post_to_second_chance(RO_CONN_FAILURE | RO_EMPTY, " 200 ", 2);
}

static void origin_always_hangs_up(int c, int nth, void *arg)
{
	char in[8192];

	(void)nth, (void)arg;
	get_message(c, in, sizeof(in));
}

static void retries_end(void **state)
{
	struct rig r;
	char in[8192];
	int c;

	(void)state;
	rig_init(&r, MODE_HTTP, 1);
	r.px[1].retries = 2;
	r.px[1].retry_on = RO_EMPTY;
	r.px[1].to[TO_CONNECT] = 20; /* the pause before the same server */
	rig_origin(&r, 0, origin_always_hangs_up, NULL);
	rig_start(&r);
	c = rig_client(&r);
	put(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	get_message(c, in, sizeof(in));
	assert_non_null(strstr(in, " 502 "));
	assert_int_equal(connects(&r), 3);
	close(c);
	rig_stop(&r);
}

static void origin_stops_midway(int c, int nth, void *arg)
{
	char in[8192];

	(void)nth, (void)arg;
	get_message(c, in, sizeof(in));
	put(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
}

static void nothing_is_retried_once_a_response_has_begun(void **state)
{
	struct rig r;
	char in[8192];
	int c;

	(void)state;
	rig_init(&r, MODE_HTTP, 1);
	r.px[1].retry_on = RO_EMPTY | RO_JUNK | RO_TIMEOUT;
	rig_origin(&r, 0, origin_stops_midway, NULL);
	rig_start(&r);
	c = rig_client(&r);
	put(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	get_all(c, in, sizeof(in));
	assert_non_null(strstr(in, "\r\n\r\nhalf"));
	assert_null(strstr(in + 1, "HTTP/1.1 "));
	assert_int_equal(connects(&r), 1);
	close(c);
	rig_stop(&r);
}

static void origin_answers_early(int c, int nth, void *arg)
{
	char in[8192];
	size_t n = 0;

	(void)nth, (void)arg;
	while (n < 60 && recv(c, in, 1, 0) == 1)
		n++;
	put(c, "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig");
}

static void an_early_answer_is_forwarded_and_then_the_connection_closes(void **state)
{
	struct rig r;
	char in[8192];
	int c;

	(void)state;
	rig_init(&r, MODE_HTTP, 1);
	rig_origin(&r, 0, origin_answers_early, NULL);
	rig_start(&r);
	c = rig_client(&r);
	put(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nthe beginning");
	get_all(c, in, sizeof(in));
	assert_non_null(strstr(in, " 413 "));
	assert_non_null(strstr(in, "big"));
	close(c);
	rig_stop(&r);
}

static void a_buffered_request_is_continued_by_the_proxy(void **state)
{
	struct rig r;
	char in[8192];
	int c;

	(void)state;
	rig_init(&r, MODE_HTTP, 1);
	r.px[1].opts |= OPT_HTTP_BUFFER_REQUEST;
	rig_origin(&r, 0, origin_echo_line, NULL);
	rig_start(&r);
	c = rig_client(&r);
	put(c, "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
	get_message(c, in, sizeof(in));
	assert_non_null(strstr(in, " 100 "));
	assert_int_equal(connects(&r), 0);
	put(c, "body");
	get_message(c, in, sizeof(in));
	assert_non_null(strstr(in, "POST /b"));
	close(c);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_body_behind_an_answer_of_our_own_is_never_parsed_as_a_request),
		cmocka_unit_test(a_request_behind_a_refused_upgrade_is_a_request),
		cmocka_unit_test(a_101_nobody_asked_for_is_a_502),
		cmocka_unit_test(bytes_behind_a_response_reach_nobody_and_cost_the_connection),
		cmocka_unit_test(a_flood_of_interim_responses_is_a_502),
		cmocka_unit_test(an_empty_response_is_retried_only_when_asked_for),
		cmocka_unit_test(retries_end),
		cmocka_unit_test(nothing_is_retried_once_a_response_has_begun),
		cmocka_unit_test(an_early_answer_is_forwarded_and_then_the_connection_closes),
		cmocka_unit_test(a_buffered_request_is_continued_by_the_proxy),
	};

	rig_use();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
