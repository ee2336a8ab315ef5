// SPDX-License-Identifier: GPL-3.0-or-later
/* Through what rules are found: the rarest key, one evaluation of what many share, nothing at all when a list ends before. */
#include "../expr/expr_test.h"

#include <stdio.h>

#include "../../../src/rt/route_priv.h"

static struct cond *cond(struct canned *t, const char *text) { return compiled_cond(t, text, false); }

static unsigned evaluations;

static bool counting_group(const struct smp_ctx *c, int list, struct str user, int n, struct str *out)
{
	(void)c, (void)list, (void)user, (void)out;
	if (!n)
		evaluations++;
	return false;
}

/* http_auth_group asks the environment each time it is evaluated. */
static void count_evaluations(struct canned *t)
{
	static struct smp_env counting;

	counting = *t->ctx.env;
	counting.group = counting_group;
	t->ctx.env = &counting;
	evaluations = 0;
}

static void a_fetch_that_many_rules_test_is_evaluated_once(void **s)
{
	struct canned *t = *s;
	struct cond *c[500];
	char text[96];

	for (unsigned i = 0; i < ARRAY_LEN(c); i++) {
		snprintf(text, sizeof(text), "{ http_auth_group(be) -m %s g%u }", i % 2 ? "str" : "reg", i);
		c[i] = cond(t, text);
	}
	count_evaluations(t);
	assert_int_equal(route_first(route_compile(&t->mem, c, NULL, ARRAY_LEN(c)), &t->ctx, 0), -1);
	assert_int_equal(evaluations, 1);
}

static void a_negation_that_many_rules_share_is_evaluated_once(void **s)
{
	struct canned *t = *s;
	struct cond *c[100];

	for (unsigned i = 0; i < ARRAY_LEN(c); i++)
		c[i] = cond(t, "!{ src 192.0.2.0/24 } { rand(1) 0 }");
	struct route *r = route_compile(&t->mem, c, NULL, ARRAY_LEN(c));

	assert_int_equal(r->nask, 1);
	assert_int_equal(r->always.n, 0);
	assert_int_equal(route_first(r, &t->ctx, 0), -1);
	assert_true(addr_parse_ip(&t->src, STR("10.0.0.1")));
	assert_int_equal(route_first(r, &t->ctx, 0), 0);
}

static void nothing_is_asked_behind_a_rule_that_holds(void **s)
{
	struct canned *t = *s;
	struct cond *c[] = { cond(t, "{ path /a/b }"), cond(t, "{ http_auth_group(be) x }") };

	count_evaluations(t);
	assert_int_equal(route_first(route_compile(&t->mem, c, NULL, 2), &t->ctx, 0), 0);
	assert_int_equal(evaluations, 0);
}

static void what_an_action_leaves_alone_is_not_asked_again(void **s)
{
	struct canned *t = *s;
	struct cond *c[] = { cond(t, "{ http_auth_group(be) x } or { path /a/b }"), cond(t, "{ path /a/b }"), cond(t, "{ path_beg /x }"), cond(t, "{ path_end b }") };
	static const uint64_t changes[] = { DEP_NONE, DEP_URI, DEP_NONE, DEP_NONE };
	struct route_walk w;
	unsigned i;

	count_evaluations(t);
	route_start(&w, route_compile(&t->mem, c, changes, 4), &t->ctx, 0);
	assert_int_equal(route_next(&w, 4, &i), COND_TRUE);
	assert_int_equal(i, 0);
	assert_int_equal(route_next(&w, 4, &i), COND_TRUE);
	assert_int_equal(i, 1);
	unsigned before = evaluations;

	canned_target(t, "/x/b");
	assert_int_equal(route_next(&w, 4, &i), COND_TRUE);
	assert_int_equal(i, 2);
	assert_int_equal(route_next(&w, 4, &i), COND_TRUE);
	assert_int_equal(i, 3);
	assert_int_equal(evaluations, before);
}

static void a_large_set_is_one_key(void **s)
{
	struct canned *t = *s;
	struct acl_set *set = acl_set_new(&t->mem, NULL);
	struct str words[400] = { STR("path") }, use = STR("big");
	struct xerr err;

	for (unsigned i = 1; i < ARRAY_LEN(words); i++)
		words[i] = arena_printf(&t->mem, "/p%u", i);
	assert_true(acl_add(set, &t->env, use, words, ARRAY_LEN(words), &err));
	struct cond *c[] = { cond_compile(&t->env, set, &use, 1, false, &err), cond_compile(&t->env, set, &use, 1, false, &err) };
	struct route *r = route_compile(&t->mem, c, NULL, 2);

	assert_int_equal(r->nask, 1);
	assert_int_equal(r->ask[0].index->kind, IX_TEST);
	assert_int_equal(r->ask[0].index->ntests, 1);
	canned_target(t, "/p399");
	assert_int_equal(route_first(r, &t->ctx, 0), 0);
	canned_target(t, "/p400");
	assert_int_equal(route_first(r, &t->ctx, 0), -1);
}

static void a_list_pays_when_it_is_long_or_tests_what_converters_make_again_and_again(void **s)
{
	struct canned *t = *s;
	struct cond *plain[8], *conv[3];

	for (unsigned i = 0; i < ARRAY_LEN(plain); i++)
		plain[i] = cond(t, "{ path /a }");
	assert_true(route_pays(plain, 8));
	assert_false(route_pays(plain, 7));
	conv[0] = cond(t, "{ hdr(x),json_query($.a) -m str b }");
	conv[1] = cond(t, "!{ hdr(x),json_query($.a) -m found }");
	conv[2] = cond(t, "{ hdr(x),json_query($.a) -m str c } or { path /b }");
	assert_true(route_pays(conv, 3));
	assert_false(route_pays(conv, 2));
	conv[2] = cond(t, "{ hdr(x),json_query($.b) -m str c }");
	assert_false(route_pays(conv, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_fetch_that_many_rules_test_is_evaluated_once),
		TEST(a_negation_that_many_rules_share_is_evaluated_once),
		TEST(nothing_is_asked_behind_a_rule_that_holds),
		TEST(what_an_action_leaves_alone_is_not_asked_again),
		TEST(a_large_set_is_one_key),
		TEST(a_list_pays_when_it_is_long_or_tests_what_converters_make_again_and_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
