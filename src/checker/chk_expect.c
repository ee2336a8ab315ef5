// SPDX-License-Identifier: GPL-3.0-or-later
/* Matching of received text against an expectation: substring, bytes, regular expression over text or over its hexadecimal form. */
#include <stdlib.h>
#include "checker_priv.h"

static bool matches_hex(const struct regex *re, struct str text)
{
	static const char digits[] = "0123456789ABCDEF";
	char *hex = malloc(text.n * 2 + 1);
	bool m = false;

	if (!hex)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		hex[2 * i] = digits[(unsigned char)text.p[i] >> 4];
		hex[2 * i + 1] = digits[text.p[i] & 15];
	}
	m = regex_match(re, str_n(hex, 2 * text.n));
	free(hex);
	return m;
}

bool expect_matches(const struct chk_expect *e, struct str text)
{
	switch ((enum chk_match)e->match) {
	case CM_RSTATUS:
	case CM_RSTRING:
		return e->re && regex_match(e->re, text);
	case CM_RBINARY:
		return e->re && matches_hex(e->re, text);
	default:
		return str_find(text, e->text, false) >= 0;
	}
}
