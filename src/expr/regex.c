// SPDX-License-Identifier: GPL-3.0-or-later
/* Regular expressions: PCRE2, JIT-compiled at configuration time, matched under a match limit so that no pattern
 * and no subject can hold a worker up. Code objects live in the arena of the compilation (machine code in
 * PCRE2's own pages) and die with the generation. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "expr_priv.h"

#ifndef REGEX_MATCH_LIMIT
#define REGEX_MATCH_LIMIT 100000
#endif
#define REGEX_GROUPS 10

struct regex {
	pcre2_code *code;
	struct str text;
	bool icase;
};

/* One block a process, big enough for \0..\9; matching is never re-entered. */
static pcre2_match_data *match_data;
static pcre2_match_context *match_ctx;

static bool regex_ready(void)
{
	if (!match_data) {
		match_data = pcre2_match_data_create(REGEX_GROUPS, NULL);
		match_ctx = pcre2_match_context_create(NULL);
		if (!match_data || !match_ctx)
			return false;
		pcre2_set_match_limit(match_ctx, REGEX_MATCH_LIMIT);
		pcre2_set_heap_limit(match_ctx, 1024);
	}
	return true;
}

struct expr_given_up expr_given_up;

void expr_process_init(void)
{
	(void)regex_ready();
	json_process_init();
}

static void *arena_malloc(size_t n, void *arena)
{
	return arena_alloc(arena, n);
}

static void arena_no_free(void *p, void *arena)
{
	(void)p, (void)arena;
}

struct regex *regex_compile(struct arena *a, struct str pattern, bool icase, struct xerr *err)
{
	int code;
	PCRE2_SIZE at;
	char msg[128];
	pcre2_general_context *mem = pcre2_general_context_create(arena_malloc, arena_no_free, a);
	pcre2_compile_context *ctx = pcre2_compile_context_create(mem);
	pcre2_code *re = pcre2_compile((PCRE2_SPTR)(pattern.p ? pattern.p : ""), pattern.n, icase ? PCRE2_CASELESS : 0,
				       &code, &at, ctx);

	if (!re) {
		pcre2_get_error_message(code, (PCRE2_UCHAR *)msg, sizeof(msg));
		xerr_set(err, at, at < pattern.n, "bad regular expression: %s", msg);
		return NULL;
	}
	/* without JIT (no memory, no support) PCRE2 interprets: slower, same answers */
	(void)pcre2_jit_compile(re, PCRE2_JIT_COMPLETE);
	struct regex *r = ARENA_NEW(a, struct regex);

	*r = (struct regex){ .code = re, .text = arena_str(a, pattern), .icase = icase };
	return r;
}

void regex_free(struct regex *re)
{
	if (re)
		pcre2_code_free(re->code);
}

static int regex_exec(const struct regex *re, struct str s, size_t from, uint32_t opts)
{
	if (!regex_ready())
		return PCRE2_ERROR_NOMEMORY;
	int rc = pcre2_match(re->code, (PCRE2_SPTR)(s.p ? s.p : ""), s.n, from, opts, match_data, match_ctx);

	if (UNLIKELY(rc < PCRE2_ERROR_PARTIAL))
		expr_given_up.regex++;
	return rc;
}

bool regex_match(const struct regex *re, struct str s)
{
	return regex_exec(re, s, 0, 0) >= 0;
}

static void add_group(struct sbuf *out, struct str s, int ngroups, int g)
{
	const PCRE2_SIZE *ov = pcre2_get_ovector_pointer(match_data);

	if (g < ngroups && ov[2 * g] != PCRE2_UNSET && ov[2 * g + 1] > ov[2 * g])
		sbuf_add(out, str_sub(s, ov[2 * g], ov[2 * g + 1] - ov[2 * g]));
}

static int hex_nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Template: \0..\9 groups, \xHH a byte, a backslash takes any other byte literally. */
static void add_template(struct sbuf *out, struct str s, struct str tpl, int ngroups)
{
	for (size_t i = 0; i < tpl.n; i++) {
		char c = tpl.p[i];

		if (c != '\\' || i + 1 == tpl.n) {
			sbuf_addc(out, c);
			continue;
		}
		c = tpl.p[++i];
		if (c >= '0' && c <= '9') {
			add_group(out, s, ngroups, c - '0');
		} else if (c == 'x' && i + 2 < tpl.n && hex_nibble(tpl.p[i + 1]) >= 0 &&
			   hex_nibble(tpl.p[i + 2]) >= 0) {
			sbuf_addc(out, (char)(hex_nibble(tpl.p[i + 1]) << 4 | hex_nibble(tpl.p[i + 2])));
			i += 2;
		} else {
			sbuf_addc(out, c);
		}
	}
}

/* Replaces into out; the number of replacements. */
static unsigned subst_into(const struct regex *re, struct str s, struct str tpl, bool global, struct sbuf *out)
{
	const PCRE2_SIZE *ov;
	size_t pos = 0, copied = 0;
	unsigned n = 0;
	uint32_t opts = 0;

	do {
		int rc = regex_exec(re, s, pos, opts);

		if (rc < 0)
			break;
		ov = pcre2_get_ovector_pointer(match_data);
		if (ov[0] < copied || ov[1] < ov[0])
			break;
		sbuf_add(out, str_sub(s, copied, ov[0] - copied));
		add_template(out, s, tpl, rc > 0 ? rc : REGEX_GROUPS);
		copied = ov[1];
		n++;
		/* behind an empty match the next one must start further on */
		pos = ov[1] > ov[0] ? ov[1] : ov[1] + 1;
	} while (global && pos <= s.n && !out->cut);
	sbuf_add(out, str_sub(s, copied, SIZE_MAX));
	return n;
}

bool regex_subst(const struct regex *re, struct str s, struct str tpl, bool global, struct arena *tmp, struct str *out)
{
	struct sbuf first = { .fixed = true };
	char room[1024];

	first.p = room, first.cap = sizeof(room);
	if (!subst_into(re, s, tpl, global, &first))
		return false;
	if (!first.cut) {
		*out = str_n(arena_dup(tmp, first.p, first.n), first.n);
		return true;
	}
	/* each byte of the template gives at most the whole subject, each position of the subject at most one
	 * replacement */
	for (size_t cap = 8 * sizeof(room); cap <= 1u << 20; cap *= 4) {
		struct sbuf big = { .p = arena_bytes(tmp, cap), .cap = cap, .fixed = true };

		subst_into(re, s, tpl, global, &big);
		if (!big.cut) {
			*out = sbuf_str(&big);
			return true;
		}
	}
	return false;
}

bool regex_expand(const struct regex *re, struct str s, struct str tpl, struct arena *tmp, struct str *out)
{
	int rc = regex_exec(re, s, 0, 0);
	size_t cap = 1;

	if (rc < 0)
		return false;
	/* each byte of the template gives at most the whole subject */
	for (size_t i = 0; i < tpl.n; i++)
		cap += tpl.p[i] == '\\' ? s.n : 1;
	if (cap > 1u << 20)
		return false;
	struct sbuf b = { .p = arena_bytes(tmp, cap), .cap = cap, .fixed = true };

	add_template(&b, s, tpl, rc > 0 ? rc : REGEX_GROUPS);
	*out = sbuf_str(&b);
	return !b.cut;
}
