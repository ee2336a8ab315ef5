// SPDX-License-Identifier: GPL-3.0-or-later
/* The leader's side of a reload: who asked is called once, with the words of the leader that was started. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include "leader/leader_priv.h"

static struct leader_opts lo;
static struct leader l;
static int sv[2];
static struct heard { unsigned calls; bool ok; uint64_t gen; char text[64]; } a, b;

static int setup(void **state)
{
	(void)state;
	a = b = (struct heard){ 0 };
	assert_int_equal(ipc_pair(sv), 0);
	lo = (struct leader_opts){ .ctl = sv[0] };
	l = (struct leader){ .o = &lo, .ctl = sv[0], .dir_fd = -1 };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	VEC_FREE(&l.asks);
	free(l.gens);
	close(sv[0]);
	close(sv[1]);
	return 0;
}

static void done(void *arg, bool ok, uint64_t gen, int fd)
{
	struct heard *h = arg;
	h->calls++, h->ok = ok, h->gen = gen;
	if (fd >= 0)
		(void)!pread(fd, h->text, sizeof(h->text) - 1, 0);
}

static uint64_t asked(void)
{
	struct ipc_msg m;
	int fd;
	assert_int_equal(ipc_recv(sv[1], ROLE_MASTER, ROLE_LEADER, &m, &fd), 1);
	assert_int_equal(m.type, IPC_RELOAD);
	return m.num;
}

static void verdict(uint64_t ticket, bool ok, uint64_t gen, const char *text)
{
	int fd = memfd_create("t", MFD_CLOEXEC);
	struct ipc_ticket t = { ticket };
	struct ipc_msg m = { .type = IPC_VERDICT, .arg = ok, .num = gen };
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	memcpy(m.data, &t, sizeof(t));
	reload_verdict(&l, &m, fd);
}

static void each_asker_gets_the_verdict_of_its_own_ticket(void **state)
{
	(void)state;
	assert_true(leader_ask_reload(&l, done, &a));
	assert_true(leader_ask_reload(&l, done, &b));
	uint64_t first = asked(), second = asked();
	assert_int_not_equal(first, second);
	verdict(second, false, 5, "x.cfg:1:1: error: no\n");
	assert_int_equal(a.calls, 0);
	assert_int_equal(b.calls, 1);
	assert_false(b.ok);
	assert_string_equal(b.text, "x.cfg:1:1: error: no\n");
	verdict(first, true, 6, "");
	verdict(first, true, 6, "");
	assert_int_equal(a.calls, 1);
	assert_true(a.ok);
	assert_int_equal(a.gen, 6);
}

static void who_hung_up_is_not_called(void **state)
{
	(void)state;
	assert_true(leader_ask_reload(&l, done, &a));
	leader_forget_reload(&l, &a);
	verdict(asked(), true, 2, "");
	assert_int_equal(a.calls, 0);
}

static void the_end_of_the_master_is_a_verdict_too(void **state)
{
	(void)state;
	assert_true(leader_ask_reload(&l, done, &a));
	reload_master_gone(&l);
	assert_int_equal(a.calls, 1);
	assert_false(a.ok);
	assert_false(leader_ask_reload(&l, done, &a));
}

static void the_table_of_generations_replaces_the_last(void **state)
{
	(void)state;
	struct ipc_gen rows[2] = { { .id = 1, .leader = 10 }, { .id = 2, .leader = 20 } };
	memset(rows[1].version, 'v', sizeof(rows[1].version));
	struct ipc_msg m = { .type = IPC_GENERATIONS, .num = 2 };
	int fd = memfd_create("t", MFD_CLOEXEC);
	assert_int_equal(write(fd, rows, sizeof(rows)), sizeof(rows));
	gens_received(&l, &m, fd);
	assert_int_equal(l.ngens, 2);
	assert_int_equal(l.gens[1].leader, 20);
	assert_int_equal(strlen(l.gens[1].version), sizeof(rows[1].version) - 1);
	m.num = 3; /* more than there is: the old table stays */
	fd = memfd_create("t", MFD_CLOEXEC);
	gens_received(&l, &m, fd);
	assert_int_equal(l.ngens, 2);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_asker_gets_the_verdict_of_its_own_ticket), T(who_hung_up_is_not_called), T(the_end_of_the_master_is_a_verdict_too),
		T(the_table_of_generations_replaces_the_last),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
