// SPDX-License-Identifier: GPL-3.0-or-later
/* TLS in the configuration: the words (tls_words.c), the lines of bind (tls_bind.c) with their lists (crt_list.c) and
 * stores (crt_store.c), servers (tls_srv.c). Words are collected while lines are read; contexts are built once all
 * sections are known, since base directories and defaults may stand anywhere. */
#ifndef SLUICE_CONF_TLS_PRIV_H
#define SLUICE_CONF_TLS_PRIV_H

#include <sluice/tls/opts.h>
#include "srv_priv.h"

/* rt->srv_tls: what the configuration said before, for lines that come at run time. */
struct live_tls { struct tls_opts srv_dflt; const char *ca_base, *crt_base; };

enum tls_where { TLS_AT_BIND = 'B', TLS_AT_LIST = 'C', TLS_AT_SERVER = 'S', TLS_AT_BIND_DFLT = 'D', TLS_AT_SRV_DFLT = 'E' };

/* The TLS word k with argument v (NULL when it takes none) on t. */
struct tls_row { const char *word; uint8_t nargs; bool (*run)(struct sema *s, struct tls_words *t, const struct word *k, const struct word *v); const char *where; };
/* NULL: no TLS word of that place. */
const struct tls_row *tls_row_find(struct str word, enum tls_where where);
/* Applies the word at w[*i] and moves past its argument. *known = false: not a TLS word. false after a diagnosis. */
bool tls_word(struct sema *s, struct tls_words *t, enum tls_where where, const struct word *w, uint32_t n, uint32_t *i, bool *known) MUST_CHECK;
/* What o does not say is taken from d. */
void tls_opts_inherit(struct tls_opts *o, const struct tls_opts *d);
bool tls_alpn_parse(struct sema *s, const struct word *v, struct str *wire) MUST_CHECK;

/* Paths below the base directory unless they are absolute. */
const char *tls_path(struct sema *s, const char *base, const char *path);
/* Puts ca-base and crt-base in front of the files that o names. */
void tls_opts_paths(struct sema *s, struct tls_opts *o);

/* A bind line whose words are known. */
void tls_bind_later(struct sema *s, const struct line *l, struct rt_bind_opts *o, const struct tls_words *t);
void tls_server_later(struct sema *s, const struct line *l, struct rt_server *srv, const struct tls_words *t);
/* For a server that comes at run time: fills o from what exists already. *have = false: something of it would have to be made, which
 * takes a reload. false after a diagnosis. */
bool tls_server_live(struct sema *s, const struct line *l, struct rt_server *srv, struct tls_words *t, struct rt_srv_opts *o, bool *have) MUST_CHECK;
void tls_binds_finish(struct sema *s);
void tls_servers_finish(struct sema *s);
/* After all sections were read. */
void tls_finish(struct sema *s);

/* The line of a crt-store section. */
void crt_store_section(struct sema *s, const struct section *sec);

struct tls_front;
struct tls_line;
/* Adds what `crt` names to f: a file, a bundle (FILE.rsa, FILE.ecdsa), a directory, a member of a store. line: of a crt-list, NULL = none. */
bool tls_add_crt(struct sema *s, struct tls_front *f, const struct word *w, const char *name, const struct str *filters,
		 unsigned n, const struct tls_opts *own, const struct tls_line *line) MUST_CHECK;
bool crt_list_add(struct sema *s, struct tls_front *f, const struct word *w, const struct tls_opts *line) MUST_CHECK;

#endif
