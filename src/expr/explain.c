// SPDX-License-Identifier: GPL-3.0-or-later
/* Conditions with what they saw: each test of each term with the values its fetch had and whether one of them matched; of maps and files, which
 * entry it was. Evaluates
 * everything, also what a verdict did not need: a reader asks why, not how fast. */
#include "acl_priv.h"
#include "rows_priv.h"

enum { VALUES_SHOWN = 4, BYTES_SHOWN = 80 };

struct hit { const struct pat_use *use; struct ptab_entry entry; };

struct seen {
	const struct acl_test *test;
	struct arena *tmp;
	struct sbuf *out;
	unsigned n, nhit;
	bool hit;
	struct hit entry[VALUES_SHOWN];   /* of files */
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

/* ---- entries of files --------------------------------------------------------------------------------------------- */

/* The line that it stands in, or what `show map` calls it. */
static void put_entry(const struct pat_use *u, const struct ptab_entry *e, struct sbuf *out)
{
	bool changed;
	int64_t line = pat_file_line(u->file, e, &changed);

	if (line > 0)
		sbuf_printf(out, "          " STR_FMT ":%lld ", STR_ARG(u->file->name), (long long)line);
	else
		sbuf_printf(out, "          " STR_FMT " entry 0x%x%s: ", STR_ARG(u->file->name), e->ref, line ? "" : ", added at run time");
	sbuf_add(out, e->key);
	if (u->file->pairs)
		sbuf_printf(out, " " STR_FMT, STR_ARG(e->val));
	if (changed)
		sbuf_printf(out, " (entry 0x%x, its value was set at run time)", e->ref);
	sbuf_addc(out, '\n');
}

static void find_entries(struct seen *k, const struct smp *s)
{
	struct smp v = *s;

	if (!smp_cast(&v, match_cast(k->test->match), k->tmp))
		return;
	for (uint32_t i = 0; i < k->test->nfile && k->nhit < VALUES_SHOWN; i++) {
		struct hit *h = &k->entry[k->nhit];

		h->use = k->test->file[i];
		k->nhit += pat_use_find(k->test->file[i], &v, k->tmp, &h->entry);
	}
}

struct mapping { const struct call *map; struct arena *tmp; struct sbuf *out; unsigned n; };

static bool see_mapped(void *ctx, const struct smp *s)
{
	struct mapping *m = ctx;
	struct pat_use *u = (struct pat_use *)(uintptr_t)m->map->arg[0].ptr;
	struct ptab_entry e;

	if (pat_use_find(u, s, m->tmp, &e))
		put_entry(u, &e, m->out);
	else
		sbuf_printf(m->out, "          " STR_FMT " has no entry for it%s\n", STR_ARG(u->file->name), m->map->arg[1].set ? ": the default counts" : "");
	return ++m->n < VALUES_SHOWN;
}

/* What stands in front of a map is an expression of its own. */
void expr_explain_maps(const struct expr *e, struct smp_ctx *ctx, struct sbuf *out)
{
	for (uint16_t i = 0; i < e->nconv; i++) {
		struct mapping m = { &e->conv[i], ctx->tmp, out, 0 };
		struct expr before = *e;

		if (e->conv[i].conv->fn != conv_map || e->flags & F_EFFECT)
			continue;
		before.nconv = i;
		before.kept[0] = before.kept[1] = 0;
		(void)expr_each(&before, ctx, see_mapped, &m);
	}
}

/* ---- tests -------------------------------------------------------------------------------------------------------- */

static bool see_value(void *ctx, const struct smp *s)
{
	struct seen *k = ctx;
	struct smp v = *s;

	k->hit |= acl_test_value(k->test, s, k->tmp);
	find_entries(k, s);
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
	expr_explain_maps(t->expr, ctx, out);
	for (unsigned i = 0; i < k.nhit; i++)
		put_entry(k.entry[i].use, &k.entry[i].entry, out);
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
