// SPDX-License-Identifier: GPL-3.0-or-later
/* Stick tables over a reload: what the next leader takes over, what it copies, and what begins empty. */
#include <sluice/stick/stick.h>
#include "../stick/stick_test.h"
#include "leader/leader_priv.h"
#include <sluice/base/notice.h>

static struct leader l;
static struct rt rt;
static struct rt_table spec;
static int master;

static int setup(void **state UNUSED)
{
	int sv[2];

	notice_quiet(true);
	clock_update();
	assert_int_equal(ipc_pair(sv), 0);
	master = sv[0];
	spec = spec_of(SK_INTEGER, 4, 100, 0);
	rt = (struct rt){ .tbl = &spec, .ntbl = 1 };
	l = (struct leader){ .rt = &rt, .ctl = sv[1] };
	return 0;
}

static int teardown(void **state UNUSED)
{
	close(master);
	close(l.ctl);
	return 0;
}

/* What the master is told: the type of the message, key and descriptor for what it keeps. */
static unsigned told(struct ipc_fd_entry *keep)
{
	struct ipc_msg m;
	int fd;

	assert_int_equal(ipc_recv(master, ROLE_MASTER, ROLE_LEADER, &m, &fd), 1);
	memcpy(&keep->key, m.data, sizeof(keep->key));
	if (m.type == IPC_LISTENER)
		keep->fd = fd;
	return m.type;
}

static struct stick_table *opened(struct ipc_fd_entry *entry)
{
	struct inherited in = { .at = entry, .n = entry ? 1 : 0 };

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
	struct ipc_fd_entry kept;
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
	struct ipc_fd_entry kept, next;
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
	struct ipc_fd_entry kept, next;
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
	struct ipc_fd_entry kept, next;
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
