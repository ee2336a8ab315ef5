// SPDX-License-Identifier: GPL-3.0-or-later
/* Fetches of headers and cookies. hdr splits values at commas outside of quotes, fhdr takes whole lines; a
 * single value is the last one unless an occurrence is given (negative: from the end), a test of an ACL sees
 * them all. Empty values count. */
#include "rows_priv.h"

static const struct http_msg *msg_of(const struct smp_ctx *c, const struct call *k)
{
	return k->aux ? c->res : c->req;
}

/* Next live header of the name in the first argument (any when empty), or -1. */
static int hdr_line(const struct http_msg *m, const struct arg *a, int from)
{
	if (!a->set || !a->s.n) {
		for (int i = from; i < m->nhdr; i++)
			if (!(m->hdr[i].flags & HDR_DEL))
				return i;
		return -1;
	}
	return a->id != HH_OTHER ? msg_find_id(m, a->id, from) : msg_find(m, a->s, from);
}

/* Cuts the element before the first comma that stands outside of quotes; *rest gets p == NULL behind the last. */
static struct str elem_cut(struct str *rest)
{
	bool quoted = false;
	size_t i = 0;

	for (; i < rest->n; i++) {
		if (rest->p[i] == '"')
			quoted = !quoted;
		else if (quoted && rest->p[i] == '\\' && i + 1 < rest->n)
			i++;
		else if (!quoted && rest->p[i] == ',')
			break;
	}
	struct str elem = str_trim(str_sub(*rest, 0, i));

	*rest = i < rest->n ? str_sub(*rest, i + 1, SIZE_MAX) : STR_NULL;
	return elem;
}

static bool hdr_next(const struct http_msg *m, const struct arg *name, bool full, struct smp_iter *it, struct str *val)
{
	if (!it->rest.p) {
		int i = hdr_line(m, name, it->pos);

		if (i < 0)
			return false;
		it->pos = i + 1;
		it->rest = hdr_val(&m->hdr[i]);
		if (!it->rest.p)
			it->rest = STR("");
		if (full) {
			*val = it->rest;
			it->rest = STR_NULL;
			return true;
		}
	}
	*val = elem_cut(&it->rest);
	return true;
}

static int64_t hdr_count(const struct http_msg *m, const struct arg *name, bool full)
{
	struct smp_iter it = { 0 };
	struct str val;
	int64_t n = 0;

	while (hdr_next(m, name, full, &it, &val))
		n++;
	return n;
}

static bool hdr_nth(const struct http_msg *m, const struct arg *name, bool full, int64_t occ, struct str *val)
{
	struct smp_iter it = { 0 };

	if (occ < 0)
		occ += hdr_count(m, name, full) + 1;
	if (occ <= 0)
		return false;
	while (occ && hdr_next(m, name, full, &it, val))
		occ--;
	return occ == 0;
}

static bool hdr_value(struct smp_ctx *c, const struct call *k, bool full, struct smp_iter *it, struct str *val)
{
	const struct http_msg *m = msg_of(c, k);
	int64_t occ = k->arg[1].set ? k->arg[1].i : 0;

	if (occ || !it->all)
		return hdr_nth(m, &k->arg[0], full, occ ? occ : -1, val);
	it->more = hdr_next(m, &k->arg[0], full, it, val);
	return it->more;
}

bool fetch_hdr(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	out->type = SMP_STR;
	return hdr_value(c, k, false, it, &out->s);
}

bool fetch_fhdr(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	out->type = SMP_STR;
	return hdr_value(c, k, true, it, &out->s);
}

bool fetch_hdr_cnt(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)it;
	return smp_set_int(out, hdr_count(msg_of(c, k), &k->arg[0], false));
}

bool fetch_fhdr_cnt(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)it;
	return smp_set_int(out, hdr_count(msg_of(c, k), &k->arg[0], true));
}

bool fetch_hdr_val(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	struct str val;

	return hdr_value(c, k, false, it, &val) && smp_set_int(out, smp_str_to_int(val));
}

/* "1.2.3.4", "1.2.3.4:80", "::1", "[::1]", "[::1]:80". */
static bool hdr_addr(struct str s, struct addr *a)
{
	ptrdiff_t colon = str_chr(s, ':');

	if (s.n && s.p[0] == '[') {
		ptrdiff_t end = str_chr(s, ']');

		return end > 0 && addr_parse_ip(a, str_sub(s, 1, (size_t)end - 1));
	}
	if (colon > 0 && str_chr(str_sub(s, (size_t)colon + 1, SIZE_MAX), ':') < 0)
		s = str_sub(s, 0, (size_t)colon);
	return addr_parse_ip(a, s);
}

/* Values that are no address are passed over. */
bool fetch_hdr_ip(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	struct str val;

	out->type = SMP_IP;
	while (hdr_value(c, k, false, it, &val)) {
		if (hdr_addr(val, &out->ip))
			return true;
		if (!it->more)
			break;
	}
	return false;
}

bool fetch_hdr_names(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	const struct http_msg *m = msg_of(c, k);
	struct str delim = k->arg[0].set ? k->arg[0].s : STR(",");
	size_t n = 0;

	(void)it;
	for (int i = 0; i < m->nhdr; i++)
		n += m->hdr[i].nlen + delim.n;
	char *p = arena_bytes(c->tmp, n + 1);
	struct sbuf b = { .p = p, .cap = n + 1, .fixed = true };

	for (int i = 0; i < m->nhdr; i++) {
		if (m->hdr[i].flags & HDR_DEL)
			continue;
		if (b.n)
			sbuf_add(&b, delim);
		for (int j = 0; j < m->hdr[i].nlen; j++)
			sbuf_addc(&b, ascii_lower(m->hdr[i].name[j]));
	}
	return smp_set_str(out, sbuf_str(&b));
}

static size_t hdrs_size(const struct http_msg *m, size_t each)
{
	size_t n = each;

	for (int i = 0; i < m->nhdr; i++)
		n += m->hdr[i].nlen + m->hdr[i].vlen + each;
	return n + 1;
}

/* All headers as text, with the empty line behind them. */
bool fetch_hdrs(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	const struct http_msg *m = msg_of(c, k);
	size_t cap = hdrs_size(m, 4);
	struct sbuf b = { .p = arena_bytes(c->tmp, cap), .cap = cap, .fixed = true };

	(void)it;
	for (int i = 0; i < m->nhdr; i++) {
		if (m->hdr[i].flags & HDR_DEL)
			continue;
		for (int j = 0; j < m->hdr[i].nlen; j++)
			sbuf_addc(&b, ascii_lower(m->hdr[i].name[j]));
		sbuf_add(&b, STR(": "));
		sbuf_add(&b, hdr_val(&m->hdr[i]));
		sbuf_add(&b, STR("\r\n"));
	}
	sbuf_add(&b, STR("\r\n"));
	return smp_set_str(out, sbuf_str(&b));
}

/* A length as the stick-table and SPOE protocols write it, then the bytes. */
static void put_counted(struct sbuf *b, struct str s)
{
	uint64_t v = s.n;

	if (v < 240) {
		sbuf_addc(b, (char)v);
	} else {
		sbuf_addc(b, (char)(v | 0xf0));
		for (v = (v - 240) >> 4; v >= 128; v = (v - 128) >> 7)
			sbuf_addc(b, (char)(v | 0x80));
		sbuf_addc(b, (char)v);
	}
	sbuf_add(b, s);
}

/* Name and value of each header with their lengths; two empty strings end the list. */
bool fetch_hdrs_bin(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	const struct http_msg *m = msg_of(c, k);
	size_t cap = hdrs_size(m, 16);
	struct sbuf b = { .p = arena_bytes(c->tmp, cap), .cap = cap, .fixed = true };

	(void)it;
	for (int i = 0; i < m->nhdr; i++) {
		if (m->hdr[i].flags & HDR_DEL)
			continue;
		put_counted(&b, hdr_name(&m->hdr[i]));
		put_counted(&b, hdr_val(&m->hdr[i]));
	}
	sbuf_add(&b, str_n("\0\0", 2));
	out->type = SMP_BIN;
	out->s = sbuf_str(&b);
	return true;
}

/* Cuts one `name=value` off a Cookie header; false at its end. */
static bool cookie_cut(struct str *rest, struct str *name, struct str *val)
{
	while (rest->p) {
		struct str item = str_trim(str_split(rest, ';'));
		ptrdiff_t eq = str_chr(item, '=');

		if (eq < 0)
			continue;
		*name = str_trim(str_sub(item, 0, (size_t)eq));
		*val = str_trim(str_sub(item, (size_t)eq + 1, SIZE_MAX));
		return true;
	}
	return false;
}

/* Next cookie called `want` (any when empty): all pairs of Cookie lines, the first pair of Set-Cookie lines. */
static bool cookie_next(const struct http_msg *m, struct str want, bool response, struct smp_iter *it, struct str *val)
{
	struct str name;

	for (;;) {
		while (cookie_cut(&it->rest, &name, val)) {
			if (response)
				it->rest = STR_NULL;
			if (!want.n || str_eq(name, want))
				return true;
		}
		int i = msg_find_id(m, response ? HH_SET_COOKIE : HH_COOKIE, it->pos);

		if (i < 0)
			return false;
		it->pos = i + 1;
		it->rest = hdr_val(&m->hdr[i]);
	}
}

static bool cookie_value(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct str *val)
{
	struct str want = k->arg[0].set ? k->arg[0].s : STR_NULL, v;
	bool found = false;

	if (it->all) {
		it->more = cookie_next(msg_of(c, k), want, k->aux, it, val);
		return it->more;
	}
	while (cookie_next(msg_of(c, k), want, k->aux, it, &v))
		*val = v, found = true;
	return found;
}

bool fetch_cook(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	out->type = SMP_STR;
	return cookie_value(c, k, it, &out->s);
}

bool fetch_cook_val(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	struct str val;

	return cookie_value(c, k, it, &val) && smp_set_int(out, smp_str_to_int(val));
}

bool fetch_cook_cnt(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	struct smp_iter walk = { 0 };
	struct str val;
	int64_t n = 0;

	(void)it;
	while (cookie_next(msg_of(c, k), k->arg[0].set ? k->arg[0].s : STR_NULL, k->aux, &walk, &val))
		n++;
	return smp_set_int(out, n);
}
