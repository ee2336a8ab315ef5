// SPDX-License-Identifier: GPL-3.0-or-later
/* The master's listeners: who keeps what over commits and failures. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include "master/master_priv.h"

static struct master m;
static const struct ipc_key A = { "1.1.1.1:80" }, B = { "1.1.1.1:81" };

static int setup(void **state)
{
	(void)state;
	m = (struct master){ 0 };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fds_retire(&m, 0);
	VEC_FREE(&m.fds);
	return 0;
}

static int some_fd(void) { return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); }
static bool is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

static void a_failed_generation_takes_only_what_it_added(void **state)
{
	(void)state;
	int a = some_fd(), b = some_fd();
	fds_add(&m, &A, a, 1);
	fds_claim(&m, &A, 2);
	fds_add(&m, &B, b, 2);
	fds_abort(&m, 2);
	assert_true(is_open(a));
	assert_false(is_open(b));
}

static void listeners_that_the_new_generation_does_not_claim_are_closed(void **state)
{
	(void)state;
	int a = some_fd(), b = some_fd();
	fds_add(&m, &A, a, 1);
	fds_add(&m, &B, b, 1);
	fds_claim(&m, &B, 2);
	fds_retire(&m, 2);
	assert_false(is_open(a));
	assert_true(is_open(b));
}

static void a_claim_of_a_failed_generation_does_not_lose_the_listener(void **state)
{
	(void)state;
	int a = some_fd();
	fds_add(&m, &A, a, 1);
	fds_claim(&m, &A, 2);
	fds_abort(&m, 2);
	fds_claim(&m, &A, 3);
	fds_retire(&m, 3);
	assert_true(is_open(a));
}

static void what_a_generation_that_is_starting_claims_is_not_retired(void **state)
{
	(void)state;
	int a = some_fd();
	fds_add(&m, &A, a, 1);
	fds_claim(&m, &A, 2);
	fds_claim(&m, &A, 3); /* while the listeners that 2 has removed wait to be closed */
	fds_retire(&m, 2);
	assert_true(is_open(a));
}

static void a_key_bound_again_replaces_the_old_socket(void **state)
{
	(void)state;
	int a = some_fd(), b = some_fd();
	fds_add(&m, &A, a, 1);
	fds_add(&m, &A, b, 2);
	assert_int_equal(m.fds.n, 1);
	assert_false(is_open(a));
	assert_true(is_open(b));
}

static void the_table_lists_every_listener(void **state)
{
	(void)state;
	struct ipc_fd_entry e[3];
	int a = some_fd(), b = some_fd();
	fds_add(&m, &A, a, 1);
	fds_add(&m, &B, b, 1);
	int t = fds_table(&m);
	assert_int_equal(read(t, e, sizeof(e)), 2 * sizeof(e[0]));
	assert_int_equal(e[0].fd, a);
	assert_memory_equal(&e[1].key, &B, sizeof(B));
	fds_inherit(&m);
	assert_int_equal(fcntl(a, F_GETFD), 0);
	close(t);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_failed_generation_takes_only_what_it_added), T(listeners_that_the_new_generation_does_not_claim_are_closed),
		T(a_claim_of_a_failed_generation_does_not_lose_the_listener), T(what_a_generation_that_is_starting_claims_is_not_retired), T(a_key_bound_again_replaces_the_old_socket),
		T(the_table_lists_every_listener),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
