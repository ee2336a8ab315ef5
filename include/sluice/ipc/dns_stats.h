// SPDX-License-Identifier: GPL-3.0-or-later
/* What is counted of each nameserver: memory that the leader and its checkers share by fork. The checker alone writes, with plain stores; what
 * a dead one has counted stays. Of one generation. */
#ifndef SLUICE_IPC_DNS_STATS_H
#define SLUICE_IPC_DNS_STATS_H

#include <sluice/base/defs.h>

enum dns_counter {
#define DNS_COUNTER(name) DNS_##name,
#include <sluice/tbl/dns_counters.def>
#undef DNS_COUNTER
	DNS_COUNTERS
};

struct dns_stats { uint64_t *at; uint32_t nns; }; /* DNS_COUNTERS a nameserver, in the order of rt_resolvers.ns0 */

/* All zero. false and errno. Leader, before it forks. */
bool dns_stats_open(struct dns_stats *d, uint32_t nns) MUST_CHECK;
void dns_stats_close(struct dns_stats *d);
void dns_count(const struct dns_stats *d, uint32_t ns, enum dns_counter c);
uint64_t dns_counted(const struct dns_stats *d, uint32_t ns, enum dns_counter c);
const char *dns_counter_name(enum dns_counter c);

#endif
