// SPDX-License-Identifier: GPL-3.0-or-later
/* Pattern files: `key value` lines of maps, patterns of ACLs (-f). A file is one object, however many converters, ACLs and rules name it;
 * each way in which it is looked up is a use. Its entries live in a pattern table (ptab.h), which all processes share and which the leader may
 * change at any time: whoever looks up sees the change.
 *
 * Files are read and checked while the configuration is compiled; the table is made at the first lookup, or by the leader before it forks,
 * which may put the table of the generation before in its place. Nothing here is in the frozen arena. */
#ifndef SLUICE_EXPR_PATFILE_H
#define SLUICE_EXPR_PATFILE_H

#include <sluice/base/vec.h>
#include <sluice/expr/cond.h>
#include <sluice/ptab/ptab.h>

struct regexes; /* of a use: what its keys compile to, in this process */

enum pat_role { PAT_MAP = 1, PAT_ACL = 2, PAT_RULES = 4 /* actions change it */ };

/* Where a file is named: "acl", "map". */
struct pat_place { const char *what, *file; uint32_t line; };

struct pat_use {
	struct pat_file *file;
	uint8_t match, out;          /* enum match_kind; enum smp_type of the values */
	bool icase;
	uint8_t at;                  /* its number in the table */
	struct regexes *re;
	struct pat_use *next;
};

struct pat_file {
	struct str name;
	uint32_t id;
	unsigned roles;              /* enum pat_role */
	bool pairs;                  /* lines have values: a map, or -M */
	struct pat_use *uses;        /* in the order of first use */
	struct ptab_use how[PTAB_USES];
	unsigned nhow;
	VEC(struct pat_place) places;
	struct ptab *tab;            /* NULL until it is needed */
	char *text;                  /* of the file, as long as uses may be added */
	size_t ntext;
	uint64_t hash;               /* of the text */
	struct pat_file *next, *other; /* of its configuration; of the process */
};

/* Every file of a configuration, in the order of first use. */
struct pat_files { struct pat_file *first, **last; uint32_t n; };

/* Leader and tools, while the configuration is compiled: a use of a file; read and checked when it is new. icase: ACLs. An error names
 * the line. */
struct pat_use *pat_use_get(const struct expr_env *env, struct str name, unsigned roles, bool pairs, unsigned match, bool icase,
			    enum smp_type out, struct xerr *err) MUST_CHECK;
/* A file that rules change; it need not exist when nothing looks it up. */
struct pat_file *pat_file_get(const struct expr_env *env, struct str name, unsigned roles, bool pairs, struct xerr *err) MUST_CHECK;
/* Makes the table from the text, if there is none yet. false: no memory. */
bool pat_file_build(struct pat_file *f) MUST_CHECK;
/* Another table with the same uses takes the place of what there is; NULL: it is made anew when it is needed. */
void pat_file_take(struct pat_file *f, struct ptab *t);
/* No use will be added any more: forgets the text. */
void pat_file_settle(struct pat_file *f);
/* Copies the entries in force of another table of the same file; those that do not parse are left out. false: no memory. */
bool pat_file_copy(struct pat_file *f, struct ptab *from) MUST_CHECK;
void pat_files_free(struct pat_files *l);

/* One line of a file, or of a payload; false: it has no entry. */
bool pat_line(bool pairs, struct str line, struct str *key, struct str *val);
/* What the table keeps of an entry; false: one of the uses cannot read key or value, err says why. tmp holds the key. */
bool pat_entry_parse(const struct pat_file *f, struct str key, struct str val, struct ptab_key *out, struct arena *tmp, struct xerr *err) MUST_CHECK;

/* Any process: the entry that s matches. Slices lie in the table. */
bool pat_use_find(struct pat_use *u, const struct smp *s, struct arena *tmp, struct ptab_entry *out);
/* The line of the file that an entry came from, counted from 1; 0: it came later; -1: the file is gone, or another by now. *changed: its value
 * did not come from there. Reads the file again, for people who ask why. */
int64_t pat_file_line(const struct pat_file *f, const struct ptab_entry *e, bool *changed);
/* The value of the entry that s matches, copied into tmp; with `expand` groups of the regular expression take the place of \1. */
bool pat_use_value(struct pat_use *u, const struct smp *s, bool expand, struct arena *tmp, struct smp *out);
/* "str", "beg", … and "str", "int", "ip". */
void pat_use_kind(const struct pat_use *u, struct str *match, struct str *out);

#endif
