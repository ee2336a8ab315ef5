// SPDX-License-Identifier: GPL-3.0-or-later
/* Stick tables and what uses them: stick-table, table lines of peers sections, stick rules, the track and sc-* actions.
 * A table belongs to the proxy whose name it has; those of a peers section are called section/table. There are no
 * remote peers: what configures them is read and says so. */
#include <sluice/base/num.h>

#include "act_priv.h"

#define KEY_LEN_DEFAULT	 32
#define KEY_LEN_MAX	 1024
#define SIZE_MAX_ENTRIES 100000000u

/* ---- tables by name --------------------------------------------------------------------------------------------- */

static struct rt_table *table_by_name(struct sema *s, struct str name)
{
	for (size_t i = 0; i < s->tables.n; i++)
		if (str_eq(s->tables.at[i].name, name))
			return &s->tables.at[i];
	return NULL;
}

int sema_table(const struct sema *s, struct str name)
{
	struct rt_table *t;

	if (!name.n)
		return s->px && s->px->p->table ? (int)s->px->p->table - 1 : -1;
	t = table_by_name((struct sema *)s, name);
	struct px_build *owner = t ? hmap_get(&s->be_by_name, name) : NULL;

	if (owner)
		owner->used = true; /* as what keeps the table, at least */
	return t ? (int)(t - s->tables.at) : -1;
}

static const char *table_hint(struct sema *s, struct str w)
{
	const char **names = ARENA_NEWN(&s->scratch, const char *, s->tables.n + 1);

	for (size_t i = 0; i < s->tables.n; i++)
		names[i] = arena_cstr(&s->scratch, s->tables.at[i].name);
	return diag_nearest(w, names, s->tables.n);
}

bool sema_table_word(struct sema *s, const struct word *name, uint32_t *out)
{
	int t = sema_table(s, name->s);

	*out = (uint32_t)t;
	if (t < 0)
		sema_err_hint(s, name, table_hint(s, name->s), "unknown stick table '" STR_FMT "'", STR_ARG(name->s));
	return t >= 0;
}

bool sema_table_own(struct sema *s, const struct word *at, uint32_t *out)
{
	int t = sema_table(s, STR(""));

	*out = (uint32_t)t;
	if (t < 0)
		sema_err(s, at, "this section has no stick table of its own: 'table <name>' says which one is meant");
	return t >= 0;
}

/* `table t` at w[*i], or the proxy's own. */
static bool table_arg(struct sema *s, const struct word *w, uint32_t n, uint32_t *i, const struct word *at,
		      uint32_t *out)
{
	if (*i < n && word_is(&w[*i], "table")) {
		const struct word *name = arg_next(s, w, n, i);

		if (!name || !sema_table_word(s, name, out))
			return false;
		++*i;
	} else if (!sema_table_own(s, at, out)) {
		return false;
	}
	if (*i < n) {
		sema_err(s, &w[*i], "unexpected '" STR_FMT "'", STR_ARG(w[*i].s));
		return false;
	}
	return true;
}

/* ---- stick-table ------------------------------------------------------------------------------------------------ */

/* One item of a store list; commas in parentheses belong to it. */
static struct str store_item(struct str *rest)
{
	size_t i = 0, depth = 0;

	for (; i < rest->n && (rest->p[i] != ',' || depth); i++)
		depth += rest->p[i] == '(' ? 1 : rest->p[i] == ')' && depth ? (size_t)-1 : 0;
	struct str item = str_sub(*rest, 0, i);

	*rest = str_sub(*rest, i + 1, SIZE_MAX);
	return item;
}

static int data_find(struct str word)
{
	for (int d = 0; d < SD_COUNT; d++)
		if (str_eq(word, str_c(stick_data_descs[d].word)))
			return d;
	return -1;
}

static const char *data_hint(struct str word)
{
	const char *near[SD_COUNT];

	for (unsigned d = 0; d < SD_COUNT; d++)
		near[d] = stick_data_descs[d].word;
	return diag_nearest(word, near, SD_COUNT);
}

static bool store_args(struct sema *s, const struct word *w, struct str item, struct str args, unsigned d,
		       struct rt_store *st)
{
	uint8_t kind = stick_data_descs[d].arg;
	struct word part = *w;
	struct str first = str_split(&args, ',');
	uint64_t n = 1;

	if (kind == SD_ARG_COUNT || kind == SD_ARG_BOTH) {
		if (!num_u64(first, &n) || n < 1 || n > STICK_ARRAY_MAX) {
			sema_err_at(s, w, item, "'%s' expects how many of them in parentheses: 1 to %d",
				    stick_data_descs[d].word, STICK_ARRAY_MAX);
			return false;
		}
		first = kind == SD_ARG_BOTH ? args : STR_NULL;
	}
	st->n = (uint16_t)n;
	if (kind == SD_ARG_PERIOD || kind == SD_ARG_BOTH) {
		part.s = first;
		if (!first.n) {
			sema_err_at(s, w, item, "'%s' expects a period in parentheses, as %s(10s)",
				    stick_data_descs[d].word, stick_data_descs[d].word);
			return false;
		}
		return arg_time(s, &part, 1, &st->period);
	}
	return true;
}

static bool store_one(struct sema *s, const struct word *w, struct str item, struct rt_table *t)
{
	ptrdiff_t paren = str_chr(item, '(');
	struct str word = paren < 0 ? item : str_sub(item, 0, (size_t)paren), args = STR_NULL;
	struct rt_store st = { .n = 1 };
	int d = data_find(word);

	if (d < 0) {
		sema_err_at(s, w, item, "unknown data type '" STR_FMT "'%s%s%s", STR_ARG(word),
			    data_hint(word) ? " (did you mean '" : "", data_hint(word) ? data_hint(word) : "",
			    data_hint(word) ? "'?)" : "");
		return false;
	}
	if (t->store[d].n) {
		sema_err_at(s, w, item, "'" STR_FMT "' is stored already", STR_ARG(word));
		return false;
	}
	if (paren >= 0) {
		args = str_sub(item, (size_t)paren + 1, SIZE_MAX);
		if (!str_ends(args, STR(")")) || stick_data_descs[d].arg == SD_ARG_NONE) {
			sema_err_at(s, w, item, "'" STR_FMT "' %s", STR_ARG(word),
				    stick_data_descs[d].arg == SD_ARG_NONE ? "takes no argument"
									   : "lacks a closing parenthesis");
			return false;
		}
		args.n--;
	}
	if (!store_args(s, w, item, args, (unsigned)d, &st))
		return false;
	t->store[d] = st;
	return true;
}

static bool store_list(struct sema *s, const struct word *w, struct rt_table *t)
{
	struct str rest = w->s;
	bool ok = true;

	while (rest.n)
		ok = store_one(s, w, store_item(&rest), t) && ok;
	return ok;
}

static bool type_args(struct sema *s, const struct word *w, uint32_t n, uint32_t *i, struct rt_table *t)
{
	static const uint16_t lens[] = { 4, 16, 4, KEY_LEN_DEFAULT, KEY_LEN_DEFAULT };
	const struct word *type = arg_next(s, w, n, i);
	uint32_t len;
	int k;

	if (!type || (k = arg_word(s, type, stick_key_words, ARRAY_LEN(stick_key_words), "type of key")) < 0)
		return false;
	t->type = (uint8_t)k;
	t->key_len = lens[k];
	if (*i + 1 < n && word_is(&w[*i + 1], "len")) {
		++*i;
		const struct word *v = arg_next(s, w, n, i);

		if (k != SK_STRING && k != SK_BINARY) {
			sema_err(s, &w[*i - 1], "keys of type %s have a length of their own", stick_key_words[k]);
			return false;
		}
		if (!v || !arg_u32(s, v, 1, KEY_LEN_MAX, &len))
			return false;
		t->key_len = (uint16_t)len;
	}
	return true;
}

static bool table_word(struct sema *s, const struct word *w, uint32_t n, uint32_t *i, struct rt_table *t, struct table_links *links)
{
	static const char *const words[] = { "type",  "size",	  "expire", "nopurge",	 "store",
					     "peers", "write-to", "srvkey", "recv-only", "no-peers" };
	static const char *const keys[] = { "name", "addr" };
	int k = arg_word(s, &w[*i], words, ARRAY_LEN(words), "parameter of stick-table"), how;
	const struct word *v;

	if (k < 0)
		return false;
	if (k == 0)
		return type_args(s, w, n, i, t);
	if (k == 3)
		return t->nopurge = true;
	if (k >= 8)
		return true;
	if (!(v = arg_next(s, w, n, i)))
		return false;
	switch (k) {
	case 1:
		return arg_size(s, v, 1, SIZE_MAX_ENTRIES, &t->size);
	case 2:
		return arg_time(s, v, 1, &t->expire);
	case 4:
		return store_list(s, v, t);
	case 7:
		if ((how = arg_word(s, v, keys, 2, "kind of server key")) >= 0)
			t->srvkey_addr = how == 1;
		return how >= 0;
	case 5:
		links->peers = v, links->peers_name = v->s;
		return true;
	default:
		links->write_to = v;
		return true;
	}
}

/* Parameters from w[i] on; the type is needed, and the size. */
static bool table_parse(struct sema *s, const struct line *l, uint32_t i, struct rt_table *t, struct table_links *links)
{
	bool typed = false, ok = true;

	for (; i < l->n; i++) {
		typed |= word_is(&l->w[i], "type");
		if (!table_word(s, l->w, l->n, &i, t, links))
			return false;
	}
	if (!typed)
		sema_err(s, &l->w[0], "a stick table needs a type: ip, ipv6, integer, string or binary"), ok = false;
	if (!t->size)
		sema_err(s, &l->w[0], "a stick table needs a size: how many entries it has room for"), ok = false;
	return ok;
}

static bool table_add(struct sema *s, const struct line *l, uint32_t i, struct str name, struct str peers)
{
	struct rt_table t = { .name = keep(s, name) };
	struct table_links links = { .peers_name = peers };

	if (table_by_name(s, name)) {
		sema_err(s, &l->w[0], "there is a stick table '" STR_FMT "' already", STR_ARG(name));
		return false;
	}
	if (!table_parse(s, l, i, &t, &links))
		return false;
	VEC_PUSH(&s->tables, t);
	VEC_PUSH(&s->table_links, links);
	return true;
}

void dir_stick_table(struct sema *s, const struct line *l)
{
	if (s->px->p->table)
		sema_err(s, &l->w[0], "this section has a stick table already");
	else if (table_add(s, l, 1, s->px->name, STR_NULL))
		s->px->p->table = (uint32_t)s->tables.n;
}

void dir_tune_stick_counters(struct sema *s, const struct line *l)
{
	(void)!arg_u32(s, &l->w[1], 0, STICK_SC_MAX, &s->rt->g.stick_counters);
}

/* ---- what tables name ------------------------------------------------------------------------------------------- */

static const struct peers_known *peers_find(const struct sema *s, struct str name)
{
	for (size_t i = 0; i < s->peers.n; i++)
		if (str_eq(s->peers.at[i].name, name))
			return &s->peers.at[i];
	return NULL;
}

/* write-to: a table of the same keys that does not pass on itself. */
static bool write_to_fits(struct sema *s, const struct word *w, const struct rt_table *t, uint32_t to)
{
	const struct rt_table *o = &s->tables.at[to];

	if (o == t)
		sema_err(s, w, "a table cannot be written to itself");
	else if (s->table_links.at[to].write_to)
		sema_err(s, w, "table '" STR_FMT "' is written to another one itself", STR_ARG(o->name));
	else if (o->type != t->type)
		sema_err(s, w, "the keys of table '" STR_FMT "' are of type %s, those of '" STR_FMT "' of type %s", STR_ARG(o->name),
			 stick_key_words[o->type], STR_ARG(t->name), stick_key_words[t->type]);
	else if (o->key_len != t->key_len)
		sema_err(s, w, "the keys of table '" STR_FMT "' have %u bytes, those of '" STR_FMT "' %u", STR_ARG(o->name), o->key_len, STR_ARG(t->name),
			 t->key_len);
	else
		return true;
	return false;
}

static void link_table(struct sema *s, struct rt_table *t, const struct table_links *k)
{
	const struct peers_known *peers = k->peers_name.n ? peers_find(s, k->peers_name) : NULL;
	uint32_t to;

	if (k->peers && !peers)
		sema_err(s, k->peers, "unknown peers section '" STR_FMT "'", STR_ARG(k->peers->s));
	if (!k->write_to || !sema_table_word(s, k->write_to, &to) || !write_to_fits(s, k->write_to, t, to))
		return;
	if (peers && peers->local)
		t->write_to = to + 1;
	else
		sema_warn(s, k->write_to, "nothing is ever written there: only what peers teach is, and '" STR_FMT "' is in no peers section that has "
			  "this instance ('" STR_FMT "') among its peers", STR_ARG(t->name), STR_ARG(s->rt->g.localpeer));
}

void stick_link(struct sema *s)
{
	for (size_t i = 0; i < s->tables.n; i++)
		link_table(s, &s->tables.at[i], &s->table_links.at[i]);
}

void stick_freeze(struct sema *s)
{

	s->rt->ntbl = (uint32_t)s->tables.n;
	s->rt->tbl = s->tables.n ? VEC_FREEZE(&s->tables, s->a) : NULL;
}

/* ---- peers sections --------------------------------------------------------------------------------------------- */

/* The words of the section; only its tables mean something to an instance that talks to no other. */
static void peers_line(struct sema *s, const struct line *l, struct str peers)
{
	static const char *const words[] = { "table", "peer",	"server",   "bind",    "default-bind", "default-server",
					     "log",   "shards", "disabled", "enabled", "description",  "option" };
	int k = arg_word(s, &l->w[0], words, ARRAY_LEN(words), "word of a peers section");

	if (k < 0)
		return;
	if ((k <= 2) && l->n < 2)
		sema_err(s, &l->w[0], "'%s' expects a name", words[k]);
	else if (k == 0)
		(void)!table_add(s, l, 2,
				 arena_printf(&s->scratch, STR_FMT "/" STR_FMT, STR_ARG(peers), STR_ARG(l->w[1].s)), peers);
	else if ((k == 1 || k == 2) && str_eq(l->w[1].s, s->rt->g.localpeer))
		s->peers.at[s->peers.n - 1].local = true;
	else if (k == 1 || k == 2)
		sema_warn(s, &l->w[1], "nothing is sent to peers and nothing received from them: what is learned stays in this instance");
}

void peers_section(struct sema *s, const struct section *sec)
{
	const struct line *h = &sec->head;

	if (h->n != 2) {
		sema_err(s, &h->w[h->n > 2 ? 2 : 0], "'peers' expects one name");
		return;
	}
	if (!arg_name(s, &h->w[1], "peers section"))
		return;
	VEC_PUSH(&s->peers, ((struct peers_known){ .name = h->w[1].s }));
	for (size_t k = 0; k < sec->lines.n; k++)
		peers_line(s, &sec->lines.at[k], h->w[1].s);
}

/* ---- stick rules ------------------------------------------------------------------------------------------------ */

bool sema_key_fits(struct sema *s, const struct word *w, const struct expr *e, uint32_t table)
{
	static const uint8_t want[] = { SMP_IP, SMP_IP, SMP_INT, SMP_STR, SMP_BIN };
	const struct rt_table *t = &s->tables.at[table];

	if (smp_castable(expr_type(e), want[t->type]))
		return true;
	sema_err(s, w, "this gives %s, the keys of table '" STR_FMT "' are of type %s", smp_type_name(expr_type(e)).p,
		 STR_ARG(t->name), stick_key_words[t->type]);
	return false;
}

void dir_stick(struct sema *s, const struct line *l)
{
	static const char *const words[] = { "on", "match", "store-request", "store-response" };
	static const uint8_t when[] = { STICK_MATCH | STICK_STORE_REQ, STICK_MATCH, STICK_STORE_REQ, STICK_STORE_RES };
	int k = arg_word(s, &l->w[1], words, 4, "kind of stick rule");
	struct rt_stick r = { .loc = sema_loc(s, l->w[0].at) };
	bool http = s->px->p->mode == MODE_HTTP;
	unsigned avail;
	uint32_t c, i = 3;

	if (k < 0)
		return;
	r.when = when[k];
	avail = phase_avail(s, k == 3 ? (http ? PH_HTTP_RES : PH_TCP_RES_CONTENT)
			       : http ? PH_HTTP_REQ
				      : PH_TCP_CONTENT);
	c = cond_at(l->w, l->n, 3);
	if (!(r.key = sema_expr(s, &l->w[2], avail)) || !table_arg(s, l->w, c, &i, &l->w[1], &r.table) ||
	    !sema_key_fits(s, &l->w[2], r.key, r.table) || !sema_cond(s, l->w, l->n, c, avail, &r.cond))
		return;
	s->tables.at[r.table].store[SD_SERVER_ID].n = s->tables.at[r.table].store[SD_SERVER_KEY].n = 1;
	APPEND(s->a, s->px->p->stick, s->px->p->nstick, r);
}

/* ---- actions ---------------------------------------------------------------------------------------------------- */

static bool paren_number(struct sema *s, struct act *a, struct str part, uint32_t max, const char *what, uint64_t *out)
{
	if (num_u64(str_trim(part), out) && *out < max)
		return true;
	sema_err_at(s, &a->w[0], part.n ? part : a->paren, "'" STR_FMT "' is not the number of %s: 0 to %u",
		    STR_ARG(part), what, max - 1);
	return false;
}

static bool counter_slot(struct sema *s, struct act *a, struct str part)
{
	uint64_t n;

	if (!paren_number(s, a, part, s->rt->g.stick_counters,
			  "a counter slot (tune.stick-counters says how many there are)", &n))
		return false;
	a->r->num = (int64_t)n;
	return true;
}

bool act_parse_track_sc(struct sema *s, struct act *a)
{
	uint32_t table, i = 2;

	if (a->n < 2) {
		sema_err(s, &a->w[0], "'track-sc' expects an expression whose value is the key");
		return false;
	}
	if (!counter_slot(s, a, a->paren) || !(a->r->expr = sema_expr(s, &a->w[1], a->avail)) ||
	    !table_arg(s, a->w, a->n, &i, &a->w[0], &table) || !sema_key_fits(s, &a->w[1], a->r->expr, table))
		return false;
	a->r->num2 = table;
	return true;
}

/* An integer or an expression that gives one. */
static bool amount(struct sema *s, struct act *a)
{
	if (!act_args(s, a, 1, "a number or an expression"))
		return false;
	if (num_i64(a->w[1].s, &a->r->num2))
		return true;
	a->r->expr = sema_expr(s, &a->w[1], a->avail);
	if (!a->r->expr)
		return false;
	if (smp_castable(expr_type(a->r->expr), SMP_INT))
		return true;
	sema_err(s, &a->w[1], "this gives %s, a number is needed", smp_type_name(expr_type(a->r->expr)).p);
	return false;
}

bool act_parse_sc(struct sema *s, struct act *a)
{
	static const struct {
		const char *word;
		uint8_t data;
		bool array, amount, set;
	} rows[] = {
		{ "sc-inc-gpc0(", SD_GPC0, false, false, false }, { "sc-inc-gpc1(", SD_GPC1, false, false, false },
		{ "sc-inc-gpc(", SD_GPC, true, false, false },	  { "sc-add-gpc(", SD_GPC, true, true, false },
		{ "sc-set-gpt0(", SD_GPT0, false, true, true },	  { "sc-set-gpt(", SD_GPT, true, true, true },
	};
	struct str rest = a->paren, first;
	uint64_t elem = 0;
	size_t k = 0;

	while (!str_starts(a->w[0].s, str_c(rows[k].word)))
		k++;
	if (rows[k].array) {
		first = str_split(&rest, ',');
		if (!paren_number(s, a, first, STICK_ARRAY_MAX, "an element", &elem))
			return false;
	}
	a->r->kind = rows[k].data;
	a->r->status = (uint16_t)elem;
	a->r->flags = rows[k].set;
	a->r->num2 = 1;
	return counter_slot(s, a, rest) && (rows[k].amount ? amount(s, a) : act_args(s, a, 0, "no argument"));
}
