// SPDX-License-Identifier: GPL-3.0-or-later
/* The rows of tbl/fetches.def and tbl/converters.def as tables, and the lookup of words in them. */
#include "rows_priv.h"

static const struct fetch_row fetches[] = {
#define FETCH(word, fn, aux, args, type, needs, flags, help, ex, val) \
	{ word, fetch_##fn, aux, args, type, flags, needs, help, ex, val },
#include <sluice/tbl/fetches.def>
#undef FETCH
};

static const struct conv_row convs[] = {
#define CONV(word, fn, aux, args, in, out, help, ex, val) { word, conv_##fn, aux, args, in, out, (aux) < 0 ? F_EFFECT : 0, help, ex, val },
#define CONV_LIVE(word, fn, aux, args, in, out, help, ex, val) { word, conv_##fn, aux, args, in, out, F_VOLATILE, help, ex, val },
#include <sluice/tbl/converters.def>
#undef CONV
};

const struct fetch_row *fetch_find(struct str word)
{
	for (size_t i = 0; i < ARRAY_LEN(fetches); i++)
		if (str_eq(word, str_c(fetches[i].word)))
			return &fetches[i];
	return NULL;
}

const struct fetch_row *fetch_rows(size_t *n)
{
	*n = ARRAY_LEN(fetches);
	return fetches;
}

const struct conv_row *conv_find(struct str word)
{
	for (size_t i = 0; i < ARRAY_LEN(convs); i++)
		if (str_eq(word, str_c(convs[i].word)))
			return &convs[i];
	return NULL;
}

const struct conv_row *conv_rows(size_t *n)
{
	*n = ARRAY_LEN(convs);
	return convs;
}
