// SPDX-License-Identifier: GPL-3.0-or-later
/* Server state files are written by scripts: any bytes, no crash, numbers in range, slices inside the text. */
#include <sluice/health/state_line.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str line = str_n((const char *)data, n);
	struct state_line f;

	if (!state_line_parse(line, &f))
		return 0;
	ASSERT(f.be_name.p >= line.p && f.srv_name.p + f.srv_name.n <= line.p + n);
	ASSERT(f.op <= SRV_STOPPING && f.uweight <= 256 && f.check_pos <= 65535);
	ASSERT(!f.fqdn.n || (f.fqdn.p >= line.p && f.fqdn.p + f.fqdn.n <= line.p + n));
	return 0;
}
