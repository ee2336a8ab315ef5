// SPDX-License-Identifier: GPL-3.0-or-later
/* Pattern files and tables. The first byte chooses how keys match. Then either the rest is a file: it is read, and each key that stands alone has to be
 * found again; or it is written over a table, which must be read without harm whatever it says. */
#include <stdlib.h>
#include <sys/mman.h>
#include <sluice/base/clock.h>
#include <sluice/expr/patfile.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct str text;
static struct arena mem, tmp;

static bool give(void *ctx UNUSED, struct str name UNUSED, struct str *out)
{
	*out = text;
	return true;
}

static void look(struct pat_use *u, struct str v)
{
	struct smp s = { .type = SMP_STR, .s = v };
	struct ptab_entry e;

	if (pat_use_find(u, &s, &tmp, &e))
		(void)pat_use_value(u, &s, u->match == MATCH_REG, &tmp, &s);
	arena_reset(&tmp);
}

static void each_key(struct pat_use *u, bool must)
{
	struct str key, val;

	for (struct str rest = text; rest.p;) {
		struct smp s = { .type = SMP_STR };
		struct ptab_entry e;

		if (!pat_line(true, str_split(&rest, '\n'), &key, &val))
			continue;
		s.s = key;
		if (must && (u->match == MATCH_STR || u->match == MATCH_BEG || u->match == MATCH_END || u->match == MATCH_SUB))
			ASSERT(pat_use_find(u, &s, &tmp, &e));
		look(u, key);
		look(u, val);
	}
}

static void change(struct pat_use *u)
{
	struct ptab *t = u->file->tab;
	struct ptab_entry e;

	for (unsigned i = 0; i < 8; i++) {
		uint32_t at = ptab_first(t);

		if (!at || !ptab_entry(t, at, &e))
			return;
		(void)ptab_set(t, ptab_current(t), e.key, STR("other"));
		if (i & 1)
			ptab_del_ref(t, ptab_current(t), at);
		else
			(void)ptab_del(t, ptab_current(t), e.key);
		ptab_reclaim(t, UINT64_MAX);
	}
}

#define UNIT_WORDS 16384u

/* Pairs of place and value: in the header, or in the first unit that has something in it. */
static void garble_table(struct ptab *t, const uint8_t *p, size_t n)
{
	uint32_t *w = mmap(NULL, 16 * UNIT_WORDS * 4ul, PROT_READ | PROT_WRITE, MAP_SHARED, ptab_fd(t), 0), at, v, unit = 3;

	if (w == MAP_FAILED)
		return;
	while (unit < 15 && !w[unit * UNIT_WORDS] && !w[unit * UNIT_WORDS + 1])
		unit++;
	for (; n >= 8; p += 8, n -= 8) {
		memcpy(&at, p, 4);
		memcpy(&v, p + 4, 4);
		w[at & 1 ? unit * UNIT_WORDS + (at >> 1) % 512 : (at >> 1) % 1200] = v;
	}
	munmap(w, 16 * UNIT_WORDS * 4ul);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const uint8_t kinds[] = { MATCH_STR, MATCH_BEG, MATCH_END, MATCH_SUB, MATCH_DIR, MATCH_DOM, MATCH_IP, MATCH_INT, MATCH_LEN, MATCH_BIN, MATCH_REG };
	struct pat_files files = { 0 };
	struct xerr err;

	if (n < 2)
		return 0;
	if (!mem.chunk_size) {
		arena_init(&mem, 0);
		arena_init(&tmp, 0);
		expr_process_init();
		clock_update();
	}
	bool garble = data[0] & 0x80, icase = data[0] & 0x40;
	struct expr_env env = { .arena = &mem, .maps = &files, .read_file = give };

	text = garble ? STR("/a 1\n/a/b 2\n/c 3\n/a 4\n") : str_n((const char *)data + 1, n - 1);
	struct pat_use *u = pat_use_get(&env, STR("f"), PAT_MAP, true, kinds[(data[0] & 0x3f) % sizeof(kinds)], icase, SMP_STR, &err);

	if (u && !(garble && u->match == MATCH_REG) && pat_file_build(u->file)) {
		if (garble)
			garble_table(u->file->tab, data + 1, n - 1);
		each_key(u, !garble);
		if (!garble)
			change(u);
	}
	pat_files_free(&files);
	arena_reset(&mem);
	return 0;
}
