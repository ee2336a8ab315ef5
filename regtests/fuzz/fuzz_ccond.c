// SPDX-License-Identifier: GPL-3.0-or-later
/* Conditions of .if and -cc: a verdict or a message for every text. */
#include <stdlib.h>
#include <sluice/conf/conf.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char err[256] = "";
	int r;

	setenv("A", "a,b) ", 0);
	setenv("C", "streq(a,b) || 1", 0);
	r = conf_eval_condition(str_n((const char *)data, size), err, sizeof(err));
	if (r < -1 || r > 1 || (r < 0) != (err[0] != '\0'))
		abort();
	return 0;
}
