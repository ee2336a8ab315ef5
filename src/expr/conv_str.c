// SPDX-License-Identifier: GPL-3.0-or-later
/* Converters of text: case, fields and words, trimming, substitution, dates. Encodings are in conv_enc.c. */
#include <time.h>

#include <sluice/base/num.h>
#include "rows_priv.h"

static bool map_case(struct smp_ctx *c, struct smp *s, bool upper)
{
	char *p = arena_bytes(c->tmp, s->s.n);

	for (size_t i = 0; i < s->s.n; i++) {
		char ch = s->s.p[i];

		p[i] = !upper ? ascii_lower(ch) : ch >= 'a' && ch <= 'z' ? (char)(ch & ~0x20) : ch;
	}
	s->s.p = p;
	return true;
}

bool conv_lower(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	(void)k;
	return map_case(c, s, false);
}

bool conv_upper(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	(void)k;
	return map_case(c, s, true);
}

bool conv_length(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	(void)c, (void)k;
	return smp_set_int(s, (int64_t)s->s.n);
}

bool conv_bytes(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	int64_t off = k->arg[0].i, len = k->arg[1].set ? k->arg[1].i : INT64_MAX;

	(void)c;
	if (off < 0 || len < 0)
		return false;
	s->s = str_sub(s->s, MIN((size_t)off, s->s.n), (size_t)len);
	return true;
}

static bool in_set(struct str set, char c)
{
	return set.n && memchr(set.p, c, set.n);
}

/* A walk over the pieces between delimiters, from the front or from the end. at is where the next piece starts
 * (ends). */
struct pieces { struct str s, delims; size_t at; bool back, skip_empty, done; };

static bool piece_next(struct pieces *w, size_t *from, size_t *to)
{
	while (!w->done) {
		size_t i = w->at;

		if (w->back) {
			while (i > 0 && !in_set(w->delims, w->s.p[i - 1]))
				i--;
			*from = i, *to = w->at;
			w->done = i == 0;
			w->at = i - !w->done;
		} else {
			while (i < w->s.n && !in_set(w->delims, w->s.p[i]))
				i++;
			*from = w->at, *to = i;
			w->done = i == w->s.n;
			w->at = i + !w->done;
		}
		if (*from < *to || !w->skip_empty)
			return true;
	}
	return false;
}

/* Pieces n .. n+count-1 (counted from 1; from the end and towards the front when n < 0) with the delimiters
 * between them; count 0: all that follow. False when there is no n-th piece. */
static bool pick_pieces(struct smp *s, int64_t n, struct str delims, int64_t count, bool skip_empty)
{
	struct pieces w = { s->s, delims, n < 0 ? s->s.n : 0, n < 0, skip_empty, false };
	uint64_t skip = n < 0 ? -(uint64_t)n : (uint64_t)n;
	size_t from = 0, to = 0, f, t;

	if (!n)
		return false;
	while (skip--)
		if (!piece_next(&w, &from, &to))
			return false;
	if (count == 0) {
		from = w.back ? 0 : from;
		to = w.back ? to : s->s.n;
	}
	while (count-- > 1 && piece_next(&w, &f, &t)) {
		from = MIN(from, f);
		to = MAX(to, t);
	}
	s->s = str_sub(s->s, from, to - from);
	return true;
}

bool conv_field(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	(void)c;
	return pick_pieces(s, k->arg[0].i, k->arg[1].s, k->arg[2].set ? k->arg[2].i : 1, false);
}

bool conv_word(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	(void)c;
	return pick_pieces(s, k->arg[0].i, k->arg[1].s, k->arg[2].set ? k->arg[2].i : 1, true);
}

static struct str arg_text(const struct call *k, int i)
{
	return k->arg[i].set ? k->arg[i].s : STR_NULL;
}

bool conv_ltrim(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	(void)c;
	while (s->s.n && in_set(k->arg[0].s, s->s.p[0]))
		s->s.p++, s->s.n--;
	return true;
}

bool conv_rtrim(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	(void)c;
	while (s->s.n && in_set(k->arg[0].s, s->s.p[s->s.n - 1]))
		s->s.n--;
	return true;
}

bool conv_cut_crlf(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	(void)c, (void)k;
	for (size_t i = 0; i < s->s.n; i++)
		if (s->s.p[i] == '\r' || s->s.p[i] == '\n')
			s->s.n = i;
	return true;
}

/* Text in which nothing matches stays as it is. */
bool conv_regsub(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	struct str out;

	if (regex_subst(k->arg[0].re, s->s, k->arg[1].s, str_chr(arg_text(k, 2), 'g') >= 0, c->tmp, &out))
		s->s = out;
	return true;
}

bool conv_iif(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	(void)c;
	return smp_set_str(s, s->i ? k->arg[0].s : k->arg[1].s);
}

/* Index of the ':' before the port of a Host header, or its length. */
static size_t port_colon(struct str s)
{
	size_t i = s.n;

	while (i && s.p[i - 1] >= '0' && s.p[i - 1] <= '9')
		i--;
	if (i && s.p[i - 1] == ':' && (str_chr(s, ':') == (ptrdiff_t)i - 1 || (i > 1 && s.p[i - 2] == ']')))
		return i - 1;
	return s.n;
}

bool conv_host_only(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	(void)c, (void)k;
	s->s.n = port_colon(s->s);
	return true;
}

bool conv_port_only(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	uint64_t port = 0;

	(void)c, (void)k;
	if (!num_u64(str_sub(s->s, port_colon(s->s) + 1, SIZE_MAX), &port) || port > 65535)
		port = 0;
	return smp_set_int(s, (int64_t)port);
}

/* %N is not known to strftime(3): the fraction of a second as nine digits. */
static struct str fraction_put(struct smp_ctx *c, struct str fmt, long nsec)
{
	struct sbuf b = { .p = arena_bytes(c->tmp, fmt.n * 5 + 1), .cap = fmt.n * 5 + 1, .fixed = true };

	for (size_t i = 0; i < fmt.n; i++) {
		bool pair = fmt.p[i] == '%' && i + 1 < fmt.n;

		if (pair && fmt.p[i + 1] == 'N')
			sbuf_printf(&b, "%09ld", nsec);
		else
			sbuf_add(&b, str_sub(fmt, i, pair ? 2 : 1));
		i += pair;
	}
	sbuf_addc(&b, '\0');
	return sbuf_str(&b);
}

/* the format comes from the configuration: that is what the converter is for */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static bool format_time(struct smp_ctx *c, const char *fmt, time_t t, bool utc, struct smp *s)
{
	enum { ROOM = 256 };
	char *p = arena_bytes(c->tmp, ROOM);
	struct tm tm;

	if (!(utc ? gmtime_r(&t, &tm) : localtime_r(&t, &tm)))
		return false;
	return smp_set_str(s, str_n(p, strftime(p, ROOM, fmt, &tm)));
}

bool conv_http_date(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	int64_t t = s->i, offset = k->arg[0].set ? k->arg[0].i : 0;
	struct str unit = arg_text(k, 1);
	int64_t div = str_eq(unit, STR("ms")) ? 1000 : str_eq(unit, STR("us")) ? 1000000 : 1;

	if (__builtin_add_overflow(t, offset, &t))
		return false;
	return format_time(c, "%a, %d %b %Y %H:%M:%S GMT", (time_t)(t / div), true, s);
}

/* aux: bit 0 UTC, bit 1 milliseconds, bit 2 microseconds; the offset has the unit of the sample. */
bool conv_strftime(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	int64_t t = s->i, div = k->aux & 4 ? 1000000 : k->aux & 2 ? 1000 : 1;
	struct str fmt = k->arg[0].s;

	if (k->arg[1].set && __builtin_add_overflow(t, k->arg[1].i, &t))
		return false;
	if (div > 1)
		fmt = fraction_put(c, fmt, (long)((t % div + div) % div * (1000000000 / div)));
	return format_time(c, fmt.p, (time_t)(t / div), k->aux & 1, s);
}
