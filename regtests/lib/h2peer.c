// SPDX-License-Identifier: GPL-3.0-or-later
/* An HTTP/2 peer of raw frames for the tests: sends what a script says, right or wrong, and prints what it receives, a
 * line a frame.
 *
 *   h2peer PORT < script       connects          h2peer -l PORT [-n TIMES] < script     plays server, once or TIMES
 *
 * A line of the script:
 *   magic | ack | settings ID=V ...           the preface, a SETTINGS acknowledgement, a SETTINGS frame
 *   h STREAM FLAGS NAME=VALUE|NAME=VALUE ...  HEADERS; FLAGS of e (END_STREAM) h (END_HEADERS) or -; VALUE knows \r \n \0 \e (=)
 *   d STREAM FLAGS TEXT                       DATA;  *N is N bytes of x
 *   f TYPE FLAGS STREAM HEX                   any frame, numbers; HEX may hold xx*N; F LENGTH ... with a length that lies
 *   bytes HEX
 *   x N COMMAND                               N times; % stands for the next odd stream of this peer, %% for the last one
 *   wait TEXT                                 reads until a printed line contains it; ends with 1 after 8 s
 *   mute / quiet                              mute: nothing is read any more; quiet: nothing is printed
 *   fin                                       half-closes;  sleep MS: a slow peer
 * At the end it reads until the other side closes, or 10 s after the last byte; `stop` ends at once. Prints
 *   SETTINGS 4=65536,...  SETTINGS ack  HEADERS 1 eh :status=200|...  DATA 1 e 5 hello  RST_STREAM 1 CANCEL
 *   GOAWAY 1 NO_ERROR  WINDOW_UPDATE 0 100  PING  PING ack  EOF  RESET */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int fd;
static bool mute, quiet, over;
static char last[70000];
static unsigned next_id = 1;
static unsigned char in[1 << 17], block[1 << 17];
static size_t in_n, block_n;
static nghttp2_hd_inflater *inflater;
static nghttp2_hd_deflater *deflater;

static void die(const char *what)
{
	fprintf(stderr, "h2peer: %s\n", what);
	exit(2);
}

/* ---- receiving ---- */

static unsigned be(const unsigned char *p, int n)
{
	unsigned v = 0;

	while (n--)
		v = v << 8 | *p++;
	return v;
}

static size_t add(size_t n, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static size_t add(size_t n, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int k = vsnprintf(last + n, sizeof(last) - n, fmt, ap);
	va_end(ap);
	return n + (size_t)k < sizeof(last) ? n + (size_t)k : sizeof(last) - 1;
}

static size_t show_block(size_t at)
{
	const unsigned char *p = block;
	bool first = true;

	for (;;) {
		nghttp2_nv nv;
		int flags = 0;
		ssize_t r = nghttp2_hd_inflate_hd2(inflater, &nv, &flags, p, block_n, 1);

		if (r < 0)
			return add(at, " undecodable");
		p += r;
		block_n -= (size_t)r;
		if (flags & NGHTTP2_HD_INFLATE_EMIT) {
			at = add(at, "%s%.*s=%.*s", first ? " " : "|", (int)nv.namelen, nv.name, (int)nv.valuelen, nv.value);
			first = false;
		}
		if (flags & NGHTTP2_HD_INFLATE_FINAL)
			break;
		if (!(flags & NGHTTP2_HD_INFLATE_EMIT) && !block_n)
			break;
	}
	nghttp2_hd_inflate_end_headers(inflater);
	block_n = 0;
	return at;
}

static void show_frame(const unsigned char *f, size_t len)
{
	unsigned type = f[3], flags = f[4], id = be(f + 5, 4) & 0x7fffffff;
	const unsigned char *p = f + 9;
	size_t n = 0;

	switch (type) {
	case NGHTTP2_DATA:
		n = add(n, "DATA %u %s %zu ", id, flags & 1 ? "e" : "-", len);
		for (size_t i = 0; i < len && i < 200; i++)
			n = add(n, "%c", p[i] >= ' ' && p[i] < 127 ? p[i] : '.');
		break;
	case NGHTTP2_HEADERS:
	case NGHTTP2_CONTINUATION:
		memcpy(block + block_n, p, len);
		block_n += len;
		n = add(n, "%s %u %s%s", type == NGHTTP2_HEADERS ? "HEADERS" : "CONTINUATION", id, flags & 1 ? "e" : "", flags & 4 ? "h" : "");
		if (flags & 4)
			n = show_block(n);
		break;
	case NGHTTP2_RST_STREAM:
		n = add(n, "RST_STREAM %u %s", id, nghttp2_http2_strerror(be(p, 4)));
		break;
	case NGHTTP2_SETTINGS:
		n = add(n, "SETTINGS%s", flags & 1 ? " ack" : "");
		for (size_t i = 0; i + 6 <= len; i += 6)
			n = add(n, "%s%u=%u", i ? "," : " ", be(p + i, 2), be(p + i + 2, 4));
		break;
	case NGHTTP2_PING:
		n = add(n, "PING%s", flags & 1 ? " ack" : "");
		break;
	case NGHTTP2_GOAWAY:
		n = add(n, "GOAWAY %u %s", be(p, 4) & 0x7fffffff, nghttp2_http2_strerror(be(p + 4, 4)));
		break;
	case NGHTTP2_WINDOW_UPDATE:
		n = add(n, "WINDOW_UPDATE %u %u", id, be(p, 4));
		break;
	default:
		n = add(n, "FRAME type=%u id=%u", type, id);
	}
	last[n] = 0;
}

static bool got(const char *line, const char *want)
{
	if (!quiet)
		puts(line);
	fflush(stdout);
	return want && strstr(line, want);
}

/* Reads until a line contains want (NULL: for ms without a byte). */
static bool receive(const char *want, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	static bool magic_seen;

	while (!over) {
		size_t at = 0;

		if (!magic_seen && in_n >= 24 && !memcmp(in, "PRI * HTTP", 10)) {
			magic_seen = true;
			at = 24;
		}
		while (in_n - at >= 9) {
			size_t len = be(in + at, 3);

			if (in_n - at < 9 + len)
				break;
			show_frame(in + at, len);
			at += 9 + len;
			if (got(last, want)) {
				memmove(in, in + at, in_n -= at);
				return true;
			}
		}
		memmove(in, in + at, in_n -= at);
		if (poll(&p, 1, ms) <= 0)
			return false;
		ssize_t r = read(fd, in + in_n, sizeof(in) - in_n);
		if (r > 0) {
			in_n += (size_t)r;
			continue;
		}
		over = true;
		return got(r == 0 ? "EOF" : "RESET", want);
	}
	return want && (strstr("EOF", want) || strstr("RESET", want));
}

/* ---- sending ---- */

/* Takes what has arrived off the wire; it is printed when the script waits, lest a `wait` misses it. */
static void soak(void)
{
	ssize_t r;

	if (in_n > sizeof(in) / 2)
		receive(NULL, 0);
	r = recv(fd, in + in_n, sizeof(in) - in_n, MSG_DONTWAIT);
	if (r > 0)
		in_n += (size_t)r;
	else if (r == 0 || errno != EAGAIN)
		receive(NULL, 0);
}

static void put(const void *p, size_t n)
{
	const char *s = p;

	while (n && !over) {
		struct pollfd pf = { .fd = fd, .events = POLLOUT | (mute ? 0 : POLLIN) };

		if (poll(&pf, 1, 8000) <= 0) {
			over = true;
			puts("STALLED");
			return;
		}
		if (!mute && pf.revents & POLLIN)
			soak();
		if (over || !(pf.revents & POLLOUT))
			continue;
		ssize_t r = send(fd, s, n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (r < 0 && errno == EAGAIN)
			continue;
		if (r < 0) {
			if (!mute)
				receive(NULL, 0);
			if (!over)
				puts("RESET");
			over = true;
			return;
		}
		s += r;
		n -= (size_t)r;
	}
}

static void frame(size_t len, unsigned type, unsigned flags, unsigned id, const void *p, size_t n)
{
	static unsigned char f[1 << 17];
	unsigned char h[9] = { (unsigned char)(len >> 16), (unsigned char)(len >> 8), (unsigned char)len, (unsigned char)type,
			       (unsigned char)flags, (unsigned char)(id >> 24), (unsigned char)(id >> 16), (unsigned char)(id >> 8),
			       (unsigned char)id };

	memcpy(f, h, 9);
	if (n)
		memcpy(f + 9, p, n);
	put(f, n + 9);
}

static size_t hex(const char *s, unsigned char *out)
{
	size_t n = 0;
	unsigned b;
	int used;

	while (sscanf(s, " %2x%n", &b, &used) == 1) {
		unsigned long times = 1;

		s += used;
		if (*s == '*')
			times = strtoul(s + 1, (char **)&s, 10);
		while (times--)
			out[n++] = (unsigned char)b;
	}
	return n;
}

static unsigned flags_of(const char *s)
{
	return (strchr(s, 'e') ? 1u : 0) | (strchr(s, 'h') ? 4u : 0);
}

static size_t unescape(char *s)
{
	char *d = s, *from = s;

	for (; *s; s++) {
		if (*s != '\\') {
			*d++ = *s;
			continue;
		}
		s++;
		*d++ = *s == 'r' ? '\r' : *s == 'n' ? '\n' : *s == '0' ? '\0' : *s == 'e' ? '=' : *s;
	}
	return (size_t)(d - from);
}

static void send_headers(unsigned id, unsigned flags, char *list)
{
	static nghttp2_nv nv[20000];
	static unsigned char out[1 << 17];
	size_t n = 0;

	for (char *f = list; f; ) {
		char *next = strchr(f, '|'), *eq;

		if (next)
			*next++ = 0;
		eq = strchr(f + 1, '=');
		if (eq) {
			*eq = 0;
			nv[n].name = (unsigned char *)f;
			nv[n].namelen = unescape(f);
			nv[n].value = (unsigned char *)eq + 1;
			nv[n].valuelen = unescape(eq + 1);
			nv[n++].flags = NGHTTP2_NV_FLAG_NO_INDEX;
		}
		f = next;
	}
	ssize_t r = nghttp2_hd_deflate_hd(deflater, out, sizeof(out), nv, n);
	if (r < 0)
		die("headers do not fit");
	frame((size_t)r, NGHTTP2_HEADERS, flags, id, out, (size_t)r);
}

static void send_data(unsigned id, unsigned flags, const char *text)
{
	static char x[1 << 17];
	size_t n = strlen(text);

	if (text[0] == '*') {
		n = strtoul(text + 1, NULL, 10);
		memset(x, 'x', n);
		text = x;
	}
	frame(n, NGHTTP2_DATA, flags, id, text, n);
}

static void send_settings(char *s)
{
	unsigned char p[256];
	size_t n = 0;
	unsigned id, v;
	int used;

	while (sscanf(s, " %u=%u%n", &id, &v, &used) == 2) {
		unsigned char e[6] = { (unsigned char)(id >> 8), (unsigned char)id, (unsigned char)(v >> 24), (unsigned char)(v >> 16),
				       (unsigned char)(v >> 8), (unsigned char)v };
		memcpy(p + n, e, 6);
		n += 6;
		s += used;
	}
	frame(n, NGHTTP2_SETTINGS, 0, 0, p, n);
}

static void command(char *s);

static void repeat(char *s)
{
	static char line[70000];
	unsigned long n = strtoul(s, &s, 10);

	while (n-- && !over) {
		size_t k = 0;

		for (char *c = s + strspn(s, " "); *c && k < sizeof(line) - 16; c++) {
			if (*c != '%') {
				line[k++] = *c;
				continue;
			}
			if (c[1] == '%') {
				c++;
				k += (size_t)sprintf(line + k, "%u", next_id - 2);
			} else {
				k += (size_t)sprintf(line + k, "%u", next_id);
				next_id += 2;
			}
		}
		line[k] = 0;
		for (char *one = line, *semi; one; one = semi) { /* several commands: `x 3 h % ...; f 3 0 %% ...` */
			semi = strstr(one, "; ");
			if (semi) {
				*semi = 0;
				semi += 2;
			}
			command(one);
		}
	}
}

static void command(char *s)
{
	static unsigned char raw[1 << 17];
	unsigned len, type, flags, id;
	char fl[16];
	int used = 0;

	if (!*s || *s == '#' || over)
		return;
	if (!strcmp(s, "magic"))
		put(NGHTTP2_CLIENT_MAGIC, NGHTTP2_CLIENT_MAGIC_LEN);
	else if (!strcmp(s, "ack"))
		frame(0, NGHTTP2_SETTINGS, 1, 0, NULL, 0);
	else if (!strncmp(s, "settings", 8))
		send_settings(s + 8);
	else if (sscanf(s, "h %u %15s %n", &id, fl, &used) == 2)
		send_headers(id, flags_of(fl), s + used);
	else if (sscanf(s, "d %u %15s %n", &id, fl, &used) == 2)
		send_data(id, flags_of(fl), s + used);
	else if (sscanf(s, "f %u %u %u %n", &type, &flags, &id, &used) == 3)
		len = (unsigned)hex(s + used, raw), frame(len, type, flags, id, raw, len);
	else if (sscanf(s, "F %u %u %u %u %n", &len, &type, &flags, &id, &used) == 4)
		frame(len, type, flags, id, raw, hex(s + used, raw));
	else if (!strncmp(s, "bytes ", 6))
		put(raw, hex(s + 6, raw));
	else if (!strncmp(s, "x ", 2))
		repeat(s + 2);
	else if (!strcmp(s, "mute"))
		mute = true;
	else if (!strcmp(s, "quiet"))
		quiet = true;
	else if (!strcmp(s, "fin"))
		shutdown(fd, SHUT_WR);
	else if (sscanf(s, "sleep %u", &len) == 1)
		usleep(len * 1000);
	else if (!strcmp(s, "stop"))
		exit(0);
	else if (!strncmp(s, "wait ", 5)) {
		if (!receive(s + 5, 8000)) {
			printf("NO %s\n", s + 5);
			exit(1);
		}
	} else
		die(s);
}

static void play(char *script)
{
	nghttp2_hd_inflate_new(&inflater);
	nghttp2_hd_deflate_new(&deflater, 0);
	over = mute = quiet = false;
	in_n = block_n = 0;
	next_id = 1;
	for (char *line = script, *nl; *line; line = nl + 1) {
		nl = strchr(line, '\n');
		*nl = 0;
		command(line);
		*nl = '\n';
	}
	if (!mute)
		receive(NULL, 10000);
	close(fd);
	nghttp2_hd_inflate_del(inflater);
	nghttp2_hd_deflate_del(deflater);
}

int main(int argc, char **argv)
{
	static char script[1 << 20];
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int times = 1, o, on = 1;
	bool server = false;

	signal(SIGPIPE, SIG_IGN);
	alarm(60); /* whatever becomes of its test */
	while ((o = getopt(argc, argv, "ln:")) != -1)
		o == 'l' ? (server = true) : (times = atoi(optarg));
	if (optind >= argc)
		die("usage: h2peer [-l] [-n times] port");
	sa.sin_port = htons((unsigned short)atoi(argv[optind]));
	size_t n = fread(script, 1, sizeof(script) - 2, stdin);
	if (n && script[n - 1] != '\n')
		script[n++] = '\n';
	int s = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (!server) {
		fd = s;
		setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)))
			die("cannot connect");
		play(script);
		return 0;
	}
	if (bind(s, (struct sockaddr *)&sa, sizeof(sa)) || listen(s, 16))
		die("cannot listen");
	while (times--) {
		fd = accept(s, NULL, NULL);
		if (!times)
			close(s); /* another may listen from now on */
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		play(script);
	}
	return 0;
}
