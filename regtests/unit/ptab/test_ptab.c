// SPDX-License-Identifier: GPL-3.0-or-later
/* Tables as objects: versions, what other processes see and when, tables of another writer. */
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "ptab_test.h"

static void a_version_is_seen_when_it_is_committed_and_not_before(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_EXACT, false);

	put(t, 0, "a", "old");
	assert_int_equal(ptab_prepare(t), 1);
	put(t, ptab_slot(t, 1), "a", "new");
	put(t, ptab_slot(t, 1), "b", "new");
	assert_string_equal(look(t, "a"), "old");
	assert_string_equal(look(t, "b"), "-");
	assert_true(ptab_commit(t, 1));
	assert_string_equal(look(t, "a"), "new");
	assert_int_equal(ptab_version(t), 1);
	assert_int_equal(ptab_slot(t, 0), -1);
	assert_false(ptab_commit(t, 7));
	ptab_unmap(t);
}

static void versions_older_than_the_one_that_is_committed_go(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_EXACT, false);

	assert_int_equal(ptab_prepare(t), 1);
	assert_int_equal(ptab_prepare(t), 2);
	assert_int_equal(ptab_prepare(t), 3);
	assert_true(ptab_commit(t, 2));
	assert_int_equal(ptab_slot(t, 1), -1);
	assert_true(ptab_slot(t, 3) >= 0);
	ptab_unmap(t);
}

static void too_many_versions_are_refused_until_some_have_gone(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_EXACT, false);
	unsigned n = 0, last = 0;

	for (uint32_t v; (v = ptab_prepare(t)); n++)
		last = v;
	assert_in_range(n, 8, VERS - 3);
	for (int i = 0; i < 100; i++)
		ptab_clear(t, ptab_current(t)); /* always possible */
	assert_true(ptab_commit(t, last));
	ptab_reclaim(t, UINT64_MAX);
	assert_int_equal(ptab_prepare(t), last + 1);
	ptab_unmap(t);
}

static void a_cleared_version_is_empty_and_keeps_its_number(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_EXACT, false);

	put(t, 0, "a", "1");
	ptab_clear(t, ptab_current(t));
	assert_string_equal(look(t, "a"), "-");
	assert_int_equal(ptab_version(t), 0);
	put(t, ptab_current(t), "b", "2");
	assert_string_equal(look(t, "b"), "2");
	ptab_unmap(t);
}

static void memory_goes_back_when_a_version_has_left(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_EXACT, false);
	size_t before = ptab_bytes(t);
	char key[32];

	for (int i = 0; i < 50000; i++) {
		snprintf(key, sizeof(key), "key%d", i);
		put(t, 0, key, "v");
	}
	assert_true(ptab_bytes(t) > before + (1u << 20));
	ptab_clear(t, 0);
	ptab_reclaim(t, 0); /* somebody may be reading */
	assert_true(ptab_bytes(t) > before + (1u << 20));
	ptab_reclaim(t, UINT64_MAX);
	assert_in_range(ptab_bytes(t), 0, before + 4 * UNIT);
	ptab_unmap(t);
}

/* Sees a change that its parent makes later. */
static int waits_for_it(struct ptab *t)
{
	for (unsigned i = 0; i < 20000; i++, usleep(1000))
		if (!strcmp(look(t, "late"), "yes"))
			return 7;
	return 1;
}

static void another_process_sees_a_change_at_once(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_EXACT, false);
	int st = 0;
	pid_t pid = fork();

	if (!pid) {
		ptab_read_only(t);
		_exit(waits_for_it(t));
	}
	put(t, 0, "late", "yes");
	assert_int_equal(waitpid(pid, &st, 0), pid);
	assert_int_equal(WEXITSTATUS(st), 7);
	ptab_unmap(t);
}

static void a_worker_reads_one_version_in_one_turn(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_EXACT, false);

	put(t, 0, "a", "old");
	ptab_next_turn(); /* from here on this process has turns */
	assert_string_equal(look(t, "a"), "old");
	assert_int_equal(ptab_prepare(t), 1);
	put(t, ptab_slot(t, 1), "a", "new");
	assert_true(ptab_commit(t, 1));
	assert_string_equal(look(t, "a"), "old");
	ptab_next_turn();
	assert_string_equal(look(t, "a"), "new");
	ptab_unmap(t);
}

static void another_writer_takes_a_table_over(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_EXACT, false), *u;
	bool torn = true;

	put(t, 0, "a", "1");
	u = ptab_map(dup(ptab_fd(t)), &torn);
	assert_non_null(u);
	assert_false(torn);
	put(u, 0, "b", "2");
	assert_string_equal(look(t, "b"), "2");
	ptab_unmap(u);
	ptab_begin(t);
	u = ptab_map(dup(ptab_fd(t)), &torn);
	assert_true(torn); /* as if its writer had died there */
	ptab_unmap(u);
	ptab_end(t);
	ptab_unmap(t);
}

static void files_that_are_no_tables_are_refused(void **s UNUSED)
{
	int fd = memfd_create("x", MFD_CLOEXEC);
	struct ptab *t = table_for(PTAB_EXACT, false);
	bool torn;

	assert_null(ptab_map(fd, &torn));
	t->h->p.rec_form++;
	t->h->p.layout++;
	assert_null(ptab_map(dup(ptab_fd(t)), &torn));
	ptab_unmap(t);
}

/* As one of another build would be: its header is longer, and counts other things. */
static void entries_of_a_table_of_another_build_can_be_walked(void **s UNUSED)
{
	struct ptab *t = table_for(PTAB_EXACT, false), *u;
	struct ptab_entry e;
	bool torn = false;

	put(t, 0, "a", "1");
	assert_true(ptab_prepare(t) == 1 && ptab_slot(t, 1) == 1);
	put(t, 1, "b", "2");
	put(t, 1, "c", "3");
	assert_true(ptab_commit(t, 1));
	t->h->p.layout++;
	t->h->nuse = 77;
	u = ptab_map(dup(ptab_fd(t)), &torn);
	assert_non_null(u);
	assert_true(torn);
	assert_int_equal(ptab_count(u), 2);
	assert_true(ptab_entry(u, ptab_first(u), &e) && str_eq(e.key, STR("b")) && str_eq(e.val, STR("2")));
	assert_true(ptab_entry(u, ptab_next(u, ptab_first(u)), &e) && str_eq(e.key, STR("c")));
	t->h->p.cur = (uint32_t)t->size; /* what cannot be is nothing */
	assert_int_equal(ptab_count(u), 0);
	ptab_unmap(u);
	ptab_unmap(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_version_is_seen_when_it_is_committed_and_not_before),
		T(versions_older_than_the_one_that_is_committed_go),
		T(too_many_versions_are_refused_until_some_have_gone),
		T(a_cleared_version_is_empty_and_keeps_its_number),
		T(memory_goes_back_when_a_version_has_left),
		T(another_process_sees_a_change_at_once),
		T(another_writer_takes_a_table_over),
		T(files_that_are_no_tables_are_refused),
		T(entries_of_a_table_of_another_build_can_be_walked),
		T(a_worker_reads_one_version_in_one_turn),
	};

	clock_update();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
