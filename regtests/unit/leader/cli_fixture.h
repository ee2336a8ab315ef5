// SPDX-License-Identifier: GPL-3.0-or-later
/* Commands of the runtime socket without the socket: a leader of a configuration that the test writes, its segment as it is before
 * anything has happened, and each command run to its end. No process is forked: what is told to children is lost. */
#ifndef CLI_FIXTURE_H
#define CLI_FIXTURE_H

#include "../unit.h"
#include <sluice/base/clock.h>
#include <sluice/base/notice.h>
#include <sluice/conf/conf.h>
#include <sluice/health/health.h>
#include <sluice/lb/lb.h>
#include "leader/cli_change.h"

#define PLAIN "defaults\n mode http\n timeout connect 1s\n timeout client 1s\n timeout server 1s\n"

static struct leader l;
static struct cli_sess sess;
static struct sbuf answer;
static struct arena conf_arena;

static inline struct rt *compiled(const char *text)
{
	struct conf_src src = { .arena = &conf_arena };
	struct conf_opts o = { .no_lookup = true };
	struct diags d;

	diags_init(&d, &conf_arena, &src);
	struct rt *rt = conf_parse_text(&src, &d, "t.cfg", str_c(text)) ? conf_compile(&src, &d, &o) : NULL;
	if (!rt)
		diags_print(&d, stderr, true);
	assert_non_null(rt);
	rt->files = ARENA_NEW(&rt->arena, struct rt_file);
	rt->files[0] = (struct rt_file){ arena_cstr(&rt->arena, STR("t.cfg")), arena_str(&rt->arena, str_c(text)) };
	rt->nfiles = 1;
	return rt;
}

static inline void cli_fx_open(const char *text)
{
	notice_quiet(true);
	loop_init("poll", 16);
	clock_update();
	arena_init(&conf_arena, 0);
	struct rt *rt = compiled(text);
	l = (struct leader){ .rt = rt, .nworkers = 2, .phase = LEAD_ACTIVE, .dir_fd = -1, .roster_fd = -1, .master_gone = true,
			     .seg = segment_create(1, 2, rt->npx, rt->nsrv, rt->nlst), .listen_fd = malloc(MAX(rt->nlst, 1u) * sizeof(int)) };
	assert_non_null(l.seg);
	for (uint32_t i = 0; i < rt->nlst; i++)
		l.listen_fd[i] = -1;
	for (uint32_t i = 0; i < rt->npx; i++)
		l.seg->be[i].fe_maxconn = rt->px[i].maxconn;
	l.seg->h->maxconn = rt->g.maxconn;
	health_initial_states(l.seg, rt, (uint32_t)(clock_ms() / 1000));
	assert_true(events_start(&l));
	sess = (struct cli_sess){ .level = CLI_ADMIN, .l = &l };
}

static inline void cli_fx_close(void)
{
	txn_drop(&sess);
	events_stop();
	segment_unmap(l.seg);
	rt_free(l.rt);
	free(l.listen_fd);
	arena_free(&conf_arena);
	sbuf_free(&answer);
	answer = (struct sbuf){ 0 };
	loop_free();
}

/* The answer to a line, whole; NUL-terminated until the next command. */
static inline const char *run(const char *line, bool json)
{
	static char text[4096];
	static struct cli_words words;
	struct cli_run r = { .s = &sess, .l = &l, .out = &answer, .json = json };
	unsigned used = 0;
	enum cli_state st;

	assert_true(strlen(line) < sizeof(text));
	strcpy(text, line);
	assert_int_equal(cli_line_take(text, strlen(text), &words), strlen(text));
	r.cmd = cli_find(words.w, words.n, &used);
	assert_non_null(r.cmd);
	r.w = words.w + used, r.n = words.n - used;
	answer.n = 0;
	/* what the socket has sent makes room for more; here it is kept */
	struct sbuf whole = { 0 };
	do {
		st = r.cmd->fn(&r);
		sbuf_add(&whole, sbuf_str(&answer));
		answer.n = 0;
		r.calls++;
	} while (st == CLI_AGAIN && r.calls < 10000);
	assert_int_equal(st, CLI_DONE);
	if (r.end)
		r.end(&r);
	if (r.failed)
		txn_spoil(&sess);
	sbuf_add(&answer, sbuf_str(&whole));
	sbuf_free(&whole);
	return sbuf_cstr(&answer);
}
static inline const char *cmd(const char *line) { return run(line, false); }

#define SAYS(line, text) assert_string_equal(cmd(line), text)
#define HAS(line, part) do { \
	const char *said_ = cmd(line); \
	if (!strstr(said_, part)) \
		fail_msg("'%s' is not in: %s", part, said_); \
} while (0)
#define HAS_NOT(line, part) do { \
	const char *said_ = cmd(line); \
	if (strstr(said_, part)) \
		fail_msg("'%s' is in: %s", part, said_); \
} while (0)

/* Server "backend/name" by its index in the tables. */
static inline uint32_t srv_of(const char *be, const char *name)
{
	const struct rt_proxy *px = rt_find_backend(l.rt, str_c(be));

	assert_non_null(px);
	uint32_t i = rt_find_server(l.rt, px, str_c(name));
	assert_int_not_equal(i, RT_NONE);
	return i;
}
static inline unsigned bits_of(uint32_t srv) { return srv_admin_bits(srv_admin_now(&l, srv)); }
static inline unsigned weight_of(uint32_t srv) { return srv_admin_weight(srv_admin_now(&l, srv)); }

#endif
