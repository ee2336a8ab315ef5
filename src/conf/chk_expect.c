// SPDX-License-Identifier: GPL-3.0-or-later
/* What stands behind `http-check expect` and `tcp-check expect`: words that shape the verdict and its text, then what is looked for
 * and in what. */
#include <sluice/base/num.h>

#include "chk_priv.h"

unsigned chk_avail(bool http)
{
	return http ? CHK_AVAIL_HTTP : CHK_AVAIL_TCP;
}

/* ---- what is looked for ------------------------------------------------------------------------------------------- */

bool chk_match_fits(enum chk_match m, bool http)
{
	switch (m) {
	case CM_STATUS: case CM_RSTATUS: case CM_HDR: case CM_FHDR: return http;
	case CM_BINARY: case CM_RBINARY: case CM_BINARY_LF: return !http;
	default: return true;
	}
}

static bool expect_status(struct sema *s, const struct word *v, struct chk_expect *e)
{
	struct str rest = v->s, part;
	uint64_t lo, hi;

	while (rest.p) {
		part = str_split(&rest, ',');
		ptrdiff_t dash = str_chr(part, '-');
		bool ok = num_u64(dash < 0 ? part : str_sub(part, 0, (size_t)dash), &lo);
		hi = lo;
		if (ok && dash >= 0)
			ok = num_u64(str_sub(part, (size_t)dash + 1, part.n), &hi);
		if (!ok || lo < 100 || hi > 599 || hi < lo) {
			sema_err_at(s, v, part, "'" STR_FMT "' is not a status or a range of them", STR_ARG(part));
			return false;
		}
		if (e->nstatus == ARRAY_LEN(e->status)) {
			sema_err_at(s, v, part, "at most %zu statuses or ranges", ARRAY_LEN(e->status));
			return false;
		}
		e->status[e->nstatus].lo = (uint16_t)lo;
		e->status[e->nstatus++].hi = (uint16_t)hi;
	}
	return true;
}

/* [-m how] <text>, at the word before it. icase: of a regular expression. */
static bool matched_text(struct sema *s, const struct line *l, uint32_t *i, bool icase, uint8_t *how, struct str *text, struct regex **re)
{
	static const char *const words[] = { "str", "beg", "end", "sub", "reg" };
	const struct word *v = arg_next(s, l->w, l->n, i);
	int k = 0;

	if (v && word_is(v, "-m") &&
	    (!(v = arg_next(s, l->w, l->n, i)) || (k = arg_word(s, v, words, 5, "match")) < 0 || !(v = arg_next(s, l->w, l->n, i))))
		return false;
	if (!v)
		return false;
	*how = (uint8_t)k;
	*text = keep(s, v->s);
	return k != NAME_REG || (*re = sema_regex(s, v, icase)) != NULL;
}

/* The text is a format, which a regular expression cannot be. */
static bool as_format(struct sema *s, const struct word *v, uint8_t how, struct logfmt **fmt)
{
	if (how == NAME_REG) {
		sema_err(s, v, "a format cannot be a regular expression: its text is not known before the check runs");
		return false;
	}
	return (*fmt = sema_raw_fmt(s, v, CHK_AVAIL_HTTP)) != NULL;
}

/* name|name-lf [-m how] <name> [value|value-lf [-m how] <value>] behind w[*i]. */
static bool expect_hdr(struct sema *s, const struct line *l, uint32_t *i, struct chk_expect *e)
{
	static const char *const names[] = { "name", "name-lf" }, *const values[] = { "value", "value-lf" };
	const struct word *v = arg_next(s, l->w, l->n, i);
	int k;

	if (!v || (k = arg_word(s, v, names, 2, "part of a header")) < 0 ||
	    !matched_text(s, l, i, true, &e->name_how, &e->hdr_name, &e->name_re) ||
	    (k && !as_format(s, &l->w[*i], e->name_how, &e->name_fmt)))
		return false;
	if (*i + 1 >= l->n || !(word_is(&l->w[*i + 1], values[0]) || word_is(&l->w[*i + 1], values[1])))
		return true;
	k = word_is(&l->w[++*i], values[1]);
	e->has_value = true;
	return matched_text(s, l, i, false, &e->hdr_how, &e->text, &e->re) && (!k || as_format(s, &l->w[*i], e->hdr_how, &e->fmt));
}

/* "! string x" and "!string x" mean the same. */
static bool expect_match(struct sema *s, const struct line *l, uint32_t *i, bool http, struct chk_expect *e)
{
	static const char *const words[] = {
		"status", "rstatus", "string", "rstring", "hdr", "binary", "rbinary", "string-lf", "binary-lf", "fhdr",
	};
	struct word m = l->w[*i];
	const struct word *v;

	if (m.s.n > 1 && m.s.p[0] == '!')
		e->neg = !e->neg, m.s = str_sub(m.s, 1, SIZE_MAX);
	int k = arg_word(s, &m, words, ARRAY_LEN(words), "match of expect");

	if (k < 0)
		return false;
	if (!chk_match_fits((enum chk_match)k, http)) {
		sema_err(s, &l->w[*i], "'%s' is not possible in %s expect", words[k], http ? "http-check" : "tcp-check");
		return false;
	}
	e->match = (uint8_t)k;
	if (k == CM_HDR || k == CM_FHDR)
		return expect_hdr(s, l, i, e);
	if (!(v = arg_next(s, l->w, l->n, i)))
		return false;
	e->text = keep(s, v->s);
	switch (k) {
	case CM_STATUS: return expect_status(s, v, e);
	case CM_BINARY: return chk_hex(s, v, &e->text);
	case CM_STRING: return true;
	case CM_STRING_LF:
	case CM_BINARY_LF: return (e->fmt = sema_raw_fmt(s, v, chk_avail(http))) != NULL;
	default: return (e->re = sema_regex(s, v, false)) != NULL;
	}
}

/* ---- what shapes the verdict ------------------------------------------------------------------------------------------------ */

static const char *const statuses[] = { /* by enum check_status, which is of a layer above */
#define CHECK_STATUS(id, word, text, result, has_code) word,
#include <sluice/tbl/check_status.def>
#undef CHECK_STATUS
};

uint8_t chk_status(const char *word)
{
	unsigned i = 0;

	while (i < ARRAY_LEN(statuses) && strcmp(word, statuses[i]) != 0)
		i++;
	ASSERT(i < ARRAY_LEN(statuses));
	return (uint8_t)i;
}

/* One of `words`, which ends with NULL, as the row of its status. */
static bool verdict_word(struct sema *s, const struct word *v, const char *const *words, uint8_t *out)
{
	int n = 0;

	while (words[n])
		n++;
	int k = arg_word(s, v, words, n, "status here");

	if (k >= 0)
		*out = chk_status(words[k]);
	return k >= 0;
}

enum { NO_SHAPE = -1, COMMENT, MIN_RECV, OK_STATUS, ERROR_STATUS, TOUT_STATUS, ON_SUCCESS, ON_ERROR, CODE };

static int shape_of(const struct word *w)
{
	static const char *const words[] = {
		"comment", "min-recv", "ok-status", "error-status", "tout-status", "on-success", "on-error", "status-code",
	};

	for (unsigned k = 0; k < ARRAY_LEN(words); k++)
		if (word_is(w, words[k]))
			return (int)k;
	return NO_SHAPE;
}

/* -1 is as if it had not been given. */
static bool min_recv(struct sema *s, const struct word *v, struct chk_expect *e)
{
	int32_t n;

	if (!arg_i32(s, v, -1, INT32_MAX, &n))
		return false;
	e->at_once = n >= 0;
	e->min_recv = (uint32_t)MAX(n, 0);
	return true;
}

static bool shape(struct sema *s, int k, const struct word *v, bool http, struct chk_step *st)
{
	static const char *const ok[] = { "L7OK", "L7OKC", "L6OK", "L4OK", NULL }, *const tout[] = { "L7TOUT", "L6TOUT", "L4TOUT", NULL };
	static const char *const error[] = { "L7OKC", "L7RSP", "L7STS", "L6RSP", "L4CON", NULL };
	struct chk_expect *e = &st->exp;

	switch (k) {
	case COMMENT: st->comment = keep(s, v->s); return true;
	case MIN_RECV: return min_recv(s, v, e);
	case OK_STATUS: return verdict_word(s, v, ok, &e->ok_status);
	case ERROR_STATUS: return verdict_word(s, v, error, &e->error_status);
	case TOUT_STATUS: return verdict_word(s, v, tout, &e->tout_status);
	case ON_SUCCESS: return (e->on_success = sema_raw_fmt(s, v, chk_avail(http))) != NULL;
	case ON_ERROR: return (e->on_error = sema_raw_fmt(s, v, chk_avail(http))) != NULL;
	default: return (e->code = sema_expr(s, v, chk_avail(http))) != NULL;
	}
}

bool chk_expect_parse(struct sema *s, const struct line *l, bool http, struct chk_step *st)
{
	for (uint32_t i = 2; i < l->n; i++) {
		int k = shape_of(&l->w[i]);
		const struct word *v;

		if (k != NO_SHAPE) {
			if (!(v = arg_next(s, l->w, l->n, &i)) || !shape(s, k, v, http, st))
				return false;
			continue;
		}
		if (word_is(&l->w[i], "!")) {
			st->exp.neg = !st->exp.neg;
			continue;
		}
		if (!expect_match(s, l, &i, http, &st->exp))
			return false;
		if (i + 1 == l->n)
			return true;
		sema_err(s, &l->w[i + 1], "unexpected '" STR_FMT "' after the match", STR_ARG(l->w[i + 1].s));
		return false;
	}
	sema_err(s, &l->w[1], "'expect' expects a match");
	return false;
}
