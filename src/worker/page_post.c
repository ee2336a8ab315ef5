// SPDX-License-Identifier: GPL-3.0-or-later
/* Forms of the statistics page. The fields are HAProxy's: b, the backend by name or #number; s, a server, any number of times; action.
 * `do` ("drain web1") is a button of one row and goes before the others.
 *
 * Browsers send credentials along with whatever another site makes them send. So an order counts only when it comes from the page's own
 * origin, and when it carries the secret that only the page shows (t); a program that has no page says so in a header that no form of
 * another site can set (X-Requested-With). */
#include <sluice/base/num.h>
#include <sluice/ipc/msg.h>
#include "page.h"
#include "steps.h"

/* ---- where it comes from ---------------------------------------------------------------------------------------------- */

static struct str header(const struct stream *s, struct str name)
{
	int i = msg_find(&s->req, name, 0);

	return i < 0 ? STR_NULL : hdr_val(&s->req.hdr[i]);
}

/* "https://host:port/…" or "null": does it name the host that was asked? */
static bool url_is_ours(const struct stream *s, struct str url)
{
	ptrdiff_t at = str_find(url, STR("://"), false), slash;

	if (at < 0)
		return false;
	url = str_sub(url, (size_t)at + 3, url.n);
	slash = str_chr(url, '/');
	return str_ieq(slash < 0 ? url : str_sub(url, 0, (size_t)slash), s->req.authority);
}

static bool same_origin(const struct stream *s)
{
	struct str origin = header(s, STR("origin")), referer = header(s, STR("referer")), site = header(s, STR("sec-fetch-site"));

	if (site.n && !str_eq(site, STR("same-origin")) && !str_eq(site, STR("none")))
		return false;
	if (origin.n)
		return url_is_ours(s, origin);
	return !referer.n || url_is_ours(s, referer);
}

/* ---- the fields ------------------------------------------------------------------------------------------------------- */

struct form { struct str backend, action, one, token; };

static void form_read(struct stream *s, struct str body, struct form *f)
{
	struct str name, val;

	*f = (struct form){ 0 };
	while (form_next(s->arena, &body, &name, &val)) {
		if (str_eq(name, STR("b")))
			f->backend = val;
		else if (str_eq(name, STR("action")))
			f->action = val;
		else if (str_eq(name, STR("do")))
			f->one = val;
		else if (str_eq(name, STR("t")))
			f->token = val;
	}
}

static bool token_ok(const struct stream *s, const struct form *f)
{
	char want[TOKEN_LEN];
	unsigned diff = 0;

	if (header(s, STR("x-requested-with")).n)
		return true;
	if (f->token.n != TOKEN_LEN)
		return false;
	page_token(want);
	for (unsigned i = 0; i < TOKEN_LEN; i++)
		diff |= (unsigned char)(want[i] ^ f->token.p[i]);
	return !diff;
}

static const struct rt_proxy *form_backend(const struct rt_proxy *page, struct str name)
{
	const struct rt_proxy *be = NULL;
	struct stats_iter it;
	uint64_t id;

	if (str_starts(name, STR("#"))) {
		if (!num_u64(str_sub(name, 1, name.n), &id))
			return NULL;
		for (uint32_t i = 0; i < wk.rt->npx && !be; i++)
			if (wk.rt->px[i].id == id && wk.rt->px[i].caps & PX_BE)
				be = &wk.rt->px[i];
	} else {
		be = rt_find_backend(wk.rt, name);
	}
	page_scope(page, &it);
	return be && stats_in_scope(&it, be->name) ? be : NULL;
}

static int form_action(struct str word)
{
	static const char *const words[] = {
#define SRV_ACTION(id, word, help) word,
#include <sluice/tbl/srv_actions.def>
#undef SRV_ACTION
	};

	for (unsigned i = 0; i < ARRAY_LEN(words); i++)
		if (str_eq(word, str_c(words[i])))
			return (int)i;
	return -1;
}

/* ---- orders ----------------------------------------------------------------------------------------------------------- */

struct orders {
	uint32_t action, n;       /* n of msg wait to be sent */
	struct ipc_srv_order msg;
	uint32_t done, unknown, lost;
};

static void orders_send(struct orders *o)
{
	if (!o->n)
		return;
	/* what is set in a generation that drains is lost with it */
	if (!wk.draining && ipc_send(wk.h->ctl, IPC_SRV_ORDER, o->action, o->n, &o->msg, sizeof(o->msg), -1))
		o->done += o->n;
	else
		o->lost += o->n;
	o->n = 0;
	o->msg = (struct ipc_srv_order){ 0 };
}

static void orders_add(struct orders *o, const struct rt_proxy *be, struct str name)
{
	for (uint32_t i = be->be.srv0; i < be->be.srv0 + be->be.nsrv; i++)
		if (rt_srv_exists(&wk.rt->srv[i]) && str_eq(wk.rt->srv[i].name, name)) {
			o->msg.srv[o->n++] = i;
			if (o->n == SRV_ORDER_MAX)
				orders_send(o);
			return;
		}
	o->unknown++;
}

static const char *orders_code(const struct orders *o)
{
	if (!o->done)
		return o->lost ? "UNKN" : o->unknown ? "ERRP" : "NONE";
	return o->lost || o->unknown ? "PART" : "DONE";
}

const char *page_order(struct stream *s, const struct rt_proxy *px, struct str body)
{
	struct str rest = body, name, val, server = STR_NULL;
	struct orders o = { 0 };
	const struct rt_proxy *be;
	struct form f;
	int act;

	form_read(s, body, &f);
	if (!same_origin(s) || !token_ok(s, &f))
		return "DENY";
	if (f.one.n) {
		server = f.one;
		f.action = str_split(&server, ' ');
	}
	be = form_backend(px, f.backend);
	act = form_action(f.action);
	if (!be || act < 0)
		return "ERRP";
	o.action = (uint32_t)act;
	if (f.one.n)
		orders_add(&o, be, server);
	while (!f.one.n && form_next(s->arena, &rest, &name, &val))
		if (str_eq(name, STR("s")))
			orders_add(&o, be, val);
	orders_send(&o);
	return orders_code(&o);
}
