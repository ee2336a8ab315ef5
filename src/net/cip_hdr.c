// SPDX-License-Identifier: GPL-3.0-or-later
/* The two forms of NetScaler's header: the older has the IP header behind magic and length, the newer a type and a second length
 * before it. Which it is shows in the ninth byte: the version of IP, or the type's first. */
#include <sluice/net/cip_hdr.h>

#define FIXED 12             /* magic, length, and enough to tell the forms apart */
#define HEADERS_MAX 1024     /* of IP and TCP, with options; the standards give 120 */
#define TCP_MIN 20
#define IP4_MIN 20
#define IP6_LEN 40
#define PROTO_TCP 6

static uint16_t get16(const uint8_t *p) { return (uint16_t)(p[0] << 8 | p[1]); }
static uint32_t get32(const uint8_t *p) { return (uint32_t)get16(p) << 16 | get16(p + 2); }

static bool is_old(const uint8_t *p) { return p[8] >> 4 == 4 || p[8] >> 4 == 6; }

/* Where the IP header begins; *len: bytes of both headers. */
static size_t headers_at(const uint8_t *p, uint32_t *len)
{
	*len = is_old(p) ? get32(p + 4) : get16(p + 10);
	return is_old(p) ? 8 : FIXED;
}

static size_t ip_len(const uint8_t *ip) { return ip[0] >> 4 == 4 ? (size_t)(ip[0] & 15) * 4 : IP6_LEN; }

static bool ip_ok(const uint8_t *ip, uint32_t len)
{
	if (ip[0] >> 4 == 4)
		return ip_len(ip) >= IP4_MIN && ip[9] == PROTO_TCP && len >= ip_len(ip) + TCP_MIN;
	return ip[0] >> 4 == 6 && ip[6] == PROTO_TCP && len >= IP6_LEN + TCP_MIN;
}

static void take_addresses(const uint8_t *ip, struct proxy_hdr *h)
{
	const uint8_t *tcp = ip + ip_len(ip);

	h->src = h->dst = (struct addr){ .family = ip[0] >> 4 == 4 ? AF_INET : AF_INET6 };
	if (h->src.family == AF_INET) {
		memcpy(&h->src.in4, ip + 12, 4);
		memcpy(&h->dst.in4, ip + 16, 4);
	} else {
		memcpy(&h->src.in6, ip + 8, 16);
		memcpy(&h->dst.in6, ip + 24, 16);
	}
	h->src.port = get16(tcp);
	h->dst.port = get16(tcp + 2);
}

/* Bytes that have to be seen, as far as these n tell: never beyond the whole. */
static size_t needed(const uint8_t *p, size_t n)
{
	uint32_t len;
	size_t at;

	if (n < FIXED)
		return FIXED;
	at = headers_at(p, &len);
	return n < at + IP4_MIN ? at + IP4_MIN : at + ip_len(p + at) + TCP_MIN;
}

size_t cip_hdr_want(const uint8_t *p, size_t n)
{
	return needed(p, n) - n;
}

enum proxy_parse cip_hdr_parse(uint32_t magic, const uint8_t *p, size_t n, struct proxy_hdr *h)
{
	uint32_t len;

	for (size_t i = 0; i < 4 && i < n; i++)
		if (p[i] != (uint8_t)(magic >> (24 - 8 * i)))
			return PROXY_BAD;
	if (n < FIXED)
		return PROXY_MORE;
	const uint8_t *ip = p + headers_at(p, &len);

	if ((!is_old(p) && get16(p + 8) != 1) || len < IP4_MIN + TCP_MIN || len > HEADERS_MAX)
		return PROXY_BAD;
	if (n < (size_t)(ip - p) + IP4_MIN)
		return PROXY_MORE;
	if (!ip_ok(ip, len))
		return PROXY_BAD;
	if (n < needed(p, n))
		return PROXY_MORE;
	h->local = false;
	h->len = (uint32_t)(ip - p) + len;
	take_addresses(ip, h);
	return PROXY_OK;
}
