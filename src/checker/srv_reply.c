// SPDX-License-Identifier: GPL-3.0-or-later
/* The bytes of an answer. Compression pointers (RFC 1035, 4.1.4) only ever lead backwards here: the place where a part of a name begins
 * is lower with each one, so no name can be endless. Targets are found again by a hash of their text, or a hostile answer of thousands
 * would be slow. */
#include <arpa/inet.h>
#include <sluice/base/hmap.h>
#include "srv_reply.h"

#define NAME_TEXT_MAX 254       /* of a name as text */
#define HEAD 12                 /* bytes */
#define LABEL_MAX 63u
#define POINTER 0xc0u

struct reader { const unsigned char *p; size_t n, at; };
struct name { char text[NAME_TEXT_MAX]; size_t n; bool odd; /* not of a host: nothing to put into a log line or a state file */ };
struct rr { struct name owner; uint16_t type, class; size_t data, len; };

struct build { struct arena *a; struct hmap targets, records; struct srv_reply *out; size_t cap; bool listed; };

static uint16_t u16_at(const struct reader *r, size_t at) { return (uint16_t)(r->p[at] << 8 | r->p[at + 1]); }

/* ---- names ---- */

static bool add_label(struct name *out, const unsigned char *p, size_t n)
{
	if (out->n + n + 1 > sizeof(out->text))
		return false;
	if (out->n)
		out->text[out->n++] = '.';
	for (size_t i = 0; i < n; i++) {
		char c = ascii_lower((char)p[i]);

		out->odd |= !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_');
		out->text[out->n++] = c;
	}
	return true;
}

/* The name at `at`; *end: what stands behind it. The root is a name without text. */
static bool read_name(const struct reader *r, size_t at, struct name *out, size_t *end)
{
	size_t limit = at; /* a pointer leads to somewhere before this */
	bool jumped = false;

	for (*out = (struct name){ .n = 0 };;) {
		if (at >= r->n)
			return false;
		size_t n = r->p[at];
		if (n >= POINTER) {
			if (at + 2 > r->n)
				return false;
			size_t to = u16_at(r, at) & 0x3fffu;
			if (!jumped)
				*end = at + 2;
			if (to >= limit)
				return false;
			jumped = true;
			at = limit = to;
			continue;
		}
		if (!n) {
			if (!jumped)
				*end = at + 1;
			return true;
		}
		if (n > LABEL_MAX || at + 1 + n > r->n || !add_label(out, r->p + at + 1, n))
			return false;
		at += 1 + n;
	}
}

/* Behind a name, whatever it says. */
static bool skip_name(struct reader *r)
{
	while (r->at < r->n && r->p[r->at] && r->p[r->at] <= LABEL_MAX)
		r->at += 1u + r->p[r->at];
	if (r->at >= r->n || (r->p[r->at] && r->p[r->at] < POINTER))
		return false;
	r->at += r->p[r->at] ? 2 : 1;
	return r->at <= r->n;
}

/* ---- records ---- */

static bool skip_questions(struct reader *r, unsigned n)
{
	for (; n; n--) {
		if (!skip_name(r) || r->n - r->at < 4)
			return false;
		r->at += 4;
	}
	return true;
}

/* The next record, without its owner: that is at *owner. */
static bool next_rr(struct reader *r, struct rr *rr, size_t *owner)
{
	*owner = r->at;
	if (!skip_name(r) || r->n - r->at < 10)
		return false;
	rr->type = u16_at(r, r->at);
	rr->class = u16_at(r, r->at + 2);
	rr->len = u16_at(r, r->at + 8);
	rr->data = r->at + 10;
	if (r->n - rr->data < rr->len)
		return false;
	r->at = rr->data + rr->len;
	return true;
}

static struct srv_target *target_of(struct build *b, const struct name *n)
{
	struct srv_target *t = hmap_get(&b->targets, str_n(n->text, n->n));

	if (t)
		return t;
	t = ARENA_NEW(b->a, struct srv_target);
	t->name = arena_str(b->a, str_n(n->text, n->n));
	hmap_put(&b->targets, t->name, t);
	return t;
}

/* Is this the first record with this target and port? */
static bool is_new(struct build *b, const struct srv_target *t, uint16_t port)
{
	struct str key = arena_printf(b->a, STR_FMT ":%u", STR_ARG(t->name), port);

	return !hmap_put(&b->records, key, b->out);
}

static bool take_record(struct build *b, const struct reader *r, const struct rr *rr)
{
	struct name target;
	size_t end;

	if (rr->len < 7 || !read_name(r, rr->data + 6, &target, &end) || end != rr->data + rr->len)
		return false;
	b->listed = true;
	if (!target.n || target.odd || b->out->n == b->cap) /* ".": not offered here */
		return true;
	const struct srv_target *t = target_of(b, &target);
	uint16_t port = u16_at(r, rr->data + 4);
	if (is_new(b, t, port))
		b->out->at[b->out->n++] = (struct srv_record){ t, u16_at(r, rr->data), u16_at(r, rr->data + 2), port };
	return true;
}

static void take_address(struct build *b, const struct reader *r, const struct rr *rr, size_t owner)
{
	bool v4 = rr->type == DNS_TYPE_A && rr->len == 4, v6 = rr->type == DNS_TYPE_AAAA && rr->len == 16;
	struct name n;
	size_t end;

	if ((!v4 && !v6) || !read_name(r, owner, &n, &end))
		return;
	struct srv_target *t = hmap_get(&b->targets, str_n(n.text, n.n));
	if (!t || t->nknown == SRV_ADDRESSES_MAX)
		return;
	struct srv_address *k = ARENA_NEW(b->a, struct srv_address);
	k->addr.family = v4 ? AF_INET : AF_INET6;
	memcpy(v4 ? (void *)&k->addr.in4 : (void *)&k->addr.in6, r->p + rr->data, rr->len);
	struct srv_address **at = &t->known;
	while (*at)
		at = &(*at)->next;
	*at = k;
	t->nknown++;
}

bool srv_reply_parse(struct str msg, struct arena *a, struct srv_reply *out)
{
	struct reader r = { .p = (const unsigned char *)msg.p, .n = msg.n, .at = HEAD };
	struct build b = { .a = a, .out = out };
	struct rr rr;
	size_t owner;

	*out = (struct srv_reply){ 0 };
	if (r.n < HEAD || r.n > UINT16_MAX || !skip_questions(&r, u16_at(&r, 4)))
		return false;
	unsigned answers = u16_at(&r, 6), others = u16_at(&r, 8), more = u16_at(&r, 10);
	hmap_init(&b.targets, a);
	hmap_init(&b.records, a);
	b.cap = MIN(answers, SRV_RECORDS_MAX);
	out->at = ARENA_NEWN(a, struct srv_record, b.cap);
	for (; answers; answers--)
		if (!next_rr(&r, &rr, &owner) || (rr.type == DNS_TYPE_SRV && rr.class == DNS_CLASS_IN && !take_record(&b, &r, &rr)))
			return false;
	for (; others; others--)
		if (!next_rr(&r, &rr, &owner))
			return false;
	for (; more; more--) {
		if (!next_rr(&r, &rr, &owner))
			return false;
		if (rr.class == DNS_CLASS_IN)
			take_address(&b, &r, &rr, owner);
	}
	return b.listed;
}
