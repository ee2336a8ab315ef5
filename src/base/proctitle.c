// SPDX-License-Identifier: GPL-3.0-or-later
/* Process titles. The kernel shows the bytes between arg_start and arg_end; environment strings that follow directly are usable too
 * once they have been copied elsewhere, because a missing NUL at arg_end makes the kernel read on into them. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <sluice/base/panic.h>
#include <sluice/base/proctitle.h>

static char *title, **copy; /* copy: of argv, for the life of the process */
static size_t room;

static char *copy_string(const char *s)
{
	char *c = strdup(s);
	if (!c)
		die("out of memory");
	return c;
}

/* The end of the strings that lie one behind the other from p on. */
static char *strings_end(char *p, char **list)
{
	for (; list && *list; list++)
		if (*list == p)
			p += strlen(p) + 1;
	return p;
}

char **proctitle_init(int argc, char **argv)
{
	copy = calloc((size_t)argc + 1, sizeof(*copy));
	if (!copy)
		die("out of memory");
	for (int i = 0; i < argc; i++)
		copy[i] = copy_string(argv[i]);
	title = argv[0];
	room = argc ? (size_t)(strings_end(strings_end(argv[0], argv), environ) - argv[0]) : 0;
	for (char **e = environ; e && *e; e++)
		*e = copy_string(*e);
	return copy;
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
