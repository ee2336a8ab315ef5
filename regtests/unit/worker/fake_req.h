// SPDX-License-Identifier: GPL-3.0-or-later
/* The request of the one stream of fake.h. */
#ifndef REGTESTS_WORKER_FAKE_REQ_H
#define REGTESTS_WORKER_FAKE_REQ_H

#include "fake.h"
#include "../unit.h"

static struct arena req_arena;
static struct hdr req_hdrs[16];

/* GET target, without headers. */
static inline void fake_request(struct fake_world *w, const char *target)
{
	arena_free(&req_arena);
	arena_init(&req_arena, 0);
	w->s.arena = &req_arena;
	w->s.flags |= SF_HTTP;
	msg_init(&w->s.req, req_hdrs, ARRAY_LEN(req_hdrs), &req_arena, true);
	w->s.req.method_s = STR("GET");
	w->s.req.target = str_c(target);
}

static inline void fake_header(struct fake_world *w, const char *name, const char *val)
{
	assert_true(msg_add(&w->s.req, str_c(name), str_c(val)));
}

static struct fake_world w;

static inline int open_world(void **state UNUSED)
{
	fake_world(&w);
	return 0;
}

static inline int close_world(void **state UNUSED)
{
	fake_world_end(&w);
	arena_free(&req_arena);
	return 0;
}
#define T(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)

#endif
