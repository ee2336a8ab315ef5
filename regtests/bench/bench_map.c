// SPDX-License-Identifier: GPL-3.0-or-later
/* Pattern files of 1,000,000 entries: CPU time to read and index them, bytes an entry, time of a lookup with random keys. Keys to look up are put
 * into a small buffer first, as those of requests are: what is measured is the lookup, not the fetch of its argument. What a lookup costs is the memory
 * it waits for, so it is also given in such waits: the time of one access that depends on the one before it, in memory of that size on this machine. The
 * best of many short rounds counts: others may be using the machine. Status 1 when a figure misses its limit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <sluice/base/clock.h>
#include <sluice/base/rand.h>
#include <sluice/expr/patfile.h>

#define ENTRIES 1000000u
#define BATCH 1024u
#define ROUNDS 400u
#define LINE 48u
#define CHASE (96u << 20) /* bytes */

static struct { char *text; size_t n; char (*key)[LINE]; } file;
static int missed;
static double wait_ns;

typedef void key_fn(char *out, unsigned i);

static void host_key(char *out, unsigned i) { snprintf(out, LINE, "host%u.example.org", i * 2654435761u); }
static void path_key(char *out, unsigned i) { snprintf(out, LINE, "/%x/%x/item%u/", rand_below(500), rand_below(500), i); }
static void number_key(char *out, unsigned i) { snprintf(out, LINE, "%u", i * 2654435761u); }
static void address_key(char *out, unsigned i UNUSED)
{
	uint32_t a = (uint32_t)rand_u64();

	snprintf(out, LINE, "%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
}
/* Lengths as in a table of routes: most are /24, the rest from /8 to /32. */
static void network_key(char *out, unsigned i)
{
	address_key(out, i);
	snprintf(out + strlen(out), 8, "/%u", rand_below(2) ? 24 : 8 + rand_below(25));
}
static void network6_key(char *out, unsigned i UNUSED)
{
	uint64_t a = rand_u64();

	snprintf(out, LINE, "2%03x:%x:%x::/%u", (unsigned)(a & 0xfff), (unsigned)(a >> 16 & 0xffff), (unsigned)(a >> 32 & 0xffff), 32 + rand_below(5) * 4);
}

static bool give_text(void *ctx UNUSED, struct str name UNUSED, struct str *text)
{
	*text = str_n(file.text, file.n);
	return true;
}

static void make_file(key_fn *fn)
{
	file.n = 0;
	for (unsigned i = 0; i < ENTRIES; i++) {
		fn(file.key[i], i);
		file.n += (size_t)sprintf(file.text + file.n, "%s backend%u\n", file.key[i], i % 100);
	}
}

static double batch(struct pat_use *u, struct arena *tmp, struct smp *probe, unsigned *hits)
{
	static char text[BATCH][LINE];

	for (unsigned i = 0; i < BATCH; i++) {
		memcpy(text[i], file.key[rand_below(ENTRIES)], LINE);
		if (u->match == MATCH_IP)
			text[i][strcspn(text[i], "/")] = '\0';
		probe[i] = (struct smp){ .type = SMP_STR, .s = str_c(text[i]) };
		if (u->match == MATCH_IP)
			(void)!smp_cast(&probe[i], SMP_IP, tmp);
		if (u->match == MATCH_INT)
			(void)!smp_cast(&probe[i], SMP_INT, tmp);
	}
	uint64_t t = clock_read_ns();

	for (unsigned i = 0; i < BATCH; i++) {
		struct ptab_entry e;

		*hits += pat_use_find(u, &probe[i], tmp, &e) && e.val.n > 7;
	}
	return (double)(clock_read_ns() - t) / BATCH;
}

static double cpu_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* One round through all cache lines of a buffer, each naming the next, in an order that nothing can foresee. */
static double memory_wait(void)
{
	uint32_t n = CHASE / CACHE_LINE, *next = mmap(NULL, CHASE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), at = 0;
	uint32_t *order = malloc(n * sizeof(*order));
	const unsigned step = CACHE_LINE / sizeof(*next);
	double best = 1e9;

	if (next == MAP_FAILED || !order)
		exit(1);
	(void)madvise(next, CHASE, MADV_HUGEPAGE);
	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	for (uint32_t i = n - 1; i; i--) {
		uint32_t j = rand_below(i + 1), t = order[i];

		order[i] = order[j];
		order[j] = t;
	}
	for (uint32_t i = 0; i < n; i++)
		next[order[i] * step] = order[(i + 1) % n];
	for (unsigned round = 0; round < 500; round++) {
		uint64_t t = clock_read_ns();

		for (unsigned i = 0; i < BATCH; i++)
			at = next[at * step];
		double ns = (double)(clock_read_ns() - t) / BATCH;

		best = ns < best ? ns : best;
	}
	munmap(next, CHASE);
	free(order);
	return at == UINT32_MAX ? 0 : best;
}

static void verdict(const char *what, double value, double limit, const char *unit)
{
	bool ok = value <= limit;

	missed |= !ok;
	printf("%-58s %10.2f %-8s (limit %g) %s\n", what, value, unit, limit, ok ? "ok" : "MISSED");
}

static void measure(const char *name, enum match_kind match, key_fn *fn, double limit)
{
	struct pat_files files = { 0 };
	struct smp *probe = calloc(BATCH, sizeof(*probe));
	struct arena a, tmp;
	struct xerr err;
	char what[80];

	arena_init(&a, 0);
	arena_init(&tmp, 0);
	make_file(fn);
	struct expr_env env = { .arena = &a, .maps = &files, .read_file = give_text };
	double t = cpu_s();
	struct pat_use *u = pat_use_get(&env, STR("bench"), PAT_MAP, true, match, false, SMP_STR, &err);

	if (!u || !pat_file_build(u->file))
		exit(1);
	double load = cpu_s() - t, best = 1e9, sum = 0;
	unsigned hits = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		double ns = batch(u, &tmp, probe, &hits);

		arena_reset(&tmp);
		sum += ns;
		best = ns < best ? ns : best;
	}
	snprintf(what, sizeof(what), "map: %s, load of 1,000,000, CPU", name);
	verdict(what, load, 2, "s");
	snprintf(what, sizeof(what), "map: %s, %.1f waits (mean %.0f ns, %u%% hits)", name, best / wait_ns, sum / ROUNDS,
		 (unsigned)(hits * 100ull / (ROUNDS * BATCH)));
	verdict(what, best, limit, "ns");
	printf("map: %-53s %10zu bytes\n", name, ptab_bytes(u->file->tab) / ENTRIES);
	pat_files_free(&files);
	arena_free(&a);
	arena_free(&tmp);
	free(probe);
}

int main(void)
{
	rand_seed();
	expr_process_init();
	file.key = malloc(ENTRIES * LINE);
	file.text = malloc(ENTRIES * (LINE + 16ul));
	if (!file.key || !file.text)
		return 1;
	wait_ns = memory_wait();
	printf("map: %-53s %10.0f ns\n", "a wait for memory", wait_ns);
	measure("str, host names", MATCH_STR, host_key, 300);
	measure("beg, paths", MATCH_BEG, path_key, 300);
	measure("ip, addresses", MATCH_IP, address_key, 300);
	measure("ip, networks /8 to /32", MATCH_IP, network_key, 400);
	measure("ip, IPv6 networks", MATCH_IP, network6_key, 400);
	measure("int", MATCH_INT, number_key, 300);
	measure("end, host names", MATCH_END, host_key, 400);
	measure("dom, host names", MATCH_DOM, host_key, 400);
	measure("dir, paths", MATCH_DIR, path_key, 400);
	return missed;
}
