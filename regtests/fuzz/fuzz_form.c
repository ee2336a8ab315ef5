// SPDX-License-Identifier: GPL-3.0-or-later
/* Forms come from browsers: any bytes, no crash, every field inside the text, no value longer than its field. */
#include <sluice/http/msg.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *text = (const char *)data;
	struct str rest = str_n(text, n), name, val;
	struct arena a;
	size_t total = 0;

	arena_init(&a, 4096);
	while (form_next(&a, &rest, &name, &val)) {
		if (name.n)
			ASSERT(name.p >= text && name.p + name.n <= text + n);
		total += name.n + val.n;
	}
	ASSERT(total <= n);
	arena_free(&a);
	return 0;
}
