// SPDX-License-Identifier: GPL-3.0-or-later
/* Limits of the processes: descriptors to fit maxconn (or maxconn to fit the descriptors, as HAProxy derives it), memory. */
#include <sys/resource.h>
#include <sluice/base/notice.h>

#include "leader_priv.h"

#define FDS_AUTO_MAX 1048576u  /* HAProxy's fd-hard-limit: an unlimited machine does not mean unlimited tables */
#define FDS_OWN 64u            /* stdio, loop, signals, channels, segment, maps */

void limits_memory(unsigned mb)
{
	struct rlimit r = { .rlim_cur = (rlim_t)mb << 20, .rlim_max = (rlim_t)mb << 20 };
	if (mb && setrlimit(RLIMIT_AS, &r) < 0)
		notice(SAY_WARNING, "cannot limit the memory to %u MiB: %m", mb);
}

/* Descriptors of a process beyond those of connections. */
uint32_t limits_reserve(const struct rt *rt, unsigned nworkers)
{
	return FDS_OWN + rt->nlst + rt->nlogs + 3 * nworkers;
}

uint32_t limits_derive_maxconn(uint64_t nofile, uint32_t reserve)
{
	uint64_t n = MIN(nofile, FDS_AUTO_MAX);
	return n > reserve + 2 ? (uint32_t)((n - reserve) / 2) : 1;
}

static uint32_t checked_servers(const struct rt *rt)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < rt->nsrv; i++)
		n += (rt->srv[i].flags & SRVF_CHECK) != 0;
	return n;
}

/* A worker may hold every connection, each with two ends; the checker one probe for each server that is checked. */
uint32_t limits_fds_needed(const struct rt *rt, unsigned nworkers)
{
	uint64_t n = MAX(2ull * rt->g.maxconn, checked_servers(rt)) + limits_reserve(rt, nworkers);
	return (uint32_t)MIN(MAX(n, rt->g.ulimit_n), (uint64_t)UINT32_MAX);
}

bool limits_apply(struct rt *rt, unsigned nworkers)
{
	struct rlimit r;
	uint32_t need;

	if (!rt->g.maxconn) {
		if (getrlimit(RLIMIT_NOFILE, &r) < 0)
			r.rlim_cur = r.rlim_max = 1024;
		uint64_t have = rt->g.ulimit_n ? rt->g.ulimit_n : MAX(r.rlim_cur, r.rlim_max);
		rt->g.maxconn = limits_derive_maxconn(have, limits_reserve(rt, nworkers));
	}
	need = limits_fds_needed(rt, nworkers);
	uint32_t got = sock_raise_nofile(need);
	if (got >= need)
		return true;
	notice(SAY_ALERT, "the limit of open files is %u and cannot be raised; maxconn %u needs %u", got, rt->g.maxconn, need);
	return false;
}
