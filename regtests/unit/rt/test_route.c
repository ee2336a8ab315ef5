// SPDX-License-Identifier: GPL-3.0-or-later
/* Compiled routing: what is indexed, that order decides, and that the number of rules does not. */
#include "../expr/expr_test.h"

#include <stdio.h>
#include <sluice/rt/route.h>

static struct cond *cond(struct canned *t, const char *text) { return compiled_cond(t, text, false); }

static void the_lowest_true_rule_wins_whatever_index_finds_it(void **s)
{
	struct canned *t = *s;
	struct cond *c[] = {
		cond(t, "{ path /nope }"), cond(t, "{ src 10.0.0.0/8 }"), cond(t, "{ path_end /b } { hdr(host) nope }"),
		cond(t, "{ path_len gt 100 } or { hdr(x-l) b }"), cond(t, "{ path_beg /a }"), NULL,
	};
	struct route *r = route_compile(&t->mem, c, NULL, ARRAY_LEN(c));

	assert_int_equal(route_first(r, &t->ctx, 0), 3);
	assert_int_equal(route_first(r, &t->ctx, 4), 4);
	assert_int_equal(route_first(r, &t->ctx, 5), 5);
	assert_int_equal(route_first(r, &t->ctx, 6), -1);
	t->ctx.req = NULL;
	assert_int_equal(route_first(r, &t->ctx, 0), 5);
}

static void an_empty_list_has_no_rule(void **s)
{
	struct canned *t = *s;

	assert_int_equal(route_first(route_compile(&t->mem, NULL, NULL, 0), &t->ctx, 0), -1);
}

static void more_candidate_lists_than_fit_change_nothing(void **s)
{
	struct canned *t = *s;
	struct cond *c[100];
	char path[128] = "", text[300];

	/* every prefix of the path is a key, and only the last rule holds */
	for (int i = 0; i < 100; i++) {
		strcat(path, "a");
		snprintf(text, sizeof(text), "{ path_beg /%s } { src %s }", path, i == 99 ? "192.0.2.7" : "10.0.0.1");
		c[99 - i] = cond(t, text);
	}
	snprintf(text, sizeof(text), "/%s", path);
	canned_target(t, text);
	struct route *r = route_compile(&t->mem, c, NULL, 100);

	assert_int_equal(route_first(r, &t->ctx, 0), 0);
	assert_int_equal(route_first(r, &t->ctx, 1), -1);
}

static void conditions_that_set_variables_are_evaluated_in_their_turn(void **s)
{
	struct canned *t = *s;
	struct cond *c[] = {
		cond(t, "{ var(txn.seen) -m str /a/b }"), cond(t, "{ path,set-var(txn.seen) -m str /nope }"),
		cond(t, "{ var(txn.seen) -m str /a/b }"),
	};

	assert_int_equal(route_first(route_compile(&t->mem, c, NULL, ARRAY_LEN(c)), &t->ctx, 0), 2);
}

static void variables_are_indexed(void **s)
{
	struct canned *t = *s;
	struct cond *c[] = { cond(t, "{ var(txn.v) -m str v0 }"), cond(t, "{ var(txn.v) -m str v1 }") };
	struct route *r = route_compile(&t->mem, c, NULL, ARRAY_LEN(c));
	struct sbuf b = { 0 };

	assert_int_equal(route_first(r, &t->ctx, 0), 1);
	route_print(r, &b);
	assert_non_null(strstr(sbuf_cstr(&b), "2 rules, 0 without index"));
	sbuf_free(&b);
}

static unsigned verified;

static bool counting_num(const struct smp_ctx *c, enum smp_env_num what, int idx, int64_t *out)
{
	(void)c, (void)what, (void)idx;
	verified++;
	*out = 0;
	return true;
}

static void only_rules_with_the_rarest_key_are_verified(void **s)
{
	static const struct smp_env counting = { .num = counting_num };
	struct canned *t = *s;
	struct cond *c[2000];
	char text[128];

	t->ctx.env = &counting;
	for (int i = 0; i < 2000; i++) {
		snprintf(text, sizeof(text), "{ hdr(host) Example.com:8080 } { path_beg /p%d/ } { nbsrv gt 0 }", i);
		c[i] = cond(t, text);
	}
	canned_target(t, "/p1234/x");
	struct route *r = route_compile(&t->mem, c, NULL, 2000);

	verified = 0;
	assert_int_equal(route_first(r, &t->ctx, 0), -1);
	assert_int_equal(verified, 1);
}

static void indexes_are_printed(void **s)
{
	struct canned *t = *s;
	struct cond *c[] = { cond(t, "{ path_beg -i /a }"), cond(t, "{ path_sub x }") };
	struct sbuf b = { 0 };

	route_print(route_compile(&t->mem, c, NULL, 2), &b);
	assert_string_equal(sbuf_cstr(&b), "  2 rules, 0 without index\n    index path -m beg -i\n    index path -m sub\n");
	sbuf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_lowest_true_rule_wins_whatever_index_finds_it),
		TEST(an_empty_list_has_no_rule),
		TEST(conditions_that_set_variables_are_evaluated_in_their_turn),
		TEST(variables_are_indexed),
		TEST(more_candidate_lists_than_fit_change_nothing),
		TEST(only_rules_with_the_rarest_key_are_verified),
		TEST(indexes_are_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
