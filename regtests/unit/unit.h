// SPDX-License-Identifier: GPL-3.0-or-later
/* What the unit tests of base and net share: cmocka with its includes, and slices in assertions. */
#ifndef SLUICE_UNIT_H
#define SLUICE_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <sluice/base/str.h>

#define TEST(name) static void name(void **state UNUSED)

#define assert_slice(s, text) assert_slice_at((s), (text), __FILE__, __LINE__)
static inline void assert_slice_at(struct str s, const char *text, const char *file, int line)
{
	if (!str_eq(s, str_c(text))) {
		print_error("'" STR_FMT "' is not '%s'\n", STR_ARG(s), text);
		_fail(file, line);
	}
}

/* Runs fn in a child whose stderr goes to err (n bytes, NUL-terminated); returns the status of waitpid(2). */
static inline int unit_child(void (*fn)(void), char *err, size_t n)
{
	int p[2], st;
	size_t len = 0;
	assert_int_equal(pipe(p), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(p[1], 2);
		close(p[0]);
		close(p[1]);
		fn();
		_exit(0);
	}
	close(p[1]);
	for (ssize_t r; len + 1 < n && (r = read(p[0], err + len, n - 1 - len)) > 0;)
		len += (size_t)r;
	err[len] = 0;
	close(p[0]);
	assert_int_equal(waitpid(pid, &st, 0), pid);
	return st;
}

#endif
