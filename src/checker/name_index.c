// SPDX-License-Identifier: GPL-3.0-or-later
/* Chains of entries in buckets that double when there is one entry for each. Without memory to grow, chains get longer and nothing
 * else happens. */
#include <stdlib.h>
#include <sluice/base/hash.h>
#include "name_index.h"

#define FIRST_BUCKETS 16u

static uint32_t hash_of(uint32_t resolvers, struct str host)
{
	char low[256];
	size_t n = MIN(host.n, sizeof(low));

	for (size_t i = 0; i < n; i++)
		low[i] = ascii_lower(host.p[i]);
	return hash_xxh32(str_n(low, n), resolvers);
}

static struct name_entry **bucket_of(const struct name_index *ix, uint32_t resolvers, struct str host)
{
	return &ix->bucket[hash_of(resolvers, host) & (ix->nbuckets - 1)];
}

static bool grow(struct name_index *ix)
{
	struct name_index to = { .nbuckets = ix->nbuckets ? 2 * ix->nbuckets : FIRST_BUCKETS, .n = ix->n };

	to.bucket = calloc(to.nbuckets, sizeof(struct name_entry *));
	if (!to.bucket)
		return ix->nbuckets > 0;
	for (uint32_t i = 0; i < ix->nbuckets; i++)
		for (struct name_entry *e = ix->bucket[i], *next; e; e = next) {
			struct name_entry **at = bucket_of(&to, e->resolvers, e->host);

			next = e->next;
			e->next = *at;
			*at = e;
		}
	free(ix->bucket);
	*ix = to;
	return true;
}

struct name_entry *name_index_find(const struct name_index *ix, uint32_t resolvers, struct str host)
{
	struct name_entry *e = ix->nbuckets ? *bucket_of(ix, resolvers, host) : NULL;

	while (e && (e->resolvers != resolvers || !str_ieq(e->host, host)))
		e = e->next;
	return e;
}

bool name_index_put(struct name_index *ix, struct name_entry *e)
{
	if (ix->n >= ix->nbuckets && !grow(ix))
		return false;
	struct name_entry **at = bucket_of(ix, e->resolvers, e->host);

	e->next = *at;
	*at = e;
	ix->n++;
	return true;
}

void name_index_del(struct name_index *ix, struct name_entry *e)
{
	struct name_entry **at = bucket_of(ix, e->resolvers, e->host);

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	ix->n--;
}

void name_index_free(struct name_index *ix)
{
	free(ix->bucket);
	*ix = (struct name_index){ 0 };
}
