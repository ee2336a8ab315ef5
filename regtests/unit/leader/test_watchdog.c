// SPDX-License-Identifier: GPL-3.0-or-later
/* Who is taken for stuck: who uses CPU and shows no beat, nobody else. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include <sluice/base/clock.h>
#include "leader/leader_priv.h"

#define STUCK_MS 60u

static struct leader l;
static struct child c;

static int setup(void **state)
{
	(void)state;
	clock_update();
	l = (struct leader){ .seg = segment_create(1, 1, 0, 0, 0) };
	c = (struct child){ .l = &l, .role = ROLE_WORKER };
	c.pid = fork();
	if (c.pid == 0)
		for (volatile unsigned i = 0;; i++)
			;
	atomic_store(&l.seg->slot[0].beat, 1);
	return c.pid > 0 ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	kill(c.pid, SIGKILL);
	waitpid(c.pid, NULL, 0);
	segment_unmap(l.seg);
	return 0;
}

static void doze(void) { nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL); }

static void a_worker_that_spins_is_aborted_and_says_where(void **state)
{
	(void)state;
	int status = 0;
	for (int i = 0; i < 3000 && !c.kill_at; i++) {
		watchdog_look(&c, STUCK_MS);
		doze();
	}
	assert_int_not_equal(c.kill_at, 0);
	assert_int_equal(waitpid(c.pid, &status, 0), c.pid);
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void who_survives_the_abort_is_killed(void **state)
{
	(void)state;
	int status = 0;
	c.kill_at = clock_ms() - 1;
	watchdog_look(&c, STUCK_MS);
	assert_int_equal(waitpid(c.pid, &status, 0), c.pid);
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void a_worker_that_beats_is_left_alone_whatever_it_uses(void **state)
{
	(void)state;
	for (int i = 0; i < 40; i++) {
		atomic_fetch_add(&l.seg->slot[0].beat, 1);
		watchdog_look(&c, STUCK_MS);
		doze();
	}
	assert_int_equal(c.kill_at, 0);
}

static void how_busy_the_workers_are_is_published_as_a_share_of_what_they_could_use(void **state)
{
	(void)state;
	uint32_t busy = 0;
	l.child = &c, l.nchild = 1;
	for (int i = 0; i < 200 && busy < 3; i++) {
		watchdog_measure(&l);
		for (int k = 0; k < 10; k++)
			doze();
		clock_update();
		busy = atomic_load(&l.seg->h->busy_pct);
	}
	assert_in_range(busy, 3, 100);
	kill(c.pid, SIGSTOP);
	for (int i = 0; i < 200 && busy; i++) {
		watchdog_measure(&l);
		doze();
		clock_update();
		busy = atomic_load(&l.seg->h->busy_pct);
	}
	assert_int_equal(busy, 0);
}

static void a_worker_that_is_stopped_is_left_alone_however_long(void **state)
{
	(void)state;
	int status;
	kill(c.pid, SIGSTOP);
	assert_int_equal(waitpid(c.pid, &status, WUNTRACED), c.pid);
	for (int i = 0; i < 40; i++) {
		watchdog_look(&c, STUCK_MS);
		doze();
	}
	assert_int_equal(c.kill_at, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_worker_that_spins_is_aborted_and_says_where), T(who_survives_the_abort_is_killed),
		T(a_worker_that_beats_is_left_alone_whatever_it_uses), T(a_worker_that_is_stopped_is_left_alone_however_long),
		T(how_busy_the_workers_are_is_published_as_a_share_of_what_they_could_use),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
