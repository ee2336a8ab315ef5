// SPDX-License-Identifier: GPL-3.0-or-later
/* Requests for a reload and their verdicts; what is shown of a failure; the table of generations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include "master/master_priv.h"

static struct master m;
static int lead[2][2]; /* of generations 1 and 2; [1] is the far end */

static int setup(void **state)
{
	(void)state;
	m = (struct master){ .next_id = 3 };
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(ipc_pair(lead[i]), 0);
		struct gen g = { .id = i + 1, .state = i ? GEN_ACTIVE : GEN_DRAINING, .leader = 4242 + (int)i, .ctl = lead[i][0], .text = -1,
				 .nworkers = 2, .version = "9.9" };
		VEC_PUSH(&m.gens, g);
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++)
		close(lead[i][0]), close(lead[i][1]);
	VEC_FREE(&m.gens);
	VEC_FREE(&m.kids);
	VEC_FREE(&m.asks);
	return 0;
}

static bool heard(unsigned i, struct ipc_msg *msg, int *fd) { return ipc_recv(lead[i][1], ROLE_LEADER, ROLE_MASTER, msg, fd) == 1; }

static uint64_t ticket(const struct ipc_msg *msg) { return ((const struct ipc_ticket *)(const void *)msg->data)->n; }

static int text_with(const char *s)
{
	int fd = text_new();
	assert_int_equal(write(fd, s, strlen(s)), strlen(s));
	return fd;
}

static void a_request_is_answered_by_the_start_that_begins_after_it(void **state)
{
	(void)state;
	struct ipc_msg msg;
	int fd, text = text_with("a.cfg:3:1: error: no\n");
	char got[64] = "";
	ask_add(&m, 2, 10);
	asks_assign(&m, 3);
	ask_add(&m, 2, 11); /* while generation 3 is starting */
	asks_answer(&m, 3, false, text);
	assert_true(heard(1, &msg, &fd));
	assert_int_equal(msg.type, IPC_VERDICT);
	assert_int_equal(ticket(&msg), 10);
	assert_int_equal(msg.arg, 0);
	assert_int_equal(msg.num, 3);
	assert_true(pread(fd, got, sizeof(got) - 1, 0) > 0);
	assert_string_equal(got, "a.cfg:3:1: error: no\n");
	close(fd);
	assert_false(heard(1, &msg, &fd));
	asks_assign(&m, 4);
	asks_answer(&m, 4, true, text);
	assert_true(heard(1, &msg, &fd));
	assert_int_equal(ticket(&msg), 11);
	assert_int_equal(msg.arg, 1);
	close(fd);
	close(text);
}

static void every_asker_gets_the_verdict_of_one_start(void **state)
{
	(void)state;
	struct ipc_msg msg;
	int fd;
	ask_add(&m, 1, 1);
	ask_add(&m, 2, 1);
	ask_add(&m, 2, 2);
	assert_true(m.reload_pending);
	asks_assign(&m, 3);
	asks_answer(&m, 3, true, -1); /* nothing was said: still a descriptor */
	assert_true(heard(0, &msg, &fd));
	assert_int_equal(ticket(&msg), 1);
	close(fd);
	for (int i = 0; i < 2; i++) {
		assert_true(heard(1, &msg, &fd));
		close(fd);
	}
	assert_int_equal(m.asks.n, 0);
}

static void an_asker_that_is_gone_is_forgotten(void **state)
{
	(void)state;
	ask_add(&m, 77, 1);
	asks_assign(&m, 3);
	asks_answer(&m, 3, true, -1);
	assert_int_equal(m.asks.n, 0);
}

static void first(const char *text, const char *want)
{
	char out[300];
	int fd = text_with(text);
	text_first_error(fd, out, sizeof(out));
	assert_string_equal(out, want);
	close(fd);
}

static void the_first_error_is_shown(void **state)
{
	(void)state;
	first("", "");
	first("a.cfg:1:1: warning: w\nb.cfg:2:3: error: e\n  line\nc.cfg:1:1: error: f\n", "b.cfg:2:3: error: e");
	first("one\ntwo\n", "one");
	first("x\n[ALERT]    (1) : gone\n", "[ALERT]    (1) : gone");
	first("a: error: \033[2J\n", "a: error:  [2J");
	char none[8];
	text_first_error(-1, none, sizeof(none));
	assert_string_equal(none, "");
}

static void the_table_goes_to_all_that_got_ready_when_something_changed(void **state)
{
	(void)state;
	struct ipc_msg msg;
	struct ipc_gen rows[2];
	int fd;
	struct kid k = { .gen = 2, .pid = 5, .role = ROLE_WORKER, .ctl = -1 };
	VEC_PUSH(&m.kids, k);
	gens_publish(&m);
	assert_false(heard(1, &msg, &fd));
	m.gens_changed = true;
	m.gens.at[0].state = GEN_STARTING;
	gens_publish(&m);
	assert_false(heard(0, &msg, &fd));
	assert_true(heard(1, &msg, &fd));
	assert_int_equal(msg.type, IPC_GENERATIONS);
	assert_int_equal(msg.num, 2);
	assert_int_equal(pread(fd, rows, sizeof(rows), 0), sizeof(rows));
	assert_int_equal(rows[0].state, IPC_GEN_STARTING);
	assert_int_equal(rows[1].id, 2);
	assert_int_equal(rows[1].state, IPC_GEN_SERVING);
	assert_int_equal(rows[1].leader, 4243);
	assert_int_equal(rows[1].nworkers, 2);
	assert_int_equal(rows[1].alive, 1);
	assert_string_equal(rows[1].version, "9.9");
	close(fd);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_request_is_answered_by_the_start_that_begins_after_it), T(every_asker_gets_the_verdict_of_one_start),
		T(an_asker_that_is_gone_is_forgotten), T(the_first_error_is_shown),
		T(the_table_goes_to_all_that_got_ready_when_something_changed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
