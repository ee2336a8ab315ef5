// SPDX-License-Identifier: GPL-3.0-or-later
/* Normal forms of request targets. Those of the path leave query and fragment alone, the others take the text as a whole. */
#include <stdlib.h>
#include <sluice/base/buf.h>
#include <sluice/http/msg.h>
#include <sluice/http/uri_norm.h>

#define PARAMS_MAX 1024 /* a query with more is left as it is */

static struct str text_join(struct arena *a, struct str path, struct str rest)
{
	char *p = arena_bytes(a, path.n + rest.n + 1);

	memcpy(p, path.p, path.n);
	memcpy(p + path.n, rest.p ? rest.p : "", rest.n);
	return str_n(p, path.n + rest.n);
}

static struct str merge_slashes(char *p, size_t n)
{
	size_t o = 0;

	for (size_t i = 0; i < n; i++)
		if (p[i] != '/' || !o || p[o - 1] != '/')
			p[o++] = p[i];
	return str_n(p, o);
}

/* A segment of one dot goes; at the end it leaves its slash. */
static struct str strip_dot(char *p, size_t n)
{
	size_t o = 0;

	for (size_t i = 0; i < n;) {
		bool begins = p[i] == '.' && (i == 0 || p[i - 1] == '/') && (i + 1 == n || p[i + 1] == '/');

		if (begins) {
			i += i + 1 < n ? 2 : 1;
			continue;
		}
		p[o++] = p[i++];
	}
	return str_n(p, o);
}

/* Start of the last "segment/" of p[0..o); o when there is none to take away. */
static size_t last_segment(const char *p, size_t o)
{
	size_t k = o ? o - 1 : 0;

	while (k && p[k - 1] != '/')
		k--;
	return o > 1 && !(o - 1 - k == 2 && p[k] == '.' && p[k + 1] == '.') ? k : o;
}

static struct str strip_dotdot(char *p, size_t n, bool full)
{
	size_t o = 0, end, len;

	for (size_t i = 0; i < n; i = end) {
		for (end = i; end < n && p[end] != '/';)
			end++;
		bool up = end - i == 2 && p[i] == '.' && p[i + 1] == '.';
		size_t back = last_segment(p, o);

		end += end < n;
		len = end - i;
		if (up && (back < o || full)) {
			o = back;
			continue;
		}
		memmove(p + o, p + i, len);
		o += len;
	}
	return str_n(p, o);
}

static int hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool unreserved(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-._~", c));
}

static bool percent(char *p, size_t n, bool decode, bool strict, struct str *out)
{
	size_t o = 0;

	for (size_t i = 0; i < n; i++) {
		int hi = p[i] == '%' && i + 2 < n ? hex_of(p[i + 1]) : -1, lo = hi >= 0 ? hex_of(p[i + 2]) : -1;

		if (p[i] == '%' && lo < 0 && strict)
			return false;
		if (p[i] != '%' || lo < 0) {
			p[o++] = p[i];
		} else if (decode && unreserved(hi << 4 | lo)) {
			p[o++] = (char)(hi << 4 | lo);
			i += 2;
		} else {
			for (int k = 0; k < 3; k++, i++)
				p[o++] = decode ? p[i] : (char)(p[i] >= 'a' && p[i] <= 'f' ? p[i] & ~0x20 : p[i]);
			i--;
		}
	}
	*out = str_n(p, o);
	return true;
}

struct param { struct str text; size_t at; };

static struct str param_name(struct str t)
{
	ptrdiff_t eq = str_chr(t, '=');

	return eq < 0 ? t : str_sub(t, 0, (size_t)eq);
}

static int param_cmp(const void *a, const void *b)
{
	const struct param *x = a, *y = b;
	int r = str_cmp(param_name(x->text), param_name(y->text));

	return r ? r : x->at < y->at ? -1 : 1;
}

static struct str sort_query(struct arena *a, struct str t)
{
	struct str path = uri_path(t), query = uri_query(t);
	struct param *v = arena_alloc(a, PARAMS_MAX * sizeof(*v));
	size_t n = 0;

	for (struct str rest = query; rest.p; n++) {
		if (n == PARAMS_MAX)
			return t;
		v[n] = (struct param){ str_split(&rest, '&'), n };
	}
	if (n < 2)
		return t;
	qsort(v, n, sizeof(*v), param_cmp);
	char *p = arena_bytes(a, t.n + 1);
	struct sbuf out = { .p = p, .cap = t.n + 1, .fixed = true };

	sbuf_add(&out, path);
	for (size_t i = 0; i < n; i++) {
		sbuf_addc(&out, i ? '&' : '?');
		sbuf_add(&out, v[i].text);
	}
	sbuf_add(&out, str_sub(t, path.n + 1 + query.n, SIZE_MAX));
	return sbuf_str(&out);
}

static struct str fragment(struct arena *a, struct str t, bool encode)
{
	ptrdiff_t hash = str_chr(t, '#');

	if (hash < 0)
		return t;
	if (!encode)
		return str_sub(t, 0, (size_t)hash);
	struct sbuf out = { .p = arena_bytes(a, 3 * t.n), .cap = 3 * t.n, .fixed = true };

	for (size_t i = 0; i < t.n; i++)
		sbuf_add(&out, t.p[i] == '#' ? STR("%23") : str_sub(t, i, 1));
	return sbuf_str(&out);
}

bool uri_normalize(struct arena *a, enum uri_norm how, bool flag, struct str target, struct str *out)
{
	struct str path = uri_path(target), rest = str_sub(target, path.n, SIZE_MAX);
	char *p;

	*out = target;
	switch (how) {
	case NORM_FRAGMENT_ENCODE:
	case NORM_FRAGMENT_STRIP: *out = fragment(a, target, how == NORM_FRAGMENT_ENCODE); return true;
	case NORM_SORT_QUERY: *out = sort_query(a, target); return true;
	case NORM_DECODE_UNRESERVED:
	case NORM_TO_UPPERCASE:
		p = arena_bytes(a, target.n + 1);
		memcpy(p, target.p, target.n);
		return percent(p, target.n, how == NORM_DECODE_UNRESERVED, flag, out);
	default: break;
	}
	if (!path.n || path.p[0] != '/')
		return true;
	p = arena_bytes(a, path.n + 1);
	memcpy(p, path.p, path.n);
	path = how == NORM_MERGE_SLASHES ? merge_slashes(p, path.n) : how == NORM_STRIP_DOT ? strip_dot(p, path.n) :
									strip_dotdot(p, path.n, flag);
	*out = text_join(a, path.n ? path : STR("/"), rest);
	return true;
}
