// SPDX-License-Identifier: GPL-3.0-or-later
/* `show info`: the process as a whole. */
#include <stdio.h>
#include <sys/stat.h>
#include "stats_priv.h"

static struct str info_uptime(uint64_t sec, char *text, size_t n)
{
	int k = snprintf(text, n, "%llud %lluh%02llum%02llus", (unsigned long long)(sec / 86400), (unsigned long long)(sec / 3600 % 24),
			 (unsigned long long)(sec / 60 % 60), (unsigned long long)(sec % 60));

	return str_n(text, MIN((size_t)MAX(k, 0), n));
}

static uint64_t segment_used(const struct segment *s)
{
	struct stat st;

	return s->fd >= 0 && fstat(s->fd, &st) == 0 ? (uint64_t)st.st_blocks * 512 : s->geo.size;
}

static uint32_t sum_rows(const struct segment *s, enum live_kind k, uint32_t n)
{
	uint32_t t = 0;

	for (uint32_t i = 0; i < n; i++)
		t += live_sum(s, k, i);
	return t;
}

static void info_limits(const struct stats_src *s, struct stat_val *v)
{
	const struct rt_global *g = &s->rt->g;
	const struct seg_header *h = s->seg->h;
	uint32_t now = atomic_load_explicit(&h->maxconn, memory_order_relaxed);

	v[INF_ulimit_n] = v[INF_maxsock] = sv_u32(g->ulimit_n);
	v[INF_hard_maxconn] = sv_u32(g->maxconn);
	v[INF_maxconn] = sv_u32(now ? now : g->maxconn);
	v[INF_connratelimit] = sv_u32(atomic_load_explicit(&h->conn_rate, memory_order_relaxed));
	v[INF_sessratelimit] = sv_u32(atomic_load_explicit(&h->sess_rate, memory_order_relaxed));
	v[INF_compressbpsratelim] = sv_u32((uint64_t)g->comp_max_rate << 10);
	v[INF_idle_pct] = sv_u32(100 - MIN(atomic_load_explicit(&h->busy_pct, memory_order_relaxed), 100u));
	v[INF_nbthread] = sv_u32(s->seg->geo.nworkers);
	v[INF_listeners] = sv_u32(s->rt->nlst);
}

static void info_memory(const struct stats_src *s, struct stat_val *v)
{
	uint64_t used = segment_used(s->seg);

	v[INF_poolalloc_bytes] = sv_u64(s->seg->geo.size);
	v[INF_poolused_bytes] = sv_u64(used);
	v[INF_poolalloc_mb] = sv_u32(s->seg->geo.size >> 20);
	v[INF_poolused_mb] = sv_u32(used >> 20);
}

static void info_counters(const struct stats_src *s, struct stat_val *v)
{
	struct proc_counters c;
	uint32_t conns = live_sum(s->seg, LIVE_PROCESS, 0);

	proc_ctr_sum(s->seg, s->now_ms, &c);
	v[INF_currconns] = sv_u32(conns);
	v[INF_jobs] = sv_u32((uint64_t)conns + s->rt->nlst);
	v[INF_tasks] = sv_u32((uint64_t)conns + s->rt->nsrv - s->rt->nspare);
	v[INF_cumconns] = sv_u64(c.conn_tot);
	v[INF_cumreq] = v[INF_cumstreams] = sv_u64(c.req_tot);
	v[INF_connrate] = sv_u32(c.conn_rate);
	v[INF_maxconnrate] = sv_u32(c.conn_rate_max);
	v[INF_sessrate] = sv_u32(c.sess_rate);
	v[INF_maxsessrate] = sv_u32(c.sess_rate_max);
	v[INF_maxsslconns] = sv_u32(s->rt->g.maxsslconn);
	v[INF_sslratelimit] = sv_u32(atomic_load_explicit(&s->seg->h->ssl_rate, memory_order_relaxed));
	v[INF_currsslconns] = sv_u32(live_sum(s->seg, LIVE_TLS, 0));
	v[INF_cumsslconns] = sv_u64(c.ssl_tot);
	v[INF_sslcachelookups] = sv_u32(c.ssl_lookups);
	v[INF_sslcachemisses] = sv_u32(c.ssl_misses);
	v[INF_sslrate] = sv_u32(c.ssl_rate);
	v[INF_maxsslrate] = sv_u32(c.ssl_rate_max);
	v[INF_sslfrontendsessionreuse_pct] = sv_u32(c.ssl_tot ? c.ssl_reused * 100 / c.ssl_tot : 0);
	v[INF_sslfrontendkeyrate] = sv_u32(c.ssl_key_rate);
	v[INF_sslfrontendmaxkeyrate] = sv_u32(c.ssl_key_rate_max);
	v[INF_sslbackendkeyrate] = sv_u32(c.ssl_be_key_rate);
	v[INF_sslbackendmaxkeyrate] = sv_u32(c.ssl_be_key_rate_max);
	v[INF_compressbpsin] = sv_u32(c.comp_in_rate << 10);
	v[INF_compressbpsout] = sv_u32(c.comp_out_rate << 10);
	v[INF_bytesoutrate] = sv_u64(c.bout_rate << 10);
	v[INF_droppedlogs] = sv_u64(c.log_dropped);
	v[INF_totalbytesout] = sv_u64(c.bout);
	v[INF_poolfailed] = sv_u32(c.pool_failed);
	v[INF_maxconnreached] = sv_u64(c.conn_full);
	v[INF_run_queue] = sv_u32((uint64_t)sum_rows(s->seg, LIVE_BE_QUEUE, s->rt->npx) + sum_rows(s->seg, LIVE_SRV_QUEUE, s->rt->nsrv));
	v[INF_currstreams] = sv_u32(sum_rows(s->seg, LIVE_BE, s->rt->npx));
}

void stats_fill_info(struct stats_src *s, struct stat_val v[INFO_COUNT], char *text, size_t ntext)
{
	uint64_t up = s->now_ms > s->seg->h->started_ms ? (s->now_ms - s->seg->h->started_ms) / 1000 : 0;

	for (unsigned i = 0; i < INFO_COUNT; i++)
		v[i] = (struct stat_val){ .type = info_descs[i].type };
	v[INF_name] = sv_str(STR("sluice"));
	v[INF_version] = v[INF_build_info] = sv_str(STR(SLUICE_VERSION));
	v[INF_nbproc] = v[INF_process_num] = v[INF_nbthreadgroups] = sv_u32(1);
	v[INF_pid] = sv_u32(s->pid);
	v[INF_uptime] = sv_str(info_uptime(up, text, ntext));
	v[INF_uptime_sec] = sv_u32(up);
	v[INF_start_time_sec] = sv_u32((uint64_t)s->seg->h->started_s);
	v[INF_node] = sv_str(s->rt->g.node);
	if (s->rt->g.description.n)
		v[INF_description] = sv_str(s->rt->g.description);
	else
		v[INF_description].type = SV_NONE;
	v[INF_tainted] = sv_str(STR("0"));
	v[INF_release_date] = sv_str(STR(SLUICE_RELEASE_DATE));
	v[INF_zlibmemusage].type = v[INF_maxzlibmemusage].type = SV_NONE;
	v[INF_stopping] = sv_u32(atomic_load_explicit(&s->seg->h->state, memory_order_relaxed) >= SEG_DRAINING);
	info_limits(s, v);
	info_memory(s, v);
	info_counters(s, v);
}
