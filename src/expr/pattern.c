// SPDX-License-Identifier: GPL-3.0-or-later
/* Patterns of ACL tests: from words to values, and sets of them with the index that fits their kind: a hash for
 * exact text and bytes, radix tries for prefixes and suffixes, a trie of networks, sorted ranges for integers.
 * Small sets are simply compared. */
#include <stdlib.h>

#include <sluice/base/num.h>
#include "expr_priv.h"

#define SMALL_SET 4u

static bool pat_bad(struct str word, const char *what, struct xerr *err)
{
	xerr_set(err, 0, word.n, "'" STR_FMT "' is not %s", STR_ARG(word), what);
	return false;
}

/* "80", or "3.1" as 3 << 16 | 1: versions compare like numbers then. */
static bool parse_number(struct str s, int64_t *v)
{
	ptrdiff_t dot = str_chr(s, '.');
	uint64_t major, minor;

	if (dot < 0)
		return num_i64(s, v);
	if (!num_u64(str_sub(s, 0, (size_t)dot), &major) || !num_u64(str_sub(s, (size_t)dot + 1, SIZE_MAX), &minor))
		return false;
	*v = (int64_t)(major << 16 | minor);
	return major <= 0xffff && minor <= 0xffff;
}

static bool apply_op(struct pat *p, const char *op, int64_t v)
{
	p->lo = INT64_MIN, p->hi = INT64_MAX;
	if (!op || !strcmp(op, "eq"))
		p->lo = p->hi = v;
	else if (!strcmp(op, "ge"))
		p->lo = v;
	else if (!strcmp(op, "le"))
		p->hi = v;
	else if (!strcmp(op, "gt"))
		return !__builtin_add_overflow(v, 1, &p->lo);
	else
		return !__builtin_sub_overflow(v, 1, &p->hi);
	return true;
}

static bool parse_range(struct pat *p, const char *op, struct str s, struct xerr *err)
{
	ptrdiff_t colon = str_chr(s, ':');
	int64_t v;

	if (colon < 0) {
		if (!parse_number(s, &v))
			return pat_bad(s, "an integer or a range", err);
		return apply_op(p, op, v) || pat_bad(s, "in the range of integers", err);
	}
	struct str lo = str_sub(s, 0, (size_t)colon), hi = str_sub(s, (size_t)colon + 1, SIZE_MAX);

	if (op && strcmp(op, "eq")) {
		xerr_set(err, 0, s.n, "a range cannot follow '%s'", op);
		return false;
	}
	p->lo = INT64_MIN, p->hi = INT64_MAX;
	if ((!lo.n && !hi.n) || (lo.n && !parse_number(lo, &p->lo)) || (hi.n && !parse_number(hi, &p->hi)))
		return pat_bad(s, "an integer or a range", err);
	if (p->lo > p->hi)
		return pat_bad(s, "a range: its first number is the larger one", err);
	return true;
}

bool pat_parse(struct pat *p, enum match_kind m, bool icase, const char *op, struct str word, struct arena *a,
	       struct xerr *err)
{
	*p = (struct pat){ .text = arena_str(a, word) };
	switch (match_pat_kind(m)) {
	case PAT_RANGE:
		return parse_range(p, op, word, err);
	case PAT_NET:
		return addr_parse_net(&p->net, word) || pat_bad(word, "an IP address or network", err);
	case PAT_HEX:
		return hex_decode(a, word, &p->text) || pat_bad(word, "an even number of hexadecimal digits", err);
	case PAT_REGEX:
		p->re = regex_compile(a, word, icase, err);
		return p->re != NULL;
	case PAT_METHOD:
		p->meth = (uint8_t)http_method_id(word);
		return true;
	default:
		return true;
	}
}

static struct str lower_copy(struct arena *a, struct str s)
{
	char *p = arena_bytes(a, s.n + 1);

	for (size_t i = 0; i < s.n; i++)
		p[i] = ascii_lower(s.p[i]);
	return str_n(p, s.n);
}

static int range_cmp(const void *x, const void *y)
{
	const struct pat *a = x, *b = y;

	return a->lo < b->lo ? -1 : a->lo > b->lo;
}

/* Sorts ranges and joins those that overlap. */
static void build_ranges(struct patset *s)
{
	uint32_t n = 0;

	qsort(s->at, s->n, sizeof(*s->at), range_cmp);
	for (uint32_t i = 1; i < s->n; i++) {
		if (s->at[i].lo <= s->at[n].hi)
			s->at[n].hi = MAX(s->at[n].hi, s->at[i].hi);
		else
			s->at[++n] = s->at[i];
	}
	s->n = s->n ? n + 1 : 0;
	s->sorted = true;
}

static void build_hash(struct patset *s, bool icase, struct arena *a)
{
	s->hash = ARENA_NEW(a, struct hmap);
	hmap_init(s->hash, a);
	for (uint32_t i = 0; i < s->n; i++)
		hmap_put(s->hash, icase ? lower_copy(a, s->at[i].text) : s->at[i].text, &s->at[i]);
}

void patset_build(struct patset *s, enum match_kind m, bool icase, const struct pat *at, size_t n, struct arena *a)
{
	*s = (struct patset){ .at = arena_dup(a, at, n * sizeof(*at)), .n = (uint32_t)n };
	for (size_t i = 0; i < n; i++)
		s->max_len = MAX(s->max_len, (uint32_t)at[i].text.n);
	if (match_pat_kind(m) == PAT_RANGE) {
		build_ranges(s);
		return;
	}
	if (n <= SMALL_SET)
		return;
	if (m == MATCH_STR || m == MATCH_BIN) {
		build_hash(s, icase, a);
	} else if (m == MATCH_BEG || m == MATCH_END) {
		s->radix = radix_new(a, m == MATCH_BEG ? RADIX_FORWARD : RADIX_BACKWARD, icase);
		for (uint32_t i = 0; i < s->n; i++)
			*radix_at(s->radix, s->at[i].text) = &s->at[i];
	} else if (m == MATCH_IP) {
		s->cidr = cidr_new(a);
		for (uint32_t i = 0; i < s->n; i++)
			*cidr_at(s->cidr, &s->at[i].net.ip, s->at[i].net.len) = &s->at[i];
	}
}
