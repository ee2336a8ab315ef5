// SPDX-License-Identifier: GPL-3.0-or-later
/* Changes of pattern tables in the leader: what is parsed before anything is done, payloads that come in whole or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sluice/base/clock.h>
#include "leader/patterns.h"

static struct arena mem;
static struct pat_files files;
static struct pat_use *use;

static bool give(void *ctx, struct str name UNUSED, struct str *text)
{
	*text = str_c(ctx);
	return true;
}

static struct pat_file *file_with(const char *text, unsigned match, enum smp_type out)
{
	struct expr_env env = { .arena = &mem, .maps = &files, .read_file = give, .ctx = (void *)(uintptr_t)text };
	struct xerr err;

	pat_files_free(&files);
	use = pat_use_get(&env, STR("f"), PAT_MAP, true, match, false, out, &err);
	assert_non_null(use);
	assert_true(pat_file_build(use->file));
	pat_file_settle(use->file);
	return use->file;
}

static void expect(const char *key, const char *want)
{
	struct smp s = { .type = SMP_STR, .s = str_c(key) }, v;

	if (!want) {
		assert_false(pat_use_value(use, &s, false, &mem, &v));
		return;
	}
	assert_true(pat_use_value(use, &s, false, &mem, &v));
	assert_true(smp_cast(&v, SMP_STR, &mem));
	if (!str_eq(v.s, str_c(want)))
		fail_msg("%s is '" STR_FMT "', expected '%s'", key, STR_ARG(v.s), want);
}

static void what_a_use_cannot_read_is_refused(void **s UNUSED)
{
	struct pat_file *f = file_with("10.0.0.0/8 1\n", MATCH_IP, SMP_INT);
	struct xerr err;

	assert_int_equal(pattern_add(f, ptab_current(f->tab), STR("10.0.0.0/33"), STR("1"), &err), PATTERN_BAD);
	assert_string_equal(err.msg, "'10.0.0.0/33' is not an IP address or network");
	assert_int_equal(pattern_add(f, ptab_current(f->tab), STR("10.0.0.0/16"), STR("x"), &err), PATTERN_BAD);
	assert_int_equal(pattern_set(f, 0, STR("10.0.0.0/8"), STR("y"), &err), PATTERN_BAD);
	expect("10.0.0.1", "1");
	assert_int_equal(pattern_add(f, ptab_current(f->tab), STR("10.0.0.0/16"), STR("2"), &err), PATTERN_OK);
	expect("10.0.0.1", "2");
	assert_int_equal(pattern_del(f, 0, STR("10.0.0.0/16")), PATTERN_OK);
	assert_int_equal(pattern_del(f, 0, STR("10.0.0.0/16")), PATTERN_NONE);
	expect("10.0.0.1", "1");
}

static void a_payload_comes_in_whole_or_not_at_all(void **s UNUSED)
{
	struct pat_file *f = file_with("", MATCH_STR, SMP_INT);
	struct xerr err;
	unsigned line;

	assert_int_equal(pattern_add_lines(f, 0, true, STR("a 1\n\n# b\nc x\n"), &line, &err), PATTERN_BAD);
	assert_int_equal(line, 4);
	assert_string_equal(err.msg, "the value 'x' is not an integer");
	expect("a", NULL);
	assert_int_equal(pattern_add_lines(f, 0, true, STR("a 1\nc\n"), &line, &err), PATTERN_BAD);
	assert_string_equal(err.msg, "missing value for key 'c'");
	assert_int_equal(pattern_add_lines(f, 0, true, STR("a 1\r\nc 3"), &line, &err), PATTERN_OK);
	expect("a", "1");
	expect("c", "3");
}

static void regular_expressions_follow_their_table(void **s UNUSED)
{
	struct pat_file *f = file_with("^a one\n", MATCH_REG, SMP_STR);
	struct xerr err;

	expect("ab", "one");
	expect("b", NULL);
	assert_int_equal(pattern_add(f, 0, STR("("), STR("two"), &err), PATTERN_BAD);
	assert_int_equal(pattern_add(f, 0, STR("b$"), STR("two"), &err), PATTERN_OK);
	expect("ab", "one");
	expect("b", "two");
	assert_int_equal(pattern_set(f, 0, STR("b$"), STR("three"), &err), PATTERN_OK);
	expect("b", "three");
	assert_int_equal(pattern_del(f, 0, STR("^a")), PATTERN_OK);
	expect("ab", "three");
	for (int i = 0; i < 400; i++) { /* what is gone is not kept for ever */
		assert_int_equal(pattern_del(f, 0, STR("b$")), PATTERN_OK);
		assert_int_equal(pattern_add(f, 0, STR("b$"), STR("again"), &err), PATTERN_OK);
		expect("ab", "again");
	}
	uint32_t version = pattern_prepare(f);

	assert_int_equal(pattern_add(f, ptab_slot(f->tab, version), STR("^z"), STR("last"), &err), PATTERN_OK);
	assert_true(pattern_commit(f, version));
	expect("ab", NULL);
	expect("z", "last");
	pattern_clear(f, ptab_current(f->tab));
	expect("z", NULL);
}

static int open_mem(void **s UNUSED)
{
	arena_init(&mem, 0);
	expr_process_init();
	clock_update();
	return 0;
}

static int close_mem(void **s UNUSED)
{
	pat_files_free(&files);
	arena_free(&mem);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_use_cannot_read_is_refused),
		cmocka_unit_test(a_payload_comes_in_whole_or_not_at_all),
		cmocka_unit_test(regular_expressions_follow_their_table),
	};

	return cmocka_run_group_tests(tests, open_mem, close_mem);
}
