// SPDX-License-Identifier: GPL-3.0-or-later
/* Prototypes of all fetch and converter functions, from the tables: the files that define them include this. */
#ifndef SLUICE_EXPR_ROWS_PRIV_H
#define SLUICE_EXPR_ROWS_PRIV_H

#include <sluice/tls/info.h>
#include "expr_priv.h"

#define FETCH(word, fn, aux, args, type, needs, flags, help, ex, val) fetch_fn fetch_##fn;
#include <sluice/tbl/fetches.def>
#undef FETCH
#define CONV(word, fn, aux, args, in, out, help, ex, val) conv_fn conv_##fn;
#include <sluice/tbl/converters.def>
#undef CONV

#endif
