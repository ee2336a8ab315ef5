// SPDX-License-Identifier: GPL-3.0-or-later
/* The price of the HTTP/1 codecs: one request head of ten headers, and chunked bodies of small and large chunks. Each figure is
 * the fastest of several short runs, which is what the code costs when nobody else uses the machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sluice/http/h1.h>

enum { RUNS = 15, HEADS = 20000, BODIES = 400, MAX_HDR = 101 };

static const char head[] =
	"GET /shop/articles/4711?colour=blue&size=xl HTTP/1.1\r\n"
	"Host: www.example.com\r\n"
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
	"Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n"
	"Accept-Language: en-GB,en;q=0.5\r\n"
	"Accept-Encoding: gzip, deflate, br\r\n"
	"Referer: https://www.example.com/shop\r\n"
	"Cookie: session=6f1e2d3c4b5a; theme=dark\r\n"
	"Connection: keep-alive\r\n"
	"Cache-Control: max-age=0\r\n"
	"X-Request-Id: 01J9ZQ4V\r\n"
	"\r\n";

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "bench_http1: %s\n", what);
	exit(2);
}

static double heads_run(void)
{
	static const struct h1_head_opts o = { .request = true, .max_head = 15360 };
	struct hdr hdrs[MAX_HDR];
	struct http_msg m;
	double start = now_ns();

	for (int i = 0; i < HEADS; i++) {
		enum h1_error err;
		uint32_t scan = 0;
		msg_init(&m, hdrs, MAX_HDR, NULL, true);
		if (h1_head_parse(&m, str_n(head, sizeof(head) - 1), &o, &scan, &err) != H1_OK)
			die(h1_error_text(err));
	}
	return (now_ns() - start) / HEADS;
}

/* A body of 64 KiB in chunks of `size` bytes; returns its encoded length. */
static uint32_t body_make(char *out, uint32_t size)
{
	char *p = out;

	for (uint32_t done = 0; done < 65536; done += size) {
		p += sprintf(p, "%x\r\n", size);
		memset(p, 'x', size);
		p += size;
		p = mempcpy(p, "\r\n", 2);
	}
	p = mempcpy(p, "0\r\n\r\n", 5);
	return (uint32_t)(p - out);
}

/* Nanoseconds per chunk; the copy of the input that in-place decoding asks for is not counted. */
static double chunks_run(const char *body, uint32_t len, uint32_t size)
{
	static char in[1 << 18];
	struct hdr hdrs[MAX_HDR];
	struct http_msg m;
	double sum = 0;

	for (int i = 0; i < BODIES; i++) {
		struct h1_chunk c;
		enum h1_error err;
		uint32_t used, data;
		memcpy(in, body, len);
		msg_init(&m, hdrs, MAX_HDR, NULL, true);
		h1_chunk_init(&c);
		double start = now_ns();
		if (h1_chunk_decode(&c, in, len, &used, &data, &m, &err) != H1_OK || data != 65536)
			die("chunked body not decoded");
		sum += now_ns() - start;
	}
	return sum / BODIES / (65536 / size);
}

int main(void)
{
	static const uint32_t sizes[] = { 64, 1024, 16384 };
	static char body[1 << 18];
	double best = 1e18;

	for (int r = 0; r < RUNS; r++)
		best = MIN(best, heads_run());
	printf("request head, 10 headers, %zu bytes: %.0f ns\n", sizeof(head) - 1, best);
	for (size_t s = 0; s < ARRAY_LEN(sizes); s++) {
		uint32_t len = body_make(body, sizes[s]);
		best = 1e18;
		for (int r = 0; r < RUNS; r++)
			best = MIN(best, chunks_run(body, len, sizes[s]));
		printf("chunk of %u bytes: %.0f ns\n", sizes[s], best);
	}
	return 0;
}
