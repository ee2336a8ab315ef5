// SPDX-License-Identifier: GPL-3.0-or-later
/* Variables of scope proc as all processes of the service see them: one slot a name, in a memfd of its own that outlives the generation as long as
 * the names, and what the configuration gives them, are the same.
 *
 * A slot is written by whoever holds its lock and read without one: a number that is odd while somebody writes tells a reader to try again. A
 * process keeps what it read last and looks again at most once in a turn of its loop, so a text that a rule is working on stays what it is.
 * The holder is a pid: when that process has died the leader frees the lock, and a value that was half written is no value. */
#ifndef SLUICE_EXPR_VARS_SHARED_H
#define SLUICE_EXPR_VARS_SHARED_H

#include <sluice/expr/vars.h>

#define VAR_SHARED_TEXT 3900u /* bytes of a text at most; a longer one is not set */

struct var_area;

/* Values of the global section are set. NULL and errno. Leader, before it forks. */
struct var_area *var_area_create(const struct var_table *t) MUST_CHECK;
/* One that an earlier generation made, when its layout is ours: takes fd. NULL (errno EPROTO): it is not. */
struct var_area *var_area_map(const struct var_table *t, int fd) MUST_CHECK;
void var_area_close(struct var_area *a);
int var_area_fd(const struct var_area *a);
/* Of names, their order, and the values that the configuration gives them. */
uint64_t var_area_layout(const struct var_table *t);
/* What was set at run time in an area of another layout, by name, unless the configuration gives that name another value now. fd stays the caller's. */
void var_area_copy(struct var_area *to, int fd);
/* Leader: this process has died. */
void var_area_repair(struct var_area *a, uint32_t pid);

/* From now on this process has a copy of its own, as segment_make_private() does; a may be NULL. */
bool var_area_make_private(struct var_area *a) MUST_CHECK;

/* From now on proc shows the shared values; a NULL: its own, as before. After vars_process_init(). */
void var_store_share(struct var_store *proc, struct var_area *a);

#endif
