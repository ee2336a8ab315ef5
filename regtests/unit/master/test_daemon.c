// SPDX-License-Identifier: GPL-3.0-or-later
/* The verdict that reaches whoever called `sluice -D`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "master/master_priv.h"

/* Plays the caller: its child is the process that becomes a daemon; ready says whether that one gets so far. */
static int verdict(bool ready)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		int fd = daemon_fork();
		if (getsid(0) == getpid() && ready)
			daemon_ready(fd);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

static void the_caller_gets_0_once_the_daemon_is_ready(void **state)
{
	(void)state;
	assert_int_equal(verdict(true), 0);
}

static void the_caller_gets_1_when_the_daemon_dies_before(void **state)
{
	(void)state;
	assert_int_equal(verdict(false), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_caller_gets_0_once_the_daemon_is_ready),
		cmocka_unit_test(the_caller_gets_1_when_the_daemon_dies_before),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
