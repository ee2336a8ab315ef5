// SPDX-License-Identifier: GPL-3.0-or-later
/* Radix trie over bytes, edges compressed. Children hang in a list sorted by nothing: nodes have few, the root has a
 * table. */
#include <sluice/base/radix.h>

struct rnode {
	struct str edge;      /* bytes between the parent and here, in walking order */
	void *val;
	struct rnode *child, *sibling;
	struct rnode **table; /* 256 children by first byte, once there are many */
	uint16_t nchild;
};

struct radix {
	struct arena *arena;
	struct rnode root;
	bool backward, icase;
};

#define TABLE_FROM 8

struct radix *radix_new(struct arena *a, enum radix_dir dir, bool icase)
{
	struct radix *r = ARENA_NEW(a, struct radix);
	r->arena = a;
	r->backward = dir == RADIX_BACKWARD;
	r->icase = icase;
	return r;
}

/* Byte i of a probe, in walking order. */
static inline unsigned char at(const struct radix *r, struct str s, size_t i)
{
	char c = r->backward ? s.p[s.n - 1 - i] : s.p[i];
	return (unsigned char)(r->icase ? ascii_lower(c) : c);
}

static struct rnode *child_find(const struct rnode *n, unsigned char c)
{
	if (n->table)
		return n->table[c];
	for (struct rnode *k = n->child; k; k = k->sibling)
		if ((unsigned char)k->edge.p[0] == c)
			return k;
	return NULL;
}

static void child_add(struct radix *r, struct rnode *n, struct rnode *k)
{
	k->sibling = n->child;
	n->child = k;
	n->nchild++;
	if (n->table) {
		n->table[(unsigned char)k->edge.p[0]] = k;
	} else if (n->nchild >= TABLE_FROM) {
		n->table = ARENA_NEWN(r->arena, struct rnode *, 256);
		for (struct rnode *c = n->child; c; c = c->sibling)
			n->table[(unsigned char)c->edge.p[0]] = c;
	}
}

/* The key as it is walked: reversed and lower-cased as the trie asks. */
static struct str walked(struct radix *r, struct str key)
{
	char *p = arena_bytes(r->arena, key.n + 1);
	for (size_t i = 0; i < key.n; i++)
		p[i] = (char)at(r, key, i);
	return str_n(p, key.n);
}

/* Cuts the edge of n after `keep` bytes; n becomes the upper half. */
static void node_split(struct radix *r, struct rnode *n, size_t keep)
{
	struct rnode *low = ARENA_NEW(r->arena, struct rnode);
	low->edge = str_sub(n->edge, keep, n->edge.n);
	low->val = n->val;
	low->child = n->child;
	low->table = n->table;
	low->nchild = n->nchild;
	n->edge = str_sub(n->edge, 0, keep);
	n->val = NULL;
	n->child = NULL;
	n->table = NULL;
	n->nchild = 0;
	child_add(r, n, low);
}

static size_t common(struct str a, struct str b)
{
	size_t i = 0;
	while (i < a.n && i < b.n && a.p[i] == b.p[i])
		i++;
	return i;
}

void **radix_at(struct radix *r, struct str key)
{
	struct str k = walked(r, key);
	struct rnode *n = &r->root;
	while (k.n) {
		struct rnode *c = child_find(n, (unsigned char)k.p[0]);
		if (!c) {
			c = ARENA_NEW(r->arena, struct rnode);
			c->edge = k;
			child_add(r, n, c);
			return &c->val;
		}
		size_t same = common(c->edge, k);
		if (same < c->edge.n)
			node_split(r, c, same);
		k = str_sub(k, same, k.n);
		n = c;
	}
	return &n->val;
}

static bool edge_matches(const struct radix *r, struct str probe, size_t from, struct str edge)
{
	if (probe.n - from < edge.n)
		return false;
	for (size_t i = 0; i < edge.n; i++)
		if (at(r, probe, from + i) != (unsigned char)edge.p[i])
			return false;
	return true;
}

void radix_walk(const struct radix *r, struct str probe, radix_visit_fn *fn, void *ctx)
{
	const struct rnode *n = &r->root;
	size_t i = 0;
	for (;;) {
		if (n->val && !fn(ctx, n->val))
			return;
		if (i == probe.n)
			return;
		n = child_find(n, at(r, probe, i));
		if (!n || !edge_matches(r, probe, i, n->edge))
			return;
		i += n->edge.n;
	}
}

static bool keep_last(void *ctx, void *val)
{
	*(void **)ctx = val;
	return true;
}

void *radix_longest(const struct radix *r, struct str probe)
{
	void *last = NULL;
	radix_walk(r, probe, keep_last, &last);
	return last;
}
