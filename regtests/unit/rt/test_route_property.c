// SPDX-License-Identifier: GPL-3.0-or-later
/* Compiled routing equals the linear scan: random rule sets of few words, so that prefixes nest, keys repeat and
 * rules overlap, against random requests made of the same words. */
#include "../expr/canned.h"
#include <sluice/rt/route.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>

enum { SETS = 100000, REQUESTS = 3, MAX_RULES = 6 };

static uint64_t state_word = 88172645463325252ull;

static unsigned pick(unsigned n)
{
	state_word ^= state_word << 13;
	state_word ^= state_word >> 7;
	state_word ^= state_word << 17;
	return (unsigned)(state_word >> 33) % n;
}

static const char *one_of(const char *const *w, unsigned n)
{
	return w[pick(n)];
}
#define ONE_OF(arr) one_of(arr, ARRAY_LEN(arr))

static const char *const paths[] = { "/",   "/a", "/a/",    "/a/b",	"/a/b/c", "/A/b",
				     "/ab", "/b", "/b.png", "/a/b.PNG", "/api/v1" };
static const char *const ends[] = { "b", ".png", ".PNG", "/", "c", "a", "v1" };
static const char *const hosts[] = { "a.com", "b.a.com", "A.com", "x.b.a.com", "c.org", "a.com:80" };
static const char *const values[] = { "x", "y", "z", "x, y", "z,x,y", "" };
static const char *const ips[] = { "10.0.0.1", "10.0.1.1",    "10.1.0.1",	"192.168.0.1",
				   "::1",      "2001:db8::1", "::ffff:10.0.0.1" };
static const char *const nets[] = { "10.0.0.0/8",    "10.0.0.0/24", "10.0.0.1", "192.168.0.0/16",
				    "2001:db8::/32", "::1",	    "0.0.0.0/0" };
static const char *const other[] = { "{ path_sub a }",	    "{ method GET }",	      "{ hdr_cnt(x) gt 1 }",
				     "{ url_param(k) 1 }",  "{ path_len 4 }",	      "rx",
				     "{ hdr(x) -m found }", "{ req.hdr(x) -m len 0 }" };

static void add_values(char *out, const char *const *w, unsigned n)
{
	for (unsigned i = 0, k = 1 + (pick(4) ? pick(2) : pick(8)); i < k; i++) {
		strcat(out, " ");
		strcat(out, w[pick(n)]);
	}
	strcat(out, " }");
}
#define ADD_VALUES(out, arr) add_values(out, arr, ARRAY_LEN(arr))

static void add_term(char *out)
{
	const char *icase = pick(3) ? "" : " -i";

	if (!pick(6))
		strcat(out, "!");
	switch (pick(11)) {
	case 0: strcat(strcat(out, "{ path"), icase); ADD_VALUES(out, paths); break;
	case 1:
	case 2: strcat(strcat(out, "{ path_beg"), icase); ADD_VALUES(out, paths); break;
	case 3: strcat(strcat(out, "{ path_end"), icase); ADD_VALUES(out, ends); break;
	case 4: strcat(strcat(out, "{ hdr(host)"), icase); ADD_VALUES(out, hosts); break;
	case 5: strcat(strcat(out, "{ hdr_end(host)"), icase); ADD_VALUES(out, hosts); break;
	case 6: strcat(strcat(out, pick(2) ? "{ hdr(x)" : "{ hdr_beg(x)"), icase); add_values(out, values, 3); break;
	case 9: strcat(strcat(out, pick(2) ? "{ var(txn.k) -m str" : "{ var(txn.k) -m beg"), icase); add_values(out, values, 3); break;
	case 7: strcat(out, "{ src"); ADD_VALUES(out, nets); break;
	case 8:
		strcat(strcat(out, pick(2) ? "{ base_beg" : "{ path,lower -m beg"), icase);
		ADD_VALUES(out, paths);
		break;
	default: strcat(out, ONE_OF(other)); break;
	}
	strcat(out, " ");
}

static struct cond *random_cond(struct canned *t, const struct acl_set *acls)
{
	char text[2048] = "";
	struct str words[256], rest;
	struct xerr err;
	int n = 0;

	if (!pick(20))
		return NULL;
	for (unsigned i = 0, k = pick(4) ? 1 : 2; i < k; i++) {
		if (i)
			strcat(text, "or ");
		for (unsigned j = 0, m = 1 + pick(3); j < m; j++)
			add_term(text);
	}
	rest = str_c(text);
	while (rest.p) {
		struct str w = str_split(&rest, ' ');

		if (w.n)
			words[n++] = w;
	}
	struct cond *c = cond_compile(&t->env, acls, words, n, !pick(8), &err);

	if (!c)
		fail_msg("%s: %s", text, err.msg);
	return c;
}

static void random_variable(struct canned *t)
{
	struct smp v = { .type = SMP_STR, .s = str_c(ONE_OF(values)) };
	struct var_ref ref;
	struct xerr err;

	ASSERT(var_resolve(t->env.vars, STR("txn.k"), &ref, &err));
	if (pick(5))
		(void)var_set(&t->ctx, ref, &v, 0);
	else
		var_unset(&t->ctx, ref);
}

static void random_request(struct canned *t)
{
	static const char *const queries[] = { "/a?k=1", "/a/b/c?k=2", "*", "/b.png?k=1&k=2" };
	static const char *const methods[] = { "GET", "POST" };

	t->req.nhdr = 0;
	t->req.target = str_c(pick(4) ? ONE_OF(paths) : ONE_OF(queries));
	t->req.method_s = str_c(ONE_OF(methods));
	t->req.method = (uint8_t)http_method_id(t->req.method_s);
	if (pick(8))
		canned_hdr(&t->req, "Host", ONE_OF(hosts));
	for (unsigned i = pick(3); i; i--)
		canned_hdr(&t->req, "X", ONE_OF(values));
	random_variable(t);
	ASSERT(addr_parse_ip(&t->src, str_c(ONE_OF(ips))));
	t->ctx.src = pick(10) ? &t->src : NULL;
	t->ctx.req = pick(50) ? &t->req : NULL;
}

static void compare(struct canned *t, const struct route *r, unsigned n)
{
	for (unsigned i = 0; i < REQUESTS; i++) {
		unsigned from = pick(4) ? 0 : pick(n + 1);

		random_request(t);
		int want = route_first_linear(r, &t->ctx, from), got = route_first(r, &t->ctx, from);

		if (got != want) {
			struct sbuf b = { 0 };

			route_print(r, &b);
			fail_msg("rule %d instead of %d from %u for " STR_FMT "\n%s", got, want, from,
				 STR_ARG(t->req.target), sbuf_cstr(&b));
		}
		arena_reset(&t->tmp);
	}
}

static void compiled_routing_finds_what_the_linear_scan_finds(void **state)
{
	struct canned t;
	struct arena shared;
	struct xerr err;
	struct str rx[] = { STR("path_reg"), STR("^/a.*c$") };

	(void)state;
	canned_init(&t);
	arena_init(&shared, 0);
	struct acl_set *parent = acl_set_new(&shared, NULL);
	struct expr_env env = t.env;

	env.arena = &shared;
	env.vars = t.env.vars = var_table_new(&shared);
	vars_process_init(env.vars, &t.vars[VAR_PROC]);
	assert_true(acl_add(parent, &env, STR("rx"), rx, 2, &err));
	for (unsigned set = 0; set < SETS; set++) {
		struct cond *conds[MAX_RULES];
		unsigned n = 1 + pick(MAX_RULES);

		arena_reset(&t.mem);
		struct acl_set *acls = acl_set_new(&t.mem, parent);

		for (unsigned i = 0; i < n; i++)
			conds[i] = random_cond(&t, acls);
		compare(&t, route_compile(&t.mem, conds, n), n);
	}
	arena_free(&shared);
	canned_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compiled_routing_finds_what_the_linear_scan_finds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
