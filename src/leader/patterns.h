// SPDX-License-Identifier: GPL-3.0-or-later
/* Changes of pattern tables in the leader: what the runtime socket and the workers' orders have in common. Each call is one change for all
 * readers but pattern_add_lines(), whose entries come one after the other. */
#ifndef SLUICE_LEADER_PATTERNS_H
#define SLUICE_LEADER_PATTERNS_H

#include <sluice/expr/expr.h>
#include <sluice/expr/patfile.h>

enum pattern_result { PATTERN_OK, PATTERN_NONE /* no such entry */, PATTERN_BAD /* err says why */, PATTERN_FULL };

enum pattern_result pattern_add(struct pat_file *f, int slot, struct str key, struct str val, struct xerr *err) MUST_CHECK;
/* Lines of a payload; all are checked before the first is added. *line: where it failed. A line of a map needs a value. */
enum pattern_result pattern_add_lines(struct pat_file *f, int slot, bool values, struct str text, unsigned *line, struct xerr *err) MUST_CHECK;
/* Of the version in force. ref: that entry; 0: all entries of the key. */
enum pattern_result pattern_set(struct pat_file *f, uint32_t ref, struct str key, struct str val, struct xerr *err) MUST_CHECK;
enum pattern_result pattern_del(struct pat_file *f, uint32_t ref, struct str key);
void pattern_clear(struct pat_file *f, int slot);
uint32_t pattern_prepare(struct pat_file *f); /* 0: too many */
bool pattern_commit(struct pat_file *f, uint32_t version) MUST_CHECK;

#endif
