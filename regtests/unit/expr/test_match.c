// SPDX-License-Identifier: GPL-3.0-or-later
/* The match methods, on values where they differ from each other. */
#include "expr_test.h"

#define YES(text) expect_cond(*s, text, COND_TRUE)
#define NO(text) expect_cond(*s, text, COND_FALSE)

static void text_matches_compare_the_part_they_name(void **s)
{
	YES("{ path /a/b }");            NO("{ path /a }");              NO("{ path /A/B }");
	YES("{ path -i /A/B }");         YES("{ path_beg /a }");         NO("{ path_beg a }");
	YES("{ path_end /b }");          NO("{ path_end /a }");          YES("{ path_sub a/b }");
	NO("{ path_sub /b/ }");          YES("{ path_reg ^/a/.$ }");     NO("{ path_reg ^/A }");
	YES("{ path_reg -i ^/A }");      YES("{ path_len 4 }");          NO("{ path_len gt 4 }");
	YES("{ path -m beg /a }");       YES("{ path_end -m beg /a }");  YES("{ path_beg /x /y /a }");
}

static void directories_and_domains_are_whole_words_between_delimiters(void **s)
{
	YES("{ path_dir a }");           YES("{ path_dir b }");          YES("{ path_dir a/b }");
	YES("{ path_dir /a/ }");         NO("{ path_dir c }");           NO("{ hdr_dir(host) com }");
	YES("{ hdr_dom(host) com }");    NO("{ hdr_dom(host) xample.com }");
	YES("{ hdr_dom(host) -i example.com }"); NO("{ hdr_dom(host) example.com }");
	YES("{ hdr_dom(host) 8080 }");
	YES("{ str(/static/img),lower -m dir static }");
	NO("{ str(/statics) -m dir static }");
}

static void acls_test_all_values_of_a_header(void **s)
{
	YES("{ hdr(x-l) a }");           YES("{ hdr(x-l) b }");          YES("{ hdr(x-l) d }");
	NO("{ hdr(x-l) e }");            YES("{ hdr(x-l,1) a }");        NO("{ hdr(x-l,1) b }");
	YES("{ req.fhdr(x-l) -m sub b~,c }"); NO("{ req.fhdr(x-l) b }");
	YES("{ hdr_cnt(x-l) 4 }");       YES("{ cook(k) v }");           YES("{ cook(k) v2 }");
	YES("{ hdr_ip(x-ip) 10.0.0.0/8 }");
	YES("{ hdr_ip(x-ip) 192.168.0.0/16 }");
	NO("{ hdr_ip(x-ip) 172.16.0.0/12 }");
}

static void integers_take_operators_ranges_and_decimals(void **s)
{
	YES("{ dst_port 8080 }");        YES("{ dst_port 80 8080 }");    YES("{ dst_port 8000:9000 }");
	NO("{ dst_port 8000:8079 }");    YES("{ dst_port 8080: }");      YES("{ dst_port :8080 }");
	YES("{ dst_port ge 8080 }");     NO("{ dst_port gt 8080 }");     YES("{ dst_port le 8080 }");
	NO("{ dst_port lt 8080 }");      YES("{ dst_port lt 1 gt 8079 }"); YES("{ int(-3) -m int -3 }");
	YES("{ int(196609) 3.1 }");      YES("{ int(196609) 3.0:3.2 }"); NO("{ int(2) 1 3 5:9 4 }");
	YES("{ int(6) 1 3 5:9 4 }");     YES("{ status 400:499 }");      YES("{ hdr_val(x-n) gt 41 }");
	YES("{ hdr_cnt(nope) eq 0 }");
}

static void addresses_match_networks_of_either_family(void **s)
{
	YES("{ src 192.0.2.0/24 }");     YES("{ src 192.0.2.7 }");       NO("{ src 192.0.2.8 }");
	YES("{ ip(::ffff:10.0.0.1) 10.0.0.0/8 }");  YES("{ ip(2001:db8::1) 2001:db8::/32 }");
	NO("{ ip(2001:db8::1) 10.0.0.0/8 }");
	YES("{ ip(10.0.0.12) 10.12/8 }");
	YES("{ str(10.1.2.3) -m ip 10.0.0.0/8 }");
	YES("{ src 1.1.1.1 2.2.2.2 3.3.3.3 4.4.4.4 5.5.5.5 192.0.0.0/16 }");
	NO("{ src 1.1.1.1 2.2.2.2 3.3.3.3 4.4.4.4 5.5.5.5 192.1.0.0/16 }");
}

static void presence_and_truth_need_no_pattern(void **s)
{
	YES("{ hdr(x-n) -m found }");    NO("{ hdr(nope) -m found }");   YES("{ always_true }");
	NO("{ always_false }");          YES("{ int(2) -m bool }");      NO("{ int(0) -m bool }");
	YES("{ cook(s) -m found }");     YES("{ method GET }");          NO("{ method POST }");
	YES("{ method -m str GET }");    YES("{ meth(PURGE) PURGE }");   NO("{ meth(PURGE) BAN }");
	NO("{ hdr(x-n) }");              YES("{ bin(410042) -m bin 410042 }"); YES("{ bin(410042) -m len 3 }");
}

static void large_sets_give_the_answers_of_small_ones(void **s)
{
	YES("{ path /1 /2 /3 /4 /5 /a/b }");            NO("{ path /1 /2 /3 /4 /5 /a }");
	YES("{ path -i /1 /2 /3 /4 /5 /A/B }");         YES("{ path_beg /1 /2 /3 /4 /5 /a/ }");
	NO("{ path_beg /1 /2 /3 /4 /5 /A/ }");          YES("{ path_beg -i /1 /2 /3 /4 /5 /A/ }");
	YES("{ path_end 1 2 3 4 5 /b }");               NO("{ path_end 1 2 3 4 5 /B }");
}

static bool two_files(void *ctx, struct str name, struct str *text)
{
	(void)ctx;
	if (str_eq(name, STR("exact.lst")))
		*text = STR("# comment\n/nope\n\n  /one\r\n");
	else if (str_eq(name, STR("map.lst")))
		*text = STR("/a/b backend1\n/c backend2");
	else if (str_eq(name, STR("bad.lst")))
		*text = STR("10.0.0.1\nbogus\n");
	else
		return false;
	return true;
}

static void patterns_come_from_files_too(void **s)
{
	struct canned *t = *s;

	t->env.read_file = two_files;
	t->req.target = STR("/one");
	YES("{ path -f exact.lst }");
	t->req.target = STR("/ONE");
	NO("{ path -f exact.lst -i /x }");
	YES("{ path -i -f exact.lst }");
	YES("{ path -f exact.lst -i -- /one }");
	t->req.target = STR("/a/b");
	YES("{ path -M -f map.lst }");
	NO("{ path -f map.lst }");
	expect_cond_error(t, "{ src -f none }", 3, "cannot read pattern file 'none'", "");
	expect_cond_error(t, "{ src -f bad.lst }", 3, "bad.lst:2: 'bogus' is not an IP address or network", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(text_matches_compare_the_part_they_name),
		TEST(directories_and_domains_are_whole_words_between_delimiters),
		TEST(acls_test_all_values_of_a_header),
		TEST(integers_take_operators_ranges_and_decimals),
		TEST(addresses_match_networks_of_either_family),
		TEST(presence_and_truth_need_no_pattern),
		TEST(large_sets_give_the_answers_of_small_ones),
		TEST(patterns_come_from_files_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
