// SPDX-License-Identifier: GPL-3.0-or-later
/* Between the server line and the table of its parameters. */
#ifndef SLUICE_CONF_SRV_PRIV_H
#define SLUICE_CONF_SRV_PRIV_H

#include "sema_priv.h"

#define SRV_TEMPLATE_MAX 10000u /* servers of one server-template */
#define SPARE_LEAST 8u          /* spare rows of a backend, unless the configuration says how many: a quarter, within these */
#define SPARE_MOST 256u
#define SPARE_ALL 4096u         /* ... and of all backends together */
#define SPARE_MAX 10000u        /* ... that a configuration may ask for */

/* srv.c: name, address and parameters of a server line into srv and t; what other servers have to do with it comes later. false after
 * a diagnosis. */
bool srv_line(struct sema *s, const struct line *l, struct rt_server *srv, struct srv_tmpl *t) MUST_CHECK;
/* Over the words behind the first: two lines with the same hash define the same server. */
uint64_t srv_line_hash(const struct line *l);
/* Servers that "5" or "3-7" asks for, and the number of the first; 0: not such a range. */
uint32_t srv_template_count(struct str range, uint32_t *first);

/* srv_live.c: rows that `add server` fills. How many are kept behind nsrv configured servers; needs g.spare_servers and nbackends. */
uint32_t srv_spare(const struct sema *s, uint32_t nsrv);
/* The servers of b are known: keeps what default-server said last, and spare rows. */
void srv_reserve(struct sema *s, struct px_build *b);
void srv_live_freeze(struct sema *s);
/* Makes room for servers that were added at run time. */
void srv_changes_begin(struct sema *s);
/* Was the server that the line defines deleted at run time? */
bool srv_is_deleted(struct sema *s, const struct line *l);
/* Its row: spare, with the place in the file, and with a number, so that those behind it keep theirs. */
void srv_deleted(struct sema *s, const struct line *l);
/* Adds the server of a line that stands in no file. */
void srv_add_live(struct sema *s, const struct line *l);
/* Where the addition of srv stands. */
struct word srv_added_word(struct sema *s, const struct rt_server *srv);
/* Servers that were added to b at run time. */
void srv_added(struct sema *s, struct px_build *b);

void srv_opts_init(struct sema *s);
/* Applies the parameters w[0..n) to t; false after a diagnosis. */
bool srv_opts_parse(struct sema *s, const struct word *w, uint32_t n, struct srv_tmpl *t) MUST_CHECK;

#endif
