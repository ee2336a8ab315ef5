// SPDX-License-Identifier: GPL-3.0-or-later
/* Conditions with what they saw: each test of each term with the values its fetch had and whether one of them matched. Evaluates
 * everything, also what a verdict did not need: a reader asks why, not how fast. */
#include "acl_priv.h"

enum { VALUES_SHOWN = 4, BYTES_SHOWN = 80 };

struct seen {
	const struct acl_test *test;
	struct arena *tmp;
	struct sbuf *out;
	unsigned n;
	bool hit;
};

static void put_value(struct sbuf *out, struct smp *v, struct arena *tmp)
{
	bool quote = v->type != SMP_INT && v->type != SMP_BOOL && v->type != SMP_IP;

	if (v->type == SMP_BOOL) {
		sbuf_add(out, v->i ? STR("true") : STR("false"));
		return;
	}
	if (!smp_cast(v, SMP_STR, tmp)) {
		sbuf_add(out, STR("(no text form)"));
		return;
	}
	if (quote)
		sbuf_addc(out, '"');
	for (size_t i = 0; i < MIN(v->s.n, (size_t)BYTES_SHOWN); i++) {
		unsigned char c = (unsigned char)v->s.p[i];

		if (c < ' ' || c == '"' || c == '\\' || c > '~')
			sbuf_printf(out, "\\x%02x", c);
		else
			sbuf_addc(out, (char)c);
	}
	if (v->s.n > BYTES_SHOWN)
		sbuf_add(out, STR("..."));
	if (quote)
		sbuf_addc(out, '"');
}

static bool see_value(void *ctx, const struct smp *s)
{
	struct seen *k = ctx;
	struct smp v = *s;

	k->hit |= acl_test_value(k->test, s, k->tmp);
	if (k->n < VALUES_SHOWN) {
		sbuf_add(k->out, k->n ? STR(", ") : STR(" is "));
		put_value(k->out, &v, k->tmp);
	} else if (k->n == VALUES_SHOWN) {
		sbuf_add(k->out, STR(", ..."));
	}
	k->n++;
	return true;
}

static void explain_test(const struct acl *acl, const struct acl_test *t, bool neg, struct smp_ctx *ctx, struct sbuf *out)
{
	struct sbuf values = { 0 };
	struct seen k = { .test = t, .tmp = ctx->tmp, .out = &values };
	bool complete = expr_each(t->expr, ctx, see_value, &k);

	sbuf_printf(out, "        %s" STR_FMT "%s", neg ? "!" : "", STR_ARG(acl->name), acl->name.n ? " " : "");
	acl_test_print(t, out);
	sbuf_printf(out, ": %s; ", k.hit ? "match" : complete ? "no match" : "undecided");
	expr_print(t->expr, out);
	sbuf_add(out, k.n ? sbuf_str(&values) : STR(" has no value"));
	sbuf_addc(out, '\n');
	sbuf_free(&values);
}

void cond_explain(const struct cond *c, struct smp_ctx *ctx, struct sbuf *out)
{
	for (uint32_t i = 0; i < c->nconj; i++) {
		if (i)
			sbuf_add(out, STR("      or\n"));
		for (uint32_t j = 0; j < c->conj[i].nterm; j++) {
			const struct cond_term *t = &c->conj[i].term[j];

			for (uint32_t k = 0; k < t->acl->ntest; k++)
				explain_test(t->acl, t->acl->test[k], t->neg, ctx, out);
		}
	}
}
