// SPDX-License-Identifier: GPL-3.0-or-later
/* Where requests go: use_backend, default_backend, use-server; and the monitor that answers by itself. */
#include "sema_priv.h"

void dir_default_backend(struct sema *s, const struct line *l)
{
	s->px->default_be = s->no ? NULL : &l->w[1];
}

/* What is checked at run time for dynamic names is checked here for static ones. Connections of mode tcp turn to HTTP on the way to a backend
 * in mode http; there is no way back. */
static bool modes_fit(struct sema *s, const struct word *w, const struct px_build *be)
{
	const struct px_build *fe = s->px;
	if (be->p->mode == fe->p->mode || fe->p->mode == MODE_TCP)
		return true;
	sema_err(s, w, "'" STR_FMT "' is in mode tcp, this frontend in mode http: both must agree", STR_ARG(be->name));
	return false;
}

static bool dynamic_name(const struct word *w)
{
	return str_find(w->s, STR("%["), false) >= 0;
}

static void warn_after_final(struct sema *s, const struct line *l)
{
	if (s->px->use_be_final)
		sema_warn(s, &l->w[0], "this rule is never reached: an unconditional 'use_backend' stands before it");
}

void dir_use_backend(struct sema *s, const struct line *l)
{
	struct rt_use_be u = { .target = RT_NONE, .loc = sema_loc(s, l->w[0].at), .id = s->next_rule++ };
	unsigned avail = phase_avail(s, s->px->p->mode == MODE_HTTP ? PH_HTTP_REQ : PH_TCP_CONTENT);
	uint32_t c = cond_at(l->w, l->n, 2);

	if (c > 2) {
		sema_err(s, &l->w[2], "unexpected '" STR_FMT "' after the backend, only 'if' or 'unless' may follow",
			 STR_ARG(l->w[2].s));
		return;
	}
	warn_after_final(s, l);
	if (dynamic_name(&l->w[1])) {
		if (!(u.name = sema_fmt(s, &l->w[1], avail)))
			return;
		s->dynamic_targets = true;
	} else {
		struct px_build *be = sema_backend(s, &l->w[1]);
		if (!be || !modes_fit(s, &l->w[1], be))
			return;
		u.target = (uint32_t)(be->p - s->rt->px);
	}
	if (!sema_cond(s, l->w, l->n, c, avail, &u.cond))
		return;
	VEC_PUSH(&s->px->use_be, u);
	s->px->use_be_final |= !u.cond && u.target != RT_NONE;
}

void dir_use_server(struct sema *s, const struct line *l)
{
	struct rt_use_be u = { .target = RT_NONE, .loc = sema_loc(s, l->w[0].at), .id = s->next_rule++ };
	unsigned avail = phase_avail(s, s->px->p->mode == MODE_HTTP ? PH_HTTP_REQ : PH_TCP_CONTENT);
	uint32_t c = cond_at(l->w, l->n, 2);
	struct rt_server *srv;

	if (c == l->n)
		sema_warn(s, &l->w[0], "'use-server' without a condition applies always");
	if (dynamic_name(&l->w[1])) {
		if (!(u.name = sema_fmt(s, &l->w[1], avail)))
			return;
	} else {
		srv = s->px->srv_names.arena ? hmap_get(&s->px->srv_names, l->w[1].s) : NULL;
		if (!srv) {
			sema_err(s, &l->w[1], "unknown server '" STR_FMT "' in this backend", STR_ARG(l->w[1].s));
			return;
		}
		srv->flags |= SRVF_NAMED;
		u.target = (uint32_t)(srv - s->rt->srv);
	}
	if (sema_cond(s, l->w, l->n, c, avail, &u.cond))
		VEC_PUSH(&s->px->use_srv, u);
}

void dir_monitor_uri(struct sema *s, const struct line *l)
{
	s->px->p->monitor_uri = keep(s, l->w[1].s);
}

void dir_monitor(struct sema *s, const struct line *l)
{
	static const char *const words[] = { "fail" };
	uint32_t c = cond_at(l->w, l->n, 2);
	struct cond *cond;

	if (arg_word(s, &l->w[1], words, 1, "parameter of monitor") < 0)
		return;
	if (c != 2) {
		sema_err(s, &l->w[MIN(2u, l->n - 1)], "'monitor fail' expects 'if' or 'unless' and a condition");
		return;
	}
	if (sema_cond(s, l->w, l->n, c, phase_avail(s, PH_HTTP_REQ), &cond))
		VEC_PUSH(&s->px->monitor_fail, cond);
}
