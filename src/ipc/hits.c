// SPDX-License-Identifier: GPL-3.0-or-later
/* Counts of rules: memory that fork shares, one column of whole cache lines a worker. */
#include <sys/mman.h>
#include <sluice/ipc/hits.h>

#define PER_LINE (64 / sizeof(uint64_t))

bool hits_open(struct hits *h, uint32_t nrules, uint32_t nworkers)
{
	*h = (struct hits){ .nrules = nrules, .nworkers = nworkers, .stride = (nrules + PER_LINE) / PER_LINE * PER_LINE };
	h->at = mmap(NULL, h->stride * nworkers * sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (h->at != MAP_FAILED)
		return true;
	h->at = NULL;
	return false;
}

void hits_close(struct hits *h)
{
	if (h->at)
		munmap(h->at, h->stride * h->nworkers * sizeof(uint64_t));
	h->at = NULL;
}

uint64_t hits_sum(const struct hits *h, uint32_t rule)
{
	uint64_t t = 0;

	for (uint32_t w = 0; h->at && rule < h->nrules && w < h->nworkers; w++)
		t += __atomic_load_n(hits_column(h, w) + rule, __ATOMIC_RELAXED);
	return t;
}
