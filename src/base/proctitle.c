// SPDX-License-Identifier: GPL-3.0-or-later
/* Process titles. The kernel shows the bytes between arg_start and arg_end; environment strings that follow directly are usable too
 * once they have been copied elsewhere, because a missing NUL at arg_end makes the kernel read on into them. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <sluice/base/proctitle.h>

static char *title;
static size_t room;

static void environ_copy(void)
{
	for (char **e = environ; *e; e++) {
		char *copy = strdup(*e);
		if (copy)
			*e = copy;
	}
}

void proctitle_init(int argc, char **argv)
{
	if (argc < 1)
		return;
	char *end = argv[0];
	for (int i = 0; i < argc; i++)
		if (argv[i] == end)
			end += strlen(end) + 1;
	for (char **e = environ; e && *e; e++)
		if (*e == end)
			end += strlen(end) + 1;
	environ_copy();
	title = argv[0];
	room = (size_t)(end - argv[0]);
}

void proctitle_set(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	int n = snprintf(text, sizeof(text), "sluice: ");
	va_start(ap, fmt);
	vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, ap);
	va_end(ap);
	prctl(PR_SET_NAME, text);
	if (room < 2)
		return;
	memset(title, 0, room);
	memcpy(title, text, MIN(strlen(text), room - 1));
}
