// SPDX-License-Identifier: GPL-3.0-or-later
/* Cookie persistence: cookie, dynamic-cookie-key, force-persist, ignore-persist. Everything behind the value of an
 * inserted cookie is put together here, once. */
#include <arpa/inet.h>
#include <sluice/base/hash.h>

#include "sema_priv.h"

enum {
	W_REWRITE,
	W_INSERT,
	W_PREFIX,
	W_INDIRECT,
	W_NOCACHE,
	W_POSTONLY,
	W_PRESERVE,
	W_HTTPONLY,
	W_SECURE,
	W_DYNAMIC,
	W_DOMAIN,
	W_MAXIDLE,
	W_MAXLIFE,
	W_ATTR
};
static const char *const words[] = { "rewrite",	 "insert", "prefix",  "indirect", "nocache", "postonly", "preserve",
				     "httponly", "secure", "dynamic", "domain",	  "maxidle", "maxlife",	 "attr" };

/* Nothing that ends the attribute or the header. */
static bool attribute_text(struct sema *s, const struct word *w)
{
	for (size_t i = 0; i < w->s.n; i++)
		if ((unsigned char)w->s.p[i] < ' ' || w->s.p[i] == 127 || w->s.p[i] == ';') {
			sema_err(s, w, "an attribute of a cookie holds neither control characters nor ';'");
			return false;
		}
	return true;
}

static bool life(struct sema *s, const struct word *w, uint32_t *seconds)
{
	uint32_t ms;

	if (!arg_time(s, w, 1000, &ms))
		return false;
	*seconds = ms / 1000;
	return true;
}

static bool cookie_word(struct sema *s, const struct line *l, uint32_t *i, struct rt_cookie *c, struct sbuf *domains,
			struct sbuf *attrs)
{
	int k = arg_word(s, &l->w[*i], words, ARRAY_LEN(words), "parameter of cookie");
	const struct word *v;

	if (k < 0)
		return false;
	if (k < W_DOMAIN) {
		c->flags |= 1u << k; /* enum cookie_flags has the order of the words */
		return true;
	}
	if (!(v = arg_next(s, l->w, l->n, i)))
		return false;
	if (k == W_MAXIDLE)
		return life(s, v, &c->maxidle);
	if (k == W_MAXLIFE)
		return life(s, v, &c->maxlife);
	if (!attribute_text(s, v))
		return false;
	sbuf_printf(k == W_DOMAIN ? domains : attrs, k == W_DOMAIN ? "; domain=" STR_FMT : "; " STR_FMT, STR_ARG(v->s));
	return true;
}

static bool cookie_fits(struct sema *s, const struct line *l, const struct rt_cookie *c)
{
	uint32_t mode = c->flags & (CK_REWRITE | CK_INSERT | CK_PREFIX);

	if (mode & (mode - 1)) {
		sema_err(s, &l->w[0], "'cookie' takes one of 'rewrite', 'insert' and 'prefix'");
		return false;
	}
	if ((c->flags & (CK_REWRITE | CK_INDIRECT)) == (CK_REWRITE | CK_INDIRECT)) {
		sema_err(s, &l->w[0], "'cookie rewrite' and 'indirect' exclude each other");
		return false;
	}
	if ((c->flags & (CK_PRESERVE | CK_INSERT | CK_INDIRECT)) == CK_PRESERVE) {
		sema_err(s, &l->w[0], "'cookie preserve' needs 'insert' or 'indirect'");
		return false;
	}
	return true;
}

void dir_cookie(struct sema *s, const struct line *l)
{
	struct rt_cookie c = { .name = keep(s, l->w[1].s), .key = s->px->p->cookie.key };
	struct sbuf domains = { 0 }, attrs = { 0 };
	bool ok = http_token(l->w[1].s);

	if (!ok)
		sema_err(s, &l->w[1], "'" STR_FMT "' is not the name of a cookie", STR_ARG(l->w[1].s));
	for (uint32_t i = 2; i < l->n && ok; i++)
		ok = cookie_word(s, l, &i, &c, &domains, &attrs);
	if (ok && cookie_fits(s, l, &c)) {
		c.suffix = arena_printf(s->a, STR_FMT "%s%s" STR_FMT, STR_ARG(sbuf_str(&domains)),
					c.flags & CK_HTTPONLY ? "; HttpOnly" : "",
					c.flags & CK_SECURE ? "; Secure" : "", STR_ARG(sbuf_str(&attrs)));
		s->px->p->cookie = c;
		if (s->px->sect != SECT_DEFAULTS && s->px->p->mode != MODE_HTTP)
			sema_warn(s, &l->w[0], "'cookie' has no effect in mode tcp");
	}
	sbuf_free(&domains);
	sbuf_free(&attrs);
}

void dir_dynamic_cookie_key(struct sema *s, const struct line *l)
{
	if (l->w[1].s.n > DYN_COOKIE_KEY_MAX)
		sema_err(s, &l->w[1], "the key of dynamic cookies has at most %u bytes", DYN_COOKIE_KEY_MAX);
	else
		s->px->p->cookie.key = keep(s, l->w[1].s);
}

void persist_dynamic(struct sema *s, const struct rt_cookie *c, struct rt_server *srv)
{
	char text[DYN_COOKIE_LEN + 1];

	if (!(c->flags & CK_DYNAMIC) || !c->key.n || srv->cookie.n || (srv->addr.family != AF_INET && srv->addr.family != AF_INET6))
		return;
	rt_dynamic_cookie(c, &srv->addr, text);
	srv->cookie = keep(s, str_n(text, DYN_COOKIE_LEN));
	srv->flags |= SRVF_DYN_COOKIE;
}

void persist_finish(struct sema *s, struct px_build *b)
{
	struct rt_proxy *p = b->p;
	struct rt_server *srv = s->rt->srv + p->be.srv0;

	for (uint32_t i = 0; i < p->be.nsrv; i++)
		persist_dynamic(s, &p->cookie, &srv[i]);
}

static void persist_line(struct sema *s, const struct line *l, bool force)
{
	struct rt_persist p = { .force = force };
	unsigned avail = phase_avail(s, s->px->p->mode == MODE_HTTP ? PH_HTTP_REQ : PH_TCP_CONTENT);

	if (cond_at(l->w, l->n, 1) != 1)
		sema_err(s, &l->w[1], "'" STR_FMT "' expects 'if' or 'unless' and a condition", STR_ARG(l->w[0].s));
	else if (sema_cond(s, l->w, l->n, 1, avail, &p.cond))
		APPEND(s->a, s->px->p->persist, s->px->p->npersist, p);
}

void dir_force_persist(struct sema *s, const struct line *l) { persist_line(s, l, true); }
void dir_ignore_persist(struct sema *s, const struct line *l) { persist_line(s, l, false); }
