// SPDX-License-Identifier: GPL-3.0-or-later
/* Where leaders wait for a new master, and that it finds them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <sluice/ipc/adopt.h>

static char key[ADOPT_KEY];

static int setup(void **state)
{
	(void)state;
	snprintf(key, sizeof(key), "sluice-test-%d", (int)getpid());
	return 0;
}

static void the_name_follows_from_the_files(void **state)
{
	(void)state;
	const char *const a[] = { "/etc/a.cfg", "/etc/b.cfg" }, *const b[] = { "/etc/b.cfg", "/etc/a.cfg" };
	char k[3][ADOPT_KEY];
	adopt_key(a, 2, k[0]);
	adopt_key(b, 2, k[1]);
	adopt_key(a, 2, k[2]);
	assert_string_equal(k[0], k[2]);
	assert_string_not_equal(k[0], k[1]);
	const char *const rel[] = { "a.cfg" };
	adopt_key(rel, 1, k[0]);
	assert_int_equal(chdir("/"), 0);
	adopt_key(rel, 1, k[1]);
	assert_string_not_equal(k[0], k[1]);
}

static void a_leader_is_found_and_both_know_whom_they_have(void **state)
{
	(void)state;
	pid_t pid = 0, back = 0;
	int l = adopt_listen(key);
	assert_true(l >= 0);
	int m = adopt_connect(key, 0, &pid);
	assert_true(m >= 0);
	assert_int_equal(pid, getpid());
	int s = adopt_accept(l, &back);
	assert_true(s >= 0);
	assert_int_equal(back, getpid());
	assert_int_equal(write(s, "x", 1), 1);
	close(l), close(m), close(s);
}

static void each_leader_takes_a_slot_of_its_own(void **state)
{
	(void)state;
	pid_t pid;
	int l[ADOPT_SLOTS];
	for (unsigned i = 0; i < ADOPT_SLOTS; i++)
		assert_true((l[i] = adopt_listen(key)) >= 0);
	assert_int_equal(adopt_listen(key), -1);
	int m = adopt_connect(key, ADOPT_SLOTS - 1, &pid);
	assert_true(m >= 0);
	close(m);
	for (unsigned i = 0; i < ADOPT_SLOTS; i++)
		close(l[i]);
	assert_int_equal(adopt_connect(key, 0, &pid), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_name_follows_from_the_files), cmocka_unit_test(a_leader_is_found_and_both_know_whom_they_have),
		cmocka_unit_test(each_leader_takes_a_slot_of_its_own),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
