// SPDX-License-Identifier: GPL-3.0-or-later
/* Credentials of a request: the Authorization header, or Proxy-Authorization when the client takes us for its proxy. */
#include "rows_priv.h"

enum { CRED_USER, CRED_PASS, CRED_TYPE, CRED_TOKEN };

bool http_proxied(const struct http_msg *m)
{
	if (!(m->flags & MSG_ABS_FORM))
		return false;
	for (int i = 0; i < m->nhdr; i++)
		if (m->hdr[i].id == HH_PROXY_CONNECTION) /* hop-by-hop: marked as removed by now */
			return true;
	return false;
}

static bool credentials(const struct http_msg *m, struct str name, struct str *type, struct str *rest)
{
	int i = msg_find(m, name, 0);
	struct str v;

	if (i < 0)
		return false;
	v = str_trim(hdr_val(&m->hdr[i]));
	*type = str_split(&v, ' ');
	*rest = v.p ? str_trim(v) : STR("");
	return type->n > 0;
}

/* "user:password" in base 64 (RFC 7617). */
bool http_basic(struct smp_ctx *c, const struct http_msg *m, struct str *user, struct str *pass)
{
	struct str type, rest, text;

	if (!credentials(m, http_proxied(m) ? STR("proxy-authorization") : STR("authorization"), &type, &rest) ||
	    !str_ieq(type, STR("basic")) || !b64_decode(c->tmp, rest, false, &text))
		return false;
	*user = str_split(&text, ':');
	*pass = text;
	return text.p != NULL;
}

/* aux: what is wanted. */
bool fetch_http_auth_part(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	struct str name = k->arg[0].set ? k->arg[0].s : http_proxied(c->req) ? STR("proxy-authorization") : STR("authorization");
	struct str type, rest, user, pass;

	(void)it;
	switch (k->aux) {
	case CRED_USER: return http_basic(c, c->req, &user, &pass) && smp_set_str(out, user);
	case CRED_PASS: return http_basic(c, c->req, &user, &pass) && smp_set_str(out, pass);
	case CRED_TYPE: return credentials(c->req, name, &type, &rest) && smp_set_str(out, type);
	default: return credentials(c->req, name, &type, &rest) && str_ieq(type, STR("bearer")) && smp_set_str(out, rest);
	}
}

static bool authenticated(struct smp_ctx *c, const struct call *k, struct str *user)
{
	struct str pass;

	return c->env && c->env->auth && http_basic(c, c->req, user, &pass) && c->env->auth(c, (int)k->arg[0].i, *user, pass);
}

bool fetch_http_auth(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	struct str user;

	(void)it;
	return smp_set_bool(out, authenticated(c, k, &user));
}

/* The user; to a test the user's groups, one by one. */
bool fetch_http_auth_group(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	struct str user;

	if (!it->pos && !authenticated(c, k, &it->rest))
		return false;
	user = it->rest;
	if (!it->all)
		return smp_set_str(out, user);
	it->more = c->env->group && c->env->group(c, (int)k->arg[0].i, user, it->pos++, &out->s);
	out->type = SMP_STR;
	return it->more;
}
