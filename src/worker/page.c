// SPDX-License-Identifier: GPL-3.0-or-later
/* The statistics page: a request whose target begins with `stats uri` is answered here, after the http-request rules of that proxy. */
#include <stdlib.h>
#include <sluice/base/rand.h>
#include "page.h"
#include "steps.h"

/* ---- which requests --------------------------------------------------------------------------------------------------- */

bool stats_page_wanted(const struct stream *s, const struct rt_proxy *px)
{
	const struct str uri = px->stats->uri, t = s->req.target;

	if (!(s->flags & SF_HTTP) || (s->req.method != HTTP_GET && s->req.method != HTTP_HEAD && s->req.method != HTTP_POST))
		return false;
	return str_starts(t, uri) && (t.n == uri.n || uri.p[uri.n - 1] == '/' || strchr(";?&/#", t.p[uri.n]));
}

enum page_opts { PO_CSV = 1, PO_JSON = 2, PO_TYPED = 4, PO_UP = 8, PO_NO_MAINT = 16, PO_NO_REFRESH = 32, PO_DESC = 64 };
static const struct { const char *word; unsigned bit; } opt_words[] = {
	{ "csv", PO_CSV }, { "json", PO_JSON }, { "typed", PO_TYPED }, { "up", PO_UP }, { "no-maint", PO_NO_MAINT },
	{ "norefresh", PO_NO_REFRESH }, { "desc", PO_DESC },
};

/* Words behind the prefix, between ';' (or '?' and '&'); done gets the code in "st=CODE". */
static unsigned page_options(struct str rest, struct str *done)
{
	unsigned opts = 0;

	*done = STR_NULL;
	while (rest.n) {
		size_t n = 0;

		while (n < rest.n && !strchr(";?&", rest.p[n]))
			n++;
		struct str w = str_sub(rest, 0, n);
		rest = str_sub(rest, n + 1, rest.n);
		if (str_starts(w, STR("st=")))
			*done = str_sub(w, 3, 4);
		for (unsigned i = 0; i < ARRAY_LEN(opt_words); i++)
			if (str_eq(w, str_c(opt_words[i].word)))
				opts |= opt_words[i].bit;
	}
	return opts;
}

/* ---- who may ask ------------------------------------------------------------------------------------------------------ */

/* Takes as long whatever differs. */
static bool same_bytes(struct str a, struct str b)
{
	unsigned diff = a.n != b.n;

	for (size_t i = 0; i < a.n; i++)
		diff |= (unsigned char)(a.p[i] ^ b.p[b.n ? i % b.n : 0]) | !b.n;
	return !diff;
}

static bool credentials_ok(const struct stream *s, const struct rt_stats *p)
{
	int i = msg_find(&s->req, STR("authorization"), 0);
	struct str v = i < 0 ? STR_NULL : hdr_val(&s->req.hdr[i]);
	bool ok = false;

	if (!str_istarts(v, STR("basic ")))
		return false;
	v = str_trim(str_sub(v, 6, v.n));
	for (uint32_t k = 0; k < p->nauth; k++)
		ok |= same_bytes(v, p->auth[k]);
	return ok;
}

static enum stats_verdict page_verdict(struct stream *s, const struct rt_stats *p, struct str *realm)
{
	*realm = p->realm;
	for (uint32_t i = 0; i < p->nrules; i++) {
		const struct rt_stats_rule *r = &p->rules[i];

		if (r->cond && !cond_true(r->cond, strm_smp_ctx(s)))
			continue;
		if (r->realm.n)
			*realm = r->realm;
		return (enum stats_verdict)r->what;
	}
	return p->nauth && !credentials_ok(s, p) ? STATS_AUTH : STATS_ALLOW;
}

static void refuse(struct stream *s, enum stats_verdict v, struct str realm)
{
	char text[256];
	struct sbuf b = SBUF_FIXED(text);

	term_set(s, 'P', 'R');
	count_denied(s, false);
	reply_error(s, v == STATS_AUTH ? 401 : 403);
	if (v != STATS_AUTH)
		return;
	sbuf_printf(&b, "Basic realm=\"" STR_FMT "\"", STR_ARG(realm));
	headers_set(s, &s->res, STR("www-authenticate"), strm_dup(s, sbuf_str(&b)));
}

static bool page_admin(struct stream *s, const struct rt_stats *p)
{
	for (uint32_t i = 0; i < p->nadmin; i++)
		if (!p->admin[i] || cond_true(p->admin[i], strm_smp_ctx(s)))
			return true;
	return false;
}

/* ---- the generator ---------------------------------------------------------------------------------------------------- */

static void gen_resume(struct reply_gen *g) { stats_src_refresh(&CONTAINER_OF(g, struct stats_gen, g)->src); }

static bool page_step(struct reply_gen *g, struct sbuf *out)
{
	struct stats_gen *x = CONTAINER_OF(g, struct stats_gen, g);

	return stats_page_step(&x->src, &x->page, out);
}

static bool dump_step(struct reply_gen *g, struct sbuf *out)
{
	struct stats_gen *x = CONTAINER_OF(g, struct stats_gen, g);

	return stats_dump_step(&x->src, &x->dump, out);
}

struct stats_gen *stats_gen_new(bool (*step)(struct reply_gen *g, struct sbuf *out))
{
	struct stats_gen *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->g.step = step;
	x->g.resume = gen_resume;
	stats_src_init(&x->src, wk.rt, wk.seg, wk.h->master_pid);
	return x;
}

static void hex(char *out, const uint8_t *in, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = "0123456789abcdef"[in[i] >> 4];
		out[2 * i + 1] = "0123456789abcdef"[in[i] & 15];
	}
}

void page_token(char out[TOKEN_LEN]) { hex(out, wk.h->secret, sizeof(wk.h->secret)); }

void page_scope(const struct rt_proxy *px, struct stats_iter *it)
{
	*it = (struct stats_iter){ .iid = -1, .sid = -1, .scope = px->stats->scope, .nscope = px->stats->nscope, .self = px->name };
}

static uint32_t page_flags(unsigned opts)
{
	return (opts & PO_UP ? STATS_UP : 0) | (opts & PO_NO_MAINT ? STATS_NO_MAINT : 0);
}

static void page_setup(struct stream *s, const struct rt_proxy *px, struct stats_gen *x, unsigned opts, struct str done)
{
	const struct rt_stats *p = px->stats;
	struct stats_page *pg = &x->page;
	uint64_t noise[2] = { rand_u64(), rand_u64() };

	page_token(x->token);
	hex(x->nonce, (const uint8_t *)noise, sizeof(noise));
	memcpy(x->done, done.p ? done.p : "", MIN(done.n, sizeof(x->done)));
	pg->px = -1;
	pg->o = (struct stats_page_opts){
		.uri = p->uri, .node = p->node, .desc = p->desc, .token = str_n(x->token, TOKEN_LEN), .nonce = str_n(x->nonce, TOKEN_LEN),
		.done = str_n(x->done, MIN(done.n, sizeof(x->done))), .refresh = opts & PO_NO_REFRESH ? 0 : p->refresh,
		.admin = page_admin(s, p), .hide_version = p->hide_version,
	};
	page_scope(px, &pg->it);
	pg->it.flags = page_flags(opts);
}

/* Nothing but what is in the page itself may run or be loaded, and nobody may put it into a frame. */
static void html_headers(struct stream *s, const struct stats_gen *x)
{
	char text[256];
	struct sbuf b = SBUF_FIXED(text);

	sbuf_printf(&b, "default-src 'none'; style-src 'nonce-%.*s'; script-src 'nonce-%.*s'; connect-src 'self'; form-action 'self'; "
			"frame-ancestors 'none'; base-uri 'none'", TOKEN_LEN, x->nonce, TOKEN_LEN, x->nonce);
	headers_add(s, &s->res, STR("content-security-policy"), strm_dup(s, sbuf_str(&b)));
	headers_add(s, &s->res, STR("x-content-type-options"), STR("nosniff"));
	headers_add(s, &s->res, STR("referrer-policy"), STR("same-origin"));
}

static enum step_result page_get(struct stream *s, const struct rt_proxy *px)
{
	struct str done;
	unsigned opts = page_options(str_sub(s->req.target, px->stats->uri.n, s->req.target.n), &done);
	bool html = !(opts & (PO_CSV | PO_JSON | PO_TYPED));
	struct stats_gen *x = stats_gen_new(html ? page_step : dump_step);

	if (!x)
		return strm_fail(s, 500, 'R', 'R');
	x->src.legends = px->stats->legends;
	if (html) {
		page_setup(s, px, x, opts, done);
	} else {
		x->dump.form = opts & PO_CSV ? STATS_CSV : opts & PO_JSON ? STATS_JSON : STATS_TYPED;
		x->dump.desc = opts & PO_DESC;
		page_scope(px, &x->dump.it);
		x->dump.it.flags = page_flags(opts);
	}
	reply_open(s, 200);
	headers_add(s, &s->res, STR("cache-control"), STR("no-cache, no-store"));
	headers_add(s, &s->res, STR("content-type"), html ? STR("text/html; charset=utf-8") : opts & PO_JSON ? STR("application/json") : STR("text/plain; charset=utf-8"));
	if (html)
		html_headers(s, x);
	reply_generate(s, &x->g);
	return step_to(s, ST_REPLY);
}

static enum step_result page_post(struct stream *s, const struct rt_proxy *px)
{
	const struct rt_stats *p = px->stats;
	const char *code;
	char text[1024];
	struct sbuf b = SBUF_FIXED(text);
	enum step_result r = s->cli.flags & EP_EOM ? STEP_NEXT : strm_body(s, ST_STATS);

	if (r != STEP_NEXT || s->step != ST_STATS)
		return r;
	if (!page_admin(s, p))
		code = "DENY";
	else if (!(s->cli.flags & EP_EOM))
		code = "EXCD";
	else
		code = page_order(s, px, buf_str(&s->cli.rx));
	sbuf_printf(&b, STR_FMT ";st=%s", STR_ARG(p->uri), code);
	reply_open(s, 303);
	headers_add(s, &s->res, STR("cache-control"), STR("no-cache, no-store"));
	headers_add(s, &s->res, STR("location"), strm_dup(s, sbuf_str(&b)));
	reply_close(s, STR_NULL);
	return step_to(s, ST_REPLY);
}

enum step_result step_stats(struct stream *s)
{
	const struct rt_proxy *px = s->be ? s->be : s->fe;
	struct str realm;
	enum stats_verdict v = page_verdict(s, px->stats, &realm);
	enum step_result r;

	s->service = true;
	if (v != STATS_ALLOW) {
		refuse(s, v, realm);
		return step_to(s, ST_REPLY);
	}
	r = s->req.method == HTTP_POST ? page_post(s, px) : page_get(s, px);
	if (r == STEP_NEXT && s->step == ST_REPLY)
		term_set(s, 'L', 'R');
	return r;
}
