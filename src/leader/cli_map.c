// SPDX-License-Identifier: GPL-3.0-or-later
/* Maps and ACLs on the runtime socket: listing, asking, changing, replacing as a whole. `map` and `acl` are the same commands over the
 * same tables; they differ in words. A payload is checked as a whole before its first line is added. */
#include <stdlib.h>
#include <sluice/base/num.h>
#include <sluice/expr/expr.h>

#include "cli_priv.h"
#include "patterns.h"

struct sort { unsigned role; bool map; const char *word, *name, *key; };
static const struct sort map_sort = { PAT_MAP, true, "map", "map", "key" }, acl_sort = { PAT_ACL, false, "acl", "ACL", "pattern" };

/* ---- what a line names -------------------------------------------------------------------------------------------- */

/* "@n" in front of the file; false: it is no number. */
static bool take_version(struct cli_run *r, bool *given, uint32_t *version)
{
	uint64_t v;

	*given = r->n && r->w[0].n && r->w[0].p[0] == '@';
	if (!*given)
		return true;
	bool ok = num_u64(str_sub(r->w[0], 1, SIZE_MAX), &v) && v <= UINT32_MAX;

	r->w++;
	r->n--;
	*version = ok ? (uint32_t)v : 0;
	return ok;
}

static struct pat_file *find_file(struct cli_run *r, const struct sort *k)
{
	struct str name = r->n ? r->w[0] : STR_NULL;
	uint64_t id = UINT64_MAX;
	bool by_id = name.n > 1 && name.p[0] == '#' && num_u64(str_sub(name, 1, SIZE_MAX), &id);

	for (struct pat_file *f = r->l->rt->patterns.first; f; f = f->next)
		if (f->roles & k->role && (by_id ? f->id == id : str_eq(f->name, name)))
			return f;
	(void)cli_fail(r, "Unknown %s identifier. Please use #<id> or <file>.", k->name);
	return NULL;
}

/* The version to change; -1: the message is written. */
static int slot_for(struct cli_run *r, const struct sort *k, const struct pat_file *f, bool given, uint32_t version)
{
	int slot = given ? ptab_slot(f->tab, version) : ptab_current(f->tab);

	if (slot < 0 && (int32_t)(version - ptab_last_version(f->tab)) > 0)
		(void)cli_fail(r, "Version number in the future, please use 'prepare %s' before.", k->word);
	else if (slot < 0)
		(void)cli_fail(r, "Version number out of range.");
	return slot;
}

/* "#0x…": an entry of that version. Its number, or 0 and *bad when it is no number. */
static uint32_t take_ref(struct str w, const struct ptab *t, int slot, bool *bad)
{
	uint64_t v = 0;

	*bad = w.n > 3 && (w.p[1] != '0' || w.p[2] != 'x' || !num_hex64(str_sub(w, 3, SIZE_MAX), &v));
	return v <= UINT32_MAX && ptab_is_ref(t, slot, (uint32_t)v) ? (uint32_t)v : 0;
}

static enum cli_state fail_bad_ref(struct cli_run *r) { return cli_fail(r, "Malformed identifier. Please use #<id> or <file>."); }

/* ---- show --------------------------------------------------------------------------------------------------------- */

static void put_text(struct sbuf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		sbuf_addc(b, (unsigned char)s.p[i] < ' ' || s.p[i] == 127 ? '?' : s.p[i]);
}

static void put_file(struct cli_run *r, struct pat_file *f)
{
	uint32_t n = ptab_entries(f->tab, ptab_current(f->tab));

	if (r->json) {
		cli_row(r);
		cli_num(r, "id", f->id);
		cli_str(r, "file", f->name);
		cli_num(r, "curr_ver", ptab_version(f->tab));
		cli_num(r, "next_ver", ptab_last_version(f->tab));
		cli_num(r, "entry_cnt", n);
		cli_num(r, "bytes", (int64_t)ptab_bytes(f->tab));
		cli_row_end(r);
		return;
	}
	sbuf_printf(r->out, "%u (" STR_FMT ") pattern loaded from file '" STR_FMT "' used", f->id, STR_ARG(f->name), STR_ARG(f->name));
	for (size_t i = 0; i < f->places.n; i++)
		sbuf_printf(r->out, "%s by %s at file '%s' line %u", i ? "," : "", f->places.at[i].what, f->places.at[i].file, f->places.at[i].line);
	sbuf_printf(r->out, ". curr_ver=%u next_ver=%u entry_cnt=%u bytes=%zu\n", ptab_version(f->tab), ptab_last_version(f->tab), n,
		    ptab_bytes(f->tab));
}

static enum cli_state list_files(struct cli_run *r, const struct sort *k)
{
	struct pat_file *f = r->l->rt->patterns.first;

	if (!r->calls)
		cli_head(r, "# id (file) description");
	for (uint32_t i = 0; f && i < r->at; i++)
		f = f->next;
	for (; f && !cli_full(r); f = f->next, r->at++)
		if (f->roles & k->role)
			put_file(r, f);
	if (f)
		return CLI_AGAIN;
	cli_tail(r);
	return CLI_DONE;
}

static void put_entry(struct cli_run *r, const struct pat_file *f, const struct ptab_entry *e)
{
	if (r->json) {
		cli_row(r);
		cli_fmt(r, "ref", "0x%x", e->ref);
		cli_str(r, "key", e->key);
		if (f->pairs)
			cli_str(r, "value", e->val);
		cli_row_end(r);
		return;
	}
	sbuf_printf(r->out, "0x%x ", e->ref);
	put_text(r->out, e->key);
	if (f->pairs) {
		sbuf_addc(r->out, ' ');
		put_text(r->out, e->val);
	}
	sbuf_addc(r->out, '\n');
}

struct showing { struct ptab_walk walk; const struct pat_file *file; };

static void show_end(struct cli_run *r)
{
	struct showing *s = r->priv;

	ptab_walk_close(&s->walk);
	free(s);
}

static enum cli_state show_entries(struct cli_run *r)
{
	struct showing *s = r->priv;
	struct ptab_entry e;

	while (!cli_full(r)) {
		if (!s->walk.t || !ptab_walk_next(&s->walk, &e)) {
			cli_tail(r);
			return CLI_DONE;
		}
		put_entry(r, s->file, &e);
	}
	return CLI_AGAIN;
}

static enum cli_state show(struct cli_run *r, const struct sort *k)
{
	struct showing *s;
	uint32_t version = 0;
	bool given;

	if (r->priv)
		return show_entries(r);
	(void)take_version(r, &given, &version);
	if (!r->n)
		return list_files(r, k);
	struct pat_file *f = find_file(r, k);

	if (!f)
		return CLI_DONE;
	s = r->priv = calloc(1, sizeof(*s));
	if (!s)
		return cli_fail(r, "Out of memory.");
	r->end = show_end;
	s->file = f;
	int slot = given ? ptab_slot(f->tab, version) : ptab_current(f->tab);

	if (slot >= 0)
		ptab_walk_open(&s->walk, f->tab, slot);
	cli_head(r, NULL);
	return show_entries(r);
}

enum cli_state cli_show_map(struct cli_run *r) { return show(r, &map_sort); }
enum cli_state cli_show_acl(struct cli_run *r) { return show(r, &acl_sort); }

/* ---- get ---------------------------------------------------------------------------------------------------------- */

static const char *value_type(const struct pat_use *u, struct str val)
{
	return u->out == SMP_INT ? "sint" : u->out != SMP_IP ? "str" : str_chr(val, ':') >= 0 ? "ipv6" : "ipv4";
}

/* As HAProxy keeps them: what it says is looked at by programs. */
static const char *index_word(const struct pat_use *u)
{
	bool tree = !u->icase && (u->match == MATCH_STR || u->match == MATCH_BEG || u->match == MATCH_IP);

	return tree ? "tree" : "list";
}

static void put_match(struct cli_run *r, const struct sort *k, const struct pat_use *u, const struct ptab_entry *e)
{
	struct str match, out;

	pat_use_kind(u, &match, &out);
	if (r->json) {
		cli_row(r);
		cli_str(r, "type", match);
		cli_str(r, "case", u->icase ? STR("insensitive") : STR("sensitive"));
		cli_str(r, k->map ? "found" : "match", e ? STR("yes") : STR("no"));
		if (e)
			cli_str(r, k->key, e->key);
		if (e && k->map)
			cli_str(r, "value", e->val);
		cli_row_end(r);
		return;
	}
	sbuf_printf(r->out, "type=" STR_FMT ", case=%s, %s=%s", STR_ARG(match), u->icase ? "insensitive" : "sensitive", k->map ? "found" : "match",
		    e ? "yes" : "no");
	if (e) {
		sbuf_printf(r->out, ", idx=%s, %s=\"", index_word(u), k->key);
		put_text(r->out, e->key);
		sbuf_addc(r->out, '"');
	}
	if (e && k->map) {
		sbuf_add(r->out, STR(", value=\""));
		put_text(r->out, e->val);
		sbuf_printf(r->out, "\", type=\"%s\"", value_type(u, e->val));
	}
	sbuf_addc(r->out, '\n');
}

static enum cli_state get(struct cli_run *r, const struct sort *k)
{
	struct arena tmp;

	if (r->n < 2)
		return cli_fail(r, "Missing %s identifier and/or key.", k->name);
	struct pat_file *f = find_file(r, k);

	if (!f)
		return CLI_DONE;
	arena_init(&tmp, 0);
	cli_head(r, NULL);
	for (struct pat_use *u = f->uses; u; u = u->next) {
		struct smp v = { .type = SMP_STR, .s = r->w[1] };
		struct ptab_entry e;

		put_match(r, k, u, pat_use_find(u, &v, &tmp, &e) ? &e : NULL);
	}
	cli_tail(r);
	arena_free(&tmp);
	return CLI_DONE;
}

enum cli_state cli_get_map(struct cli_run *r) { return get(r, &map_sort); }
enum cli_state cli_get_acl(struct cli_run *r) { return get(r, &acl_sort); }

/* ---- add ---------------------------------------------------------------------------------------------------------- */

static enum cli_state fail_parse(struct cli_run *r, const struct sort *k, const struct xerr *err)
{
	return k->map ? cli_fail(r, "unable to parse: %s.", err->msg) : cli_fail(r, "%s.", err->msg);
}

static enum cli_state add_one(struct cli_run *r, const struct sort *k, struct pat_file *f, int slot)
{
	struct xerr err;

	switch (pattern_add(f, slot, r->w[1], k->map ? r->w[2] : STR_NULL, &err)) {
	case PATTERN_BAD: return fail_parse(r, k, &err);
	case PATTERN_FULL: return cli_fail(r, "Out of memory.");
	default: return CLI_DONE;
	}
}

static enum cli_state add_payload(struct cli_run *r, const struct sort *k, struct pat_file *f, int slot)
{
	struct xerr err;
	unsigned line;

	switch (pattern_add_lines(f, slot, k->map, r->payload, &line, &err)) {
	case PATTERN_BAD: return cli_fail(r, "line %u: %s.", line, err.msg);
	case PATTERN_FULL: return cli_fail(r, "Out of memory at line %u.", line);
	default: return CLI_DONE;
	}
}

static enum cli_state add(struct cli_run *r, const struct sort *k)
{
	uint32_t version = 0;
	bool given;

	(void)take_version(r, &given, &version);
	if (k->map && !(r->n >= 3 || (r->n == 1 && r->payload.n)))
		return cli_fail(r, "'add map' expects three parameters (map identifier, key and value) or one parameter (map identifier) "
				   "and a payload");
	if (!k->map && !(r->n >= 2 || (r->n == 1 && r->payload.n)))
		return cli_fail(r, "'add acl' expects two parameters: ACL identifier and pattern.");
	struct pat_file *f = find_file(r, k);
	int slot = f ? slot_for(r, k, f, given, version) : -1;

	if (slot < 0)
		return CLI_DONE;
	return r->n == 1 ? add_payload(r, k, f, slot) : add_one(r, k, f, slot);
}

enum cli_state cli_add_map(struct cli_run *r) { return add(r, &map_sort); }
enum cli_state cli_add_acl(struct cli_run *r) { return add(r, &acl_sort); }

/* ---- set, del, clear ---------------------------------------------------------------------------------------------- */

/* The entry that the second word means by a reference; 0 when it is a key. false: said, with `none` where there is no such entry. */
static bool by_ref(struct cli_run *r, const struct pat_file *f, const char *none, uint32_t *ref)
{
	bool bad = false;

	*ref = 0;
	if (!r->w[1].n || r->w[1].p[0] != '#')
		return true;
	*ref = take_ref(r->w[1], f->tab, ptab_current(f->tab), &bad);
	if (bad)
		(void)fail_bad_ref(r);
	else if (!*ref)
		(void)cli_fail(r, "%s", none);
	return !bad && *ref;
}

enum cli_state cli_set_map(struct cli_run *r)
{
	struct xerr err;
	uint32_t ref;

	if (r->n < 3)
		return cli_fail(r, "'set map' expects three parameters: map identifier, key and value.");
	struct pat_file *f = find_file(r, &map_sort);

	if (!f || !by_ref(r, f, "entry not found.", &ref))
		return CLI_DONE;
	switch (pattern_set(f, ref, r->w[1], r->w[2], &err)) {
	case PATTERN_BAD: return fail_parse(r, &map_sort, &err);
	case PATTERN_FULL: return cli_fail(r, "Out of memory.");
	case PATTERN_NONE: return cli_fail(r, "entry not found.");
	default: return CLI_DONE;
	}
}

static enum cli_state del(struct cli_run *r, const struct sort *k)
{
	uint32_t ref;

	if (r->n < 2)
		return cli_fail(r, "This command expects two parameters: %s identifier and key.", k->name);
	struct pat_file *f = find_file(r, k);

	if (!f || !by_ref(r, f, "Key not found.", &ref))
		return CLI_DONE;
	return pattern_del(f, ref, r->w[1]) == PATTERN_NONE ? cli_fail(r, "Key not found.") : CLI_DONE;
}

enum cli_state cli_del_map(struct cli_run *r) { return del(r, &map_sort); }
enum cli_state cli_del_acl(struct cli_run *r) { return del(r, &acl_sort); }

static enum cli_state clear(struct cli_run *r, const struct sort *k)
{
	uint32_t version = 0;
	bool given, ok = take_version(r, &given, &version);

	if (!r->n)
		return cli_fail(r, "Missing %s identifier.", k->name);
	struct pat_file *f = find_file(r, k);
	int slot = !f || !ok ? -1 : given ? ptab_slot(f->tab, version) : ptab_current(f->tab);

	if (slot >= 0)
		pattern_clear(f, slot);
	return CLI_DONE;
}

enum cli_state cli_clear_map(struct cli_run *r) { return clear(r, &map_sort); }
enum cli_state cli_clear_acl(struct cli_run *r) { return clear(r, &acl_sort); }

/* ---- versions ----------------------------------------------------------------------------------------------------- */

static enum cli_state prepare(struct cli_run *r, const struct sort *k)
{
	struct pat_file *f = find_file(r, k);

	if (!f)
		return CLI_DONE;
	patterns_reclaim(r->l);
	uint32_t version = pattern_prepare(f);

	if (!version)
		return cli_fail(r, "Too many versions are being prepared: commit one, which removes those that are older.");
	return cli_say(r, CLI_INFO, "New version created: %u", version);
}

enum cli_state cli_prepare_map(struct cli_run *r) { return prepare(r, &map_sort); }
enum cli_state cli_prepare_acl(struct cli_run *r) { return prepare(r, &acl_sort); }

static enum cli_state commit(struct cli_run *r, const struct sort *k)
{
	uint32_t version = 0;
	bool given, ok = take_version(r, &given, &version);

	if (!given)
		return cli_fail(r, "Missing version number.");
	if (!r->n)
		return cli_fail(r, "Missing %s identifier.", k->name);
	struct pat_file *f = find_file(r, k);

	if (!f)
		return CLI_DONE;
	if (!ok || (int32_t)(version - ptab_version(f->tab)) <= 0 || !pattern_commit(f, version))
		return cli_fail(r, "Version number out of range.");
	return CLI_DONE;
}

enum cli_state cli_commit_map(struct cli_run *r) { return commit(r, &map_sort); }
enum cli_state cli_commit_acl(struct cli_run *r) { return commit(r, &acl_sort); }
