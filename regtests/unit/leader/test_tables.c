// SPDX-License-Identifier: GPL-3.0-or-later
/* Stick tables over a reload: what the next leader takes over, what it copies, and what begins empty. */
#include <sluice/stick/stick.h>
#include "../stick/stick_test.h"
#include "inherit.h"

static struct leader l;
static struct rt rt;
static struct rt_table spec;

static int setup(void **state UNUSED)
{
	notice_quiet(true);
	clock_update();
	spec = spec_of(SK_INTEGER, 4, 100, 0);
	rt = (struct rt){ .tbl = &spec, .ntbl = 1 };
	l = (struct leader){ .rt = &rt, .ctl = master_open() };
	return 0;
}

static int teardown(void **state UNUSED)
{
	master_close(l.ctl);
	return 0;
}

static struct stick_table *opened(struct ipc_fd_entry *entry)
{
	struct inherited in = finds(entry);

	assert_true(tables_open(&l, &in));
	return l.tables[0];
}

static void done(void)
{
	stick_unmap(l.tables[0]);
	free(l.tables);
	l.tables = NULL;
}

TEST(a_table_of_the_same_layout_goes_on)
{
	struct ipc_fd_entry kept = { .fd = -1 };
	struct stick_table *t = opened(NULL);

	assert_int_equal(told(&kept), IPC_LISTENER);
	assert_true(has_key(t, 7, true, (uint32_t)clock_ms()));
	done();
	t = opened(&kept);
	assert_int_equal(told(&kept), IPC_LISTENER_KEPT);
	assert_int_equal(kept.fd, -1); /* taken */
	assert_true(has_key(t, 7, false, (uint32_t)clock_ms()));
	done();
}

TEST(one_of_another_size_is_copied)
{
	struct ipc_fd_entry kept = { .fd = -1 }, next = { .fd = -1 };
	struct stick_table *t = opened(NULL);

	assert_int_equal(told(&kept), IPC_LISTENER);
	assert_true(has_key(t, 7, true, (uint32_t)clock_ms()));
	done();
	spec.size = 500;
	t = opened(&kept);
	assert_int_equal(told(&next), IPC_LISTENER);
	assert_memory_not_equal(&kept.key, &next.key, sizeof(kept.key)); /* whoever goes back finds the old one */
	assert_true(has_key(t, 7, false, (uint32_t)clock_ms()));
	assert_true(has_key(t, 8, true, (uint32_t)clock_ms()));
	done();
	close(next.fd);
}

TEST(one_with_other_keys_begins_empty)
{
	struct ipc_fd_entry kept = { .fd = -1 }, next = { .fd = -1 };
	struct stick_table *t = opened(NULL);

	assert_int_equal(told(&kept), IPC_LISTENER);
	assert_true(has_key(t, 7, true, (uint32_t)clock_ms()));
	done();
	spec.type = SK_STRING, spec.key_len = 4;
	t = opened(&kept);
	assert_int_equal(told(&next), IPC_LISTENER);
	assert_int_equal(stick_used(t), 0);
	done();
	close(next.fd);
	if (kept.fd >= 0)
		close(kept.fd);
}

TEST(a_table_of_another_name_is_left_alone)
{
	struct ipc_fd_entry kept = { .fd = -1 }, next = { .fd = -1 };
	struct stick_table *t = opened(NULL);

	assert_int_equal(told(&kept), IPC_LISTENER);
	assert_true(has_key(t, 7, true, (uint32_t)clock_ms()));
	done();
	spec.name = STR("other");
	t = opened(&kept);
	assert_int_equal(told(&next), IPC_LISTENER);
	assert_false(has_key(t, 7, false, (uint32_t)clock_ms()));
	assert_true(kept.fd >= 0);
	done();
	close(next.fd);
	close(kept.fd);
}

TEST(without_a_master_there_is_no_table)
{
	struct inherited none = { 0 };

	l.master_gone = true;
	assert_false(tables_open(&l, &none));
	free(l.tables);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_table_of_the_same_layout_goes_on), T(one_of_another_size_is_copied), T(one_with_other_keys_begins_empty),
		T(a_table_of_another_name_is_left_alone), T(without_a_master_there_is_no_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
