// SPDX-License-Identifier: GPL-3.0-or-later
/* Start-up and process messages on stderr. The supervisor must not stop because somebody stopped reading a pipe, so the
 * descriptor is asked before each write; it is not made non-blocking because it is shared with the shell that started us. */
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
#include <sluice/base/notice.h>

static bool quiet_mode;

void notice_quiet(bool quiet) { quiet_mode = quiet; }

void notice(enum notice_level l, const char *fmt, ...)
{
	static const char *const tag[] = { "[NOTICE]", "[WARNING]", "[ALERT]" };
	char line[1024];
	va_list ap;

	if (quiet_mode && l != SAY_ALERT)
		return;
	int n = snprintf(line, sizeof(line), "%-10s (%d) : ", tag[l], (int)getpid());
	va_start(ap, fmt);
	int m = vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
	va_end(ap);
	size_t len = MIN((size_t)(n + MAX(m, 0)), sizeof(line) - 1); /* room for the line end */
	line[len++] = '\n';
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };
	if (poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) && write(STDERR_FILENO, line, len) < 0)
		return; /* nobody is left to be told */
}

void stdio_detach(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
}

void stdio_ensure(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null", O_RDWR); /* takes the lowest number, which is fd */
}
