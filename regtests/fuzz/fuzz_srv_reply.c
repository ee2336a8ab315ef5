// SPDX-License-Identifier: GPL-3.0-or-later
/* Answers of nameservers: any bytes, no crash, and only names of hosts come out. */
#include "../../src/checker/srv_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena a;
	struct srv_reply r;

	arena_init(&a, 0);
	if (srv_reply_parse(str_n((const char *)data, n), &a, &r))
		for (uint32_t i = 0; i < r.n; i++) {
			struct str name = r.at[i].target->name;

			ASSERT(name.n && name.n < 254 && r.at[i].target->nknown <= SRV_ADDRESSES_MAX);
			for (size_t k = 0; k < name.n; k++)
				ASSERT((name.p[k] >= 'a' && name.p[k] <= 'z') || (name.p[k] >= '0' && name.p[k] <= '9') || strchr("-_.", name.p[k]));
		}
	arena_free(&a);
	return 0;
}
