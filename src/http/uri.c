// SPDX-License-Identifier: GPL-3.0-or-later
/* Parts of a request target (RFC 3986) and the strict check of an authority. Targets come without scheme and authority;
 * a '#' cannot come from the wire, but a rule may have written one. */
#include "http_priv.h"

static size_t path_len(struct str t)
{
	size_t i = 0;

	while (i < t.n && t.p[i] != '?' && t.p[i] != '#')
		i++;
	return i;
}

struct str uri_path(struct str target) { return str_n(target.p, path_len(target)); }

struct str uri_query(struct str target)
{
	size_t q = path_len(target), end;

	if (q == target.n || target.p[q] != '?')
		return STR_NULL;
	for (end = ++q; end < target.n && target.p[end] != '#';)
		end++;
	return str_n(target.p + q, end - q);
}

bool uri_has_query(struct str target)
{
	size_t q = path_len(target);

	return q < target.n && target.p[q] == '?';
}

/* What a host is made of: unreserved and sub-delims of RFC 3986 but the comma, which would make two hosts of one. */
static const bool host_char[256] = {
	['0' ... '9'] = true, ['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['-'] = true, ['.'] = true,  ['_'] = true,
	['~'] = true,	      ['!'] = true,	    ['$'] = true,	  ['&'] = true, ['\''] = true, ['('] = true,
	[')'] = true,	      ['*'] = true,	    ['+'] = true,	  [';'] = true, ['='] = true,
};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_hex(char c) { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }

static bool host_ok(struct str h)
{
	if (h.n && h.p[0] == '[') {
		if (h.n < 4 || h.p[h.n - 1] != ']')
			return false;
		for (size_t i = 1; i + 1 < h.n; i++)
			if (!is_hex(h.p[i]) && h.p[i] != ':' && h.p[i] != '.')
				return false;
		return true;
	}
	for (size_t i = 0; i < h.n; i++) {
		if (h.p[i] == '%' && i + 2 < h.n && is_hex(h.p[i + 1]) && is_hex(h.p[i + 2]))
			i += 2;
		else if (!host_char[(unsigned char)h.p[i]])
			return false;
	}
	return true;
}

/* Splits host[:port]; false when the port is not 1 to 5 digits below 65536 (an empty one only when may_be_empty). */
static bool split_port(struct str a, struct str *host, struct str *port, bool may_be_empty)
{
	size_t i = a.n;
	unsigned v = 0;

	while (i > 0 && is_digit(a.p[i - 1]))
		i--;
	*host = a;
	*port = STR_NULL;
	if (i == 0 || a.p[i - 1] != ':')
		return true;
	*host = str_n(a.p, i - 1);
	*port = str_n(a.p + i, a.n - i);
	for (size_t k = 0; k < port->n; k++)
		v = v * 10 + (unsigned)(port->p[k] - '0');
	return port->n <= 5 && v <= UINT16_MAX && (port->n > 0 || may_be_empty);
}

bool uri_authority_ok(struct str a, bool need_port)
{
	struct str host, port;

	if (!split_port(a, &host, &port, !need_port))
		return false;
	if (need_port && (port.n == 0 || host.n == 0))
		return false;
	return host_ok(host);
}

bool uri_authority_same(struct str a, struct str b, struct str default_port)
{
	struct str ha, hb, pa, pb;

	if (!split_port(a, &ha, &pa, true) || !split_port(b, &hb, &pb, true))
		return false;
	return str_ieq(ha, hb) && str_eq(pa.n ? pa : default_port, pb.n ? pb : default_port);
}

bool uri_split_absolute(struct str t, struct str *scheme, struct str *authority, struct str *path)
{
	size_t n = str_istarts(t, STR("http://")) ? 4 : str_istarts(t, STR("https://")) ? 5 : 0, i;

	if (!n)
		return false;
	*scheme = str_n(t.p, n);
	for (i = n += 3; i < t.n && t.p[i] != '/' && t.p[i] != '?';)
		i++;
	*authority = str_n(t.p + n, i - n);
	*path = str_n(t.p + i, t.n - i);
	return authority->n > 0;
}

static int hex_digit(char c)
{
	return is_digit(c) ? c - '0' : is_hex(c) ? (c | 0x20) - 'a' + 10 : -1;
}

ptrdiff_t uri_unescape(struct str s, bool form, char *out)
{
	ptrdiff_t o = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '%') {
			int hi = i + 2 < s.n ? hex_digit(s.p[i + 1]) : -1, lo = i + 2 < s.n ? hex_digit(s.p[i + 2]) : -1;

			if (hi < 0 || lo < 0)
				return -1;
			c = (char)(hi << 4 | lo);
			i += 2;
		} else if (c == '+' && form) {
			c = ' ';
		} else if (c == '?') {
			form = true;
		}
		out[o++] = c;
	}
	return o;
}

bool form_next(struct arena *a, struct str *rest, struct str *name, struct str *val)
{
	struct str field;
	ptrdiff_t eq, n;
	char *p;

	if (!rest->n)
		return false;
	field = str_split(rest, '&');
	p = arena_bytes(a, field.n + 1);
	eq = str_chr(field, '=');
	*name = eq < 0 ? field : str_sub(field, 0, (size_t)eq);
	n = uri_unescape(eq < 0 ? STR_NULL : str_sub(field, (size_t)eq + 1, field.n), true, p);
	*val = str_n(p, n < 0 ? 0 : (size_t)n);
	if (n < 0)
		*name = STR_NULL;
	return true;
}
