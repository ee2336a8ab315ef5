// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>
#include "../../../src/checker/name_index.h"

static void names_are_found_whatever_their_case_in_their_own_section(void **s)
{
	struct name_entry a = { .resolvers = 0, .host = STR("web.Example.org") }, b = { .resolvers = 1, .host = STR("web.example.org") };
	struct name_index ix = { 0 };

	(void)s;
	assert_null(name_index_find(&ix, 0, STR("web.example.org")));
	assert_true(name_index_put(&ix, &a) && name_index_put(&ix, &b));
	assert_ptr_equal(name_index_find(&ix, 0, STR("WEB.example.ORG")), &a);
	assert_ptr_equal(name_index_find(&ix, 1, STR("web.example.org")), &b);
	assert_null(name_index_find(&ix, 2, STR("web.example.org")));
	assert_null(name_index_find(&ix, 0, STR("web.example.or")));
	name_index_free(&ix);
}

static void thousands_come_and_go_and_chains_stay_short(void **s)
{
	enum { N = 5000 };
	static struct name_entry e[N];
	static char text[N][16];
	struct name_index ix = { 0 };

	(void)s;
	for (unsigned i = 0; i < N; i++) {
		e[i].host = str_n(text[i], (size_t)snprintf(text[i], sizeof(text[i]), "h%u.test", i));
		assert_true(name_index_put(&ix, &e[i]));
	}
	for (unsigned i = 0; i < ix.nbuckets; i++) {
		unsigned chain = 0;

		for (const struct name_entry *x = ix.bucket[i]; x; x = x->next)
			chain++;
		assert_in_range(chain, 0, 12);
	}
	for (unsigned i = 0; i < N; i += 2)
		name_index_del(&ix, &e[i]);
	for (unsigned i = 0; i < N; i++)
		assert_ptr_equal(name_index_find(&ix, 0, e[i].host), i % 2 ? &e[i] : NULL);
	assert_int_equal(ix.n, N / 2);
	name_index_free(&ix);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_found_whatever_their_case_in_their_own_section),
		cmocka_unit_test(thousands_come_and_go_and_chains_stay_short),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
