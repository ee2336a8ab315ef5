// SPDX-License-Identifier: GPL-3.0-or-later
/* Changes of pattern tables: parsed first, then done under the lock of the table. */
#include <stdio.h>
#include <sluice/base/clock.h>

#include "patterns.h"

static enum pattern_result parse_and_add(struct pat_file *f, int slot, struct str key, struct str val, bool add, struct xerr *err)
{
	enum pattern_result res = PATTERN_OK;
	struct ptab_key k;
	struct arena tmp;

	*err = (struct xerr){ 0 };
	arena_init(&tmp, 4096);
	if (!pat_entry_parse(f, key, val, &k, &tmp, err))
		res = PATTERN_BAD;
	else if (add && !ptab_add(f->tab, slot, &k, val))
		res = PATTERN_FULL;
	arena_free(&tmp);
	return res;
}

enum pattern_result pattern_add(struct pat_file *f, int slot, struct str key, struct str val, struct xerr *err)
{
	ptab_begin(f->tab);
	enum pattern_result res = parse_and_add(f, slot, key, val, true, err);

	ptab_end(f->tab);
	return res;
}

static enum pattern_result each_line(struct pat_file *f, int slot, bool values, struct str text, bool add, unsigned *line, struct xerr *err)
{
	enum pattern_result res = PATTERN_OK;
	struct str key, val;

	*line = 0;
	for (struct str rest = text; res == PATTERN_OK && rest.p;) {
		++*line;
		if (!pat_line(f->pairs, str_split(&rest, '\n'), &key, &val))
			continue;
		if (values && !val.n) {
			snprintf(err->msg, sizeof(err->msg), "missing value for key '" STR_FMT "'", (int)MIN(key.n, (size_t)100), key.p);
			return PATTERN_BAD;
		}
		res = parse_and_add(f, slot, key, val, add, err);
	}
	return res;
}

enum pattern_result pattern_add_lines(struct pat_file *f, int slot, bool values, struct str text, unsigned *line, struct xerr *err)
{
	enum pattern_result res = each_line(f, slot, values, text, false, line, err);

	if (res != PATTERN_OK)
		return res;
	ptab_begin(f->tab);
	res = each_line(f, slot, values, text, true, line, err);
	ptab_end(f->tab);
	return res;
}

enum pattern_result pattern_set(struct pat_file *f, uint32_t ref, struct str key, struct str val, struct xerr *err)
{
	struct ptab_entry e = { .key = key };
	int slot = ptab_current(f->tab), n;

	if (ref ? !ptab_entry(f->tab, ref, &e) : !ptab_by_key(f->tab, slot, key))
		return PATTERN_NONE;
	enum pattern_result res = parse_and_add(f, slot, e.key, val, false, err);

	if (res != PATTERN_OK)
		return res;
	ptab_begin(f->tab);
	n = ref ? (ptab_set_ref(f->tab, slot, ref, val) ? 1 : -1) : ptab_set(f->tab, slot, key, val);
	ptab_end(f->tab);
	return n < 0 ? PATTERN_FULL : PATTERN_OK;
}

enum pattern_result pattern_del(struct pat_file *f, uint32_t ref, struct str key)
{
	int slot = ptab_current(f->tab);
	unsigned n = 1;

	clock_update(); /* how long it stays readable counts from now */
	ptab_begin(f->tab);
	if (ref)
		ptab_del_ref(f->tab, slot, ref);
	else
		n = ptab_del(f->tab, slot, key);
	ptab_end(f->tab);
	return n ? PATTERN_OK : PATTERN_NONE;
}

void pattern_clear(struct pat_file *f, int slot)
{
	clock_update();
	ptab_begin(f->tab);
	ptab_clear(f->tab, slot);
	ptab_end(f->tab);
}

uint32_t pattern_prepare(struct pat_file *f)
{
	ptab_begin(f->tab);
	uint32_t version = ptab_prepare(f->tab);

	ptab_end(f->tab);
	return version;
}

bool pattern_commit(struct pat_file *f, uint32_t version)
{
	clock_update();
	ptab_begin(f->tab);
	bool ok = ptab_commit(f->tab, version);

	ptab_end(f->tab);
	return ok;
}
