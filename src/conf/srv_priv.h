// SPDX-License-Identifier: GPL-3.0-or-later
/* Between the server line and the table of its parameters. */
#ifndef SLUICE_CONF_SRV_PRIV_H
#define SLUICE_CONF_SRV_PRIV_H

#include "sema_priv.h"

void srv_opts_init(struct sema *s);
/* Applies the parameters w[0..n) to t; false after a diagnosis. */
bool srv_opts_parse(struct sema *s, const struct word *w, uint32_t n, struct srv_tmpl *t) MUST_CHECK;

#endif
