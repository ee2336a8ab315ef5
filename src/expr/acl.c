// SPDX-License-Identifier: GPL-3.0-or-later
/* Named ACLs of a section and the predefined ones: from `<expression> [flags] [operator] <values…>` to tests.
 * Flags stand before the values; -i holds for what follows it, so a line may become two tests. */
#include "acl_priv.h"

struct acl_set {
	struct arena *arena;
	const struct acl_set *parent;
	struct hmap by_name;
	struct acl *first, **last;   /* in order of definition */
};

static const struct { const char *name, *word[4]; } predefined[] = {
	{ "TRUE", { "always_true" } }, { "FALSE", { "always_false" } },
	{ "LOCALHOST", { "src", "127.0.0.1/8", "::1" } },
	{ "HTTP", { "req.proto_http" } }, { "HTTP_1.0", { "req.ver", "1.0" } }, { "HTTP_1.1", { "req.ver", "1.1" } },
	{ "HTTP_2.0", { "req.ver", "2.0" } }, { "HTTP_3.0", { "req.ver", "3.0" } },
	{ "METH_CONNECT", { "method", "CONNECT" } }, { "METH_DELETE", { "method", "DELETE" } },
	{ "METH_GET", { "method", "GET", "HEAD" } }, { "METH_HEAD", { "method", "HEAD" } },
	{ "METH_OPTIONS", { "method", "OPTIONS" } }, { "METH_POST", { "method", "POST" } },
	{ "METH_PUT", { "method", "PUT" } }, { "METH_TRACE", { "method", "TRACE" } },
	{ "HTTP_URL_ABS", { "url_reg", "^[^/:]*://" } }, { "HTTP_URL_SLASH", { "url_beg", "/" } },
	{ "HTTP_URL_STAR", { "url", "*" } }, { "HTTP_CONTENT", { "req.hdr_val(content-length)", "gt", "0" } },
	{ "REQ_CONTENT", { "req.len", "gt", "0" } }, { "WAIT_END", { "wait_end" } },
	{ "RDP_COOKIE", { "req.rdp_cookie_cnt", "gt", "0" } },
};

/* One ACL line under compilation. */
struct acl_parse {
	const struct expr_env *env;
	const struct str *word;
	int nword, at;
	struct expr *expr;
	enum match_kind match;       /* MATCH_COUNT: not chosen yet */
	bool icase, as_map;
	const char *op;              /* integer operator in force */
	VEC(struct pat) pats[2];     /* without and with -i */
	VEC(struct pat_use *) files[2];
	struct xerr *err;
};

static bool acl_fail(struct acl_parse *p, int word)
{
	p->err->word = word;
	return false;
}

static enum match_kind default_match(enum smp_type t)
{
	switch (t) {
	case SMP_BOOL: return MATCH_BOOL;
	case SMP_INT: return MATCH_INT;
	case SMP_IP: return MATCH_IP;
	case SMP_STR: return MATCH_STR;
	case SMP_METH: return MATCH_METH;
	default: return MATCH_COUNT;
	}
}

static bool settle_match(struct acl_parse *p)
{
	enum smp_type t = expr_type(p->expr);

	if (p->match == MATCH_COUNT)
		p->match = default_match(t);
	if (p->match == MATCH_COUNT) {
		xerr_set(p->err, 0, p->word[0].n, "%s needs a match method: -m %s, -m sub, -m found, …",
			 t == SMP_BIN ? "a binary sample" : "a value of any type", t == SMP_BIN ? "bin" : "str");
		return acl_fail(p, 0);
	}
	if (!smp_castable(t, match_cast(p->match))) {
		xerr_set(p->err, 0, p->word[0].n, "'%s' cannot match %s", match_name(p->match).p, smp_type_name(t).p);
		return acl_fail(p, 0);
	}
	return true;
}

static bool add_pattern(struct acl_parse *p, struct str text)
{
	struct pat pat;

	if (!pat_parse(&pat, p->match, p->icase, p->op, text, p->env->arena, p->err))
		return false;
	VEC_PUSH(&p->pats[p->icase], pat);
	return true;
}

/* The patterns of a file stay out of the set: they may change while it is in use. */
static bool add_file(struct acl_parse *p, struct str name)
{
	if (match_pat_kind(p->match) == PAT_NONE)
		return true;
	struct pat_use *u = pat_use_get(p->env, name, PAT_ACL, p->as_map, p->match, p->icase, SMP_STR, p->err);

	if (!u)
		return acl_fail(p, p->at);
	VEC_PUSH(&p->files[p->icase], u);
	return true;
}

static bool flag_match(struct acl_parse *p)
{
	static const char *const words[] = {
#define MATCH(id, w, in, pat, help) w,
#include <sluice/tbl/matches.def>
#undef MATCH
	};
	struct str w = p->word[p->at];

	if (match_find(w, &p->match))
		return true;
	xerr_set(p->err, 0, w.n, "unknown match method '" STR_FMT "'", STR_ARG(w));
	xerr_hint(p->err, w, words, ARRAY_LEN(words));
	return acl_fail(p, p->at);
}

/* A flag with an argument: moves on to the argument. */
static bool flag_arg(struct acl_parse *p, struct str flag)
{
	if (p->at + 1 >= p->nword) {
		xerr_set(p->err, 0, flag.n, "'" STR_FMT "' needs an argument", STR_ARG(flag));
		return acl_fail(p, p->at);
	}
	p->at++;
	return true;
}

static bool parse_flag(struct acl_parse *p, struct str f)
{
	switch (f.p[1]) {
	case 'i':
		p->icase = true;
		return true;
	case 'n':
		return true; /* names are never resolved here */
	case 'M':
		p->as_map = true;
		return true;
	case 'u':
		return flag_arg(p, f);
	case 'm':
		return flag_arg(p, f) && flag_match(p);
	case 'f':
		return flag_arg(p, f) && settle_match(p) && add_file(p, p->word[p->at]);
	default:
		xerr_set(p->err, 0, f.n, "unknown flag '" STR_FMT "' (known: -i -f -m -M -n -u, -- ends them)",
			 STR_ARG(f));
		return acl_fail(p, p->at);
	}
}

/* A pattern may begin with '-' only behind "--" or when it is a number. */
static bool is_flag(const struct acl_parse *p, struct str w)
{
	return w.n >= 2 && w.p[0] == '-' && !(w.p[1] >= '0' && w.p[1] <= '9') && p->at < p->nword;
}

static bool parse_flags(struct acl_parse *p)
{
	for (p->at = 1; p->at < p->nword && is_flag(p, p->word[p->at]); p->at++) {
		struct str f = p->word[p->at];

		if (str_eq(f, STR("--"))) {
			p->at++;
			break;
		}
		if (f.n != 2) {
			xerr_set(p->err, 0, f.n, "unknown flag '" STR_FMT "'", STR_ARG(f));
			return acl_fail(p, p->at);
		}
		if (!parse_flag(p, f))
			return false;
	}
	return settle_match(p);
}

static const char *int_operator(struct str w)
{
	static const char *const ops[] = { "eq", "ge", "gt", "le", "lt" };

	for (size_t i = 0; i < ARRAY_LEN(ops); i++)
		if (str_eq(w, str_c(ops[i])))
			return ops[i];
	return NULL;
}

static bool parse_values(struct acl_parse *p)
{
	bool numeric = match_pat_kind(p->match) == PAT_RANGE;

	if (match_pat_kind(p->match) == PAT_NONE)
		return true;
	for (; p->at < p->nword; p->at++) {
		const char *op = numeric ? int_operator(p->word[p->at]) : NULL;

		if (op && p->at + 1 == p->nword) {
			xerr_set(p->err, 0, 2, "'%s' needs an integer", op);
			return acl_fail(p, p->at);
		}
		if (op)
			p->op = op;
		else if (!add_pattern(p, p->word[p->at]))
			return acl_fail(p, p->at);
	}
	return true;
}

static void acl_push(struct acl *acl, struct arena *a, const struct acl_test *t)
{
	if (acl->ntest == acl->cap) {
		uint32_t cap = acl->cap ? acl->cap * 2 : 2;
		const struct acl_test **grown = ARENA_NEWN(a, const struct acl_test *, cap);

		if (acl->ntest)
			memcpy(grown, acl->test, acl->ntest * sizeof(*grown));
		acl->test = grown, acl->cap = cap;
	}
	acl->test[acl->ntest++] = t;
}

static void finish_tests(struct acl_parse *p, struct acl *acl)
{
	for (int icase = 0; icase < 2; icase++) {
		/* a line without patterns is one test all the same: found, bool, or never */
		bool other = icase || p->pats[1].n || p->files[1].n;

		if (!p->pats[icase].n && !p->files[icase].n && other)
			continue;
		struct acl_test *t = ARENA_NEW(p->env->arena, struct acl_test);

		t->expr = p->expr, t->match = (uint8_t)p->match, t->icase = icase;
		t->file = VEC_FREEZE(&p->files[icase], p->env->arena);
		t->nfile = (uint32_t)p->files[icase].n;
		patset_build(&t->pats, p->match, icase, p->pats[icase].at, p->pats[icase].n, p->env->arena);
		acl_push(acl, p->env->arena, t);
	}
	acl->needs |= expr_needs(p->expr);
	acl->effect |= expr_effect(p->expr);
}

bool acl_parse_line(struct acl *acl, const struct expr_env *env, const struct str *words, int nwords, struct xerr *err)
{
	struct expr_env all = *env;
	struct acl_parse p = { .env = &all, .word = words, .nword = nwords, .match = MATCH_COUNT, .err = err };

	if (nwords < 1) {
		xerr_set(err, 0, 0, "an ACL needs a fetch");
		return false;
	}
	all.avail = ~0u; /* judged where the ACL is used */
	p.expr = expr_compile_acl(&all, words[0], &p.match, err);
	bool ok = p.expr && parse_flags(&p) && parse_values(&p);

	if (ok)
		finish_tests(&p, acl);
	for (int i = 0; i < 2; i++) {
		VEC_FREE(&p.pats[i]);
		VEC_FREE(&p.files[i]);
	}
	return ok;
}

struct acl_set *acl_set_new(struct arena *a, const struct acl_set *parent)
{
	struct acl_set *set = ARENA_NEW(a, struct acl_set);

	set->arena = a;
	set->parent = parent;
	set->last = &set->first;
	hmap_init(&set->by_name, a);
	return set;
}

static bool name_ok(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      (c && strchr("-_.:", c))))
			return false;
	}
	return name.n > 0;
}

bool acl_add(struct acl_set *set, const struct expr_env *env, struct str name, const struct str *words, int nwords,
	     struct xerr *err)
{
	struct acl *acl = hmap_get(&set->by_name, name);

	*err = (struct xerr){ 0 };
	if (!name_ok(name) || str_eq(name, STR("or"))) {
		xerr_set(err, 0, 0, "'" STR_FMT "' cannot name an ACL", STR_ARG(name));
		return false;
	}
	if (!acl) {
		acl = ARENA_NEW(set->arena, struct acl);
		acl->name = arena_str(set->arena, name);
		hmap_put(&set->by_name, acl->name, acl);
		*set->last = acl;
		set->last = &acl->next;
	}
	return acl_parse_line(acl, env, words, nwords, err);
}

static struct acl *acl_lookup(const struct acl_set *set, struct str name)
{
	for (; set; set = set->parent) {
		struct acl *acl = hmap_get(&set->by_name, name);

		if (acl)
			return acl;
	}
	return NULL;
}

static int predefined_index(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(predefined); i++)
		if (str_eq(name, str_c(predefined[i].name)))
			return (int)i;
	return -1;
}

bool acl_known(const struct acl_set *set, struct str name)
{
	return acl_lookup(set, name) || predefined_index(name) >= 0;
}

struct acl *acl_find(const struct acl_set *set, const struct expr_env *env, struct str name)
{
	struct acl *acl = acl_lookup(set, name);
	int pre = acl ? -1 : predefined_index(name);

	if (acl)
		acl->used = true;
	if (pre >= 0) {
		struct str words[ARRAY_LEN(predefined[0].word)];
		struct xerr err;
		int n = 0;

		for (; n < (int)ARRAY_LEN(words) && predefined[pre].word[n]; n++)
			words[n] = str_c(predefined[pre].word[n]);
		acl = ARENA_NEW(env->arena, struct acl);
		acl->name = str_c(predefined[pre].name);
		ASSERT(acl_parse_line(acl, env, words, n, &err));
	}
	return acl;
}

void acl_hint(const struct acl_set *set, struct str name, struct xerr *err)
{
	const char *words[512];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(predefined); i++)
		words[n++] = predefined[i].name;
	for (; set; set = set->parent)
		for (const struct acl *a = set->first; a && n < ARRAY_LEN(words); a = a->next)
			words[n++] = a->name.p;
	xerr_hint(err, name, words, n);
}

void acl_each_unused(const struct acl_set *set, void (*fn)(void *ctx, struct str name), void *ctx)
{
	for (const struct acl *a = set->first; a; a = a->next)
		if (!a->used)
			fn(ctx, a->name);
}
