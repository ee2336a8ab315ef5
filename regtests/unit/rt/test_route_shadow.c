// SPDX-License-Identifier: GPL-3.0-or-later
/* Shadowed rules are found through the indexes, whichever index holds the one that covers them. */
#include "../expr/expr_test.h"

#include <stdio.h>
#include <sluice/rt/route.h>

static struct cond *cond(struct canned *t, const char *text) { return compiled_cond(t, text, false); }

static void the_first_rule_that_covers_is_named(void **s)
{
	struct canned *t = *s;
	struct cond *c[] = {
		cond(t, "{ path_beg /a }"), cond(t, "{ path_beg /a/b }"), cond(t, "{ hdr(host) h } { path_end .js }"), cond(t, "{ src 10.0.0.0/8 }"),
		cond(t, "{ path_end .min.js } { hdr(host) h }"), cond(t, "{ src 10.2.0.0/16 10.3.0.0/16 }"), cond(t, "{ path /a/x }"),
		cond(t, "{ path /b }"), cond(t, "{ path_reg x }"), cond(t, "{ path_reg x } { path /b/c }"),
	};
	static const int want[] = { -1, 0, -1, -1, 2, 3, 0, -1, -1, 8 };
	struct route *r = route_compile(&t->mem, c, NULL, ARRAY_LEN(c));

	for (unsigned i = 0; i < ARRAY_LEN(c); i++)
		if (route_shadowed_by(r, NULL, i, &t->mem) != want[i])
			fail_msg("rule %u: %d, not %d", i, route_shadowed_by(r, NULL, i, &t->mem), want[i]);
}

static void a_later_rule_shadows_nothing(void **s)
{
	struct canned *t = *s;
	struct cond *c[] = { cond(t, "{ path /a/b }"), cond(t, "{ path_beg /a }"), NULL };
	struct route *r = route_compile(&t->mem, c, NULL, ARRAY_LEN(c));

	for (unsigned i = 0; i < ARRAY_LEN(c); i++)
		assert_int_equal(route_shadowed_by(r, NULL, i, &t->mem), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_rule_that_covers_is_named),
		TEST(a_later_rule_shadows_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
