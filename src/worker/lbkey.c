// SPDX-License-Identifier: GPL-3.0-or-later
/* The text of a request that a hashing algorithm balances on. Without one HAProxy falls back to round robin: has_key
 * false. */
#include <sluice/lb/lb.h>
#include "steps.h"
#include "trace.h"

/* Value of parameter name in a query string, as it is written there. */
static bool query_param(struct str query, struct str name, struct str *out)
{
	while (query.p) {
		struct str one = str_split(&query, '&');

		if (one.n > name.n && one.p[name.n] == '=' && str_starts(one, name)) {
			*out = str_sub(one, name.n + 1, one.n);
			return out->n > 0;
		}
	}
	return false;
}

static bool key_header(struct stream *s, const struct rt_backend *be, struct str *out)
{
	int i = msg_find(&s->req, be->key_name, 0);

	if (i < 0)
		return false;
	*out = hdr_val(&s->req.hdr[i]);
	if (be->hdr_domain_only)
		*out = lb_key_domain(*out);
	return out->n > 0;
}

static bool key_text(struct stream *s, const struct rt_backend *be, struct str *out)
{
	if (be->key == KEY_EXPR)
		return expr_eval_str(be->key_expr, strm_smp_ctx(s), out);
	if (!(s->flags & SF_HTTP) || s->flags & SF_REQ_HEAD_GONE)
		return false;
	switch (be->key) {
	case KEY_URI:
		*out = lb_key_uri(be, s->req.target);
		return true;
	case KEY_URL_PARAM:
		return query_param(uri_query(s->req.target), be->key_name, out);
	case KEY_HDR:
		return key_header(s, be, out);
	default:
		return false;
	}
}

void lbkey_fill(struct stream *s, struct lb_req *r)
{
	const struct rt_backend *be = &s->be->be;
	struct str text;

	r->has_key = false;
	r->drawn = UNLIKELY(wk.trace != NULL) ? trace_draws() : NULL;
	if (be->key == KEY_NONE)
		return;
	if (be->key == KEY_SOURCE) {
		r->hash = lb_key_source(be, s->ctx.src);
		r->has_key = true;
	} else if (key_text(s, be, &text)) {
		r->hash = lb_key_hash(be, text);
		r->has_key = true;
	}
}
