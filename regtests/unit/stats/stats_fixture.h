// SPDX-License-Identifier: GPL-3.0-or-later
/* A frontend with two listeners, a backend with five servers, a tcp listen section with one, over a real segment. */
#ifndef STATS_FIXTURE_H
#define STATS_FIXTURE_H

#include "../unit.h"
#include <arpa/inet.h>
#include <sluice/base/clock.h>
#include <sluice/health/health.h>
#include <sluice/lb/lb.h>
#include <sluice/stats/stats.h>

enum { PX_WEB, PX_APP, PX_RAW, NPX, NSRV = 6, NLST = 3 };

static struct rt rt;
static struct rt_proxy px[NPX];
static struct rt_server srv[NSRV];
static struct rt_listener lst[NLST];
static struct rt_srv_opts opts = { .inter = 2000, .rise = 2, .fall = 3, .pool_max_conn = -1 };
static struct rt_bind_opts bind_opts;
static struct segment *seg;
static struct stats_src src;
static struct stats_row row;

static inline void fx_proxy(unsigned i, const char *name, uint8_t caps, uint8_t mode)
{
	px[i] = (struct rt_proxy){ .name = str_c(name), .id = i + 2, .caps = caps, .mode = mode, .maxconn = 100 };
	px[i].be.algo = lb_algo_find(STR("p2c"));
}

static inline void fx_addr(struct addr *a, uint16_t port)
{
	*a = (struct addr){ .family = AF_INET, .port = port };
	a->in4.s_addr = htonl(INADDR_LOOPBACK);
}

static inline void fx_state(unsigned i, enum srv_op st, unsigned pos) { atomic_store(&seg->srv[i].op, srv_op_pack(st, pos, 100, 1)); }
static inline void fx_admin(unsigned i, unsigned bits, unsigned weight) { atomic_store(&seg->srv[i].admin, srv_admin_pack(bits, weight, 0)); }

static inline int fx_open(void **state UNUSED)
{
	static const char *const names[NSRV] = { "a", "b", "c", "d", "e", "only" };

	clock_update();
	fx_proxy(PX_WEB, "web", PX_FE, MODE_HTTP);
	fx_proxy(PX_APP, "app", PX_BE, MODE_HTTP);
	fx_proxy(PX_RAW, "raw", PX_FE | PX_BE, MODE_TCP);
	px[PX_WEB].opts = OPT_SOCKET_STATS;
	for (unsigned i = 0; i < NSRV; i++) {
		srv[i] = (struct rt_server){ .name = str_c(names[i]), .id = i + 1, .px = i < 5 ? PX_APP : PX_RAW, .weight = 1, .track = RT_NONE, .o = &opts };
		srv[i].flags = i < 4 ? SRVF_CHECK : 0;
		fx_addr(&srv[i].addr, (uint16_t)(8000 + i));
	}
	srv[1].flags |= SRVF_BACKUP;
	px[PX_APP].be.srv0 = 0, px[PX_APP].be.nsrv = 5, px[PX_APP].be.srv = srv;
	px[PX_RAW].be.srv0 = 5, px[PX_RAW].be.nsrv = 1, px[PX_RAW].be.srv = srv + 5;
	for (unsigned i = 0; i < NLST; i++) {
		lst[i] = (struct rt_listener){ .px = i < 2 ? PX_WEB : PX_RAW, .opts = &bind_opts };
		fx_addr(&lst[i].addr, (uint16_t)(80 + i));
	}
	rt = (struct rt){ .px = px, .npx = NPX, .srv = srv, .nsrv = NSRV, .lst = lst, .nlst = NLST };
	seg = segment_create(1, 3, NPX, NSRV, NLST);
	for (unsigned i = 0; i < NSRV; i++)
		fx_state(i, SRV_UP, 4), fx_admin(i, 0, 1);
	stats_src_init(&src, &rt, seg, 4711);
	return seg ? 0 : -1;
}

static inline int fx_close(void **state UNUSED)
{
	segment_unmap(seg);
	return 0;
}

static inline struct stats_row *fx_row(enum stat_kind kind, uint32_t p, uint32_t idx)
{
	struct stats_obj o = { kind, p, idx };

	stats_src_refresh(&src);
	stats_fill(&src, &o, STAT_ALL, &row);
	return &row;
}

static inline const char *fx_text(enum stat_field f)
{
	static char text[256];
	struct sbuf b = SBUF_FIXED(text);

	stats_val_text(&row.v[f], &b);
	text[b.n] = 0;
	return text;
}

#define T(f) cmocka_unit_test_setup_teardown(f, fx_open, fx_close)

#endif
