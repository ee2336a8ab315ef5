// SPDX-License-Identifier: GPL-3.0-or-later
/* What expressions and formats of checks see: the server and its backend, the connection, what has been received on it, and variables
 * of scopes check, sess (both live as long as the check) and proc. */
#include <unistd.h>
#include <sluice/base/arena_pool.h>
#include <sluice/base/clock.h>
#include <sluice/base/num.h>
#include <sluice/stats/env_num.h>
#include "checker_priv.h"

/* One expression is evaluated at a time. */
static struct arena scratch;

static const struct target *target_of(const struct smp_ctx *c) { return c->owner; }

static bool env_num(const struct smp_ctx *c, enum smp_env_num what, int idx, int64_t *out)
{
	const struct target *t = target_of(c);

	switch (what) {
	case ENV_BE_SERVER_TIMEOUT: *out = t->px->to[TO_SERVER]; return true;
	case ENV_BE_TUNNEL_TIMEOUT: *out = t->px->to[TO_TUNNEL]; return true;
	case ENV_NBPROC: *out = t->ck->h->nworkers; return true;
	case ENV_PID: *out = getpid(); return true;
	case ENV_BC_HTTP_MAJOR: *out = t->x->h2 ? 2 : 1; return chk_is_http(t);
	case ENV_STOPPING: *out = 0; return true;
	default: break;
	}
	return stats_env_num(t->ck->rt, t->ck->seg, what, idx < 0 ? t->s->px : (uint32_t)idx, idx < 0 ? t->srv : (uint32_t)idx, out);
}

static bool env_text(const struct smp_ctx *c, enum smp_env_str what, int idx UNUSED, struct str *out)
{
	const struct target *t = target_of(c);

	switch (what) {
	case ENV_BE_NAME: *out = t->px->name; return true;
	case ENV_SRV_NAME: *out = t->s->name; return true;
	case ENV_HOSTNAME: *out = t->ck->rt->g.node; return out->n > 0;
	default: return false;
	}
}

static const struct addr *env_addr(const struct smp_ctx *c, enum smp_env_addr what)
{
	if (!c->bc)
		return NULL;
	return what == ENV_BC_SRC ? conn_local(c->bc) : what == ENV_BC_DST ? &c->bc->dst : NULL;
}

static const struct smp_env env = { .num = env_num, .text = env_text, .addr = env_addr };

struct smp_ctx *chk_ctx(struct target *t)
{
	static struct smp_ctx c;
	struct exchange *x = t->x;
	bool http = chk_is_http(t);

	if (!scratch.chunk_size)
		arena_init(&scratch, 0);
	arena_reset(&scratch);
	c = (struct smp_ctx){ .final = true, .bc = t->conn, .tmp = &scratch, .env = &env, .owner = t };
	c.res = http ? http_response(x, &scratch) : NULL;
	if (c.res)
		c.res_body = http_body(x);
	if (!http)
		c.l6_res = buf_str(&x->in);
	c.vars[VAR_PROC] = &t->ck->vars;
	c.vars[VAR_CHECK] = &x->vars;
	c.vars[VAR_SESS] = &x->sess;
	return &c;
}

void chk_env_free(void)
{
	if (scratch.chunk_size)
		arena_free(&scratch);
	scratch = (struct arena){ 0 };
}

struct arena *chk_mem(struct exchange *x)
{
	if (!x->mem)
		x->mem = arena_take();
	return x->mem;
}

void chk_render_to(struct target *t, struct smp_ctx *c, const struct logfmt *f, struct sbuf *out)
{
	const struct addr *srv = t->conn ? &t->conn->dst : &t->s->addr;
	struct log_data d = {
		.accept_date = clock_real, .t_accept = t->started_ns, .t_req_start = t->started_ns,
		.bck = env_addr(c, ENV_BC_SRC), .srv = srv, .fe_name = t->px->name, .be_name = t->px->name, .srv_name = t->s->name,
		.http = chk_is_http(t), .status = t->x->res.status, .hostname = t->ck->rt->g.node, .pid = (uint32_t)getpid(),
	};

	logfmt_render(f, c, logfmt_aliases(f) ? &d : NULL, out);
}

struct str chk_render(struct target *t, const struct logfmt *f)
{
	struct arena *a = chk_mem(t->x);
	struct sbuf b = { 0 };
	struct str s;

	if (!a)
		return STR_NULL;
	chk_render_to(t, chk_ctx(t), f, &b);
	s = arena_str(a, sbuf_str(&b));
	sbuf_free(&b);
	return s;
}

bool chk_unhex(struct str *s)
{
	char *to = (char *)(uintptr_t)s->p; /* made by chk_render() */
	uint64_t byte;

	for (size_t i = 0; i < s->n; i += 2) {
		struct str two = str_sub(*s, i, 2);

		if (two.n != 2 || !num_hex64(two, &byte))
			return false;
		to[i / 2] = (char)byte;
	}
	s->n /= 2;
	return true;
}
