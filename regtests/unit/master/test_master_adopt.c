// SPDX-License-Identifier: GPL-3.0-or-later
/* A new master takes over what leaders show it, and puts in order what the old one left half done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "master/master_priv.h"

static struct master_opts o;
static struct master m;
static char key[ADOPT_KEY];
static pid_t leader[2];

static int setup(void **state)
{
	(void)state;
	snprintf(key, sizeof(key), "sluice-test-m-%d", (int)getpid());
	o = (struct master_opts){ .adopt = key };
	m = (struct master){ .o = &o, .next_id = 1 };
	leader[0] = leader[1] = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fds_retire(&m, UINT64_MAX);
	states_drop(&m);
	for (size_t i = 0; i < m.gens.n; i++)
		close(m.gens.at[i].ctl);
	for (size_t i = 0; i < m.kids.n; i++)
		close(m.kids.at[i].ctl);
	for (int i = 0; i < 2; i++)
		if (leader[i])
			waitpid(leader[i], NULL, 0);
	VEC_FREE(&m.gens);
	VEC_FREE(&m.kids);
	VEC_FREE(&m.fds);
	return 0;
}

/* A process that waits like a leader, shows generation gen (to its end or not) and says whether it was told to drain. */
static void leader_waits(int i, uint64_t gen, bool draining, bool to_the_end)
{
	int l = adopt_listen(key);
	assert_true(l >= 0);
	leader[i] = fork();
	if (leader[i] == 0) {
		pid_t pid;
		struct ipc_msg msg;
		struct ipc_adopt a = { .version = "1", .nworkers = 3, .draining = draining };
		struct ipc_key k = { "127.0.0.1:1" };
		int fd, c = adopt_accept(l, &pid), some = memfd_create("t", MFD_CLOEXEC);
		bool ok = ipc_send(c, IPC_ADOPT, 0, gen, &a, sizeof(a), -1);
		if (!draining)
			ok = ok && ipc_send(c, IPC_LISTENER, 0, 0, &k, sizeof(k), some);
		ok = ok && ipc_send(c, IPC_CHILD, ROLE_WORKER, 77, NULL, 0, some) && ipc_send(c, IPC_STATE_DIR, 0, 0, NULL, 0, some) &&
		     ipc_send(c, IPC_STATE_SEG, 0, 0, NULL, 0, some) && ipc_send(c, IPC_STATE_DIR, 0, 1, NULL, 0, some) &&
		     ipc_send(c, IPC_STATE_SEG, 0, 1, NULL, 0, some);
		if (to_the_end)
			ok = ok && ipc_send(c, IPC_ADOPT_END, 0, 0, NULL, 0, -1);
		else
			_exit(0);
		while (ok && ipc_wait(c, 5000)) {
			int r = ipc_recv(c, ROLE_LEADER, ROLE_MASTER, &msg, &fd);
			if (r < 0)
				_exit(1);
			if (r == 1 && msg.type == IPC_GEN_DRAIN)
				_exit(9);
		}
		_exit(2);
	}
	close(l);
}

static void a_generation_comes_over_with_all_it_has(void **state)
{
	(void)state;
	leader_waits(0, 5, false, true);
	assert_true(master_adopt(&m));
	assert_int_equal(m.gens.n, 1);
	const struct gen *g = &m.gens.at[0];
	assert_int_equal(g->id, 5);
	assert_int_equal(g->state, GEN_ACTIVE);
	assert_int_equal(g->leader, getpid()); /* the socket was made by this process */
	assert_int_equal(g->nworkers, 3);
	assert_true(g->adopted && g->served);
	assert_int_equal(m.next_id, 6);
	assert_int_equal(m.kids.n, 1);
	assert_int_equal(m.fds.n, 1);
	assert_int_equal(m.fds.at[0].claimed_by, 5);
	assert_int_equal(m.states.n, 2);
	assert_false(m.states.at[0].ended);
	assert_true(m.states.at[1].ended); /* generation 1 is known from its counters alone */
}

static void of_two_that_accept_the_older_drains(void **state)
{
	(void)state;
	int status = 0;
	leader_waits(0, 7, false, true);
	leader_waits(1, 6, false, true);
	assert_true(master_adopt(&m));
	assert_int_equal(gen_find(&m, 7)->state, GEN_ACTIVE);
	assert_int_equal(gen_find(&m, 6)->state, GEN_DRAINING);
	assert_int_equal(waitpid(leader[1], &status, 0), leader[1]);
	assert_int_equal(WEXITSTATUS(status), 9);
	leader[1] = 0;
}

static void a_draining_generation_alone_serves_nobody(void **state)
{
	(void)state;
	leader_waits(0, 4, true, true);
	assert_false(master_adopt(&m));
	assert_int_equal(m.gens.n, 1);
	assert_int_equal(m.next_id, 5);
}

static void who_dies_while_it_shows_itself_is_left_out(void **state)
{
	(void)state;
	leader_waits(0, 3, false, false);
	assert_false(master_adopt(&m));
	assert_int_equal(m.gens.n + m.kids.n + m.fds.n, 0);
}

static void nobody_waits_is_the_ordinary_start(void **state)
{
	(void)state;
	assert_false(master_adopt(&m));
	assert_int_equal(m.next_id, 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_generation_comes_over_with_all_it_has), T(of_two_that_accept_the_older_drains), T(a_draining_generation_alone_serves_nobody),
		T(who_dies_while_it_shows_itself_is_left_out), T(nobody_waits_is_the_ordinary_start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
