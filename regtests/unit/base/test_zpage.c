// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include <sluice/base/zpage.h>

static bool resident(void *p)
{
	unsigned char in;

	assert_int_equal(mincore(p, ZPAGE_SIZE, &in), 0);
	return in & 1;
}

static void pages_are_zeros_whatever_was_in_them(void **st)
{
	unsigned char zeros[ZPAGE_SIZE] = { 0 };
	void *at[200];

	(void)st;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 200; i++) {
			at[i] = zpage_get();
			assert_non_null(at[i]);
			assert_int_equal((uintptr_t)at[i] % ZPAGE_SIZE, 0);
			assert_memory_equal(at[i], zeros, ZPAGE_SIZE);
			memset(at[i], i + 1, ZPAGE_SIZE);
		}
		assert_int_equal(zpage_used(), 200);
		for (int i = 0; i < 200; i++)
			zpage_put(at[i]);
		assert_int_equal(zpage_used(), 0);
	}
}

static void a_page_of_zeros_occupies_nothing_and_can_be_written_again(void **st)
{
	char *p = zpage_get();

	(void)st;
	assert_non_null(p);
	p[100] = 1;
	assert_false(zpage_trim(p));
	assert_int_equal(p[100], 1);
	p[100] = 0;
	assert_true(resident(p));
	assert_true(zpage_trim(p));
	assert_false(resident(p));
	assert_int_equal(p[100], 0);
	p[200] = 2;
	assert_int_equal(p[200], 2);
	zpage_put(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_are_zeros_whatever_was_in_them),
		cmocka_unit_test(a_page_of_zeros_occupies_nothing_and_can_be_written_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
