// SPDX-License-Identifier: GPL-3.0-or-later
/* Agent answers come from the network: any bytes, no crash, slices inside the text. */
#include <sluice/health/health.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct agent_reply r;

	if (health_agent_parse(str_n((const char *)data, n), &r) && r.reason.n)
		ASSERT(r.reason.p >= (const char *)data && r.reason.p + r.reason.n <= (const char *)data + n);
	return 0;
}
