// SPDX-License-Identifier: GPL-3.0-or-later
/* PROXY protocol headers as bytes. A version 1 line is held to its grammar to the letter; of version 2 the TLVs are
 * measured and not looked at until somebody asks for one. */
#include <arpa/inet.h>
#include <stdio.h>
#include <sluice/base/hash.h>
#include <sluice/net/proxy_hdr.h>

#define V2_FIXED 16
#define SHORTEST 15          /* "PROXY UNKNOWN\r\n" */

static const uint8_t v2_sig[12] = { 0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a };

static bool begins(const uint8_t *p, size_t n, const void *want, size_t len)
{
	return memcmp(p, want, MIN(n, len)) == 0;
}

static bool is_v2(const uint8_t *p, size_t n) { return n && begins(p, n, v2_sig, sizeof(v2_sig)); }

static uint16_t get16(const uint8_t *p) { return (uint16_t)(p[0] << 8 | p[1]); }

/* Up to the next space, which must be there unless it is the last word. */
static bool word(struct str *s, struct str *w, bool last)
{
	ptrdiff_t at = str_chr(*s, ' ');

	if (last != (at < 0))
		return false;
	*w = last ? *s : str_sub(*s, 0, (size_t)at);
	*s = last ? STR_NULL : str_sub(*s, (size_t)at + 1, s->n);
	return w->n > 0;
}

static bool v1_port(struct str w, struct addr *a)
{
	uint32_t v = 0;

	if (w.n > 5 || (w.n > 1 && w.p[0] == '0'))
		return false;
	for (size_t i = 0; i < w.n; i++) {
		if (w.p[i] < '0' || w.p[i] > '9')
			return false;
		v = v * 10 + (uint32_t)(w.p[i] - '0');
	}
	a->port = (uint16_t)v;
	return v <= 65535;
}

static bool v1_addresses(struct str s, struct proxy_hdr *h)
{
	struct str w, src, dst, sport, dport;
	sa_family_t want;

	if (!word(&s, &w, false))
		return false;
	want = str_eq(w, STR("TCP4")) ? AF_INET : str_eq(w, STR("TCP6")) ? AF_INET6 : AF_UNSPEC;
	return want != AF_UNSPEC && word(&s, &src, false) && word(&s, &dst, false) && word(&s, &sport, false) &&
	       word(&s, &dport, true) && src.p[0] != '[' && dst.p[0] != '[' && addr_parse_ip(&h->src, src) &&
	       addr_parse_ip(&h->dst, dst) && h->src.family == want && h->dst.family == want &&
	       v1_port(sport, &h->src) && v1_port(dport, &h->dst);
}

static enum proxy_parse parse_v1(const uint8_t *p, size_t n, struct proxy_hdr *h)
{
	const uint8_t *lf = memchr(p, '\n', MIN(n, (size_t)PROXY_V1_MAX));
	struct str s;

	if (!begins(p, n, "PROXY ", 6))
		return PROXY_BAD;
	if (!lf)
		return n < PROXY_V1_MAX ? PROXY_MORE : PROXY_BAD;
	if (lf < p + 8 || lf[-1] != '\r')
		return PROXY_BAD;
	h->len = (uint32_t)(lf + 1 - p);
	s = str_n((const char *)p + 6, h->len - 8);
	h->local = str_eq(s, STR("UNKNOWN")) || str_eq(str_sub(s, 0, 8), STR("UNKNOWN "));
	return h->local || v1_addresses(s, h) ? PROXY_OK : PROXY_BAD;
}

static size_t v2_addr_len(uint8_t family) { return family == 1 ? 12 : family == 2 ? 36 : family == 3 ? 216 : 0; }

static void v2_addr(struct addr *a, uint8_t family, const uint8_t *ip, const uint8_t *port)
{
	*a = (struct addr){ .family = family == 1 ? AF_INET : AF_INET6, .port = get16(port) };
	if (family == 1)
		memcpy(&a->in4, ip, 4);
	else
		memcpy(&a->in6, ip, 16);
}

static enum proxy_parse parse_v2(const uint8_t *p, size_t n, struct proxy_hdr *h)
{
	uint8_t cmd, family;
	uint16_t len;
	size_t ip;

	if (n < V2_FIXED)
		return n > 12 && (p[12] & 0xfe) != 0x20 ? PROXY_BAD : PROXY_MORE;
	cmd = p[12], family = p[13] >> 4, len = get16(p + 14);
	h->len = V2_FIXED + (uint32_t)len;
	if ((cmd & 0xfe) != 0x20 || family > 3 || (p[13] & 15) > 2)
		return PROXY_BAD;
	h->local = cmd == 0x20 || family == 0 || family == 3;
	if (h->local)
		return PROXY_OK;
	if (len < v2_addr_len(family))
		return PROXY_BAD;
	if (n < V2_FIXED + v2_addr_len(family))
		return PROXY_MORE;
	ip = family == 1 ? 4 : 16;
	v2_addr(&h->src, family, p + 16, p + 16 + 2 * ip);
	v2_addr(&h->dst, family, p + 16 + ip, p + 18 + 2 * ip);
	return PROXY_OK;
}

enum proxy_parse proxy_hdr_parse(const uint8_t *p, size_t n, struct proxy_hdr *h)
{
	memset(h, 0, sizeof(*h));
	if (!n)
		return PROXY_MORE;
	return is_v2(p, n) ? parse_v2(p, n, h) : parse_v1(p, n, h);
}

size_t proxy_hdr_want(const uint8_t *p, size_t n)
{
	if (n < SHORTEST)
		return SHORTEST - n;
	if (!is_v2(p, n))
		return 0;
	return (n < V2_FIXED ? V2_FIXED : V2_FIXED + v2_addr_len(p[13] >> 4)) - n;
}

/* Both as one family, 4 or 6; 0: neither. */
static int same_family(const struct addr *src, const struct addr *dst)
{
	if (!src || !dst || (src->family != AF_INET && src->family != AF_INET6) ||
	    (dst->family != AF_INET && dst->family != AF_INET6))
		return 0;
	return src->family == AF_INET && dst->family == AF_INET ? 4 : 6;
}

static struct in6_addr as_v6(const struct addr *a)
{
	struct in6_addr r = { 0 };

	if (a->family == AF_INET6)
		return a->in6;
	r.s6_addr[10] = r.s6_addr[11] = 0xff;
	memcpy(r.s6_addr + 12, &a->in4, 4);
	return r;
}

static void text_of(const struct addr *a, int family, char out[INET6_ADDRSTRLEN])
{
	struct in6_addr v6 = as_v6(a);

	inet_ntop(family == 4 ? AF_INET : AF_INET6, family == 4 ? (const void *)&a->in4 : &v6, out, INET6_ADDRSTRLEN);
}

size_t proxy_hdr_write_v1(char *out, const struct addr *src, const struct addr *dst)
{
	int family = same_family(src, dst);
	char s[INET6_ADDRSTRLEN], d[INET6_ADDRSTRLEN];

	if (!family)
		return (size_t)snprintf(out, PROXY_V1_MAX, "PROXY UNKNOWN\r\n");
	text_of(src, family, s);
	text_of(dst, family, d);
	return (size_t)snprintf(out, PROXY_V1_MAX, "PROXY TCP%d %s %s %u %u\r\n", family, s, d, src->port, dst->port);
}

static char *put_bytes(char *p, const void *from, size_t n)
{
	memcpy(p, from, n);
	return p + n;
}

static char *put_ip(char *p, const struct addr *a, int family)
{
	struct in6_addr v6 = as_v6(a);

	return family == 4 ? put_bytes(p, &a->in4, 4) : put_bytes(p, &v6, 16);
}

size_t proxy_hdr_write_v2(char *out, const struct addr *src, const struct addr *dst)
{
	int family = same_family(src, dst);
	const uint8_t fixed[4] = { family ? 0x21 : 0x20, family == 4 ? 0x11 : family == 6 ? 0x21 : 0, 0,
				   family == 4 ? 12 : family == 6 ? 36 : 0 };
	char *p = put_bytes(put_bytes(out, v2_sig, sizeof(v2_sig)), fixed, sizeof(fixed));

	if (family) {
		uint16_t ports[2] = { htons(src->port), htons(dst->port) };

		p = put_bytes(put_ip(put_ip(p, src, family), dst, family), ports, sizeof(ports));
	}
	return (size_t)(p - out);
}

/* ---- TLVs --------------------------------------------------------------------------------------------------------- */

#define TLV_HEAD 3

void proxy_tlv_put(struct sbuf *tlvs, unsigned type, struct str value)
{
	const char head[TLV_HEAD] = { (char)type, (char)(value.n >> 8), (char)value.n };

	if (value.n > UINT16_MAX || (tlvs->fixed && tlvs->n + TLV_HEAD + value.n > tlvs->cap))
		return;
	sbuf_add(tlvs, str_n(head, TLV_HEAD));
	sbuf_add(tlvs, value);
}

size_t proxy_hdr_add_tlvs(char *hdr, size_t n, struct str tlvs)
{
	size_t room = PROXY_OUT_MAX - n, len;
	uint32_t crc;

	tlvs = str_sub(tlvs, 0, room);
	if (!tlvs.n)
		return n;
	memcpy(hdr + n, tlvs.p, tlvs.n);
	len = n - V2_FIXED + tlvs.n;
	hdr[14] = (char)(len >> 8);
	hdr[15] = (char)len;
	if (tlvs.n >= TLV_HEAD + 4 && tlvs.p[0] == PP_CRC32C) { /* over everything, with zeros in its place */
		memset(hdr + n + TLV_HEAD, 0, 4);
		crc = htonl(hash_crc32c(str_n(hdr, n + tlvs.n)));
		memcpy(hdr + n + TLV_HEAD, &crc, 4);
	}
	return n + tlvs.n;
}

bool proxy_tlv_find(struct str tlvs, unsigned type, struct str *value)
{
	while (tlvs.n >= TLV_HEAD) {
		size_t n = get16((const uint8_t *)tlvs.p + 1);
		if (n > tlvs.n - TLV_HEAD)
			return false;
		if ((unsigned char)tlvs.p[0] == type) {
			*value = str_sub(tlvs, TLV_HEAD, n);
			return true;
		}
		tlvs = str_sub(tlvs, TLV_HEAD + n, tlvs.n);
	}
	return false;
}

bool proxy_hdr_sum_good(const uint8_t *hdr, size_t n, struct str tlvs)
{
	char whole[PROXY_OUT_MAX];
	struct str sum;
	uint32_t crc;

	if (!proxy_tlv_find(tlvs, PP_CRC32C, &sum))
		return true;
	if (sum.n != sizeof(crc) || n + tlvs.n > sizeof(whole))
		return false;
	memcpy(whole, hdr, n);
	memcpy(whole + n, tlvs.p, tlvs.n);
	memset(whole + n + (sum.p - tlvs.p), 0, sizeof(crc));
	crc = htonl(hash_crc32c(str_n(whole, n + tlvs.n)));
	return memcmp(&crc, sum.p, sizeof(crc)) == 0;
}
