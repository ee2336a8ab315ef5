// SPDX-License-Identifier: GPL-3.0-or-later
/* Random rule lists and requests, made of few words so that prefixes nest, keys repeat and rules overlap; and the comparison of the compiled
 * walk with the plain one, rule by rule, with rewrites in between, both of them with and without a memo. Choices come from a generator of numbers or from the bytes of a fuzzer. */
#ifndef TEST_RT_RULES_GEN_H
#define TEST_RT_RULES_GEN_H

#include <stdio.h>
#include <stdlib.h>

#include "../expr/canned.h"
#include <sluice/expr/memo.h>
#include <sluice/rt/route.h>

enum { GEN_RULES = 14 };

static struct { uint64_t word; const uint8_t *at, *end; } gen = { .word = 88172645463325252ull };

/* Bytes of a fuzzer that are used up choose the first of everything. */
static unsigned pick(unsigned n)
{
	if (gen.end)
		return gen.at < gen.end ? *gen.at++ % n : 0;
	gen.word ^= gen.word << 13;
	gen.word ^= gen.word >> 7;
	gen.word ^= gen.word << 17;
	return (unsigned)(gen.word >> 33) % n;
}

static const char *one_of(const char *const *w, unsigned n) { return w[pick(n)]; }
#define ONE_OF(arr) one_of(arr, ARRAY_LEN(arr))

static const char *const paths[] = { "/", "/a", "/a/", "/a/b", "/a/b/c", "/A/b", "/ab", "/b", "/b.png", "/a/b.PNG", "/api/v1" };
static const char *const ends[] = { "b", ".png", ".PNG", "/", "c", "a", "v1" };
static const char *const parts[] = { "b", "a/b", "/", "pi/v", "png", "A", "com" };
static const char *const hosts[] = { "a.com", "b.a.com", "A.com", "x.b.a.com", "c.org", "a.com:80" };
static const char *const values[] = { "x", "y", "z", "x, y", "z,x,y", "", "12", "1, 7" };
static const char *const ips[] = { "10.0.0.1", "10.0.1.1", "10.1.0.1", "192.168.0.1", "::1", "2001:db8::1", "::ffff:10.0.0.1" };
static const char *const nets[] = { "10.0.0.0/8", "10.0.0.0/24", "10.0.0.1", "192.168.0.0/16", "2001:db8::/32", "::1", "0.0.0.0/0" };
static const char *const ranges[] = { "1", "2", "4", "0:3", "2:5", "4:", ":1", "7:12" };
static const char *const methods[] = { "GET", "POST", "PUT", "BREW", "TEA" };
static const char *const regs[] = { "^/a.*c$", "b+[.]png", "(a|b)/c", "v[0-9]", "^/api/v1", "^/a/(b|c)$", "x?", "\\.(png|gif)$", "[ab]$", "a{1,2}/|/b", "(?i)PNG",
				    "^/a(/b)?/c", "\\bpi\\b", "a\\.com|c\\.org", "/(a|ab|)$", "z|y|12", "\\x61", "(?=/a)." };
static const char *const other[] = { "{ always_true }", "rx", "big", "{ hdr(x) -m found }", "{ req.hdr(y) -m found }", "{ nbsrv gt 0 }", "{ rand(1) 0 }",
				     "{ path,set-var(txn.k) -m sub png }", "{ always_false }", "many", "{ hdr(x),lower,word(1,y) -m found }",
				     "{ path,concat(:,txn.k) -m end :x :y }" };

static void add_values(char *out, const char *const *w, unsigned n)
{
	for (unsigned i = 0, k = 1 + (pick(4) ? pick(2) : pick(8)); i < k; i++) {
		strcat(out, " ");
		strcat(out, w[pick(n)]);
	}
	strcat(out, " }");
}
#define ADD_VALUES(out, arr) add_values(out, arr, ARRAY_LEN(arr))

static const char *text_fetch(void)
{
	static const char *const w[] = { "path", "hdr(host)", "base", "var(txn.k)", "hdr(x)", "url", "path,lower" };

	return ONE_OF(w);
}

static void add_text_test(char *out, const char *icase)
{
	strcat(strcat(out, "{ "), text_fetch());
	switch (pick(8)) {
	case 0: strcat(strcat(out, " -m sub"), icase); ADD_VALUES(out, parts); break;
	case 1: strcat(strcat(out, " -m dir"), icase); ADD_VALUES(out, parts); break;
	case 2: strcat(strcat(out, " -m dom"), icase); ADD_VALUES(out, hosts); break;
	case 3:
	case 4: strcat(strcat(out, " -m reg"), icase); ADD_VALUES(out, regs); break;
	case 5: strcat(out, " -m len"); ADD_VALUES(out, ranges); break;
	case 6: strcat(strcat(out, " -m beg"), icase); ADD_VALUES(out, paths); break;
	default: strcat(strcat(out, " -m end"), icase); ADD_VALUES(out, ends); break;
	}
}

static void add_number_test(char *out)
{
	static const char *const w[] = { "{ hdr_cnt(x)", "{ path_len", "{ url_param(k) -m int", "{ hdr_val(x)", "{ status" };

	strcat(out, ONE_OF(w));
	ADD_VALUES(out, ranges);
}

static void add_term(char *out)
{
	const char *icase = pick(3) ? "" : " -i";

	if (!pick(6))
		strcat(out, "!");
	switch (pick(15)) {
	case 0: strcat(strcat(out, "{ path"), icase); ADD_VALUES(out, paths); break;
	case 1:
	case 2: strcat(strcat(out, "{ path_beg"), icase); ADD_VALUES(out, paths); break;
	case 3: strcat(strcat(out, "{ path_end"), icase); ADD_VALUES(out, ends); break;
	case 4: strcat(strcat(out, "{ hdr(host)"), icase); ADD_VALUES(out, hosts); break;
	case 5: strcat(strcat(out, "{ hdr_end(host)"), icase); ADD_VALUES(out, hosts); break;
	case 6: strcat(strcat(out, pick(2) ? "{ hdr(x)" : "{ hdr_beg(x)"), icase); add_values(out, values, 3); break;
	case 9: strcat(strcat(out, pick(2) ? "{ var(txn.k) -m str" : "{ var(txn.k) -m beg"), icase); add_values(out, values, 3); break;
	case 7: strcat(out, "{ src"); ADD_VALUES(out, nets); break;
	case 8: strcat(strcat(out, pick(2) ? "{ base_beg" : "{ path,lower -m beg"), icase); ADD_VALUES(out, paths); break;
	case 10:
	case 11: add_text_test(out, icase); break;
	case 12: add_number_test(out); break;
	case 13: strcat(out, "{ method"); ADD_VALUES(out, methods); break;
	default: strcat(out, ONE_OF(other)); break;
	}
	strcat(out, " ");
}

static struct cond *random_cond(struct canned *t, const struct acl_set *acls)
{
	char text[4096] = "";
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
	rest = str_c(arena_cstr(&t->mem, str_c(text)));
	while (rest.p) {
		struct str w = str_split(&rest, ' ');

		if (w.n)
			words[n++] = w;
	}
	struct cond *c = cond_compile(&t->env, acls, words, n, !pick(8), &err);

	if (!c) {
		fprintf(stderr, "%s: %s\n", text, err.msg);
		abort();
	}
	return c;
}

/* ACLs that no rule writes out: a regular expression, a large set, two fetches in one. */
static struct acl_set *named_acls(struct canned *t, struct arena *a)
{
	struct acl_set *set = acl_set_new(a, NULL);
	struct expr_env env = t->env;
	struct str rx[] = { STR("path_reg"), STR("^/a.*c$") }, big[101] = { STR("path") };
	struct str many1[] = { STR("hdr_end(host)"), STR(".org") }, many2[] = { STR("path_sub"), STR("b/c"), STR("-i"), STR("pNg") };
	struct xerr err;

	env.arena = a;
	for (unsigned i = 1; i < ARRAY_LEN(big); i++)
		big[i] = i < 9 ? str_c(paths[i]) : arena_printf(a, "/n%u", i);
	ASSERT(acl_add(set, &env, STR("rx"), rx, 2, &err) && acl_add(set, &env, STR("big"), big, ARRAY_LEN(big), &err));
	ASSERT(acl_add(set, &env, STR("many"), many1, 2, &err) && acl_add(set, &env, STR("many"), many2, 2, &err));
	return set;
}

/* ---- requests --------------------------------------------------------------------------------------------------- */

/* What one is made of, so that it can be made again after rules have rewritten it. */
struct gen_request { const char *target, *method, *host, *x[3], *ip, *var; unsigned nx, status; bool req, src, final; };

static struct gen_request random_request(void)
{
	static const char *const queries[] = { "/a?k=1", "/a/b/c?k=2", "*", "/b.png?k=1&k=2" };
	struct gen_request r = { .target = pick(4) ? ONE_OF(paths) : ONE_OF(queries), .method = ONE_OF(methods), .ip = ONE_OF(ips) };

	r.host = pick(8) ? ONE_OF(hosts) : NULL;
	r.nx = pick(10) ? pick(3) : 3;
	for (unsigned i = 0; i < r.nx; i++)
		r.x[i] = ONE_OF(values);
	r.var = pick(5) ? ONE_OF(values) : NULL;
	r.src = pick(10), r.req = pick(50), r.final = pick(50);
	r.status = pick(8);
	return r;
}

static void set_variable(struct canned *t, const char *value)
{
	struct smp v = { .type = SMP_STR, .s = str_c(value ? value : "") };
	struct var_ref ref;
	struct xerr err;

	ASSERT(var_resolve(t->env.vars, STR("txn.k"), &ref, &err));
	if (value)
		(void)var_set(&t->ctx, ref, &v, 0);
	else
		var_unset(&t->ctx, ref);
}

static void set_method(struct canned *t, const char *m)
{
	t->req.method_s = str_c(m);
	t->req.method = (uint8_t)http_method_id(t->req.method_s);
}

static void make_request(struct canned *t, const struct gen_request *r)
{
	t->req.nhdr = 0;
	t->req.target = str_c(r->target);
	t->res.status = (uint16_t)r->status;
	set_method(t, r->method);
	if (r->host)
		canned_hdr(&t->req, "Host", r->host);
	for (unsigned i = 0; i < r->nx; i++)
		canned_hdr(&t->req, "X", r->x[i]);
	set_variable(t, r->var);
	ASSERT(addr_parse_ip(&t->src, str_c(r->ip)));
	t->ctx.src = r->src ? &t->src : NULL;
	t->ctx.req = r->req ? &t->req : NULL;
	t->ctx.final = r->final;
}

/* ---- rules ------------------------------------------------------------------------------------------------------ */

enum gen_effect { E_NOTHING, E_PATH, E_HOST, E_X, E_VAR, E_METHOD, E_SRC, E_STATUS, E_COUNT };
struct gen_rules {
	struct cond *cond[GEN_RULES];
	uint8_t effect[GEN_RULES];           /* enum gen_effect */
	const char *value[GEN_RULES];
	uint64_t changes[GEN_RULES];
	unsigned n;
};

static void random_effect(struct gen_rules *l, unsigned i)
{
	l->effect[i] = pick(2) ? E_NOTHING : (uint8_t)pick(E_COUNT);
	switch ((enum gen_effect)l->effect[i]) {
	case E_PATH: l->value[i] = ONE_OF(paths), l->changes[i] = DEP_URI; break;
	case E_HOST: l->value[i] = ONE_OF(hosts), l->changes[i] = dep_hdr(STR("host")); break;
	case E_X: l->value[i] = ONE_OF(values), l->changes[i] = dep_hdr(STR("x")); break;
	case E_VAR: l->value[i] = ONE_OF(values), l->changes[i] = DEP_VAR; break;
	case E_METHOD: l->value[i] = ONE_OF(methods), l->changes[i] = DEP_METHOD; break;
	case E_SRC: l->value[i] = ONE_OF(ips), l->changes[i] = DEP_SRC; break;
	case E_STATUS: l->value[i] = ONE_OF(ranges), l->changes[i] = DEP_STATUS; break;
	default: l->changes[i] = DEP_NONE;
	}
}

static void apply(struct canned *t, const struct gen_rules *l, unsigned i)
{
	const char *v = l->value[i];

	switch ((enum gen_effect)l->effect[i]) {
	case E_PATH: t->req.target = str_c(v); break;
	case E_HOST: canned_hdr(&t->req, "Host", v); break;
	case E_X: canned_hdr(&t->req, "X", v); break;
	case E_VAR: set_variable(t, v); break;
	case E_METHOD: set_method(t, v); break;
	case E_SRC: ASSERT(addr_parse_ip(&t->src, str_c(v))); break;
	case E_STATUS: t->res.status = (uint16_t)atoi(v); break;
	default: break;
	}
}

static void random_rules(struct canned *t, const struct acl_set *parent, struct gen_rules *l)
{
	struct acl_set *acls = acl_set_new(&t->mem, parent);

	l->n = 1 + pick(pick(3) ? 6 : GEN_RULES);
	for (unsigned i = 0; i < l->n; i++) {
		l->cond[i] = random_cond(t, acls);
		random_effect(l, i);
	}
}

/* Which rules had their turn, in order; one that could not be decided ends it, as n + its number. */
struct gen_turns { unsigned rule[GEN_RULES], n; };

static void turn(struct canned *t, const struct gen_rules *l, unsigned i, enum cond_result hit, struct gen_turns *out)
{
	out->rule[out->n++] = hit == COND_WAIT ? l->n + i : i;
	if (hit != COND_TRUE)
		return;
	apply(t, l, i);
	if (t->ctx.memo)
		memo_touch(t->ctx.memo, l->changes[i]);
}

static struct gen_turns walk_plain(struct canned *t, const struct gen_rules *l, unsigned from)
{
	struct gen_turns out = { .n = 0 };

	for (unsigned i = from; i < l->n; i++) {
		struct arena_mark m = arena_mark(&t->tmp);
		enum cond_result hit = l->cond[i] ? cond_eval(l->cond[i], &t->ctx) : COND_TRUE;

		arena_rewind(&t->tmp, m); /* what a memo keeps must not lie there */
		if (hit == COND_FALSE || (hit == COND_WAIT && t->ctx.final))
			continue;
		turn(t, l, i, hit, &out);
		if (hit == COND_WAIT)
			break;
	}
	return out;
}

static struct gen_turns walk_compiled(struct canned *t, const struct gen_rules *l, const struct route *r, unsigned from)
{
	struct gen_turns out = { .n = 0 };
	struct route_walk w;
	enum cond_result hit;
	unsigned i;

	route_start(&w, r, &t->ctx, from);
	while ((hit = route_next(&w, l->n, &i)) != COND_FALSE) {
		turn(t, l, i, hit, &out);
		if (hit == COND_WAIT)
			break;
	}
	return out;
}

/* ---- comparing -------------------------------------------------------------------------------------------------- */

struct gen_numbering { struct memo_plan *plan; bool numbering; };

static void number_one(void *ctx, const struct expr *e)
{
	struct gen_numbering *g = ctx;

	if (g->numbering)
		memo_plan_number(g->plan, e, true);
	else
		memo_plan_count(g->plan, 1, e, true);
}

static struct smp_memo *memo_for(struct canned *t, const struct gen_rules *l)
{
	struct gen_numbering g = { .plan = memo_plan_new(&t->mem) };

	for (unsigned pass = 0; pass < 2; pass++, g.numbering = true)
		for (unsigned i = 0; i < l->n; i++)
			cond_each_expr(l->cond[i], number_one, &g);
	struct memo_slots slots = memo_plan_slots(g.plan, &t->mem);

	return memo_new(&slots);
}

static void print_turns(const char *what, const struct gen_turns *x)
{
	fprintf(stderr, "\n%s:", what);
	for (unsigned i = 0; i < x->n; i++)
		fprintf(stderr, " %u", x->rule[i]);
}

/* Aborts with the list when the two walks differ. */
static void must_equal(const struct gen_rules *l, const struct route *r, const struct gen_request *q, unsigned from, const char *what,
		       const struct gen_turns *want, const struct gen_turns *got)
{
	struct sbuf b = { 0 };

	if (want->n == got->n && !memcmp(want->rule, got->rule, want->n * sizeof(want->rule[0])))
		return;
	for (unsigned i = 0; i < l->n; i++) {
		sbuf_printf(&b, "%u ", i);
		if (l->cond[i])
			cond_print(l->cond[i], &b);
		sbuf_addc(&b, '\n');
	}
	route_print(r, &b);
	fprintf(stderr, "%s%s %s from %u", sbuf_cstr(&b), q->method, q->target, from);
	print_turns("plain", want);
	print_turns(what, got);
	fprintf(stderr, "\n");
	abort();
}

static void compare_walks(struct canned *t, const struct gen_rules *l, const struct route *r, struct smp_memo *memo)
{
	static const char *const names[] = { "compiled", "with a memo", "compiled with a memo" };
	struct gen_request q = random_request();
	unsigned from = pick(4) ? 0 : pick(l->n);

	make_request(t, &q);
	struct gen_turns want = walk_plain(t, l, from);

	for (unsigned way = 0; way < (memo ? ARRAY_LEN(names) : 1); way++) {
		make_request(t, &q);
		if (way) {
			t->ctx.memo = memo;
			memo_open(memo, &t->ctx, false, 0);
		}
		struct gen_turns got = way == 1 ? walk_plain(t, l, from) : walk_compiled(t, l, r, from);

		if (way)
			memo_close(memo, &t->ctx, 0);
		t->ctx.memo = NULL;
		must_equal(l, r, &q, from, names[way], &want, &got);
	}
	arena_reset(&t->tmp);
}

#endif
