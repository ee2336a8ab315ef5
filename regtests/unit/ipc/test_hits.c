// SPDX-License-Identifier: GPL-3.0-or-later
/* Counts of rules over processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <sluice/ipc/hits.h>

static void what_all_workers_counted_is_summed_also_that_of_the_dead(void **s)
{
	struct hits h;

	(void)s;
	assert_true(hits_open(&h, 3, 4));
	for (unsigned w = 0; w < 4; w++) {
		pid_t pid = fork();

		if (!pid) {
			for (unsigned i = 0; i < 1000; i++)
				hits_add(hits_column(&h, w), 2);
			hits_add(hits_column(&h, w), 0);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	}
	assert_int_equal(hits_sum(&h, 0), 4);
	assert_int_equal(hits_sum(&h, 1), 0);
	assert_int_equal(hits_sum(&h, 2), 4000);
	hits_close(&h);
}

static void a_rule_that_does_not_exist_was_never_hit(void **s)
{
	struct hits h;

	(void)s;
	assert_true(hits_open(&h, 0, 1));
	assert_int_equal(hits_sum(&h, 0), 0);
	assert_int_equal(hits_sum(&h, 77), 0);
	hits_close(&h);
	assert_int_equal(hits_sum(&h, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_all_workers_counted_is_summed_also_that_of_the_dead),
		cmocka_unit_test(a_rule_that_does_not_exist_was_never_hit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
