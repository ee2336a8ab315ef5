// SPDX-License-Identifier: GPL-3.0-or-later
/* Map files: lines to entries, the index, lookups. Of equal keys the first counts; a prefix or a network that is longer wins over a
 * shorter one, of other keys the first that matches. */
#include <stdlib.h>

#include <sluice/base/num.h>
#include <sluice/expr/map.h>
#include "expr_priv.h"

struct map_entry { struct pat key; struct str text; struct smp val; }; /* text: of the value, for templates */

struct map {
	uint8_t match, out;          /* enum match_kind, enum smp_type */
	bool sorted;                 /* INT: entries by lo, no two overlap */
	struct map_entry *at;
	uint32_t n;
	size_t bytes;
	struct hmap hash;            /* STR */
	struct radix *radix;         /* BEG, END */
	struct cidr_trie *cidr;      /* IP */
};

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static bool blank(char c) { return c == ' ' || c == '\t'; }

/* Key and value of a line; false: it has none. */
static bool line_split(struct str line, struct str *key, struct str *val)
{
	size_t i = 0;

	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	if (line.n && line.p[0] == '#')
		return false;
	line = str_trim(line);
	while (i < line.n && !blank(line.p[i]))
		i++;
	*key = str_sub(line, 0, i);
	*val = str_trim(str_sub(line, i, SIZE_MAX));
	return key->n > 0;
}

static bool value_parse(struct smp *v, enum smp_type out, struct str text, struct xerr *err)
{
	*v = (struct smp){ .type = (uint8_t)out };
	switch (out) {
	case SMP_INT:
		if (num_i64(text, &v->i))
			return true;
		break;
	case SMP_IP:
		if (addr_parse_ip(&v->ip, text))
			return true;
		break;
	default: return smp_set_str(v, text);
	}
	xerr_set(err, 0, text.n, "the value '" STR_FMT "' is not %s", STR_ARG(text), smp_type_name(out).p);
	return false;
}

static uint32_t line_count(struct str text)
{
	uint32_t n = 1;

	for (const char *p = text.p, *end = text.p + text.n; p && (p = memchr(p, '\n', (size_t)(end - p))); p++)
		n++;
	return n;
}

static bool entries_read(struct map *m, const struct expr_env *env, struct str file, struct str text, struct xerr *err)
{
	struct str key, val;
	uint32_t no = 0;

	m->at = ARENA_NEWN(env->arena, struct map_entry, line_count(text));
	for (struct str rest = text; rest.p;) {
		struct map_entry *e = &m->at[m->n];
		struct xerr inner = { 0 };

		no++;
		if (!line_split(str_split(&rest, '\n'), &key, &val))
			continue;
		e->text = val;
		if (!pat_parse(&e->key, (enum match_kind)m->match, false, NULL, key, env->arena, &inner) ||
		    !value_parse(&e->val, (enum smp_type)m->out, val, &inner)) {
			xerr_set(err, 0, file.n, STR_FMT ":%u: %.160s", STR_ARG(file), no, inner.msg);
			return false;
		}
		m->n++;
	}
	return true;
}

/* ---- indexes ---------------------------------------------------------------------------------------------------- */

static void index_hash(struct map *m, struct arena *a)
{
	hmap_init(&m->hash, a);
	hmap_reserve(&m->hash, m->n);
	for (uint32_t i = 0; i < m->n; i++) {
		void *first = hmap_put(&m->hash, m->at[i].key.text, &m->at[i]);

		if (first)
			(void)hmap_put(&m->hash, m->at[i].key.text, first);
	}
}

static void index_tries(struct map *m, struct arena *a)
{
	if (m->match == MATCH_IP)
		m->cidr = cidr_new(a);
	else
		m->radix = radix_new(a, m->match == MATCH_BEG ? RADIX_FORWARD : RADIX_BACKWARD, false);
	for (uint32_t i = 0; i < m->n; i++) {
		const struct pat *k = &m->at[i].key;
		void **slot = m->cidr ? cidr_at(m->cidr, &k->net.ip, k->net.len) : radix_at(m->radix, k->text);

		if (!*slot)
			*slot = &m->at[i];
	}
}

static int by_lo(const void *a, const void *b)
{
	const struct map_entry *x = a, *y = b;

	return x->key.lo < y->key.lo ? -1 : x->key.lo > y->key.lo;
}

/* Ranges that overlap keep the order of the file. */
static void index_ranges(struct map *m, struct arena *a)
{
	struct map_entry *sorted = arena_dup(a, m->at, m->n * sizeof(*sorted));

	qsort(sorted, m->n, sizeof(*sorted), by_lo);
	for (uint32_t i = 1; i < m->n; i++)
		if (sorted[i - 1].key.hi >= sorted[i].key.lo)
			return;
	m->at = sorted;
	m->sorted = true;
}

static void index_build(struct map *m, struct arena *a)
{
	switch ((enum match_kind)m->match) {
	case MATCH_STR: index_hash(m, a); break;
	case MATCH_BEG:
	case MATCH_END:
	case MATCH_IP: index_tries(m, a); break;
	case MATCH_INT: index_ranges(m, a); break;
	default: break;
	}
}

static struct map_ref *ref_find(const struct map_list *l, struct str file, unsigned match, enum smp_type out)
{
	for (struct map_ref *r = l->first; r; r = r->next)
		if (r->map->match == match && r->map->out == out && str_eq(r->file, file))
			return r;
	return NULL;
}

struct map_ref *map_get(const struct expr_env *env, struct str file, unsigned match, enum smp_type out, struct xerr *err)
{
	struct map_ref *r = env->maps ? ref_find(env->maps, file, match, out) : NULL;
	size_t before = env->arena->total;
	struct str text;

	if (r)
		return r;
	if (!env->maps || !env->read_file || !env->read_file(env->ctx, file, &text)) {
		xerr_set(err, 0, file.n, "cannot read map file '" STR_FMT "'", STR_ARG(file));
		return NULL;
	}
	struct map *m = ARENA_NEW(env->arena, struct map);

	m->match = (uint8_t)match;
	m->out = (uint8_t)out;
	if (!entries_read(m, env, file, text, err))
		return NULL;
	index_build(m, env->arena);
	m->bytes = env->arena->total - before;
	r = ARENA_NEW(env->arena, struct map_ref);
	*r = (struct map_ref){ .map = m, .file = arena_str(env->arena, file) };
	*(env->maps->first ? env->maps->last : &env->maps->first) = r;
	env->maps->last = &r->next;
	return r;
}

/* ---- lookups ---------------------------------------------------------------------------------------------------- */

static bool first_listed(void *ctx, void *val)
{
	const struct map_entry **best = ctx, *e = val;

	if (!*best || e < *best)
		*best = e;
	return true;
}

static const struct map_entry *find_range(const struct map *m, int64_t v)
{
	uint32_t lo = 0, hi = m->n;

	for (uint32_t i = 0; !m->sorted && i < m->n; i++)
		if (v >= m->at[i].key.lo && v <= m->at[i].key.hi)
			return &m->at[i];
	while (m->sorted && lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (m->at[mid].key.hi < v)
			lo = mid + 1;
		else
			hi = mid;
	}
	return m->sorted && lo < m->n && m->at[lo].key.lo <= v ? &m->at[lo] : NULL;
}

static const struct map_entry *find_entry(const struct map *m, const struct smp *s)
{
	const struct map_entry *e = NULL;

	switch ((enum match_kind)m->match) {
	case MATCH_STR: return hmap_get(&m->hash, s->s);
	case MATCH_BEG: return radix_longest(m->radix, s->s);
	case MATCH_END: radix_walk(m->radix, s->s, first_listed, &e); return e;
	case MATCH_IP: return cidr_longest(m->cidr, &s->ip);
	case MATCH_INT: return find_range(m, s->i);
	default: break;
	}
	for (uint32_t i = 0; i < m->n; i++)
		if (pat_match(&m->at[i].key, (enum match_kind)m->match, false, s->s))
			return &m->at[i];
	return NULL;
}

bool map_find(const struct map_ref *ref, const struct smp *s, bool expand, struct arena *tmp, struct smp *out)
{
	const struct map *m = ref->map;
	struct smp key = *s;
	struct str text;

	if (!smp_cast(&key, match_cast((enum match_kind)m->match), tmp))
		return false;
	const struct map_entry *e = find_entry(m, &key);

	if (!e)
		return false;
	if (expand)
		return regex_expand(e->key.re, key.s, e->text, tmp, &text) && smp_set_str(out, text);
	*out = e->val;
	return true;
}

void map_size(const struct map *m, uint32_t *entries, size_t *bytes)
{
	*entries = m->n;
	*bytes = m->bytes;
}

void map_kind(const struct map *m, struct str *match, struct str *out)
{
	*match = match_name((enum match_kind)m->match);
	*out = m->out == SMP_INT ? STR("int") : m->out == SMP_IP ? STR("ip") : STR("str");
}
