// SPDX-License-Identifier: GPL-3.0-or-later
/* Price of a tracked request in a stick table of 1,000,000 addresses: find, pin, count, rate, unpin; by one process,
 * then by eight. CPU time of each process is printed, and how the sum of eight compares with one when there are cores
 * for them. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/base/rand.h>
#include <sluice/stick/stick.h>

#define ENTRIES 1000000u
#define UPDATES 2000000u

struct result {
	double cpu_ns, wall_s;
};

static double seconds(clockid_t c)
{
	struct timespec ts;

	clock_gettime(c, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void update(struct stick_table *t, uint32_t k)
{
	struct stick_at at;
	struct stick_ref r;

	if (!stick_open(t, str_n((const char *)&k, 4), true, 1000, &at))
		return;
	if (stick_pin(&at, &r)) {
		stick_close(&at);
		at = stick_at_ref(t, &r);
		stick_event(&at, SE_HTTP_REQ, 1, 1000);
		stick_unpin(t, &r, 1000);
		return;
	}
	stick_close(&at);
}

static void run(struct stick_table *t, struct result *out)
{
	double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);

	rand_seed();
	for (uint32_t i = 0; i < UPDATES; i++)
		update(t, rand_below(ENTRIES));
	out->cpu_ns = (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e9 / UPDATES;
	out->wall_s = seconds(CLOCK_MONOTONIC) - wall;
}

/* Updates a second of n processes together, and the mean CPU time of one update. */
static double together(struct stick_table *t, unsigned n, struct result *r, double *cpu_ns)
{
	double wall = 0;

	for (unsigned i = 0; i < n; i++)
		if (!fork()) {
			if (!stick_attach(t))
				_exit(1);
			run(t, &r[i]);
			stick_detach(t);
			_exit(0);
		}
	while (wait(NULL) > 0)
		;
	*cpu_ns = 0;
	for (unsigned i = 0; i < n; i++) {
		wall = r[i].wall_s > wall ? r[i].wall_s : wall;
		*cpu_ns += r[i].cpu_ns / n;
	}
	return n * (double)UPDATES / wall;
}

int main(void)
{
	struct rt_table s = { .type = SK_INTEGER, .key_len = 4, .size = ENTRIES };
	struct result *r = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	double one_ns, eight_ns, one, eight;
	struct stick_table *t;

	s.store[SD_HTTP_REQ_CNT].n = s.store[SD_CONN_CUR].n = 1;
	s.store[SD_HTTP_REQ_RATE] = (struct rt_store){ .n = 1, .period = 10000 };
	clock_update();
	t = stick_create(&s);
	if (!t || !stick_attach(t) || r == MAP_FAILED)
		return 1;
	for (uint32_t i = 0; i < ENTRIES; i++)
		update(t, i);
	one = together(t, 1, r, &one_ns);
	eight = together(t, 8, r, &eight_ns);
	printf("%-58s %10.0f ns       (limit 500) %s\n", "stick: a tracked request, 1,000,000 entries, CPU", one_ns,
	       one_ns <= 500 ? "ok" : "MISSED");
	printf("%-58s %10.0f ns\n", "stick: the same with 8 processes at once, CPU", eight_ns);
	printf("%-58s %10.2f x        (%ld cores%s)\n", "stick: 8 processes against one, updates a second", eight / one,
	       cores, cores < 8 ? ": too few to tell; CPU above tells the cost of sharing" : ", limit 5");
	stick_unmap(t);
	return one_ns > 500 || (cores >= 8 && eight / one < 5);
}
