// SPDX-License-Identifier: GPL-3.0-or-later
#include "../unit.h"
#include <sys/wait.h>
#include <unistd.h>
#include <sluice/tls/cache.h>

static char buf[TLS_CACHE_DER_MAX];

static int open_cache(uint32_t n)
{
	int fd = tls_cache_create(n);

	assert_true(fd >= 0 && tls_cache_use(fd, n));
	return fd;
}

TEST(a_session_is_found_under_its_id_until_it_is_removed)
{
	int fd = open_cache(100);

	tls_cache_put(STR("one"), STR("text of one"));
	tls_cache_put(STR("two"), STR("text of two"));
	assert_int_equal(tls_cache_get(STR("one"), buf), 11);
	assert_memory_equal(buf, "text of one", 11);
	assert_int_equal(tls_cache_get(STR("three"), buf), 0);
	tls_cache_put(STR("one"), STR("newer"));
	assert_int_equal(tls_cache_get(STR("one"), buf), 5);
	tls_cache_remove(STR("one"));
	assert_int_equal(tls_cache_get(STR("one"), buf), 0);
	assert_int_equal(tls_cache_get(STR("two"), buf), 11);
	tls_cache_drop();
	assert_int_equal(tls_cache_get(STR("two"), buf), 0);
	assert_false(tls_cache_use(fd, 200));
	assert_true(tls_cache_use(fd, 100)); /* a later generation */
	assert_int_equal(tls_cache_get(STR("two"), buf), 11);
	tls_cache_drop();
	close(fd);
}

TEST(what_is_too_long_or_has_no_id_is_not_kept)
{
	static char long_one[TLS_CACHE_DER_MAX + 1], id[33];
	int fd = open_cache(8);

	tls_cache_put(STR("x"), str_n(long_one, sizeof(long_one)));
	assert_int_equal(tls_cache_get(STR("x"), buf), 0);
	tls_cache_put(STR("x"), str_n(long_one, sizeof(long_one) - 1));
	assert_int_equal(tls_cache_get(STR("x"), buf), TLS_CACHE_DER_MAX);
	tls_cache_put(STR(""), STR("text"));
	assert_int_equal(tls_cache_get(STR(""), buf), 0);
	tls_cache_put(str_n(id, sizeof(id)), STR("text"));
	assert_int_equal(tls_cache_get(str_n(id, sizeof(id)), buf), 0);
	tls_cache_drop();
	close(fd);
}

TEST(a_full_table_keeps_as_many_as_it_was_made_for)
{
	int fd = open_cache(64);
	unsigned found = 0;

	for (unsigned i = 0; i < 1000; i++)
		tls_cache_put(str_n((const char *)&i, sizeof(i)), STR("text"));
	for (unsigned i = 0; i < 1000; i++)
		found += tls_cache_get(str_n((const char *)&i, sizeof(i)), buf) == 4;
	assert_true(found > 32 && found <= 64);
	tls_cache_drop();
	close(fd);
}

TEST(processes_that_write_and_are_killed_leave_nothing_that_is_half_of_one_and_half_of_another)
{
	int fd = open_cache(4);
	pid_t pids[3];

	for (unsigned p = 0; p < 3; p++)
		if ((pids[p] = fork()) == 0)
			for (unsigned i = 0;; i++) {
				char text[1500];
				memset(text, (int)('a' + (i + p) % 20), sizeof(text));
				tls_cache_put(str_n(&"0123"[i % 4], 1), str_n(text, 100 + i % 1400));
			}
	for (unsigned i = 0; i < 200000; i++) {
		size_t n = tls_cache_get(str_n(&"0123"[i % 4], 1), buf);
		for (size_t k = 1; k < n; k++)
			if (buf[k] != buf[0])
				fail_msg("byte %zu of %zu is of another", k, n);
	}
	for (unsigned p = 0; p < 3; p++)
		kill(pids[p], SIGKILL);
	while (wait(NULL) > 0)
		;
	tls_cache_drop();
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_is_found_under_its_id_until_it_is_removed),
		cmocka_unit_test(what_is_too_long_or_has_no_id_is_not_kept),
		cmocka_unit_test(a_full_table_keeps_as_many_as_it_was_made_for),
		cmocka_unit_test(processes_that_write_and_are_killed_leave_nothing_that_is_half_of_one_and_half_of_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
