// SPDX-License-Identifier: GPL-3.0-or-later
/* NetScaler headers come from the network: any bytes, no crash; a verdict does not change with what follows, and no byte behind the header is ever
 * asked for. */
#include <sluice/net/cip_hdr.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct proxy_hdr whole, part;
	enum proxy_parse all = cip_hdr_parse(0x4e53, data, n, &whole), r = PROXY_MORE;
	size_t at = 0;

	while (r == PROXY_MORE) {
		size_t want = cip_hdr_want(data, at);

		ASSERT(want && at + want <= CIP_HDR_KEEP);
		if (at + want > n) {
			ASSERT(all != PROXY_OK);
			return 0;
		}
		at += want;
		r = cip_hdr_parse(0x4e53, data, at, &part);
	}
	ASSERT(r == all);
	if (r == PROXY_OK)
		ASSERT(part.len == whole.len && at <= part.len && addr_eq(&part.src, &whole.src, true) && addr_eq(&part.dst, &whole.dst, true));
	return 0;
}
