// SPDX-License-Identifier: GPL-3.0-or-later
/* Privileges: names are resolved early, drops are verified. The drop runs in a forked child, as root only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "leader/leader_priv.h"

static char err[300];

static void unknown_names_are_refused_before_anything_is_forked(void **state)
{
	(void)state;
	struct ids ids;
	struct rt_global g = { .uid = -1, .gid = -1, .user = STR("no-such-user-here") };
	assert_false(privs_resolve(&g, &ids, err, sizeof(err)));
	assert_string_equal(err, "unknown user no-such-user-here: no such name");
	g = (struct rt_global){ .uid = -1, .gid = -1, .group = STR("no-such-group-here") };
	assert_false(privs_resolve(&g, &ids, err, sizeof(err)));
}

static void numbers_go_before_names(void **state)
{
	(void)state;
	struct ids ids;
	struct rt_global g = { .uid = geteuid(), .gid = getegid(), .user = STR("no-such-user-here") };
	assert_true(privs_resolve(&g, &ids, err, sizeof(err)));
	assert_int_equal(ids.uid, geteuid());
}

static void nothing_configured_changes_nothing(void **state)
{
	(void)state;
	struct ids ids;
	struct rt_global g = { .uid = -1, .gid = -1 };
	assert_true(privs_resolve(&g, &ids, err, sizeof(err)));
	assert_true(ids.uid == -1 && ids.gid == -1);
	assert_true(privs_drop(&g, &ids, err, sizeof(err)));
}

static void a_user_without_a_group_gets_his_primary_one(void **state)
{
	(void)state;
	struct ids ids;
	struct rt_global g = { .uid = 65534, .gid = -1 };
	if (geteuid() != 0)
		skip();
	assert_true(privs_resolve(&g, &ids, err, sizeof(err)));
	assert_int_equal(ids.gid, 65534);
	g.uid = 1999999999;
	assert_true(privs_resolve(&g, &ids, err, sizeof(err)));
	assert_int_equal(ids.gid, 1999999999);
	g.uid = 0;
	assert_true(privs_resolve(&g, &ids, err, sizeof(err)));
	assert_int_equal(ids.gid, -1);
}

static int in_child(int (*fn)(void))
{
	int status;
	pid_t pid = fork();
	if (pid == 0)
		_exit(fn());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int drop_to_nobody(void)
{
	struct rt_global g = { .uid = 65534, .gid = 65534, .chroot = STR("/tmp") };
	struct ids ids;
	gid_t groups[8];
	if (!privs_resolve(&g, &ids, err, sizeof(err)) || !privs_drop(&g, &ids, err, sizeof(err)))
		return 1;
	if (getuid() != 65534 || geteuid() != 65534 || getgid() != 65534 || getgroups(8, groups) != 0)
		return 2;
	return setuid(0) == 0 || access("/etc/passwd", F_OK) == 0 ? 3 : 0;
}

static int chroot_to_nowhere(void)
{
	struct rt_global g = { .uid = -1, .gid = -1, .chroot = STR("/no/such/directory") };
	struct ids ids = { -1, -1 };
	return privs_drop(&g, &ids, err, sizeof(err)) ? 1 : 0;
}

static int foreign_uid_without_root(void)
{
	struct rt_global g = { .uid = 1, .gid = -1 };
	struct ids ids;
	if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
		return 1;
	return privs_resolve(&g, &ids, err, sizeof(err)) ? 2 : 0;
}

static void a_drop_is_complete_and_for_ever(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(in_child(drop_to_nobody), 0);
}

static void a_missing_chroot_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(in_child(chroot_to_nowhere), 0);
}

static void another_user_needs_root(void **state)
{
	(void)state;
	assert_int_equal(in_child(foreign_uid_without_root), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_names_are_refused_before_anything_is_forked), cmocka_unit_test(numbers_go_before_names),
		cmocka_unit_test(nothing_configured_changes_nothing), cmocka_unit_test(a_drop_is_complete_and_for_ever),
		cmocka_unit_test(a_missing_chroot_is_an_error), cmocka_unit_test(another_user_needs_root),
		cmocka_unit_test(a_user_without_a_group_gets_his_primary_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
