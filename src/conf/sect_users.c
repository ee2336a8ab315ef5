// SPDX-License-Identifier: GPL-3.0-or-later
/* Sections `userlist`: users with passwords and the groups they belong to, from either side. A password that crypt(3) cannot judge is an
 * error here, not a login that never works. */
#include <crypt.h>

#include "sema_priv.h"

static struct rt_user *user_find(struct rt_userlist *l, struct str name)
{
	for (uint32_t i = 0; i < l->nuser; i++)
		if (str_eq(l->user[i].name, name))
			return &l->user[i];
	return NULL;
}

static void group_join(struct sema *s, struct rt_user *u, struct str group)
{
	for (uint32_t i = 0; i < u->ngroups; i++)
		if (str_eq(u->groups[i], group))
			return;
	group = keep(s, group);
	APPEND(s->a, u->groups, u->ngroups, group);
}

static void user_line(struct sema *s, struct rt_userlist *l, const struct line *line)
{
	static const char *const words[] = { "password", "insecure-password", "groups" };
	struct rt_user u = { 0 };

	if (line->n < 2) {
		sema_err(s, &line->w[0], "'user' expects a name");
		return;
	}
	if (user_find(l, line->w[1].s)) {
		sema_err(s, &line->w[1], "there is already a user '" STR_FMT "' in this list", STR_ARG(line->w[1].s));
		return;
	}
	u.name = keep(s, line->w[1].s);
	for (uint32_t i = 2; i < line->n; i++) {
		int k = arg_word(s, &line->w[i], words, 3, "parameter of user");
		const struct word *v = k < 0 ? NULL : arg_next(s, line->w, line->n, &i);

		if (!v)
			return;
		for (struct str rest = v->s; k == 2 && rest.p;)
			group_join(s, &u, str_trim(str_split(&rest, ',')));
		if (k == 2)
			continue;
		u.pass = keep(s, v->s);
		u.plain = k == 1;
		const char *out = u.plain ? "" : crypt("", u.pass.p);

		if (!out || out[0] == '*')
			sema_err(s, v, "this is not a password that crypt(3) knows: see crypt(5), or use insecure-password");
	}
	APPEND(s->a, l->user, l->nuser, u);
}

static void group_line(struct sema *s, struct rt_userlist *l, const struct line *line, struct hmap *groups)
{
	if (line->n != 2 && (line->n != 4 || !word_is(&line->w[2], "users"))) {
		sema_err(s, &line->w[0], "'group' expects a name, then perhaps 'users <name>[,<name>…]'");
		return;
	}
	hmap_put(groups, line->w[1].s, l);
	if (line->n == 2)
		return;
	for (struct str rest = line->w[3].s; rest.p;) {
		struct str name = str_trim(str_split(&rest, ','));
		struct rt_user *u = user_find(l, name);

		if (u)
			group_join(s, u, line->w[1].s);
		else
			sema_err_at(s, &line->w[3], name, "there is no user '" STR_FMT "' in this list", STR_ARG(name));
	}
}

/* Groups that users name must exist. */
static void groups_check(struct sema *s, const struct section *sec, const struct rt_userlist *l, const struct hmap *groups)
{
	for (uint32_t i = 0; i < l->nuser; i++)
		for (uint32_t j = 0; j < l->user[i].ngroups; j++)
			if (!hmap_get(groups, l->user[i].groups[j]))
				sema_err(s, &sec->head.w[0], "user '" STR_FMT "' belongs to group '" STR_FMT "', which this list does not have",
					 STR_ARG(l->user[i].name), STR_ARG(l->user[i].groups[j]));
}

void sect_userlist(struct sema *s, const struct section *sec)
{
	static const char *const words[] = { "user", "group" };
	struct rt_userlist l = { 0 };
	struct hmap groups;

	if (sec->head.n != 2) {
		sema_err(s, &sec->head.w[0], "'userlist' expects a name");
		return;
	}
	if (sema_userlist(s, sec->head.w[1].s) >= 0) {
		sema_err(s, &sec->head.w[1], "there is already a userlist '" STR_FMT "'", STR_ARG(sec->head.w[1].s));
		return;
	}
	hmap_init(&groups, &s->scratch);
	l.name = keep(s, sec->head.w[1].s);
	/* groups come last: they may name users of lines below */
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < sec->lines.n; i++) {
			const struct line *line = &sec->lines.at[i];
			int k = pass || word_is(&line->w[0], "group") ? word_is(&line->w[0], "group") :
				arg_word(s, &line->w[0], words, 2, "word of a userlist");

			if (k == 0 && pass == 0)
				user_line(s, &l, line);
			else if (k == 1 && pass == 1)
				group_line(s, &l, line, &groups);
		}
	}
	groups_check(s, sec, &l, &groups);
	APPEND(s->a, s->rt->userlist, s->rt->nuserlist, l);
}

int sema_userlist(const struct sema *s, struct str name)
{
	for (uint32_t i = 0; i < s->rt->nuserlist; i++)
		if (str_eq(s->rt->userlist[i].name, name))
			return (int)i;
	return -1;
}
