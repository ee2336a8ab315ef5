// SPDX-License-Identifier: GPL-3.0-or-later
/* Limits of the processes: descriptors to fit maxconn (or maxconn to fit the descriptors, as HAProxy derives it), memory. */
#include <sys/resource.h>
#include <sluice/base/notice.h>

#include "leader_priv.h"

#define FDS_AUTO_MAX 1048576u  /* HAProxy's fd-hard-limit: an unlimited machine does not mean unlimited tables */
#define FDS_OWN 64u            /* stdio, loop, signals, channels, segment, maps, and some to spare */
#define FDS_LEAST 20u          /* the same with none to spare */

void limits_memory(unsigned mb)
{
	struct rlimit r = { .rlim_cur = (rlim_t)mb << 20, .rlim_max = (rlim_t)mb << 20 };
	if (mb && setrlimit(RLIMIT_AS, &r) < 0)
		notice(SAY_WARNING, "cannot limit the memory to %u MiB: %m", mb);
}

static uint32_t of_config(const struct rt *rt, unsigned nworkers) { return rt->nlst + rt->nlogs + rt->patterns.n + 3 * nworkers; }

/* Descriptors of a process beyond those of connections. */
uint32_t limits_reserve(const struct rt *rt, unsigned nworkers) { return FDS_OWN + of_config(rt, nworkers); }

uint32_t limits_derive_maxconn(uint64_t nofile, uint32_t reserve)
{
	uint64_t n = MIN(nofile, FDS_AUTO_MAX);
	return n > reserve + 2 ? (uint32_t)((n - reserve) / 2) : 1;
}

static uint32_t checked_servers(const struct rt *rt)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < rt->nsrv; i++)
		n += !!(rt->srv[i].flags & SRVF_CHECK) + !!(rt->srv[i].flags & SRVF_AGENT);
	return n;
}

/* A worker may hold every connection, each with two ends; the checker one probe for each server that is checked. */
uint32_t limits_fds_needed(const struct rt *rt, unsigned nworkers)
{
	uint64_t n = MAX(2ull * rt->g.maxconn, checked_servers(rt)) + limits_reserve(rt, nworkers);
	return (uint32_t)MIN(MAX(n, rt->g.ulimit_n), (uint64_t)UINT32_MAX);
}

/* Nobody has asked for a maxconn, so it is what fits; the descriptors that this needs. */
static uint32_t shrink(struct rt *rt, unsigned nworkers, uint32_t got)
{
	uint32_t own = FDS_LEAST + of_config(rt, nworkers);

	rt->g.maxconn = limits_derive_maxconn(got, own);
	rt->g.ulimit_n = got;
	if (2 * rt->g.maxconn + own <= got)
		notice(SAY_WARNING, "the limit of open files is %u and cannot be raised: maxconn is %u", got, rt->g.maxconn);
	return 2 * rt->g.maxconn + own;
}

bool limits_apply(struct rt *rt, unsigned nworkers)
{
	uint32_t need = limits_fds_needed(rt, nworkers), got = sock_raise_nofile(need);

	if (got < need && rt->g.maxconn_derived)
		need = shrink(rt, nworkers, got);
	if (got >= need)
		return true;
	notice(SAY_ALERT, "the limit of open files is %u and cannot be raised; maxconn %u needs %u", got, rt->g.maxconn, need);
	return false;
}
