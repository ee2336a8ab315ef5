// SPDX-License-Identifier: GPL-3.0-or-later
/* The PROXY protocol header, versions 1 and 2 (haproxy.org, proxy-protocol.txt): pure encoder and parser. */
#ifndef SLUICE_NET_PROXY_HDR_H
#define SLUICE_NET_PROXY_HDR_H

#include <sluice/base/addr.h>
#include <sluice/base/buf.h>

#define PROXY_V1_MAX 107     /* bytes of the longest version 1 line, CRLF included */
#define PROXY_OUT_MAX 4096   /* bytes of the longest header that is written */
#define PROXY_HDR_KEEP 256   /* bytes of a header that proxy_hdr_parse() may need to see; the rest is TLVs */

enum proxy_parse { PROXY_OK, PROXY_MORE, PROXY_BAD };

struct proxy_hdr {
	bool local;              /* LOCAL or UNKNOWN: src and dst are not set, the connection's own count */
	struct addr src, dst;
	uint32_t len;            /* of the whole header, TLVs included; may lie behind what was parsed */
};

/* Looks at the first n bytes of a connection. PROXY_MORE: so far it may become one. */
enum proxy_parse proxy_hdr_parse(const uint8_t *p, size_t n, struct proxy_hdr *h) MUST_CHECK;
/* How many further bytes surely belong to the header that begins with these n (PROXY_MORE so far); 0: a version 1 line,
 * which ends at its LF. */
size_t proxy_hdr_want(const uint8_t *p, size_t n);
/* Writes a header into out (>= PROXY_V1_MAX bytes) and returns its length. Addresses that are not both IP, or src NULL,
 * give UNKNOWN and LOCAL; IPv4 with IPv6 becomes IPv6. */
size_t proxy_hdr_write_v1(char *out, const struct addr *src, const struct addr *dst);
size_t proxy_hdr_write_v2(char *out, const struct addr *src, const struct addr *dst);

/* What may stand behind the addresses of version 2 (section 2.2 of its document); those of TLS stand inside PP_SSL. */
enum proxy_tlv {
	PP_ALPN = 0x01, PP_AUTHORITY = 0x02, PP_CRC32C = 0x03, PP_UNIQUE_ID = 0x05, PP_SSL = 0x20,
	PP_SSL_VERSION = 0x21, PP_SSL_CN = 0x22, PP_SSL_CIPHER = 0x23, PP_SSL_SIG_ALG = 0x24, PP_SSL_KEY_ALG = 0x25,
};
enum proxy_ssl { PP_CLIENT_SSL = 1, PP_CLIENT_CERT_CONN = 2, PP_CLIENT_CERT_SESS = 4 };
/* Adds one to what will stand there; one that does not fit any more is left out. */
void proxy_tlv_put(struct sbuf *tlvs, unsigned type, struct str value);
/* Puts them behind the n bytes of a header in hdr (PROXY_OUT_MAX bytes); one of PP_CRC32C that stands first gets its value. The new length. */
size_t proxy_hdr_add_tlvs(char *hdr, size_t n, struct str tlvs);
/* The first one of that type. */
bool proxy_tlv_find(struct str tlvs, unsigned type, struct str *value) MUST_CHECK;
/* Is the checksum right? tlvs, 2 KiB at most, are all that stand behind the n bytes of a header, PROXY_HDR_KEEP at most. One without a
 * checksum is. */
bool proxy_hdr_sum_good(const uint8_t *hdr, size_t n, struct str tlvs) MUST_CHECK;

#endif
