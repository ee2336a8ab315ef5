// SPDX-License-Identifier: GPL-3.0-or-later
/* Does one condition imply another? A cautious answer for warnings: true is certain, false means "not shown".
 *
 * It compares what is written: tests of the same expression whose patterns are covered pattern by pattern (a longer prefix by a shorter one,
 * a network by a larger one), terms by terms, conjunctions by conjunctions. What it proves holds for every input. */
#include "acl_priv.h"

static bool text_covers(const struct pat *a, const struct pat *b, enum match_kind am, bool icase)
{
	switch (am) {
	case MATCH_BEG: return icase ? str_istarts(b->text, a->text) : str_starts(b->text, a->text);
	case MATCH_END: return icase ? str_iends(b->text, a->text) : str_ends(b->text, a->text);
	case MATCH_SUB: return str_find(b->text, a->text, icase) >= 0;
	default: return icase ? str_ieq(a->text, b->text) : str_eq(a->text, b->text);
	}
}

/* May a test of kind `a` cover one of kind `b`, when patterns fit? A value that equals, begins with or ends with b's text has that text in it. */
static bool kinds_fit(enum match_kind a, enum match_kind b)
{
	return a == b || (b == MATCH_STR && (a == MATCH_BEG || a == MATCH_END)) ||
	       (a == MATCH_SUB && (b == MATCH_STR || b == MATCH_BEG || b == MATCH_END));
}

static bool pat_covers(const struct acl_test *at, const struct pat *a, const struct acl_test *bt, const struct pat *b)
{
	switch (match_pat_kind((enum match_kind)at->match)) {
	case PAT_RANGE: return a->lo <= b->lo && b->hi <= a->hi;
	case PAT_NET: return a->net.len <= b->net.len && addr_in_net(&b->net.ip, &a->net);
	case PAT_METHOD: return a->meth == b->meth && (a->meth != HTTP_OTHER || str_eq(a->text, b->text));
	case PAT_TEXT: return (at->icase || !bt->icase) && text_covers(a, b, (enum match_kind)at->match, at->icase);
	default: return at->icase == bt->icase && str_eq(a->text, b->text);
	}
}

static bool test_covers(const struct acl_test *a, const struct acl_test *b)
{
	if (!expr_pure(a->expr) || !expr_same(a->expr, b->expr))
		return false;
	if (a->match == MATCH_FOUND)
		return true;
	if (!kinds_fit((enum match_kind)a->match, (enum match_kind)b->match) || a->match == MATCH_BOOL)
		return a->match == MATCH_BOOL && b->match == MATCH_BOOL;
	for (uint32_t i = 0; i < b->nfile; i++) {
		bool covered = false;

		for (uint32_t j = 0; j < a->nfile && !covered; j++)
			covered = a->file[j] == b->file[i];
		if (!covered)
			return false;
	}
	for (uint32_t i = 0; i < b->pats.n; i++) {
		bool covered = false;

		for (uint32_t j = 0; j < a->pats.n && !covered; j++)
			covered = pat_covers(a, &a->pats.at[j], b, &b->pats.at[i]);
		if (!covered)
			return false;
	}
	return b->pats.n + b->nfile > 0;
}

/* Whenever b holds, a holds. */
static bool acl_covers(const struct acl *a, const struct acl *b)
{
	if (a == b)
		return true;
	for (uint32_t i = 0; i < b->ntest; i++) {
		bool covered = false;

		for (uint32_t j = 0; j < a->ntest && !covered; j++)
			covered = test_covers(a->test[j], b->test[i]);
		if (!covered)
			return false;
	}
	return b->ntest > 0;
}

static bool acl_steady(const struct acl *a)
{
	for (uint32_t i = 0; i < a->ntest; i++)
		if (!expr_pure(a->test[i]->expr))
			return false;
	return true;
}

/* !a follows from !b when b follows from a. */
static bool term_covers(const struct cond_term *a, const struct cond_term *b)
{
	return a->neg == b->neg && acl_steady(a->acl) && (a->neg ? acl_covers(b->acl, a->acl) : acl_covers(a->acl, b->acl));
}

static bool conj_covers(const struct cond_conj *a, const struct cond_conj *b)
{
	for (uint32_t i = 0; i < a->nterm; i++) {
		bool covered = false;

		for (uint32_t j = 0; j < b->nterm && !covered; j++)
			covered = term_covers(&a->term[i], &b->term[j]);
		if (!covered)
			return false;
	}
	return true;
}

bool cond_implies(const struct cond *b, const struct cond *a)
{
	if (!a)
		return true;
	if (!b || a->unless || b->unless)
		return false;
	for (uint32_t i = 0; i < b->nconj; i++) {
		bool covered = false;

		for (uint32_t j = 0; j < a->nconj && !covered; j++)
			covered = conj_covers(&a->conj[j], &b->conj[i]);
		if (!covered)
			return false;
	}
	return true;
}
