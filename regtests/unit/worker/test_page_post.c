// SPDX-License-Identifier: GPL-3.0-or-later
/* Forms of the statistics page: what is ordered, and from where nothing may be. */
#include <unistd.h>
#include <sluice/ipc/msg.h>
#include "fake_req.h"
#include "../../../src/worker/page.h"

static int leader;
static struct rt_stats stats;
static struct hmap names;
static struct arena names_arena;

static int open_page(void **state)
{
	int sv[2];

	open_world(state);
	assert_int_equal(ipc_pair(sv), 0);
	leader = sv[0];
	w.h.ctl = sv[1];
	memset(w.h.secret, 0xab, sizeof(w.h.secret));
	w.px[0] = (struct rt_proxy){ .name = STR("f"), .caps = PX_FE, .stats = &stats, .id = 2 };
	w.px[1] = (struct rt_proxy){ .name = STR("b"), .caps = PX_BE, .id = 3, .be = { .nsrv = 2, .srv = w.srv } };
	w.srv[0].name = STR("s0");
	w.srv[1].name = STR("s 1");
	w.srv[0].px = w.srv[1].px = 1;
	arena_init(&names_arena, 0);
	hmap_init(&names, &names_arena);
	hmap_put(&names, STR("b"), &w.px[1]);
	w.rt.px_by_name = names;
	stats = (struct rt_stats){ 0 };
	fake_request(&w, "/stats");
	w.s.req.authority = STR("lb.test:8080");
	return 0;
}

static int close_page(void **state)
{
	close(leader);
	close(w.h.ctl);
	arena_free(&names_arena);
	return close_world(state);
}

#define TOKEN "abababababababababababababababab"

static const char *order(const char *body) { return page_order(&w.s, &w.px[0], str_c(body)); }

/* The servers of the next order. */
static void ordered(enum srv_action act, unsigned n, uint32_t first, uint32_t second)
{
	struct ipc_msg m;
	struct ipc_srv_order o;
	int fd;

	assert_int_equal(ipc_recv(leader, ROLE_LEADER, ROLE_WORKER, &m, &fd), 1);
	assert_int_equal(m.arg, act);
	assert_int_equal(m.num, n);
	memcpy(&o, m.data, sizeof(o));
	assert_int_equal(o.srv[0], first);
	if (n > 1)
		assert_int_equal(o.srv[1], second);
}

static void nothing(void)
{
	struct ipc_msg m;
	int fd;

	assert_int_equal(ipc_recv(leader, ROLE_LEADER, ROLE_WORKER, &m, &fd), 0);
}

TEST(the_servers_that_are_marked_get_the_action)
{
	assert_string_equal(order("s=s0&s=s+1&action=drain&b=b&t=" TOKEN), "DONE");
	ordered(SRVA_DRAIN, 2, 0, 1);
	assert_string_equal(order("s=s%201&action=ready&b=%233&t=" TOKEN), "DONE");
	ordered(SRVA_READY, 1, 1, 0);
	assert_string_equal(order("s=s0&s=s9&action=maint&b=b&t=" TOKEN), "PART");
	ordered(SRVA_MAINT, 1, 0, 0);
	nothing();
}

TEST(a_button_of_a_row_goes_before_the_marks)
{
	assert_string_equal(order("s=s0&action=drain&do=maint+s+1&b=b&t=" TOKEN), "DONE");
	ordered(SRVA_MAINT, 1, 1, 0);
	nothing();
}

TEST(what_does_not_exist_is_not_ordered)
{
	static const struct { const char *body, *code; } t[] = {
		{ "s=s0&action=explode&b=b&t=" TOKEN, "ERRP" }, { "s=s0&action=drain&b=x&t=" TOKEN, "ERRP" }, { "s=s0&action=drain&b=f&t=" TOKEN, "ERRP" },
		{ "s=s0&action=drain&b=%232&t=" TOKEN, "ERRP" }, { "s=s9&action=drain&b=b&t=" TOKEN, "ERRP" }, { "action=drain&b=b&t=" TOKEN, "NONE" },
		{ "s=s0&action=drain&t=" TOKEN, "ERRP" },
	};

	for (unsigned i = 0; i < ARRAY_LEN(t); i++)
		assert_string_equal(order(t[i].body), t[i].code);
	w.srv[0].flags = SRVF_SPARE;
	assert_string_equal(order("s=s0&action=drain&b=b&t=" TOKEN), "ERRP");
	nothing();
}

TEST(without_the_secret_of_the_page_nothing_is_ordered)
{
	assert_string_equal(order("s=s0&action=drain&b=b"), "DENY");
	assert_string_equal(order("s=s0&action=drain&b=b&t=abababababababababababababababac"), "DENY");
	assert_string_equal(order("s=s0&action=drain&b=b&t=cbababababababababababababababab"), "DENY");
	assert_string_equal(order("s=s0&action=drain&b=b&t=" TOKEN "a"), "DENY");
	nothing();
	fake_header(&w, "x-requested-with", "curl");
	assert_string_equal(order("s=s0&action=drain&b=b"), "DONE");
}

TEST(another_site_orders_nothing_even_with_the_secret)
{
	static const struct { const char *name, *val; bool ours; } t[] = {
		{ "origin", "http://lb.test:8080", true }, { "origin", "https://LB.test:8080", true }, { "origin", "http://evil.test", false },
		{ "origin", "null", false }, { "origin", "http://lb.test:8080.evil.test", false }, { "referer", "http://lb.test:8080/stats?x", true },
		{ "referer", "http://evil.test/http://lb.test:8080/", false }, { "sec-fetch-site", "same-origin", true },
		{ "sec-fetch-site", "none", true }, { "sec-fetch-site", "same-site", false }, { "sec-fetch-site", "cross-site", false },
	};

	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		fake_request(&w, "/stats");
		w.s.req.authority = STR("lb.test:8080");
		fake_header(&w, t[i].name, t[i].val);
		assert_string_equal(order("s=s0&action=drain&b=b&t=" TOKEN), t[i].ours ? "DONE" : "DENY");
	}
}

TEST(a_page_orders_only_what_it_shows)
{
	struct str scope[] = { STR("other") };

	stats.scope = scope, stats.nscope = 1;
	assert_string_equal(order("s=s0&action=drain&b=b&t=" TOKEN), "ERRP");
	scope[0] = STR("b");
	assert_string_equal(order("s=s0&action=drain&b=b&t=" TOKEN), "DONE");
}

TEST(a_generation_that_drains_takes_no_orders)
{
	wk.draining = true;
	assert_string_equal(order("s=s0&action=drain&b=b&t=" TOKEN), "UNKN");
	nothing();
}

#define TP(f) cmocka_unit_test_setup_teardown(f, open_page, close_page)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TP(the_servers_that_are_marked_get_the_action), TP(a_button_of_a_row_goes_before_the_marks), TP(what_does_not_exist_is_not_ordered),
		TP(without_the_secret_of_the_page_nothing_is_ordered), TP(another_site_orders_nothing_even_with_the_secret),
		TP(a_page_orders_only_what_it_shows), TP(a_generation_that_drains_takes_no_orders),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
