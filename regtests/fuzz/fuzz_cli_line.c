// SPDX-License-Identifier: GPL-3.0-or-later
/* What clients of the runtime socket write: all bytes are used, words stay inside the text, no word holds what separates words. */
#include <stdlib.h>
#include <string.h>
#include "../../src/leader/cli_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void commands(char *text, size_t n)
{
	struct cli_words w;

	for (size_t at = 0; at < n;) {
		size_t used = cli_line_take(text + at, n - at, &w);

		if (!used || used > n - at || w.n > CLI_WORDS_MAX)
			abort();
		for (unsigned i = 0; i < w.n; i++)
			if (w.w[i].p < text + at || w.w[i].p + w.w[i].n > text + at + used)
				abort();
		at += used;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct str line = str_n(text, size), mark;
	size_t len, used;

	memcpy(text, data, size);
	if (cli_line_payload(&line, &mark)) {
		if (mark.n > CLI_MARK_MAX || line.n + 2 + mark.n > size)
			abort();
		if (cli_payload_end(str_n((const char *)data, size), mark, &len, &used) && (len > used || used > size))
			abort();
	}
	if (cli_payload_end(str_n(text, size), STR_NULL, &len, &used) && (len > used || used > size))
		abort();
	commands(text, line.n);
	free(text);
	return 0;
}
