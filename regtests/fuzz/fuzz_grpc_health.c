// SPDX-License-Identifier: GPL-3.0-or-later
/* Answers to gRPC health checks come from the network: any bytes, no crash, a reason or a status. */
#include <sluice/http/grpc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint32_t serving = UINT32_MAX;
	const char *wrong = grpc_health_response(str_n((const char *)data, n), &serving);

	ASSERT(wrong || grpc_serving_text(serving));
	return 0;
}
