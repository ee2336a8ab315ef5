// SPDX-License-Identifier: GPL-3.0-or-later
/* Headers and cookies: which occurrence, what counts as a value, what is passed over. */
#include "expr_test.h"

static void occurrences_count_from_either_end(void **s)
{
	expect_expr(*s, "req.hdr(x-l)", "d");
	expect_expr(*s, "req.hdr(x-l,2)", "b");
	expect_expr(*s, "req.hdr(x-l,-2)", "c");
	expect_expr(*s, "req.hdr(x-l,-5)", NULL);
	expect_expr(*s, "req.hdr(x-l,5)", NULL);
	expect_expr(*s, "req.fhdr(x-l)", "d");
	expect_expr(*s, "req.fhdr(x-l,-2)", "a, b ,c");
	expect_expr(*s, "req.hdr(nope)", NULL);
}

static void commas_in_quotes_do_not_split_and_empty_values_count(void **s)
{
	struct canned *t = *s;

	canned_hdr(&t->req, "X-Q", "\"a,b\", \"c\\\",d\",");
	canned_hdr(&t->req, "X-E", "");
	expect_expr(t, "req.hdr(x-q,1)", "\"a,b\"");
	expect_expr(t, "req.hdr(x-q,2)", "\"c\\\",d\"");
	expect_expr(t, "req.hdr_cnt(x-q)", "3");
	expect_expr(t, "req.hdr(x-e)", "");
	expect_expr(t, "req.hdr_cnt(x-e)", "1");
	expect_cond(t, "{ hdr(x-e) -m found }", COND_TRUE);
}

static void removed_headers_are_not_seen(void **s)
{
	struct canned *t = *s;

	msg_del(&t->req, STR("X-L"));
	expect_expr(t, "req.hdr(x-l)", NULL);
	expect_expr(t, "req.hdr_names", "host,cookie,x-ip,x-n,authorization,x-token");
	expect_expr(t, "req.hdr_cnt", "7");
}

static void addresses_may_carry_ports_and_brackets(void **s)
{
	struct canned *t = *s;

	canned_hdr(&t->req, "X-A", "unknown, 1.2.3.4:80, [2001:db8::1]:443, ::1");
	expect_expr(t, "req.hdr_ip(x-a,1)", NULL);
	expect_expr(t, "req.hdr_ip(x-a,2)", "1.2.3.4");
	expect_expr(t, "req.hdr_ip(x-a,3)", "2001:db8::1");
	expect_expr(t, "req.hdr_ip(x-a)", "::1");
	/* one that is no address does not hide the others */
	expect_cond(t, "{ req.hdr_ip(x-a) 1.2.3.4 }", COND_TRUE);
}

static void cookies_are_pairs_of_all_lines(void **s)
{
	struct canned *t = *s;

	canned_hdr(&t->req, "Cookie", "novalue; k=v3;; =x");
	expect_expr(t, "req.cook(k)", "v3");
	expect_expr(t, "req.cook_cnt(k)", "3");
	expect_expr(t, "req.cook(novalue)", NULL);
	expect_expr(t, "req.cook(K)", NULL);
	expect_expr(t, "res.cook(Path)", NULL);
	expect_cond(t, "{ cook(k) v }", COND_TRUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(occurrences_count_from_either_end),
		TEST(commas_in_quotes_do_not_split_and_empty_values_count),
		TEST(removed_headers_are_not_seen),
		TEST(addresses_may_carry_ports_and_brackets),
		TEST(cookies_are_pairs_of_all_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
