// SPDX-License-Identifier: GPL-3.0-or-later
/* Error pages: sections `http-errors` with sets of files, `errorfiles` that takes them over, `errorfile`, `errorloc`, and `http-error`
 * with answers written in the configuration. Lines of a proxy win over those of its defaults. */
#include "act_priv.h"

struct error_set { struct rt_reply *at[RT_ERROR_SLOTS]; };

/* Slot of a status, -1 after a diagnosis. */
static int slot_of(struct sema *s, const struct word *w, uint32_t *status)
{
	int slot;

	if (!arg_u32(s, w, 100, 599, status))
		return -1;
	slot = error_slot(*status);
	if (slot < 0)
		sema_err(s, w, "there is no error page for status %u", *status);
	return slot;
}

/* Lines of defaults are replayed, and late lines run, behind those that were there first: the last line of the text wins, and the
 * proxy's own over its defaults'. */
static void page_set(struct sema *s, const struct line *l, int slot, struct rt_reply *r)
{
	struct px_build *b = s->px;
	uint32_t line = s->mute ? 0 : l->w[0].at.line;

	if (b->error_line[slot] > line)
		return;
	b->error_line[slot] = line;
	b->p->errors[slot] = r;
}

void dir_errorfile(struct sema *s, const struct line *l)
{
	uint32_t status;
	int slot = slot_of(s, &l->w[1], &status);
	struct rt_reply *r = slot < 0 ? NULL : reply_from_file(s, &l->w[2], status);

	if (r)
		page_set(s, l, slot, r);
}

void dir_errorloc(struct sema *s, const struct line *l)
{
	uint32_t status;
	int slot = slot_of(s, &l->w[1], &status);
	struct rt_reply *r;

	if (slot < 0)
		return;
	r = ARENA_NEW(s->a, struct rt_reply);
	r->status = word_is(&l->w[0], "errorloc303") ? 303 : 302;
	r->location = keep(s, l->w[2].s);
	page_set(s, l, slot, r);
}

/* ---- sets ------------------------------------------------------------------------------------------------------- */

void sect_http_errors(struct sema *s, const struct section *sec)
{
	static const char *const words[] = { "errorfile" };
	struct error_set *set = ARENA_NEW(&s->scratch, struct error_set);
	uint32_t status;

	if (sec->head.n != 2) {
		sema_err(s, &sec->head.w[0], "'http-errors' expects a name");
		return;
	}
	for (size_t i = 0; i < sec->lines.n; i++) {
		const struct line *l = &sec->lines.at[i];

		if (arg_word(s, &l->w[0], words, 1, "word of http-errors") < 0)
			continue;
		if (l->n != 3) {
			sema_err(s, &l->w[0], "'errorfile' expects a status and a file");
			continue;
		}
		int slot = slot_of(s, &l->w[1], &status);
		struct rt_reply *r = slot < 0 ? NULL : reply_from_file(s, &l->w[2], status);

		if (r)
			set->at[slot] = r;
	}
	if (hmap_get(&s->http_errors, sec->head.w[1].s))
		sema_err(s, &sec->head.w[1], "there is already an http-errors section '" STR_FMT "'", STR_ARG(sec->head.w[1].s));
	else
		hmap_put(&s->http_errors, sec->head.w[1].s, set);
}

static struct error_set *set_find(struct sema *s, const struct word *w)
{
	struct error_set *set = hmap_get(&s->http_errors, w->s);

	if (!set)
		sema_err(s, w, "unknown http-errors section '" STR_FMT "'", STR_ARG(w->s));
	return set;
}

bool errors_of_set(struct sema *s, const struct word *w, uint32_t status, struct rt_reply **out)
{
	const struct error_set *set = set_find(s, w);
	int slot = error_slot(status);

	*out = set && slot >= 0 ? set->at[slot] : NULL;
	return set != NULL;
}

/* errorfiles name [status…] */
void dir_errorfiles(struct sema *s, const struct line *l)
{
	struct error_set *set = set_find(s, &l->w[1]);
	uint32_t status;

	if (!set)
		return;
	for (int i = 0; l->n == 2 && i < RT_ERROR_SLOTS; i++)
		if (set->at[i])
			page_set(s, l, i, set->at[i]);
	for (uint32_t i = 2; i < l->n; i++) {
		int slot = slot_of(s, &l->w[i], &status);

		if (slot >= 0 && set->at[slot])
			page_set(s, l, slot, set->at[slot]);
		else if (slot >= 0)
			sema_err(s, &l->w[i], "'" STR_FMT "' has no page for status %u", STR_ARG(l->w[1].s), status);
	}
}

void dir_http_error(struct sema *s, const struct line *l)
{
	struct rule r = { .act = ACT_RETURN };
	struct act a = { .r = &r, .w = l->w, .n = l->n, .ph = PH_HTTP_REQ, .avail = NEED_CLIENT | NEED_STREAM | NEED_REQ_HEAD };
	int slot;

	if (!act_parse_return(s, &a))
		return;
	slot = error_slot(r.status);
	if (slot < 0)
		sema_err(s, &l->w[0], "'http-error' expects 'status' with one that has an error page");
	else
		page_set(s, l, slot, r.reply);
}
