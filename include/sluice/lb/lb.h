// SPDX-License-Identifier: GPL-3.0-or-later
/* Choosing a server. Algorithms choose; lb.c judges: health, backup set, weights, tries. One set for L4 and L7.
 *
 * A worker keeps per backend a `struct lb` derived from shared state (the usable servers and what the algorithm built over them) and rebuilds it
 * when the epochs of the segment move. Load is always read from the shared rows. */
#ifndef SLUICE_LB_LB_H
#define SLUICE_LB_LB_H

#include <sluice/base/addr.h>
#include <sluice/ipc/segment.h>

struct rt_backend;

#define LB_WEIGHT_SCALE 16    /* so that a weight of 1 can rise in steps during slow start */

struct lb_cand {             /* one usable server */
	uint32_t srv;            /* index in the configuration's server array and in the segment */
	uint32_t weight;         /* effective: LB_WEIGHT_SCALE x user weight x slow start, > 0 */
	uint32_t key;            /* stable identity for hashing: server id or hash of the name, as hash-key asks */
	const _Atomic uint32_t *row; /* its live row: requests in flight per worker */
};

struct lb {
	const struct rt_backend *be;
	const struct lb_algo *algo;
	const struct segment *seg;
	unsigned worker;         /* our column */
	uint32_t be_idx;
	struct lb_cand *cand;    /* usable servers, in configuration order */
	uint32_t n, cap;
	uint64_t total_weight;
	uint32_t max_weight, gcd_weight;
	bool on_backup;          /* cand are backup servers */
	uint64_t epoch;          /* of the segment this was derived from */
	void *state;             /* the algorithm's own, malloc'd by build, freed by drop */
};

/* Servers that chance has drawn, and the costs by which one of them was taken: the lower, the first of equal ones. */
enum { LB_DRAWN = 8 };
struct lb_drawn { unsigned n; struct { uint32_t srv; double cost; } at[LB_DRAWN]; };

/* What a pick may depend on. */
struct lb_req {
	uint32_t hash;           /* of the key, when the algorithm hashes */
	bool has_key;            /* false: no key in this request, fall back to round robin as HAProxy does */
	const uint32_t *avoid;   /* servers already tried for this request */
	unsigned navoid;
	struct lb_drawn *drawn;  /* the first draws are written down there; NULL = nobody wants to know */
};

/* How a request ended, for algorithms that learn. */
struct lb_done {
	uint32_t srv;
	uint32_t rtt_us;         /* request sent to response head; 0 = unknown */
	bool failed;             /* connect error, 5xx, timeout */
};

struct lb_algo {
	const char *name;
	bool by_key;                                            /* needs lb_req.hash */
	/* Prepares over lb->cand[0..n). false = no memory. */
	bool (*build)(struct lb *lb);
	/* Index into lb->cand, or -1 when all candidates are in avoid. n >= 1. */
	int (*pick)(struct lb *lb, const struct lb_req *r);
	void (*done)(struct lb *lb, const struct lb_done *d);   /* NULL = does not learn */
	void (*drop)(struct lb *lb);                            /* frees lb->state */
};

#define LB_ALGO(id, word, sym, help) extern const struct lb_algo sym;
#include <sluice/tbl/lb_algos.def>
#undef LB_ALGO
const struct lb_algo *lb_algo_find(struct str name);

/* One `struct lb` for each backend of this worker. */
bool lb_init(struct lb *lb, const struct rt_backend *be, uint32_t be_idx, const struct segment *seg, unsigned worker) MUST_CHECK;
void lb_free(struct lb *lb);
/* The server to use (index in the configuration), or -1: none usable. Servers at their maxconn are still returned: the queue decides. */
int lb_pick(struct lb *lb, const struct lb_req *r);
void lb_done(struct lb *lb, const struct lb_done *d);
/* How many servers the next pick would choose among. */
unsigned lb_usable(struct lb *lb);
/* May this server take a request that is pinned to it (persistence, use-server)? Honours drain and NOLB. */
bool lb_words_usable(const struct segment *seg, uint32_t srv, bool persistent); /* as above, of any server, by its words alone */
bool lb_srv_usable(const struct lb *lb, uint32_t srv, bool persistent);

/* Keys. The worker takes the text from the request; these shape and hash it as HAProxy does (manual, "balance", "hash-type"). */
uint32_t lb_key_hash(const struct rt_backend *be, struct str key);
uint32_t lb_key_source(const struct rt_backend *be, const struct addr *a);
struct str lb_key_uri(const struct rt_backend *be, struct str uri); /* the part of a request target that counts */
struct str lb_key_domain(struct str host);                         /* hdr(…) use_domain_only: "example" of "www.example.com" */

/* In-flight count of a server over all workers. */
static inline uint32_t lb_load(const struct lb *lb, const struct lb_cand *c) { return live_sum_row(c->row, lb->seg->geo.nworkers); }
static inline bool lb_avoided(const struct lb_req *r, uint32_t srv)
{
	for (unsigned i = 0; i < r->navoid; i++)
		if (r->avoid[i] == srv)
			return true;
	return false;
}

#endif
