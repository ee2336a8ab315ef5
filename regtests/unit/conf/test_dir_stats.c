// SPDX-License-Identifier: GPL-3.0-or-later
/* The statistics page in the configuration: each word reaches its field, sections inherit or begin anew. Mistakes: golden sem_27. */
#include "sema_test.h"

#define DEFAULTS "global\n node n1\n description edge\ndefaults\n mode http\n" TIMES
#define FE "frontend f\n bind :80\n"

static const struct rt_stats *page(struct compiled *c, const char *conf) { return px(compile_ok(c, conf), "f")->stats; }

static void words_reach_their_fields(void **st)
{
	struct compiled c;
	const struct rt_stats *p = page(&c, DEFAULTS FE " stats uri /s\n stats auth joe:pw\n stats auth a:b\n stats realm My\\ place\n stats refresh 1m\n"
						     " stats hide-version\n stats show-legends\n stats scope .\n stats scope x\n");

	(void)st;
	assert_true(str_eq(p->uri, STR("/s")));
	assert_true(str_eq(p->realm, STR("My place")));
	assert_int_equal(p->nauth, 2);
	assert_true(str_eq(p->auth[0], STR("am9lOnB3")));
	assert_int_equal(p->refresh, 60);
	assert_true(p->hide_version && p->legends);
	assert_int_equal(p->nscope, 2);
	assert_int_equal(p->node.n + p->desc.n, 0);
	compiled_close(&c);
}

static void one_word_is_enough_and_the_rest_is_as_in_haproxy(void **st)
{
	struct compiled c;
	const struct rt_stats *p = page(&c, DEFAULTS FE " stats enable\n");

	(void)st;
	assert_true(str_eq(p->uri, STR("/haproxy?stats")));
	assert_int_equal(p->nadmin + p->nrules + p->nauth + p->refresh, 0);
	compiled_close(&c);
	assert_null(page(&c, DEFAULTS FE));
	compiled_close(&c);
}

static void names_that_are_not_given_are_the_global_ones(void **st)
{
	struct compiled c;
	const struct rt_stats *p = page(&c, DEFAULTS FE " stats show-node\n stats show-desc\n");

	(void)st;
	assert_true(str_eq(p->node, STR("n1")) && str_eq(p->desc, STR("edge")));
	compiled_close(&c);
	p = page(&c, DEFAULTS FE " stats show-node here\n stats show-desc the \"other one\"\n");
	assert_true(str_eq(p->node, STR("here")) && str_eq(p->desc, STR("the other one")));
	compiled_close(&c);
}

static void a_section_inherits_the_page_as_a_whole_or_begins_anew(void **st)
{
	struct compiled c;
	const struct rt_stats *p = page(&c, DEFAULTS " stats uri /d\n stats auth a:b\n stats show-node\n" FE);

	(void)st;
	assert_true(str_eq(p->uri, STR("/d")) && p->nauth == 1 && str_eq(p->node, STR("n1")));
	compiled_close(&c);
	p = page(&c, DEFAULTS " stats uri /d\n stats auth a:b\n" FE " stats enable\n");
	assert_true(str_eq(p->uri, STR("/haproxy?stats")) && p->nauth == 0);
	compiled_close(&c);
}

static void conditions_may_use_acls_of_the_section(void **st)
{
	struct compiled c;
	const struct rt_stats *p = page(&c, DEFAULTS FE " stats admin if LOCALHOST\n stats admin unless inside\n stats http-request auth realm R if !inside\n"
						     " stats http-request allow\n acl inside src 10.0.0.0/8\n");

	(void)st;
	assert_int_equal(p->nadmin, 2);
	assert_true(p->admin[0] && p->admin[1]);
	assert_int_equal(p->nrules, 2);
	assert_true(p->rules[0].what == STATS_AUTH && p->rules[0].cond && str_eq(p->rules[0].realm, STR("R")));
	assert_true(p->rules[1].what == STATS_ALLOW && !p->rules[1].cond);
	compiled_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_reach_their_fields), cmocka_unit_test(one_word_is_enough_and_the_rest_is_as_in_haproxy),
		cmocka_unit_test(names_that_are_not_given_are_the_global_ones),
		cmocka_unit_test(a_section_inherits_the_page_as_a_whole_or_begins_anew), cmocka_unit_test(conditions_may_use_acls_of_the_section),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
