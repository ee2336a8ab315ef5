// SPDX-License-Identifier: GPL-3.0-or-later
#include <signal.h>
#include <sys/resource.h>
#include <sluice/base/panic.h>
#include "../unit.h"

static void no_core(void) { setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 }); }

static void fails_an_assertion(void)
{
	no_core();
	panic_install("worker");
	ASSERT(1 + 1 == 3);
}

static void fails_an_assertion_early(void)
{
	no_core();
	signal(SIGABRT, SIG_DFL);
	ASSERT(!"early");
}

static void faults(void)
{
	no_core();
	panic_install("checker");
	raise(SIGSEGV);
}

static int depth_of(unsigned left)
{
	volatile char here[4096];
	here[0] = (char)left;
	return left ? depth_of(left - 1) + here[0] : 0;
}

static void runs_out_of_stack(void)
{
	no_core();
	panic_install("worker");
	setrlimit(RLIMIT_STACK, &(struct rlimit){ 1 << 20, 1 << 20 });
	exit(depth_of(UINT32_MAX));
}

static void dies(void) { die("no such file: %s", "x.cfg"); }

static unsigned lines_with(const char *text, const char *what)
{
	unsigned n = 0;
	for (const char *p = text; (p = strstr(p, what)); p++)
		n++;
	return n;
}

TEST(a_failed_assertion_says_where_who_and_how_it_came_to_it_then_aborts)
{
	char err[16384];
	int st = unit_child(fails_an_assertion, err, sizeof err);
	assert_true(WIFSIGNALED(st));
	assert_int_equal(WTERMSIG(st), SIGABRT);
	assert_non_null(strstr(err, "assertion failed in "));
	assert_non_null(strstr(err, "test_panic.c:"));
	assert_non_null(strstr(err, "1 + 1 == 3"));
	assert_non_null(strstr(err, "sluice: worker (pid "));
	assert_non_null(strstr(err, "test_panic(+0x"));
}

TEST(a_failed_assertion_has_a_backtrace_before_handlers_are_installed_too)
{
	char err[16384];
	int st = unit_child(fails_an_assertion_early, err, sizeof err);
	assert_true(WIFSIGNALED(st) && WTERMSIG(st) == SIGABRT);
	assert_non_null(strstr(err, "test_panic(+0x"));
}

TEST(a_fault_names_role_and_signal_once_and_is_not_swallowed)
{
	char err[16384];
	int st = unit_child(faults, err, sizeof err);
	assert_true(WIFSIGNALED(st));
	assert_int_equal(WTERMSIG(st), SIGSEGV);
	assert_int_equal(lines_with(err, "sluice: checker (pid "), 1);
	assert_non_null(strstr(err, "died of signal 11\n"));
}

TEST(the_last_words_need_no_stack_of_the_victim)
{
	char err[16384];
#ifdef __SANITIZE_ADDRESS__
	skip(); /* the sanitizer has an opinion of its own on deep stacks */
#endif
	int st = unit_child(runs_out_of_stack, err, sizeof err);
	assert_true(WIFSIGNALED(st) && WTERMSIG(st) == SIGSEGV);
	assert_non_null(strstr(err, "died of signal 11\n"));
}

TEST(a_fatal_error_at_start_is_one_line_and_status_1)
{
	char err[1024];
	int st = unit_child(dies, err, sizeof err);
	assert_true(WIFEXITED(st));
	assert_int_equal(WEXITSTATUS(st), 1);
	assert_string_equal(err, "sluice: fatal: no such file: x.cfg\n");
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(a_failed_assertion_says_where_who_and_how_it_came_to_it_then_aborts),
		cmocka_unit_test(a_failed_assertion_has_a_backtrace_before_handlers_are_installed_too),
		cmocka_unit_test(a_fault_names_role_and_signal_once_and_is_not_swallowed),
		cmocka_unit_test(the_last_words_need_no_stack_of_the_victim),
		cmocka_unit_test(a_fatal_error_at_start_is_one_line_and_status_1),
	};
	return cmocka_run_group_tests(t, NULL, NULL);
}
