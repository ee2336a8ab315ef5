// SPDX-License-Identifier: GPL-3.0-or-later
/* Strict numbers: no blanks, no sign unless asked, overflow refused. */
#include <sluice/base/num.h>

bool num_u64(struct str s, uint64_t *out)
{
	uint64_t v = 0;
	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned d = (unsigned char)s.p[i] - '0';
		if (d > 9 || __builtin_mul_overflow(v, 10u, &v) || __builtin_add_overflow(v, d, &v))
			return false;
	}
	*out = v;
	return true;
}

bool num_i64(struct str s, int64_t *out)
{
	uint64_t v;
	bool neg = s.n && s.p[0] == '-';
	if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
		s = str_sub(s, 1, s.n);
	if (!num_u64(s, &v) || v > (uint64_t)INT64_MAX + neg)
		return false;
	*out = neg ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool num_hex64(struct str s, uint64_t *out)
{
	uint64_t v = 0;
	if (s.n == 0 || s.n > 16)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		int d = hex_digit(s.p[i]);
		if (d < 0)
			return false;
		v = v << 4 | (unsigned)d;
	}
	*out = v;
	return true;
}

static bool split_unit(struct str s, uint64_t *v, struct str *unit)
{
	size_t n = 0;
	while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
		n++;
	*unit = str_sub(s, n, s.n);
	return num_u64(str_sub(s, 0, n), v);
}

bool num_duration(struct str s, uint64_t unit_ms, uint64_t *ms)
{
	static const struct { struct str word; uint64_t ms; } units[] = {
		{ { "ms", 2 }, 1 }, { { "s", 1 }, 1000 }, { { "m", 1 }, 60000 },
		{ { "h", 1 }, 3600000 }, { { "d", 1 }, 86400000 },
	};
	uint64_t v;
	struct str unit;
	if (!split_unit(s, &v, &unit))
		return false;
	if (unit.n == 0)
		return !__builtin_mul_overflow(v, unit_ms, ms);
	if (str_eq(unit, STR("us"))) {
		*ms = v / 1000 + (v % 1000 != 0);
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (str_eq(unit, units[i].word))
			return !__builtin_mul_overflow(v, units[i].ms, ms);
	return false;
}

bool num_size(struct str s, uint64_t *bytes)
{
	uint64_t v;
	struct str unit;
	if (!split_unit(s, &v, &unit) || unit.n > 1)
		return false;
	unsigned shift = 0;
	if (unit.n) {
		char c = ascii_lower(unit.p[0]);
		shift = c == 'k' ? 10 : c == 'm' ? 20 : c == 'g' ? 30 : 0;
		if (!shift)
			return false;
	}
	return !__builtin_mul_overflow(v, 1ull << shift, bytes);
}

/* Two digits a step: half the divisions. */
static const char pairs[] = "00010203040506070809101112131415161718192021222324"
			    "25262728293031323334353637383940414243444546474849"
			    "50515253545556575859606162636465666768697071727374"
			    "75767778798081828384858687888990919293949596979899";

size_t num_fmt_u64(char *out, uint64_t v)
{
	char text[20], *p = text + sizeof text;
	for (; v >= 100; v /= 100)
		p = memcpy(p - 2, &pairs[v % 100 * 2], 2);
	if (v >= 10)
		p = memcpy(p - 2, &pairs[v * 2], 2);
	else
		*--p = (char)('0' + v);
	size_t n = (size_t)(text + sizeof text - p);
	memcpy(out, p, n);
	return n;
}

size_t num_fmt_i64(char *out, int64_t v)
{
	if (v >= 0)
		return num_fmt_u64(out, (uint64_t)v);
	out[0] = '-';
	return 1 + num_fmt_u64(out + 1, 0 - (uint64_t)v);
}
