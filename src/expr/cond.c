// SPDX-License-Identifier: GPL-3.0-or-later
/* Conditions: the words behind `if` and `unless` as a disjunction of conjunctions of ACLs, and their evaluation
 * with three values: an ACL whose input may still change is undecided, unless it is true already. */
#include <stdio.h>

#include "acl_priv.h"

struct cond_parse {
	const struct expr_env *env;
	const struct acl_set *acls;
	const struct str *word;
	int n, at;
	struct xerr *err;
	VEC(struct cond_term) terms;
	VEC(struct cond_conj) conjs;
	unsigned needs;
	bool effect;
};

static bool cond_fail(struct cond_parse *p, int word)
{
	p->err->word = word;
	return false;
}

static bool is_or(struct str w)
{
	return str_eq(w, STR("or")) || str_eq(w, STR("||"));
}

static bool close_conj(struct cond_parse *p, int word)
{
	if (!p->terms.n) {
		xerr_set(p->err, 0, word < p->n ? p->word[word].n : 0, "a condition is missing here");
		return cond_fail(p, word);
	}
	struct cond_conj c = { VEC_FREEZE(&p->terms, p->env->arena), (uint32_t)p->terms.n };

	VEC_PUSH(&p->conjs, c);
	p->terms.n = 0;
	return true;
}

/* `{ words }`; at stands on the brace and is left on the closing one. */
static struct acl *anonymous(struct cond_parse *p)
{
	int open = p->at, close = open + 1;
	struct acl *acl = ARENA_NEW(p->env->arena, struct acl);

	while (close < p->n && !str_eq(p->word[close], STR("}")))
		close++;
	if (close == p->n) {
		xerr_set(p->err, 0, p->word[open].n, "missing '}' behind this '{'");
		cond_fail(p, open);
		return NULL;
	}
	if (close == open + 1) {
		xerr_set(p->err, 0, p->word[open].n, "empty braces: an ACL needs a fetch");
		cond_fail(p, open);
		return NULL;
	}
	p->at = close;
	acl->used = true;
	if (acl_parse_line(acl, p->env, &p->word[open + 1], close - open - 1, p->err))
		return acl;
	p->err->word += open + 1;
	return NULL;
}

static struct acl *named(struct cond_parse *p, struct str name, size_t off)
{
	struct acl *acl = acl_find(p->acls, p->env, name);

	if (!acl) {
		xerr_set(p->err, off, name.n, "unknown ACL '" STR_FMT "'", STR_ARG(name));
		acl_hint(p->acls, name, p->err);
		cond_fail(p, p->at);
	}
	return acl;
}

static bool check_needs(struct cond_parse *p, const struct acl *acl, int word, struct str name)
{
	unsigned missing = need_missing(acl->needs, p->env->avail);

	if (!missing)
		return true;
	if (acl->name.n)
		xerr_set(p->err, 0, name.n, "ACL '" STR_FMT "' needs %s, which does not exist here", STR_ARG(name),
			 need_text(missing));
	else
		xerr_set(p->err, 0, p->word[word + 1].n, "'" STR_FMT "' needs %s, which does not exist here",
			 STR_ARG(p->word[word + 1]), need_text(missing));
	return cond_fail(p, acl->name.n ? word : word + 1);
}

static bool parse_term(struct cond_parse *p)
{
	bool neg = false;
	struct str w = p->word[p->at];
	size_t off = 0;

	for (;;) {
		while (off < w.n && w.p[off] == '!')
			neg = !neg, off++;
		if (off < w.n)
			break;
		if (++p->at == p->n) {
			xerr_set(p->err, 0, 1, "an ACL is missing behind '!'");
			return cond_fail(p, p->at - 1);
		}
		w = p->word[p->at], off = 0;
	}
	int start = p->at;
	struct str name = str_sub(w, off, SIZE_MAX);
	struct acl *acl = str_eq(name, STR("{")) ? anonymous(p) : named(p, name, off);

	if (!acl || !check_needs(p, acl, start, name))
		return false;
	VEC_PUSH(&p->terms, ((struct cond_term){ acl, neg }));
	p->needs |= acl->needs;
	p->effect |= acl->effect;
	return true;
}

static bool parse_cond(struct cond_parse *p)
{
	for (p->at = 0; p->at < p->n; p->at++) {
		if (!p->word[p->at].n) {
			xerr_set(p->err, 0, 0, "an empty word is no ACL");
			return cond_fail(p, p->at);
		}
		if (!(is_or(p->word[p->at]) ? close_conj(p, p->at) : parse_term(p)))
			return false;
	}
	return close_conj(p, MAX(p->n - 1, 0));
}

struct cond *cond_compile(const struct expr_env *env, const struct acl_set *acls, const struct str *words, int nwords,
			  bool unless, struct xerr *err)
{
	struct cond_parse p = { .env = env, .acls = acls, .word = words, .n = nwords, .err = err };
	struct cond *c = NULL;

	*err = (struct xerr){ 0 };
	if (parse_cond(&p)) {
		c = ARENA_NEW(env->arena, struct cond);
		*c = (struct cond){ VEC_FREEZE(&p.conjs, env->arena), (uint32_t)p.conjs.n, unless, p.effect, p.needs };
	}
	VEC_FREE(&p.terms);
	VEC_FREE(&p.conjs);
	return c;
}

struct acl_visit { const struct acl_test *test; struct arena *tmp; bool hit; };

static bool visit_value(void *ctx, const struct smp *s)
{
	struct acl_visit *v = ctx;

	v->hit = acl_test_value(v->test, s, v->tmp);
	return !v->hit;
}

static inline enum cond_result eval_acl(const struct acl *acl, struct smp_ctx *ctx)
{
	enum cond_result r = COND_FALSE;

	for (uint32_t i = 0; i < acl->ntest; i++) {
		struct acl_visit v = { acl->test[i], ctx->tmp, false };
		bool complete = expr_each(acl->test[i]->expr, ctx, visit_value, &v);

		if (v.hit)
			return COND_TRUE;
		if (!complete)
			r = COND_WAIT;
	}
	return r;
}

enum cond_result acl_eval(const struct acl *acl, struct smp_ctx *ctx) { return eval_acl(acl, ctx); }

static enum cond_result conj_eval(const struct cond_conj *j, struct smp_ctx *ctx)
{
	enum cond_result r = COND_TRUE;

	for (uint32_t i = 0; i < j->nterm; i++) {
		enum cond_result t = eval_acl(j->term[i].acl, ctx);

		if (t == COND_WAIT)
			r = COND_WAIT;
		else if ((t == COND_TRUE) == j->term[i].neg)
			return COND_FALSE;
	}
	return r;
}

enum cond_result cond_eval(const struct cond *c, struct smp_ctx *ctx)
{
	enum cond_result r = COND_FALSE;

	for (uint32_t i = 0; i < c->nconj && r != COND_TRUE; i++) {
		enum cond_result j = conj_eval(&c->conj[i], ctx);

		if (j != COND_FALSE)
			r = j;
	}
	if (c->unless && r != COND_WAIT)
		r = r == COND_TRUE ? COND_FALSE : COND_TRUE;
	return r;
}

void cond_each_expr(const struct cond *c, void (*fn)(void *ctx, const struct expr *e), void *ctx)
{
	for (uint32_t i = 0; c && i < c->nconj; i++)
		for (uint32_t j = 0; j < c->conj[i].nterm; j++)
			for (uint32_t k = 0; k < c->conj[i].term[j].acl->ntest; k++)
				fn(ctx, c->conj[i].term[j].acl->test[k]->expr);
}

unsigned cond_needs(const struct cond *c)
{
	return c->needs;
}
