// SPDX-License-Identifier: GPL-3.0-or-later
/* ACL lines: flags, operators, pattern files, names. */
#include "expr_test.h"
#include "../../../src/expr/acl_priv.h"

static struct acl *line(struct canned *t, const char *text)
{
	struct str words[64];
	struct xerr err = { 0 };
	struct acl *acl = ARENA_NEW(&t->mem, struct acl);

	if (!acl_parse_line(acl, &t->env, words, split_words(t, text, words), &err))
		fail_msg("%s: %s", text, err.msg);
	return acl;
}

static void expect_line_error(struct canned *t, const char *text, int word, const char *msg)
{
	struct str words[64];
	struct xerr err = { 0 };
	struct acl acl = { 0 };

	if (acl_parse_line(&acl, &t->env, words, split_words(t, text, words), &err))
		fail_msg("%s is accepted", text);
	assert_string_equal(err.msg, msg);
	assert_int_equal(err.word, word);
}

static void case_is_ignored_from_the_flag_on(void **s)
{
	struct acl *acl = line(*s, "path -i /A /B");

	assert_int_equal(acl->ntest, 1);
	assert_true(acl->test[0]->icase);
	assert_int_equal(acl->test[0]->pats.n, 2);
	acl = line(*s, "path /A");
	assert_false(acl->test[0]->icase);
}

static void a_file_that_cannot_be_read_is_an_error_at_its_name(void **s)
{
	expect_line_error(*s, "path -f /nowhere", 2, "cannot read pattern file '/nowhere'");
}

static bool one_file(void *ctx, struct str name, struct str *text)
{
	(void)ctx;
	*text = STR("# names\n\n  /one  \r\n/two value\n");
	return str_eq(name, STR("f"));
}

static bool in_test(struct canned *t, const struct acl_test *test, const char *text)
{
	return acl_test_value(test, &(struct smp){ .type = SMP_STR, .s = str_c(text) }, &t->tmp);
}

static void files_have_comments_blanks_and_values_of_maps(void **s)
{
	struct canned *t = *s;

	t->env.read_file = one_file;
	struct acl *acl = line(t, "path -f f -i /three");

	assert_int_equal(acl->ntest, 2);
	assert_true(in_test(t, acl->test[0], "/one"));
	assert_true(in_test(t, acl->test[0], "/two value"));
	assert_false(in_test(t, acl->test[0], "/two"));
	assert_true(acl->test[1]->icase);
	acl = line(t, "path -M -f f");
	assert_true(in_test(t, acl->test[0], "/two"));
	expect_line_error(t, "src -f f", 2, "f:3: '/one' is not an IP address or network");
}

static void two_dashes_end_the_flags(void **s)
{
	struct acl *acl = line(*s, "path -m beg -- -i");

	assert_int_equal(acl->test[0]->match, MATCH_BEG);
	assert_false(acl->test[0]->icase);
	assert_true(str_eq(acl->test[0]->pats.at[0].text, STR("-i")));
}

static void a_negative_number_is_no_flag(void **s)
{
	struct acl *acl = line(*s, "int(-5) -5");

	assert_int_equal(acl->test[0]->pats.at[0].lo, -5);
}

static void an_operator_holds_until_the_next(void **s)
{
	struct acl *acl = line(*s, "int(5) gt 7 lt 3 1");

	assert_int_equal(acl->test[0]->pats.n, 2);
	assert_int_equal(acl->test[0]->pats.at[0].lo, INT64_MIN);
	assert_int_equal(acl->test[0]->pats.at[0].hi, 2);
	assert_int_equal(acl->test[0]->pats.at[1].lo, 8);
	expect_line_error(*s, "int(5) gt", 1, "'gt' needs an integer");
}

static void wrong_flags_are_told_at_their_word(void **s)
{
	expect_line_error(*s, "path -m", 1, "'-m' needs an argument");
	expect_line_error(*s, "path -f", 1, "'-f' needs an argument");
	expect_line_error(*s, "path -mm str /a", 1, "unknown flag '-mm'");
	expect_line_error(*s, "path -m strr /a", 2, "unknown match method 'strr'");
}

static bool added(struct canned *t, const char *name)
{
	struct str words[] = { STR("always_true") };
	struct xerr err;

	return acl_add(acl_set_new(&t->mem, NULL), &t->env, str_c(name), words, 1, &err);
}

static void names_are_words_that_conditions_can_hold(void **s)
{
	assert_true(added(*s, "a-b_c.d:9"));
	assert_false(added(*s, ""));
	assert_false(added(*s, "or"));
	assert_false(added(*s, "a b"));
	assert_false(added(*s, "!a"));
}

static void predefined_names_come_fresh_and_count_as_known(void **s)
{
	struct canned *t = *s;
	struct acl_set *set = acl_set_new(&t->mem, NULL);

	assert_non_null(acl_find(set, &t->env, STR("METH_POST")));
	assert_null(acl_find(set, &t->env, STR("METH_NONE")));
	assert_true(acl_known(set, STR("LOCALHOST")));
	assert_false(acl_known(set, STR("localhost")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(case_is_ignored_from_the_flag_on),
		TEST(a_file_that_cannot_be_read_is_an_error_at_its_name),
		TEST(files_have_comments_blanks_and_values_of_maps),
		TEST(two_dashes_end_the_flags),
		TEST(a_negative_number_is_no_flag),
		TEST(an_operator_holds_until_the_next),
		TEST(wrong_flags_are_told_at_their_word),
		TEST(names_are_words_that_conditions_can_hold),
		TEST(predefined_names_come_fresh_and_count_as_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
