// SPDX-License-Identifier: GPL-3.0-or-later
/* Names and values of header fields: known ids, tokens, comma lists, and the fixed words of HTTP (methods, reason
 * phrases). Ids are found by a small chained table over length and first letter, filled once before main() from
 * tbl/http_hdrs.def, so that a new row needs no other edit. */
#include <sluice/http/msg.h>

#define ID_SLOTS 128u

struct known {
	const char *name;
	uint8_t len, next; /* next id of the same slot, 0 = last */
};

static struct known known[HH_COUNT] = {
#define HH(id, nm) [HH_##id] = { .name = (nm), .len = sizeof(nm) - 1 },
#include <sluice/tbl/http_hdrs.def>
#undef HH
};
static uint8_t id_slot[ID_SLOTS];

static inline unsigned slot_of(char first, size_t len)
{
	return ((unsigned)(first & 0x1f) * 5 + (unsigned)len * 7) & (ID_SLOTS - 1);
}

__attribute__((constructor)) static void hdr_ids_fill(void)
{
	for (unsigned id = 1; id < HH_COUNT; id++) {
		uint8_t *s = &id_slot[slot_of(known[id].name[0], known[id].len)];
		known[id].next = *s;
		*s = (uint8_t)id;
	}
}

/* lower holds letters and '-' only; for them `byte | 0x20` is exact as long as the byte is a token character. */
static inline bool name_is(const char *name, const char *lower, size_t n)
{
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		uint64_t a, b;
		memcpy(&a, name + i, 8);
		memcpy(&b, lower + i, 8);
		if ((a | UINT64_C(0x2020202020202020)) != b)
			return false;
	}
	for (; i < n; i++)
		if ((name[i] | 0x20) != lower[i])
			return false;
	return true;
}

enum http_hdr_id http_hdr_id(struct str name)
{
	if (name.n == 0)
		return HH_OTHER;
	for (unsigned id = id_slot[slot_of(name.p[0], name.n)]; id; id = known[id].next)
		if (known[id].len == name.n && name_is(name.p, known[id].name, name.n))
			return (enum http_hdr_id)id;
	return HH_OTHER;
}

struct str http_hdr_name(enum http_hdr_id id) { return str_n(known[id].name, known[id].len); }

bool http_hdr_hop_by_hop(const struct hdr *h)
{
	switch (h->id) {
	case HH_CONNECTION:
	case HH_KEEP_ALIVE:
	case HH_PROXY_CONNECTION:
	case HH_TE:
	case HH_TRAILER:
	case HH_TRANSFER_ENCODING:
	case HH_UPGRADE:
		return true;
	default:
		return false;
	}
}

static const bool tchar[256] = {
	['0' ... '9'] = true, ['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['!'] = true, ['#'] = true, ['$'] = true,
	['%'] = true,	      ['&'] = true,	    ['\''] = true,	  ['*'] = true, ['+'] = true, ['-'] = true,
	['.'] = true,	      ['^'] = true,	    ['_'] = true,	  ['`'] = true, ['|'] = true, ['~'] = true,
};

bool http_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!tchar[(unsigned char)s.p[i]])
			return false;
	return s.n > 0;
}

/* Length of the element at the front of s: up to a comma outside of quotes. */
static size_t elem_len(struct str s)
{
	bool quoted = false;
	size_t i = 0;

	for (; i < s.n; i++) {
		if (quoted && s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			quoted = !quoted;
		else if (s.p[i] == ',' && !quoted)
			break;
	}
	return MIN(i, s.n);
}

bool hdr_next_elem(struct str *rest, struct str *elem)
{
	while (rest->n) {
		size_t n = elem_len(*rest);
		*elem = str_trim(str_n(rest->p, n));
		n += n < rest->n;
		rest->p += n;
		rest->n -= n;
		if (elem->n)
			return true;
	}
	return false;
}

static const struct str method_names[] = {
	[HTTP_GET] = STR("GET"),	 [HTTP_HEAD] = STR("HEAD"),	  [HTTP_POST] = STR("POST"),
	[HTTP_PUT] = STR("PUT"),	 [HTTP_DELETE] = STR("DELETE"),	  [HTTP_CONNECT] = STR("CONNECT"),
	[HTTP_OPTIONS] = STR("OPTIONS"), [HTTP_TRACE] = STR("TRACE"),	  [HTTP_PATCH] = STR("PATCH"),
	[HTTP_OTHER] = STR("<other>"),
};

enum http_method http_method_id(struct str s)
{
	for (unsigned m = 0; m < HTTP_OTHER; m++)
		if (str_eq(s, method_names[m]))
			return (enum http_method)m;
	return HTTP_OTHER;
}

struct str http_method_name(enum http_method m)
{
	return method_names[m <= HTTP_OTHER ? m : HTTP_OTHER];
}

struct reason {
	uint16_t status;
	struct str text;
};

static const struct reason reasons[] = {
	{ 100, STR("Continue") },
	{ 101, STR("Switching Protocols") },
	{ 102, STR("Processing") },
	{ 103, STR("Early Hints") },
	{ 200, STR("OK") },
	{ 201, STR("Created") },
	{ 202, STR("Accepted") },
	{ 203, STR("Non-Authoritative Information") },
	{ 204, STR("No Content") },
	{ 205, STR("Reset Content") },
	{ 206, STR("Partial Content") },
	{ 207, STR("Multi-Status") },
	{ 300, STR("Multiple Choices") },
	{ 301, STR("Moved Permanently") },
	{ 302, STR("Found") },
	{ 303, STR("See Other") },
	{ 304, STR("Not Modified") },
	{ 307, STR("Temporary Redirect") },
	{ 308, STR("Permanent Redirect") },
	{ 400, STR("Bad Request") },
	{ 401, STR("Unauthorized") },
	{ 402, STR("Payment Required") },
	{ 403, STR("Forbidden") },
	{ 404, STR("Not Found") },
	{ 405, STR("Method Not Allowed") },
	{ 406, STR("Not Acceptable") },
	{ 407, STR("Proxy Authentication Required") },
	{ 408, STR("Request Timeout") },
	{ 409, STR("Conflict") },
	{ 410, STR("Gone") },
	{ 411, STR("Length Required") },
	{ 412, STR("Precondition Failed") },
	{ 413, STR("Content Too Large") },
	{ 414, STR("URI Too Long") },
	{ 415, STR("Unsupported Media Type") },
	{ 416, STR("Range Not Satisfiable") },
	{ 417, STR("Expectation Failed") },
	{ 418, STR("I'm a teapot") },
	{ 421, STR("Misdirected Request") },
	{ 422, STR("Unprocessable Content") },
	{ 423, STR("Locked") },
	{ 424, STR("Failed Dependency") },
	{ 425, STR("Too Early") },
	{ 426, STR("Upgrade Required") },
	{ 428, STR("Precondition Required") },
	{ 429, STR("Too Many Requests") },
	{ 431, STR("Request Header Fields Too Large") },
	{ 451, STR("Unavailable For Legal Reasons") },
	{ 500, STR("Internal Server Error") },
	{ 501, STR("Not Implemented") },
	{ 502, STR("Bad Gateway") },
	{ 503, STR("Service Unavailable") },
	{ 504, STR("Gateway Timeout") },
	{ 505, STR("HTTP Version Not Supported") },
	{ 506, STR("Variant Also Negotiates") },
	{ 507, STR("Insufficient Storage") },
	{ 508, STR("Loop Detected") },
	{ 511, STR("Network Authentication Required") },
};

struct str http_reason(unsigned status)
{
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return STR("Other");
}
