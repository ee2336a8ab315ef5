// SPDX-License-Identifier: GPL-3.0-or-later
/* Counters of nameservers in memory that fork shares. Without it nothing is counted, and nothing else changes. */
#include <sys/mman.h>
#include <sluice/ipc/dns_stats.h>

static size_t bytes_of(uint32_t nns) { return (size_t)nns * DNS_COUNTERS * sizeof(uint64_t); }

bool dns_stats_open(struct dns_stats *d, uint32_t nns)
{
	*d = (struct dns_stats){ .nns = nns };
	if (!nns)
		return true;
	void *at = mmap(NULL, bytes_of(nns), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return false;
	d->at = at;
	return true;
}

void dns_stats_close(struct dns_stats *d)
{
	if (d->at)
		munmap(d->at, bytes_of(d->nns));
	d->at = NULL;
}

void dns_count(const struct dns_stats *d, uint32_t ns, enum dns_counter c)
{
	if (!d->at || ns >= d->nns)
		return;
	uint64_t *w = d->at + (size_t)ns * DNS_COUNTERS + c;
	__atomic_store_n(w, __atomic_load_n(w, __ATOMIC_RELAXED) + 1, __ATOMIC_RELAXED);
}

uint64_t dns_counted(const struct dns_stats *d, uint32_t ns, enum dns_counter c)
{
	return d->at && ns < d->nns ? __atomic_load_n(d->at + (size_t)ns * DNS_COUNTERS + c, __ATOMIC_RELAXED) : 0;
}

const char *dns_counter_name(enum dns_counter c)
{
	static const char *const names[] = {
#define DNS_COUNTER(name) #name,
#include <sluice/tbl/dns_counters.def>
#undef DNS_COUNTER
	};

	return names[c];
}
