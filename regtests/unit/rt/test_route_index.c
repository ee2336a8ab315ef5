// SPDX-License-Identifier: GPL-3.0-or-later
/* Which index a test gets, and that the index finds it. */
#include "../expr/expr_test.h"

#include <stdio.h>

#include "../../../src/rt/route_priv.h"

static const struct acl_test *test_of(struct canned *t, const char *text)
{
	return compiled_cond(t, text, false)->conj[0].term[0].acl->test[0];
}

static bool keep(void *ctx, void *bucket)
{
	*(void **)ctx = bucket;
	return true;
}

/* The index of one test, asked for a value. */
static bool finds(struct canned *t, const char *text, enum index_kind kind, const struct smp *v)
{
	const struct acl_test *test = test_of(t, text);
	struct route_index *x = route_index_new(&t->mem, test);
	void *filed = NULL, *found = NULL;

	assert_int_equal(route_kind(test), kind);
	route_index_keys(x, test, &t->mem, keep, &filed);
	assert_non_null(filed);
	route_index_finish(x);
	route_index_lookup(x, v, &t->tmp, keep, &found);
	assert_true(!found || found == filed);
	return found;
}

static struct smp text(const char *s) { return (struct smp){ .type = SMP_STR, .s = str_c(s) }; }
static struct smp number(int64_t i) { return (struct smp){ .type = SMP_INT, .i = i }; }

#define FINDS(t, cond, kind, ...) assert_true(finds(t, cond, kind, &(struct smp[]){ __VA_ARGS__ }[0]))
#define MISSES(t, cond, kind, ...) assert_false(finds(t, cond, kind, &(struct smp[]){ __VA_ARGS__ }[0]))

static void each_kind_of_test_is_found_by_a_value_that_passes_it(void **s)
{
	struct canned *t = *s;

	FINDS(t, "{ path -i /A }", IX_EXACT, text("/a"));
	MISSES(t, "{ path /A }", IX_EXACT, text("/a"));
	FINDS(t, "{ path -m bin 2f61 }", IX_EXACT, text("/a"));
	FINDS(t, "{ path_beg /a }", IX_PREFIX, text("/ab"));
	FINDS(t, "{ path_end .js }", IX_SUFFIX, text("/x.js"));
	FINDS(t, "{ src 10.0.0.0/8 }", IX_NET, text("10.1.2.3"));
	MISSES(t, "{ src 10.0.0.0/8 }", IX_NET, text("11.1.2.3"));
	FINDS(t, "{ path_dir img }", IX_LITERAL, text("/img/x"));
	FINDS(t, "{ path_reg ^/img/.* }", IX_LITERAL, text("/img/x"));
	MISSES(t, "{ path_reg ^/img/.* }", IX_LITERAL, text("/js/x"));
	FINDS(t, "{ hdr_cnt(x) 2:3 }", IX_RANGE, number(3));
	FINDS(t, "{ path -m len 2:3 }", IX_RANGE, text("/ab"));
	MISSES(t, "{ path -m len 2:3 }", IX_RANGE, text("/abc"));
	FINDS(t, "{ method GET }", IX_METHOD, text("GET"));
	FINDS(t, "{ method BREW }", IX_METHOD, text("TEA"));
	FINDS(t, "{ hdr(x) -m found }", IX_TEST, text(""));
	FINDS(t, "{ path_reg x? }", IX_TEST, text("y"));
}

static bool count(void *ctx, void *bucket)
{
	(void)bucket;
	++*(unsigned *)ctx;
	return true;
}

static void ranges_that_overlap_are_all_found(void **s)
{
	struct canned *t = *s;
	struct route_index *x = NULL;
	char words[64];
	void *filed;

	for (int i = 0; i < 100; i++) {
		snprintf(words, sizeof(words), "{ int(1) %d:%d }", (i * 37) % 100, (i * 37) % 100 + i % 7);
		const struct acl_test *test = test_of(t, words);

		x = x ? x : route_index_new(&t->mem, test);
		route_index_keys(x, test, &t->mem, keep, &filed);
	}
	route_index_finish(x);
	for (int v = -1; v < 110; v++) {
		struct smp n = number(v);
		unsigned want = 0, got = 0;

		for (uint32_t i = 0; i < x->nrange; i++)
			want += x->range[i].lo <= v && v <= x->range[i].hi;
		route_index_lookup(x, &n, &t->tmp, count, &got);
		assert_int_equal(got, want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_kind_of_test_is_found_by_a_value_that_passes_it),
		TEST(ranges_that_overlap_are_all_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
