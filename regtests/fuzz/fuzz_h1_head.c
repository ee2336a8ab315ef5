// SPDX-License-Identifier: GPL-3.0-or-later
/* Any bytes as a request and as a response head. Checked beyond memory safety: an accepted head lies in its input, the
 * verdict does not depend on how the bytes were cut, and what is written out again is accepted with the same
 * framing. */
#include <stdlib.h>
#include <sluice/http/h1.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HDRS 40
static struct arena arena;

static void check(bool ok)
{
	if (!ok)
		abort();
}

static enum h1_verdict parse(struct http_msg *m, struct hdr *h, struct str in, const struct h1_head_opts *o,
			     uint32_t *scan)
{
	enum h1_error e;

	msg_init(m, h, HDRS, &arena, o->request);
	enum h1_verdict v = h1_head_parse(m, in, o, scan, &e);
	check((v == H1_BAD) == (e != H1E_NONE));
	return v;
}

static void check_rewrite(const struct http_msg *m, const struct h1_head_opts *o)
{
	static const uint32_t framing = MSG_CHUNKED | MSG_CLEN | MSG_NO_BODY | MSG_CLOSE_DELIM;
	struct iovec iov[128];
	char scratch[1024], flat[16384];
	struct h1_out out = { .iov = iov, .max = 128, .scratch = scratch, .scratch_cap = sizeof(scratch) };
	struct hdr h[HDRS];
	struct http_msg again;
	struct h1_head_opts big = *o;
	uint32_t scan = 0;
	size_t n = 0;

	h1_write_head(&out, m, H1_CONN_NONE);
	check(!out.full);
	for (int i = 0; i < out.n; n += iov[i++].iov_len)
		memcpy(flat + n, iov[i].iov_base, iov[i].iov_len);
	if (m->ver == 10 && m->authority.n == 0)
		return; /* becomes HTTP/1.1 without Host */
	big.max_head = sizeof(flat);
	check(parse(&again, h, str_n(flat, n), &big, &scan) == H1_OK);
	check((again.flags & framing) == (m->flags & framing));
	check(!(m->flags & MSG_CLEN) || again.body_len == m->body_len);
}

static void one(const uint8_t *data, size_t size, const struct h1_head_opts *o)
{
	struct hdr h[HDRS], h2[HDRS];
	struct http_msg whole, m;
	uint32_t scan = 0, step = 0;
	struct str in = { (const char *)data, size };
	enum h1_verdict v = parse(&whole, h, in, o, &scan);

	if (v == H1_OK) {
		check(whole.head_len <= size);
		for (size_t n = 0; n < whole.head_len; n += 1 + n / 8)
			check(parse(&m, h2, str_n(in.p, n), o, &step) == H1_MORE);
		check(parse(&m, h2, str_n(in.p, whole.head_len), o, &step) == H1_OK);
		check_rewrite(&whole, o);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct h1_head_opts o = { .request = true, .max_head = 8192 };

	if (arena.chunk_size == 0)
		arena_init(&arena, 0);
	one(data, size, &o);
	o.request = false;
	one(data, size, &o);
	o.head_request = true;
	one(data, size, &o);
	o.head_request = false;
	o.connect_request = true;
	one(data, size, &o);
	arena_reset(&arena);
	return 0;
}
