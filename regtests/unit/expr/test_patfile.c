// SPDX-License-Identifier: GPL-3.0-or-later
/* Pattern files as objects: which files are one, files that need not exist, tables that are made anew from others. */
#include "expr_test.h"

static const char *text;

static bool read_text(void *ctx, struct str name UNUSED, struct str *out)
{
	(void)ctx;
	*out = str_c(text);
	return text != NULL;
}

static struct canned *with(void **state, const char *t)
{
	struct canned *c = *state;

	text = t;
	c->env.read_file = read_text;
	return c;
}

static void lines_have_keys_and_values_or_are_patterns(void **s UNUSED)
{
	struct str k, v;

	assert_true(pat_line(true, STR(" key\t two words \r"), &k, &v));
	assert_true(str_eq(k, STR("key")) && str_eq(v, STR("two words")));
	assert_true(pat_line(false, STR(" two words \r"), &k, &v));
	assert_true(str_eq(k, STR("two words")) && !v.n);
	assert_false(pat_line(true, STR("# key value"), &k, &v));
	assert_false(pat_line(true, STR(" \t "), &k, &v));
	assert_false(pat_line(false, STR(""), &k, &v));
	assert_true(pat_line(true, STR(" # value"), &k, &v)); /* a comment begins in the first column */
}

static void a_file_has_one_object_for_maps_and_one_for_whole_lines(void **s)
{
	struct canned *t = with(s, "a 1\n");
	struct xerr err;
	struct pat_use *m = pat_use_get(&t->env, STR("f"), PAT_MAP, true, MATCH_STR, false, SMP_STR, &err);
	struct pat_use *a = pat_use_get(&t->env, STR("f"), PAT_ACL, false, MATCH_STR, false, SMP_STR, &err);
	struct pat_use *b = pat_use_get(&t->env, STR("f"), PAT_ACL, true, MATCH_STR, true, SMP_STR, &err);

	assert_true(m && a && b && m->file != a->file && m->file == b->file);
	assert_int_equal(m->file->roles, PAT_MAP | PAT_ACL);
	assert_int_equal(m->file->places.n, 2);
	assert_int_equal(m->file->nhow, 2); /* with and without letter case */
}

static void a_file_that_only_rules_name_need_not_exist(void **s)
{
	struct canned *t = with(s, NULL);
	struct xerr err;
	struct pat_file *f = pat_file_get(&t->env, STR("none"), PAT_MAP | PAT_RULES, true, &err);

	assert_non_null(f);
	assert_true(pat_file_build(f));
	assert_int_equal(ptab_count(f->tab), 0);
	assert_null(pat_file_get(&t->env, STR("other"), PAT_MAP, true, &err));
	assert_string_equal(err.msg, "cannot read map file 'other'");
}

static void hexadecimal_lengths_and_methods_match_from_files(void **s)
{
	struct canned *t = with(s, "4A4b\n");
	struct smp v = { .type = SMP_BIN, .s = STR("JK") };
	struct xerr err;
	struct ptab_entry e;
	struct pat_use *u = pat_use_get(&t->env, STR("hex"), PAT_ACL, false, MATCH_BIN, false, SMP_STR, &err);

	assert_true(pat_use_find(u, &v, &t->tmp, &e));
	v.s = STR("JJ");
	assert_false(pat_use_find(u, &v, &t->tmp, &e));
	text = "2:3\n";
	u = pat_use_get(&t->env, STR("len"), PAT_ACL, false, MATCH_LEN, false, SMP_STR, &err);
	assert_true(pat_use_find(u, &v, &t->tmp, &e));
	v.s = STR("J");
	assert_false(pat_use_find(u, &v, &t->tmp, &e));
	text = "zz\n";
	assert_null(pat_use_get(&t->env, STR("bad"), PAT_ACL, false, MATCH_BIN, false, SMP_STR, &err));
}

static void another_table_of_the_file_is_copied_but_for_what_does_not_parse(void **s)
{
	struct canned *t = with(s, "1:5 a\n9 b\n");
	struct ptab_use str = { PTAB_EXACT, false };
	struct ptab *old = ptab_create(&str, 1, 0);
	struct ptab_key k = { .text = STR("7:8") }, bad = { .text = STR("no number") };
	struct smp v = { .type = SMP_INT, .i = 8 }, out;
	struct xerr err;
	struct pat_use *u = pat_use_get(&t->env, STR("f"), PAT_MAP, true, MATCH_INT, false, SMP_STR, &err);

	assert_true(ptab_add(old, 0, &k, STR("kept")) && ptab_add(old, 0, &bad, STR("left out")));
	assert_true(pat_file_copy(u->file, old));
	assert_int_equal(ptab_count(u->file->tab), 1);
	assert_true(pat_use_value(u, &v, false, &t->tmp, &out) && str_eq(out.s, STR("kept")));
	ptab_unmap(old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_have_keys_and_values_or_are_patterns),
		TEST(a_file_has_one_object_for_maps_and_one_for_whole_lines),
		TEST(a_file_that_only_rules_name_need_not_exist),
		TEST(hexadecimal_lengths_and_methods_match_from_files),
		TEST(another_table_of_the_file_is_copied_but_for_what_does_not_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
