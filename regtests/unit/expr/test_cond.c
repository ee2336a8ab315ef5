// SPDX-License-Identifier: GPL-3.0-or-later
/* Conditions: how ACLs combine, when they are undecided, and what is said about wrong ones. */
#include "expr_test.h"

static void terms_are_anded_and_or_separates_conjunctions(void **s)
{
	expect_cond(*s, "TRUE", COND_TRUE);
	expect_cond(*s, "FALSE", COND_FALSE);
	expect_cond(*s, "TRUE FALSE", COND_FALSE);
	expect_cond(*s, "TRUE FALSE or TRUE", COND_TRUE);
	expect_cond(*s, "FALSE || TRUE FALSE", COND_FALSE);
	expect_cond(*s, "!FALSE", COND_TRUE);
	expect_cond(*s, "! FALSE !{ path /x }", COND_TRUE);
	expect_cond(*s, "!!TRUE", COND_TRUE);
	expect_cond(*s, "! { path /a/b }", COND_FALSE);
}

static void predefined_acls_mean_what_haproxy_says(void **s)
{
	struct canned *t = *s;

	expect_cond(t, "METH_GET HTTP_1.1 HTTP_URL_SLASH HTTP", COND_TRUE);
	expect_cond(t, "HTTP_URL_ABS or HTTP_URL_STAR or METH_POST or HTTP_1.0 or LOCALHOST or HTTP_CONTENT",
		    COND_FALSE);
	t->req.method = HTTP_HEAD, t->req.method_s = STR("HEAD");
	expect_cond(t, "METH_GET METH_HEAD", COND_TRUE);
	assert_true(addr_parse_ip(&t->src, STR("127.5.0.1")));
	expect_cond(t, "LOCALHOST WAIT_END REQ_CONTENT", COND_TRUE);
}

static void unless_turns_the_result_around(void **s)
{
	struct canned *t = *s;
	struct str words[] = { STR("TRUE") };
	struct xerr err;
	struct cond *c = cond_compile(&t->env, acl_set_new(&t->mem, NULL), words, 1, true, &err);

	assert_int_equal(cond_eval(c, &t->ctx), COND_FALSE);
}

static void add_acl(struct canned *t, struct acl_set *set, const char *name, const char *text)
{
	struct str words[32];
	struct xerr err;
	int n = split_words(t, text, words);

	if (!acl_add(set, &t->env, str_c(name), words, n, &err))
		fail_msg("%s: %s", text, err.msg);
}

static void count_name(void *ctx, struct str name)
{
	(void)name;
	++*(unsigned *)ctx;
}

static void lines_of_one_name_are_ored_and_parents_are_seen(void **s)
{
	struct canned *t = *s;
	struct acl_set *parent = acl_set_new(&t->mem, NULL), *set = acl_set_new(&t->mem, parent);
	unsigned unused = 0;

	add_acl(t, set, "static", "path_beg /img");
	assert_int_equal(eval_cond(t, set, "static"), COND_FALSE);
	add_acl(t, set, "static", "path_end b");
	assert_int_equal(eval_cond(t, set, "static"), COND_TRUE);
	add_acl(t, parent, "inherited", "src 192.0.2.0/24");
	assert_int_equal(eval_cond(t, set, "inherited"), COND_TRUE);
	assert_true(acl_known(set, STR("inherited")) && acl_known(set, STR("METH_GET")) &&
		    !acl_known(parent, STR("static")));
	add_acl(t, set, "never", "always_false");
	acl_each_unused(set, count_name, &unused);
	assert_int_equal(unused, 1);
	/* a name of the section hides a predefined one */
	add_acl(t, set, "TRUE", "always_false");
	assert_int_equal(eval_cond(t, set, "TRUE"), COND_FALSE);
}

static void incomplete_input_leaves_a_condition_undecided(void **s)
{
	struct canned *t = *s;

	t->ctx.final = false;
	t->ctx.req = NULL;
	t->ctx.l6_req = STR("GE");
	expect_cond(t, "WAIT_END", COND_WAIT);
	expect_cond(t, "!WAIT_END", COND_WAIT);
	expect_cond(t, "{ req.len gt 10 }", COND_WAIT);
	expect_cond(t, "{ req.len gt 1 }", COND_TRUE);
	expect_cond(t, "{ req.payload(0,4) -m str GETX }", COND_WAIT);
	expect_cond(t, "{ req.payload(0,2) -m str XX }", COND_FALSE);
	expect_cond(t, "HTTP", COND_WAIT);
	expect_cond(t, "{ path /a }", COND_WAIT);
	expect_cond(t, "WAIT_END FALSE", COND_FALSE);
	expect_cond(t, "WAIT_END or TRUE", COND_TRUE);
	t->ctx.l6_req = STR("\x16\x03\x01");
	expect_cond(t, "HTTP", COND_FALSE);
	t->ctx.final = true;
	expect_cond(t, "WAIT_END", COND_TRUE);
	expect_cond(t, "{ req.len gt 10 }", COND_FALSE);
	expect_cond(t, "{ path /a }", COND_FALSE);
}

static void errors_name_the_word_they_mean(void **s)
{
	expect_cond_error(*s, "METH_GTE", 0, "unknown ACL 'METH_GTE'", "METH_GET");
	expect_cond_error(*s, "TRUE or", 1, "a condition is missing here", "");
	expect_cond_error(*s, "or TRUE", 0, "a condition is missing here", "");
	expect_cond_error(*s, "TRUE !", 1, "an ACL is missing behind '!'", "");
	expect_cond_error(*s, "{ path /a", 0, "missing '}' behind this '{'", "");
	expect_cond_error(*s, "{ }", 0, "empty braces: an ACL needs a fetch", "");
	expect_cond_error(*s, "TRUE { paht /a }", 2, "unknown fetch 'paht'", "path");
	expect_cond_error(*s, "{ path -x /a }", 2, "unknown flag '-x' (known: -i -f -m -M -n -u, -- ends them)", "");
	expect_cond_error(*s, "{ path -m bge /a }", 3, "unknown match method 'bge'", "beg");
	expect_cond_error(*s, "{ src 1.2.3.4/33 }", 2, "'1.2.3.4/33' is not an IP address or network", "");
	expect_cond_error(*s, "{ dst_port 80 x }", 3, "'x' is not an integer or a range", "");
	expect_cond_error(*s, "{ dst_port 9:1 }", 2, "'9:1' is not a range: its first number is the larger one", "");
	expect_cond_error(*s, "{ dst_port gt }", 2, "'gt' needs an integer", "");
	expect_cond_error(*s, "{ req.payload(0,1) x }", 1,
			  "a binary sample needs a match method: -m bin, -m sub, -m found, …", "");
	expect_cond_error(*s, "{ method -m ip 1.2.3.4 }", 1, "'ip' cannot match a method", "");
}

static void acls_are_judged_where_they_are_used(void **s)
{
	struct canned *t = *s;

	t->env.avail = NEED_CLIENT;
	expect_cond(t, "{ src 192.0.2.7 }", COND_TRUE);
	expect_cond_error(t, "{ path /a }", 1, "'path' needs the HTTP request, which does not exist here", "");
	expect_cond_error(t, "TRUE METH_GET", 1, "ACL 'METH_GET' needs the HTTP request, which does not exist here",
			  "");
}

static void printed_conditions_compile_again(void **s)
{
	struct canned *t = *s;
	struct str words[64];
	struct xerr err;
	struct sbuf b = { 0 };
	int n = split_words(t, "METH_GET !{ path_beg -i /a~b /c } or { dst_port ge 80 }", words);
	struct cond *c = cond_compile(&t->env, acl_set_new(&t->mem, NULL), words, n, false, &err);

	assert_non_null(c);
	cond_print(c, &b);
	assert_string_equal(sbuf_cstr(&b), "if METH_GET !{ path -m beg -i \"/a b\" /c } or { dst_port -m int 80: }");
	assert_int_equal(cond_needs(c), NEED_CLIENT | NEED_REQ_HEAD);
	sbuf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(terms_are_anded_and_or_separates_conjunctions),
		TEST(predefined_acls_mean_what_haproxy_says),
		TEST(unless_turns_the_result_around),
		TEST(lines_of_one_name_are_ored_and_parents_are_seen),
		TEST(incomplete_input_leaves_a_condition_undecided),
		TEST(errors_name_the_word_they_mean),
		TEST(acls_are_judged_where_they_are_used),
		TEST(printed_conditions_compile_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
