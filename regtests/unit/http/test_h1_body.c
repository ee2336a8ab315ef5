// SPDX-License-Identifier: GPL-3.0-or-later
/* Chunked bodies: what is refused, what comes out, and that no cut of the input changes either. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <sluice/http/h1.h>

#define HDRS 8

struct row {
	const char *name, *in;
	size_t n;
	enum h1_error want;
	const char *data; /* what an accepted body decodes to */
};

#define BAD(name, want, in) { name, in, sizeof(in) - 1, want, NULL }
#define GOOD(name, data, in) { name, in, sizeof(in) - 1, H1E_NONE, data }

static const struct row rows[] = {
	GOOD("an empty body ends with its zero chunk", "", "0\r\n\r\n"),
	GOOD("chunks are joined", "helloworld!", "5\r\nhello\r\n6\r\nworld!\r\n0\r\n\r\n"),
	GOOD("sizes are hexadecimal in either case", "0123456789abcdef0123456789a",
	     "1B\r\n0123456789abcdef0123456789a\r\n0\r\n\r\n"),
	GOOD("leading zeros up to 16 digits are accepted", "hello", "0000000000000005\r\nhello\r\n000\r\n\r\n"),
	GOOD("extensions are dropped", "hello", "5;a=b;c=\"d\"\r\nhello\r\n0;x\r\n\r\n"),
	GOOD("data may look like framing", "0\r\n\r\n", "5\r\n0\r\n\r\n\r\n0\r\n\r\n"),
	GOOD("trailers end the body", "a", "1\r\na\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n"),
	BAD("T08: a size with bare LF is refused", H1E_CHUNK_SIZE, "5\nhello\r\n0\r\n\r\n"),
	BAD("T08: an extension with bare LF is refused", H1E_CHUNK_EXT, "5;\nhello\r\n0\r\n\r\n"),
	BAD("T08: a space before the size is refused", H1E_CHUNK_SIZE, " 5\r\nhello\r\n0\r\n\r\n"),
	BAD("T08: a space behind the size is refused", H1E_CHUNK_SIZE, "5 \r\nhello\r\n0\r\n\r\n"),
	BAD("T08: a 0x prefix is refused", H1E_CHUNK_SIZE, "0x5\r\nhello\r\n0\r\n\r\n"),
	BAD("T08: a negative size is refused", H1E_CHUNK_SIZE, "-1\r\nhello\r\n0\r\n\r\n"),
	BAD("T08: a plus sign is refused", H1E_CHUNK_SIZE, "+5\r\nhello\r\n0\r\n\r\n"),
	BAD("T08: 17 digits are refused", H1E_CHUNK_SIZE, "ffffffffffffffff1\r\n"),
	BAD("T08: 17 digits of zeros are refused", H1E_CHUNK_SIZE, "00000000000000005\r\nhello\r\n0\r\n\r\n"),
	BAD("a size above 2^63-1 is refused", H1E_CHUNK_SIZE, "8000000000000000\r\n"),
	BAD("an empty size is refused", H1E_CHUNK_SIZE, "\r\n0\r\n\r\n"),
	BAD("T08: missing CRLF behind the data is refused", H1E_CHUNK_END, "5\r\nhello0\r\n\r\n"),
	BAD("T08: LF alone behind the data is refused", H1E_CHUNK_END, "5\r\nhello\n0\r\n\r\n"),
	BAD("T08: CR alone behind the data is refused", H1E_CHUNK_END, "5\r\nhello\r0\r\n\r\n"),
	BAD("T08: CR alone behind the size is refused", H1E_CHUNK_SIZE, "5\rhello\r\n0\r\n\r\n"),
	BAD("T08: NUL in an extension is refused", H1E_CHUNK_EXT, "5;\0ext\r\nhello\r\n0\r\n\r\n"),
	BAD("T08: a pseudo header in the trailers is refused", H1E_TRAILER_BAD, "0\r\n:method: GET\r\n\r\n"),
	BAD("a trailer with bare LF is refused", H1E_TRAILER_BAD, "0\r\nX: y\n\r\n"),
	BAD("trailers that end in bare LF are refused", H1E_TRAILER_BAD, "0\r\n\n"),
	BAD("a folded trailer is refused", H1E_TRAILER_BAD, "0\r\nX: y\r\n z\r\n\r\n"),
	BAD("a trailer with space before its colon is refused", H1E_TRAILER_BAD, "0\r\nX : y\r\n\r\n"),
};

static struct arena arena;
static struct hdr hdrs[HDRS];

/* Feeds `in` in pieces of `piece` bytes, keeping what was not consumed, as a mux does. */
static enum h1_verdict decode(struct http_msg *m, const char *in, size_t n, size_t piece, char *out, size_t *outn,
			      enum h1_error *e)
{
	struct h1_chunk c;
	char *raw = malloc(n + 1);
	uint32_t have = 0, used, data;
	enum h1_verdict v = H1_MORE;

	h1_chunk_init(&c);
	msg_init(m, hdrs, HDRS, &arena, true);
	*outn = 0;
	for (size_t at = 0; at < n && v == H1_MORE; at += piece) {
		uint32_t add = (uint32_t)MIN(piece, n - at);
		memcpy(raw + have, in + at, add);
		have += add;
		v = h1_chunk_decode(&c, raw, have, &used, &data, m, e);
		memcpy(out + *outn, raw, data);
		*outn += data;
		have -= used;
		memmove(raw, raw + used, have);
	}
	free(raw);
	return v;
}

static void check_row(void **state)
{
	const struct row *r = *state;
	struct http_msg m;
	enum h1_error e = H1E_NONE;
	char *out = malloc(r->n);
	size_t outn;

	for (size_t piece = 1; piece <= r->n; piece++) {
		enum h1_verdict v = decode(&m, r->in, r->n, piece, out, &outn, &e);
		assert_string_equal(h1_error_text(e), h1_error_text(r->want));
		assert_int_equal(v, r->want ? H1_BAD : H1_OK);
		if (r->want)
			continue;
		assert_int_equal(outn, strlen(r->data));
		assert_memory_equal(out, r->data, outn);
	}
	free(out);
}

static void bytes_behind_the_last_chunk_are_not_consumed(void **state)
{
	char in[] = "1\r\na\r\n0\r\n\r\nGET /";
	struct h1_chunk c;
	enum h1_error e;
	uint32_t used, data;

	(void)state;
	h1_chunk_init(&c);
	assert_int_equal(h1_chunk_decode(&c, in, sizeof(in) - 1, &used, &data, NULL, &e), H1_OK);
	assert_int_equal(used, sizeof(in) - 1 - 5);
	assert_int_equal(data, 1);
}

static void allowed_trailers_are_kept_and_forbidden_ones_dropped(void **state)
{
	static const char in[] =
		"0\r\nX-Sum: 12\r\nContent-Length: 5\r\nHost: b\r\nTransfer-Encoding: x\r\nAuthorization: z\r\n"
		"Set-Cookie: q\r\nRange: 1\r\nETag: \"e\"\r\n\r\n";
	struct http_msg m;
	enum h1_error e;
	char out[8];
	size_t n;

	(void)state;
	assert_int_equal(decode(&m, in, sizeof(in) - 1, 7, out, &n, &e), H1_OK);
	assert_int_equal(m.nhdr, 0);
	assert_int_equal(m.ntrl, 2);
	assert_true(str_eq(hdr_name(&m.hdr[0]), STR("X-Sum")));
	assert_true(str_eq(hdr_val(&m.hdr[0]), STR("12")));
	assert_true(str_eq(hdr_name(&m.hdr[1]), STR("ETag")));
}

/* T08: the budget is for the message, not for a chunk. */
static void extensions_have_a_budget_of_4_kib_a_message(void **state)
{
	enum h1_error e = H1E_NONE;
	enum h1_verdict v = H1_MORE;
	struct h1_chunk c;
	unsigned chunks = 0;

	(void)state;
	h1_chunk_init(&c);
	for (; v == H1_MORE && chunks < 100; chunks++) {
		char in[1100];
		int n = snprintf(in, sizeof(in), "1;%01000d\r\na\r\n", 0);
		uint32_t used, data;
		v = h1_chunk_decode(&c, in, (uint32_t)n, &used, &data, NULL, &e);
	}
	assert_int_equal(v, H1_BAD);
	assert_int_equal(e, H1E_CHUNK_EXT_BIG);
	assert_int_equal(chunks, 5);
}

static void trailers_have_a_budget(void **state)
{
	enum h1_error e = H1E_NONE;
	enum h1_verdict v = H1_MORE;
	struct h1_chunk c;
	uint32_t used, data;
	char in[1100] = "0\r\n", *big;
	unsigned lines = 0;

	(void)state;
	h1_chunk_init(&c);
	assert_int_equal(h1_chunk_decode(&c, in, 3, &used, &data, NULL, &e), H1_MORE);
	for (; v == H1_MORE && lines < 100; lines++) {
		int n = snprintf(in, sizeof(in), "X: %01000d\r\n", 0);
		v = h1_chunk_decode(&c, in, (uint32_t)n, &used, &data, NULL, &e);
	}
	assert_int_equal(e, H1E_TRAILER_BIG);
	assert_int_equal(lines, 9);

	h1_chunk_init(&c);
	big = malloc(9003);
	memset(big, 'x', 9003);
	memcpy(big, "0\r\n", 3);
	assert_int_equal(h1_chunk_decode(&c, big, 9003, &used, &data, NULL, &e), H1_BAD);
	assert_int_equal(e, H1E_TRAILER_BIG);
	free(big);
}

static void more_trailers_than_the_array_holds_are_refused(void **state)
{
	static const char in[] = "0\r\nA: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\nE: 1\r\nF: 1\r\nG: 1\r\nH: 1\r\nI: 1\r\n\r\n";
	struct http_msg m;
	enum h1_error e;
	char out[8];
	size_t n;

	(void)state;
	assert_int_equal(decode(&m, in, sizeof(in) - 1, 1000, out, &n, &e), H1_BAD);
	assert_int_equal(e, H1E_TRAILER_BIG);
}

/* T36: a size beyond 32 bits is counted exactly. */
static void a_chunk_of_5_gib_is_counted(void **state)
{
	char in[] = "140000000\r\nab";
	struct h1_chunk c;
	enum h1_error e;
	uint32_t used, data;

	(void)state;
	h1_chunk_init(&c);
	assert_int_equal(h1_chunk_decode(&c, in, sizeof(in) - 1, &used, &data, NULL, &e), H1_MORE);
	assert_int_equal(data, 2);
	assert_true(c.left == UINT64_C(0x140000000) - 2);
}

int main(void)
{
	static const struct CMUnitTest plain[] = {
		cmocka_unit_test(bytes_behind_the_last_chunk_are_not_consumed),
		cmocka_unit_test(allowed_trailers_are_kept_and_forbidden_ones_dropped),
		cmocka_unit_test(extensions_have_a_budget_of_4_kib_a_message),
		cmocka_unit_test(trailers_have_a_budget),
		cmocka_unit_test(more_trailers_than_the_array_holds_are_refused),
		cmocka_unit_test(a_chunk_of_5_gib_is_counted),
	};
	struct CMUnitTest all[ARRAY_LEN(plain) + ARRAY_LEN(rows)];
	size_t n = ARRAY_LEN(plain);

	memcpy(all, plain, sizeof(plain));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		all[n++] = (struct CMUnitTest){ rows[i].name, check_row, NULL, NULL, (void *)&rows[i] };
	arena_init(&arena, 0);
	int failed = _cmocka_run_group_tests("h1_body", all, n, NULL, NULL);
	arena_free(&arena);
	return failed;
}
