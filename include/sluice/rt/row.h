// SPDX-License-Identifier: GPL-3.0-or-later
/* Servers that come and go while a generation lives. The tables are frozen and every process has its own copy of them since the fork, so a
 * server travels as a record: the row and its options by value, texts behind them, and pointers only to what was in the tables before the fork,
 * which mean the same everywhere. Putting a record writes one row of the receiver's copy; dropping makes it spare again.
 *
 *   leader   packs the record, puts it, hands it to checker and workers, and forks later children from tables that have it
 *   others   put and drop when they are told to
 *
 * A row keeps the place of the line in the files that it was made for. What it meant before stays readable (texts, options) until it is put again, so a log line that is late finds its server's name. */
#ifndef SLUICE_RT_ROW_H
#define SLUICE_RT_ROW_H

#include <sluice/base/buf.h>
#include <sluice/rt/rt.h>

#define RT_ROW_MAX 65536u  /* bytes of a record */

/* The record of s (whose options are *s->o) for out. */
void rt_row_pack(const struct rt_server *s, struct sbuf *out);
/* Row i of rt becomes the server of the record. false and nothing changed: no record of ours, not a row of that backend, or no memory. */
bool rt_row_put(const struct rt *rt, uint32_t i, struct str rec) MUST_CHECK;
/* The record of s in a sealed memfd; -1 and errno. */
int rt_row_memfd(const struct rt_server *s) MUST_CHECK;
/* rt_row_put() of what is in such a descriptor, which stays the caller's. */
bool rt_row_receive(const struct rt *rt, uint32_t i, int fd) MUST_CHECK;
/* Row i is spare. Nothing of the process may mean the server any more. */
void rt_row_drop(const struct rt *rt, uint32_t i);
/* Row i is again what it was before it was dropped, and not put since. */
void rt_row_restore(const struct rt *rt, uint32_t i, const struct rt_server *s);
/* At the end of a process: frees what the rows own. */
void rt_rows_free(const struct rt *rt);
/* The first spare row of the backend that is not before row `from`; RT_NONE when there is none. */
uint32_t rt_row_free(const struct rt_backend *be, uint32_t from);

#endif
