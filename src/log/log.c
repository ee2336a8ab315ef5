// SPDX-License-Identifier: GPL-3.0-or-later
/* Where log lines go: syslog datagrams over UDP and unix sockets, and lines to inherited descriptors. One buffer
 * is formatted and one system call made for each line. Descriptors are shared with other processes, so their
 * mode must not be changed: a pipe or file is opened once more through /proc to be non-blocking here only; where
 * that fails, a line is written when poll(2) says there is room. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sluice/base/clock.h>
#include <sluice/log/log.h>
#include <sluice/net/udp.h>

#define MAX_SINKS 256

enum sink_kind { SINK_CLOSED, SINK_DGRAM, SINK_SOCKET, SINK_FILE, SINK_SHARED };
struct sink {
	int fd;
	uint8_t kind;
	uint32_t seen;               /* lines of the sampling period so far */
	const struct log_target *target;
	time_t retried;              /* second of the last attempt to open it again */
};

static struct sink sinks[MAX_SINKS];
static struct str default_tag, send_host;
static char tag_room[64], host_room[256];
static uint32_t own_pid;
static uint64_t dropped;

static struct str keep(char *room, size_t cap, struct str s)
{
	size_t n = MIN(s.n, cap);

	if (n)
		memcpy(room, s.p, n);
	return str_n(room, n);
}

static struct sink open_fd(int fd)
{
	struct stat st;
	char path[40];

	if (fstat(fd, &st) < 0)
		return (struct sink){ .fd = -1 };
	if (S_ISSOCK(st.st_mode))
		return (struct sink){ .fd = fd, .kind = SINK_SOCKET };
	if (S_ISREG(st.st_mode)) /* writers share its offset: a description of our own would overwrite theirs */
		return (struct sink){ .fd = fd, .kind = SINK_SHARED };
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int own = open(path, O_WRONLY | O_NONBLOCK | O_APPEND | O_CLOEXEC | O_NOCTTY);

	if (own >= 0)
		return (struct sink){ .fd = own, .kind = SINK_FILE };
	return (struct sink){ .fd = fd, .kind = SINK_SHARED };
}

static struct sink open_target(const struct log_target *t)
{
	struct sink s = { .fd = -1 };

	if (t->addr.family == AF_UNSPEC && t->fd >= 0)
		s = open_fd(t->fd);
	else if ((s.fd = dgram_open(&t->addr)) >= 0)
		s.kind = SINK_DGRAM;
	s.target = t;
	s.retried = clock_real.tv_sec;
	return s;
}

static void close_sink(struct sink *s)
{
	if (s->kind == SINK_DGRAM || s->kind == SINK_FILE)
		close(s->fd);
	s->kind = SINK_CLOSED;
}

/* A syslog daemon that came back has a new unix socket: once a second a failing datagram target is opened again. */
static bool sink_reopen(struct sink *s)
{
	if (!s->target || s->target->addr.family != AF_UNIX || s->retried == clock_real.tv_sec)
		return false;
	uint32_t seen = s->seen;

	close_sink(s);
	*s = open_target(s->target);
	s->seen = seen;
	return s->kind == SINK_DGRAM;
}

void log_process_init(const struct log_target *const *targets, unsigned n, struct str tag, struct str hostname,
		      uint32_t pid)
{
	default_tag = keep(tag_room, sizeof(tag_room), tag.n ? tag : STR("sluice"));
	send_host = keep(host_room, sizeof(host_room), hostname);
	own_pid = pid;
	dropped = 0;
	for (unsigned i = 0; i < MAX_SINKS; i++)
		close_sink(&sinks[i]);
	for (unsigned i = 0; i < n; i++)
		if (targets[i]->idx < MAX_SINKS)
			sinks[targets[i]->idx] = open_target(targets[i]);
}

uint64_t log_dropped(void)
{
	return dropped;
}

enum stamp_kind { STAMP_BSD, STAMP_ISO, STAMP_KINDS };

/* Text of the current second: "Nov 23 21:40:34", or ISO 8601 with the zone apart. */
static struct str stamp_text(enum stamp_kind kind, struct str *zone)
{
	static struct { time_t sec; size_t n, nzone; char text[32], zone[8]; } cache[STAMP_KINDS];
	time_t sec = clock_real.tv_sec;
	struct tm tm;

	if (cache[kind].sec != sec || !cache[kind].n) {
		char z[8];

		if (!localtime_r(&sec, &tm))
			return STR("-");
		cache[kind].sec = sec;
		cache[kind].n = strftime(cache[kind].text, sizeof(cache[kind].text),
					 kind == STAMP_BSD ? "%b %e %H:%M:%S" : "%Y-%m-%dT%H:%M:%S", &tm);
		/* strftime has +hhmm, ISO wants +hh:mm */
		if (strftime(z, sizeof(z), "%z", &tm) != 5)
			memcpy(z, "+0000", 6);
		cache[kind].nzone = (size_t)snprintf(cache[kind].zone, sizeof(cache[kind].zone), "%.3s:%.2s", z, z + 3);
	}
	if (zone)
		*zone = str_n(cache[kind].zone, cache[kind].nzone);
	return str_n(cache[kind].text, cache[kind].n);
}

static void put_iso(struct sbuf *b)
{
	struct str zone, text = stamp_text(STAMP_ISO, &zone);

	sbuf_add(b, text);
	sbuf_printf(b, ".%06ld", clock_real.tv_nsec / 1000);
	sbuf_add(b, zone);
}

static void put_head(struct sbuf *b, const struct log_target *t, int level, struct str tag)
{
	int priority = t->facility * 8 + level;

	switch ((enum log_format)t->format) {
	case LOGF_RFC3164:
	case LOGF_LOCAL:
		sbuf_printf(b, "<%d>", priority);
		sbuf_add(b, stamp_text(STAMP_BSD, NULL));
		if (t->format == LOGF_RFC3164)
			sbuf_printf(b, " " STR_FMT, STR_ARG(send_host.n ? send_host : STR("localhost")));
		sbuf_printf(b, " " STR_FMT "[%u]: ", STR_ARG(tag), own_pid);
		break;
	case LOGF_RFC5424:
		sbuf_printf(b, "<%d>1 ", priority);
		put_iso(b);
		sbuf_printf(b, " " STR_FMT " " STR_FMT " %u - - ", STR_ARG(send_host.n ? send_host : STR("-")),
			    STR_ARG(tag), own_pid);
		break;
	case LOGF_SHORT:
		sbuf_printf(b, "<%d>", level);
		break;
	case LOGF_PRIORITY:
		sbuf_printf(b, "<%d>", priority);
		break;
	case LOGF_TIMED:
		sbuf_printf(b, "<%d>", level);
		/* fall through */
	case LOGF_ISO:
		put_iso(b);
		sbuf_addc(b, ' ');
		break;
	case LOGF_RAW:
		break;
	}
}

/* A line end in a message would forge the next line. */
static void put_message(struct sbuf *b, struct str msg)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t plain = 0;

	for (size_t i = 0; i < msg.n; i++) {
		unsigned char c = (unsigned char)msg.p[i];

		if ((c >= 32 || c == '\t') && c != 127)
			continue;
		sbuf_add(b, str_sub(msg, plain, i - plain));
		sbuf_addc(b, '#');
		sbuf_addc(b, hex[c >> 4]);
		sbuf_addc(b, hex[c & 15]);
		plain = i + 1;
	}
	sbuf_add(b, str_sub(msg, plain, SIZE_MAX));
}

static bool writable_now(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) && !(p.revents & (POLLERR | POLLHUP | POLLNVAL));
}

static bool sink_write(const struct sink *s, struct str line)
{
	struct iovec iov = { .iov_base = (void *)(uintptr_t)line.p, .iov_len = line.n };

	switch ((enum sink_kind)s->kind) {
	case SINK_DGRAM:
		return dgram_sendv(s->fd, &iov, 1);
	case SINK_SOCKET:
		return send(s->fd, line.p, line.n, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)line.n;
	case SINK_FILE:
		return write(s->fd, line.p, line.n) == (ssize_t)line.n;
	case SINK_SHARED:
		return writable_now(s->fd) && write(s->fd, line.p, line.n) == (ssize_t)line.n;
	case SINK_CLOSED:
		break;
	}
	return false;
}

/* Keeps sample_num lines out of each sample_of. */
static bool sampled_out(struct sink *s, const struct log_target *t)
{
	if (!t->sample_of || t->sample_num >= t->sample_of)
		return false;
	uint32_t at = s->seen;

	s->seen = at + 1 == t->sample_of ? 0 : at + 1;
	return at >= t->sample_num;
}

void log_send(const struct log_target *t, int level, struct str tag, struct str msg)
{
	static char line[65536];
	struct sbuf b = { .p = line, .fixed = true };

	if (level > t->max_level || t->idx >= MAX_SINKS)
		return;
	/* a level more severe than the minimum is sent as the minimum */
	if (level < t->min_level)
		level = t->min_level;
	struct sink *s = &sinks[t->idx];

	if (sampled_out(s, t))
		return;
	size_t max = t->max_len ? t->max_len : 1024;

	/* room for the line end */
	b.cap = MIN(max, sizeof(line)) - 1;
	put_head(&b, t, level, tag.n ? tag : default_tag);
	put_message(&b, msg);
	line[b.n] = '\n';
	struct str out = str_n(line, b.n + 1);

	if (!sink_write(s, out) && !(sink_reopen(s) && sink_write(s, out)))
		dropped++;
}
