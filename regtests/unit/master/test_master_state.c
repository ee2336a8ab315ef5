// SPDX-License-Identifier: GPL-3.0-or-later
/* Which segments the master keeps, and what it shows to whom. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include "master/master_priv.h"

static struct master m;

static int memfd(void) { return memfd_create("t", MFD_CLOEXEC); }

static void add(uint64_t gen)
{
	state_dir_add(&m, gen, memfd());
	state_seg_add(&m, gen, memfd());
}

static int setup(void **state)
{
	(void)state;
	m = (struct master){ .next_id = 3 };
	struct gen g = { .id = 1, .state = GEN_ACTIVE, .ctl = -1, .text = -1 };
	VEC_PUSH(&m.gens, g);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	states_drop(&m);
	VEC_FREE(&m.gens);
	return 0;
}

static unsigned table(struct ipc_state_entry *e)
{
	int fd = states_table(&m);
	ssize_t n = pread(fd, e, 8 * sizeof(*e), 0);
	close(fd);
	return (unsigned)(n / (ssize_t)sizeof(*e));
}

static void the_serving_generation_is_the_latest_whatever_its_number(void **state)
{
	(void)state;
	struct ipc_state_entry e[8];
	add(1);
	add(2);
	assert_int_equal(table(e), 2);
	assert_int_equal(e[0].flags, IPC_STATE_LATEST);
	assert_int_equal(e[1].flags, 0);
	assert_int_equal(e[1].generation, 2);
	m.gens.at[0].state = GEN_DRAINING;
	table(e);
	assert_int_equal(e[1].flags, IPC_STATE_LATEST);
}

static void an_ended_generation_is_kept_until_it_was_absorbed(void **state)
{
	(void)state;
	struct ipc_state_entry e[8];
	add(1);
	state_ended(&m, 1, true);
	table(e);
	assert_int_equal(e[0].flags, IPC_STATE_ENDED | IPC_STATE_LATEST);
	states_absorbed(&m, 2); /* another start, which did not see it ended */
	assert_int_equal(m.states.n, 1);
	states_absorbed(&m, 3);
	assert_int_equal(m.states.n, 0);
}

static void what_was_shown_as_living_is_shown_again(void **state)
{
	(void)state;
	struct ipc_state_entry e[8];
	add(1);
	table(e);
	state_ended(&m, 1, true);
	states_absorbed(&m, 3);
	assert_int_equal(table(e), 1);
}

static void a_generation_that_never_served_leaves_nothing(void **state)
{
	(void)state;
	add(2);
	state_ended(&m, 2, false);
	assert_int_equal(m.states.n, 0);
	state_dir_add(&m, 4, memfd());
	struct ipc_state_entry e[8];
	assert_int_equal(table(e), 0);
	state_ended(&m, 4, true);
	assert_int_equal(m.states.n, 0);
}

static void descriptors_that_come_twice_or_alone_are_closed(void **state)
{
	(void)state;
	add(1);
	int again = memfd(), lone = memfd();
	state_dir_add(&m, 1, again);
	assert_int_equal(fcntl(again, F_GETFD), -1);
	state_seg_add(&m, 9, lone);
	assert_int_equal(fcntl(lone, F_GETFD), -1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_serving_generation_is_the_latest_whatever_its_number), T(an_ended_generation_is_kept_until_it_was_absorbed),
		T(what_was_shown_as_living_is_shown_again), T(a_generation_that_never_served_leaves_nothing),
		T(descriptors_that_come_twice_or_alone_are_closed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
