// SPDX-License-Identifier: GPL-3.0-or-later
/* Stick rules: which server a key is remembered with, over renumberings, and when that does not count. */
#include <sluice/ipc/place.h>
#include "fake_req.h"
#include "../../../src/worker/persist.h"
#include "../../../src/worker/track.h"

static struct rt_table spec = { .name = STR("t"), .type = SK_STRING, .key_len = 32, .size = 100 };
static struct stick_table *table;
static struct rt_stick rules[2];
static struct arena expr_arena;

static struct expr *header(const char *name)
{
	struct expr_env env = { .arena = &expr_arena, .avail = ~0u };
	struct xerr e = { 0 };
	struct str text = arena_printf(&expr_arena, "hdr(%s)", name);
	struct expr *x = expr_compile(&env, text, &e);

	assert_non_null(x);
	return x;
}

static int open_persist(void **state)
{
	open_world(state);
	expr_process_init();
	arena_init(&expr_arena, 0);
	spec.store[SD_SERVER_ID].n = spec.store[SD_SERVER_KEY].n = 1;
	table = stick_create(&spec);
	assert_non_null(table);
	assert_true(stick_attach(table));
	w.rt.tbl = &spec, w.rt.ntbl = 1;
	w.h.tables = &table;
	for (unsigned i = 0; i < 2; i++) {
		w.srv[i] = (struct rt_server){ .name = i ? STR("s2") : STR("s1"), .px = 1, .id = i + 1, .track = RT_NONE, .weight = 1, .o = &w.opts };
		atomic_store(&wk.seg->srv[i].op, srv_op_pack(SRV_UP, 4, 100, 0));
		atomic_store(&wk.seg->srv[i].admin, srv_admin_pack(0, 1, 0));
	}
	w.px[1].be = (struct rt_backend){ .algo = lb_algo_find(STR("roundrobin")), .nsrv = 2, .srv = w.srv };
	w.px[1].stick = rules, w.px[1].nstick = 1;
	rules[0] = (struct rt_stick){ .when = STICK_MATCH | STICK_STORE_REQ, .key = header("x-key") };
	assert_true(lb_init(&wk.lb[1], &w.px[1].be, 1, wk.seg, 0));
	return 0;
}

static int close_persist(void **state)
{
	lb_free(&wk.lb[1]);
	stick_unmap(table);
	arena_free(&expr_arena);
	return close_world(state);
}

/* The server that a new request with this key is to go to. */
static uint32_t picked(const char *key)
{
	fake_request(&w, "/");
	fake_header(&w, "x-key", key);
	w.s.flags = SF_HTTP;
	w.s.srv_idx = w.s.persist_srv = RT_NONE;
	w.s.persist_keys = NULL;
	return persist_pick(&w.s);
}

static void went_to(uint32_t srv)
{
	w.s.srv_idx = srv;
	persist_store(&w.s);
}

TEST(a_key_keeps_its_server)
{
	assert_int_equal(picked("k"), RT_NONE);
	went_to(1);
	assert_int_equal(picked("k"), 1);
	assert_int_equal(w.s.persist_srv, 1);
	assert_int_equal(picked("other"), RT_NONE);
	went_to(0);
	assert_int_equal(picked("other"), 0);
	assert_int_equal(picked("k"), 1);
}

TEST(a_server_that_was_renumbered_is_found_by_its_name)
{
	picked("k");
	went_to(1);
	w.srv[0].name = STR("s2");
	w.srv[1].name = STR("s3");
	assert_int_equal(picked("k"), 0);
	w.srv[0].name = STR("s1");
	assert_int_equal(picked("k"), RT_NONE); /* it is no more */
}

TEST(with_srvkey_addr_it_is_found_by_where_it_is_now)
{
	struct srv_place here = { .addr = { .family = AF_INET, .in4.s_addr = htonl(0xc0000201), .port = 80 } }, there = here;

	there.addr.port = 81;
	spec.srvkey_addr = true;
	assert_true(place_write(wk.seg, 0, &there));
	assert_true(place_write(wk.seg, 1, &here));
	picked("k");
	went_to(1);
	assert_int_equal(picked("k"), 1);
	assert_true(place_write(wk.seg, 1, &there)); /* they change places */
	assert_true(place_write(wk.seg, 0, &here));
	assert_int_equal(picked("k"), 0);
	spec.srvkey_addr = false;
}

TEST(one_that_is_down_does_not_count_unless_persistence_is_forced)
{
	picked("k");
	went_to(1);
	atomic_store(&wk.seg->srv[1].op, srv_op_pack(SRV_DOWN, 0, 100, 0));
	assert_int_equal(picked("k"), RT_NONE);
	w.px[1].opts |= OPT_PERSIST;
	assert_int_equal(picked("k"), 1);
	w.px[1].opts = 0;
	/* drained: those that stick to it stay */
	atomic_store(&wk.seg->srv[1].op, srv_op_pack(SRV_UP, 4, 100, 0));
	atomic_store(&wk.seg->srv[1].admin, srv_admin_pack(ADM_FORCED_DRAIN, 1, 0));
	assert_int_equal(picked("k"), 1);
	atomic_store(&wk.seg->srv[1].admin, srv_admin_pack(ADM_FORCED_MAINT, 1, 0));
	assert_int_equal(picked("k"), RT_NONE);
}

TEST(it_is_looked_up_once_a_request)
{
	picked("k");
	went_to(1);
	assert_int_equal(picked("k"), 1);
	assert_int_equal(persist_pick(&w.s), RT_NONE); /* again, after a failure: anybody may have it */
}

TEST(a_server_that_does_not_stick_is_not_stored)
{
	w.srv[1].flags = SRVF_NON_STICK;
	picked("k");
	went_to(1);
	assert_int_equal(picked("k"), RT_NONE);
	w.srv[1].flags = 0;
	rules[0].when = STICK_MATCH; /* nothing is stored */
	picked("k");
	went_to(1);
	assert_int_equal(picked("k"), RT_NONE);
}

TEST(a_dynamic_cookie_is_that_of_where_its_server_is)
{
	struct srv_place p[2] = { { .addr = { .family = AF_INET, .in4.s_addr = htonl(0xc0000201), .port = 80 } } };
	char line[64], value[DYN_COOKIE_LEN + 1];

	p[1] = p[0];
	p[1].addr.port = 81;
	w.px[1].nstick = 0;
	w.px[1].cookie = (struct rt_cookie){ .name = STR("C"), .flags = CK_INSERT | CK_DYNAMIC, .key = STR("secret") };
	for (unsigned i = 0; i < 2; i++) { /* names that were not resolved when the configuration was read: all the same */
		w.srv[i].flags = SRVF_DYN_COOKIE | SRVF_RESOLVE;
		w.srv[i].cookie = STR("0123456789abcdef");
		assert_true(place_write(wk.seg, i, &p[i]));
	}
	for (unsigned k = 0; k < 2; k++) {
		for (unsigned i = 0; i < 2; i++) {
			rt_dynamic_cookie(&w.px[1].cookie, &p[i].addr, value);
			snprintf(line, sizeof(line), "C=%s", value);
			fake_request(&w, "/");
			fake_header(&w, "cookie", line);
			w.s.flags = SF_HTTP;
			w.s.srv_idx = w.s.persist_srv = RT_NONE;
			assert_int_equal(persist_pick(&w.s), k ? 1 - i : i);
		}
		assert_true(place_write(wk.seg, 0, &p[1])); /* they change places */
		assert_true(place_write(wk.seg, 1, &p[0]));
	}
}

TEST(what_was_asked_for_and_not_given_is_noted)
{
	w.s.persist_srv = 1;
	memcpy(w.s.term, "--VN", 4);
	persist_moved(&w.s, 1);
	assert_int_equal(w.s.persist_srv, 1);
	persist_moved(&w.s, 0);
	assert_int_equal(w.s.persist_srv, RT_NONE);
	assert_int_equal(w.s.term[2], 'D');
}

TEST(the_first_condition_that_holds_forces_or_ignores)
{
	struct rt_persist p[] = { { .force = false }, { .force = true } };

	w.px[1].persist = p, w.px[1].npersist = 2;
	fake_request(&w, "/");
	persist_begin(&w.s);
	assert_true(w.s.flags & SF_IGNORE_PERSIST);
	assert_false(w.s.flags & SF_FORCE_PERSIST);
	p[0].force = true;
	w.s.flags = SF_HTTP;
	persist_begin(&w.s);
	assert_true(w.s.flags & SF_FORCE_PERSIST);
	assert_int_equal(w.s.term[2], '-');
	w.px[1].cookie.flags = CK_INSERT;
	persist_begin(&w.s);
	assert_int_equal(w.s.term[2], 'N'); /* no cookie was seen yet */
}

#define TP(f) cmocka_unit_test_setup_teardown(f, open_persist, close_persist)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TP(a_key_keeps_its_server), TP(a_server_that_was_renumbered_is_found_by_its_name),
		TP(with_srvkey_addr_it_is_found_by_where_it_is_now),
		TP(one_that_is_down_does_not_count_unless_persistence_is_forced), TP(it_is_looked_up_once_a_request),
		TP(a_server_that_does_not_stick_is_not_stored), TP(a_dynamic_cookie_is_that_of_where_its_server_is), TP(what_was_asked_for_and_not_given_is_noted),
		TP(the_first_condition_that_holds_forces_or_ignores),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
