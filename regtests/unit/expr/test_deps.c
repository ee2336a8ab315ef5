// SPDX-License-Identifier: GPL-3.0-or-later
/* What expressions depend on: never less than what they read. */
#include "expr_test.h"

#include <sluice/expr/deps.h>

static uint64_t deps(struct canned *t, const char *text)
{
	struct xerr err;
	struct expr *e = expr_compile(&t->env, str_c(text), &err);

	if (!e)
		fail_msg("%s: %s", text, err.msg);
	return expr_deps(e);
}

static struct var_ref var(struct canned *t, const char *name)
{
	struct var_ref ref;
	struct xerr err;

	assert_true(var_resolve(t->env.vars, str_c(name), &ref, &err));
	return ref;
}

static void fetches_depend_on_the_class_they_read(void **s)
{
	struct canned *t = *s;

	assert_int_equal(deps(t, "path"), DEP_URI);
	assert_int_equal(deps(t, "urlp(x),lower"), DEP_URI);
	assert_int_equal(deps(t, "method"), DEP_METHOD);
	assert_int_equal(deps(t, "src"), DEP_SRC);
	assert_int_equal(deps(t, "dst_port"), DEP_DST);
	assert_int_equal(deps(t, "status"), DEP_STATUS);
	assert_int_equal(deps(t, "ssl_fc_sni"), DEP_NONE);
	assert_int_equal(deps(t, "base"), DEP_URI | DEP_HDR);
}

static void a_header_depends_on_its_name_whatever_the_case(void **s)
{
	struct canned *t = *s;

	assert_int_equal(deps(t, "hdr(Host)"), dep_hdr(STR("host")));
	assert_int_equal(deps(t, "req.hdr_cnt(x-l)"), dep_hdr(STR("X-L")));
	assert_int_not_equal(dep_hdr(STR("host")), dep_hdr(STR("cookie")));
	assert_int_equal(deps(t, "req.hdrs"), DEP_HDR);
	assert_int_equal(deps(t, "hdr_cnt()"), DEP_HDR);
	assert_int_equal(deps(t, "cook(k)"), DEP_HDR);
}

static void variables_count_wherever_they_stand(void **s)
{
	struct canned *t = *s;

	assert_int_equal(deps(t, "var(txn.v)"), dep_var(var(t, "txn.v")));
	assert_int_equal(deps(t, "int(1),add(txn.v)"), dep_var(var(t, "txn.v")));
	assert_int_equal(deps(t, "path,strcmp(req.w)"), DEP_URI | dep_var(var(t, "req.w")));
}

static void what_is_not_known_depends_on_everything(void **s)
{
	assert_int_equal(deps(*s, "http_auth_user"), DEP_ALL);
}

static void a_condition_depends_on_all_of_its_tests(void **s)
{
	struct canned *t = *s;

	assert_int_equal(cond_deps(NULL), DEP_NONE);
	assert_int_equal(cond_deps(compiled_cond(t, "{ path /a } !{ src 10.0.0.1 } or { method GET }", false)), DEP_URI | DEP_SRC | DEP_METHOD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(fetches_depend_on_the_class_they_read),
		TEST(a_header_depends_on_its_name_whatever_the_case),
		TEST(variables_count_wherever_they_stand),
		TEST(what_is_not_known_depends_on_everything),
		TEST(a_condition_depends_on_all_of_its_tests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
