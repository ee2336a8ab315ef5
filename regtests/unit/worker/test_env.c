// SPDX-License-Identifier: GPL-3.0-or-later
/* What expressions see of the running state: of the stream's own proxies and server, and of those that they name. */
#include "fake_req.h"
#include "../../../src/worker/session.h"

static struct rt_listener lst[2];
static struct rt_bind_opts bind_opts = { .name = STR("here"), .accept_proxy = true };

static int open_env(void **state)
{
	open_world(state);
	lst[1] = (struct rt_listener){ .opts = &bind_opts };
	w.rt.lst = lst, w.rt.nlst = 2;
	w.sess.lst = &lst[1];
	w.px[0].name = STR("fe"), w.px[0].id = 10, w.px[0].default_be = 1, w.px[0].caps = PX_FE;
	w.px[1].name = STR("be"), w.px[1].id = 11, w.px[1].caps = PX_BE;
	w.px[1].be = (struct rt_backend){ .nsrv = 2, .srv = w.srv };
	for (unsigned i = 0; i < 2; i++) {
		w.srv[i] = (struct rt_server){ .name = i ? STR("s1") : STR("s0"), .px = 1, .id = i + 1, .weight = 5, .track = RT_NONE, .o = &w.opts };
		atomic_store(&wk.seg->srv[i].op, srv_op_pack(SRV_UP, 4, 100, 0));
		atomic_store(&wk.seg->srv[i].admin, srv_admin_pack(0, 5, 0));
	}
	fake_request(&w, "/");
	w.s.ctx.owner = &w.s;
	return 0;
}

/* -1 where there is none. */
static int64_t num(enum smp_env_num what, int idx)
{
	int64_t v;

	return strm_env.num(&w.s.ctx, what, idx, &v) ? v : -1;
}

static struct str text(enum smp_env_str what, int idx)
{
	struct str v;

	return strm_env.text(&w.s.ctx, what, idx, &v) ? v : STR("none");
}

TEST(gauges_are_those_of_the_stream_or_of_what_is_named)
{
	wk_live(LIVE_FE, 0, 3);
	wk_live(LIVE_BE, 1, 2);
	wk_live(LIVE_SRV, 1, 4);
	assert_int_equal(num(ENV_DST_CONN, -1), 3);
	assert_int_equal(num(ENV_FE_CONN, -1), 3);
	assert_int_equal(num(ENV_BE_CONN, -1), 2);
	assert_int_equal(num(ENV_BE_CONN, 1), 2);
	assert_int_equal(num(ENV_SRV_CONN, 1), 4);
	w.s.srv_idx = 1;
	assert_int_equal(num(ENV_SRV_ID, -1), 2);
	assert_int_equal(num(ENV_NBSRV, -1), 2);
	atomic_store(&wk.seg->srv[0].op, srv_op_pack(SRV_DOWN, 0, 100, 0));
	assert_int_equal(num(ENV_NBSRV, -1), 1);
	assert_int_equal(num(ENV_SRV_IS_UP, 0), 0);
	assert_int_equal(num(ENV_SRV_IS_UP, 1), 1);
}

TEST(names_and_numbers_are_told_when_there_are_any)
{
	assert_slice(text(ENV_FE_NAME, -1), "fe");
	assert_slice(text(ENV_BE_NAME, -1), "be");
	assert_slice(text(ENV_SRV_NAME, -1), "none");
	w.s.srv_idx = 0;
	assert_slice(text(ENV_SRV_NAME, -1), "s0");
	assert_slice(text(ENV_FE_DEFBE, -1), "be");
	assert_slice(text(ENV_SO_NAME, -1), "here");
	assert_int_equal(num(ENV_SO_ID, -1), 2);
	assert_int_equal(num(ENV_FC_RCVD_PROXY, -1), 1);
	assert_int_equal(num(ENV_FE_ID, -1), 10);
	assert_int_equal(num(ENV_BE_ID, -1), 11);
	w.s.be = NULL; /* not routed: the frontend stands for it */
	assert_slice(text(ENV_BE_NAME, -1), "fe");
	memcpy(w.s.term, "CD-I", 4);
	assert_slice(text(ENV_TERM_STATE, -1), "CD-I");
	w.s.flags = 0; /* two letters in mode tcp */
	assert_slice(text(ENV_TERM_STATE, -1), "CD");
}

TEST(captures_exist_in_their_slots)
{
	struct str caps[3] = { STR("first"), STR_NULL, STR("beyond") };

	assert_slice(text(ENV_CAPTURE_REQ_HDR, 0), "none");
	w.s.req_caps = caps;
	w.px[0].nreq_cap = 2;
	assert_slice(text(ENV_CAPTURE_REQ_HDR, 0), "first");
	assert_slice(text(ENV_CAPTURE_REQ_HDR, 1), "none");
	assert_slice(text(ENV_CAPTURE_REQ_HDR, 2), "none");
	assert_slice(text(ENV_CAPTURE_REQ_HDR, -1), "none");
}

TEST(how_an_exchange_stands)
{
	assert_int_equal(num(ENV_TXN_STATUS, -1), -1);
	w.s.status = 404;
	assert_int_equal(num(ENV_TXN_STATUS, -1), 404);
	assert_int_equal(num(ENV_HTTP_FIRST_REQ, -1), 1);
	w.s.flags |= SF_NOT_FIRST;
	assert_int_equal(num(ENV_HTTP_FIRST_REQ, -1), 0);
	assert_int_equal(num(ENV_IS_PROCESSED, -1), 0);
	w.s.flags |= SF_REPLY;
	assert_int_equal(num(ENV_IS_LOCAL, -1), 1);
	assert_int_equal(num(ENV_IS_FORWARDED, -1), 0);
	assert_int_equal(num(ENV_IS_PROCESSED, -1), 1);
	assert_int_equal(num(ENV_IS_NORMAL, -1), 1);
	memcpy(w.s.term, "LR--", 4); /* an answer of our own is none that went wrong */
	assert_int_equal(num(ENV_IS_ERROR, -1), 0);
	memcpy(w.s.term, "SH--", 4);
	assert_int_equal(num(ENV_IS_ERROR, -1), 1);
	assert_int_equal(num(ENV_STOPPING, -1), 0);
	wk.draining = true;
	assert_int_equal(num(ENV_STOPPING, -1), 1);
	wk.draining = false;
}

TEST(timeouts_are_the_configured_ones_until_a_rule_sets_others)
{
	w.px[0].to[TO_CLIENT] = 1000;
	w.px[1].to[TO_SERVER] = 2000;
	w.px[1].to[TO_TUNNEL] = 3000;
	assert_int_equal(num(ENV_FE_CLIENT_TIMEOUT, -1), 1000);
	assert_int_equal(num(ENV_BE_SERVER_TIMEOUT, -1), 2000);
	assert_int_equal(num(ENV_BE_TUNNEL_TIMEOUT, -1), 3000);
	assert_int_equal(num(ENV_CUR_SERVER_TIMEOUT, -1), 2000);
	w.s.to_set[1] = 77;
	assert_int_equal(num(ENV_CUR_SERVER_TIMEOUT, -1), 77);
	assert_int_equal(num(ENV_BE_SERVER_TIMEOUT, -1), 2000);
}

TEST(names_that_come_at_run_time_are_found)
{
	struct arena a;

	arena_init(&a, 0);
	hmap_init(&w.rt.px_by_name, &a);
	hmap_put(&w.rt.px_by_name, STR("be"), &w.px[1]);
	assert_int_equal(strm_env.find(&w.s.ctx, REF_BACKEND, STR("be")), 1);
	assert_int_equal(strm_env.find(&w.s.ctx, REF_BACKEND, STR("nowhere")), -1);
	assert_int_equal(strm_env.find(&w.s.ctx, REF_SERVER, STR("s1")), 1);
	assert_int_equal(strm_env.find(&w.s.ctx, REF_SERVER, STR("be/s0")), 0);
	assert_int_equal(strm_env.find(&w.s.ctx, REF_SERVER, STR("be/s9")), -1);
	arena_free(&a);
}

#define TE(f) cmocka_unit_test_setup_teardown(f, open_env, close_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TE(gauges_are_those_of_the_stream_or_of_what_is_named), TE(names_and_numbers_are_told_when_there_are_any),
		TE(captures_exist_in_their_slots), TE(how_an_exchange_stands), TE(timeouts_are_the_configured_ones_until_a_rule_sets_others),
		TE(names_that_come_at_run_time_are_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
