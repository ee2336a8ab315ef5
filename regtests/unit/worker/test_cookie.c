// SPDX-License-Identifier: GPL-3.0-or-later
/* Cookie lines cut into cookies, whatever clients put into them. */
#include "../unit.h"
#include "../../../src/worker/persist.h"

static void expect(const char *line, const char *const *want)
{
	struct str rest = str_c(line);
	struct cookie c;

	for (; *want; want += 2) {
		assert_true(cookie_next(&rest, &c));
		assert_slice(c.name, want[0]);
		assert_slice(c.val, want[1]);
	}
	assert_false(cookie_next(&rest, &c));
}
#define EXPECT(line, ...) expect(line, (const char *const[]){ __VA_ARGS__, NULL })

TEST(cookies_are_cut_at_semicolons_and_commas)
{
	EXPECT("a=1; b=2", "a", "1", "b", "2");
	EXPECT("a=1;b=2,c=3", "a", "1", "b", "2", "c", "3");
	EXPECT(" a = 1 ", "a", "1");
	EXPECT("a=", "a", "");
	EXPECT("a", "a", "");
	EXPECT("a=b=c", "a", "b=c");
	EXPECT("a=1;", "a", "1", "", "");
	EXPECT("", "", "");
	EXPECT("=v;;", "", "v", "", "", "", "");
}

TEST(what_is_quoted_belongs_together)
{
	EXPECT("a=\"1; b=2\"; c=3", "a", "\"1; b=2\"", "c", "3");
	EXPECT("a=\"x\\\"; y\"; c=3", "a", "\"x\\\"; y\"", "c", "3");
	EXPECT("a=\"open; b=2", "a", "\"open; b=2");
	EXPECT("a=\"\\", "a", "\"\\");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cookies_are_cut_at_semicolons_and_commas),
		cmocka_unit_test(what_is_quoted_belongs_together),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
