// SPDX-License-Identifier: GPL-3.0-or-later
/* Binary trie over address bits; IPv4 lives under ::ffff:0:0/96. Runs of single-child nodes are compressed. */
#include <endian.h>
#include <sluice/base/radix.h>

struct cnode {
	struct in6_addr net; /* prefix, bits beyond `len` are zero */
	uint8_t len;         /* bits */
	void *val;
	struct cnode *kid[2];
};

struct cidr_trie {
	struct arena *arena;
	struct cnode *root;
};

struct cidr_trie *cidr_new(struct arena *a)
{
	struct cidr_trie *t = ARENA_NEW(a, struct cidr_trie);
	t->arena = a;
	return t;
}

static bool bits_of(const struct addr *a, struct in6_addr *out)
{
	if (a->family == AF_INET6) {
		*out = a->in6;
	} else if (a->family == AF_INET) {
		*out = (struct in6_addr){ .s6_addr = { [10] = 0xff, [11] = 0xff } };
		memcpy(&out->s6_addr[12], &a->in4, 4);
	} else {
		return false;
	}
	return true;
}

static unsigned bit(const struct in6_addr *a, unsigned i) { return a->s6_addr[i >> 3] >> (7 - (i & 7)) & 1u; }

/* Number of equal leading bits, at most max. */
static unsigned same_bits(const struct in6_addr *a, const struct in6_addr *b, unsigned max)
{
	uint64_t x[2], y[2];
	memcpy(x, a, 16);
	memcpy(y, b, 16);
	uint64_t hi = be64toh(x[0] ^ y[0]), lo = be64toh(x[1] ^ y[1]);
	unsigned same = hi ? (unsigned)__builtin_clzll(hi) : lo ? 64 + (unsigned)__builtin_clzll(lo) : 128;
	return MIN(same, max);
}

static struct cnode *node_new(struct cidr_trie *t, const struct in6_addr *net, unsigned len)
{
	struct cnode *n = ARENA_NEW(t->arena, struct cnode);
	for (unsigned i = 0; i < len; i++)
		if (bit(net, i))
			n->net.s6_addr[i >> 3] |= (uint8_t)(0x80u >> (i & 7));
	n->len = (uint8_t)len;
	return n;
}

void **cidr_at(struct cidr_trie *t, const struct addr *net, unsigned prefix_len)
{
	struct in6_addr b;
	struct cnode **at = &t->root;
	ASSERT(bits_of(net, &b));
	unsigned len = net->family == AF_INET ? prefix_len + 96 : prefix_len;
	ASSERT(len <= 128);
	for (;;) {
		struct cnode *n = *at;
		if (!n) {
			*at = node_new(t, &b, len);
			return &(*at)->val;
		}
		unsigned same = same_bits(&n->net, &b, MIN(n->len, len));
		if (same < n->len) { /* branch off above n */
			struct cnode *up = node_new(t, &b, same);
			up->kid[bit(&n->net, same)] = n;
			*at = up;
			n = up;
		}
		if (n->len == len)
			return &n->val;
		at = &n->kid[bit(&b, n->len)];
	}
}

void cidr_walk(const struct cidr_trie *t, const struct addr *ip, radix_visit_fn *fn, void *ctx)
{
	struct in6_addr b;
	if (!bits_of(ip, &b))
		return;
	for (const struct cnode *n = t->root; n; n = n->kid[bit(&b, n->len)]) {
		if (same_bits(&n->net, &b, n->len) < n->len)
			return;
		if (n->val && !fn(ctx, n->val))
			return;
		if (n->len == 128)
			return;
	}
}

static bool keep_last(void *ctx, void *val)
{
	*(void **)ctx = val;
	return true;
}

void *cidr_longest(const struct cidr_trie *t, const struct addr *ip)
{
	void *last = NULL;
	cidr_walk(t, ip, keep_last, &last);
	return last;
}
