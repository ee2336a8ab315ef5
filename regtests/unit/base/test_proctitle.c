// SPDX-License-Identifier: GPL-3.0-or-later
/* Titles as the kernel shows them; the test re-executes itself to get an argv of its own. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <sluice/base/proctitle.h>

static char shown[4096];

/* In the second life: set the title, print what the kernel says and what became of argv and the environment. */
static int second_life(int argc, char **argv)
{
	char text[4096];
	char **copy = proctitle_init(argc, argv);

	proctitle_set("worker %d of %d", 3, 4);
	int fd = open("/proc/self/cmdline", O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = 0;
	printf("%s|%s|%s", text, copy[1], getenv("PROCTITLE_ENV"));
	return 0;
}

static void run_self(const char *arg)
{
	int p[2];
	assert_int_equal(pipe(p), 0);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(p[1], 1);
		setenv("PROCTITLE_ENV", "kept", 1);
		execl("/proc/self/exe", "test_proctitle", arg, (char *)NULL);
		_exit(1);
	}
	close(p[1]);
	size_t at = 0;
	ssize_t n;
	while ((n = read(p[0], shown + at, sizeof(shown) - 1 - at)) > 0)
		at += (size_t)n;
	shown[at] = 0;
	close(p[0]);
	waitpid(pid, NULL, 0);
}

static void the_title_replaces_the_command_line_and_the_copies_stay(void **state)
{
	(void)state;
	run_self("--second-life");
	assert_string_equal(shown, "sluice: worker 3 of 4|--second-life|kept");
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return second_life(argc, argv);
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_title_replaces_the_command_line_and_the_copies_stay) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
