// SPDX-License-Identifier: GPL-3.0-or-later
/* Both directions; what is refused and what padding means is in the header. */
#include <sluice/base/b64.h>

static const char std_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t b64_encode(struct str s, bool url, char *out)
{
	const char *tab = url ? url_chars : std_chars;
	const unsigned char *in = (const unsigned char *)s.p;
	size_t o = 0;

	for (size_t i = 0; i < s.n; i += 3) {
		size_t left = MIN(s.n - i, 3);
		uint32_t v = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) | (left > 2 ? in[i + 2] : 0);

		for (size_t j = 0; j <= left; j++)
			out[o++] = tab[v >> (18 - 6 * j) & 63];
		for (size_t j = left; j < 3 && !url; j++)
			out[o++] = '=';
	}
	return o;
}

static int value(char ch, const char *tab)
{
	const char *at = ch ? strchr(tab, ch) : NULL;

	return at ? (int)(at - tab) : -1;
}

bool b64_decode(struct arena *a, struct str in, bool url, struct str *out)
{
	const char *tab = url ? url_chars : std_chars;
	uint32_t v = 0;
	unsigned bits = 0;
	size_t o = 0;
	char *p = arena_bytes(a, in.n / 4 * 3 + 3);

	if (!url) {
		if (in.n % 4)
			return false;
		for (int pad = 0; pad < 2 && in.n && in.p[in.n - 1] == '='; pad++)
			in.n--;
	}
	if (in.n % 4 == 1)
		return false;
	for (size_t i = 0; i < in.n; i++) {
		int d = value(in.p[i], tab);

		if (d < 0)
			return false;
		v = v << 6 | (unsigned)d;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			p[o++] = (char)(v >> bits);
		}
	}
	*out = str_n(p, o);
	return true;
}
