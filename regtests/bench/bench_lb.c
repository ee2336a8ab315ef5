// SPDX-License-Identifier: GPL-3.0-or-later
/* Balancing as it runs in production: the real algorithms over a real shared segment.
 *   1. balls in bins: 1000 requests on 100 servers from 1, 8 and 32 forked workers, mean of the fullest server over the trials. Workers take
 *      turns (a shared ticket), and once more all at the same time, where their views are as stale as the machine makes them.
 *   2. latency with 16 fast and 4 slow servers under Poisson load, in virtual time, from 8 workers.
 *   3. the price of a pick.
 * Exit status 1 when a figure misses its limit. */
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/base/hash.h>
#include <sluice/base/rand.h>
#include <sluice/health/health.h>
#include <sluice/lb/lb.h>
#include <sluice/rt/rt.h>

enum { BALLS = 1000, BINS = 100, TRIALS = 60 };

static int missed;

struct fleet { struct rt_server *srv; struct rt_srv_opts o; struct rt_backend be; struct segment *seg; };

static void fleet_open(struct fleet *f, const char *algo, uint32_t draws, unsigned workers, unsigned n)
{
	*f = (struct fleet){ .o = { .rise = 2, .fall = 3 }, .srv = calloc(n, sizeof(*f->srv)) };
	f->seg = segment_create(1, workers, 1, n, 0);
	if (!f->srv || !f->seg) {
		perror("segment");
		exit(2);
	}
	for (unsigned i = 0; i < n; i++) {
		f->srv[i] = (struct rt_server){ .weight = 1, .id = i + 1, .track = RT_NONE, .o = &f->o };
		atomic_store(&f->seg->srv[i].op, health_initial_op(&f->srv[i], 0));
		atomic_store(&f->seg->srv[i].admin, health_initial_admin(&f->srv[i]));
	}
	f->be = (struct rt_backend){ .algo = lb_algo_find(str_c(algo)), .srv = f->srv, .nsrv = n, .draws = draws };
}

static void fleet_close(struct fleet *f)
{
	segment_unmap(f->seg);
	free(f->srv);
}

static struct lb open_lb(struct fleet *f, unsigned worker)
{
	struct lb lb;

	if (!lb_init(&lb, &f->be, 0, f->seg, worker))
		exit(2);
	return lb;
}

static double limit(double v, double max)
{
	missed |= v > max;
	return v;
}

/* ---- balls in bins ---- */

struct board { _Atomic uint32_t ticket, arrived, round; _Atomic uint64_t sum_max; };

static void settle(struct fleet *f, struct board *b)
{
	uint32_t max = 0;

	for (unsigned i = 0; i < BINS; i++) {
		max = MAX(max, live_sum(f->seg, LIVE_SRV, i));
		for (unsigned w = 0; w < f->seg->geo.nworkers; w++)
			atomic_store(live_row(f->seg, LIVE_SRV, i) + w, 0);
	}
	atomic_fetch_add(&b->sum_max, max);
}

static void throw_one(struct fleet *f, struct lb *lb, unsigned w)
{
	static const struct lb_req any;

	live_add(f->seg, LIVE_SRV, (unsigned)lb_pick(lb, &any), w, 1);
}

static void take_turns(struct fleet *f, struct board *b, unsigned w, unsigned procs)
{
	struct lb lb = open_lb(f, w);

	for (uint32_t t = w; t < BALLS * TRIALS; t += procs) {
		while (atomic_load(&b->ticket) != t)
			sched_yield();
		throw_one(f, &lb, w);
		if (t % BALLS == BALLS - 1)
			settle(f, b);
		atomic_store(&b->ticket, t + 1);
	}
}

static void all_at_once(struct fleet *f, struct board *b, unsigned w, unsigned procs)
{
	struct lb lb = open_lb(f, w);

	for (uint32_t round = 0; round < TRIALS; round++) {
		for (uint32_t t = w; t < BALLS; t += procs)
			throw_one(f, &lb, w);
		if (atomic_fetch_add(&b->arrived, 1) + 1 == procs) {
			settle(f, b);
			atomic_store(&b->arrived, 0);
			atomic_store(&b->round, round + 1);
		}
		while (atomic_load(&b->round) == round)
			sched_yield();
	}
}

static double balls(const char *algo, uint32_t draws, unsigned procs, void (*play)(struct fleet *, struct board *, unsigned, unsigned))
{
	struct board *b = mmap(NULL, sizeof(*b), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct fleet f;
	double mean;

	fleet_open(&f, algo, draws, procs, BINS);
	fflush(stdout);
	for (unsigned w = 0; w < procs; w++)
		if (fork() == 0) {
			rand_seed();
			play(&f, b, w, procs);
			_exit(0);
		}
	for (unsigned w = 0; w < procs; w++)
		wait(NULL);
	mean = (double)atomic_load(&b->sum_max) / TRIALS;
	munmap(b, sizeof(*b));
	fleet_close(&f);
	return mean;
}

static void table_of_balls(void)
{
	static const struct { const char *name, *algo; uint32_t draws; double max; } rows[] = {
		{ "roundrobin", "roundrobin", 0, 10.0 }, { "p2c", "p2c", 0, 12.3 }, { "leastconn", "leastconn", 0, 10.3 },
		{ "random(1)", "random", 1, 20.0 },
	};
	static const unsigned procs[] = { 1, 8, 32 };

	printf("%d requests on %d servers: mean of the fullest server, %d trials\n", BALLS, BINS, TRIALS);
	printf("%-12s %28s %28s\n%-12s", "", "workers in turn", "all at once", "");
	for (unsigned k = 0; k < 6; k++)
		printf("%10u", procs[k % 3]);
	printf("\n");
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		printf("%-12s", rows[i].name);
		for (unsigned k = 0; k < 3; k++)
			printf("%10.2f", limit(balls(rows[i].algo, rows[i].draws, procs[k], take_turns), rows[i].max));
		for (unsigned k = 0; k < 3; k++)
			printf("%10.2f", balls(rows[i].algo, rows[i].draws, procs[k], all_at_once));
		printf("\n");
	}
}

/* ---- latency ---- */

enum { FAST = 16, SLOW = 4, WORKERS = 8, REQUESTS = 200000 };

struct done { double at; uint32_t us; uint16_t srv, worker; };
static struct done heap[REQUESTS];
static unsigned heap_n;

static void heap_put(struct done d)
{
	unsigned i = heap_n++;

	for (; i && heap[(i - 1) / 2].at > d.at; i = (i - 1) / 2)
		heap[i] = heap[(i - 1) / 2];
	heap[i] = d;
}

static struct done heap_take(void)
{
	struct done top = heap[0], last = heap[--heap_n];
	unsigned i = 0;

	for (unsigned kid; (kid = 2 * i + 1) < heap_n; i = kid) {
		kid += kid + 1 < heap_n && heap[kid + 1].at < heap[kid].at;
		if (last.at <= heap[kid].at)
			break;
		heap[i] = heap[kid];
	}
	heap[i] = last;
	return top;
}

static double exponential(double mean)
{
	return -mean * log(((double)(rand_u64() >> 11) + 1) / 9007199254740993.0);
}

static int by_value(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return x < y ? -1 : x > y;
}

static float latency[REQUESTS];

/* Each server serves one request at a time, fast ones in 10 ms, slow ones in 40 ms on average; 450 requests a second. */
static double p99_of(const char *algo)
{
	static const struct lb_req any;
	double now = 0, busy_until[FAST + SLOW] = { 0 };
	struct lb lb[WORKERS];
	struct fleet f;

	fleet_open(&f, algo, 0, WORKERS, FAST + SLOW);
	rand_seed_fixed(7);
	heap_n = 0;
	for (unsigned w = 0; w < WORKERS; w++)
		lb[w] = open_lb(&f, w);
	for (unsigned i = 0; i < REQUESTS; i++) {
		unsigned w = rand_below(WORKERS), s;

		now += exponential(1.0 / 450);
		while (heap_n && heap[0].at <= now) {
			struct done d = heap_take();

			clock_now_ns = (uint64_t)(d.at * 1e9);
			live_add(f.seg, LIVE_SRV, d.srv, d.worker, -1);
			lb_done(&lb[d.worker], &(struct lb_done){ .srv = d.srv, .rtt_us = d.us });
		}
		clock_now_ns = (uint64_t)(now * 1e9);
		s = (unsigned)lb_pick(&lb[w], &any);
		live_add(f.seg, LIVE_SRV, s, w, 1);
		busy_until[s] = fmax(busy_until[s], now) + exponential(s < FAST ? 0.010 : 0.040);
		latency[i] = (float)(busy_until[s] - now);
		heap_put((struct done){ .at = busy_until[s], .us = (uint32_t)(latency[i] * 1e6f), .srv = (uint16_t)s, .worker = (uint16_t)w });
	}
	for (unsigned w = 0; w < WORKERS; w++)
		lb_free(&lb[w]);
	fleet_close(&f);
	qsort(latency, REQUESTS, sizeof(latency[0]), by_value);
	return latency[REQUESTS * 99ul / 100] * 1e3;
}

static void table_of_latency(void)
{
	double rr = p99_of("roundrobin"), lc, p2c, ewma;

	lc = p99_of("leastconn");
	p2c = limit(p99_of("p2c"), rr);
	ewma = limit(p99_of("ewma"), p2c);
	printf("\n%d fast servers (10 ms) and %d slow ones (40 ms), 450 requests/s from %d workers: p99\n", FAST, SLOW, WORKERS);
	printf("roundrobin %8.1f ms\np2c        %8.1f ms\nleastconn  %8.1f ms\newma       %8.1f ms\n", rr, p2c, lc, ewma);
}

/* ---- price ---- */

enum { PICKS = 200000, OPEN = 256 };

static double ns_per_pick(const char *algo, bool consistent, unsigned n)
{
	static unsigned open_at[OPEN];
	struct fleet f;
	struct lb lb;
	uint64_t t0;

	fleet_open(&f, algo, 0, 8, n);
	f.be.hash_consistent = consistent;
	lb = open_lb(&f, 0);
	for (unsigned i = 0; i < OPEN; i++) {
		open_at[i] = (unsigned)lb_pick(&lb, &(struct lb_req){ .hash = hash_avalanche(i), .has_key = true });
		live_add(f.seg, LIVE_SRV, open_at[i], 0, 1);
	}
	t0 = clock_read_ns();
	for (unsigned i = 0; i < PICKS; i++) {
		unsigned *s = &open_at[i % OPEN];

		live_add(f.seg, LIVE_SRV, *s, 0, -1);
		lb_done(&lb, &(struct lb_done){ .srv = *s, .rtt_us = 1000 });
		*s = (unsigned)lb_pick(&lb, &(struct lb_req){ .hash = hash_avalanche(i), .has_key = true });
		live_add(f.seg, LIVE_SRV, *s, 0, 1);
	}
	t0 = clock_read_ns() - t0;
	lb_free(&lb);
	fleet_close(&f);
	return (double)t0 / PICKS;
}

static void table_of_prices(void)
{
	static const struct { const char *name, *algo; bool consistent; double max; } rows[] = {
		{ "p2c", "p2c", false, 1000 }, { "ewma", "ewma", false, 1000 }, { "roundrobin", "roundrobin", false, 1000 },
		{ "leastconn", "leastconn", false, 5000 }, { "first", "first", false, 5000 }, { "random", "random", false, 1000 },
		{ "map-based", "uri", false, 1000 }, { "consistent", "uri", true, 1000 }, { "maglev", "maglev", false, 1000 },
	};

	printf("\nns a request (pick, done, two stores)\n%-12s%10u%10u%10u\n", "servers", 10, 1000, 10000);
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		printf("%-12s", rows[i].name);
		for (unsigned n = 10; n <= 10000; n *= n == 10 ? 100 : 10)
			printf("%10.0f", limit(ns_per_pick(rows[i].algo, rows[i].consistent, n), rows[i].max));
		printf("\n");
	}
}

int main(void)
{
	clock_update();
	rand_seed();
	table_of_balls();
	table_of_latency();
	clock_update();
	table_of_prices();
	printf("%s\n", missed ? "a limit was missed" : "all within limits");
	return missed;
}
