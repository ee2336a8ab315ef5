// SPDX-License-Identifier: GPL-3.0-or-later
/* Matching values against pattern sets: the kinds of tbl/matches.def. */
#include "expr_priv.h"

static const struct match_row { const char *word; uint8_t cast, pat; } matches[] = {
#define MATCH(id, word, in, pat, help) { word, in, pat },
#include <sluice/tbl/matches.def>
#undef MATCH
};

enum pat_kind match_pat_kind(enum match_kind m) { return matches[m].pat; }
enum smp_type match_cast(enum match_kind m) { return matches[m].cast; }
struct str match_name(enum match_kind m) { return str_c(matches[m].word); }

bool match_find(struct str word, enum match_kind *m)
{
	for (unsigned i = 0; i < MATCH_COUNT; i++) {
		if (str_eq(word, str_c(matches[i].word))) {
			*m = i;
			return true;
		}
	}
	return false;
}

static bool in_ranges(const struct patset *s, int64_t v)
{
	uint32_t lo = 0, hi = s->n;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (s->at[mid].hi < v)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < s->n && s->at[lo].lo <= v;
}

static bool in_nets(const struct patset *s, const struct addr *ip)
{
	if (s->cidr)
		return cidr_longest(s->cidr, ip) != NULL;
	for (uint32_t i = 0; i < s->n; i++)
		if (addr_in_net(ip, &s->at[i].net))
			return true;
	return false;
}

static bool in_hash(const struct patset *s, bool icase, struct str v, struct arena *tmp)
{
	char room[256], *p = room;

	if (v.n > s->max_len)
		return false;
	if (!icase)
		return hmap_get(s->hash, v) != NULL;
	if (v.n > sizeof(room))
		p = arena_bytes(tmp, v.n);
	for (size_t i = 0; i < v.n; i++)
		p[i] = ascii_lower(v.p[i]);
	return hmap_get(s->hash, str_n(p, v.n)) != NULL;
}

struct str pat_word(const struct pat *p, enum ptab_how how) { return ptab_strip(how, p->text); }

/* Does the pattern, without delimiters around it, stand between delimiters (or the ends) in v? */
static bool has_word(struct str v, const struct pat *p, enum ptab_how how, bool icase)
{
	struct str pat = pat_word(p, how);
	bool at_start = true;

	for (size_t i = 0; i + pat.n <= v.n && i < v.n; i++) {
		if (ptab_is_delim(how, v.p[i])) {
			at_start = true;
			continue;
		}
		if (!at_start)
			continue;
		at_start = false;
		struct str here = str_sub(v, i, pat.n);

		if ((icase ? str_ieq(here, pat) : str_eq(here, pat)) &&
		    (i + pat.n == v.n || ptab_is_delim(how, v.p[i + pat.n])))
			return true;
	}
	return false;
}

bool pat_match(const struct pat *p, enum match_kind m, bool icase, struct str v)
{
	switch (m) {
	case MATCH_STR:
		return icase ? str_ieq(v, p->text) : str_eq(v, p->text);
	case MATCH_BIN:
		return str_eq(v, p->text);
	case MATCH_BEG:
		return icase ? str_istarts(v, p->text) : str_starts(v, p->text);
	case MATCH_END:
		return icase ? str_iends(v, p->text) : str_ends(v, p->text);
	case MATCH_SUB:
		return str_find(v, p->text, icase) >= 0;
	case MATCH_DIR:
		return has_word(v, p, PTAB_DIR, icase);
	case MATCH_DOM:
		return has_word(v, p, PTAB_DOM, icase);
	case MATCH_REG:
		return regex_match(p->re, v);
	default:
		return false;
	}
}

static bool method_matches(const struct patset *s, const struct smp *v)
{
	for (uint32_t i = 0; i < s->n; i++) {
		if (s->at[i].meth == v->meth && (v->meth != HTTP_OTHER || str_eq(s->at[i].text, v->s)))
			return true;
	}
	return false;
}

bool patset_match(const struct patset *s, enum match_kind m, bool icase, const struct smp *v, struct arena *tmp)
{
	switch (m) {
	case MATCH_FOUND:
		return true;
	case MATCH_BOOL:
		return v->i != 0;
	case MATCH_INT:
		return in_ranges(s, v->i);
	case MATCH_LEN:
		return in_ranges(s, (int64_t)v->s.n);
	case MATCH_IP:
		return in_nets(s, &v->ip);
	case MATCH_METH:
		return method_matches(s, v);
	default:
		break;
	}
	if (s->hash)
		return in_hash(s, icase && m != MATCH_BIN, v->s, tmp);
	if (s->radix)
		return radix_longest(s->radix, v->s) != NULL;
	for (uint32_t i = 0; i < s->n; i++)
		if (pat_match(&s->at[i], m, icase, v->s))
			return true;
	return false;
}

static bool in_files(const struct acl_test *t, const struct smp *v, struct arena *tmp)
{
	struct ptab_entry e;

	for (uint32_t i = 0; i < t->nfile; i++)
		if (pat_use_find(t->file[i], v, tmp, &e))
			return true;
	return false;
}

bool acl_test_value(const struct acl_test *t, const struct smp *s, struct arena *tmp)
{
	struct smp v = *s;

	return smp_cast(&v, match_cast(t->match), tmp) &&
	       (patset_match(&t->pats, t->match, t->icase, &v, tmp) || in_files(t, &v, tmp));
}
