// SPDX-License-Identifier: GPL-3.0-or-later
/* What a confined process can no longer do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <sluice/ipc/sandbox.h>

static int confined(enum role role)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		umask(022);
		sandbox_enter(role);
		_exit(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? (int)umask(0) : 255);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

static void data_plane_and_checker_gain_nothing_and_write_for_nobody_else(void **state)
{
	(void)state;
	assert_int_equal(confined(ROLE_WORKER), 077);
	assert_int_equal(confined(ROLE_CHECKER), 077);
}

static void the_leader_keeps_the_mode_of_sockets_it_binds(void **state)
{
	(void)state;
	assert_int_equal(confined(ROLE_LEADER), 022);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_plane_and_checker_gain_nothing_and_write_for_nobody_else),
		cmocka_unit_test(the_leader_keeps_the_mode_of_sockets_it_binds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
