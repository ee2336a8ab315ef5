// SPDX-License-Identifier: GPL-3.0-or-later
/* Every test of readiness runs on epoll and on poll: code above must not be able to tell them apart. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sluice/base/clock.h>
#include <sluice/net/loop.h>
#include "../unit.h"
#include "../loopback.h"

struct peer { struct io io; unsigned calls; };

static int sp[2];
static unsigned order[8], norder;

static void socks(int p[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, p), 0);
}
static void closed(int p[2]) { close(p[0]), close(p[1]); }
static void count(struct io *io) { CONTAINER_OF(io, struct peer, io)->calls++; }

static void watch(struct peer *p, int fd, enum io_mode mode)
{
	*p = (struct peer){ 0 };
	assert_true(io_add(&p->io, fd, mode, count));
}

static int open_loop(void **state)
{
	loop_init(*state, 64);
	assert_string_equal(loop_backend(), *state);
	norder = 0;
	socks(sp);
	return 0;
}

static int close_loop(void **state UNUSED)
{
	closed(sp);
	loop_free();
	return 0;
}

TEST(a_fresh_stream_is_reported_writable_once)
{
	struct peer p;
	watch(&p, sp[0], IO_STREAM);
	loop_turn(0);
	assert_int_equal(p.calls, 1);
	assert_int_equal(p.io.ready, IO_WR);
	loop_turn(0);
	assert_int_equal(p.calls, 1);
	io_del(&p.io);
}

TEST(a_known_readiness_is_not_told_again_until_it_was_waited_for)
{
	struct peer p;
	char b[8];
	watch(&p, sp[0], IO_STREAM);
	loop_turn(0);
	assert_int_equal(write(sp[1], "ab", 2), 2);
	loop_turn(0);
	assert_int_equal(p.io.ready, IO_RD | IO_WR);
	assert_int_equal(p.calls, 2);
	loop_turn(0); /* not read: level-triggered code would be called */
	assert_int_equal(p.calls, 2);
	assert_int_equal(read(sp[0], b, sizeof b), 2);
	io_wait(&p.io, IO_RD);
	loop_turn(0);
	assert_int_equal(p.calls, 2);
	assert_int_equal(write(sp[1], "c", 1), 1);
	loop_turn(0);
	assert_int_equal(p.calls, 3);
	assert_int_equal(p.io.ready, IO_RD | IO_WR);
	io_del(&p.io);
}

TEST(a_full_socket_is_reported_writable_when_the_peer_has_read)
{
	struct peer p;
	char b[65536] = { 0 };
	watch(&p, sp[0], IO_STREAM);
	loop_turn(0);
	while (write(sp[0], b, sizeof b) > 0)
		;
	assert_int_equal(errno, EAGAIN);
	io_wait(&p.io, IO_WR);
	loop_turn(0);
	assert_int_equal(p.io.ready & IO_WR, 0);
	while (read(sp[1], b, sizeof b) > 0)
		;
	loop_turn(0);
	assert_true(p.io.ready & IO_WR);
	io_del(&p.io);
}

TEST(the_end_of_the_peers_sending_is_sticky_and_told_once)
{
	struct peer p;
	watch(&p, sp[0], IO_STREAM);
	loop_turn(0);
	shutdown(sp[1], SHUT_WR);
	loop_turn(0);
	assert_int_equal(p.io.ready, IO_RD | IO_WR | IO_HUP);
	assert_int_equal(p.calls, 2);
	loop_turn(0);
	loop_turn(0);
	assert_int_equal(p.calls, 2);
	io_del(&p.io);
}

TEST(a_peer_that_is_gone_does_not_keep_the_loop_awake)
{
	struct peer p;
	watch(&p, sp[0], IO_STREAM);
	loop_turn(0);
	shutdown(sp[1], SHUT_RDWR);
	loop_turn(0);
	assert_true(p.io.ready & IO_HUP);
	unsigned calls = p.calls;
	for (int i = 0; i < 5; i++)
		loop_turn(0);
	assert_int_equal(p.calls, calls);
	io_del(&p.io);
}

/* As a TCP peer does that sends FIN, then RST. */
TEST(a_peer_that_has_ended_its_sending_may_still_reset)
{
	struct peer p;
	int pair[2], l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	struct linger hard = { .l_onoff = 1 };
	assert_int_equal(bind(l, (void *)&a, len) || listen(l, 1) || getsockname(l, (void *)&a, &len), 0);
	pair[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(pair[1], (void *)&a, len), 0);
	pair[0] = accept(l, NULL, NULL);
	watch(&p, pair[0], IO_STREAM);
	loop_turn(0);
	shutdown(pair[1], SHUT_WR);
	loopback_settle();
	loop_turn(0);
	assert_int_equal(p.io.ready, IO_RD | IO_WR | IO_HUP);
	setsockopt(pair[1], SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
	close(pair[1]);
	loopback_settle();
	loop_turn(0);
	assert_true(p.io.ready & IO_ERR);
	unsigned calls = p.calls;
	loop_turn(0);
	assert_int_equal(p.calls, calls);
	io_del(&p.io);
	close(pair[0]), close(l);
}

TEST(a_read_descriptor_is_told_as_long_as_it_is_readable)
{
	struct peer p;
	char b[8];
	watch(&p, sp[0], IO_READ);
	loop_turn(0);
	assert_int_equal(p.calls, 0); /* writable is nothing to it */
	assert_int_equal(write(sp[1], "x", 1), 1);
	loop_turn(0);
	loop_turn(0);
	assert_int_equal(p.calls, 2);
	assert_int_equal(read(sp[0], b, sizeof b), 1);
	loop_turn(0);
	assert_int_equal(p.calls, 2);
	io_del(&p.io);
}

TEST(a_listener_is_told_until_its_queue_is_empty)
{
	struct peer p;
	struct sockaddr sa = { .sa_family = AF_UNIX };
	struct sockaddr_storage ss;
	socklen_t n = sizeof ss;
	int l = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int c = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(l, &sa, sizeof sa.sa_family), 0); /* an abstract name of the kernel's choice */
	assert_int_equal(listen(l, 8), 0);
	assert_int_equal(getsockname(l, (struct sockaddr *)&ss, &n), 0);
	watch(&p, l, IO_LISTEN);
	loop_turn(0);
	assert_int_equal(p.calls, 0);
	assert_int_equal(connect(c, (struct sockaddr *)&ss, n), 0);
	loop_turn(0);
	loop_turn(0);
	assert_int_equal(p.calls, 2);
	assert_int_equal(p.io.ready, 0);
	int a = accept(l, NULL, NULL);
	loop_turn(0);
	assert_int_equal(p.calls, 2);
	io_del(&p.io);
	close(a), close(c), close(l);
}

/* Two descriptors that are ready in one batch: whoever is called first removes, frees and re-uses the other. */
static struct io *two[2];
static unsigned first_calls, reused_calls;

static void reused(struct io *io)
{
	reused_calls++;
	io_wait(io, IO_RD);
}

static void kill_other(struct io *io)
{
	struct io **o = two[0] == io ? &two[1] : &two[0];
	first_calls++;
	io_del(*o);
	free(*o);
	*o = calloc(1, sizeof **o);
}

static void kill_and_reuse(struct io *io)
{
	struct io *o = two[0] == io ? two[1] : two[0];
	int fd = o->fd;
	if (first_calls++)
		return;
	io_del(o);
	memset(o, 0xee, sizeof *o);
	assert_true(io_add(o, fd, IO_READ, reused));
}

static void two_ready(io_fn *fn, int p[2])
{
	socks(p);
	first_calls = reused_calls = 0;
	for (int i = 0; i < 2; i++) {
		two[i] = calloc(1, sizeof *two[i]);
		assert_true(io_add(two[i], i ? p[0] : sp[0], IO_READ, fn));
		assert_int_equal(write(i ? p[1] : sp[1], "x", 1), 1);
	}
}

static void two_done(int p[2])
{
	for (int i = 0; i < 2; i++) {
		io_del(two[i]);
		free(two[i]);
	}
	closed(p);
}

TEST(events_of_a_descriptor_removed_and_freed_in_the_same_batch_are_dropped)
{
	int p[2];
	two_ready(kill_other, p);
	loop_turn(0);
	assert_int_equal(first_calls, 1);
	two_done(p);
}

TEST(a_descriptor_added_anew_in_the_same_memory_gets_no_event_of_the_old_one)
{
	int p[2];
	two_ready(kill_and_reuse, p);
	loop_turn(0);
	assert_int_equal(first_calls, 1);
	assert_int_equal(reused_calls, 0);
	loop_turn(0); /* its own event */
	assert_int_equal(reused_calls, 1);
	two_done(p);
}

static void remove_self(struct io *io)
{
	count(io);
	io_del(io);
}

TEST(a_descriptor_may_remove_itself_and_removing_twice_is_harmless)
{
	struct peer p = { 0 };
	assert_true(io_add(&p.io, sp[0], IO_STREAM, remove_self));
	loop_turn(0);
	loop_turn(0);
	assert_int_equal(p.calls, 1);
	assert_false(p.io.watched);
	io_del(&p.io);
}

TEST(removal_after_the_loop_is_gone_is_harmless)
{
	struct peer p;
	watch(&p, sp[0], IO_STREAM);
	loop_free();
	io_del(&p.io);
	assert_false(p.io.watched);
	loop_init(NULL, 64);
}

TEST(many_descriptors_come_and_go)
{
	static struct peer p[300];
	static int q[300][2];
	for (int i = 0; i < 300; i++) {
		socks(q[i]);
		watch(&p[i], q[i][0], IO_READ);
	}
	for (int i = 0; i < 300; i += 2)
		io_del(&p[i].io);
	for (int i = 0; i < 300; i++)
		assert_int_equal(write(q[i][1], "x", 1), 1);
	loop_turn(0);
	loop_turn(0); /* a batch may hold fewer */
	for (int i = 0; i < 300; i++) {
		if (i % 2 == 0)
			assert_int_equal(p[i].calls, 0);
		else
			assert_in_range(p[i].calls, 1, 2);
		io_del(&p[i].io);
		closed(q[i]);
	}
}

struct job { struct task task; unsigned id; struct task *wakes; };

static void work(struct task *t)
{
	struct job *j = CONTAINER_OF(t, struct job, task);
	if (norder < 8)
		order[norder] = j->id;
	norder++;
	if (j->wakes)
		task_wake(j->wakes);
}

static void job(struct job *j, unsigned id, struct task *wakes)
{
	*j = (struct job){ .id = id, .wakes = wakes };
	task_init(&j->task, work);
}

TEST(tasks_run_once_in_the_order_they_were_woken)
{
	struct job a, b, c;
	job(&a, 1, NULL), job(&b, 2, NULL), job(&c, 3, NULL);
	task_wake(&b.task);
	task_wake(&a.task);
	task_wake(&b.task);
	task_wake(&c.task);
	task_cancel(&c.task);
	loop_turn(-1); /* does not wait while there is work */
	loop_turn(0);
	assert_int_equal(norder, 2);
	assert_int_equal(order[0], 2);
	assert_int_equal(order[1], 1);
}

TEST(a_task_woken_by_a_task_runs_in_the_same_turn)
{
	struct job a, b;
	job(&b, 2, NULL), job(&a, 1, &b.task);
	task_wake(&a.task);
	loop_turn(0);
	assert_int_equal(norder, 2);
	assert_int_equal(order[1], 2);
}

TEST(tasks_that_wake_each_other_for_ever_do_not_starve_io)
{
	struct job a, b;
	struct peer p;
	watch(&p, sp[0], IO_READ);
	job(&b, 2, &a.task), job(&a, 1, &b.task);
	task_wake(&a.task);
	loop_turn(0);
	assert_in_range(norder, 2, 16);
	assert_int_equal(write(sp[1], "x", 1), 1);
	loop_turn(-1);
	assert_int_equal(p.calls, 1);
	task_cancel(&a.task), task_cancel(&b.task);
	io_del(&p.io);
}

static struct job woken;
static void wake_job(struct io *io)
{
	count(io);
	task_wake(&woken.task);
}
static void note_timer(struct timer *t UNUSED) { order[norder++] = 9; }

TEST(a_turn_runs_events_then_tasks_then_timers)
{
	struct peer p = { 0 };
	struct timer t;
	job(&woken, 5, NULL);
	timer_init(&t, note_timer);
	timer_set(&t, 1);
	assert_true(io_add(&p.io, sp[0], IO_STREAM, wake_job));
	loop_turn(0);
	assert_int_equal(p.calls, 1);
	assert_int_equal(norder, 2);
	assert_int_equal(order[0], 5);
	assert_int_equal(order[1], 9);
	io_del(&p.io);
}

static unsigned hooks;
static void hook(void)
{
	if (++hooks == 3)
		loop_stop();
}

static void again(struct task *t) { task_wake(t); }

TEST(running_calls_the_hook_each_turn_until_it_is_stopped)
{
	struct task t;
	uint64_t turns = loop_stats()->turns;
	hooks = 0;
	task_init(&t, again);
	task_wake(&t);
	loop_run(hook);
	assert_int_equal(hooks, 3);
	assert_int_equal(loop_stats()->turns - turns, 3);
	task_cancel(&t);
}

TEST(a_turn_without_timers_ends_after_its_limit)
{
	uint64_t empty = loop_stats()->waits_empty, at = clock_read_ns();
	loop_turn(3);
	assert_true(clock_read_ns() - at >= 3000000u);
	assert_int_equal(loop_stats()->waits_empty, empty + 1);
}

TEST(a_descriptor_that_cannot_be_watched_is_refused)
{
	struct peer p = { 0 };
	if (strcmp(loop_backend(), "epoll") != 0)
		skip(); /* poll(2) reports it as an error when it waits */
	assert_false(io_add(&p.io, -1, IO_STREAM, count));
	io_del(&p.io);
}

#define BOTH(f) \
	{ #f " (epoll)", f, open_loop, close_loop, "epoll" }, { #f " (poll)", f, open_loop, close_loop, "poll" }

int main(void)
{
	const struct CMUnitTest t[] = {
		BOTH(a_fresh_stream_is_reported_writable_once),
		BOTH(a_known_readiness_is_not_told_again_until_it_was_waited_for),
		BOTH(a_full_socket_is_reported_writable_when_the_peer_has_read),
		BOTH(the_end_of_the_peers_sending_is_sticky_and_told_once),
		BOTH(a_peer_that_is_gone_does_not_keep_the_loop_awake),
		BOTH(a_peer_that_has_ended_its_sending_may_still_reset),
		BOTH(a_read_descriptor_is_told_as_long_as_it_is_readable),
		BOTH(a_listener_is_told_until_its_queue_is_empty),
		BOTH(events_of_a_descriptor_removed_and_freed_in_the_same_batch_are_dropped),
		BOTH(a_descriptor_added_anew_in_the_same_memory_gets_no_event_of_the_old_one),
		BOTH(a_descriptor_may_remove_itself_and_removing_twice_is_harmless),
		BOTH(removal_after_the_loop_is_gone_is_harmless),
		BOTH(many_descriptors_come_and_go),
		BOTH(tasks_run_once_in_the_order_they_were_woken),
		BOTH(a_task_woken_by_a_task_runs_in_the_same_turn),
		BOTH(tasks_that_wake_each_other_for_ever_do_not_starve_io),
		BOTH(a_turn_runs_events_then_tasks_then_timers),
		BOTH(running_calls_the_hook_each_turn_until_it_is_stopped),
		BOTH(a_turn_without_timers_ends_after_its_limit),
		BOTH(a_descriptor_that_cannot_be_watched_is_refused),
	};
	return cmocka_run_group_tests(t, NULL, NULL);
}
