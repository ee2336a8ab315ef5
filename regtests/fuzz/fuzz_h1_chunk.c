// SPDX-License-Identifier: GPL-3.0-or-later
/* Any bytes as a chunked body, whole and in pieces (the first byte says how large): same verdict, same data, same
 * end. */
#include <stdlib.h>
#include <sluice/http/h1.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct result {
	enum h1_verdict v;
	size_t used, n;
	unsigned ntrl;
	char out[8192];
};

static struct arena arena;

static void decode(const uint8_t *data, size_t size, size_t piece, struct result *r)
{
	struct hdr hdrs[16];
	struct http_msg m;
	struct h1_chunk c;
	char raw[8192];
	uint32_t have = 0, used, got;
	enum h1_error e;

	*r = (struct result){ .v = H1_MORE };
	msg_init(&m, hdrs, 16, &arena, true);
	h1_chunk_init(&c);
	for (size_t at = 0; at < size && r->v == H1_MORE; at += piece) {
		uint32_t add = (uint32_t)MIN(piece, size - at);
		memcpy(raw + have, data + at, add);
		have += add;
		r->v = h1_chunk_decode(&c, raw, have, &used, &got, &m, &e);
		if (used > have || got > used)
			abort();
		memcpy(r->out + r->n, raw, got);
		r->n += got;
		r->used += used;
		have -= used;
		memmove(raw, raw + used, have);
	}
	r->ntrl = m.ntrl;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct result whole, cut;

	if (size < 2 || size > 8000)
		return 0;
	if (arena.chunk_size == 0)
		arena_init(&arena, 0);
	decode(data + 1, size - 1, size, &whole);
	decode(data + 1, size - 1, 1 + data[0] % 32, &cut);
	arena_reset(&arena);
	if (whole.v != cut.v)
		abort();
	if (whole.v != H1_BAD && (whole.n != cut.n || whole.used != cut.used || whole.ntrl != cut.ntrl ||
				  memcmp(whole.out, cut.out, whole.n)))
		abort();
	return 0;
}
