// SPDX-License-Identifier: GPL-3.0-or-later
/* Deaths: whatever a process was doing when it was killed, the others find a whole table, exact counts, and no lock
 * that stays. */
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sluice/base/rand.h>
#include "../../../src/stick/stick_priv.h"
#include "stick_test.h"

static const char *broken(struct stick_table *t, bool quiet)
{
	uint32_t used = 0;

	for (uint32_t b = 0; b < t->g.nbuckets; b++)
		if (quiet && t->buckets[b].lock)
			return "a bucket stays locked";
	for (uint32_t i = 0; i < t->spec->size; i++) {
		uint32_t st = meta_state(meta_load(t, i));

		if (st & STK_BUSY)
			return "an entry stays busy";
		if (!(st & STK_USED))
			continue;
		used++;
		if (quiet && st & STK_PINS)
			return "an entry stays pinned";
		if (!stk_linked(t, stk_bucket_of(t, stk_entry(t, i)->hash), i))
			return "a used entry is not linked";
	}
	for (uint32_t b = 0; b < t->g.nbuckets; b++)
		for (uint32_t at = t->buckets[b].first, n = 0; at; at = stk_entry(t, at - 1)->next)
			if (!(meta_state(meta_load(t, at - 1)) & STK_USED) || n++ > t->spec->size)
				return "a chain holds what is not used";
	return used == stick_used(t) ? NULL : "entries are miscounted";
}

/* ---- deaths at chosen moments ---- */

static void in_child(void (*fn)(struct stick_table *), struct stick_table *t)
{
	int st;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		if (!stick_attach(t))
			_exit(1);
		fn(t);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, &st, 0), pid);
	assert_true(WIFSIGNALED(st));
}

static void dies_with_pins(struct stick_table *t)
{
	struct stick_ref r;

	for (uint32_t i = 0; i < 2000; i++)
		if (!pin_key(t, i % 20, 1, &r))
			_exit(1);
}

TEST(the_pins_of_a_dead_process_are_given_back)
{
	struct rt_table s = spec_of(SK_INTEGER, 4, 64, 0);
	struct stick_table *t = table_of(&s);
	struct stick_ref mine;

	assert_true(pin_key(t, 3, 1, &mine));
	in_child(dies_with_pins, t);
	assert_int_equal(value_of(t, 3, SD_CONN_CUR, 1), 101);
	assert_int_equal(stick_recover(t, 1), 1);
	assert_int_equal(value_of(t, 3, SD_CONN_CUR, 1), 1);
	assert_int_equal(value_of(t, 4, SD_CONN_CUR, 1), 0);
	assert_int_equal(stick_recover(t, 1), 0);
	stick_unpin(t, &mine, 1);
	assert_null(broken(t, true));
	stick_unmap(t);
}

static void dies_with_lock(struct stick_table *t)
{
	struct stick_at at;
	uint32_t k = 5;

	if (!stick_open(t, num_key(&k), true, 1, &at))
		_exit(1);
	stick_add(&at, SD_GPC0, 0, 1, 1);
}

TEST(the_lock_of_a_dead_process_is_freed_by_who_wants_it)
{
	struct rt_table s = spec_of(SK_INTEGER, 4, 64, 0);
	struct stick_table *t = table_of(&s);

	in_child(dies_with_lock, t);
	assert_int_equal(value_of(t, 5, SD_GPC0, 1), 1); /* nobody was asked to recover */
	assert_int_equal(stick_missed(t), 0);
	assert_null(broken(t, true));
	stick_unmap(t);
}

static void dies_between_words(struct stick_table *t)
{
	struct stick_at at;
	uint32_t k = 5;

	if (!stick_open(t, num_key(&k), true, 1, &at))
		_exit(1);
	uint64_t w = meta_load(t, at.idx);

	stk_undo(t, 0, stk_off(t, &t->meta[at.idx]), w);
	stk_undo(t, 1, stk_off_record(t, t->me, 0), 0);
	stk_begin(t, 2);
	meta_store(t, at.idx, w + 1);
}

TEST(half_a_pin_is_undone)
{
	struct rt_table s = spec_of(SK_INTEGER, 4, 64, 0);
	struct stick_table *t = table_of(&s);

	in_child(dies_between_words, t);
	stick_recover(t, 1);
	assert_int_equal(value_of(t, 5, SD_CONN_CUR, 1), 0);
	assert_null(broken(t, true));
	stick_unmap(t);
}

TEST(the_number_of_a_dead_process_is_used_again)
{
	struct rt_table s = spec_of(SK_INTEGER, 4, 64, 0);
	struct stick_table *t = table_of(&s);

	for (unsigned i = 0; i < 5; i++) {
		in_child(dies_with_pins, t);
		stick_recover(t, 1);
	}
	assert_int_equal(t->h->top, 2);
	stick_unmap(t);
}

static void nothing(struct stick_table *t) { stick_detach(t); }

TEST(a_process_that_leaves_in_peace_leaves_nothing)
{
	struct rt_table s = spec_of(SK_INTEGER, 4, 64, 0);
	struct stick_table *t = table_of(&s);

	in_child(nothing, t);
	assert_int_equal(stick_recover(t, 1), 0);
	stick_unmap(t);
}

/* ---- torture: killed anywhere ---- */

struct tally {
	_Atomic uint64_t begun, ended;
};

static void busy(struct stick_table *t, struct tally *n, uint64_t seed)
{
	struct stick_ref held[16];
	uint32_t now = 0;

	rand_seed_fixed(seed);
	for (unsigned i = 0; i < 16; i++)
		held[i] = STICK_REF_NONE;
	for (;;) {
		uint32_t k = rand_below(300), h = rand_below(16), zero = 1000000;
		struct stick_at at;

		now += rand_below(3);
		stick_unpin(t, &held[h], now);
		if (pin_key(t, k, now, &held[h])) {
			at = stick_at_ref(t, &held[h]);
			stick_event(&at, SE_HTTP_REQ, 1, now);
		}
		if (rand_below(20) == 0 && stick_open(t, num_key(&k), false, now, &at) && !stick_drop(&at))
			stick_close(&at);
		/* one key is never forgotten: its counter tells what was lost */
		atomic_fetch_add(&n->begun, 1);
		if (stick_open(t, num_key(&zero), true, now, &at)) {
			stick_add(&at, SD_GPC0, 0, 1, now);
			stick_close(&at);
		}
		atomic_fetch_add(&n->ended, 1);
	}
}

TEST(writers_killed_anywhere_leave_a_whole_table_and_exact_counts)
{
	enum { WRITERS = 4, KILLS = 400 };
	struct rt_table s = spec_of(SK_INTEGER, 4, 256, 400);
	struct stick_table *t = table_of(&s);
	struct tally *n = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid[WRITERS] = { 0 };
	struct stick_ref forever;
	uint64_t count;

	assert_true(n != MAP_FAILED);
	assert_true(pin_key(t, 1000000, 0, &forever));
	rand_seed_fixed(4711);
	for (unsigned i = 0; i < KILLS + WRITERS; i++) {
		pid_t *p = &pid[i % WRITERS];

		if (*p) {
			usleep(rand_below(1500));
			kill(*p, SIGKILL);
			waitpid(*p, NULL, 0);
			if (i % 3 == 0) /* now and then it is left to the others */
				stick_recover(t, i);
		}
		*p = 0;
		if (i < KILLS && !(*p = fork())) {
			if (!stick_attach(t))
				_exit(1);
			busy(t, n, i);
		}
	}
	for (unsigned i = 0; i < WRITERS; i++)
		if (pid[i]) {
			kill(pid[i], SIGKILL);
			waitpid(pid[i], NULL, 0);
		}
	stick_recover(t, 1);
	count = value_of(t, 1000000, SD_GPC0, 1);
	assert_in_range(count, n->ended, n->begun);
	assert_int_equal(value_of(t, 1000000, SD_CONN_CUR, 1), 1);
	stick_unpin(t, &forever, 1);
	const char *what = broken(t, true);

	if (what)
		print_error("%s\n", what);
	assert_null(what);
	assert_int_equal(stick_missed(t), 0);
	munmap(n, 4096);
	stick_unmap(t);
}

/* Counts in the parent's table and adds to a key of its own. */
static void looks_in_private(struct stick_table *t)
{
	struct stick_at at;
	struct stick_ref r;
	uint32_t key = 7;

	if (!stick_open(t, num_key(&key), false, 1, &at) || stick_value(&at, SD_GPC0, 0, 1) != 5)
		_exit(2);
	stick_add(&at, SD_GPC0, 0, 1, 1);
	if (stick_value(&at, SD_GPC0, 0, 1) != 6 || !stick_pin(&at, &r))
		_exit(3);
	stick_close(&at);
	_exit(has_key(t, 8, true, 1) ? 0 : 4);
}

static void a_private_copy_sees_everything_and_changes_nothing(void **s)
{
	struct rt_table spec = spec_of(SK_INTEGER, 4, 100, 0);
	struct stick_table *t = table_of(&spec);
	struct stick_at at;
	uint32_t key = 7;
	int st;

	(void)s;
	assert_true(stick_open(t, num_key(&key), true, 1, &at));
	stick_add(&at, SD_GPC0, 0, 5, 1);
	stick_close(&at);
	pid_t pid = fork();

	if (!pid) {
		if (!stick_make_private(t) || !stick_attach(t))
			_exit(1);
		looks_in_private(t);
	}
	assert_int_equal(waitpid(pid, &st, 0), pid);
	assert_true(WIFEXITED(st));
	assert_int_equal(WEXITSTATUS(st), 0);
	assert_false(has_key(t, 8, false, 1));
	assert_true(stick_open(t, num_key(&key), false, 1, &at));
	assert_int_equal(stick_value(&at, SD_GPC0, 0, 1), 5);
	assert_int_equal(stick_pins(&at), 0);
	stick_close(&at);
	assert_int_equal(stick_recover(t, 1), 0);
	assert_null(broken(t, true));
	stick_detach(t);
	stick_unmap(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_private_copy_sees_everything_and_changes_nothing),
		cmocka_unit_test(the_pins_of_a_dead_process_are_given_back),
		cmocka_unit_test(the_lock_of_a_dead_process_is_freed_by_who_wants_it),
		cmocka_unit_test(half_a_pin_is_undone),
		cmocka_unit_test(the_number_of_a_dead_process_is_used_again),
		cmocka_unit_test(a_process_that_leaves_in_peace_leaves_nothing),
		cmocka_unit_test(writers_killed_anywhere_leave_a_whole_table_and_exact_counts),
	};
	clock_update();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
