// SPDX-License-Identifier: GPL-3.0-or-later
/* Between `option httpchk|tcp-check|grpc-check` and the lines that describe the steps. */
#ifndef SLUICE_CONF_CHK_PRIV_H
#define SLUICE_CONF_CHK_PRIV_H

#include "sema_priv.h"

/* chk_expect.c: reads an expect line, w[0] and w[1] being its first words, into st. */
bool chk_expect_parse(struct sema *s, const struct line *l, bool http, struct chk_step *st) MUST_CHECK;
/* May lines of that kind of check look for this? */
bool chk_match_fits(enum chk_match m, bool http);
/* The row of tbl/check_status.def with that word. */
uint8_t chk_status(const char *word);
/* What expressions of a check may use, enum smp_need bits. */
unsigned chk_avail(bool http);
/* Bytes in hexadecimal. */
bool chk_hex(struct sema *s, const struct word *v, struct str *out) MUST_CHECK;

/* w: httpchk and its arguments. s->no switches it off. */
void chk_option_http(struct sema *s, const struct word *w, uint32_t n);
void chk_option_tcp(struct sema *s);
/* chk_proto.c: w is the option's word, its arguments follow. */
void chk_option_ldap(struct sema *s, const struct word *w, uint32_t n);
void chk_option_mysql(struct sema *s, const struct word *w, uint32_t n);
void chk_option_pgsql(struct sema *s, const struct word *w, uint32_t n);
void chk_option_redis(struct sema *s, const struct word *w, uint32_t n);
void chk_option_smtp(struct sema *s, const struct word *w, uint32_t n);
void chk_option_ssl_hello(struct sema *s, const struct word *w, uint32_t n);
/* w: grpc-check and the service, if any. */
void chk_option_grpc(struct sema *s, const struct word *w, uint32_t n);

#endif
