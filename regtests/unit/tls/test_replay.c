// SPDX-License-Identifier: GPL-3.0-or-later
#include "../unit.h"
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <sluice/base/rand.h>
#include <sluice/tls/replay.h>

TEST(without_a_map_nothing_is_ever_the_first)
{
	assert_false(tls_replay_first(STR("a")));
	assert_false(tls_replay_use(-1));
}

TEST(a_random_is_the_first_once_also_after_the_map_has_been_turned)
{
	int fd = tls_replay_create();

	assert_true(tls_replay_use(fd));
	assert_true(tls_replay_first(STR("a")));
	assert_false(tls_replay_first(STR("a")));
	assert_true(tls_replay_first(STR("b")));
	tls_replay_turn();
	assert_false(tls_replay_first(STR("a")));
	assert_true(tls_replay_use(fd)); /* another process */
	assert_false(tls_replay_first(STR("b")));
	tls_replay_drop();
	close(fd);
}

#define PROCS 4
#define TRIES 20000u

TEST(of_processes_that_see_the_same_at_the_same_time_exactly_one_is_the_first)
{
	int fd = tls_replay_create();
	_Atomic unsigned char *won = mmap(NULL, TRIES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned none = 0;

	assert_true(won != MAP_FAILED && tls_replay_use(fd));
	for (unsigned p = 0; p < PROCS; p++)
		if (fork() == 0) {
			for (unsigned i = 0; i < TRIES; i++)
				if (tls_replay_first(str_n((const char *)&i, sizeof(i))))
					won[i]++;
			_exit(0);
		}
	while (wait(NULL) > 0)
		;
	for (unsigned i = 0; i < TRIES; i++) {
		assert_true(won[i] <= 1);
		none += won[i] == 0;
	}
	assert_true(none < TRIES / 500); /* bits that two of them share: a promille */
	tls_replay_drop();
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_map_nothing_is_ever_the_first),
		cmocka_unit_test(a_random_is_the_first_once_also_after_the_map_has_been_turned),
		cmocka_unit_test(of_processes_that_see_the_same_at_the_same_time_exactly_one_is_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
