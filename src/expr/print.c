// SPDX-License-Identifier: GPL-3.0-or-later
/* Conditions as canonical text: what `dump`, `explain` and `show rules` print. */
#include "acl_priv.h"

static void print_word(struct str w, struct sbuf *out)
{
	bool plain = w.n > 0;

	for (size_t i = 0; i < w.n && plain; i++)
		plain = w.p[i] > ' ' && !strchr("\"'\\#{}$", w.p[i]);
	if (plain) {
		sbuf_add(out, w);
		return;
	}
	sbuf_addc(out, '"');
	for (size_t i = 0; i < w.n; i++) {
		if (w.p[i] == '"' || w.p[i] == '\\' || w.p[i] == '$')
			sbuf_addc(out, '\\');
		sbuf_addc(out, w.p[i]);
	}
	sbuf_addc(out, '"');
}

static void print_range(const struct pat *p, struct sbuf *out)
{
	if (p->lo == p->hi) {
		sbuf_printf(out, "%lld", (long long)p->lo);
		return;
	}
	if (p->lo != INT64_MIN)
		sbuf_printf(out, "%lld", (long long)p->lo);
	sbuf_addc(out, ':');
	if (p->hi != INT64_MAX)
		sbuf_printf(out, "%lld", (long long)p->hi);
}

void acl_test_print(const struct acl_test *t, struct sbuf *out)
{
	sbuf_add(out, STR("{ "));
	expr_print(t->expr, out);
	sbuf_printf(out, " -m %s%s", match_name(t->match).p, t->icase ? " -i" : "");
	for (uint32_t i = 0; i < t->nfile; i++) {
		sbuf_printf(out, " %s-f ", t->file[i]->file->pairs ? "-M " : "");
		print_word(t->file[i]->file->name, out);
	}
	for (uint32_t i = 0; i < t->pats.n; i++) {
		sbuf_addc(out, ' ');
		if (match_pat_kind(t->match) == PAT_RANGE)
			print_range(&t->pats.at[i], out);
		else
			print_word(t->pats.at[i].text, out);
	}
	sbuf_add(out, STR(" }"));
}

static void print_term(const struct cond_term *t, struct sbuf *out)
{
	if (t->neg)
		sbuf_addc(out, '!');
	if (t->acl->name.n) {
		sbuf_add(out, t->acl->name);
		return;
	}
	/* an anonymous ACL has more than one test only when -i stands between its patterns */
	for (uint32_t i = 0; i < t->acl->ntest; i++) {
		if (i)
			sbuf_add(out, STR(" or "));
		acl_test_print(t->acl->test[i], out);
	}
}

void cond_print(const struct cond *c, struct sbuf *out)
{
	sbuf_add(out, c->unless ? STR("unless") : STR("if"));
	for (uint32_t i = 0; i < c->nconj; i++) {
		if (i)
			sbuf_add(out, STR(" or"));
		for (uint32_t j = 0; j < c->conj[i].nterm; j++) {
			sbuf_addc(out, ' ');
			print_term(&c->conj[i].term[j], out);
		}
	}
}
