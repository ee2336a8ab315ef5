// SPDX-License-Identifier: GPL-3.0-or-later
/* Headers come from the network: any bytes, no crash; a verdict does not change with what follows, and no byte behind
 * the header is ever asked for. */
#include <sluice/net/proxy_hdr.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct proxy_hdr whole, part;
	enum proxy_parse all = proxy_hdr_parse(data, n, &whole), r = PROXY_MORE;
	size_t at = 0;
	struct str v;

	if (n && proxy_tlv_find(str_n((const char *)data + 1, n - 1), data[0], &v))
		ASSERT(v.p >= (const char *)data && v.p + v.n <= (const char *)data + n);
	if (n >= 28 && n < 2048)
		(void)!proxy_hdr_sum_good(data, 28, str_n((const char *)data + 28, n - 28));
	while (r == PROXY_MORE && at < n) {
		size_t want = proxy_hdr_want(data, at);

		ASSERT(at < PROXY_HDR_KEEP && at + want <= PROXY_HDR_KEEP);
		if (at + (want ? want : 1) > n)
			return 0;
		at += want ? want : 1;
		r = proxy_hdr_parse(data, at, &part);
	}
	ASSERT(r == all);
	if (r == PROXY_OK)
		ASSERT(part.len == whole.len && part.local == whole.local && at <= part.len &&
		       addr_eq(&part.src, &whole.src, true));
	return 0;
}
