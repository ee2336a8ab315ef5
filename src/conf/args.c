// SPDX-License-Identifier: GPL-3.0-or-later
/* Reading the arguments of a line: numbers with ranges, times, sizes, enumerated words, names; and saying what is wrong
 * with them, with the span of the word or of the part of it that is at fault. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sluice/base/num.h>

#include "sema_priv.h"

#define TIME_MAX_MS INT32_MAX /* 24 days, HAProxy's limit */

/* ---- diagnostics ------------------------------------------------------------------------------------------------ */

PRINTF_FMT(5, 0)
static void say(struct sema *s, enum diag_level lv, struct span at, const char *hint, const char *fmt, va_list ap)
{
	char msg[512];
	if (s->mute)
		return;
	vsnprintf(msg, sizeof(msg), fmt, ap);
	diag(s->d, lv, at, hint, "%s", msg);
}

void sema_err(struct sema *s, const struct word *w, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	say(s, DIAG_ERROR, w->at, NULL, fmt, ap);
	va_end(ap);
}

void sema_warn(struct sema *s, const struct word *w, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	say(s, DIAG_WARN, w->at, NULL, fmt, ap);
	va_end(ap);
}

void sema_err_hint(struct sema *s, const struct word *w, const char *hint, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	say(s, DIAG_ERROR, w->at, hint, fmt, ap);
	va_end(ap);
}

/* Bytes of a quoted word do not map to columns: then all of it is underlined. */
static struct span span_part(const struct word *w, size_t off, size_t len)
{
	struct span at = w->at;
	if (w->quoted || off > w->s.n)
		return at;
	at.col += (uint32_t)off;
	at.len = (uint32_t)MAX((size_t)1, MIN(len, w->s.n - off));
	return at;
}

void sema_err_at(struct sema *s, const struct word *w, struct str sub, const char *fmt, ...)
{
	va_list ap;
	size_t off = sub.p >= w->s.p && sub.p <= w->s.p + w->s.n ? (size_t)(sub.p - w->s.p) : 0;
	va_start(ap, fmt);
	say(s, DIAG_ERROR, span_part(w, off, sub.n), NULL, fmt, ap);
	va_end(ap);
}

void sema_xerr(struct sema *s, const struct word *w, const struct xerr *e)
{
	const struct word *at = &w[e->word > 0 ? e->word : 0];
	if (!s->mute)
		diag(s->d, DIAG_ERROR, span_part(at, e->off, e->len ? e->len : at->s.n), e->hint[0] ? e->hint : NULL,
		     "%s", e->msg);
}

struct rt_loc sema_loc(struct sema *s, struct span at)
{
	const char *name = at.file < s->src->files.n ? s->src->files.at[at.file].name : "";
	struct rt_loc loc = { .line = at.line, .col = at.col };
	struct str key = str_c(name);
	char *kept = hmap_get(&s->names, key);

	if (!kept) {
		kept = arena_cstr(s->a, key);
		hmap_put(&s->names, str_n(kept, key.n), kept);
	}
	loc.file = kept;
	return loc;
}

/* ---- arguments -------------------------------------------------------------------------------------------------- */

struct str keep(struct sema *s, struct str t)
{
	return t.n ? arena_str(s->a, t) : (struct str){ "", 0 };
}

void *arena_append(struct arena *a, const void *at, uint32_t n, const void *elem, size_t size)
{
	char *p = arena_alloc(a, size * (n + 1));
	if (n)
		memcpy(p, at, size * n);
	memcpy(p + size * n, elem, size);
	return p;
}

const struct word *arg_next(struct sema *s, const struct word *w, uint32_t n, uint32_t *i)
{
	if (*i + 1 < n)
		return &w[++*i];
	sema_err(s, &w[*i], "'" STR_FMT "' expects an argument", STR_ARG(w[*i].s));
	return NULL;
}

/* Digits beyond 64 bits are a number too: out of range, not malformed. */
static bool all_digits(struct str t)
{
	for (size_t i = 0; i < t.n; i++)
		if (t.p[i] < '0' || t.p[i] > '9')
			return false;
	return t.n > 0;
}

bool arg_u32(struct sema *s, const struct word *w, uint32_t min, uint32_t max, uint32_t *out)
{
	uint64_t v;
	bool ok = num_u64(w->s, &v);

	if (!ok && !all_digits(w->s)) {
		if (w->s.n > 1 && w->s.p[0] == '-' && all_digits(str_sub(w->s, 1, w->s.n)))
			sema_err(s, w, "'" STR_FMT "' is out of range, expected %u to %u", STR_ARG(w->s), min, max);
		else
			sema_err(s, w, "'" STR_FMT "' is not a number", STR_ARG(w->s));
		return false;
	}
	if (!ok || v < min || v > max) {
		sema_err(s, w, "'" STR_FMT "' is out of range, expected %u to %u", STR_ARG(w->s), min, max);
		return false;
	}
	*out = (uint32_t)v;
	return true;
}

bool arg_i32(struct sema *s, const struct word *w, int32_t min, int32_t max, int32_t *out)
{
	int64_t v;
	if (!num_i64(w->s, &v)) {
		sema_err(s, w, "'" STR_FMT "' is not a number", STR_ARG(w->s));
		return false;
	}
	if (v < min || v > max) {
		sema_err(s, w, "'" STR_FMT "' is out of range, expected %d to %d", STR_ARG(w->s), min, max);
		return false;
	}
	*out = (int32_t)v;
	return true;
}

static struct str digits_of(struct str t)
{
	size_t n = 0;
	while (n < t.n && t.p[n] >= '0' && t.p[n] <= '9')
		n++;
	return str_n(t.p, n);
}

bool arg_time(struct sema *s, const struct word *w, uint32_t unit_ms, uint32_t *ms)
{
	uint64_t v, digits;
	bool ok = num_duration(w->s, unit_ms, &v);

	if (ok && v <= TIME_MAX_MS) {
		*ms = (uint32_t)v;
		return true;
	}
	struct str num = digits_of(w->s);
	struct str unit = str_sub(w->s, num.n, w->s.n);
	if (ok || (num.n && !num_u64(num, &digits)))
		sema_err(s, w, "'" STR_FMT "' is too long a time, at most 24 days", STR_ARG(w->s));
	else if (!num.n)
		sema_err(s, w, "'" STR_FMT "' is not a time: a number and an optional unit us, ms, s, m, h or d",
			 STR_ARG(w->s));
	else if (unit.n && strchr("umshd", unit.p[0]) && unit.n <= 2)
		sema_err(s, w, "'" STR_FMT "' is too long a time, at most 24 days", STR_ARG(w->s));
	else
		sema_err_at(s, w, unit, "'" STR_FMT "' is not a unit of time: us, ms, s, m, h or d", STR_ARG(unit));
	return false;
}

bool arg_size(struct sema *s, const struct word *w, uint32_t min, uint32_t max, uint32_t *out)
{
	uint64_t v;
	if (!num_size(w->s, &v)) {
		sema_err(s, w, "'" STR_FMT "' is not a size: a number and an optional unit k, m or g", STR_ARG(w->s));
		return false;
	}
	if (v < min || v > max) {
		sema_err(s, w, "'" STR_FMT "' is out of range, expected %u to %u bytes", STR_ARG(w->s), min, max);
		return false;
	}
	*out = (uint32_t)v;
	return true;
}

int arg_word(struct sema *s, const struct word *w, const char *const *words, int n, const char *what)
{
	char list[256] = "";
	const char *near;
	size_t len = 0;

	for (int i = 0; i < n; i++)
		if (word_is(w, words[i]))
			return i;
	near = diag_nearest(w->s, words, (size_t)n);
	if (near) {
		sema_err_hint(s, w, near, "unknown %s '" STR_FMT "'", what, STR_ARG(w->s));
		return -1;
	}
	for (int i = 0; i < n && len < sizeof(list); i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", i ? ", " : "", words[i]);
	sema_err(s, w, "unknown %s '" STR_FMT "', expected one of: %s", what, STR_ARG(w->s), list);
	return -1;
}

bool arg_name(struct sema *s, const struct word *w, const char *what)
{
	for (size_t i = 0; i < w->s.n; i++) {
		char c = w->s.p[i];
		bool ok =
			(c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-_.:", c);
		if (ok && c)
			continue;
		sema_err_at(s, w, str_sub(w->s, i, 1), "character '%c' is not allowed in the name of a %s", c, what);
		return false;
	}
	if (!w->s.n)
		sema_err(s, w, "the name of a %s cannot be empty", what);
	return w->s.n > 0;
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

bool sema_read_file(struct sema *s, struct arena *a, struct str name, struct str *text)
{
	char *path = arena_cstr(&s->scratch, name);
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct sbuf b = { 0 };
	char part[4096];
	ssize_t n = -1;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
		while ((n = read(fd, part, sizeof(part))) > 0)
			sbuf_add(&b, str_n(part, (size_t)n));
	close(fd);
	if (n == 0)
		*text = arena_str(a, sbuf_str(&b));
	sbuf_free(&b);
	return n == 0;
}
