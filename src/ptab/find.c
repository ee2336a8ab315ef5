// SPDX-License-Identifier: GPL-3.0-or-later
/* Looking up: the readers' side. Nothing here writes into the table or trusts what stands in it: offsets are checked, walks are bounded, so the
 * worst that a reader that was stopped for minutes can get is a wrong answer.
 *
 * Prefixes by hashing (Waldvogel et al., "Scalable High Speed IP Routing Lookups", 1997, with a filter instead of the search over lengths): the
 * filter is small enough for the cache, so that a lookup waits for memory twice, for the slot and for the record. */
#include "ptab_priv.h"

struct look {
	const struct ptab *t;
	const struct pindex *x;
	struct slots s;
	struct ptab_use use;
	struct str v;            /* text: the probe, or the part of it that a key has to equal */
	struct addr_bits net;
	int64_t i;
	unsigned len;            /* what is probed for */
	const struct rec *best;
};

static uint64_t turn_now;

void ptab_next_turn(void) { turn_now++; }

static const struct version *version_in_force(struct ptab *t)
{
	if (!turn_now || t->turn != turn_now) {
		t->pinned = atomic_load_explicit(&t->h->cur, memory_order_acquire);
		t->turn = turn_now;
	}
	return ver_of(t, t->pinned);
}

/* ---- one probe ---------------------------------------------------------------------------------------------------- */

static bool text_eq(const struct look *k, struct str a, struct str b)
{
	return k->use.icase ? str_ieq(a, b) : str_eq(a, b);
}

/* Does the probe begin with the key, as a word of its own? */
static bool word_eq(const struct look *k, struct str key)
{
	return key.n && key.n <= k->v.n && text_eq(k, key, str_n(k->v.p, key.n)) &&
	       (key.n == k->v.n || ptab_is_delim((enum ptab_how)k->use.how, k->v.p[key.n]));
}

static bool fits(const struct look *k, const struct rec *r)
{
	struct str key;

	switch ((enum ptab_how)k->use.how) {
	case PTAB_NET: {
		const struct rec_net *n = rec_net(r);
		struct addr_bits b = bits_mask(k->net, (unsigned)n->len);

		return n->len == k->len && n->hi == b.hi && n->lo == b.lo;
	}
	case PTAB_RANGE: return rec_range(r)->lo <= k->i && k->i <= rec_range(r)->hi;
	default: break;
	}
	key = rec_key(k->t, r);
	switch ((enum ptab_how)k->use.how) {
	case PTAB_PREFIX: return len_class(key.n) == k->len && key.n <= k->v.n && text_eq(k, key, str_n(k->v.p, key.n));
	case PTAB_SUFFIX: return key.n <= k->v.n && text_eq(k, key, str_n(k->v.p + k->v.n - key.n, key.n));
	case PTAB_SUB: return key.n <= k->v.n && text_eq(k, key, str_n(k->v.p, key.n));
	case PTAB_DIR:
	case PTAB_DOM: key = ptab_strip((enum ptab_how)k->use.how, key); return word_eq(k, key);
	default: return text_eq(k, key, k->v);
	}
}

/* Is r a better answer than the one so far? */
static bool better(const struct look *k, const struct rec *r)
{
	if (!k->best)
		return true;
	if (k->use.how == PTAB_PREFIX && r->klen != k->best->klen)
		return r->klen > k->best->klen;
	return r->ord < k->best->ord;
}

static bool consider(struct look *k, uint32_t ref)
{
	const struct rec *r = rec_at(k->t, ref);

	__builtin_prefetch((const char *)r + CACHE_LINE); /* the key may end there: both lines are waited for at once */
	if (!r || !at_off(k->t, ref, sizeof(*r) + rec_aux(r)) || !fits(k, r))
		return false;
	if (better(k, r))
		k->best = r;
	return true;
}

/* The first of a chain that fits is the one: but where keys of several lengths share a hash, all are looked at. */
static void probe(struct look *k, uint32_t hash, unsigned len)
{
	cells_prefetch(&k->s, hash);
	uint32_t ref = slots_get(&k->s, hash);

	k->len = len;
	if (!(ref & REF_CHAIN)) {
		if (ref)
			(void)consider(k, ref);
		return;
	}
	for (uint32_t n = 0; ref && n < CHAIN_MAX; n++) {
		const struct node *c = at_off(k->t, ref & ~REF_CHAIN, sizeof(*c));

		if (!c)
			return;
		if (consider(k, c->rec) && len != LENS - 1)
			return;
		ref = atomic_load_explicit(&c->next, memory_order_acquire);
	}
}

static bool has_len(const struct look *k, unsigned len)
{
	return atomic_load_explicit(&k->x->lens[len / 64], memory_order_relaxed) >> len % 64 & 1;
}

static unsigned longest(const struct look *k)
{
	for (unsigned i = LENS / 64; i--;) {
		uint64_t w = atomic_load_explicit(&k->x->lens[i], memory_order_relaxed);

		if (w)
			return i * 64 + 63 - (unsigned)__builtin_clzll(w);
	}
	return 0;
}

/* ---- kinds -------------------------------------------------------------------------------------------------------- */

static void find_prefix(struct look *k)
{
	uint32_t hash[LENS];
	uint16_t len[LENS];
	unsigned n = 0, max = MIN(longest(k), len_class(k->v.n));
	uint64_t h = k->t->seed;

	for (unsigned i = 0;; i++) {
		if (has_len(k, i)) {
			hash[n] = hash_end(h, i);
			len[n] = (uint16_t)i;
			n += filter_has(&k->s, hash[n]);
		}
		if (i == max)
			break;
		h += hash_term(k->t, i, k->use.icase ? ascii_lower(k->v.p[i]) : k->v.p[i]);
	}
	if (n > 1) /* the filter errs now and then: the second slot is waited for together with the first */
		__builtin_prefetch((const void *)&k->s.at[slot_home(&k->s, hash[n - 2])]);
	while (n-- && !k->best)
		probe(k, hash[n], len[n]);
}

/* All suffixes: the first listed wins. */
static void find_suffix(struct look *k)
{
	unsigned max = MIN(longest(k), len_class(k->v.n));
	uint64_t h = k->t->seed;

	for (unsigned i = 0;; i++) {
		uint32_t hash = hash_end(h, i);

		if (has_len(k, i) && filter_has(&k->s, hash))
			probe(k, hash, i);
		if (i == max)
			return;
		char c = k->v.p[k->v.n - 1 - i];

		h += hash_term(k->t, i, k->use.icase ? ascii_lower(c) : c);
	}
}

/* All substrings that begin at one place; `words`: only those that end where a word ends. */
static void find_from(struct look *k, struct str rest, unsigned max, bool words)
{
	enum ptab_how how = (enum ptab_how)k->use.how;
	uint64_t h = k->t->seed;

	max = MIN(max, len_class(rest.n));
	k->v = rest;
	for (unsigned i = 0;; i++) {
		bool end = !words || i == rest.n || ptab_is_delim(how, rest.p[i]) || i == LENS - 1;
		uint32_t hash = hash_end(h, i);

		if (end && has_len(k, i) && filter_has(&k->s, hash))
			probe(k, hash, i);
		if (i == max)
			return;
		h += hash_term(k->t, i, k->use.icase ? ascii_lower(rest.p[i]) : rest.p[i]);
	}
}

static void find_sub(struct look *k)
{
	struct str v = k->v;
	unsigned max = longest(k);

	find_from(k, v, max, false);
	for (size_t i = 1; i < v.n; i++)
		find_from(k, str_sub(v, i, SIZE_MAX), max, false);
}

static void find_words(struct look *k)
{
	enum ptab_how how = (enum ptab_how)k->use.how;
	struct str v = k->v;
	unsigned max = longest(k);

	for (size_t i = 0; i < v.n; i++)
		if (!ptab_is_delim(how, v.p[i]) && (i == 0 || ptab_is_delim(how, v.p[i - 1])))
			find_from(k, str_sub(v, i, SIZE_MAX), max, true);
}

/* Where all networks have one length, the filter could only say what the slot says as well. */
static bool one_len(const struct look *k)
{
	int n = 0;

	for (unsigned w = 0; w < 3; w++)
		n += __builtin_popcountll(atomic_load_explicit(&k->x->lens[w], memory_order_relaxed));
	return n == 1;
}

/* Lengths first + 63 .. first, as far as they occur; high: what their hashes share, when they do. */
static void find_net_lens(struct look *k, unsigned first, const uint64_t *high, bool sure)
{
	uint64_t left = atomic_load_explicit(&k->x->lens[first / 64], memory_order_relaxed);

	while (left && !k->best) {
		unsigned len = first + 63 - (unsigned)__builtin_clzll(left);
		struct addr_bits net = bits_mask(k->net, len);
		uint32_t hash = hash_net_low(k->t, high ? *high : hash_net_high(k->t, net.hi), net.lo, len);

		left &= ~(1ull << len % 64);
		if (sure || filter_has(&k->s, hash))
			probe(k, hash, len);
	}
}

static void find_net(struct look *k)
{
	const uint64_t high = hash_net_high(k->t, k->net.hi);
	bool sure = one_len(k);

	find_net_lens(k, 128, &high, sure);
	find_net_lens(k, 64, &high, sure);
	find_net_lens(k, 0, NULL, sure);
}

static void find_range(struct look *k)
{
	for (unsigned size = 0; size <= 64; size++) {
		uint32_t hash;

		if (!has_len(k, size))
			continue;
		hash = hash_block(k->t, range_word(k->i), size);
		if (filter_has(&k->s, hash))
			probe(k, hash, size);
	}
}

static void find(struct look *k)
{
	switch ((enum ptab_how)k->use.how) {
	case PTAB_EXACT: probe(k, hash_text(k->t, k->v, k->use.icase), 0); return;
	case PTAB_PREFIX: find_prefix(k); return;
	case PTAB_SUFFIX: find_suffix(k); return;
	case PTAB_SUB: find_sub(k); return;
	case PTAB_DIR:
	case PTAB_DOM: find_words(k); return;
	case PTAB_NET: find_net(k); return;
	case PTAB_RANGE: find_range(k); return;
	case PTAB_SCAN: return;
	}
}

/* ---- results ------------------------------------------------------------------------------------------------------ */

struct str rec_val(const struct ptab *t, const struct rec *r)
{
	uint64_t w = atomic_load_explicit(&r->val, memory_order_acquire), n = w & 0xffffff;

	return (w >> 24) + n <= t->size ? str_n((const char *)t->base + (w >> 24), n) : STR_NULL;
}

bool ptab_entry(const struct ptab *t, uint32_t ref, struct ptab_entry *out)
{
	const struct rec *r = rec_at(t, ref);

	if (!r)
		return false;
	*out = (struct ptab_entry){ rec_key(t, r), rec_val(t, r), r->ord, ref };
	return true;
}

/* The same as below for equal text, which is what most files are asked for. */
static bool find_equal(const struct ptab *t, const struct version *v, struct str text, struct ptab_entry *out)
{
	struct slots s;

	if (!index_slots(t, &v->ix[TEXT_INDEX], &s))
		return false;
	uint32_t hash = hash_text(t, text, false);

	cells_prefetch(&s, hash);
	for (uint32_t ref = slots_get(&s, hash), n = 0; ref && n < CHAIN_MAX; n++) {
		const struct node *c = ref & REF_CHAIN ? at_off(t, ref & ~REF_CHAIN, sizeof(*c)) : NULL;
		uint32_t at = c ? c->rec : ref;
		const struct rec *r = rec_at(t, at);

		__builtin_prefetch((const char *)r + CACHE_LINE);
		if (r && str_eq(rec_key(t, r), text))
			return ptab_entry(t, at, out);
		ref = c ? atomic_load_explicit(&c->next, memory_order_acquire) : 0;
		ref = ref ? ref | REF_CHAIN : 0;
	}
	return false;
}

bool ptab_find(struct ptab *t, unsigned use, const struct ptab_probe *p, struct ptab_entry *out)
{
	const struct version *v = version_in_force(t);
	struct ptab_use how = t->use[use % PTAB_USES];

	if (how.how == PTAB_EXACT && !how.icase)
		return find_equal(t, v, p->text, out);
	struct look k = { .t = t, .v = p->text, .i = p->i, .use = how, .x = &v->ix[use % PTAB_USES] };

	if (!index_slots(t, k.x, &k.s) || (k.use.how == PTAB_NET && !bits_of(p->ip, &k.net)))
		return false;
	find(&k);
	return k.best && ptab_entry(t, off_of(t, k.best), out);
}

uint64_t ptab_stamp(struct ptab *t)
{
	const struct version *v = version_in_force(t);

	return v->serial << 32 ^ atomic_load_explicit(&v->changes, memory_order_acquire);
}

uint32_t ptab_first(struct ptab *t)
{
	return t->foreign ? portal_first(t) : atomic_load_explicit(&version_in_force(t)->first, memory_order_acquire);
}

uint32_t ptab_next(const struct ptab *t, uint32_t ref)
{
	const struct rec *r = rec_at(t, ref);

	return r ? atomic_load_explicit(&r->next, memory_order_acquire) : 0;
}

uint32_t ptab_count(struct ptab *t)
{
	uint32_t n = 0;

	if (!t->foreign)
		return version_in_force(t)->n;
	for (uint32_t at = ptab_first(t); at && n < CHAIN_MAX; at = ptab_next(t, at))
		n++;
	return n;
}

bool ptab_is_delim(enum ptab_how how, char c) { return c == '/' || c == '?' || (how == PTAB_DOM && (c == '.' || c == ':')); }

struct str ptab_strip(enum ptab_how how, struct str s)
{
	while (s.n && ptab_is_delim(how, s.p[0]))
		s.p++, s.n--;
	while (s.n && ptab_is_delim(how, s.p[s.n - 1]))
		s.n--;
	return s;
}
