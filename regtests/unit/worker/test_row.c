// SPDX-License-Identifier: GPL-3.0-or-later
/* Servers that come and go: who means one keeps it, who merely remembers it forgets it. */
#include <unistd.h>
#include <sluice/ipc/msg.h>
#include <sluice/rt/row.h>
#include "fake_req.h"
#include "../../../src/worker/row.h"

static int leader;
static struct arena rows; /* of its own: storing into it makes it read-only */
static struct session other;

static int open_rows(void **state)
{
	int sv[2];

	open_world(state);
	assert_int_equal(ipc_pair(sv), 0);
	leader = sv[0];
	w.h.ctl = sv[1];
	arena_init(&rows, 0);
	w.rt.srv = ARENA_NEWN(&rows, struct rt_server, 2);
	for (unsigned i = 0; i < 2; i++)
		w.rt.srv[i] = (struct rt_server){ .name = i ? STR("two") : STR("one"), .px = 1, .track = RT_NONE, .o = &w.opts };
	w.px[1].be = (struct rt_backend){ .nsrv = 2, .srv = w.rt.srv };
	w.s.persist_srv = RT_NONE;
	list_push(&wk.sessions, &w.sess.link);
	list_push(&w.sess.streams, &w.s.link);
	other = (struct session){ .last_srv = RT_NONE };
	list_init(&other.streams);
	list_init(&other.priv);
	list_push(&wk.sessions, &other.link);
	w.sess.last_srv = RT_NONE;
	return 0;
}

static int close_rows(void **state)
{
	close(leader);
	close(w.h.ctl);
	rt_rows_free(&w.rt);
	int r = close_world(state);
	arena_free(&rows);
	return r;
}

/* What the leader is told: 1 done, 0 not. */
static unsigned answered(uint64_t ticket)
{
	struct ipc_msg m;
	int fd;

	assert_int_equal(ipc_recv(leader, ROLE_LEADER, ROLE_WORKER, &m, &fd), 1);
	assert_int_equal(m.type, IPC_SRV_DONE);
	assert_int_equal(m.num, ticket);
	return m.arg;
}

static unsigned drop(uint32_t srv)
{
	row_drop(&(struct ipc_msg){ .arg = srv, .num = 42 });
	return answered(42);
}

TEST(a_server_that_nobody_means_goes)
{
	wk.lb[1].epoch = 7;
	assert_int_equal(drop(0), 1);
	assert_false(rt_srv_exists(&w.rt.srv[0]));
	assert_true(wk.lb[1].epoch == UINT64_MAX); /* the next pick looks anew */
	assert_int_equal(drop(0), 1); /* it is gone already */
	assert_int_equal(drop(99), 0);
	assert_true(rt_srv_exists(&w.rt.srv[1]));
}

TEST(an_exchange_that_has_chosen_it_or_waits_for_it_keeps_it)
{
	w.s.srv_idx = 0;
	assert_int_equal(drop(0), 0);
	assert_true(rt_srv_exists(&w.rt.srv[0]));
	w.s.srv_idx = RT_NONE;
	w.s.wait.srv = 0;
	w.s.flags |= SF_QUEUED;
	assert_int_equal(drop(0), 0);
	w.s.flags = 0;
	assert_int_equal(drop(0), 1);
}

TEST(a_connection_or_a_share_in_a_gauge_keeps_it)
{
	static const enum live_kind kinds[] = { LIVE_SRV, LIVE_SRV_QUEUE, LIVE_SRV_CONN };

	for (unsigned i = 0; i < ARRAY_LEN(kinds); i++) {
		wk_live(kinds[i], 0, 1);
		assert_int_equal(drop(0), 0);
		wk_live(kinds[i], 0, -1);
	}
	list_push(&wk.srv[0].streams, &w.s.srv_link);
	assert_int_equal(drop(0), 0);
	list_del(&w.s.srv_link);
	assert_int_equal(drop(0), 1);
}

TEST(what_merely_remembers_it_forgets)
{
	w.s.srv_idx = 1;
	w.s.avoid[0] = 0, w.s.avoid[1] = 1, w.s.avoid[2] = 0;
	w.s.navoid = 3;
	w.s.persist_srv = 0;
	w.sess.last_srv = 0;
	other.last_srv = 0;
	assert_int_equal(drop(0), 1);
	assert_int_equal(w.s.navoid, 1);
	assert_int_equal(w.s.avoid[0], 1);
	assert_int_equal(w.s.persist_srv, RT_NONE);
	assert_int_equal(w.sess.last_srv, RT_NONE);
	assert_int_equal(other.last_srv, RT_NONE);
	assert_int_equal(w.s.srv_idx, 1);
}

TEST(a_server_that_comes_begins_in_maintenance)
{
	static const struct rt_srv_opts o = { .pool_max_conn = 5 };
	struct rt_server new = { .name = STR("new"), .px = 1, .track = RT_NONE, .o = &o, .weight = 9, .flags = SRVF_ADDED };
	int fd = rt_row_memfd(&new);

	assert_true(fd >= 0);
	assert_int_equal(drop(1), 1);
	wk.srv[1].plain = true;
	row_put(&(struct ipc_msg){ .arg = 1, .num = 43 }, fd);
	assert_int_equal(answered(43), 1);
	assert_slice(w.rt.srv[1].name, "new");
	assert_int_equal(w.rt.srv[1].weight, 9);
	assert_true(wk.srv[1].down);
	assert_false(wk.srv[1].plain);
	/* who refused to drop it has it already, and is not to take it for another */
	row_put(&(struct ipc_msg){ .arg = 0, .num = 44 }, fd);
	assert_int_equal(answered(44), 1);
	assert_slice(w.rt.srv[0].name, "one");
	row_put(&(struct ipc_msg){ .arg = 2, .num = 45 }, fd);
	assert_int_equal(answered(45), 0);
	close(fd);
}

#define TR(f) cmocka_unit_test_setup_teardown(f, open_rows, close_rows)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TR(a_server_that_nobody_means_goes), TR(an_exchange_that_has_chosen_it_or_waits_for_it_keeps_it),
		TR(a_connection_or_a_share_in_a_gauge_keeps_it), TR(what_merely_remembers_it_forgets), TR(a_server_that_comes_begins_in_maintenance),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
