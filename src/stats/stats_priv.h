// SPDX-License-Identifier: GPL-3.0-or-later
/* What the files of the statistics share. */
#ifndef SLUICE_STATS_PRIV_H
#define SLUICE_STATS_PRIV_H

#include <sluice/stats/stats.h>

static inline struct stat_val sv_u32(uint64_t v) { return (struct stat_val){ .type = SV_U32, .u = MIN(v, UINT32_MAX) }; }
static inline struct stat_val sv_u64(uint64_t v) { return (struct stat_val){ .type = SV_U64, .u = v }; }
static inline struct stat_val sv_s32(int64_t v) { return (struct stat_val){ .type = SV_S32, .s = v }; }
static inline struct stat_val sv_str(struct str v) { return (struct stat_val){ .type = SV_STR, .str = v }; }

/* Text that lives as long as the row: what does not fit is cut. */
struct str row_text(struct stats_row *r, const char *fmt, ...) PRINTF_FMT(2, 3);

/* assets.c */
struct str stats_css(void);
struct str stats_js(void);

/* state.c */
struct be_sums { uint32_t act, bck, weight, uweight, usable, checked_up, passed; };
/* Over the servers of a backend. */
void stats_be_sums(const struct stats_src *s, uint32_t px, struct be_sums *out);
/* The server whose check decides: the end of a chain of `track`. */
uint32_t stats_srv_root(const struct rt *rt, uint32_t srv);
/* Weight with slow start, as HAProxy shows it: drained servers keep theirs. */
uint32_t stats_srv_weight(const struct stats_src *s, uint32_t srv);
/* Seconds in DOWN up to now. */
uint32_t stats_srv_downtime(const struct stats_src *s, uint32_t srv);
static inline uint64_t srv_op_of(const struct stats_src *s, uint32_t srv)
{
	return atomic_load_explicit(&s->seg->srv[srv].op, memory_order_relaxed);
}
static inline uint64_t srv_admin_of(const struct stats_src *s, uint32_t srv)
{
	return atomic_load_explicit(&s->seg->srv[srv].admin, memory_order_relaxed);
}
/* Seconds since a moment in seconds of the monotonic clock. */
static inline uint32_t stats_age(const struct stats_src *s, uint32_t since_s)
{
	uint32_t now = (uint32_t)(s->now_ms / 1000);

	return now > since_s ? now - since_s : 0;
}

#endif
