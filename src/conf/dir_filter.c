// SPDX-License-Identifier: GPL-3.0-or-later
/* filter lines, and the action that puts exchanges under a bandwidth limit. A limit may stand below the rules that name it, so they find each
 * other when the section is complete. */
#include "act_priv.h"

enum bw_word { BW_DEFAULT_LIMIT, BW_DEFAULT_PERIOD, BW_LIMIT, BW_KEY, BW_TABLE, BW_MIN_SIZE, BW_WORDS };
static const char *const bw_words[BW_WORDS] = { "default-limit", "default-period", "limit", "key", "table", "min-size" };

static struct rt_bwlim *bwlim_find(const struct rt_proxy *p, struct str name)
{
	for (uint32_t i = 0; i < p->nbwlim; i++)
		if (str_eq(p->bwlim[i].name, name))
			return &p->bwlim[i];
	return NULL;
}

/* ---- filter bwlim-in, bwlim-out --------------------------------------------------------------------------------- */

/* The arguments by word; NULL where there is none. */
static bool bwlim_args(struct sema *s, const struct line *l, const struct word **at)
{
	for (uint32_t i = 3; i < l->n; i++) {
		int k = arg_word(s, &l->w[i], bw_words, BW_WORDS, "parameter of a bandwidth limit");

		if (k < 0 || !(at[k] = arg_next(s, l->w, l->n, &i)))
			return false;
	}
	return true;
}

static bool bwlim_of_stream(struct sema *s, const struct line *l, const struct word **at, struct rt_bwlim *b)
{
	if (at[BW_LIMIT] || at[BW_TABLE]) {
		sema_err(s, &l->w[1], "'%s' belongs to limits that are shared, which have a 'key'", at[BW_LIMIT] ? "limit" : "table");
		return false;
	}
	if (!at[BW_DEFAULT_LIMIT] || !at[BW_DEFAULT_PERIOD]) {
		sema_err(s, &l->w[1], "a limit of each stream expects 'default-limit' and 'default-period', one that is shared 'limit' and 'key'");
		return false;
	}
	return arg_size(s, at[BW_DEFAULT_LIMIT], 1, INT32_MAX, &b->limit) && arg_time(s, at[BW_DEFAULT_PERIOD], 1, &b->period);
}

static bool bwlim_shared(struct sema *s, const struct line *l, const struct word **at, struct rt_bwlim *b)
{
	enum stick_data d = b->in ? SD_BYTES_IN_RATE : SD_BYTES_OUT_RATE;
	const struct rt_table *t;

	if (at[BW_DEFAULT_LIMIT] || at[BW_DEFAULT_PERIOD] || !at[BW_LIMIT]) {
		sema_err(s, &l->w[1], "a limit with a 'key' expects 'limit'; its period is that of the table's %s", stick_data_descs[d].word);
		return false;
	}
	if (!arg_size(s, at[BW_LIMIT], 1, INT32_MAX, &b->limit) ||
	    !(at[BW_TABLE] ? sema_table_word(s, at[BW_TABLE], &b->table) : sema_table_own(s, &l->w[1], &b->table)))
		return false;
	if (!(b->key = sema_expr(s, at[BW_KEY], phase_avail(s, s->px->p->mode == MODE_HTTP ? PH_HTTP_REQ : PH_TCP_CONTENT))) ||
	    !sema_key_fits(s, at[BW_KEY], b->key, b->table))
		return false;
	t = &s->tables.at[b->table];
	b->period = t->store[d].period;
	if (!t->store[d].n)
		sema_err(s, at[BW_TABLE] ? at[BW_TABLE] : &l->w[1], "table '" STR_FMT "' has to store %s(<period>) for this limit", STR_ARG(t->name), stick_data_descs[d].word);
	return t->store[d].n > 0;
}

static void filter_bwlim(struct sema *s, const struct line *l)
{
	const struct word *at[BW_WORDS] = { 0 };
	struct rt_bwlim b = { .in = word_is(&l->w[1], "bwlim-in") };

	if (l->n < 3) {
		sema_err(s, &l->w[1], "'" STR_FMT "' expects a name", STR_ARG(l->w[1].s));
		return;
	}
	b.name = keep(s, l->w[2].s);
	if (bwlim_find(s->px->p, b.name)) {
		sema_err(s, &l->w[2], "there is a limit '" STR_FMT "' in this section already", STR_ARG(b.name));
		return;
	}
	if (!bwlim_args(s, l, at) || !(at[BW_KEY] ? bwlim_shared : bwlim_of_stream)(s, l, at, &b))
		return;
	if (at[BW_MIN_SIZE] && !arg_size(s, at[BW_MIN_SIZE], 0, INT32_MAX, &b.min_size))
		return;
	APPEND(s->a, s->px->p->bwlim, s->px->p->nbwlim, b);
}

void dir_filter(struct sema *s, const struct line *l)
{
	static const char *const words[] = { "bwlim-in", "bwlim-out", "compression", "trace", "cache", "spoe", "fcgi-app", "opentracing" };
	int k = arg_word(s, &l->w[1], words, ARRAY_LEN(words), "filter");

	if (k == 0 || k == 1)
		filter_bwlim(s, l);
	else if (k == 3) /* it only prints */
		sema_warn_inert(s, &l->w[1]);
	else if (k > 3)
		sema_err(s, &l->w[1], "'filter %s' is known to HAProxy, not supported by sluice yet", words[k]);
	/* compression: its lines say all; filters have one order here */
}

/* ---- set-bandwidth-limit ---------------------------------------------------------------------------------------- */

/* An expression that gives a number. */
static bool number_of(struct sema *s, struct act *a, const struct word *w, struct expr **out)
{
	if (!(*out = sema_expr(s, w, a->avail)))
		return false;
	if (smp_castable(expr_type(*out), SMP_INT))
		return true;
	sema_err(s, w, "this gives %s, a number is needed", smp_type_name(expr_type(*out)).p);
	return false;
}

static bool is_literal(const struct word *w) { return w->s.n && w->s.p[0] >= '0' && w->s.p[0] <= '9'; }

bool act_parse_bwlim(struct sema *s, struct act *a)
{
	static const char *const words[] = { "limit", "period" };
	struct rt_bw_use *u = a->r->bw = ARENA_NEW(s->a, struct rt_bw_use);
	bool ok = true;

	if (a->n < 2) {
		sema_err(s, &a->w[0], "'set-bandwidth-limit' expects the name of a limit");
		return false;
	}
	u->name = keep(s, a->w[1].s);
	for (uint32_t i = 2; ok && i < a->n; i++) {
		int k = arg_word(s, &a->w[i], words, 2, "parameter of set-bandwidth-limit");
		const struct word *w = k < 0 ? NULL : arg_next(s, a->w, a->n, &i);

		if (!w)
			return false;
		if (!is_literal(w))
			ok = number_of(s, a, w, k == 0 ? &u->limit_of : &u->period_of);
		else
			ok = k == 0 ? arg_size(s, w, 1, INT32_MAX, &u->limit) : arg_time(s, w, 1, &u->period);
	}
	if (ok)
		VEC_PUSH(&s->px->bw_names, ((struct bw_named){ u, &a->w[1] }));
	return ok;
}

static void use_resolve(struct sema *s, struct px_build *b, struct rt_bw_use *u, const struct word *w)
{
	const char **near = ARENA_NEWN(&s->scratch, const char *, b->p->nbwlim + 1);

	u->filter = bwlim_find(b->p, u->name);
	for (uint32_t i = 0; i < b->p->nbwlim; i++)
		near[i] = arena_cstr(&s->scratch, b->p->bwlim[i].name);
	if (!u->filter)
		sema_err_hint(s, w, diag_nearest(u->name, near, b->p->nbwlim), "no 'filter bwlim-in' or 'filter bwlim-out' line of this section is called '" STR_FMT "'",
			      STR_ARG(u->name));
	else if (u->filter->key && (u->limit || u->period || u->limit_of || u->period_of))
		sema_err(s, w, "'" STR_FMT "' is shared by a key: its limit and period are those of its line and its table", STR_ARG(u->name));
}

void filter_finish(struct sema *s, struct px_build *b)
{
	for (size_t i = 0; i < b->bw_names.n; i++)
		use_resolve(s, b, b->bw_names.at[i].use, b->bw_names.at[i].name);
}
