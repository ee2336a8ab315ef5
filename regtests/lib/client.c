// SPDX-License-Identifier: GPL-3.0-or-later
/* A load client that never retries and believes nothing: each request carries an X-Id that the answer must repeat.
 *
 *   client -p PORT [-c CONNS] [-n REQUESTS | -d SECONDS] [-x] [-m] [-u PATH] [-t TIMEOUT_MS] [-4] [-f FILE]
 *     -x  one request a connection       -4  layer 4: sends a line, expects it back (an echo origin)
 *     -s  any 2xx is right, X-Id is not asked for (origins that do not know it)
 *     -m  a mix that upsets framing: HEAD, 204, 304, chunks, 100-continue, interim and early answers, and clients that leave in the middle
 *     -w  tunnels: asks for an upgrade once a connection, then as -4 (an origin that answers /upgrade with 101 and echoes)
 *     -k  N exchanges a connection, then it is closed and another opened (with -4 and -w)
 *     -r  N requests a second in all; without it the next is sent as soon as an answer is there
 *     -f  stop when FILE appears
 *
 * Prints: requests= ok= refused= reset= eof= timeout= status= mismatch= max_ms= and percentiles of the time to the answer; exit 1 when anything
 * but ok is not 0.
 * An idle keep-alive connection that the server closes between two requests is opened anew and counted as reopened=. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "took.h"

/* -m: requests whose answers are framed in every way there is, one after the other on the same connections. */
static const struct kind {
	const char *request;   /* request line; X-Id and the end of the head are put behind it */
	const char *headers, *body;
	const char *status;    /* what the answer must begin with behind the version */
	enum { BODY_LENGTH, BODY_NONE, BODY_CHUNKED, BODY_LEAVE } answer;
} kinds[] = {
	{ "GET /x", "", "", "200", BODY_LENGTH },
	{ "HEAD /size/1000", "", "", "200", BODY_NONE },
	{ "GET /status/204", "", "", "204", BODY_NONE },
	{ "GET /status/304", "", "", "304", BODY_NONE },
	{ "GET /chunked/5/100", "", "", "200", BODY_CHUNKED },
	{ "POST /echo", "Expect: 100-continue\r\nContent-Length: 5\r\n", "hello", "200", BODY_LENGTH },
	{ "POST /echo", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n", "200", BODY_LENGTH },
	{ "GET /1xx/2", "", "", "200", BODY_LENGTH },
	{ "GET /size/20000", "", "", "200", BODY_LENGTH },
	{ "GET /size/500000", "", "", "200", BODY_LEAVE },
	{ "POST /early", "Content-Length: 9\r\n", "early bir", "413", BODY_LENGTH },
};

struct slot {
	int fd;
	bool busy, fresh;      /* a request is out; nothing was received on this connection yet */
	bool tunnel;           /* -w: the upgrade has been answered */
	unsigned long done;    /* exchanges on this connection */
	long sent_us;
	const struct kind *kind;
	unsigned long id;
	long sent_ms;
	char in[65536];
	size_t n;
};

static int port, ep, conns = 16, timeout_ms = 10000;
static long want_n = -1;
static double secs;
static bool closing, l4, sloppy, mixed, tunnels;
static double rate;
static unsigned long per_conn;
static const char *path = "/", *stop_file;
static unsigned long next_id, requests, ok, refused, was_reset, eof, timed_out, bad_status, mismatch, reopened;
static long max_ms;

static void drop(struct slot *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1, s->busy = s->tunnel = false, s->n = 0, s->done = 0;
}

static bool dial(struct slot *s)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int one = 1;
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (connect(s->fd, (void *)&a, sizeof a)) {
		requests++;
		if (errno == ECONNREFUSED)
			refused++;
		else
			was_reset++;
		drop(s);
		return false;
	}
	struct epoll_event ev = { .events = EPOLLIN | EPOLLRDHUP, .data.ptr = s };
	epoll_ctl(ep, EPOLL_CTL_ADD, s->fd, &ev);
	s->fresh = true;
	return true;
}

static void fire(struct slot *s)
{
	char b[512];
	if (s->fd < 0 && !dial(s))
		return;
	s->id = ++next_id;
	s->kind = &kinds[mixed ? (s->id * 2654435761u >> 7) % (sizeof kinds / sizeof *kinds) : 0];
	int n = mixed ? sprintf(b, "%s HTTP/1.1\r\nHost: test\r\nX-Id: %lu\r\n%s\r\n%s", s->kind->request, s->id, s->kind->headers,
				s->kind->body)
		: tunnels && !s->tunnel ? sprintf(b, "GET /upgrade HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		: l4 || tunnels ? sprintf(b, "line %lu\n", s->id)
		   : sprintf(b, "GET %s HTTP/1.1\r\nHost: test\r\nX-Id: %lu\r\n%s\r\n", path, s->id, closing ? "Connection: close\r\n" : "");
	requests++;
	s->busy = true, s->n = 0, s->sent_ms = now_ms(), s->sent_us = now_us();
	if (send(s->fd, b, (size_t)n, MSG_NOSIGNAL) != n) {
		was_reset++;
		drop(s);
	}
}

static void done(struct slot *s, bool right)
{
	long ms = now_ms() - s->sent_ms;
	max_ms = ms > max_ms ? ms : max_ms;
	if (right)
		ok++, took[step_of((unsigned long)(now_us() - s->sent_us))]++;
	s->busy = false, s->n = 0, s->fresh = false, s->done++;
}

/* Cuts interim answers off the front. */
static void skip_interim(struct slot *s)
{
	char *h;
	while (s->n > 12 && s->in[9] == '1' && (h = strstr(s->in, "\r\n\r\n"))) {
		s->n -= (size_t)(h + 4 - s->in);
		memmove(s->in, h + 4, s->n + 1);
	}
}

/* Bytes of the answer whose head ends at h, SIZE_MAX while that is not known. */
static size_t mixed_need(const struct slot *s, const char *h, size_t by_length)
{
	size_t head = (size_t)(h - s->in) + 4;
	const char *last;
	switch (s->kind->answer) {
	case BODY_CHUNKED:
		last = strstr(h + 2, "\r\n0\r\n\r\n");
		return last ? (size_t)(last - s->in) + 7 : SIZE_MAX;
	case BODY_LENGTH:
		return by_length;
	default:
		return head;
	}
}

/* Whole answer in s->in? Judges it. `end`: the server has closed. */
static void judge(struct slot *s, bool end)
{
	char id[64];
	s->in[s->n] = 0;
	if (tunnels && !s->tunnel) {
		if (!strstr(s->in, "\r\n\r\n"))
			return;
		s->tunnel = !strncmp(s->in + 9, "101", 3);
		bad_status += !s->tunnel;
		done(s, s->tunnel);
		if (!s->tunnel)
			drop(s);
		return;
	}
	if (l4 || tunnels) {
		if (!strchr(s->in, '\n'))
			return;
		snprintf(id, sizeof id, "line %lu\n", s->id);
		bool right = !strcmp(id, s->in);
		mismatch += !right;
		done(s, right);
		if (closing || (per_conn && s->done >= per_conn))
			drop(s);
		return;
	}
	if (mixed)
		skip_interim(s);
	char *h = strstr(s->in, "\r\n\r\n");
	if (!h)
		return;
	char *cl = strcasestr(s->in, "content-length:");
	size_t need = (size_t)(h - s->in) + 4 + (cl && cl < h ? strtoul(cl + 15, NULL, 10) : 0);
	if (mixed)
		need = mixed_need(s, h, need);
	if (s->n < need || (!mixed && !cl && !end))
		return;
	if (mixed && s->kind->answer == BODY_LEAVE)
		s->n = need;
	snprintf(id, sizeof id, "X-Id: %lu\r\n", s->id);
	bool st = s->n > 12 && (mixed ? !strncmp(s->in + 9, s->kind->status, 3) : s->in[9] == '2'), right = st && (sloppy || strcasestr(s->in, id)) && s->n == need;
	bad_status += !st;
	mismatch += st && !right;
	char *c = strcasestr(s->in, "connection: close");
	bool close_it = closing || end || (mixed && s->kind->answer == BODY_LEAVE) || (c && c < h);
	done(s, right);
	if (close_it)
		drop(s);
}

static void event(struct slot *s)
{
	size_t room = sizeof s->in - 1 - s->n;
	ssize_t r = recv(s->fd, s->in + s->n, room, MSG_DONTWAIT);
	if (r < 0 && errno == EAGAIN)
		return;
	if (r > 0) {
		s->n += (size_t)r;
		if (s->busy)
			judge(s, false);
		else {
			mismatch++;
			drop(s);
		}
		return;
	}
	if (!s->busy) {
		reopened++;
		drop(s);
		return;
	}
	if (r == 0) {
		judge(s, true);
		if (s->busy)
			eof++;
	} else
		was_reset++;
	if (s->fd >= 0 && s->busy)
		drop(s);
}

int main(int argc, char **argv)
{
	int o;
	while ((o = getopt(argc, argv, "p:c:n:d:xmu:t:4sf:wk:r:")) != -1) {
		switch (o) {
		case 'p': port = atoi(optarg); break;
		case 'c': conns = atoi(optarg); break;
		case 'n': want_n = atol(optarg); break;
		case 'd': secs = atof(optarg); break;
		case 'x': closing = true; break;
		case 'm': mixed = true; break;
		case 'u': path = optarg; break;
		case 't': timeout_ms = atoi(optarg); break;
		case '4': l4 = true; break;
		case 's': sloppy = true; break;
		case 'w': tunnels = true; break;
		case 'k': per_conn = strtoul(optarg, NULL, 10); break;
		case 'r': rate = atof(optarg); break;
		case 'f': stop_file = optarg; break;
		default: return 2;
		}
	}
	signal(SIGPIPE, SIG_IGN);
	ep = epoll_create1(0);
	struct slot *slots = calloc((size_t)conns, sizeof *slots);
	for (int i = 0; i < conns; i++)
		slots[i].fd = -1;
	long end = secs > 0 ? now_ms() + (long)(secs * 1000) : now_ms() + 600000;
	long began = now_ms();
	for (;;) {
		int busy = 0;
		bool stop = now_ms() >= end || (stop_file && access(stop_file, F_OK) == 0);
		for (int i = 0; i < conns; i++) {
			struct slot *s = &slots[i];
			bool due = rate <= 0 || (double)requests < rate * (double)(now_ms() - began) / 1000;
			if (!s->busy && !stop && due && (want_n < 0 || (long)requests < want_n))
				fire(s);
			if (s->busy && now_ms() - s->sent_ms > timeout_ms) {
				timed_out++;
				drop(s);
			}
			busy += s->busy;
		}
		if (!busy && (stop || (want_n >= 0 && (long)requests >= want_n)))
			break;
		struct epoll_event ev[64];
		int n = epoll_wait(ep, ev, 64, rate > 0 ? 1 : 50);
		for (int i = 0; i < n; i++)
			event(ev[i].data.ptr);
	}
	printf("requests=%lu ok=%lu refused=%lu reset=%lu eof=%lu timeout=%lu status=%lu mismatch=%lu reopened=%lu max_ms=%ld p50_us=%lu p99_us=%lu p999_us=%lu\n",
	       requests, ok,
	       refused, was_reset, eof, timed_out, bad_status, mismatch, reopened, max_ms, percentile(500), percentile(990), percentile(999));
	return ok == requests ? 0 : 1;
}
