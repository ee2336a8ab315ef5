// SPDX-License-Identifier: GPL-3.0-or-later
/* Pattern files of 1,000,000 entries: time to read and index them, bytes an entry, time of a lookup with random keys. Keys to look up are put
 * into a small buffer first, as those of requests are: what is measured is the lookup, not the fetch of its argument. The best of many short
 * rounds is printed beside the mean: others may be using the memory of this machine. Status 1 when a figure misses its limit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sluice/base/clock.h>
#include <sluice/base/rand.h>
#include <sluice/expr/patfile.h>

#define ENTRIES 1000000u
#define BATCH 1024u
#define ROUNDS 400u
#define LINE 48u

static struct { char *text; size_t n; char (*key)[LINE]; } file;
static int missed;

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
	uint64_t t = clock_read_ns();
	struct pat_use *u = pat_use_get(&env, STR("bench"), PAT_MAP, true, match, false, SMP_STR, &err);

	if (!u || !pat_file_build(u->file))
		exit(1);
	double load = (double)(clock_read_ns() - t) / 1e9, best = 1e9, sum = 0;
	unsigned hits = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		double ns = batch(u, &tmp, probe, &hits);

		arena_reset(&tmp);
		sum += ns;
		best = ns < best ? ns : best;
	}
	snprintf(what, sizeof(what), "map: %s, load of 1,000,000", name);
	verdict(what, load, 2, "s");
	snprintf(what, sizeof(what), "map: %s, lookup (mean %.0f ns, %u%% hits)", name, sum / ROUNDS, (unsigned)(hits * 100ull / (ROUNDS * BATCH)));
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
	measure("str, host names", MATCH_STR, host_key, 300);
	measure("beg, paths", MATCH_BEG, path_key, 300);
	measure("ip, addresses", MATCH_IP, address_key, 300);
	measure("ip, networks /8 to /32", MATCH_IP, network_key, 300);
	measure("ip, IPv6 networks", MATCH_IP, network6_key, 300);
	measure("int", MATCH_INT, number_key, 300);
	measure("end, host names", MATCH_END, host_key, 1000);
	measure("dom, host names", MATCH_DOM, host_key, 1000);
	measure("dir, paths", MATCH_DIR, path_key, 1000);
	return missed;
}
