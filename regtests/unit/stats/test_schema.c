// SPDX-License-Identifier: GPL-3.0-or-later
/* The schema names every word that the JSON uses. */
#include "stats_fixture.h"

TEST(the_schema_is_balanced_and_knows_all_types)
{
	struct sbuf b = { 0 };
	int depth = 0;

	stats_schema(&b);
	for (size_t i = 0; i < b.n; i++) {
		depth += b.p[i] == '{' || b.p[i] == '[';
		depth -= b.p[i] == '}' || b.p[i] == ']';
		assert_true(depth > 0 || i + 2 >= b.n);
	}
	assert_int_equal(depth, 0);
	static const char *const words[] = { "\"u32\"", "\"s32\"", "\"u64\"", "\"str\"", "\"Listener\"", "\"Avg\"", "\"Service\"" };
	for (unsigned i = 0; i < ARRAY_LEN(words); i++)
		assert_non_null(strstr(sbuf_cstr(&b), words[i]));
	sbuf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = { T(the_schema_is_balanced_and_knows_all_types) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
