// SPDX-License-Identifier: GPL-3.0-or-later
/* Keys for hashing: which bytes of a request count, and their hash, to HAProxy's rules, so that a migrated configuration keeps its
 * distribution (manual: balance, hash-type). */
#include <sluice/base/hash.h>
#include "lb_priv.h"

static uint32_t finish(const struct rt_backend *be, uint32_t h)
{
	return be->hash_avalanche ? hash_avalanche(h) : h;
}

static uint32_t hash_bytes(const struct rt_backend *be, struct str key)
{
	switch (be->hash_fn) {
	case HASH_DJB2: return hash_djb2(key);
	case HASH_WT6: return hash_wt6(key);
	case HASH_CRC32: return hash_crc32(key);
	case HASH_XXH3: return (uint32_t)hash_xxh3(key, 0);
	default: return hash_sdbm(key);
	}
}

uint32_t lb_key_hash(const struct rt_backend *be, struct str key)
{
	return finish(be, hash_bytes(be, key));
}

uint32_t lb_key_source(const struct rt_backend *be, const struct addr *a)
{
	unsigned char b[16] = { 0 };
	size_t n = 0;
	uint32_t h = 0;

	if (a->family == AF_INET)
		memcpy(b, &a->in4, n = 4);
	else if (a->family == AF_INET6)
		memcpy(b, &a->in6, n = 16);
	for (size_t i = 0; i < n; i += 4)
		h ^= (uint32_t)b[i] << 24 | (uint32_t)b[i + 1] << 16 | (uint32_t)b[i + 2] << 8 | b[i + 3];
	return finish(be, h);
}

static struct str without_authority(struct str uri)
{
	ptrdiff_t at = str_find(uri, STR("://"), false), slash;

	if (at < 0 || (uri.n && uri.p[0] == '/'))
		return uri;
	uri = str_sub(uri, (size_t)at + 3, uri.n);
	slash = str_chr(uri, '/');
	return slash < 0 ? STR("/") : str_sub(uri, (size_t)slash, uri.n);
}

struct str lb_key_uri(const struct rt_backend *be, struct str uri)
{
	uint32_t slashes = 0;
	size_t i;

	if (be->uri_path_only)
		uri = without_authority(uri);
	if (be->uri_len && uri.n > be->uri_len)
		uri.n = be->uri_len;
	for (i = 0; i < uri.n; i++) {
		if (uri.p[i] == '/' && be->uri_depth && ++slashes == be->uri_depth + 1)
			break;
		if (uri.p[i] == '?' && !be->uri_whole)
			break;
	}
	uri.n = i;
	return uri;
}

struct str lb_key_domain(struct str host)
{
	size_t end = host.n, from;

	while (end > 0 && host.p[end - 1] != '.')
		end--;
	if (end == 0)
		return host;
	for (from = --end; from > 0 && host.p[from - 1] != '.';)
		from--;
	return str_n(host.p + from, end - from);
}
