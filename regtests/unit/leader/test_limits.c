// SPDX-License-Identifier: GPL-3.0-or-later
/* Descriptors and connections: one is derived from the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "leader/leader_priv.h"

static void a_worker_can_hold_both_ends_of_every_connection(void **state)
{
	(void)state;
	struct rt rt = { .g = { .maxconn = 1000 }, .nlst = 10, .nlogs = 2 };
	assert_int_equal(limits_fds_needed(&rt, 4), 2000 + limits_reserve(&rt, 4));
	assert_true(limits_reserve(&rt, 4) >= 10 + 2 + 4 * 2 + 3);
}

static void the_checker_can_probe_every_server_at_once(void **state)
{
	(void)state;
	struct rt_server *srv = calloc(100000, sizeof(*srv));
	struct rt rt = { .g = { .maxconn = 100 }, .nsrv = 100000, .srv = srv };
	assert_true(limits_fds_needed(&rt, 1) < 1000); /* none of them is checked */
	for (unsigned i = 0; i < rt.nsrv; i++)
		srv[i].flags = SRVF_CHECK;
	assert_true(limits_fds_needed(&rt, 1) > 100000);
	free(srv);
}

static void ulimit_n_is_a_lower_bound(void **state)
{
	(void)state;
	struct rt rt = { .g = { .maxconn = 10, .ulimit_n = 65536 } };
	assert_int_equal(limits_fds_needed(&rt, 1), 65536);
}

static void maxconn_follows_from_the_descriptors(void **state)
{
	(void)state;
	assert_int_equal(limits_derive_maxconn(1024, 24), 500);
	assert_int_equal(limits_derive_maxconn(RLIM_INFINITY, 48), (1048576 - 48) / 2);
	assert_int_equal(limits_derive_maxconn(10, 100), 1);
}

/* In a child that may not have more than 64 descriptors. */
static int with_64_descriptors(bool derived, uint32_t *maxconn)
{
	struct rt rt = { .g = { .maxconn = 10, .maxconn_derived = derived }, .nlst = 3 };
	int p[2], status;
	pid_t pid;
	assert_int_equal(pipe(p), 0);
	pid = fork();
	if (pid == 0) {
		bool ok = setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 64, 64 }) == 0 && limits_apply(&rt, 2);
		_exit(write(p[1], &rt.g.maxconn, sizeof(rt.g.maxconn)) != sizeof(rt.g.maxconn) || !ok);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(read(p[0], maxconn, sizeof(*maxconn)), sizeof(*maxconn));
	close(p[0]), close(p[1]);
	return WEXITSTATUS(status);
}

static void a_maxconn_that_nobody_asked_for_becomes_what_fits(void **state)
{
	(void)state;
	uint32_t n;
	assert_int_equal(with_64_descriptors(true, &n), 0);
	assert_in_range(n, 8, 20);
}

static void one_that_was_asked_for_is_refused_when_it_does_not_fit(void **state)
{
	(void)state;
	uint32_t n;
	assert_int_equal(with_64_descriptors(false, &n), 1);
	assert_int_equal(n, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_worker_can_hold_both_ends_of_every_connection),
		cmocka_unit_test(the_checker_can_probe_every_server_at_once), cmocka_unit_test(ulimit_n_is_a_lower_bound),
		cmocka_unit_test(maxconn_follows_from_the_descriptors),
		cmocka_unit_test(a_maxconn_that_nobody_asked_for_becomes_what_fits),
		cmocka_unit_test(one_that_was_asked_for_is_refused_when_it_does_not_fit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
