// SPDX-License-Identifier: GPL-3.0-or-later
/* Addresses: text forms in both directions, networks, sockaddr conversion. Names are not resolved here. */
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/un.h>
#include <sluice/base/addr.h>
#include <sluice/base/hash.h>
#include <sluice/base/num.h>

bool addr_parse_ip(struct addr *a, struct str s)
{
	char text[INET6_ADDRSTRLEN + 1];
	*a = (struct addr){ 0 };
	if (s.n >= 2 && s.p[0] == '[' && s.p[s.n - 1] == ']') {
		s = str_sub(s, 1, s.n - 2);
		if (str_chr(s, ':') < 0)
			return false;
	}
	if (s.n == 0 || s.n >= sizeof text || str_chr(s, 0) >= 0)
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = 0;
	if (inet_pton(AF_INET, text, &a->in4) == 1)
		a->family = AF_INET;
	else if (inet_pton(AF_INET6, text, &a->in6) == 1)
		a->family = AF_INET6;
	return a->family != AF_UNSPEC;
}

/* "10.12" as HAProxy reads a network's address: the last part fills the rest, so 10.12 is 10.0.0.12. */
static bool parse_short_v4(struct addr *a, struct str s)
{
	uint32_t ip = 0;
	unsigned parts = 0;
	uint64_t v = 0;
	while (s.p) {
		struct str part = str_split(&s, '.');
		if (++parts > 4 || !num_u64(part, &v))
			return false;
		if (s.p) {
			if (v > 255)
				return false;
			ip |= (uint32_t)v << (32 - 8 * parts);
		}
	}
	if (parts == 0 || v >= 1ull << (8 * (5 - parts)))
		return false;
	*a = (struct addr){ .family = AF_INET, .in4.s_addr = htonl(ip | (uint32_t)v) };
	return true;
}

static bool mask_to_len(struct str s, uint8_t *len)
{
	struct addr m;
	if (!addr_parse_ip(&m, s) || m.family != AF_INET)
		return false;
	uint32_t v = ntohl(m.in4.s_addr);
	unsigned n = 0;
	while (n < 32 && v & 0x80000000u >> n)
		n++;
	*len = (uint8_t)n;
	return n == 32 || (v << n) == 0;
}

bool addr_parse_net(struct addr_net *net, struct str s)
{
	struct str ip = str_split(&s, '/');
	uint64_t len;
	if (!addr_parse_ip(&net->ip, ip) && !parse_short_v4(&net->ip, ip))
		return false;
	unsigned max = net->ip.family == AF_INET ? 32 : 128;
	if (!s.p) {
		net->len = (uint8_t)max;
		return true;
	}
	if (num_u64(s, &len)) {
		net->len = (uint8_t)len;
		return len <= max;
	}
	return max == 32 && mask_to_len(s, &net->len);
}

static bool same_prefix(const void *a, const void *b, unsigned bits)
{
	const unsigned char *x = a, *y = b;
	if (memcmp(x, y, bits / 8) != 0)
		return false;
	return bits % 8 == 0 || ((x[bits / 8] ^ y[bits / 8]) >> (8 - bits % 8)) == 0;
}

bool addr_in_net(const struct addr *a, const struct addr_net *n)
{
	if (a->family == AF_INET && n->ip.family == AF_INET)
		return same_prefix(&a->in4, &n->ip.in4, n->len);
	if (a->family == AF_INET6 && n->ip.family == AF_INET6)
		return same_prefix(&a->in6, &n->ip.in6, n->len);
	if (a->family == AF_INET6 && n->ip.family == AF_INET && IN6_IS_ADDR_V4MAPPED(&a->in6))
		return same_prefix(&a->in6.s6_addr[12], &n->ip.in4, n->len);
	if (a->family == AF_INET && n->ip.family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&n->ip.in6) && n->len >= 96)
		return same_prefix(&a->in4, &n->ip.in6.s6_addr[12], n->len - 96u);
	return false;
}

bool addr_eq(const struct addr *a, const struct addr *b, bool with_port)
{
	if (a->family != b->family || (with_port && a->port != b->port))
		return false;
	switch (a->family) {
	case AF_INET: return a->in4.s_addr == b->in4.s_addr;
	case AF_INET6: return memcmp(&a->in6, &b->in6, 16) == 0 && a->scope == b->scope;
	case AF_UNIX: return a->path == b->path || (a->path && b->path && strcmp(a->path, b->path) == 0);
	default: return true;
	}
}

bool addr_is_any(const struct addr *a)
{
	return (a->family == AF_INET && a->in4.s_addr == 0) ||
	       (a->family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&a->in6));
}

bool addr_is_loopback(const struct addr *a)
{
	if (a->family == AF_INET)
		return ntohl(a->in4.s_addr) >> 24 == 127;
	if (a->family != AF_INET6)
		return false;
	return IN6_IS_ADDR_LOOPBACK(&a->in6) || (IN6_IS_ADDR_V4MAPPED(&a->in6) && a->in6.s6_addr[12] == 127);
}

static socklen_t unix_to_sockaddr(const char *path, struct sockaddr_storage *ss)
{
	struct sockaddr_un *u = (struct sockaddr_un *)ss;
	size_t n = path ? strlen(path) : 0;
	u->sun_family = AF_UNIX;
	if (n > sizeof u->sun_path - 1)
		return 0;
	if (n)
		memcpy(u->sun_path, path, n);
	if (n && path[0] == '@') {
		u->sun_path[0] = 0;
		return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	}
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + 1);
}

socklen_t addr_to_sockaddr(const struct addr *a, struct sockaddr_storage *ss)
{
	memset(ss, 0, sizeof *ss);
	ss->ss_family = a->family;
	if (a->family == AF_INET) {
		struct sockaddr_in *in = (struct sockaddr_in *)ss;
		in->sin_port = htons(a->port);
		in->sin_addr = a->in4;
		return sizeof *in;
	}
	if (a->family == AF_INET6) {
		struct sockaddr_in6 *in = (struct sockaddr_in6 *)ss;
		in->sin6_port = htons(a->port);
		in->sin6_addr = a->in6;
		in->sin6_scope_id = a->scope;
		return sizeof *in;
	}
	return a->family == AF_UNIX ? unix_to_sockaddr(a->path, ss) : 0;
}

void addr_from_sockaddr(struct addr *a, const struct sockaddr_storage *ss)
{
	*a = (struct addr){ .family = ss->ss_family };
	if (ss->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)ss;
		a->port = ntohs(in->sin_port);
		a->in4 = in->sin_addr;
	} else if (ss->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)ss;
		a->port = ntohs(in->sin6_port);
		a->in6 = in->sin6_addr;
		a->scope = in->sin6_scope_id;
	}
}

static size_t v4_text(struct in_addr in, char *out)
{
	const unsigned char *b = (const unsigned char *)&in;
	char *p = out;
	for (int i = 0; i < 4; i++) {
		if (i)
			*p++ = '.';
		p += num_fmt_u64(p, b[i]);
	}
	return (size_t)(p - out);
}

size_t addr_ip_text(const struct addr *a, char *out)
{
	switch (a->family) {
	case AF_INET: return v4_text(a->in4, out);
	case AF_INET6:
		inet_ntop(AF_INET6, &a->in6, out, ADDR_TEXT_MAX);
		return strlen(out);
	case AF_UNIX:
		if (!a->path)
			return (size_t)snprintf(out, ADDR_TEXT_MAX, "unix");
		if (a->path[0] == '@')
			return (size_t)snprintf(out, ADDR_TEXT_MAX, "abns@%.110s", a->path + 1);
		return (size_t)snprintf(out, ADDR_TEXT_MAX, "unix:%.110s", a->path);
	default: out[0] = '-'; return 1;
	}
}

size_t addr_text(const struct addr *a, char *out)
{
	size_t n = 0;
	if (a->family == AF_INET6)
		out[n++] = '[';
	if (a->family == AF_INET6) {
		inet_ntop(AF_INET6, &a->in6, out + 1, ADDR_TEXT_MAX - 8);
		n = strlen(out);
		out[n++] = ']';
	} else {
		n = addr_ip_text(a, out);
	}
	if (a->family == AF_INET || a->family == AF_INET6) {
		out[n++] = ':';
		n += num_fmt_u64(out + n, a->port);
	}
	return n;
}

uint64_t addr_hash(const struct addr *a)
{
	switch (a->family) {
	case AF_INET: return hash_xxh3(str_n((const char *)&a->in4, 4), 0);
	case AF_INET6: return hash_xxh3(str_n((const char *)&a->in6, 16), 0);
	case AF_UNIX: return hash_xxh3(str_c(a->path), 0);
	default: return 0;
	}
}
