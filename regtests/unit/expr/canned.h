// SPDX-License-Identifier: GPL-3.0-or-later
/* One canned exchange for the tests of expressions and of what is built on them. */
#ifndef TEST_EXPR_CANNED_H
#define TEST_EXPR_CANNED_H

#include <stdint.h>
#include <stddef.h>
#include <sluice/base/clock.h>
#include <sluice/base/rand.h>
#include <sluice/expr/cond.h>
#include <sluice/expr/patfile.h>
#include <sluice/expr/stick_env.h>

struct canned {
	struct arena mem, tmp;
	struct hdr req_hdr[64], res_hdr[16];
	struct http_msg req, res;
	struct addr src, dst;
	struct smp_ctx ctx;
	struct expr_env env;
	struct var_store vars[VAR_SCOPES];
	struct pat_files maps;
};

static inline void canned_hdr(struct http_msg *m, const char *name, const char *val)
{
	bool ok = msg_add(m, str_c(name), str_c(val));

	ASSERT(ok);
}

static inline bool canned_num(const struct smp_ctx *c, enum smp_env_num what, int idx, int64_t *out)
{
	static const int64_t value[] = {
		[ENV_BE_CONN] = 107, [ENV_FE_CONN] = 101, [ENV_NBSRV] = 109, [ENV_SRV_IS_UP] = 1, [ENV_CONNSLOTS] = 104,
		[ENV_QUEUE] = 112, [ENV_SRV_CONN] = 113, [ENV_BE_SESS_RATE] = 107, [ENV_FE_SESS_RATE] = 108,
		[ENV_SRV_QUEUE] = 116, [ENV_AVG_QUEUE] = 110, [ENV_BE_ID] = 111, [ENV_FE_ID] = 112, [ENV_SRV_ID] = 113,
		[ENV_DST_CONN] = 114, [ENV_TXN_STATUS] = 115, [ENV_STOPPING] = 1, [ENV_NBPROC] = 119, [ENV_PID] = 120,
		[ENV_HTTP_FIRST_REQ] = 1, [ENV_FC_HTTP_MAJOR] = 128, [ENV_SRV_WEIGHT] = 129,
	};

	(void)c, (void)idx;
	*out = what < (int)ARRAY_LEN(value) && value[what] ? value[what] : 7; /* what has no value of its own here */
	return true;
}

static inline const struct addr *canned_addr(const struct smp_ctx *c, enum smp_env_addr what)
{
	return what == ENV_FC_SRC || what == ENV_BC_SRC ? c->src : c->dst;
}

static inline bool canned_auth(const struct smp_ctx *c, int list, struct str user, struct str pass)
{
	(void)c, (void)list;
	return str_eq(user, STR("joe")) && str_eq(pass, STR("secret"));
}

static inline bool canned_group(const struct smp_ctx *c, int list, struct str user, int n, struct str *out)
{
	(void)c, (void)list, (void)user;
	*out = n ? STR("ops") : STR("admin");
	return n < 2;
}

static inline int canned_find(const struct smp_ctx *c, enum ref_kind kind, struct str name)
{
	(void)c, (void)kind;
	return str_eq(name, STR("be")) || str_eq(name, STR("be/s1")) ? 0 : -1;
}

static inline bool canned_text(const struct smp_ctx *c, enum smp_env_str what, int idx, struct str *out)
{
	static const char *const text[] = {
		[ENV_FE_NAME] = "web", [ENV_BE_NAME] = "app", [ENV_SRV_NAME] = "s1", [ENV_UNIQUE_ID] = "id-1",
		[ENV_HOSTNAME] = "testhost", [ENV_CAPTURE_REQ_HDR] = "cap0", [ENV_CAPTURE_RES_HDR] = "cap1",
		[ENV_CAPTURE_REQ_URI] = "/a/b?x=1&y=2%20z", [ENV_CAPTURE_REQ_METHOD] = "GET",
		[ENV_CAPTURE_REQ_VER] = "HTTP/1.1",
	};

	(void)c, (void)idx;
	*out = str_c(what < (int)ARRAY_LEN(text) && text[what] ? text[what] : "some");
	return true;
}

/* What was asked, so that a test sees it: data, 100 x element, 10000 x slot. */
static inline bool canned_stick(struct smp_ctx *c, const struct smp_stick *q, int64_t *out)
{
	(void)c;
	*out = q->data + 100 * q->elem + 10000 * q->slot;
	return q->by == STICK_BY_SLOT || q->table == 0;
}

static inline bool canned_read(void *ctx, struct str name, struct str *text)
{
	static const struct { const char *name, *text; } files[] = {
		{ "m_str", "# a comment\n\n  a \t v1 \r\nabcd v2\na v3\n" }, { "m_str_int", "a 7\n" }, { "m_str_ip", "a 192.0.2.1\n" },
		{ "m_dir", "a v1\nx v2" }, { "m_dir_int", "a 7\n" }, { "m_dir_ip", "a 192.0.2.1\n" },
		{ "m_int", "5:9 v1\n10 v2\n" }, { "m_int_int", "5:9 7\n" }, { "m_int_ip", "7 192.0.2.1\n" },
		{ "m_ip", "10.0.0.0/8 v0\n10.2.0.0/16 v1\n" }, { "m_ip_int", "10.0.0.0/8 7\n" }, { "m_ip_ip", "10.0.0.0/8 192.0.2.1\n" },
		{ "m_regm", "^y(.) n\nx(.)y <\\1>\n" },
	};

	(void)ctx;
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (str_eq(name, str_c(files[i].name)))
			return (*text = str_c(files[i].text)).n > 0;
	return false;
}

static inline int canned_resolve(void *ctx, enum ref_kind kind, struct str name)
{
	(void)ctx, (void)kind;
	return str_eq(name, STR("be")) || str_eq(name, STR("be/s1")) || str_eq(name, STR("t1")) ? 0 : -1;
}

static inline void canned_target(struct canned *t, const char *target)
{
	t->req.target = str_c(target);
}

/* Every scope exists, and txn.v holds "v1". */
static inline void canned_vars(struct canned *t)
{
	struct smp v = { .type = SMP_STR, .s = STR("v1") };
	struct var_ref ref;
	struct xerr err;

	t->env.vars = var_table_new(&t->mem);
	vars_process_init(t->env.vars, &t->vars[VAR_PROC]);
	for (unsigned i = 0; i < VAR_SCOPES; i++) {
		t->vars[i] = var_store_make((enum var_scope)i, i == VAR_PROC ? NULL : &t->vars[i - 1]);
		t->ctx.vars[i] = &t->vars[i];
	}
	ASSERT(var_resolve(t->env.vars, STR("txn.v"), &ref, &err) && var_set(&t->ctx, ref, &v, 0));
}

static inline void canned_init(struct canned *t)
{
	static const struct smp_env env = { .num = canned_num, .text = canned_text, .addr = canned_addr, .find = canned_find,
					    .stick = canned_stick, .auth = canned_auth, .group = canned_group };

	*t = (struct canned){ 0 };
	arena_init(&t->mem, 0);
	arena_init(&t->tmp, 0);
	msg_init(&t->req, t->req_hdr, ARRAY_LEN(t->req_hdr), &t->mem, true);
	msg_init(&t->res, t->res_hdr, ARRAY_LEN(t->res_hdr), &t->mem, false);
	t->req.method = HTTP_GET, t->req.method_s = STR("GET"), t->req.ver = 11;
	canned_target(t, "/a/b?x=1&y=2%20z");
	canned_hdr(&t->req, "Host", "Example.com:8080");
	canned_hdr(&t->req, "X-L", "a, b ,c");
	canned_hdr(&t->req, "X-L", "d");
	canned_hdr(&t->req, "Cookie", "k=v; s=\"q w\"; k=v2; n=7");
	canned_hdr(&t->req, "X-IP", "10.0.0.1, 192.168.1.2");
	canned_hdr(&t->req, "X-N", "42");
	canned_hdr(&t->req, "Authorization", "Basic am9lOnNlY3JldA==");
	canned_hdr(&t->req, "X-Token", "Bearer tok.en");
	t->res.status = 404, t->res.ver = 11;
	canned_hdr(&t->res, "Content-Type", "text/html");
	canned_hdr(&t->res, "Content-Length", "12");
	canned_hdr(&t->res, "Set-Cookie", "sid=abc; Path=/");
	canned_hdr(&t->res, "Set-Cookie", "num=5");
	canned_hdr(&t->res, "X-From", "10.9.8.7");
	ASSERT(addr_parse_ip(&t->src, STR("192.0.2.7")) && addr_parse_ip(&t->dst, STR("127.0.0.1")));
	t->src.port = 4242, t->dst.port = 8080;
	t->ctx = (struct smp_ctx){
		.req = &t->req,
		.res = &t->res,
		.src = &t->src,
		.dst = &t->dst,
		.l6_req = STR("GET /a/b HTTP/1.1\r\n\r"),
		.l6_res = STR("HTTP/1.1 404"),
		.body = STR("p=1&q=two"),
		.res_body = STR("some text"),
		.final = true,
		.tmp = &t->tmp,
		.env = &env,
	};
	t->env = (struct expr_env){ .arena = &t->mem, .avail = ~0u, .resolve = canned_resolve, .read_file = canned_read, .maps = &t->maps };
	canned_vars(t);
	clock_update();
	expr_process_init();
}

static inline void canned_free(struct canned *t)
{
	for (unsigned i = VAR_SCOPES; i--;)
		var_store_drop(&t->vars[i]);
	pat_files_free(&t->maps);
	arena_free(&t->mem);
	arena_free(&t->tmp);
}

#endif
