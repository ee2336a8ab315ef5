// SPDX-License-Identifier: GPL-3.0-or-later
/* A scripted origin server for the tests: what it answers is chosen by the path, so that one process plays every fault.
 *
 *   origin -p PORT -n NAME [-l LOG] [-s SCRIPT | -e | -b]
 *     -l LOG     one line a request: conn=<serial> req=<n on it> <request line>; with ORIGIN_RAW=1 also every byte received, escaped
 *     -s SCRIPT  plays the same lines on each connection instead: head | want "text" | send "text with \r\n \xHH" | sleep MS | hold NAME | rst | fin | eof
 *     -e         echoes bytes (layer 4); a first line "WHO" is answered with the name
 *     -b         listens but never accepts
 *
 *   /status/N  /size/N  /chunked/COUNT/SIZE  /close  /delay/MS  /drop  /rst  /rst-head  /trunc  /early  /upgrade  /1xx/N  /trailers
 *   /hold/NAME (answers the name once the file NAME is beside the log, as the line hold does)  /junk  /extra  /echo-head  /echo  /once/NAME (first request ever to NAME is dropped)   anything else: the name
 *
 * Every answer carries X-Origin, X-Conn, X-Req and the request's X-Id. A thread a connection; blocking I/O. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *name = "origin", *script, *log_name;
static FILE *logf_;
static bool raw_log, echo_mode;
static int conns;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char once[64][64];

struct peer {
	int fd, serial, reqs;
	char in[262144];
	size_t n;       /* bytes in `in` */
	size_t head;    /* bytes of the current head */
	bool keep, http10;
};

static void log_line(const char *fmt, ...)
{
	va_list ap;
	if (!logf_)
		return;
	pthread_mutex_lock(&lock);
	va_start(ap, fmt);
	vfprintf(logf_, fmt, ap);
	va_end(ap);
	fflush(logf_);
	pthread_mutex_unlock(&lock);
}

static void log_raw(const struct peer *p, const char *b, size_t n)
{
	char out[4096];
	size_t o = 0;
	if (!raw_log)
		return;
	for (size_t i = 0; i < n && o < sizeof out - 5; i++) {
		if (b[i] == '\r')
			o += (size_t)sprintf(out + o, "\\r");
		else if (b[i] == '\n')
			o += (size_t)sprintf(out + o, "\\n");
		else if ((unsigned char)b[i] < 32 || (unsigned char)b[i] > 126)
			o += (size_t)sprintf(out + o, "\\x%02x", (unsigned char)b[i]);
		else
			out[o++] = b[i];
	}
	log_line("raw conn=%d %.*s\n", p->serial, (int)o, out);
}

static bool put(struct peer *p, const char *b, size_t n)
{
	while (n) {
		ssize_t w = send(p->fd, b, n, MSG_NOSIGNAL);
		if (w <= 0)
			return false;
		b += w, n -= (size_t)w;
	}
	return true;
}

static bool putf(struct peer *p, const char *fmt, ...)
{
	char b[8192];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(b, sizeof b, fmt, ap);
	va_end(ap);
	return put(p, b, (size_t)n);
}

static bool more(struct peer *p)
{
	if (p->n == sizeof p->in - 1)
		return false;
	ssize_t r = recv(p->fd, p->in + p->n, sizeof p->in - 1 - p->n, 0);
	if (r <= 0)
		return false;
	log_raw(p, p->in + p->n, (size_t)r);
	p->n += (size_t)r;
	p->in[p->n] = 0;
	return true;
}

static void reset(struct peer *p)
{
	struct linger l = { 1, 0 };
	setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &l, sizeof l);
}

static const char *header(const struct peer *p, const char *want, char *out, size_t cap)
{
	size_t wn = strlen(want);
	const char *l = p->in, *end = p->in + p->head;
	while ((l = memchr(l, '\n', (size_t)(end - l))) && ++l < end) {
		if ((size_t)(end - l) > wn && strncasecmp(l, want, wn) == 0 && l[wn] == ':') {
			l += wn + 1;
			l += strspn(l, " \t");
			size_t n = strcspn(l, "\r\n");
			snprintf(out, cap, "%.*s", (int)n, l);
			return out;
		}
	}
	return NULL;
}

static bool read_head(struct peer *p)
{
	char *e;
	p->in[p->n] = 0;
	while (!(e = memmem(p->in, p->n, "\r\n\r\n", 4)))
		if (!more(p))
			return false;
	p->head = (size_t)(e - p->in) + 4;
	return true;
}

static void eat(struct peer *p, size_t n)
{
	memmove(p->in, p->in + n, p->n - n);
	p->n -= n;
	p->in[p->n] = 0;
}

/* Reads the body into a malloc'd buffer; NULL when the connection ended inside it. */
static char *read_body(struct peer *p, size_t *len)
{
	char v[256], *body = malloc(1), *nb;
	size_t n = 0;
	bool chunked = header(p, "transfer-encoding", v, sizeof v) && strcasestr(v, "chunked");
	size_t left = !chunked && header(p, "content-length", v, sizeof v) ? strtoull(v, NULL, 10) : 0;
	if (header(p, "expect", v, sizeof v) && (chunked || left))
		putf(p, "HTTP/1.1 100 Continue\r\n\r\n");
	eat(p, p->head);
	p->head = 0;
	for (;;) {
		if (chunked) {
			char *e;
			while (!(e = memmem(p->in, p->n, "\r\n", 2)))
				if (!more(p))
					goto gone;
			left = strtoull(p->in, NULL, 16);
			eat(p, (size_t)(e - p->in) + 2);
		}
		bool last = chunked && left == 0;
		if (last) { /* trailers until an empty line */
			for (;;) {
				char *e;
				while (!(e = memmem(p->in, p->n, "\r\n", 2)))
					if (!more(p))
						goto gone;
				size_t ll = (size_t)(e - p->in);
				if (ll)
					log_line("trailer conn=%d %.*s\n", p->serial, (int)ll, p->in);
				eat(p, ll + 2);
				if (ll == 0)
					break;
			}
			break;
		}
		while (left) {
			if (p->n == 0 && !more(p))
				goto gone;
			size_t k = p->n < left ? p->n : left;
			if (!(nb = realloc(body, n + k + 1)))
				goto gone;
			body = nb;
			memcpy(body + n, p->in, k);
			n += k, left -= k;
			eat(p, k);
		}
		if (!chunked)
			break;
		while (p->n < 2)
			if (!more(p))
				goto gone;
		eat(p, 2);
	}
	body[n] = 0;
	*len = n;
	return body;
gone:
	free(body);
	return NULL;
}

static bool common(struct peer *p, int status, const char *id, const char *extra)
{
	return putf(p, "HTTP/1.1 %d %s\r\nX-Origin: %s\r\nX-Conn: %d\r\nX-Req: %d\r\n%s%s%s%s", status, status == 200 ? "OK" : "Status", name,
		    p->serial, p->reqs, id ? "X-Id: " : "", id ? id : "", id ? "\r\n" : "", extra);
}

static bool answer(struct peer *p, int status, const char *id, const char *body, size_t n, bool head)
{
	char h[256];
	snprintf(h, sizeof h, "Content-Length: %zu\r\nContent-Type: text/plain\r\n%s\r\n", n, p->keep ? "" : "Connection: close\r\n");
	return common(p, status, id, h) && (head || put(p, body, n)) && p->keep;
}

/* n bytes of a text that repeats every 64; in large pieces, since the origin must not be what a test waits for. */
static bool fill(struct peer *p, size_t n)
{
	static const char line[] = "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqr";
	char block[16384];
	for (size_t i = 0; i < sizeof block; i += 64)
		memcpy(block + i, line, 64);
	while (n) {
		size_t k = n < sizeof block ? n : sizeof block;
		if (!put(p, block, k))
			return false;
		n -= k;
	}
	return true;
}

static bool first_time(const char *key)
{
	bool fresh = true;
	pthread_mutex_lock(&lock);
	for (int i = 0; i < 64; i++) {
		if (!strcmp(once[i], key)) {
			fresh = false;
			break;
		}
		if (!once[i][0]) {
			snprintf(once[i], sizeof once[i], "%s", key);
			break;
		}
	}
	pthread_mutex_unlock(&lock);
	return fresh;
}

/* Until the file is there, or for 30 s. */
static void hold(const char *file)
{
	char at[4096];
	const char *slash = log_name ? strrchr(log_name, '/') : NULL;
	snprintf(at, sizeof at, "%.*s%s", slash ? (int)(slash + 1 - log_name) : 0, slash ? log_name : "", file);
	for (int i = 0; i < 6000 && access(at, F_OK); i++)
		usleep(5000);
}

static void echo_bytes(struct peer *p)
{
	do {
		if (p->n && !put(p, p->in, p->n))
			return;
		p->n = 0;
	} while (more(p));
}

static bool fault(struct peer *p, const char *path, const char *id)
{
	if (!strcmp(path, "/drop"))
		return false;
	if (!strncmp(path, "/once/", 6) && first_time(path))
		return false;
	if (!strcmp(path, "/rst")) {
		reset(p);
	} else if (!strcmp(path, "/rst-head")) {
		putf(p, "HTTP/1.1 200 OK\r\nContent-Le");
		usleep(50000);
		reset(p);
	} else if (!strcmp(path, "/trunc")) {
		common(p, 200, id, "Content-Length: 100\r\n\r\n");
		fill(p, 50);
	} else if (!strcmp(path, "/close")) {
		common(p, 200, id, "Connection: close\r\n\r\n");
		putf(p, "until the end\n");
	} else if (!strcmp(path, "/junk")) {
		putf(p, "this is not HTTP\r\n\r\n");
	} else {
		return true;
	}
	return false;
}

/* One request; false ends the connection. */
static bool serve(struct peer *p)
{
	char method[32] = "", path[4096] = "", ver[16] = "", idv[256], conn[256];
	if (!read_head(p))
		return false;
	sscanf(p->in, "%31s %4095s %15s", method, path, ver);
	p->reqs++;
	log_line("conn=%d req=%d %s %s %s\n", p->serial, p->reqs, method, path, ver);
	const char *id = header(p, "x-id", idv, sizeof idv);
	const char *c = header(p, "connection", conn, sizeof conn);
	p->http10 = !strcmp(ver, "HTTP/1.0");
	p->keep = c ? !strcasestr(c, "close") && (!p->http10 || strcasestr(c, "keep-alive")) : !p->http10;
	bool head = !strcmp(method, "HEAD");

	if (!strncmp(path, "/early", 6)) {
		p->keep = false;
		answer(p, 413, id, "too early\n", 10, head);
		while (more(p))
			p->n = 0;
		return false;
	}
	if (!strcmp(path, "/upgrade")) {
		common(p, 101, id, "Connection: Upgrade\r\nUpgrade: test\r\n\r\n");
		eat(p, p->head);
		echo_bytes(p);
		return false;
	}
	if (!strcmp(method, "CONNECT")) {
		common(p, 200, id, "\r\n");
		eat(p, p->head);
		echo_bytes(p);
		return false;
	}
	char *copy = strndup(p->in, p->head);
	size_t copyn = p->head, bodyn = 0;
	char *body = read_body(p, &bodyn);
	if (!body) {
		free(copy);
		return false;
	}
	bool go = true;
	char small[128];
	if (!fault(p, path, id)) {
		go = false;
	} else if (!strncmp(path, "/status/", 8)) {
		int st = atoi(path + 8);
		if (st == 204 || st == 304)
			go = common(p, st, id, "\r\n") && p->keep;
		else
			go = answer(p, st, id, "status\n", 7, head);
	} else if (!strncmp(path, "/size/", 6)) {
		size_t n = strtoull(path + 6, NULL, 10);
		char h[128];
		snprintf(h, sizeof h, "Content-Length: %zu\r\n\r\n", n);
		go = common(p, 200, id, h) && (head || fill(p, n)) && p->keep;
	} else if (!strncmp(path, "/chunked/", 9) || !strcmp(path, "/trailers")) {
		int count = 3, size = 10;
		sscanf(path, "/chunked/%d/%d", &count, &size);
		go = common(p, 200, id, path[1] == 't' ? "Trailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n" : "Transfer-Encoding: chunked\r\n\r\n");
		for (int i = 0; go && !head && i < count; i++)
			go = putf(p, "%x\r\n", size) && fill(p, (size_t)size) && putf(p, "\r\n");
		go = go && (head || putf(p, path[1] == 't' ? "0\r\nX-Sum: 42\r\n\r\n" : "0\r\n\r\n")) && p->keep;
	} else if (!strncmp(path, "/delay/", 7)) {
		usleep((useconds_t)atoi(path + 7) * 1000);
		go = answer(p, 200, id, "late\n", 5, head);
	} else if (!strncmp(path, "/hold/", 6)) {
		hold(path + 6);
		go = answer(p, 200, id, small, (size_t)snprintf(small, sizeof small, "%s\n", name), head);
	} else if (!strncmp(path, "/1xx/", 5)) {
		for (int i = atoi(path + 5); go && i > 0; i--)
			go = putf(p, "HTTP/1.1 103 Early Hints\r\nLink: </%d>\r\n\r\n", i);
		go = go && answer(p, 200, id, "after hints\n", 12, head);
	} else if (!strcmp(path, "/extra")) {
		go = answer(p, 200, id, "body\n", 5, head) && putf(p, "0123456789");
	} else if (!strcmp(path, "/echo-head")) {
		go = answer(p, 200, id, copy, copyn, head);
	} else if (!strcmp(path, "/echo")) {
		go = answer(p, 200, id, body, bodyn, head);
	} else {
		int n = snprintf(small, sizeof small, "%s\n", name);
		go = answer(p, 200, id, small, (size_t)n, head);
	}
	free(copy);
	free(body);
	return go;
}

static size_t unescape(const char *s, char *out)
{
	size_t n = 0;
	for (; *s && *s != '"'; s++) {
		if (*s != '\\') {
			out[n++] = *s;
			continue;
		}
		s++;
		if (*s == 'r')
			out[n++] = '\r';
		else if (*s == 'n')
			out[n++] = '\n';
		else if (*s == 'x') {
			char h[3] = { s[1], s[2], 0 };
			out[n++] = (char)strtoul(h, NULL, 16);
			s += 2;
		} else
			out[n++] = *s;
	}
	return n;
}

/* The next bytes must be these. */
static bool want(struct peer *p, const char *text, size_t n)
{
	while (p->n < n)
		if (!more(p))
			return false;
	bool right = !memcmp(p->in, text, n);
	log_line("conn=%d want %s\n", p->serial, right ? "met" : "missed");
	if (right)
		eat(p, n);
	return right;
}

static void play(struct peer *p)
{
	FILE *f = fopen(script, "r");
	char line[65536], text[65536];
	if (!f)
		return;
	while (fgets(line, sizeof line, f)) {
		if (!strncmp(line, "head", 4)) {
			if (!read_head(p))
				break;
			log_line("conn=%d head %.*s\n", p->serial, (int)strcspn(p->in, "\r"), p->in);
			eat(p, p->head);
		} else if (!strncmp(line, "want \"", 6)) {
			if (!want(p, text, unescape(line + 6, text)))
				break;
		} else if (!strncmp(line, "send \"", 6)) {
			if (!put(p, text, unescape(line + 6, text)))
				break;
		} else if (!strncmp(line, "sleep ", 6)) {
			usleep((useconds_t)atoi(line + 6) * 1000);
		} else if (!strncmp(line, "hold ", 5)) {
			line[strcspn(line, "\n")] = 0;
			hold(line + 5);
		} else if (!strncmp(line, "rst", 3)) {
			reset(p);
			break;
		} else if (!strncmp(line, "fin", 3)) {
			shutdown(p->fd, SHUT_WR);
		} else if (!strncmp(line, "eof", 3)) {
			while (more(p))
				p->n = 0;
		}
	}
	fclose(f);
}

static void *connection(void *arg)
{
	struct peer *p = arg;
	if (script || echo_mode)
		log_line("conn=%d open\n", p->serial);
	if (script)
		play(p);
	else if (echo_mode) {
		if (more(p) && p->n >= 3 && !memcmp(p->in, "WHO", 3))
			putf(p, "%s\n", name), p->n = 0;
		echo_bytes(p);
	} else
		while (serve(p))
			;
	close(p->fd);
	free(p);
	return NULL;
}

int main(int argc, char **argv)
{
	int o, port = 0, one = 1;
	bool blocked = false;
	while ((o = getopt(argc, argv, "p:n:l:s:eb")) != -1) {
		switch (o) {
		case 'p': port = atoi(optarg); break;
		case 'n': name = optarg; break;
		case 'l': logf_ = fopen(log_name = optarg, "a"); break;
		case 's': script = optarg; break;
		case 'e': echo_mode = true; break;
		case 'b': blocked = true; break;
		default: return 2;
		}
	}
	raw_log = getenv("ORIGIN_RAW") != NULL;
	signal(SIGPIPE, SIG_IGN);
	int l = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (bind(l, (void *)&a, sizeof a) || listen(l, blocked ? 1 : 1024)) {
		perror("origin");
		return 1;
	}
	if (blocked)
		for (;;)
			pause();
	for (;;) {
		struct peer *p = calloc(1, sizeof *p);
		p->fd = accept(l, NULL, NULL);
		if (p->fd < 0) {
			free(p);
			continue;
		}
		setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		p->serial = ++conns;
		pthread_t th;
		if (pthread_create(&th, NULL, connection, p)) {
			close(p->fd);
			free(p);
		} else
			pthread_detach(th);
	}
}
