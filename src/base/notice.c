// SPDX-License-Identifier: GPL-3.0-or-later
/* Start-up and process messages on stderr. The supervisor must not stop because somebody stopped reading a pipe, so the
 * descriptor is asked before each write; it is not made non-blocking because it is shared with the shell that started us. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
#include <sluice/base/notice.h>

#define COPY_MAX 65536

static bool quiet_mode;
static int copy_fd = -1;

void notice_quiet(bool quiet) { quiet_mode = quiet; }

/* ---- the copy ---- */

static void copy_text(const char *p, size_t n)
{
	if (copy_fd >= 0 && lseek(copy_fd, 0, SEEK_CUR) < COPY_MAX && write(copy_fd, p, n) < 0)
		return; /* the text on stderr has to do */
}

static ssize_t write_both(void *cookie, const char *p, size_t n)
{
	(void)cookie;
	copy_text(p, n);
	for (size_t done = 0; done < n;) {
		ssize_t w = write(STDERR_FILENO, p + done, n - done);
		if (w < 0 && errno != EINTR)
			return (ssize_t)n; /* nobody is left to be told; that is no error of who speaks */
		done += w > 0 ? (size_t)w : 0;
	}
	return (ssize_t)n;
}

void notice_copy_to(int fd)
{
	static bool replaced;

	fflush(stderr);
	if (copy_fd >= 0 && copy_fd != fd)
		close(copy_fd);
	copy_fd = fd;
	if (replaced || fd < 0)
		return;
	FILE *both = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = write_both });
	if (!both)
		return;
	setvbuf(both, NULL, _IOLBF, 0);
	stderr = both;
	replaced = true;
}

/* ---- lines ---- */

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
	copy_text(line, len);
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
