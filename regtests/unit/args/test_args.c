// SPDX-License-Identifier: GPL-3.0-or-later
/* The command line: every switch of HAProxy is taken with its meaning, mistakes are named. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sluice/args/args.h>

static struct args a;
static char err[200];

static bool parse(const char *first, ...)
{
	static char *argv[64];
	int argc = 0;
	va_list ap;

	argv[argc++] = (char *)(uintptr_t)"sluice";
	va_start(ap, first);
	for (const char *w = first; w; w = va_arg(ap, const char *))
		argv[argc++] = (char *)(uintptr_t)w;
	va_end(ap);
	argv[argc] = NULL;
	return args_parse(&a, argc, argv, err, sizeof(err));
}
#define PARSE(...) parse(__VA_ARGS__, (const char *)NULL)

static void several_files_keep_their_order(void **state)
{
	(void)state;
	assert_true(PARSE("-f", "a.cfg", "-db", "-f", "conf.d", "--", "x.cfg", "-y.cfg"));
	assert_int_equal(a.cmd, CMD_RUN);
	assert_int_equal(a.leader.conf.npaths, 4);
	assert_string_equal(a.leader.conf.paths[1], "conf.d");
	assert_string_equal(a.leader.conf.paths[3], "-y.cfg");
	assert_true(a.foreground);
}

static void checking_takes_the_verbose_switch(void **state)
{
	(void)state;
	assert_true(PARSE("-c", "-V", "-f", "a"));
	assert_int_equal(a.cmd, CMD_CHECK);
	assert_true(a.verbose);
}

static void a_condition_needs_no_file(void **state)
{
	(void)state;
	assert_true(PARSE("-cc", "feature(OPENSSL)"));
	assert_int_equal(a.cmd, CMD_CONDITION);
	assert_string_equal(a.condition, "feature(OPENSSL)");
}

static void running_without_a_file_is_refused(void **state)
{
	(void)state;
	assert_false(PARSE("-D"));
	assert_non_null(strstr(err, "-f"));
	assert_false(PARSE("-c"));
	assert_true(PARSE("-vv"));
	assert_int_equal(a.cmd, CMD_VERSION_LONG);
}

static void unknown_switches_and_bare_words_are_named(void **state)
{
	(void)state;
	assert_false(PARSE("-f", "a", "-Z"));
	assert_non_null(strstr(err, "'-Z'"));
	assert_false(PARSE("a.cfg"));
	assert_non_null(strstr(err, "'a.cfg'"));
	assert_false(PARSE("-f"));
	assert_non_null(strstr(err, "needs an argument"));
	assert_false(PARSE("-dnonsense"));
}

static void numbers_are_strict(void **state)
{
	(void)state;
	assert_true(PARSE("-f", "a", "-n", "2000", "-m", "512", "-N", "10"));
	assert_int_equal(a.leader.conf.maxconn_override, 2000);
	assert_int_equal(a.leader.mem_mb, 512);
	assert_false(PARSE("-f", "a", "-n", "12x"));
	assert_false(PARSE("-f", "a", "-n", "-1"));
	assert_false(PARSE("-f", "a", "-n", "99999999999999999999"));
}

static void old_pids_end_at_the_next_switch(void **state)
{
	(void)state;
	assert_true(PARSE("-f", "a", "-sf", "12", "34", "-D"));
	assert_int_equal(a.master.nold, 2);
	assert_int_equal(a.master.old[1], 34);
	assert_int_equal(a.master.old_signal, SIGUSR1);
	assert_true(a.daemon);
	assert_true(PARSE("-f", "a", "-st"));
	assert_int_equal(a.master.nold, 0);
	assert_true(PARSE("-st", "7", "-f", "a"));
	assert_int_equal(a.master.old_signal, SIGTERM);
	assert_false(PARSE("-f", "a", "-sf", "0"));
}

static void switches_that_only_debug_haproxy_are_accepted(void **state)
{
	(void)state;
	assert_true(PARSE("-f", "a", "-dM", "-dMno-merge", "-dI", "-dC", "-dL", "-dr", "-x", "/s", "-S", "/m,level,admin"));
	assert_string_equal(a.leader.conf.master_sock, "/m,level,admin");
	assert_true(PARSE("-f", "a", "-dW", "-de", "-q", "-L", "me", "-p", "p"));
	assert_true(a.leader.warn_fatal && a.leader.conf.poll_only && a.leader.quiet && a.master.quiet);
	assert_string_equal(a.leader.pidfile, "p");
}

static void master_worker_mode_changes_the_exit_status_only(void **state)
{
	(void)state;
	assert_true(PARSE("-f", "a", "-Ws"));
	assert_true(a.mworker && a.notify && a.master.exit_by_signal);
	assert_true(PARSE("-f", "a"));
	assert_false(a.master.exit_by_signal);
}

static void sub_commands_take_their_own_words(void **state)
{
	(void)state;
	assert_true(PARSE("fmt", "-w", "a.cfg"));
	assert_true(a.cmd == CMD_FMT && a.fmt_write);
	assert_false(PARSE("fmt"));
	assert_false(PARSE("fmt", "a", "b"));
	assert_true(PARSE("dump", "-f", "a.cfg"));
	assert_int_equal(a.cmd, CMD_DUMP);
	assert_false(PARSE("dump"));
	assert_true(PARSE("cli", "/s", "show", "info"));
	assert_int_equal(a.nrest, 3);
	assert_string_equal(a.rest[2], "info");
}

static void a_leader_is_told_what_it_needs(void **state)
{
	(void)state;
	assert_true(PARSE("--role", "leader", "--ctl", "5", "--fds", "6", "--gen", "3", "--master", "99", "--detach", "-f", "a"));
	assert_int_equal(a.cmd, CMD_LEADER);
	assert_int_equal(a.leader.ctl, 5);
	assert_int_equal(a.leader.fds, 6);
	assert_int_equal(a.leader.generation, 3);
	assert_int_equal(a.leader.master_pid, 99);
	assert_true(a.leader.detach);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(several_files_keep_their_order), cmocka_unit_test(checking_takes_the_verbose_switch),
		cmocka_unit_test(a_condition_needs_no_file), cmocka_unit_test(running_without_a_file_is_refused),
		cmocka_unit_test(unknown_switches_and_bare_words_are_named), cmocka_unit_test(numbers_are_strict),
		cmocka_unit_test(old_pids_end_at_the_next_switch), cmocka_unit_test(switches_that_only_debug_haproxy_are_accepted),
		cmocka_unit_test(master_worker_mode_changes_the_exit_status_only), cmocka_unit_test(sub_commands_take_their_own_words),
		cmocka_unit_test(a_leader_is_told_what_it_needs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
