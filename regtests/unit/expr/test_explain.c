// SPDX-License-Identifier: GPL-3.0-or-later
/* Conditions with the values they saw. */
#include <sluice/expr/cond.h>
#include "expr_test.h"

static void explained(struct canned *t, const char *cond, const char *want)
{
	struct acl_set *set = acl_set_new(&t->mem, NULL);
	struct str words[64], acl[] = { STR("path"), STR("/nowhere") };
	struct sbuf out = { 0 };
	struct xerr err;
	int n = split_words(t, cond, words);

	assert_true(acl_add(set, &t->env, STR("named"), acl, 2, &err));
	struct cond *c = cond_compile(&t->env, set, words, n, false, &err);
	if (!c)
		fail_msg("%s: %s", cond, err.msg);
	cond_explain(c, &t->ctx, &out);
	assert_string_equal(sbuf_cstr(&out), want);
	sbuf_free(&out);
}

static void a_test_shows_its_value_and_whether_it_matches(void **s)
{
	explained(*s, "{ path /a/b }", "        { path -m str /a/b }: match; path is \"/a/b\"\n");
	explained(*s, "!named", "        !named { path -m str /nowhere }: no match; path is \"/a/b\"\n");
	explained(*s, "{ req.hdr(none) -m found }", "        { req.hdr(none) -m found }: no match; req.hdr(none) has no value\n");
}

static void all_terms_are_shown_also_those_that_decide_nothing_any_more(void **s)
{
	explained(*s, "{ int(1) 2 } { bool(true) } or { int(3) 3 }",
		  "        { int(1) -m int 2 }: no match; int(1) is 1\n"
		  "        { bool(true) -m bool }: match; bool(true) is true\n"
		  "      or\n"
		  "        { int(3) -m int 3 }: match; int(3) is 3\n");
}

static void bytes_that_a_terminal_would_obey_are_written_as_numbers(void **s)
{
	explained(*s, "{ bin(1b5b41) -m found }", "        { bin(1b5b41) -m found }: match; bin(1b5b41) is \"\\x1b[A\"\n");
}

static void lookups_in_maps_and_files_show_the_line_that_was_found(void **s)
{
	explained(*s, "{ str(abcd),map(m_str) v2 }", "        { str(abcd),map(m_str) -m str v2 }: match; str(abcd),map(m_str) is \"v2\"\n"
						     "          m_str:4 abcd v2\n");
	explained(*s, "{ str(q),map(m_str,v9) v2 }", "        { str(q),map(m_str,v9) -m str v2 }: no match; str(q),map(m_str,v9) is \"v9\"\n"
						     "          m_str has no entry for it: the default counts\n");
	explained(*s, "{ src -m ip -M -f m_ip }", "        { src -m ip -M -f m_ip }: no match; src is 192.0.2.7\n");
	explained(*s, "{ ip(10.2.1.1) -m ip -M -f m_ip }", "        { ip(10.2.1.1) -m ip -M -f m_ip }: match; ip(10.2.1.1) is 10.2.1.1\n"
							   "          m_ip:2 10.2.0.0/16 v1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_test_shows_its_value_and_whether_it_matches),
		TEST(all_terms_are_shown_also_those_that_decide_nothing_any_more),
		TEST(lookups_in_maps_and_files_show_the_line_that_was_found),
		TEST(bytes_that_a_terminal_would_obey_are_written_as_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
