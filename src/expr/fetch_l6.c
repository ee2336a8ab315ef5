// SPDX-License-Identifier: GPL-3.0-or-later
/* Fetches that look into raw bytes received: lengths, slices, and the cookie in the first packet of RDP. A value that further input may
 * still change says so, so that a condition waits for it. */
#include "rows_priv.h"

static struct str l6_of(const struct smp_ctx *c, const struct call *k)
{
	return k->aux ? c->l6_res : c->l6_req;
}

bool fetch_l6_len(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)it;
	out->may_change = !c->final;
	return smp_set_int(out, (int64_t)l6_of(c, k).n);
}

bool fetch_l6_payload(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	struct str in = l6_of(c, k);
	uint64_t off = (uint64_t)k->arg[0].i, len = (uint64_t)k->arg[1].i;

	(void)it;
	out->may_change = !c->final;
	if (off > in.n || len > in.n - off || (!len && off == in.n))
		return false;
	if (len)
		out->may_change = false;
	out->type = SMP_BIN;
	out->s = str_sub(in, off, len ? len : in.n - off);
	return true;
}

/* Where the bytes of payload_lv start: behind the length, at an offset, or that far from behind the length (with a sign). */
static int64_t lv_start(const struct call *k, int64_t behind)
{
	struct str off = k->arg[2].set ? k->arg[2].s : STR_NULL;
	bool relative = off.n && (off.p[0] == '+' || off.p[0] == '-');

	return !off.n ? behind : (relative ? behind : 0) + smp_str_to_int(off);
}

bool fetch_l6_payload_lv(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	struct str in = l6_of(c, k);
	uint64_t at = (uint64_t)k->arg[0].i, size = (uint64_t)k->arg[1].i, len = 0;

	(void)it;
	out->may_change = !c->final;
	if (at > in.n || size > in.n - at || size > 4)
		return false;
	for (uint64_t i = 0; i < size; i++)
		len = len << 8 | (unsigned char)in.p[at + i];
	int64_t from = lv_start(k, (int64_t)(at + size));

	if (from < 0 || (uint64_t)from > in.n || len > in.n - (uint64_t)from)
		return false;
	out->may_change = false;
	out->type = SMP_BIN;
	out->s = str_sub(in, (size_t)from, len);
	return true;
}

/* Behind TPKT and X.224 headers (11 bytes): "Cookie: name=value CR LF". 1 found, 0 not there, -1 too short to tell. */
static int rdp_cookie(struct str in, struct str want, struct str *val)
{
	static const struct str word = { "Cookie:", 7 };
	ptrdiff_t end, eq;

	if (in.n && (in.p[0] != 3))
		return 0;
	if (in.n < 11 + word.n)
		return -1;
	struct str line = str_sub(in, 11, SIZE_MAX);

	if (!str_istarts(line, word))
		return 0;
	line = str_sub(line, word.n, SIZE_MAX);
	end = str_chr(line, '\r');
	if (end < 0)
		return -1;
	line = str_trim(str_sub(line, 0, (size_t)end));
	eq = str_chr(line, '=');
	if (eq < 0 || (want.n && !str_ieq(str_sub(line, 0, (size_t)eq), want)))
		return 0;
	*val = str_sub(line, (size_t)eq + 1, SIZE_MAX);
	return 1;
}

bool fetch_rdp_cookie(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	struct str val;
	int r = rdp_cookie(c->l6_req, k->arg[0].set ? k->arg[0].s : STR_NULL, &val);

	(void)it;
	out->may_change = r < 0 && !c->final;
	return r > 0 && smp_set_str(out, val);
}

bool fetch_rdp_cookie_cnt(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	struct str val;
	int r = rdp_cookie(c->l6_req, k->arg[0].set ? k->arg[0].s : STR_NULL, &val);

	(void)it;
	out->may_change = r < 0 && !c->final;
	return smp_set_int(out, r > 0);
}
