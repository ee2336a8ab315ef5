// SPDX-License-Identifier: GPL-3.0-or-later
/* What expressions were worth, kept while nothing that they depend on changes. An expression that stands in several places of a
 * configuration has a number; where a memo is open for a context, it is evaluated once, and whoever asks again gets the same values.
 *
 * Only what is pure (expr_pure) and reads whole messages has a number. Values hold inside of a window: from memo_open() to memo_close(), in
 * which everything that changes is told to memo_touch(). Slices of a message stay where they are; what a converter has made is copied
 * into the memo, so that the memory of conditions may be rewound. A memo has a fixed size: what does not fit is evaluated again. */
#ifndef SLUICE_EXPR_MEMO_H
#define SLUICE_EXPR_MEMO_H

#include <sluice/expr/expr.h>

struct smp_memo;

/* ---- which expressions are kept (leader, before the tables are frozen) ---- */

/* Numbered expressions; deps[i]: what number i depends on (expr/deps.h). Number 0 is none. */
enum { MEMO_MAX = 1024 };
struct memo_slots { const uint64_t *deps; uint32_t n; };

/* Counts where expressions stand, then numbers those that stand twice in one list of places or more. scratch lives as long as the plan. */
struct memo_plan;
struct memo_plan *memo_plan_new(struct arena *scratch);
/* e stands in a place of group (a number of the caller's, ascending); all: as a test of ACLs, which sees each value; else one is taken. */
void memo_plan_count(struct memo_plan *p, uint32_t group, const struct expr *e, bool all);
/* After all were counted, for the same expressions: e gets the number of its text, if that has one. */
void memo_plan_number(struct memo_plan *p, const struct expr *e, bool all);
struct memo_slots memo_plan_slots(const struct memo_plan *p, struct arena *a);

/* ---- values (a process that evaluates) ---- */

/* NULL when there is nothing to keep. Lives as long as the process; slots have to live as long. */
struct smp_memo *memo_new(const struct memo_slots *slots);
void memo_free(struct smp_memo *m);
/* Opens a window for c: expressions evaluated with it are kept. With `go_on` what the last window kept is still there, if that was c's too
 * and `edits` is the number that it was closed with. One context at a time: opening it for another closes the first. */
void memo_open(struct smp_memo *m, const struct smp_ctx *c, bool go_on, uint32_t edits);
void memo_close(struct smp_memo *m, const struct smp_ctx *c, uint32_t edits);
/* Nothing goes on: time has passed, or another exchange begins. */
void memo_forget(struct smp_memo *m);
/* Something of these classes has changed. */
void memo_touch(struct smp_memo *m, uint64_t changes);
/* How often an expression with a number was evaluated in a window, and how often that was spared. */
struct memo_count { uint64_t evaluated, spared; };
struct memo_count memo_counted(const struct smp_memo *m);

#endif
