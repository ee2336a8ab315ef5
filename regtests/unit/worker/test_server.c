// SPDX-License-Identifier: GPL-3.0-or-later
/* Which server a retry goes to, and which one a client keeps. */
#include "rig.h"

static void origin_named(int c, int nth, void *arg)
{
	char in[8192], out[256];

	(void)nth;
	while (get_message(c, in, sizeof(in))) {
		snprintf(out, sizeof(out), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n%s", (char *)arg);
		put(c, out);
	}
}

/* A request that begins at a server that refuses, with 3 retries: those that stayed there, and those that left. */
static void retries_of(uint32_t opts, int every, unsigned *stayed, unsigned *left)
{
	struct rig r;
	char in[4096];
	int c;

	rig_init(&r, MODE_HTTP, 2);
	r.px[1].opts = opts;
	r.px[1].redispatch_every = (int16_t)every;
	r.px[1].to[TO_CONNECT] = 5; /* the pause before the same server is tried again is no longer than that */
	rig_refuse(&r, 0);
	rig_origin(&r, 1, origin_named, "s1");
	rig_start(&r);
	c = rig_client(&r);
	put(c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	get_all(c, in, sizeof(in));
	assert_true(strstr(in, " 200 ") || !(opts & OPT_REDISPATCH));
	close(c);
	*stayed = (unsigned)srv_ctr(r.seg, 0, 0)->wretr;
	*left = (unsigned)srv_ctr(r.seg, 0, 0)->wredis;
	rig_stop(&r);
}

static void a_retry_leaves_the_server_when_the_interval_says_so(void **state)
{
	static const struct { uint32_t opts; int every; unsigned stayed, left; } want[] = {
		{ OPT_REDISPATCH, 0, 0, 1 },  { OPT_REDISPATCH, 1, 0, 1 },  { OPT_REDISPATCH, 2, 1, 1 },
		{ OPT_REDISPATCH, 3, 2, 1 },  { OPT_REDISPATCH, -1, 2, 1 }, { OPT_REDISPATCH, -2, 1, 1 },
		{ OPT_REDISPATCH, -3, 0, 1 }, { OPT_REDISPATCH, -9, 0, 1 }, { 0, 0, 3, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		unsigned stayed, left;

		retries_of(want[i].opts, want[i].every, &stayed, &left);
		assert_int_equal(stayed, want[i].stayed);
		assert_int_equal(left, want[i].left);
	}
}

static unsigned servers_seen(uint32_t opts)
{
	struct rig r;
	char in[4096];
	unsigned seen = 0;
	int c;

	rig_init(&r, MODE_HTTP, 2);
	r.px[1].opts |= opts;
	rig_origin(&r, 0, origin_named, "s0");
	rig_origin(&r, 1, origin_named, "s1");
	rig_start(&r);
	c = rig_client(&r);
	for (int i = 0; i < 4; i++) {
		put(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
		assert_true(get_message(c, in, sizeof(in)) > 0);
		seen |= strstr(in, "s0") ? 1 : 2;
	}
	close(c);
	rig_stop(&r);
	return seen;
}

static void prefer_last_server_keeps_a_client_where_it_is(void **state)
{
	unsigned one;

	(void)state;
	assert_int_equal(servers_seen(0), 3);
	one = servers_seen(OPT_PREFER_LAST);
	assert_true(one == 1 || one == 2);
}

static void backup_sessions_end_when_a_server_comes_back(void **state)
{
	struct rig r;
	char in[64];
	int c;

	(void)state;
	rig_init(&r, MODE_TCP, 2);
	r.srv[0].flags = SRVF_SHUT_BACKUP_ON_UP;
	r.srv[1].flags = SRVF_BACKUP;
	rig_origin(&r, 0, origin_named, "s0");
	rig_origin(&r, 1, origin_named, "s1");
	rig_start(&r);
	atomic_store(&r.seg->srv[0].op, srv_op_pack(SRV_DOWN, 0, 100, 0));
	atomic_fetch_add(&r.seg->h->epoch_checker, 1);
	for (bool backup = false; !backup;) { /* until the worker has seen it */
		c = rig_client(&r);
		put(c, "GET / HTTP/1.1\r\n\r\n");
		get_message(c, in, sizeof(in));
		backup = strstr(in, "s1");
		if (!backup)
			close(c);
	}
	atomic_store(&r.seg->srv[0].op, srv_op_pack(SRV_UP, 4, 100, 0));
	atomic_fetch_add(&r.seg->h->epoch_checker, 1);
	assert_int_equal(recv(c, in, 1, 0), 0);
	close(c);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_retry_leaves_the_server_when_the_interval_says_so),
		cmocka_unit_test(prefer_last_server_keeps_a_client_where_it_is),
		cmocka_unit_test(backup_sessions_end_when_a_server_comes_back),
	};

	rig_use();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
