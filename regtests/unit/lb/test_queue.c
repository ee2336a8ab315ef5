// SPDX-License-Identifier: GPL-3.0-or-later
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <sluice/lb/queue.h>
#include "lb_fixture.h"

struct waiter { struct lb_wait w; uint32_t got; unsigned calls; };

static void granted(struct lb_wait *w, uint32_t srv)
{
	struct waiter *x = CONTAINER_OF(w, struct waiter, w);

	x->got = srv;
	x->calls++;
}

struct qx { struct fx f; struct lb lb[2]; struct lb_queues q[2]; int wake[2]; };

static void q_open(struct qx *x, unsigned nsrv, uint32_t maxconn)
{
	fx_open(&x->f, 2, nsrv, NULL);
	x->f.px.be.algo = lb_algo_find(STR("p2c"));
	for (unsigned i = 0; i < nsrv; i++)
		fx_admin(&x->f, i, 0, 1, maxconn);
	for (unsigned w = 0; w < 2; w++) {
		x->wake[w] = eventfd(0, EFD_NONBLOCK);
		assert_true(lb_init(&x->lb[w], &x->f.px.be, 0, x->f.seg, w));
		assert_true(lb_queues_init(&x->q[w], &x->f.rt, x->f.seg, w, &x->lb[w], x->wake));
	}
}

static void q_close(struct qx *x)
{
	for (unsigned w = 0; w < 2; w++) {
		lb_queues_free(&x->q[w]);
		lb_free(&x->lb[w]);
		close(x->wake[w]);
	}
	fx_close(&x->f);
}

static bool signalled(struct qx *x, unsigned w)
{
	uint64_t n;

	return read(x->wake[w], &n, sizeof(n)) == sizeof(n);
}

static void wait_for(struct qx *x, unsigned worker, struct waiter *w, uint32_t srv)
{
	*w = (struct waiter){ .w = { .srv = srv, .granted = granted }, .got = 99 };
	assert_true(lb_queue_add(&x->q[worker], &w->w));
}

static void a_full_server_admits_nobody_and_a_release_admits_the_first_waiter(void **s)
{
	(void)s;
	struct waiter a, b;
	struct qx x;

	q_open(&x, 1, 1);
	assert_true(lb_queue_admit(&x.q[0], 0, 0));
	assert_false(lb_queue_admit(&x.q[0], 0, 0));
	wait_for(&x, 0, &a, 0);
	wait_for(&x, 0, &b, 0);
	assert_int_equal(lb_queue_srv_len(x.f.seg, 0), 2);
	assert_int_equal(lb_queue_pos(&x.q[0], &b.w), 1);
	lb_release(&x.q[0], 0, 0);
	assert_int_equal(a.got, 0);
	assert_int_equal(b.calls, 0);
	assert_int_equal(live_sum(x.f.seg, LIVE_SRV, 0), 1);
	lb_release(&x.q[0], 0, 0);
	assert_int_equal(b.calls, 1);
	lb_release(&x.q[0], 0, 0);
	assert_int_equal(live_sum(x.f.seg, LIVE_SRV, 0), 0);
	assert_int_equal(lb_queue_srv_len(x.f.seg, 0), 0);
	assert_int_equal(x.q[0].waiting, 0);
	q_close(&x);
}

static void a_release_wakes_the_other_worker_that_has_waiters(void **s)
{
	(void)s;
	struct waiter a;
	struct qx x;

	q_open(&x, 1, 1);
	assert_true(lb_queue_admit(&x.q[0], 0, 0));
	wait_for(&x, 1, &a, RT_NONE);
	assert_int_equal(lb_queue_be_len(x.f.seg, 0), 1);
	lb_release(&x.q[0], 0, 0);
	assert_true(signalled(&x, 1));
	assert_int_equal(a.calls, 0);
	lb_queue_poll(&x.q[1]);
	assert_int_equal(a.got, 0);
	q_close(&x);
}

static void a_slot_freed_between_refusal_and_queueing_is_not_missed(void **s)
{
	(void)s;
	struct waiter a = { .w = { .srv = RT_NONE, .granted = granted } };
	struct qx x;

	q_open(&x, 2, 1);
	assert_true(lb_queue_admit(&x.q[0], 0, 0));
	assert_true(lb_queue_admit(&x.q[0], 0, 1));
	lb_release(&x.q[0], 0, 1);
	assert_false(lb_queue_add(&x.q[1], &a.w));
	assert_int_equal(a.w.srv, 1);
	assert_int_equal(a.calls, 0);
	assert_int_equal(lb_queue_be_len(x.f.seg, 0), 0);
	q_close(&x);
}

static void the_older_of_server_and_backend_waiters_goes_first(void **s)
{
	(void)s;
	struct waiter any, own;
	struct qx x;

	q_open(&x, 1, 1);
	assert_true(lb_queue_admit(&x.q[0], 0, 0));
	wait_for(&x, 0, &any, RT_NONE);
	wait_for(&x, 0, &own, 0);
	lb_release(&x.q[0], 0, 0);
	assert_int_equal(any.calls, 1);
	assert_int_equal(own.calls, 0);
	q_close(&x);
}

static void waiters_of_a_server_that_goes_down_choose_again(void **s)
{
	(void)s;
	struct waiter a, b;
	struct qx x;

	q_open(&x, 2, 1);
	assert_true(lb_queue_admit(&x.q[0], 0, 0));
	wait_for(&x, 0, &a, 0);
	wait_for(&x, 0, &b, 0);
	fx_state(&x.f, 0, SRV_DOWN, 100);
	lb_queue_poll(&x.q[0]);
	assert_int_equal(a.got, RT_NONE);
	assert_int_equal(b.got, RT_NONE);
	assert_int_equal(lb_queue_srv_len(x.f.seg, 0), 0);
	q_close(&x);
}

static void a_draining_server_serves_its_own_waiters_but_none_of_the_backend(void **s)
{
	(void)s;
	struct waiter any, own;
	struct qx x;

	q_open(&x, 1, 1);
	assert_true(lb_queue_admit(&x.q[0], 0, 0));
	wait_for(&x, 0, &any, RT_NONE);
	wait_for(&x, 0, &own, 0);
	fx_admin(&x.f, 0, ADM_FORCED_DRAIN, 1, 1);
	lb_release(&x.q[0], 0, 0);
	assert_int_equal(own.calls, 1);
	assert_int_equal(any.calls, 0);
	lb_queue_del(&x.q[0], &any.w);
	lb_queue_del(&x.q[0], &any.w);
	assert_int_equal(x.q[0].waiting, 0);
	q_close(&x);
}

static void slots_of_a_dead_worker_are_found_by_polling(void **s)
{
	(void)s;
	struct waiter a;
	struct qx x;

	q_open(&x, 1, 1);
	assert_true(lb_queue_admit(&x.q[1], 0, 0));
	wait_for(&x, 0, &a, RT_NONE);
	lb_queue_poll(&x.q[0]);
	assert_int_equal(a.calls, 0);
	segment_reap(x.f.seg, 1);
	lb_queue_poll(&x.q[0]);
	assert_int_equal(a.calls, 1);
	q_close(&x);
}

static void the_limit_follows_minconn_fullconn_and_slow_start(void **s)
{
	(void)s;
	struct fx f;
	const struct rt_server *sv;

	fx_open(&f, 1, 1, NULL);
	sv = &f.rt.srv[0];
	assert_int_equal(lb_srv_limit(f.seg, sv, 0, 0, 100), 0);
	fx_admin(&f, 0, 0, 1, 100);
	assert_int_equal(lb_srv_limit(f.seg, sv, 0, 0, 100), 100);
	f.o.minconn = 10;
	assert_int_equal(lb_srv_limit(f.seg, sv, 0, 0, 100), 10);
	live_add(f.seg, LIVE_BE, 0, 0, 50);
	assert_int_equal(lb_srv_limit(f.seg, sv, 0, 0, 100), 50);
	live_add(f.seg, LIVE_BE, 0, 0, 500);
	assert_int_equal(lb_srv_limit(f.seg, sv, 0, 0, 100), 100);
	fx_state(&f, 0, SRV_STARTING, 25);
	assert_int_equal(lb_srv_limit(f.seg, sv, 0, 0, 100), 25);
	fx_state(&f, 0, SRV_STARTING, 0);
	assert_int_equal(lb_srv_limit(f.seg, sv, 0, 0, 100), 1);
	f.o.minconn = 200;
	fx_state(&f, 0, SRV_UP, 100);
	assert_int_equal(lb_srv_limit(f.seg, sv, 0, 0, 100), 200);
	f.lb.cand = NULL;
	segment_unmap(f.seg);
	free(f.rt.srv);
}

/* Every holder counts itself in a word of its own making; the check is that nobody ever sees more than the limit. */
static void racing_processes_never_exceed_the_limit_and_leave_it_reachable(void **s)
{
	(void)s;
	enum { W = 4, LIMIT = 3, ROUNDS = 20000 };
	_Atomic int *inside = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid[W];
	struct fx f;

	fx_open(&f, W, 1, NULL);
	for (unsigned w = 0; w < W; w++) {
		pid[w] = fork();
		if (pid[w])
			continue;
		for (int i = 0; i < ROUNDS; i++) {
			if (!lb_admit(f.seg, 0, w, LIMIT))
				continue;
			if (atomic_fetch_add(inside, 1) >= LIMIT)
				_exit(1);
			if (i % 64 == 0)
				sched_yield();
			atomic_fetch_sub(inside, 1);
			live_add(f.seg, LIVE_SRV, 0, w, -1);
		}
		_exit(0);
	}
	for (unsigned w = 0; w < W; w++) {
		int st;

		waitpid(pid[w], &st, 0);
		assert_int_equal(st, 0);
	}
	assert_int_equal(live_sum(f.seg, LIVE_SRV, 0), 0);
	assert_true(lb_admit(f.seg, 0, 0, 1));
	assert_false(lb_admit(f.seg, 0, 1, 1));
	munmap(inside, 4096);
	fx_lb(&f, "p2c");
	fx_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_server_admits_nobody_and_a_release_admits_the_first_waiter),
		cmocka_unit_test(a_release_wakes_the_other_worker_that_has_waiters),
		cmocka_unit_test(a_slot_freed_between_refusal_and_queueing_is_not_missed),
		cmocka_unit_test(the_older_of_server_and_backend_waiters_goes_first),
		cmocka_unit_test(waiters_of_a_server_that_goes_down_choose_again),
		cmocka_unit_test(a_draining_server_serves_its_own_waiters_but_none_of_the_backend),
		cmocka_unit_test(slots_of_a_dead_worker_are_found_by_polling),
		cmocka_unit_test(the_limit_follows_minconn_fullconn_and_slow_start),
		cmocka_unit_test(racing_processes_never_exceed_the_limit_and_leave_it_reachable),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
