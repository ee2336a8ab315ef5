// SPDX-License-Identifier: GPL-3.0-or-later
/* Lines on stderr: their form, and that nobody waits for a reader. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include <sluice/base/notice.h>

static int p[2], saved;

static int setup(void **state)
{
	(void)state;
	saved = dup(2);
	return pipe(p) < 0 || dup2(p[1], 2) < 0;
}

static int teardown(void **state)
{
	(void)state;
	dup2(saved, 2);
	close(saved);
	close(p[0]);
	close(p[1]);
	notice_quiet(false);
	return 0;
}

static const char *got(void)
{
	static char text[70000];
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	ssize_t n = read(p[0], text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = 0;
	return text;
}

static void lines_have_haproxys_form(void **state)
{
	(void)state;
	char want[80];
	notice(SAY_NOTICE, "New worker (%d) forked", 7);
	snprintf(want, sizeof(want), "[NOTICE]   (%d) : New worker (7) forked\n", (int)getpid());
	assert_string_equal(got(), want);
	notice(SAY_ALERT, "x");
	assert_int_equal(strncmp(got(), "[ALERT]    (", 12), 0);
}

static void quiet_leaves_only_alerts(void **state)
{
	(void)state;
	notice_quiet(true);
	notice(SAY_NOTICE, "a");
	notice(SAY_WARNING, "b");
	assert_string_equal(got(), "");
	notice(SAY_ALERT, "c");
	assert_non_null(strstr(got(), ": c\n"));
}

static void a_long_text_is_cut_but_ends_its_line(void **state)
{
	(void)state;
	char big[3000];
	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = 0;
	notice(SAY_NOTICE, "%s", big);
	const char *t = got();
	assert_int_equal(strlen(t), 1024);
	assert_int_equal(t[1023], '\n');
}

static void a_reader_that_does_not_read_loses_lines_and_blocks_nobody(void **state)
{
	(void)state;
	alarm(60);
	for (int i = 0; i < 100000; i++)
		notice(SAY_NOTICE, "line %d", i);
	alarm(0);
	assert_non_null(strstr(got(), "line 0\n"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
static void a_copy_gets_lines_and_stderr_until_it_is_ended(void **state)
{
	(void)state;
	char text[200] = "";
	int fd = memfd_create("t", MFD_CLOEXEC), look = dup(fd);
	notice_copy_to(fd);
	fprintf(stderr, "a.cfg:1:2: error: x\n");
	notice(SAY_ALERT, "y");
	assert_non_null(strstr(got(), "error: x"));
	notice_copy_to(-1);
	fprintf(stderr, "later\n");
	assert_string_equal(got(), "later\n");
	assert_true(pread(look, text, sizeof(text) - 1, 0) > 0);
	assert_int_equal(strncmp(text, "a.cfg:1:2: error: x\n[ALERT]    (", 32), 0);
	assert_null(strstr(text, "later"));
	close(look);
}

static void a_copy_does_not_grow_for_ever(void **state)
{
	(void)state;
	int fd = memfd_create("t", MFD_CLOEXEC), look = dup(fd);
	notice_copy_to(fd);
	for (int i = 0; i < 3000; i++) {
		notice(SAY_ALERT, "%0100d", i);
		if (i % 100 == 0)
			got();
	}
	notice_copy_to(-1);
	assert_true(lseek(look, 0, SEEK_END) < 66000);
	close(look);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(lines_have_haproxys_form), T(quiet_leaves_only_alerts), T(a_long_text_is_cut_but_ends_its_line),
		T(a_reader_that_does_not_read_loses_lines_and_blocks_nobody), T(a_copy_gets_lines_and_stderr_until_it_is_ended),
		T(a_copy_does_not_grow_for_ever),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
