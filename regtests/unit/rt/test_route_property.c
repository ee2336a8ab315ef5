// SPDX-License-Identifier: GPL-3.0-or-later
/* Compiled rule lists equal the linear walk, and a memo changes neither: the same rules have their turn in the same order, whatever they
 * rewrite on the way. */
#include "rules_gen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { SETS = 60000, REQUESTS = 3 };

static void rules_have_their_turn_as_in_the_linear_walk_however_they_are_found(void **state)
{
	struct canned t;
	struct arena shared;

	(void)state;
	canned_init(&t);
	arena_init(&shared, 0);
	t.env.vars = var_table_new(&shared);
	vars_process_init(t.env.vars, &t.vars[VAR_PROC]);
	struct acl_set *named = named_acls(&t, &shared);

	for (unsigned set = 0; set < SETS; set++) {
		struct gen_rules l = { .n = 0 };

		arena_reset(&t.mem);
		random_rules(&t, named, &l);
		struct route *r = route_compile(&t.mem, l.cond, l.changes, l.n);
		struct smp_memo *memo = memo_for(&t, &l);

		for (unsigned i = 0; i < REQUESTS; i++)
			compare_walks(&t, &l, r, memo);
		memo_free(memo);
	}
	arena_free(&shared);
	canned_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_have_their_turn_as_in_the_linear_walk_however_they_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
