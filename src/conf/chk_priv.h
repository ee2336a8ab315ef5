// SPDX-License-Identifier: GPL-3.0-or-later
/* Between `option httpchk|tcp-check|grpc-check` and the lines that describe the steps. */
#ifndef SLUICE_CONF_CHK_PRIV_H
#define SLUICE_CONF_CHK_PRIV_H

#include "sema_priv.h"

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
