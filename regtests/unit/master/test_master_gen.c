// SPDX-License-Identifier: GPL-3.0-or-later
/* Generations in the master: what messages do to them, who is told to finish. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include "master/master_priv.h"

static struct master m;
static int lead[2], kid[2];    /* [1] is the far end */

static int setup(void **state)
{
	(void)state;
	m = (struct master){ .next_id = 2 };
	assert_int_equal(ipc_pair(lead), 0);
	assert_int_equal(ipc_pair(kid), 0);
	struct gen g = { .id = 1, .state = GEN_STARTING, .leader = 99999999, .ctl = lead[0], .text = -1, .deadline = 1 };
	VEC_PUSH(&m.gens, g);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kid_gone(&m, 77);
	close(lead[0]), close(lead[1]), close(kid[0]), close(kid[1]);
	VEC_FREE(&m.gens);
	VEC_FREE(&m.kids);
	VEC_FREE(&m.asks);
	return 0;
}

static void say(enum ipc_type t, uint32_t arg, uint64_t num, int fd)
{
	struct ipc_msg msg = { .type = (uint16_t)t, .version = IPC_VERSION, .arg = arg, .num = num };
	gen_message(&m, gen_find(&m, 1), &msg, fd);
}

static int heard(int sock, enum role me, enum role from)
{
	struct ipc_msg msg;
	int fd;
	return ipc_recv(sock, me, from, &msg, &fd) == 1 ? (int)msg.type : -1;
}

static void ready_is_answered_with_commit(void **state)
{
	(void)state;
	say(IPC_GEN_READY, 2, 5000, -1);
	assert_int_equal(gen_find(&m, 1)->state, GEN_COMMITTING);
	assert_int_equal(heard(lead[1], ROLE_LEADER, ROLE_MASTER), IPC_COMMIT);
	say(IPC_GEN_READY, 2, 5000, -1);
	assert_int_equal(heard(lead[1], ROLE_LEADER, ROLE_MASTER), -1);
	say(IPC_GEN_ACTIVE, 0, 0, -1);
	assert_int_equal(gen_find(&m, 1)->state, GEN_ACTIVE);
	assert_int_equal(gen_find(&m, 1)->deadline, 0);
}

static void active_without_a_commit_is_ignored(void **state)
{
	(void)state;
	say(IPC_GEN_ACTIVE, 0, 0, -1);
	assert_int_equal(gen_find(&m, 1)->state, GEN_STARTING);
}

static void a_living_leader_is_asked_to_drain_once(void **state)
{
	(void)state;
	gen_find(&m, 1)->state = GEN_ACTIVE;
	gen_drain(&m, gen_find(&m, 1));
	gen_drain(&m, gen_find(&m, 1));
	assert_int_equal(heard(lead[1], ROLE_LEADER, ROLE_MASTER), IPC_GEN_DRAIN);
	assert_int_equal(heard(lead[1], ROLE_LEADER, ROLE_MASTER), -1);
}

static void children_of_a_dead_leader_are_told_directly(void **state)
{
	(void)state;
	struct ipc_msg msg;
	int fd;
	say(IPC_GEN_READY, 2, 5000, -1);
	say(IPC_CHILD, ROLE_WORKER, 77, dup(kid[0]));
	gen_find(&m, 1)->leader = 0;
	gen_find(&m, 1)->state = GEN_ACTIVE;
	gen_drain(&m, gen_find(&m, 1));
	assert_int_equal(ipc_recv(kid[1], ROLE_WORKER, ROLE_LEADER, &msg, &fd), 1);
	assert_int_equal(msg.type, IPC_DRAIN);
	assert_int_equal(msg.num, 5000);
	gen_stop(&m, gen_find(&m, 1));
	assert_int_equal(heard(kid[1], ROLE_WORKER, ROLE_LEADER), IPC_STOP);
}

static void children_of_a_leader_that_died_while_draining_are_told_to_drain(void **state)
{
	(void)state;
	say(IPC_CHILD, ROLE_WORKER, 77, dup(kid[0]));
	gen_drain(&m, gen_find(&m, 1)); /* the leader never passed it on */
	gen_find(&m, 1)->leader = 0;
	gen_orphaned(&m, gen_find(&m, 1));
	assert_int_equal(heard(kid[1], ROLE_WORKER, ROLE_LEADER), IPC_DRAIN);
}

static void a_checker_of_a_dead_leader_stops_at_once(void **state)
{
	(void)state;
	say(IPC_CHILD, ROLE_CHECKER, 77, dup(kid[0]));
	gen_find(&m, 1)->leader = 0;
	gen_find(&m, 1)->state = GEN_ACTIVE;
	gen_drain(&m, gen_find(&m, 1));
	assert_int_equal(heard(kid[1], ROLE_CHECKER, ROLE_LEADER), IPC_CHK_STOP);
}

static void a_generation_is_forgotten_when_nothing_of_it_lives(void **state)
{
	(void)state;
	say(IPC_CHILD, ROLE_WORKER, 77, dup(kid[0]));
	gen_find(&m, 1)->leader = 0;
	gens_sweep(&m);
	assert_non_null(gen_find(&m, 1));
	say(IPC_CHILD_GONE, 0, 77, -1);
	gens_sweep(&m);
	assert_null(gen_find(&m, 1));
}

static void a_reload_request_is_remembered_once(void **state)
{
	(void)state;
	say(IPC_RELOAD, 0, 0, -1);
	say(IPC_RELOAD, 0, 0, -1);
	assert_true(m.reload_pending);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(ready_is_answered_with_commit), T(active_without_a_commit_is_ignored), T(a_living_leader_is_asked_to_drain_once),
		T(children_of_a_dead_leader_are_told_directly), T(children_of_a_leader_that_died_while_draining_are_told_to_drain), T(a_checker_of_a_dead_leader_stops_at_once),
		T(a_generation_is_forgotten_when_nothing_of_it_lives), T(a_reload_request_is_remembered_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
