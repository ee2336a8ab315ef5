// SPDX-License-Identifier: GPL-3.0-or-later
/* Load clients of HTTP/2 and of TLS that never retry and believe nothing, as client.c is for clear-text HTTP/1.
 *
 *   client2 -p PORT [-c CONNS] [-m STREAMS] [-n REQUESTS | -d SECONDS] [-T] [-1] [-w] [-k N] [-i MS] [-u PATH] [-t TIMEOUT_MS] [-f FILE]
 *     -T  TLS: nothing is verified, each connection resumes the session of the one before
 *     -1  HTTP/1.1, else HTTP/2 (in the clear by prior knowledge), -m (1) requests at once on a connection
 *     -w  HTTP/2: a long stream instead: extended CONNECT once, then lines that must come back, one each -i milliseconds
 *     -k  N exchanges a connection, then another is opened
 *     -f  stop when FILE appears
 *
 * A thread a connection, blocking I/O. A GOAWAY ends the connection when its streams have ended. Prints what client.c prints, and conns=,
 * tickets= that came, offered= sessions that could be resumed, resumed=; exit 1 when anything but ok is not 0. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "took.h"

struct conn {
	int fd, err;
	SSL *ssl;
	SSL_SESSION *resume;
	nghttp2_session *ng;
	unsigned open;         /* streams */
	unsigned long done;    /* exchanges begun */
	bool goaway;
};

struct strm {                  /* an exchange: of HTTP/2 on its stream, else on the connection */
	struct conn *c;
	unsigned long id;
	long sent;
	unsigned status;
	bool right, ended;
	int32_t sid;
	char line[32];
	size_t line_n, line_at, got;
};

static int port, conns = 4, streams = 1, timeout_ms = 10000, pause_ms;
static double secs = 600;
static bool tls, h1, tunnels;
static long want_n = -1, end_ms;
static unsigned long per_conn;
static const char *path = "/", *stop_file;
static SSL_CTX *ctx;
static atomic_ulong next_id, requests, ok, refused, was_reset, eof, timed_out, bad_status, mismatch, opened, tickets, offered, resumed, max_us;

static bool stopping(void)
{
	return now_ms() >= end_ms || (want_n >= 0 && (long)requests >= want_n) || (stop_file && access(stop_file, F_OK) == 0);
}

static void answered(long sent, unsigned status, bool right)
{
	unsigned long us = (unsigned long)(now_us() - sent), max = max_us;

	while (us > max && !atomic_compare_exchange_weak(&max_us, &max, us))
		;
	atomic_fetch_add(status / 100 != 2 ? &bad_status : right ? &ok : &mismatch, 1);
	if (right)
		__atomic_fetch_add(&took[step_of(us)], 1, __ATOMIC_RELAXED);
}

static void lost(struct conn *c, unsigned long n)
{
	atomic_fetch_add(c->err == EAGAIN ? &timed_out : c->err ? &was_reset : &eof, n);
}

/* ---- connection ---- */

static void hang_up(struct conn *c)
{
	if (c->ssl) {
		SSL_shutdown(c->ssl);
		SSL_free(c->ssl);
	}
	if (c->fd >= 0)
		close(c->fd);
	c->ssl = NULL, c->fd = -1;
}

static bool dial(struct conn *c)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval tv = { timeout_ms / 1000, timeout_ms % 1000 * 1000 };
	int one = 1;

	*c = (struct conn){ .fd = socket(AF_INET, SOCK_STREAM, 0), .resume = c->resume };
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
	if (connect(c->fd, (void *)&a, sizeof a)) {
		requests++;
		refused++;
		return false;
	}
	opened++;
	if (!tls)
		return true;
	c->ssl = SSL_new(ctx);
	SSL_set_fd(c->ssl, c->fd);
	SSL_set_app_data(c->ssl, c);
	SSL_set_alpn_protos(c->ssl, (const unsigned char *)(h1 ? "\10http/1.1" : "\2h2"), h1 ? 9 : 3);
	if (c->resume) {
		SSL_set_session(c->ssl, c->resume);
		offered += (unsigned long)SSL_SESSION_is_resumable(c->resume);
	}
	if (SSL_connect(c->ssl) != 1) {
		requests++;
		was_reset++;
		return false;
	}
	resumed += (unsigned long)SSL_session_reused(c->ssl);
	return true;
}

static int on_session(SSL *ssl, SSL_SESSION *s)
{
	struct conn *c = SSL_get_app_data(ssl);

	tickets++;
	SSL_SESSION_free(c->resume);
	c->resume = s;
	return 1;
}

static ssize_t get(struct conn *c, void *p, size_t n)
{
	ssize_t r;

	errno = 0;
	r = c->ssl ? SSL_read(c->ssl, p, (int)n) : recv(c->fd, p, n, 0);
	if (r <= 0)
		c->err = c->ssl && SSL_get_error(c->ssl, (int)r) == SSL_ERROR_ZERO_RETURN ? 0 : errno;
	return r;
}

static bool put(struct conn *c, const void *p, size_t n)
{
	for (const char *s = p; n;) {
		ssize_t r = c->ssl ? SSL_write(c->ssl, s, (int)n) : send(c->fd, s, n, MSG_NOSIGNAL);

		if (r <= 0)
			return false;
		s += r;
		n -= (size_t)r;
	}
	return true;
}

/* ---- HTTP/1.1 ---- */

/* One answer; false: the connection is over, as the answer says or without one. */
static bool h1_exchange(struct conn *c)
{
	char b[65536], id[64], *h = NULL, *cl;
	long sent = now_us();
	size_t n = 0, need = 0;
	unsigned long x = ++next_id;

	requests++;
	n = (size_t)snprintf(b, sizeof b, "GET %s HTTP/1.1\r\nHost: test\r\nX-Id: %lu\r\n\r\n", path, x);
	if (!put(c, b, n)) {
		was_reset++;
		return false;
	}
	for (n = 0; !h || n < need;) {
		ssize_t r = get(c, b + n, sizeof b - 1 - n);

		if (r <= 0) {
			lost(c, 1);
			return false;
		}
		b[n += (size_t)r] = 0;
		h = strstr(b, "\r\n\r\n");
		cl = strcasestr(b, "content-length:");
		if (h)
			need = (size_t)(h - b) + 4 + (cl && cl < h ? strtoul(cl + 15, NULL, 10) : 0);
	}
	snprintf(id, sizeof id, "X-Id: %lu\r\n", x);
	answered(sent, (unsigned)atoi(b + 9), strcasestr(b, id) && n == need);
	cl = strcasestr(b, "connection: close");
	return !(cl && cl < h);
}

static void h1_run(struct conn *c)
{
	do {
		if (!h1_exchange(c))
			return;
		if (pause_ms)
			usleep((unsigned)pause_ms * 1000);
	} while (!stopping() && !(per_conn && ++c->done >= per_conn));
}

/* ---- HTTP/2 ---- */

static void say_line(struct strm *s)
{
	s->id = ++next_id;
	s->line_n = (size_t)snprintf(s->line, sizeof s->line, "line %lu\n", s->id);
	s->line_at = s->got = 0;
	s->sent = now_us();
	requests++;
	nghttp2_session_resume_data(s->c->ng, s->sid);
}

static ssize_t on_wanted(nghttp2_session *ng, int32_t id, uint8_t *buf, size_t len, uint32_t *flags, nghttp2_data_source *src, void *user)
{
	struct strm *s = src->ptr;
	size_t n = s->line_n - s->line_at;

	(void)ng, (void)id, (void)user;
	n = n < len ? n : len;
	memcpy(buf, s->line + s->line_at, n);
	s->line_at += n;
	if (s->ended)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return n || s->ended ? (ssize_t)n : NGHTTP2_ERR_DEFERRED;
}

#define NV(k, v) { (uint8_t *)(uintptr_t)k, (uint8_t *)(uintptr_t)(v), sizeof(k) - 1, strlen(v), NGHTTP2_NV_FLAG_NONE }

static void begin(struct conn *c)
{
	struct strm *s = calloc(1, sizeof *s);
	nghttp2_data_provider body = { .source.ptr = s, .read_callback = on_wanted };
	char id[32];

	*s = (struct strm){ .c = c, .id = ++next_id, .sent = now_us() };
	snprintf(id, sizeof id, "%lu", s->id);
	nghttp2_nv get_it[] = { NV(":method", "GET"), NV(":scheme", tls ? "https" : "http"), NV(":authority", "test"), NV(":path", path), NV("x-id", id) };
	nghttp2_nv tunnel[] = { NV(":method", "CONNECT"), NV(":protocol", "websocket"), NV(":scheme", tls ? "https" : "http"), NV(":authority", "test"),
				NV(":path", "/upgrade") };
	s->sid = tunnels ? nghttp2_submit_request(c->ng, NULL, tunnel, 5, &body, s) : nghttp2_submit_request(c->ng, NULL, get_it, 5, NULL, s);
	requests++;
	c->open++;
	c->done++;
}

static int on_header(nghttp2_session *ng, const nghttp2_frame *f, const uint8_t *k, size_t kn, const uint8_t *v, size_t vn, uint8_t flags, void *user)
{
	struct strm *s = nghttp2_session_get_stream_user_data(ng, f->hd.stream_id);

	(void)flags, (void)user, (void)vn;
	if (s && kn == 7 && !memcmp(k, ":status", 7))
		s->status = (unsigned)atoi((const char *)v);
	if (s && kn == 4 && !memcmp(k, "x-id", 4))
		s->right = strtoul((const char *)v, NULL, 10) == s->id;
	return 0;
}

static int on_frame(nghttp2_session *ng, const nghttp2_frame *f, void *user)
{
	struct strm *s = nghttp2_session_get_stream_user_data(ng, f->hd.stream_id);
	struct conn *c = user;

	if (f->hd.type == NGHTTP2_GOAWAY)
		c->goaway = true;
	if (tunnels && s && f->hd.type == NGHTTP2_HEADERS) {
		answered(s->sent, s->status, true);
		s->ended = s->status / 100 != 2;
		if (!s->ended)
			say_line(s);
	}
	return 0;
}

static int on_data(nghttp2_session *ng, uint8_t flags, int32_t id, const uint8_t *p, size_t n, void *user)
{
	struct strm *s = nghttp2_session_get_stream_user_data(ng, id);
	struct conn *c = user;

	(void)flags;
	if (!tunnels || !s)
		return 0;
	s->right = s->got + n <= s->line_n && !memcmp(s->line + s->got, p, n);
	s->got += n;
	if (s->right && s->got < s->line_n)
		return 0;
	answered(s->sent, s->status, s->right);
	s->line_n = s->line_at = 0;
	s->ended = stopping() || (per_conn && ++c->done >= per_conn);
	if (pause_ms)
		usleep((unsigned)pause_ms * 1000);
	if (s->ended)
		nghttp2_session_resume_data(ng, id);
	else
		say_line(s);
	return 0;
}

static int on_close(nghttp2_session *ng, int32_t id, uint32_t code, void *user)
{
	struct strm *s = nghttp2_session_get_stream_user_data(ng, id);
	struct conn *c = user;

	if (!s)
		return 0;
	c->open--;
	if (tunnels ? s->ended : code == 0) {
		if (!tunnels)
			answered(s->sent, s->status, s->right);
	} else if (code == NGHTTP2_REFUSED_STREAM) {
		refused++;
	} else {
		was_reset++;
	}
	nghttp2_session_set_stream_user_data(ng, id, NULL);
	free(s);
	return 0;
}

static bool h2_say(struct conn *c)
{
	const uint8_t *p;
	ssize_t n;

	while ((n = nghttp2_session_mem_send(c->ng, &p)) > 0)
		if (!put(c, p, (size_t)n))
			return false;
	return n == 0;
}

static void h2_run(struct conn *c, nghttp2_session_callbacks *cb)
{
	static _Thread_local uint8_t b[65536];
	bool more = true;

	nghttp2_session_client_new(&c->ng, cb, c);
	nghttp2_submit_settings(c->ng, NGHTTP2_FLAG_NONE, NULL, 0);
	while (more || c->open) {
		ssize_t r;

		more = more && !c->goaway && !stopping() && !(per_conn && c->done >= per_conn);
		while (more && c->open < (unsigned)streams)
			begin(c);
		if (!c->open)
			break;
		if (!h2_say(c) || (r = get(c, b, sizeof b)) <= 0 || nghttp2_session_mem_recv(c->ng, b, (size_t)r) < 0) {
			lost(c, c->open);
			break;
		}
	}
	nghttp2_session_terminate_session(c->ng, NGHTTP2_NO_ERROR);
	if (!c->open)
		h2_say(c);
	nghttp2_session_del(c->ng);
}

static void *run(void *arg)
{
	struct conn c = { .fd = -1 };
	nghttp2_session_callbacks *cb;

	(void)arg;
	nghttp2_session_callbacks_new(&cb);
	nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_close);
	while (!stopping()) {
		if (!dial(&c))
			usleep(10000);
		else if (h1)
			h1_run(&c);
		else
			h2_run(&c, cb);
		hang_up(&c);
	}
	SSL_SESSION_free(c.resume);
	nghttp2_session_callbacks_del(cb);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t th[256];
	int o;

	while ((o = getopt(argc, argv, "p:c:m:n:d:T1wk:i:u:t:f:")) != -1) {
		switch (o) {
		case 'p': port = atoi(optarg); break;
		case 'c': conns = atoi(optarg); break;
		case 'm': streams = atoi(optarg); break;
		case 'n': want_n = atol(optarg); break;
		case 'd': secs = atof(optarg); break;
		case 'T': tls = true; break;
		case '1': h1 = true; break;
		case 'w': tunnels = true; break;
		case 'k': per_conn = strtoul(optarg, NULL, 10); break;
		case 'i': pause_ms = atoi(optarg); break;
		case 'u': path = optarg; break;
		case 't': timeout_ms = atoi(optarg); break;
		case 'f': stop_file = optarg; break;
		default: return 2;
		}
	}
	signal(SIGPIPE, SIG_IGN);
	end_ms = now_ms() + (long)(secs * 1000);
	ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ctx, on_session);
	conns = conns < 256 ? conns : 256;
	for (int i = 0; i < conns; i++)
		pthread_create(&th[i], NULL, run, NULL);
	for (int i = 0; i < conns; i++)
		pthread_join(th[i], NULL);
	printf("requests=%lu ok=%lu refused=%lu reset=%lu eof=%lu timeout=%lu status=%lu mismatch=%lu reopened=0 max_ms=%lu p50_us=%lu p99_us=%lu p999_us=%lu conns=%lu tickets=%lu offered=%lu resumed=%lu\n",
	       requests, ok, refused, was_reset, eof, timed_out, bad_status, mismatch, max_us / 1000, percentile(500), percentile(990), percentile(999), opened,
	       tickets, offered, resumed);
	return ok == requests ? 0 : 1;
}
