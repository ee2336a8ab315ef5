// SPDX-License-Identifier: GPL-3.0-or-later
/* A session may lie in one of four slots that follow from its id; the oldest gives way. A slot has one word that is odd while
 * somebody writes: a reader who sees it odd, or another one afterwards, has found nothing. A writer who meets an odd word goes
 * elsewhere, and takes it over when it has been odd for seconds, because its owner has died. Whatever is read is checked for
 * its length and its hash before OpenSSL sees it. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>

#include <sluice/base/clock.h>
#include <sluice/base/hash.h>
#include <sluice/tls/cache.h>
#include "tls_priv.h"

#define WAYS    4u
#define STUCK_S 3u
#define ID_MAX  SSL_MAX_SSL_SESSION_ID_LENGTH

struct slot {
	_Atomic uint32_t seq;          /* odd: being written */
	uint32_t when;                 /* s of the monotonic clock: written; 0 = never */
	uint32_t n;                    /* bytes of der, 0 = free */
	uint32_t id_n;
	uint64_t hash;                 /* of id and der */
	char id[ID_MAX];
	char der[TLS_CACHE_DER_MAX];
	char pad[8];
};
_Static_assert(sizeof(struct slot) == 2048, "two slots to a page");

static struct { struct slot *at; uint32_t sets; size_t bytes; uint64_t lookups, misses; } cache;

static uint32_t sets_of(uint32_t sessions) { return MAX((sessions + WAYS - 1) / WAYS, 1u); }
static size_t bytes_of(uint32_t sessions) { return (size_t)sets_of(sessions) * WAYS * sizeof(struct slot); }
static uint32_t now_s(void) { return (uint32_t)(clock_read_ns() / 1000000000u) + 1; }

int tls_cache_create(uint32_t sessions)
{
	int fd = memfd_create("tls-sessions", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 &&
	    (ftruncate(fd, (off_t)bytes_of(sessions)) != 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

bool tls_cache_use(int fd, uint32_t sessions)
{
	size_t bytes = bytes_of(sessions);
	struct stat st;
	void *p;

	if (fstat(fd, &st) != 0 || (size_t)st.st_size != bytes)
		return false;
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return false;
	tls_cache_drop();
	cache.at = p;
	cache.sets = sets_of(sessions);
	cache.bytes = bytes;
	return true;
}

void tls_cache_drop(void)
{
	if (cache.at)
		munmap(cache.at, cache.bytes);
	cache.at = NULL;
}

bool tls_cache_on(void) { return cache.at != NULL; }

void tls_cache_counts(uint64_t *lookups, uint64_t *misses)
{
	*lookups = cache.lookups;
	*misses = cache.misses;
}

static struct slot *set_of(struct str id) { return &cache.at[hash_xxh3(id, 0) % cache.sets * WAYS]; }
static bool slot_has(const struct slot *s, struct str id) { return s->id_n == id.n && memcmp(s->id, id.p, id.n) == 0; }
static uint64_t sum(struct str id, const char *der, size_t n) { return hash_xxh3(str_n(der, n), hash_xxh3(id, 1)); }

/* ---- writing ------------------------------------------------------------------------------------------------------ */

static bool slot_lock(struct slot *s, uint32_t *seq)
{
	uint32_t age = now_s() - s->when;

	*seq = atomic_load_explicit(&s->seq, memory_order_relaxed);
	if (*seq & 1 && (age < STUCK_S || age > INT32_MAX))
		return false;
	return atomic_compare_exchange_strong_explicit(&s->seq, seq, (*seq + 1) | 1, memory_order_acquire, memory_order_relaxed);
}

static void slot_write(struct slot *s, uint32_t seq, struct str id, struct str der)
{
	atomic_thread_fence(memory_order_release);
	s->when = now_s();
	s->n = 0;
	s->id_n = (uint32_t)id.n;
	memcpy(s->id, id.p, id.n);
	if (der.n)
		memcpy(s->der, der.p, der.n);
	s->hash = sum(id, der.p ? der.p : "", der.n);
	s->n = (uint32_t)der.n;
	atomic_store_explicit(&s->seq, ((seq + 1) | 1) + 1, memory_order_release);
}

/* The one that has it, else the emptiest, else the oldest. */
static struct slot *victim(struct slot *set, struct str id)
{
	struct slot *best = NULL;

	for (unsigned i = 0; i < WAYS; i++) {
		struct slot *s = &set[i];
		if (slot_has(s, id))
			return s;
		if (!best || (best->n && (!s->n || (int32_t)(s->when - best->when) < 0)))
			best = s;
	}
	return best;
}

void tls_cache_put(struct str id, struct str der)
{
	struct slot *s;
	uint32_t seq;

	if (!cache.at || !id.n || id.n > ID_MAX || !der.n || der.n > TLS_CACHE_DER_MAX)
		return;
	s = victim(set_of(id), id);
	if (slot_lock(s, &seq))
		slot_write(s, seq, id, der);
}

void tls_cache_remove(struct str id)
{
	struct slot *set = cache.at ? set_of(id) : NULL;
	uint32_t seq;

	for (unsigned i = 0; set && i < WAYS; i++)
		if (slot_has(&set[i], id) && slot_lock(&set[i], &seq))
			slot_write(&set[i], seq, id, STR_NULL);
}

/* ---- reading ------------------------------------------------------------------------------------------------------ */

static size_t slot_read(struct slot *s, struct str id, char *buf)
{
	uint32_t seq = atomic_load_explicit(&s->seq, memory_order_acquire), n;
	uint64_t hash;

	if (seq & 1 || !slot_has(s, id))
		return 0;
	n = s->n;
	hash = s->hash;
	if (!n || n > TLS_CACHE_DER_MAX)
		return 0;
	memcpy(buf, s->der, n);
	atomic_thread_fence(memory_order_acquire);
	if (atomic_load_explicit(&s->seq, memory_order_relaxed) != seq || sum(id, buf, n) != hash)
		return 0;
	return n;
}

size_t tls_cache_get(struct str id, char buf[TLS_CACHE_DER_MAX])
{
	struct slot *set = cache.at && id.n && id.n <= ID_MAX ? set_of(id) : NULL;
	size_t n = 0;

	for (unsigned i = 0; set && i < WAYS && !n; i++)
		n = slot_read(&set[i], id, buf);
	return n;
}

/* ---- OpenSSL ------------------------------------------------------------------------------------------------------ */

static struct str id_of(const SSL_SESSION *x)
{
	unsigned n;
	const unsigned char *p = SSL_SESSION_get_id(x, &n);

	return str_n((const char *)p, n);
}

/* In TLS 1.3 it is called for every ticket, and most carry the session itself: what is left to keep are those that are but its id. */
static int on_new(SSL *ssl, SSL_SESSION *x)
{
	unsigned char der[TLS_CACHE_DER_MAX], *p = der;
	int n;

	tls_of(ssl)->ticketed = true;
	if (SSL_version(ssl) == TLS1_3_VERSION && !(SSL_get_options(ssl) & SSL_OP_NO_TICKET))
		return 0;
	n = i2d_SSL_SESSION(x, NULL);
	if (n > 0 && n <= (int)sizeof(der) && i2d_SSL_SESSION(x, &p) == n)
		tls_cache_put(id_of(x), str_n((const char *)der, (size_t)n));
	OPENSSL_cleanse(der, sizeof(der));
	return 0;
}

static SSL_SESSION *on_get(SSL *ssl, const unsigned char *id, int n, int *copy)
{
	char der[TLS_CACHE_DER_MAX];
	const unsigned char *p = (const unsigned char *)der;
	size_t got = n > 0 ? tls_cache_get(str_n((const char *)id, (size_t)n), der) : 0;
	SSL_SESSION *x = got ? d2i_SSL_SESSION(NULL, &p, (long)got) : NULL;

	(void)ssl;
	*copy = 0;
	OPENSSL_cleanse(der, sizeof(der));
	cache.lookups++;
	cache.misses += !x;
	if (got && !x)
		ERR_clear_error();
	return x;
}

static void on_remove(SSL_CTX *ctx, SSL_SESSION *x)
{
	(void)ctx;
	tls_cache_remove(id_of(x));
}

void tls_cache_hook(SSL_CTX *ctx)
{
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL | SSL_SESS_CACHE_NO_AUTO_CLEAR);
	SSL_CTX_sess_set_new_cb(ctx, on_new);
	SSL_CTX_sess_set_get_cb(ctx, on_get);
	SSL_CTX_sess_set_remove_cb(ctx, on_remove);
}
