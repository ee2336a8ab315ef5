// SPDX-License-Identifier: GPL-3.0-or-later
/* Server lines at run time: from words to a row, and from the roster to what another leader has done already. */
#ifndef SLUICE_LEADER_ROW_LIVE_H
#define SLUICE_LEADER_ROW_LIVE_H

#include "leader_priv.h"

/* A server line for backend px, read but not yet anywhere; d and what it points to live in a. */
struct row_line { struct arena a; struct diags d; struct rt_server s; struct rt_srv_opts o; struct conf_change c; };

/* Reads name, address, parameters. OK: a row can have it now; RELOAD: the next generation can; BAD: x->d says why. x->c is what the roster
 * is to keep: the words, with the number that the server was given, so that it stays the same. To be closed in each case. */
enum conf_live row_line_read(struct leader *l, uint32_t px, const struct str *w, unsigned n, struct row_line *x);
void row_line_close(struct row_line *x);

/* Rules, expressions or other servers mean it. */
bool row_is_named(const struct rt *rt, uint32_t srv);
/* Requests are at it, or wait for it. */
bool row_in_use(const struct leader *l, uint32_t srv);

/* Does what the roster says and our tables do not have; a reload is asked for where that is needed. */
void row_live_add(struct leader *l, const struct conf_change *c);
bool row_live_del(struct leader *l, const struct conf_change *c); /* was there something to do? */
/* Drops the server of row i, which another leader has deleted, if nothing keeps it; else it is in maintenance from now on: to be tried again. */
void row_live_drop(struct leader *l, uint32_t i);

#endif
