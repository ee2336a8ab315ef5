// SPDX-License-Identifier: GPL-3.0-or-later
/* Slices: comparison, search, and the edit distance behind did-you-mean. ASCII only, no locale. */
#include <sluice/base/str.h>

static bool ieq(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ascii_lower(a[i]) != ascii_lower(b[i]))
			return false;
	return true;
}

bool str_ieq(struct str a, struct str b) { return a.n == b.n && ieq(a.p, b.p, a.n); }
bool str_starts(struct str s, struct str x) { return s.n >= x.n && (x.n == 0 || memcmp(s.p, x.p, x.n) == 0); }
bool str_istarts(struct str s, struct str x) { return s.n >= x.n && ieq(s.p, x.p, x.n); }
bool str_ends(struct str s, struct str x) { return s.n >= x.n && (x.n == 0 || memcmp(s.p + s.n - x.n, x.p, x.n) == 0); }
bool str_iends(struct str s, struct str x) { return s.n >= x.n && ieq(s.p + s.n - x.n, x.p, x.n); }

int str_cmp(struct str a, struct str b)
{
	size_t n = MIN(a.n, b.n);
	int d = n ? memcmp(a.p, b.p, n) : 0;
	return d ? d : (a.n > b.n) - (a.n < b.n);
}

ptrdiff_t str_chr(struct str s, char c)
{
	const char *q = s.n ? memchr(s.p, c, s.n) : NULL;
	return q ? q - s.p : -1;
}

ptrdiff_t str_find(struct str s, struct str needle, bool icase)
{
	if (needle.n == 0)
		return 0;
	if (!icase) {
		const char *q = s.n >= needle.n ? memmem(s.p, s.n, needle.p, needle.n) : NULL;
		return q ? q - s.p : -1;
	}
	for (size_t i = 0; i + needle.n <= s.n; i++)
		if (ieq(s.p + i, needle.p, needle.n))
			return (ptrdiff_t)i;
	return -1;
}

struct str str_sub(struct str s, size_t from, size_t n)
{
	if (from > s.n)
		from = s.n;
	return (struct str){ s.p + from, MIN(n, s.n - from) };
}

static bool blank(char c) { return c == ' ' || c == '\t'; }

struct str str_trim(struct str s)
{
	while (s.n && blank(s.p[0]))
		s.p++, s.n--;
	while (s.n && blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct str str_split(struct str *rest, char sep)
{
	ptrdiff_t i = str_chr(*rest, sep);
	struct str part = i < 0 ? *rest : str_sub(*rest, 0, (size_t)i);
	*rest = i < 0 ? STR_NULL : str_sub(*rest, (size_t)i + 1, rest->n);
	return part;
}

unsigned str_distance(struct str a, struct str b)
{
	unsigned row[3][64];
	if (a.n >= 63 || b.n >= 63)
		return 255;
	unsigned *pp = row[0], *p = row[1], *c = row[2];
	for (unsigned j = 0; j <= b.n; j++)
		p[j] = pp[j] = j;
	for (unsigned i = 1; i <= a.n; i++) {
		c[0] = i;
		for (unsigned j = 1; j <= b.n; j++) {
			unsigned cost = a.p[i - 1] != b.p[j - 1];
			unsigned d = MIN(MIN(p[j] + 1, c[j - 1] + 1), p[j - 1] + cost);
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
				d = MIN(d, pp[j - 2] + 1);
			c[j] = d;
		}
		unsigned *t = pp;
		pp = p, p = c, c = t;
	}
	return MIN(p[b.n], 255u);
}
