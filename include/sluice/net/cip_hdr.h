// SPDX-License-Identifier: GPL-3.0-or-later
/* NetScaler Client IP insertion: a connection begins with a magic number, lengths, and the IP and TCP headers of a packet of the
 * client (haproxy.org, netscaler-client-ip-insertion-protocol.txt; both versions). Pure parser. */
#ifndef SLUICE_NET_CIP_HDR_H
#define SLUICE_NET_CIP_HDR_H

#include <sluice/net/proxy_hdr.h>

#define CIP_HDR_KEEP 112 /* bytes that cip_hdr_parse() may need to see */

/* Looks at the first n bytes of a connection; magic is what both sides have agreed on. PROXY_MORE: so far it may become one. Sets src,
 * dst and len, which may lie behind what was parsed. */
enum proxy_parse cip_hdr_parse(uint32_t magic, const uint8_t *p, size_t n, struct proxy_hdr *h) MUST_CHECK;
/* How many further bytes surely belong to the header that begins with these n (PROXY_MORE so far). */
size_t cip_hdr_want(const uint8_t *p, size_t n);

#endif
