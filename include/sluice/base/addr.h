// SPDX-License-Identifier: GPL-3.0-or-later
/* Socket addresses in 24 bytes, their text forms, and networks. */
#ifndef SLUICE_BASE_ADDR_H
#define SLUICE_BASE_ADDR_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sluice/base/buf.h>

struct addr {
	uint16_t family; /* AF_INET, AF_INET6, AF_UNIX, or AF_UNSPEC for none */
	uint16_t port;   /* host byte order; 0 for unix */
	uint32_t scope;  /* IPv6 zone index */
	union {
		struct in_addr in4;
		struct in6_addr in6;
		const char *path; /* unix; leading '@' = abstract; owner is the configuration arena */
	};
};

struct addr_net { struct addr ip; uint8_t len; }; /* network with prefix length in bits */

/* Numeric "1.2.3.4", "::1", "[::1]": no port, no names. */
bool addr_parse_ip(struct addr *a, struct str s) MUST_CHECK;
/* "10.0.0.0/8", "10.12/8" (short form: 10.0.0.12/8 as HAProxy reads it), "1.2.3.4/255.0.0.0", "2001:db8::/32". */
bool addr_parse_net(struct addr_net *n, struct str s) MUST_CHECK;
bool addr_in_net(const struct addr *a, const struct addr_net *n); /* v4-mapped v6 addresses match v4 networks */
bool addr_eq(const struct addr *a, const struct addr *b, bool with_port);
bool addr_is_any(const struct addr *a);
bool addr_is_loopback(const struct addr *a);

/* Fill sa and return its length, 0 when a unix path is too long; from the kernel's form back. from_sockaddr of a unix
 * address leaves path NULL. */
socklen_t addr_to_sockaddr(const struct addr *a, struct sockaddr_storage *sa);
void addr_from_sockaddr(struct addr *a, const struct sockaddr_storage *sa);

#define ADDR_TEXT_MAX 128
/* Text into out (>= ADDR_TEXT_MAX bytes): "1.2.3.4", "::1", "unix:/path", "abns@x"; returns its length. */
size_t addr_ip_text(const struct addr *a, char *out);
/* The same with ":port"; IPv6 in brackets. */
size_t addr_text(const struct addr *a, char *out);
/* 64-bit hash of the address without the port, for tables and source balancing. */
uint64_t addr_hash(const struct addr *a);

#endif
