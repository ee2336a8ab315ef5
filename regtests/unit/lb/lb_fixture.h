// SPDX-License-Identifier: GPL-3.0-or-later
/* A backend over a real segment, built by hand: what every test of balancing needs. */
#ifndef LB_FIXTURE_H
#define LB_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include <sluice/base/clock.h>
#include <sluice/base/rand.h>
#include <sluice/health/health.h>
#include <sluice/lb/lb.h>
#include <sluice/rt/rt.h>

struct fx {
	struct rt rt;
	struct rt_proxy px;
	struct rt_srv_opts o;
	struct segment *seg;
	struct lb lb;
};

static const struct lb_req any_req;

static inline void fx_state(struct fx *f, unsigned i, enum srv_op st, unsigned ramp)
{
	atomic_store(&f->seg->srv[i].op, srv_op_pack(st, 0, ramp, 0));
	atomic_fetch_add(&f->seg->h->epoch_checker, 1);
}

static inline void fx_admin(struct fx *f, unsigned i, unsigned bits, unsigned weight, uint32_t maxconn)
{
	atomic_store(&f->seg->srv[i].admin, srv_admin_pack(bits, weight, maxconn));
	atomic_fetch_add(&f->seg->h->epoch_leader, 1);
}

/* n servers, all up; weights NULL = 1 each. The lb is made by fx_lb(), after the test has changed what it wants. */
static inline void fx_open(struct fx *f, unsigned nworkers, unsigned n, const unsigned *weights)
{
	memset(f, 0, sizeof(*f));
	rand_seed_fixed(42);
	clock_update();
	f->o = (struct rt_srv_opts){ .inter = 2000, .rise = 2, .fall = 3 };
	f->rt.nsrv = n;
	f->rt.npx = 1;
	f->rt.px = &f->px;
	f->rt.srv = calloc(n, sizeof(*f->rt.srv));
	f->seg = segment_create(1, nworkers, 1, n, 0);
	assert_non_null(f->seg);
	for (unsigned i = 0; i < n; i++) {
		f->rt.srv[i] = (struct rt_server){ .weight = weights ? (uint16_t)weights[i] : 1, .id = i + 1, .track = RT_NONE, .o = &f->o };
		atomic_store(&f->seg->srv[i].op, health_initial_op(&f->rt.srv[i], 0));
		atomic_store(&f->seg->srv[i].admin, health_initial_admin(&f->rt.srv[i]));
	}
	f->px.be = (struct rt_backend){ .nsrv = n, .srv = f->rt.srv };
}

static inline void fx_lb(struct fx *f, const char *algo)
{
	f->px.be.algo = lb_algo_find(str_c(algo));
	assert_non_null(f->px.be.algo);
	assert_true(lb_init(&f->lb, &f->px.be, 0, f->seg, 0));
}

static inline void fx_close(struct fx *f)
{
	lb_free(&f->lb);
	segment_unmap(f->seg);
	free(f->rt.srv);
}

static inline void fx_load(struct fx *f, unsigned srv, unsigned worker, int32_t d)
{
	live_add(f->seg, LIVE_SRV, srv, worker, d);
}

#endif
