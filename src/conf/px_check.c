// SPDX-License-Identifier: GPL-3.0-or-later
/* What can be said about a proxy only when it is complete: missing pieces, combinations that do not fit, leftovers. */
#include <stdio.h>

#include "sema_priv.h"

static struct word name_word(const struct px_build *b)
{
	const struct line *h = &b->sec->head;
	return h->w[h->n > 1 ? 1 : 0];
}

static void check_timeouts(struct sema *s, const struct px_build *b)
{
	const struct rt_proxy *p = b->p;
	struct word w = name_word(b);
	char list[64] = "";
	bool be = (p->caps & PX_BE) && p->be.nsrv;

	if ((p->caps & PX_FE) && (b->to_unset >> TO_CLIENT & 1))
		snprintf(list, sizeof(list), " client");
	if (be && (b->to_unset >> TO_CONNECT & 1))
		strncat(list, " connect", sizeof(list) - strlen(list) - 1);
	if (be && (b->to_unset >> TO_SERVER & 1))
		strncat(list, " server", sizeof(list) - strlen(list) - 1);
	if (list[0])
		sema_warn(s, &w, "'" STR_FMT "' has no timeout for:%s%s", STR_ARG(b->name), list,
			  strstr(list, "client") ? "; 60s are used for client" : "");
}

static void check_frontend(struct sema *s, const struct px_build *b)
{
	struct word w = name_word(b);

	if (!b->bound)
		sema_warn(s, &w, "frontend '" STR_FMT "' has no 'bind': declare it as a backend if that was intended",
			  STR_ARG(b->name));
}

static void check_default_backend(struct sema *s, const struct px_build *b)
{
	if (b->p->default_be != RT_NONE && s->rt->px[b->p->default_be].mode != b->p->mode) {
		const char *how = b->p->mode == MODE_HTTP
					  ? "is in mode tcp, this frontend in mode http: both must agree"
					  : "is in mode http, this frontend in mode tcp; switching to HTTP on the way "
					    "is not supported by sluice yet";
		if (b->default_be)
			sema_err(s, b->default_be, "'" STR_FMT "' %s", STR_ARG(b->default_be->s), how);
	}
}

static void warn_unused_acl(void *ctx, struct str name)
{
	struct sema *s = ctx;
	const struct px_build *b = s->px;

	for (size_t i = 0; i < b->sec->lines.n; i++) {
		const struct line *l = &b->sec->lines.at[i];
		if (l->n > 1 && word_is(&l->w[0], "acl") && str_eq(l->w[1].s, name)) {
			sema_warn(s, &l->w[1], "acl '" STR_FMT "' is never used", STR_ARG(name));
			return;
		}
	}
}

static void check_http_only(struct sema *s, const struct px_build *b)
{
	struct word w = name_word(b);

	if (b->p->mode == MODE_HTTP)
		return;
	if (b->p->monitor_uri.n)
		sema_warn(s, &w, "'monitor-uri' has no effect in '" STR_FMT "', which is in mode tcp",
			  STR_ARG(b->name));
	if (b->p->rules[PH_TCP_RES_CONTENT].n)
		sema_err(s, &w, "'tcp-response content' of '" STR_FMT "' is not supported in mode tcp by sluice yet",
			 STR_ARG(b->name));
	if (b->p->nreq_cap && b->sect != SECT_BACKEND && b->p->req_cap[0].name.n)
		sema_warn(s, &w, "'capture' has no effect in '" STR_FMT "', which is in mode tcp", STR_ARG(b->name));
}

static void check_backend(struct sema *s, const struct px_build *b)
{
	const struct rt_check *c = &b->p->check;
	struct word w = name_word(b);

	if (c->nsteps && c->kind == CHK_TCP && b->chk_own)
		sema_warn(s, &w,
			  "the check steps of '" STR_FMT
			  "' have no effect without 'option httpchk' or 'option tcp-check'",
			  STR_ARG(b->name));
	if (c->kind != CHK_SCRIPT)
		return;
	for (uint32_t i = 0; i + 1 < c->nsteps; i++)
		if (c->steps[i + 1].kind == CS_CONNECT && i == 0 && c->steps[0].kind != CS_CONNECT)
			sema_warn(s, &w,
				  "in '" STR_FMT
				  "' the steps before the first 'tcp-check connect' use a connection of their own",
				  STR_ARG(b->name));
}

void px_check(struct sema *s, struct px_build *b)
{
	s->px = b;
	if (b->p->caps & PX_DISABLED)
		return;
	if (b->p->caps & PX_FE)
		check_default_backend(s, b);
	if (s->d->errors)
		return; /* what is missing may stand in a line that was refused */
	check_timeouts(s, b);
	if (b->sect == SECT_FRONTEND)
		check_frontend(s, b);
	if (b->p->caps & PX_BE)
		check_backend(s, b);
	check_http_only(s, b);
	if (b->own_acls)
		acl_each_unused(b->own_acls, warn_unused_acl, s);
}
