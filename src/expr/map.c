// SPDX-License-Identifier: GPL-3.0-or-later
/* Lookups in pattern files: samples become probes, entries become samples. Regular expressions cannot be shared between processes: each
 * process compiles those of a file for itself, and again what has changed. */
#include <stdlib.h>

#include <sluice/base/num.h>
#include <sluice/expr/patfile.h>
#include "expr_priv.h"

struct compiled { uint64_t ord; uint32_t ref; struct regex *re; };

struct regexes {
	uint64_t stamp;          /* of the table when this was made */
	VEC(struct compiled) all; /* in the order of the file */
	struct arena mem;
	uint32_t made;           /* compiled into mem so far, with those that are gone */
};

/* ---- regular expressions ------------------------------------------------------------------------------------------- */

static void compiled_free(struct regexes *r)
{
	for (size_t i = 0; i < r->all.n; i++)
		regex_free(r->all.at[i].re);
	VEC_FREE(&r->all);
	arena_free(&r->mem);
}

void regexes_free(struct pat_use *u)
{
	if (u->re)
		compiled_free(u->re);
	free(u->re);
	u->re = NULL;
}

/* Takes over what both have, compiles what is new; both lists are in the order of addition. */
static void refresh(struct pat_use *u, struct regexes *r, struct ptab *t)
{
	VEC(struct compiled) next = { 0 };
	struct ptab_entry e;
	struct xerr err;
	uint64_t last = 0;
	size_t old = 0;

	/* the order grows, so a list that leads back into itself ends here */
	for (uint32_t at = ptab_first(t); at && ptab_entry(t, at, &e) && e.ord > last; at = ptab_next(t, at)) {
		struct compiled c = { e.ord, at, NULL };

		last = e.ord;

		for (; old < r->all.n && r->all.at[old].ord < e.ord; old++)
			regex_free(r->all.at[old].re);
		if (old < r->all.n && r->all.at[old].ord == e.ord)
			c.re = r->all.at[old++].re;
		else
			c.re = (r->made++, regex_compile(&r->mem, e.key, u->icase, &err));
		if (c.re)
			VEC_PUSH(&next, c);
	}
	for (; old < r->all.n; old++)
		regex_free(r->all.at[old].re);
	free(r->all.at);
	r->all.at = next.at, r->all.n = next.n, r->all.cap = next.cap;
}

static struct regexes *regexes_of(struct pat_use *u, struct ptab *t)
{
	uint64_t stamp = ptab_stamp(t);
	struct regexes *r = u->re;

	if (r && r->stamp == stamp)
		return r;
	if (r && r->made > 64 && r->made / 4 > r->all.n) { /* mostly what is gone */
		compiled_free(r);
		memset(r, 0, sizeof(*r));
		arena_init(&r->mem, 0);
	}
	if (!r) {
		u->re = r = calloc(1, sizeof(*r));
		if (!r)
			return NULL;
		arena_init(&r->mem, 0);
	}
	refresh(u, r, t);
	r->stamp = stamp;
	return r;
}

static const struct compiled *find_regex(struct pat_use *u, struct ptab *t, struct str v)
{
	const struct regexes *r = regexes_of(u, t);

	for (size_t i = 0; r && i < r->all.n; i++)
		if (regex_match(r->all.at[i].re, v))
			return &r->all.at[i];
	return NULL;
}

/* ---- lookups ------------------------------------------------------------------------------------------------------ */

static struct ptab *table_of(struct pat_use *u)
{
	if (UNLIKELY(!u->file->tab) && !pat_file_build(u->file))
		return NULL;
	return u->file->tab;
}

static struct str to_hex(struct str v, struct arena *tmp)
{
	static const char digits[] = "0123456789abcdef";
	char *p = arena_bytes(tmp, v.n * 2 + 1);

	for (size_t i = 0; i < v.n; i++) {
		p[2 * i] = digits[(uint8_t)v.p[i] >> 4];
		p[2 * i + 1] = digits[(uint8_t)v.p[i] & 15];
	}
	return str_n(p, v.n * 2);
}

static bool find_cast(struct pat_use *u, const struct smp *v, struct arena *tmp, struct ptab_entry *out)
{
	struct ptab *t = table_of(u);
	struct ptab_probe p = { 0 };

	if (!t)
		return false;
	switch ((enum match_kind)u->match) {
	case MATCH_INT: p.i = v->i; break;
	case MATCH_IP: p.ip = &v->ip; break;
	case MATCH_LEN: p.i = (int64_t)v->s.n; break;
	case MATCH_BIN: p.text = to_hex(v->s, tmp); break;
	case MATCH_REG: {
		const struct compiled *c = find_regex(u, t, v->s);

		return c && ptab_entry(t, c->ref, out);
	}
	default: p.text = v->s; break;
	}
	return ptab_find(t, u->at, &p, out);
}

bool pat_use_find(struct pat_use *u, const struct smp *s, struct arena *tmp, struct ptab_entry *out)
{
	struct smp v = *s;

	return smp_cast(&v, match_cast((enum match_kind)u->match), tmp) && find_cast(u, &v, tmp, out);
}

static const struct regex *regex_of(const struct pat_use *u, uint32_t ref)
{
	for (size_t i = 0; u->re && i < u->re->all.n; i++)
		if (u->re->all.at[i].ref == ref)
			return u->re->all.at[i].re;
	return NULL;
}

bool pat_use_value(struct pat_use *u, const struct smp *s, bool expand, struct arena *tmp, struct smp *out)
{
	struct smp v = *s;
	struct ptab_entry e;
	struct str text;

	if (!smp_cast(&v, match_cast((enum match_kind)u->match), tmp) || !find_cast(u, &v, tmp, &e))
		return false;
	if (expand) {
		const struct regex *re = regex_of(u, e.ref);

		return re && regex_expand(re, v.s, e.val, tmp, &text) && smp_set_str(out, text);
	}
	*out = (struct smp){ .type = u->out };
	switch ((enum smp_type)u->out) {
	case SMP_INT: return num_i64(e.val, &out->i);
	case SMP_IP: return addr_parse_ip(&out->ip, e.val);
	default: break;
	}
	char *copy = arena_bytes(tmp, e.val.n + 1); /* the entry may be changed while the request lives */

	memcpy(copy, e.val.p ? e.val.p : "", e.val.n);
	return smp_set_str(out, str_n(copy, e.val.n));
}

void pat_use_kind(const struct pat_use *u, struct str *match, struct str *out)
{
	*match = match_name((enum match_kind)u->match);
	*out = u->out == SMP_INT ? STR("int") : u->out == SMP_IP ? STR("ip") : STR("str");
}
