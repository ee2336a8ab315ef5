// SPDX-License-Identifier: GPL-3.0-or-later
/* Map files: which key wins for each kind of match, typed values, defaults, errors with their line, a million entries. */
#include "expr_test.h"

#include <stdio.h>
#include <stdlib.h>

static const char *file_text;

static bool read_text(void *ctx, struct str name, struct str *text)
{
	(void)ctx;
	*text = str_c(file_text);
	return str_eq(name, STR("f")) && file_text;
}

static struct canned *with(void **state, const char *text)
{
	struct canned *t = *state;

	file_text = text;
	t->env.read_file = read_text;
	pat_files_free(&t->maps);
	return t;
}

static void the_first_of_equal_keys_counts(void **s)
{
	struct canned *t = with(s, "a 1\na 2\nb\n c  with  blanks \n#d 4\n");

	expect_expr(t, "str(a),map(f)", "1");
	expect_expr(t, "str(b),map(f,x)", "");
	expect_expr(t, "str(c),map_str(f)", "with  blanks");
	expect_expr(t, "str(#d),map(f)", NULL);
	expect_expr(t, "str(d),map(f,none)", "none");
	expect_expr(t, "str(A),map(f)", NULL);
}

static void the_longest_prefix_and_network_win_whatever_their_order(void **s)
{
	struct canned *t = with(s, "/a 1\n/a/b/ 3\n/a/b 2\n/ 0\n");

	expect_expr(t, "str(/a/b/c),map_beg(f)", "3");
	expect_expr(t, "str(/a/bc),map_beg(f)", "2");
	expect_expr(t, "str(/x),map_beg(f)", "0");
	expect_expr(t, "str(x),map_beg(f)", NULL);
	t = with(s, "10.0.0.0/8 a\n10.1.2.0/24 c\n10.1.0.0/16 b\n2001:db8::/32 six\n10.1.2.3 d\n");
	expect_expr(t, "ip(10.1.2.9),map_ip(f)", "c");
	expect_expr(t, "ip(10.1.2.3),map_ip(f)", "d");
	expect_expr(t, "ip(10.9.9.9),map_ip(f)", "a");
	expect_expr(t, "str(2001:db8::9),map_ip(f)", "six");
	expect_expr(t, "ip(11.0.0.1),map_ip(f,other)", "other");
}

static void of_other_keys_the_first_listed_wins(void **s)
{
	struct canned *t = with(s, ".png 1\n.a.png 2\ng 3\n");

	expect_expr(t, "str(x.a.png),map_end(f)", "1");
	expect_expr(t, "str(x.g),map_end(f)", "3");
	t = with(s, "b 1\nab 2\n");
	expect_expr(t, "str(xaby),map_sub(f)", "1");
	expect_expr(t, "str(x/ab/y),map_dir(f)", "2");
	expect_expr(t, "str(x.b.ab),map_dom(f)", "1");
	t = with(s, "^a 1\nb$ 2\n");
	expect_expr(t, "str(ab),map_reg(f)", "1");
	expect_expr(t, "str(cb),map_reg(f)", "2");
}

static void integers_lie_in_ranges(void **s)
{
	struct canned *t = with(s, "100:199 info\n404 gone\n500:599 bad\n");

	expect_expr(t, "int(150),map_int(f)", "info");
	expect_expr(t, "int(404),map_int(f)", "gone");
	expect_expr(t, "int(405),map_int(f,x)", "x");
	expect_expr(t, "int(599),map_int(f)", "bad");
	expect_expr(t, "int(99),map_int(f)", NULL);
	t = with(s, "1:10 wide\n5 point\n");
	expect_expr(t, "int(5),map_int(f)", "wide"); /* overlapping: the order of the file */
}

static void groups_take_their_place_in_the_value(void **s)
{
	struct canned *t = with(s, "^/u/([a-z]+)/([0-9]+) /p?u=\\1&n=\\2\n(x*)y <\\1>\n");

	expect_expr(t, "str(/u/ann/7/rest),map_regm(f)", "/p?u=ann&n=7");
	expect_expr(t, "str(--y--),map_regm(f)", "<>");
	expect_expr(t, "str(z),map_regm(f,d)", "d");
}

static void values_have_their_type(void **s)
{
	struct canned *t = with(s, "a 5\nb -7\n");

	expect_expr(t, "str(a),map_str_int(f),add(1)", "6");
	expect_expr(t, "str(c),map_str_int(f,9),add(1)", "10");
	t = with(s, "a 192.0.2.77\n");
	expect_expr(t, "str(a),map_str_ip(f),ipmask(24)", "192.0.2.0");
	expect_expr(t, "str(c),map_str_ip(f,::1)", "::1");
}

static void a_wrong_line_is_named(void **s)
{
	struct canned *t = with(s, "a 1\n\nb x\n");

	expect_expr_error(t, "str(a),map_str_int(f)", 19, 1, "f:3: the value 'x' is not an integer");
	t = with(s, "10.0.0.0/8 a\n10.0.0.0/33 b\n");
	expect_expr_error(t, "src,map_ip(f)", 11, 1, "f:2: '10.0.0.0/33' is not an IP address or network");
	t = with(s, "( a\n");
	expect_expr_error(t, "str(a),map_reg(f)", 15, 1, "f:1: bad regular expression: missing closing parenthesis");
	expect_expr_error(t, "str(a),map(g)", 11, 1, "cannot read map file 'g'");
	t = with(s, "a 1\n");
	expect_expr_error(t, "str(a),map_str_int(f,x)", 21, 1, "'x' is not an integer");
}

static void one_file_is_one_table_for_all_its_uses(void **s)
{
	struct canned *t = with(s, "a 1\n");

	expect_expr(t, "str(a),map(f)", "1");
	expect_expr(t, "str(a),map_str(f)", "1");
	expect_expr(t, "str(a),map_str_int(f)", "1");
	assert_null(t->maps.first->next);
	assert_int_equal(t->maps.first->nhow, 1);
	assert_non_null(t->maps.first->uses->next);
	assert_null(t->maps.first->uses->next->next);
}

static void a_million_entries_are_found(void **s)
{
	enum { N = 1000000 };
	char *text = malloc(N * 32), *p = text;

	for (int i = 0; i < N; i++)
		p += sprintf(p, "host%d.example.org b%d\n", i, i % 100);
	struct canned *t = with(s, text);

	expect_expr(t, "str(host777777.example.org),map(f)", "b77");
	expect_expr(t, "str(host1000000.example.org),map(f,none)", "none");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_of_equal_keys_counts),
		TEST(the_longest_prefix_and_network_win_whatever_their_order),
		TEST(of_other_keys_the_first_listed_wins),
		TEST(integers_lie_in_ranges),
		TEST(groups_take_their_place_in_the_value),
		TEST(values_have_their_type),
		TEST(a_wrong_line_is_named),
		TEST(one_file_is_one_table_for_all_its_uses),
		TEST(a_million_entries_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
