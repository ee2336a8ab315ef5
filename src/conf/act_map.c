// SPDX-License-Identifier: GPL-3.0-or-later
/* set-map, del-map, add-acl, del-acl: the file in the parentheses, formats for key and value. */
#include "act_priv.h"

static struct pat_file *the_file(struct sema *s, struct act *a, unsigned role)
{
	struct expr_env env = sema_env(s, a->avail, &a->w[0]);
	struct pat_file *f = NULL;
	struct xerr e = { 0 };

	if (!a->paren.n) {
		sema_err(s, &a->w[0], "the name of a file is missing between the parentheses");
		return NULL;
	}
	for (f = s->rt->patterns.first; f && !(f->roles & role && str_eq(f->name, a->paren)); f = f->next)
		;
	f = pat_file_get(&env, a->paren, role | PAT_RULES, f ? f->pairs : role == PAT_MAP, &e);
	if (!f)
		sema_err_at(s, &a->w[0], a->paren, "%s", e.msg);
	return f;
}

static bool parse(struct sema *s, struct act *a, unsigned role, bool value)
{
	return act_args(s, a, value ? 2 : 1, value ? "formats of key and value" : "the format of a key") &&
	       (a->r->patterns = the_file(s, a, role)) && (a->r->fmt = sema_fmt(s, &a->w[1], a->avail)) &&
	       (!value || (a->r->value = sema_fmt(s, &a->w[2], a->avail)));
}

bool act_parse_set_map(struct sema *s, struct act *a) { return parse(s, a, PAT_MAP, true); }
bool act_parse_del_map(struct sema *s, struct act *a) { return parse(s, a, PAT_MAP, false); }
bool act_parse_of_acl(struct sema *s, struct act *a) { return parse(s, a, PAT_ACL, false); }
