// SPDX-License-Identifier: GPL-3.0-or-later
/* Variables in the configuration: the arguments of set-var, set-var-fmt and unset-var in rules, set-var lines of the global
 * section, limits. */
#include <sluice/base/clock.h>

#include "act_priv.h"

/* An error of the text `part`, which lies in w. */
static bool part_err(struct sema *s, const struct word *w, struct str part, const struct xerr *e)
{
	struct str at = str_sub(part, e->off, e->len);

	sema_err_at(s, w, at.n ? at : part, "%s%s%s%s", e->msg, e->hint[0] ? " (did you mean '" : "", e->hint,
		    e->hint[0] ? "'?)" : "");
	return false;
}

static bool variable(struct sema *s, struct act *a, struct str text)
{
	unsigned missing = need_missing(var_needs((enum var_scope)a->r->var.scope), a->avail);

	if (missing)
		sema_err_at(s, &a->w[0], text, "'" STR_FMT "' does not exist %s", STR_ARG(text),
			    a->avail & NEED_CHECK ? "in a health check: use scope check or proc" :
			    missing & NEED_CHECK  ? "here: scope check is that of health checks" :
						    "yet in these rules: use scope sess or proc");
	return !missing;
}

static bool target(struct sema *s, struct act *a)
{
	struct xerr e = { 0 };
	unsigned conds;

	if (!var_target(s->rt->vars, a->paren, &a->r->var, &conds, &e))
		return part_err(s, &a->w[0], a->paren, &e);
	a->r->num = conds;
	return variable(s, a, a->paren);
}

bool act_parse_set_var(struct sema *s, struct act *a)
{
	return act_args(s, a, 1, "an expression") && target(s, a) && (a->r->expr = sema_expr(s, &a->w[1], a->avail));
}

bool act_parse_set_var_fmt(struct sema *s, struct act *a)
{
	return act_args(s, a, 1, "a format") && target(s, a) && (a->r->fmt = a->avail & NEED_CHECK ? sema_raw_fmt(s, &a->w[1], a->avail) : sema_fmt(s, &a->w[1], a->avail));
}

bool act_parse_unset_var(struct sema *s, struct act *a)
{
	return act_args(s, a, 0, "no argument") && target(s, a);
}

/* do-resolve(var,resolvers[,ipv4|ipv6]) */
bool act_parse_do_resolve(struct sema *s, struct act *a)
{
	struct str rest = a->paren, var = str_trim(str_split(&rest, ',')), name = rest.p ? str_trim(str_split(&rest, ',')) : STR_NULL;
	struct str family = rest.p ? str_trim(rest) : STR_NULL;
	struct xerr e = { 0 };
	int i;

	if (!act_args(s, a, 1, "an expression"))
		return false;
	if (!var_resolve(s->rt->vars, var, &a->r->var, &e))
		return part_err(s, &a->w[0], var, &e);
	if ((i = sema_resolvers(s, name)) < 0) {
		sema_err_at(s, &a->w[0], name.n ? name : a->paren, "unknown resolvers '" STR_FMT "'", STR_ARG(name));
		return false;
	}
	if (family.n && !str_eq(family, STR("ipv4")) && !str_eq(family, STR("ipv6"))) {
		sema_err_at(s, &a->w[0], family, "'" STR_FMT "' is neither ipv4 nor ipv6", STR_ARG(family));
		return false;
	}
	a->r->num = i;
	a->r->num2 = str_eq(family, STR("ipv4")) ? 4 : 6;
	return variable(s, a, var) && (a->r->expr = sema_expr(s, &a->w[1], a->avail));
}

/* ---- global section --------------------------------------------------------------------------------------------- */

/* Evaluated at once, over what earlier lines have set. */
static bool global_value(struct sema *s, const struct line *l, struct smp_ctx *c, struct smp *val)
{
	if (word_is(&l->w[0], "set-var")) {
		struct expr *e = sema_expr(s, &l->w[2], NEED_NOTHING);

		if (!e)
			return false;
		if (expr_eval(e, c, val))
			return true;
		sema_err(s, &l->w[2], "this expression has no value when the configuration is read");
		return false;
	}
	struct logfmt *f = sema_fmt(s, &l->w[2], NEED_NOTHING);
	struct sbuf b = { 0 };

	if (!f)
		return false;
	logfmt_render(f, c, NULL, &b);
	*val = (struct smp){ .type = SMP_STR, .s = keep(s, sbuf_str(&b)) };
	sbuf_free(&b);
	return true;
}

void dir_global_set_var(struct sema *s, const struct line *l)
{
	struct var_store proc;
	struct smp_ctx c = { .tmp = &s->scratch, .final = true, .vars[VAR_PROC] = &proc };
	struct var_ref ref;
	struct smp val;
	struct xerr e = { 0 };

	if (!var_resolve(s->rt->vars, l->w[1].s, &ref, &e)) {
		part_err(s, &l->w[1], l->w[1].s, &e);
		return;
	}
	if (ref.scope != VAR_PROC) {
		sema_err(s, &l->w[1], "only variables of scope proc can be set in the global section");
		return;
	}
	clock_update();
	vars_process_init(s->rt->vars, &proc);
	if (global_value(s, l, &c, &val))
		var_table_init(s->rt->vars, ref, &val);
	var_store_drop(&proc);
}

void dir_tune_vars(struct sema *s, const struct line *l)
{
	static const struct { const char *word; uint8_t scope; } limits[] = {
		{ "tune.vars.global-max-size", VAR_PROC }, { "tune.vars.proc-max-size", VAR_PROC },
		{ "tune.vars.sess-max-size", VAR_SESS },   { "tune.vars.txn-max-size", VAR_TXN },
		{ "tune.vars.reqres-max-size", VAR_REQ },  { "tune.vars.check-max-size", VAR_CHECK },
	};
	uint32_t *max = s->rt->vars->limits.max, bytes;

	if (!arg_size(s, &l->w[1], 0, INT32_MAX, &bytes))
		return;
	for (size_t i = 0; i < ARRAY_LEN(limits); i++)
		if (word_is(&l->w[0], limits[i].word))
			max[limits[i].scope] = bytes;
	max[VAR_RES] = max[VAR_REQ];
}
