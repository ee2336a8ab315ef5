// SPDX-License-Identifier: GPL-3.0-or-later
/* For the tests of stage 2: compile a text and look at the tables. Host names are not looked up. */
#ifndef SEMA_TEST_H
#define SEMA_TEST_H

#include <sluice/lb/lb.h>
#include "conf_test.h"

struct compiled {
	struct parsed p;
	struct rt *rt;
};

static void compile(struct compiled *c, const char *text)
{
	struct conf_opts o = { .no_lookup = true };

	parsed_open(&c->p);
	c->rt = NULL;
	if (conf_parse_text(&c->p.src, &c->p.d, "t.cfg", str_c(text)))
		c->rt = conf_compile(&c->p.src, &c->p.d, &o);
	parsed_write(&c->p);
}

static void compiled_close(struct compiled *c)
{
	if (c->rt)
		rt_free(c->rt);
	parsed_close(&c->p);
}

/* Compiles without an error, warnings allowed. */
UNUSED static struct rt *compile_ok(struct compiled *c, const char *text)
{
	compile(c, text);
	if (!c->rt)
		print_error("%s", c->p.diags);
	assert_non_null(c->rt);
	return c->rt;
}

/* Is refused, and says so at line:col with these words. */
UNUSED static void expect_error(const char *text, const char *at, const char *words)
{
	struct compiled c;
	char want[64];

	compile(&c, text);
	assert_null(c.rt);
	snprintf(want, sizeof(want), "t.cfg:%s: error:", at);
	if (!strstr(c.p.diags, want) || !strstr(c.p.diags, words))
		print_error("%s", c.p.diags);
	assert_non_null(strstr(c.p.diags, want));
	assert_non_null(strstr(c.p.diags, words));
	compiled_close(&c);
}

UNUSED static void expect_warning(const char *text, const char *words)
{
	struct compiled c;

	compile_ok(&c, text);
	if (!strstr(c.p.diags, words))
		print_error("%s", c.p.diags);
	assert_non_null(strstr(c.p.diags, words));
	compiled_close(&c);
}

UNUSED static const struct rt_proxy *px(const struct rt *rt, const char *name)
{
	for (uint32_t i = 0; i < rt->npx; i++)
		if (str_eq(rt->px[i].name, str_c(name)))
			return &rt->px[i];
	fail_msg("no proxy %s", name);
	return NULL;
}

#define STR_IS(s, lit) assert_true(str_eq((s), STR(lit)))
#define TIMES "timeout connect 1s\n timeout client 2s\n timeout server 3s\n"

#endif
