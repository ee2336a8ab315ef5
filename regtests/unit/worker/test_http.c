// SPDX-License-Identifier: GPL-3.0-or-later
/* One worker, real sockets: exchanges from the first byte of a request to the last of the response. */
#include "rig.h"

/* Answers every request of a connection with its own number and the name given. */
static void origin_named(int c, int nth, void *arg)
{
	char in[8192], out[256];

	while (get_message(c, in, sizeof(in))) {
		char body[64];
		int n = snprintf(body, sizeof(body), "%s/%d %.20s", (char *)arg, nth, in);

		snprintf(out, sizeof(out), "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", n, body);
		put(c, out);
	}
}

static void a_request_goes_through_and_both_connections_are_kept(void **state)
{
	struct rig r;
	char in[4096];
	int c;

	(void)state;
	rig_init(&r, MODE_HTTP, 1);
	rig_origin(&r, 0, origin_named, "s0");
	rig_start(&r);
	c = rig_client(&r);
	for (int i = 0; i < 3; i++) {
		put(c, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
		assert_true(get_message(c, in, sizeof(in)) > 0);
		assert_non_null(strstr(in, "200 OK"));
		assert_non_null(strstr(in, "s0/0 GET /x"));
	}
	close(c);
	rig_stop(&r);
}

static void roundrobin_alternates_between_servers(void **state)
{
	struct rig r;
	char in[4096];
	int seen[2] = { 0 };

	(void)state;
	rig_init(&r, MODE_HTTP, 2);
	rig_origin(&r, 0, origin_named, "s0");
	rig_origin(&r, 1, origin_named, "s1");
	rig_start(&r);
	for (int i = 0; i < 4; i++) {
		int c = rig_client(&r);

		put(c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
		get_all(c, in, sizeof(in));
		seen[strstr(in, "s1/") != NULL]++;
		close(c);
	}
	assert_int_equal(seen[0], 2);
	assert_int_equal(seen[1], 2);
	rig_stop(&r);
}

static void a_refused_connection_moves_to_another_server_at_once(void **state)
{
	struct rig r;
	char in[4096];

	(void)state;
	rig_init(&r, MODE_HTTP, 2);
	rig_refuse(&r, 0);
	rig_origin(&r, 1, origin_named, "s1");
	rig_start(&r);
	for (int i = 0; i < 4; i++) {
		int c = rig_client(&r);

		put(c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
		get_all(c, in, sizeof(in));
		assert_non_null(strstr(in, "s1/"));
		close(c);
	}
	rig_stop(&r);
}

static void no_server_left_answers_503(void **state)
{
	struct rig r;
	char in[4096];
	int c;

	(void)state;
	rig_init(&r, MODE_HTTP, 1);
	r.px[1].retries = 0;
	rig_refuse(&r, 0);
	rig_start(&r);
	c = rig_client(&r);
	put(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	get_message(c, in, sizeof(in));
	assert_non_null(strstr(in, " 503 "));
	close(c);
	rig_stop(&r);
}

static void a_bad_request_answers_400_and_closes(void **state)
{
	struct rig r;
	char in[4096];
	int c;

	(void)state;
	rig_init(&r, MODE_HTTP, 1);
	rig_start(&r);
	c = rig_client(&r);
	put(c, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n");
	get_all(c, in, sizeof(in));
	assert_non_null(strstr(in, " 400 "));
	close(c);
	rig_stop(&r);
}

static void a_slow_request_head_answers_408(void **state)
{
	struct rig r;
	char in[4096];
	int c;

	(void)state;
	rig_init(&r, MODE_HTTP, 1);
	r.px[0].to[TO_HTTP_REQUEST] = 100;
	rig_start(&r);
	c = rig_client(&r);
	put(c, "GET / HTTP/1.1\r\nHo");
	get_all(c, in, sizeof(in));
	assert_non_null(strstr(in, " 408 "));
	close(c);
	rig_stop(&r);
}

static void origin_silent(int c, int nth, void *arg)
{
	char in[4096];

	(void)nth, (void)arg;
	get_all(c, in, sizeof(in));
}

static void a_server_that_does_not_answer_gives_504(void **state)
{
	struct rig r;
	char in[4096];
	int c;

	(void)state;
	rig_init(&r, MODE_HTTP, 1);
	r.px[1].to[TO_SERVER] = 100;
	rig_origin(&r, 0, origin_silent, NULL);
	rig_start(&r);
	c = rig_client(&r);
	put(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	get_message(c, in, sizeof(in));
	assert_non_null(strstr(in, " 504 "));
	close(c);
	rig_stop(&r);
}

static void origin_hangs_up(int c, int nth, void *arg)
{
	char in[4096];

	(void)nth, (void)arg;
	get_message(c, in, sizeof(in));
}

static void an_empty_response_gives_502(void **state)
{
	struct rig r;
	char in[4096];
	int c;

	(void)state;
	rig_init(&r, MODE_HTTP, 1);
	rig_origin(&r, 0, origin_hangs_up, NULL);
	rig_start(&r);
	c = rig_client(&r);
	put(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	get_message(c, in, sizeof(in));
	assert_non_null(strstr(in, " 502 "));
	close(c);
	rig_stop(&r);
}

/* First connection: one answer, then it hangs up on the second request; later connections answer everything. */
static void origin_fickle(int c, int nth, void *arg)
{
	char in[4096];

	(void)arg;
	while (get_message(c, in, sizeof(in))) {
		if (nth == 0 && strstr(in, "/2"))
			return;
		put(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	}
}

static void a_request_that_dies_on_a_reused_connection_is_sent_again(void **state)
{
	struct rig r;
	char in[4096];
	int c;

	(void)state;
	rig_init(&r, MODE_HTTP, 1);
	rig_origin(&r, 0, origin_fickle, NULL);
	rig_start(&r);
	c = rig_client(&r);
	put(c, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
	get_message(c, in, sizeof(in));
	put(c, "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_true(get_message(c, in, sizeof(in)) > 0);
	assert_non_null(strstr(in, " 200 "));
	close(c);
	rig_stop(&r);
}

static void a_post_that_dies_on_a_reused_connection_is_not_sent_again(void **state)
{
	struct rig r;
	char in[4096];
	int c;

	(void)state;
	rig_init(&r, MODE_HTTP, 1);
	rig_origin(&r, 0, origin_fickle, NULL);
	rig_start(&r);
	c = rig_client(&r);
	put(c, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
	get_message(c, in, sizeof(in));
	put(c, "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx");
	assert_int_equal(get_message(c, in, sizeof(in)), 0);
	close(c);
	rig_stop(&r);
}

#define BIG (1u << 20)

static void origin_big(int c, int nth, void *arg)
{
	static char block[BIG];
	char in[4096];

	(void)nth, (void)arg;
	memset(block, 'b', sizeof(block));
	while (get_message(c, in, sizeof(in))) {
		size_t off = 0;

		put(c, "HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n");
		while (off < BIG) {
			ssize_t n = send(c, block + off, BIG - off, MSG_NOSIGNAL);

			if (n <= 0)
				return;
			off += (size_t)n;
		}
	}
}

static void a_large_response_arrives_whole_through_a_small_buffer(void **state)
{
	static char in[BIG + 4096];
	struct rig r;
	int c;

	(void)state;
	rig_init(&r, MODE_HTTP, 1);
	rig_origin(&r, 0, origin_big, NULL);
	rig_start(&r);
	c = rig_client(&r);
	put(c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	assert_true(get_all(c, in, sizeof(in)) >= BIG);
	assert_int_equal(strlen(strstr(in, "\r\n\r\n") + 4), BIG);
	close(c);
	rig_stop(&r);
}

/* Reads a request of any size and says how long its body was. */
static void origin_counts(int c, int nth, void *arg)
{
	static char in[BIG + 8192];
	char out[128], body[32];
	int n;

	(void)nth, (void)arg;
	while (get_message(c, in, sizeof(in))) {
		n = snprintf(body, sizeof(body), "%zu", strlen(strstr(in, "\r\n\r\n") + 4));
		snprintf(out, sizeof(out), "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", n, body);
		put(c, out);
	}
}

static void a_large_request_body_arrives_whole(void **state)
{
	static char body[300001];
	struct rig r;
	char in[4096];
	int c;

	(void)state;
	memset(body, 'p', sizeof(body) - 1);
	rig_init(&r, MODE_HTTP, 1);
	rig_origin(&r, 0, origin_counts, NULL);
	rig_start(&r);
	c = rig_client(&r);
	put(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n");
	put(c, body);
	get_message(c, in, sizeof(in));
	assert_non_null(strstr(in, "\r\n\r\n300000"));
	close(c);
	rig_stop(&r);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
	struct rig r;
	char in[4096];
	int c;

	(void)state;
	rig_init(&r, MODE_HTTP, 1);
	rig_origin(&r, 0, origin_named, "s0");
	rig_start(&r);
	c = rig_client(&r);
	put(c, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
	       "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n");
	for (int i = 1; i <= 3; i++) {
		char want[16];

		snprintf(want, sizeof(want), "GET /%d", i);
		assert_true(get_message(c, in, sizeof(in)) > 0);
		assert_non_null(strstr(in, want));
	}
	close(c);
	rig_stop(&r);
}

static void origin_upgrades(int c, int nth, void *arg)
{
	char in[4096];
	ssize_t n;

	(void)nth, (void)arg;
	get_message(c, in, sizeof(in));
	put(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
	while ((n = recv(c, in, sizeof(in), 0)) > 0)
		send(c, in, (size_t)n, MSG_NOSIGNAL);
}

static void a_101_turns_the_exchange_into_a_tunnel(void **state)
{
	struct rig r;
	char in[4096];
	int c;

	(void)state;
	rig_init(&r, MODE_HTTP, 1);
	rig_origin(&r, 0, origin_upgrades, NULL);
	rig_start(&r);
	c = rig_client(&r);
	put(c, "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
	get_message(c, in, sizeof(in));
	assert_non_null(strstr(in, " 101 "));
	put(c, "hello");
	assert_int_equal(recv(c, in, 5, MSG_WAITALL), 5);
	assert_memory_equal(in, "hello", 5);
	shutdown(c, SHUT_WR);
	assert_int_equal(recv(c, in, sizeof(in), 0), 0);
	close(c);
	rig_stop(&r);
}

static void origin_no_length(int c, int nth, void *arg)
{
	char in[4096];

	(void)nth, (void)arg;
	get_message(c, in, sizeof(in));
	put(c, "HTTP/1.1 200 OK\r\n\r\nuntil the end");
}

static void a_body_without_length_is_chunked_for_1_1_and_closed_for_1_0(void **state)
{
	struct rig r;
	char in[4096];
	int c;

	(void)state;
	rig_init(&r, MODE_HTTP, 1);
	rig_origin(&r, 0, origin_no_length, NULL);
	rig_start(&r);
	c = rig_client(&r);
	put(c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	get_all(c, in, sizeof(in));
	assert_non_null(strcasestr(in, "transfer-encoding: chunked"));
	assert_non_null(strstr(in, "\r\n0\r\n\r\n"));
	close(c);
	c = rig_client(&r);
	put(c, "GET / HTTP/1.0\r\nHost: a\r\n\r\n");
	get_all(c, in, sizeof(in));
	assert_null(strcasestr(in, "chunked"));
	assert_non_null(strstr(in, "\r\n\r\nuntil the end"));
	close(c);
	rig_stop(&r);
}

static void origin_counts_conns(int c, int nth, void *arg)
{
	char in[4096], out[128];

	(void)arg;
	while (get_message(c, in, sizeof(in))) {
		snprintf(out, sizeof(out), "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d", nth);
		put(c, out);
	}
}

static char last_byte_of_one_request(struct rig *r, int *conn)
{
	char in[4096];
	size_t n;
	int c = conn && *conn >= 0 ? *conn : rig_client(r);

	put(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	n = get_message(c, in, sizeof(in));
	assert_true(n > 0);
	if (conn)
		*conn = c;
	else
		close(c);
	return in[n - 1];
}

static void http_reuse_always_gives_first_requests_idle_connections(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, MODE_HTTP, 1);
	r.px[1].reuse = REUSE_ALWAYS;
	rig_origin(&r, 0, origin_counts_conns, NULL);
	rig_start(&r);
	assert_int_equal(last_byte_of_one_request(&r, NULL), '0');
	assert_int_equal(last_byte_of_one_request(&r, NULL), '0');
	rig_stop(&r);
}

static void abort_while_waiting_leaves_no_gauge_behind(void **state)
{
	struct rig r;
	int c;

	(void)state;
	rig_init(&r, MODE_HTTP, 1);
	r.px[0].opts |= OPT_ABORTONCLOSE;
	rig_origin(&r, 0, origin_silent, NULL);
	rig_start(&r);
	c = rig_client(&r);
	put(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	while (live_sum(r.seg, LIVE_SRV, 0) == 0)
		poll(NULL, 0, 1);
	close(c);
	while (live_sum(r.seg, LIVE_SRV, 0) != 0)
		poll(NULL, 0, 1);
	rig_stop(&r);
}

static void a_full_server_makes_requests_wait_their_turn(void **state)
{
	struct rig r;
	int c[4];
	char in[4096];

	(void)state;
	rig_init(&r, MODE_HTTP, 1);
	r.opts.maxconn = 1;
	r.px[1].to[TO_QUEUE] = 40000;
	r.px[1].opts |= OPT_HTTP_SERVER_CLOSE;
	rig_origin(&r, 0, origin_named, "s0");
	rig_start(&r);
	for (int i = 0; i < 4; i++) {
		c[i] = rig_client(&r);
		put(c[i], "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	}
	for (int i = 0; i < 4; i++) {
		assert_true(get_message(c[i], in, sizeof(in)) > 0);
		assert_non_null(strstr(in, " 200 "));
		close(c[i]);
	}
	rig_stop(&r);
}

static void drain_an_idle_client(enum drain_idle how, bool closed)
{
	struct rig r;
	char in[4096];
	int c, st;

	rig_init(&r, MODE_HTTP, 1);
	r.rt.g.drain_idle = (uint8_t)how;
	r.rt.g.drain_idle_spread = 20;
	rig_origin(&r, 0, origin_named, "s0");
	rig_start(&r);
	c = rig_client(&r);
	put(c, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
	get_message(c, in, sizeof(in));
	assert_true(ipc_send(r.ctl, IPC_DRAIN, 0, 0, NULL, 0, -1));
	if (closed) {
		assert_int_equal(recv(c, in, sizeof(in), 0), 0);
	} else {
		while (atomic_load(&r.seg->slot[0].state) != SLOT_DRAINING)
			poll(NULL, 0, 1);
		put(c, "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
		get_all(c, in, sizeof(in));
		assert_non_null(strcasestr(in, "connection: close"));
		assert_non_null(strstr(in, "GET /2"));
	}
	assert_int_equal(waitpid(r.worker, &st, 0), r.worker);
	assert_int_equal(WEXITSTATUS(st), 0);
	close(c);
	rig_gone(&r);
}

static void a_draining_worker_answers_an_idle_client_once_more_or_closes_it(void **state)
{
	(void)state;
	drain_an_idle_client(DRAIN_IDLE_ON_RESPONSE, false);
	drain_an_idle_client(DRAIN_IDLE_SPREAD, true);
	drain_an_idle_client(DRAIN_IDLE_NOW, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_goes_through_and_both_connections_are_kept),
		cmocka_unit_test(roundrobin_alternates_between_servers),
		cmocka_unit_test(a_refused_connection_moves_to_another_server_at_once),
		cmocka_unit_test(no_server_left_answers_503),
		cmocka_unit_test(a_bad_request_answers_400_and_closes),
		cmocka_unit_test(a_slow_request_head_answers_408),
		cmocka_unit_test(a_server_that_does_not_answer_gives_504),
		cmocka_unit_test(an_empty_response_gives_502),
		cmocka_unit_test(a_request_that_dies_on_a_reused_connection_is_sent_again),
		cmocka_unit_test(a_post_that_dies_on_a_reused_connection_is_not_sent_again),
		cmocka_unit_test(a_large_response_arrives_whole_through_a_small_buffer),
		cmocka_unit_test(a_large_request_body_arrives_whole),
		cmocka_unit_test(pipelined_requests_are_answered_in_order),
		cmocka_unit_test(a_101_turns_the_exchange_into_a_tunnel),
		cmocka_unit_test(a_body_without_length_is_chunked_for_1_1_and_closed_for_1_0),
		cmocka_unit_test(http_reuse_always_gives_first_requests_idle_connections),
		cmocka_unit_test(abort_while_waiting_leaves_no_gauge_behind),
		cmocka_unit_test(a_draining_worker_answers_an_idle_client_once_more_or_closes_it),
		cmocka_unit_test(a_full_server_makes_requests_wait_their_turn),
	};

	rig_use();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
