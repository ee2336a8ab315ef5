// SPDX-License-Identifier: GPL-3.0-or-later
/* A checker's fleet in this process, servers that are listeners in the same loop, and log lines caught instead of sent. Time is simulated
 * (sim_clock.h) unless the test says FX_REAL_CLOCK, as one that forks a checker must. */
#ifndef CHECKER_FIXTURE_H
#define CHECKER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>
#include <sluice/base/clock.h>
#include <sluice/base/rand.h>
#include <sluice/net/sock.h>
#include "../../../src/checker/checker_priv.h"

#ifdef FX_REAL_CLOCK
#define fx_turn loop_turn
#define WAIT_MS 30000
#else
#include "../sim_clock.h"
#define fx_turn sim_turn
#define WAIT_MS 5000
#endif
#define MAX_SRV 4

struct fx {
	struct checker ck;
	struct heritage h;
	struct rt rt;
	struct rt_proxy px;
	struct rt_srv_opts o[MAX_SRV];
	struct rt_server srv[MAX_SRV];
};

/* ---- log lines ---- */

static char lines[64][512];
static int levels[64];
static unsigned nlines;
static const struct log_target one_target;
static const struct log_target *const targets[] = { &one_target };

/* Weak: stands in for the log layer here, gives way where a test brings the real one in. */
__attribute__((weak)) void log_send(const struct log_target *t, int level, struct str tag, struct str msg)
{
	(void)t, (void)tag;
	if (nlines < 64) {
		levels[nlines] = level;
		snprintf(lines[nlines++], sizeof(lines[0]), STR_FMT, STR_ARG(msg));
	}
}

__attribute__((weak)) void logfmt_render(const struct logfmt *f, struct smp_ctx *c, const struct log_data *d, struct sbuf *out)
{
	(void)f, (void)c, (void)d, (void)out;
}

static inline bool logged(const char *want)
{
	for (unsigned i = 0; i < nlines; i++)
		if (!strcmp(lines[i], want))
			return true;
	return false;
}

/* ---- the fleet ---- */

static bool fx_open;

static inline void fx_init(struct fx *f, unsigned nsrv)
{
	static const char *const names[] = { "s1", "s2", "s3", "s4" };

	if (fx_open) /* a test that failed has left timers and descriptors of its frame, which is gone */
		loop_free();
	fx_open = true;
	memset(f, 0, sizeof(*f));
	nlines = 0;
	loop_init(NULL, 1024);
	clock_update();
	rand_seed_fixed(1);
	buf_set_size(4096);
	expr_process_init();
	f->rt = (struct rt){ .px = &f->px, .npx = 1, .srv = f->srv, .nsrv = nsrv };
	f->px.name = STR("b");
	f->px.caps = PX_BE;
	f->px.opts = OPT_LOG_HEALTH;
	f->px.log.targets = (const struct log_target **)(uintptr_t)targets;
	f->px.log.ntargets = 1;
	f->px.be.nsrv = nsrv;
	f->px.be.srv = f->srv;
	f->ck.rt = &f->rt;
	f->ck.h = &f->h;
	f->ck.seg = segment_create(1, 2, 1, nsrv, 0);
	assert_non_null(f->ck.seg);
	for (unsigned i = 0; i < nsrv; i++) {
		f->o[i] = (struct rt_srv_opts){ .inter = 20, .rise = 2, .fall = 3, .error_limit = 10 };
		f->srv[i] = (struct rt_server){ .name = str_c(names[i]), .flags = SRVF_CHECK, .weight = 1, .id = i + 1, .track = RT_NONE,
						.o = &f->o[i] };
		f->srv[i].addr.family = AF_INET;
		f->srv[i].addr.in4.s_addr = htonl(INADDR_LOOPBACK);
		f->srv[i].addr.port = 1;
	}
}

static inline void fx_words(struct fx *f)
{
	for (unsigned i = 0; i < f->rt.nsrv; i++) {
		atomic_store(&f->ck.seg->srv[i].admin, health_initial_admin(&f->srv[i]));
		atomic_store(&f->ck.seg->srv[i].op, health_initial_op(&f->srv[i], (uint32_t)(clock_ms() / 1000)));
	}
}

/* The second half of a start: a restarted checker has only this. */
static inline void fx_fleet(struct fx *f)
{
	assert_true(fleet_init(&f->ck));
	assert_true(http_requests_build(&f->ck));
}

static inline void fx_go(struct fx *f)
{
	f->ck.going = true;
	for (uint32_t i = 0; i < f->ck.ntargets; i++)
		if (f->ck.t[i]->ops && !f->ck.t[i]->maint)
			probe_schedule_first(f->ck.t[i]);
}

static inline void fx_close(struct fx *f)
{
	fleet_free(&f->ck);
	http_requests_free(&f->ck);
	segment_unmap(f->ck.seg);
	loop_free();
	fx_open = false;
}

static inline enum srv_op op_of(struct fx *f, unsigned i)
{
	return srv_op_state(atomic_load(&f->ck.seg->srv[i].op));
}
static inline enum check_status status_of(struct fx *f, unsigned i)
{
	return check_word_status(atomic_load(&f->ck.seg->srv[i].check));
}

#define RUN_UNTIL(cond) do { \
	uint64_t until_ = clock_read_ns() + WAIT_MS * 1000000ull; \
	while (!(cond)) { \
		if (clock_read_ns() > until_) \
			fail_msg("waited in vain for %s", #cond); \
		fx_turn(20); \
	} \
} while (0)

/* ---- a server ---- */

struct origin {
	struct io io;
	struct timer second;
	int lfd, cfd;
	struct io cio;
	const char *answer, *rest;  /* rest follows 15 ms later */
	size_t answer_len;          /* 0 = strlen */
	const char *wait_for;       /* answer once this has come; NULL: at once */
	bool close_after;
	unsigned accepted;
	char got[4096];
	size_t n;
};

static inline void origin_hang_up(struct origin *o)
{
	if (o->cfd < 0)
		return;
	timer_stop(&o->second);
	io_del(&o->cio);
	close(o->cfd);
	o->cfd = -1;
}

static inline void origin_say(struct origin *o, const char *what)
{
	if (what && write(o->cfd, what, what == o->answer && o->answer_len ? o->answer_len : strlen(what)) < 0)
		origin_hang_up(o);
}

static inline void origin_later(struct timer *t)
{
	struct origin *o = CONTAINER_OF(t, struct origin, second);

	origin_say(o, o->rest);
	if (o->close_after)
		origin_hang_up(o);
}

static inline void origin_answer(struct origin *o)
{
	origin_say(o, o->answer);
	if (o->rest)
		timer_set(&o->second, clock_ms() + 15);
	else if (o->close_after)
		origin_hang_up(o);
}

static inline void origin_read(struct io *io)
{
	struct origin *o = CONTAINER_OF(io, struct origin, cio);
	ssize_t r = read(io->fd, o->got + o->n, sizeof(o->got) - 1 - o->n);

	if (r <= 0) {
		origin_hang_up(o);
		return;
	}
	o->n += (size_t)r;
	o->got[o->n] = 0;
	if (o->wait_for && strstr(o->got, o->wait_for))
		origin_answer(o);
}

static inline void origin_accept(struct io *io)
{
	struct origin *o = CONTAINER_OF(io, struct origin, io);
	struct addr peer;
	int fd = sock_accept(io->fd, &peer);

	if (fd < 0)
		return;
	origin_hang_up(o);
	o->accepted++;
	o->n = 0;
	o->cfd = fd;
	assert_true(io_add(&o->cio, fd, IO_READ, origin_read));
	if (!o->wait_for)
		origin_answer(o);
}

static inline void origin_open(struct origin *o, struct rt_server *s)
{
	struct sock_listen_opts lo = { .unix_mode = -1, .unix_uid = -1, .unix_gid = -1 };
	struct addr a = s->addr;

	a.port = 0;
	o->lfd = sock_listen(&a, &lo);
	assert_true(o->lfd >= 0);
	assert_true(sock_local(o->lfd, &a));
	s->addr.port = a.port;
	o->cfd = -1;
	timer_init(&o->second, origin_later);
	assert_true(io_add(&o->io, o->lfd, IO_READ, origin_accept));
}

static inline void origin_close(struct origin *o)
{
	origin_hang_up(o);
	io_del(&o->io);
	close(o->lfd);
}

#endif
