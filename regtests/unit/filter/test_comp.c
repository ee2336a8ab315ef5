// SPDX-License-Identifier: GPL-3.0-or-later
/* Whatever the pieces, what comes out of a compressor is what its own library turns back into the input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <brotli/decode.h>
#include <cmocka.h>
#include <zlib.h>
#include <zstd.h>
#include <sluice/base/rand.h>
#include <sluice/filter/comp.h>

#define MAX_LEN 70000u
#define OUT_MAX (2 * MAX_LEN + 400000u)

static unsigned char input[MAX_LEN], packed[OUT_MAX], unpacked[MAX_LEN + 1];

static size_t unpack_zlib(size_t n, int bits)
{
	z_stream z = { .next_in = packed, .avail_in = (uInt)n, .next_out = unpacked, .avail_out = sizeof(unpacked) };
	int r;

	assert_int_equal(inflateInit2(&z, bits), Z_OK);
	r = inflate(&z, Z_FINISH);
	assert_int_equal(r, Z_STREAM_END);
	assert_int_equal(z.avail_in, 0);
	n = z.total_out;
	inflateEnd(&z);
	return n;
}

static size_t unpack(enum comp_algo a, size_t n)
{
	size_t got = sizeof(unpacked);

	switch (a) {
	case COMP_GZIP: return unpack_zlib(n, 31);
	case COMP_DEFLATE: return unpack_zlib(n, 15);
	case COMP_RAW_DEFLATE: return unpack_zlib(n, -15);
	case COMP_BROTLI:
		assert_int_equal(BrotliDecoderDecompress(n, packed, &got, unpacked), BROTLI_DECODER_RESULT_SUCCESS);
		return got;
	default: {
		ZSTD_DCtx *z = ZSTD_createDCtx();
		ZSTD_inBuffer i = { packed, n, 0 };
		ZSTD_outBuffer o = { unpacked, sizeof(unpacked), 0 };

		assert_int_equal(ZSTD_decompressStream(z, &o, &i), 0);
		assert_int_equal(i.pos, n);
		ZSTD_freeDCtx(z);
		return o.pos;
	}
	}
}

/* Feeds `step` bytes at a time through an output of `room` bytes; returns the packed length. */
static size_t pack(enum comp_algo a, size_t n, size_t step, unsigned room, enum comp_op between)
{
	struct comp *c = comp_open(a, 1);
	char mem[4096];
	size_t at = 0, total = 0;
	bool last = false;

	assert_non_null(c);
	assert_true(room <= sizeof(mem));
	while (!last) {
		size_t k = MIN(step, n - at);
		struct buf in = { .mem = (char *)input + at, .tail = (uint32_t)k, .cap = (uint32_t)k };
		enum comp_result r;

		last = at + k == n;
		do {
			struct buf out = { .mem = mem, .cap = room };

			r = comp_run(c, &in, &out, last ? COMP_FINISH : between);
			assert_int_not_equal(r, COMP_ERROR);
			assert_true(total + buf_len(&out) <= sizeof(packed));
			memcpy(packed + total, buf_at(&out), buf_len(&out));
			total += buf_len(&out);
		} while (r == COMP_FULL);
		assert_int_equal(buf_len(&in), 0);
		at += k;
	}
	comp_close(c);
	return total;
}

static void check(enum comp_algo a, size_t n, size_t step, unsigned room, enum comp_op between)
{
	size_t got = unpack(a, pack(a, n, step, room, between));

	if (got != n || memcmp(unpacked, input, n))
		fail_msg("%.*s: %zu bytes by %zu through %u: %zu came back", STR_ARG(comp_coding(a)), n, step, room, got);
}

static void fill_text(void)
{
	for (size_t i = 0; i < MAX_LEN; i++)
		input[i] = (unsigned char)"the quick brown fox jumps over the lazy dog\n"[(i * i / 1000 + i) % 44];
}

static void every_length_and_piece_comes_back(void **s)
{
	static const size_t lens[] = { 0, 1, 2, 257, 258, 259, 4095, 16384, 65535, 65536, MAX_LEN };

	(void)s;
	fill_text();
	for (unsigned a = 0; a < COMP_ALGO_COUNT; a++)
		for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
			check((enum comp_algo)a, lens[i], 16384, 4096, COMP_RUN);
			check((enum comp_algo)a, lens[i], 16384, 64, COMP_FLUSH);
		}
}

static void single_bytes_flushed_one_by_one_come_back(void **s)
{
	(void)s;
	fill_text();
	for (unsigned a = 0; a < COMP_ALGO_COUNT; a++)
		check((enum comp_algo)a, 2000, 1, 4096, COMP_FLUSH);
}

static void what_cannot_be_compressed_hardly_grows(void **s)
{
	(void)s;
	rand_seed_fixed(7);
	for (size_t i = 0; i < MAX_LEN; i++)
		input[i] = (unsigned char)rand_below(256);
	for (unsigned a = 0; a < COMP_ALGO_COUNT; a++) {
		check((enum comp_algo)a, MAX_LEN, 16384, 4096, COMP_RUN);
		assert_true(pack((enum comp_algo)a, MAX_LEN, 16384, 4096, COMP_RUN) < MAX_LEN + 200);
	}
}

static void a_flush_lets_a_reader_have_all_that_went_in(void **s)
{
	static const char text[] = "event: one\n\n";

	(void)s;
	for (unsigned a = COMP_GZIP; a <= COMP_RAW_DEFLATE; a++) {
		static const int bits[] = { 31, 15, -15 };
		struct comp *c = comp_open((enum comp_algo)a, 1);
		struct buf in = { .mem = (char *)(uintptr_t)text, .tail = sizeof(text) - 1, .cap = sizeof(text) - 1 };
		struct buf out = { .mem = (char *)packed, .cap = 4096 };
		z_stream z = { .next_in = packed, .next_out = unpacked, .avail_out = sizeof(unpacked) };

		assert_int_equal(comp_run(c, &in, &out, COMP_FLUSH), COMP_OK);
		z.avail_in = buf_len(&out);
		assert_int_equal(inflateInit2(&z, bits[a]), Z_OK);
		assert_int_equal(inflate(&z, Z_SYNC_FLUSH), Z_OK);
		assert_int_equal(z.total_out, sizeof(text) - 1);
		inflateEnd(&z);
		comp_close(c);
	}
}

static void an_abandoned_body_leaves_nothing_to_the_next(void **s)
{
	(void)s;
	fill_text();
	for (unsigned a = 0; a < COMP_ALGO_COUNT; a++) {
		struct comp *c = comp_open((enum comp_algo)a, 9);
		struct buf in = { .mem = (char *)input, .tail = 5000, .cap = 5000 };
		struct buf out = { .mem = (char *)packed, .cap = 4096 };

		assert_int_not_equal(comp_run(c, &in, &out, COMP_RUN), COMP_ERROR);
		comp_close(c);
		check((enum comp_algo)a, 5000, 5000, 4096, COMP_RUN);
	}
}

static void memory_is_bounded_over_all_bodies(void **s)
{
	struct comp *c[8];
	unsigned n = 0;

	(void)s;
	comp_setup(3u << 18);
	while (n < ARRAY_LEN(c) && (c[n] = comp_open(COMP_GZIP, 1)))
		n++;
	assert_int_equal(n, 2);
	comp_close(c[0]);
	assert_non_null(c[0] = comp_open(COMP_GZIP, 1));
	comp_close(c[0]);
	comp_close(c[1]);
	assert_null(comp_open(COMP_BROTLI, 1));
	comp_setup(0);
	assert_non_null(c[0] = comp_open(COMP_BROTLI, 1));
	comp_close(c[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length_and_piece_comes_back),
		cmocka_unit_test(single_bytes_flushed_one_by_one_come_back),
		cmocka_unit_test(what_cannot_be_compressed_hardly_grows),
		cmocka_unit_test(a_flush_lets_a_reader_have_all_that_went_in),
		cmocka_unit_test(an_abandoned_body_leaves_nothing_to_the_next),
		cmocka_unit_test(memory_is_bounded_over_all_bodies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
