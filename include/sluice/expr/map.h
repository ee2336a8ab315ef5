// SPDX-License-Identifier: GPL-3.0-or-later
/* Maps: files of `key value` lines that converters look samples up in. Each file is read once for each kind of match and of value, and gets
 * the index that fits the match: a hash for equal text, tries for prefixes, suffixes and networks, ranges in order for integers; keys of other
 * kinds are tried in the order of the file.
 *
 * Expressions keep a struct map_ref and ask it for the map of the moment, so that another version can take its place between two requests. */
#ifndef SLUICE_EXPR_MAP_H
#define SLUICE_EXPR_MAP_H

#include <sluice/expr/expr.h>

struct map;
struct map_ref { const struct map *map; struct str file; struct map_ref *next; };

/* Every map of a configuration, in the order of first use. */
struct map_list { struct map_ref *first, **last; };

/* match: enum match_kind; out: SMP_STR, SMP_INT or SMP_IP. An error names the line. Leader. */
struct map_ref *map_get(const struct expr_env *env, struct str file, unsigned match, enum smp_type out, struct xerr *err) MUST_CHECK;
/* The value of the key that s matches; with `expand` groups of the regular expression take the place of \1. false: there is none. */
bool map_find(const struct map_ref *ref, const struct smp *s, bool expand, struct arena *tmp, struct smp *out);
/* Entries, and bytes of memory with their indexes. */
void map_size(const struct map *m, uint32_t *entries, size_t *bytes);
/* "str", "beg", … and "str", "int", "ip". */
void map_kind(const struct map *m, struct str *match, struct str *out);

#endif
