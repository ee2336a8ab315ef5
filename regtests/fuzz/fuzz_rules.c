// SPDX-License-Identifier: GPL-3.0-or-later
/* Rule lists and requests chosen by the input: the compiled walk has to give each rule its turn as the linear one does, with rewrites in
 * between, and so has either with a memo. The first byte says whether the rest is choices or a regular expression with a text, whose literals must be in what it matches. */
#include "../unit/rt/rules_gen.h"

#include <sluice/expr/cond.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_rules(const uint8_t *data, size_t size)
{
	struct gen_rules l = { .n = 0 };
	struct canned t;

	gen.at = data, gen.end = data + size;
	canned_init(&t);
	random_rules(&t, named_acls(&t, &t.mem), &l);
	struct route *r = route_compile(&t.mem, l.cond, l.changes, l.n);

	struct smp_memo *memo = memo_for(&t, &l);

	for (unsigned i = 0; i < 3; i++)
		compare_walks(&t, &l, r, memo);
	memo_free(memo);
	canned_free(&t);
}

static void try_literals(struct str pattern, struct str text)
{
	struct str lit[PAT_LITERALS];
	struct arena a;
	struct xerr err;
	bool found = false;

	arena_init(&a, 0);
	struct pat p = { .text = pattern, .re = regex_compile(&a, pattern, true, &err) };
	unsigned n = p.re ? pat_literals(MATCH_REG, &p, lit) : 0;

	for (unsigned i = 0; i < n; i++)
		found |= str_find(text, lit[i], true) >= 0;
	ASSERT(!n || found || !regex_match(p.re, text));
	arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = str_n((const char *)data + 1, size - 1), text;

	if (size < 2 || size > 4096)
		return 0;
	if (data[0] & 1) {
		text = s;
		s = str_split(&text, '\n');
		try_literals(s, text);
	} else {
		try_rules(data + 1, size - 1);
	}
	return 0;
}
