// SPDX-License-Identifier: GPL-3.0-or-later
/* Loading a configuration: what is printed, when it is refused, and how many workers follow. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "leader/leader_priv.h"

static char said[4096];

static struct rt *load(const char *text, bool quiet, bool warn_fatal)
{
	char path[] = "/tmp/sluice-load.XXXXXX";
	const char *paths[] = { path };
	struct conf_opts o = { .paths = paths, .npaths = 1 };
	FILE *saved = stderr;
	int fd = mkstemp(path);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	memset(said, 0, sizeof(said));
	stderr = fmemopen(said, sizeof(said), "w");
	struct rt *rt = leader_load(&o, quiet, warn_fatal);
	fclose(stderr);
	stderr = saved;
	unlink(path);
	return rt;
}

static const char good[] = "frontend f\n mode http\n bind 127.0.0.1:1\n timeout client 1s\n http-request return status 200\n";
static const char warns[] = "global\n nbproc 2\nfrontend f\n mode http\n bind 127.0.0.1:1\n timeout client 1s\n"
			    " http-request return status 200\n";

static void a_good_file_loads_without_a_word(void **state)
{
	(void)state;
	struct rt *rt = load(good, false, false);
	assert_non_null(rt);
	assert_string_equal(said, "");
	assert_int_equal(rt->nlst, 1);
	rt_free(rt);
}

static void errors_refuse_it_and_name_the_place(void **state)
{
	(void)state;
	assert_null(load("frontend f\n bind 127.0.0.1:1\n no-such-word\n", true, false));
	assert_non_null(strstr(said, ":3:2: error:"));
}

static void a_missing_file_is_refused(void **state)
{
	(void)state;
	const char *paths[] = { "/no/such/file.cfg" };
	struct conf_opts o = { .paths = paths, .npaths = 1 };
	FILE *saved = stderr;
	stderr = fmemopen(said, sizeof(said), "w");
	struct rt *rt = leader_load(&o, false, false);
	fclose(stderr);
	stderr = saved;
	assert_null(rt);
	assert_non_null(strstr(said, "/no/such/file.cfg"));
}

static void warnings_refuse_it_only_when_asked(void **state)
{
	(void)state;
	struct rt *rt = load(warns, false, false);
	assert_non_null(rt);
	assert_non_null(strstr(said, "warning"));
	rt_free(rt);
	rt = load(warns, true, false);
	assert_non_null(rt);
	assert_string_equal(said, "");
	rt_free(rt);
	assert_null(load(warns, true, true));
	assert_non_null(strstr(said, "-dW"));
}

static void workers_default_to_the_usable_cpus_and_have_a_bound(void **state)
{
	(void)state;
	struct rt rt = { 0 };
	cpu_set_t one;
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_int_equal(leader_workers(&rt), 1);
	rt.g.workers = 5;
	assert_int_equal(leader_workers(&rt), 5);
	rt.g.workers = 5000;
	assert_int_equal(leader_workers(&rt), SEG_MAX_WORKERS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_file_loads_without_a_word), cmocka_unit_test(errors_refuse_it_and_name_the_place),
		cmocka_unit_test(a_missing_file_is_refused), cmocka_unit_test(warnings_refuse_it_only_when_asked),
		cmocka_unit_test(workers_default_to_the_usable_cpus_and_have_a_bound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
