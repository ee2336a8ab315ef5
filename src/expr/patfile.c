// SPDX-License-Identifier: GPL-3.0-or-later
/* Pattern files: reading and checking them, the table of their entries. Checking and building are two passes over the text: errors belong
 * to the line of the configuration that brings the file in, and how a file is looked up is known only when all of it has been read. */
#include <stdlib.h>

#include <sluice/base/hash.h>
#include <sluice/base/num.h>
#include <sluice/expr/patfile.h>
#include "expr_priv.h"

/* ---- lines -------------------------------------------------------------------------------------------------------- */

static bool blank(char c) { return c == ' ' || c == '\t'; }

bool pat_line(bool pairs, struct str line, struct str *key, struct str *val)
{
	size_t i = 0;

	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	if (line.n && line.p[0] == '#')
		return false;
	line = str_trim(line);
	while (i < line.n && (!pairs || !blank(line.p[i])))
		i++;
	*key = str_sub(line, 0, i);
	*val = str_trim(str_sub(line, i, SIZE_MAX));
	return key->n > 0;
}

static bool value_ok(enum smp_type out, struct str text, struct xerr *err)
{
	struct addr ip;
	int64_t i;

	if (out == SMP_INT ? num_i64(text, &i) : out == SMP_IP ? addr_parse_ip(&ip, text) : true)
		return true;
	xerr_set(err, 0, text.n, "the value '" STR_FMT "' is not %s", STR_ARG(text), smp_type_name(out).p);
	return false;
}

/* What a use makes of a key. */
static bool key_parse(const struct pat_use *u, struct str key, struct ptab_key *out, struct arena *tmp, struct xerr *err)
{
	enum pat_kind kind = match_pat_kind((enum match_kind)u->match);
	struct pat p;

	if (kind != PAT_RANGE && kind != PAT_NET && kind != PAT_HEX && kind != PAT_REGEX)
		return true;
	if (!pat_parse(&p, (enum match_kind)u->match, u->icase, NULL, key, tmp, err))
		return false;
	if (kind == PAT_RANGE)
		out->lo = p.lo, out->hi = p.hi;
	else if (kind == PAT_NET)
		out->net = p.net;
	else if (kind == PAT_REGEX)
		regex_free(p.re);
	return true;
}

bool pat_entry_parse(const struct pat_file *f, struct str key, struct str val, struct ptab_key *out, struct arena *tmp, struct xerr *err)
{
	*out = (struct ptab_key){ .text = key };
	for (const struct pat_use *u = f->uses; u; u = u->next)
		if (!key_parse(u, key, out, tmp, err) || (f->pairs && !value_ok((enum smp_type)u->out, val, err)))
			return false;
	return true;
}

/* Every line, as one use reads it. */
static bool text_check(const struct pat_file *f, const struct pat_use *u, struct xerr *err)
{
	struct str key, val;
	struct ptab_key k;
	struct arena tmp;
	uint32_t no = 0;
	bool ok = true;

	arena_init(&tmp, 0);
	for (struct str rest = str_n(f->text, f->ntext); ok && rest.p;) {
		struct arena_mark m = arena_mark(&tmp);
		struct xerr inner = { 0 };

		no++;
		if (!pat_line(f->pairs, str_split(&rest, '\n'), &key, &val))
			continue;
		ok = key_parse(u, key, &k, &tmp, &inner) && (!f->pairs || value_ok((enum smp_type)u->out, val, &inner));
		if (!ok)
			xerr_set(err, 0, f->name.n, STR_FMT ":%u: %.160s", STR_ARG(f->name), no, inner.msg);
		arena_rewind(&tmp, m);
	}
	arena_free(&tmp);
	return ok;
}

/* All of the process. Frozen tables that point at files end with their process and not before; from here a leak checker finds them. */
static struct pat_file *every;

static void forget(struct pat_file *f)
{
	struct pat_file **p = &every;

	while (*p && *p != f)
		p = &(*p)->other;
	if (*p)
		*p = f->other;
}

/* ---- files of a configuration ------------------------------------------------------------------------------------- */

static void *must(void *p)
{
	ASSERT(p);
	return p;
}

static struct pat_file *file_find(const struct pat_files *l, struct str name, bool pairs)
{
	for (struct pat_file *f = l->first; f; f = f->next)
		if (f->pairs == pairs && str_eq(f->name, name))
			return f;
	return NULL;
}

static void file_text(struct pat_file *f, struct str text)
{
	f->text = must(malloc(text.n + 1));
	memcpy(f->text, text.p ? text.p : "", text.n);
	f->ntext = text.n;
	f->hash = hash_xxh3(text, 0);
}

static struct pat_file *file_new(const struct expr_env *env, struct str name, unsigned roles, bool pairs, struct xerr *err)
{
	struct pat_files *l = env->maps;
	struct str text = STR_NULL;

	if ((!env->read_file || !env->read_file(env->ctx, name, &text)) && !(roles & PAT_RULES)) {
		xerr_set(err, 0, name.n, "cannot read %s file '" STR_FMT "'", roles & PAT_MAP ? "map" : "pattern", STR_ARG(name));
		return NULL;
	}
	struct pat_file *f = must(calloc(1, sizeof(*f)));

	f->other = every;
	every = f;
	f->name = arena_str(env->arena, name);
	f->id = l->n++;
	f->pairs = pairs;
	file_text(f, text);
	*(l->first ? l->last : &l->first) = f;
	l->last = &f->next;
	return f;
}

struct pat_file *pat_file_get(const struct expr_env *env, struct str name, unsigned roles, bool pairs, struct xerr *err)
{
	struct pat_file *f = env->maps ? file_find(env->maps, name, pairs) : NULL;

	if (!f && env->maps)
		f = file_new(env, name, roles, pairs, err);
	if (!f) {
		if (!env->maps)
			xerr_set(err, 0, name.n, "no file can be read here");
		return NULL;
	}
	f->roles |= roles;
	struct pat_place p = { roles & PAT_ACL ? "acl" : "map", env->file ? env->file : "-", env->line };

	VEC_PUSH(&f->places, p);
	return f;
}

static enum ptab_how how_of(enum match_kind m)
{
	switch (m) {
	case MATCH_BEG: return PTAB_PREFIX;
	case MATCH_END: return PTAB_SUFFIX;
	case MATCH_SUB: return PTAB_SUB;
	case MATCH_DIR: return PTAB_DIR;
	case MATCH_DOM: return PTAB_DOM;
	case MATCH_IP: return PTAB_NET;
	case MATCH_INT:
	case MATCH_LEN: return PTAB_RANGE;
	case MATCH_REG: return PTAB_SCAN;
	default: return PTAB_EXACT;
	}
}

/* Hexadecimal digits are compared whatever their case; numbers, networks and expressions have none of their own. */
static bool how_icase(enum match_kind m, bool icase)
{
	enum pat_kind k = match_pat_kind(m);

	return k == PAT_HEX || (k == PAT_TEXT && icase);
}

static uint8_t how_number(struct pat_file *f, struct ptab_use how)
{
	unsigned i = 0;

	while (i < f->nhow && (f->how[i].how != how.how || f->how[i].icase != how.icase))
		i++;
	ASSERT(i < PTAB_USES);
	f->how[i] = how;
	f->nhow = MAX(f->nhow, i + 1);
	return (uint8_t)i;
}

static struct pat_use *use_find(struct pat_file *f, unsigned match, bool icase, enum smp_type out)
{
	for (struct pat_use *u = f->uses; u; u = u->next)
		if (u->match == match && u->icase == icase && u->out == out)
			return u;
	return NULL;
}

struct pat_use *pat_use_get(const struct expr_env *env, struct str name, unsigned roles, bool pairs, unsigned match, bool icase,
			    enum smp_type out, struct xerr *err)
{
	struct pat_file *f = pat_file_get(env, name, roles, pairs, err);
	struct pat_use *u = f ? use_find(f, match, icase, out) : NULL, **last;
	struct ptab_use how = { how_of((enum match_kind)match), how_icase((enum match_kind)match, icase) };
	unsigned before = f ? f->nhow : 0;

	if (!f || u)
		return u;
	u = must(calloc(1, sizeof(*u)));
	*u = (struct pat_use){ .file = f, .match = (uint8_t)match, .icase = icase, .out = (uint8_t)out };
	if (!text_check(f, u, err)) {
		free(u);
		return NULL;
	}
	u->at = how_number(f, how);
	if (f->nhow != before) /* a table that somebody has looked into lacks an index */
		pat_file_take(f, NULL);
	for (last = &f->uses; *last; last = &(*last)->next)
		;
	*last = u;
	return u;
}

void pat_files_free(struct pat_files *l)
{
	for (struct pat_file *f = l->first, *next; f; f = next) {
		next = f->next;
		for (struct pat_use *u = f->uses, *un; u; u = un) {
			un = u->next;
			regexes_free(u);
			free(u);
		}
		forget(f);
		ptab_unmap(f->tab);
		VEC_FREE(&f->places);
		free(f->text);
		free(f);
	}
	*l = (struct pat_files){ 0 };
}

/* ---- tables ------------------------------------------------------------------------------------------------------- */

static uint32_t line_count(struct str text)
{
	uint32_t n = 1;

	for (const char *p = text.p, *end = text.p + text.n; p && (p = memchr(p, '\n', (size_t)(end - p))); p++)
		n++;
	return n;
}

static bool entry_add(const struct pat_file *f, struct ptab *t, struct str key, struct str val, struct arena *tmp)
{
	struct arena_mark m = arena_mark(tmp);
	struct ptab_key k;
	struct xerr err;
	bool ok = !pat_entry_parse(f, key, val, &k, tmp, &err) || ptab_add(t, ptab_current(t), &k, val);

	arena_rewind(tmp, m);
	return ok;
}

static bool text_load(struct pat_file *f, struct ptab *t)
{
	struct str text = str_n(f->text, f->ntext), key, val;
	struct arena tmp;
	uint32_t lines = line_count(text);
	bool ok = true;

	arena_init(&tmp, 0);
	ptab_reserve(t, ptab_current(t), lines, text.n - MIN(text.n, (size_t)2 * lines)); /* without a blank and the end of a line */
	for (struct str rest = text; ok && rest.p;)
		if (pat_line(f->pairs, str_split(&rest, '\n'), &key, &val))
			ok = entry_add(f, t, key, val, &tmp);
	arena_free(&tmp);
	ptab_settle(t);
	return ok;
}

void pat_file_take(struct pat_file *f, struct ptab *t)
{
	ptab_unmap(f->tab);
	f->tab = t;
}

void pat_file_settle(struct pat_file *f)
{
	free(f->text);
	f->text = NULL;
	f->ntext = 0;
}

bool pat_file_build(struct pat_file *f)
{
	struct ptab *t = f->tab ? f->tab : ptab_create(f->how, f->nhow, f->ntext);

	if (t && !f->tab && !text_load(f, t)) {
		ptab_unmap(t);
		t = NULL;
	}
	if (t && !f->tab)
		pat_file_take(f, t);
	return t != NULL;
}

static uint64_t entries_bytes(struct ptab *t)
{
	struct ptab_entry e;
	uint64_t n = 0;

	for (uint32_t at = ptab_first(t); at && ptab_entry(t, at, &e); at = ptab_next(t, at))
		n += e.key.n + e.val.n;
	return n;
}

bool pat_file_copy(struct pat_file *f, struct ptab *from)
{
	struct ptab *t = ptab_create(f->how, f->nhow, ptab_bytes(from) / 4);
	struct ptab_entry e;
	struct arena tmp;
	bool ok = t != NULL;

	arena_init(&tmp, 0);
	if (ok)
		ptab_reserve(t, ptab_current(t), ptab_count(from), entries_bytes(from));
	for (uint32_t at = ptab_first(from); ok && at && ptab_entry(from, at, &e); at = ptab_next(from, at))
		ok = entry_add(f, t, e.key, e.val, &tmp);
	arena_free(&tmp);
	if (ok)
		pat_file_take(f, t);
	else
		ptab_unmap(t);
	return ok;
}
