// SPDX-License-Identifier: GPL-3.0-or-later
/* show table, set table, clear table: in HAProxy's words and format. The number in front of an entry is its place in
 * the table, which `ptr` takes; it is good as long as the entry lives. */
#include <stdio.h>
#include <sluice/base/clock.h>
#include <sluice/base/num.h>
#include <sluice/ipc/place.h>
#include <sluice/stick/stick.h>
#include "cli_priv.h"

#define FILTERS_MAX 4
#define CLEAR_STEP  1024

enum op { OP_EQ, OP_NE, OP_LE, OP_GE, OP_LT, OP_GT, OP_COUNT };
static const char *const op_words[OP_COUNT] = { "eq", "ne", "le", "ge", "lt", "gt" };

struct filter {
	enum stick_data d;
	unsigned elem;
	uint8_t op;
	int64_t v;
};

/* Which entries a command is about. */
struct which {
	struct stick_table *t;
	struct filter f[FILTERS_MAX];
	unsigned nf;
	bool by_key, by_place;
	struct str key; /* as bytes, in the scratch of the command */
	uint64_t place;
	char keybuf[1024];
};

static uint32_t now(void) { return (uint32_t)clock_ms(); }

static struct stick_table *table_find(const struct leader *l, struct str name)
{
	for (uint32_t i = 0; i < l->rt->ntbl; i++)
		if (str_eq(l->rt->tbl[i].name, name))
			return l->tables[i];
	return NULL;
}

/* ---- words ------------------------------------------------------------------------------------------------------ */

static int row_of(struct str name)
{
	for (int d = 0; d < SD_COUNT; d++)
		if (str_eq(name, str_c(stick_data_descs[d].word)))
			return d;
	return -1;
}

/* gpc2, gpt0, gpc1_rate and gpc[2]: an element of an array. */
static bool element(struct str name, enum stick_data *d, unsigned *elem)
{
	static const struct {
		const char *head, *tail;
		enum stick_data d;
	} rows[] = {
		{ "gpc", "_rate", SD_GPC_RATE },   { "gpc", "", SD_GPC },   { "gpt", "", SD_GPT },
		{ "gpc_rate[", "]", SD_GPC_RATE }, { "gpc[", "]", SD_GPC }, { "gpt[", "]", SD_GPT },
	};
	uint64_t n;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str head = str_c(rows[i].head), tail = str_c(rows[i].tail);

		if (name.n <= head.n + tail.n || !str_starts(name, head) || !str_ends(name, tail) ||
		    !num_u64(str_sub(name, head.n, name.n - head.n - tail.n), &n))
			continue;
		*d = rows[i].d;
		*elem = (unsigned)MIN(n, (uint64_t)STICK_ARRAY_MAX);
		return true;
	}
	return false;
}

/* `data.<type>`; false: said why. `before` names the filter, or is empty. */
static bool data_word(struct cli_run *r, const struct rt_table *spec, struct str w, const char *before,
		      enum stick_data *d, unsigned *elem)
{
	struct str name = str_sub(w, 5, SIZE_MAX);
	int row = row_of(name);

	*elem = 0;
	if (row >= 0)
		*d = (enum stick_data)row;
	if ((row < 0 || !stick_has(spec, *d)) && !element(name, d, elem) && row < 0) {
		cli_fail(r, "%sUnknown data type", before);
		return false;
	}
	if (*elem < spec->store[*d].n)
		return true;
	cli_fail(r, "%sData type not stored in this table", before);
	return false;
}

static bool filter_word(struct cli_run *r, struct which *w, unsigned *i)
{
	struct filter *f = &w->f[w->nf];
	char before[32];

	snprintf(before, sizeof(before), "Filter entry #%u: ", w->nf + 1);
	if (!data_word(r, stick_spec(w->t), r->w[*i], before, &f->d, &f->elem))
		return false;
	for (f->op = 0; f->op < OP_COUNT && (*i + 1 >= r->n || !str_eq(r->w[*i + 1], str_c(op_words[f->op])));)
		f->op++;
	if (f->op == OP_COUNT) {
		cli_fail(r, "%sRequire and operator among \"eq\", \"ne\", \"le\", \"ge\", \"lt\", \"gt\"", before);
		return false;
	}
	if (*i + 2 >= r->n || !num_i64(r->w[*i + 2], &f->v)) {
		cli_fail(r, "%sRequire a valid integer value to compare against", before);
		return false;
	}
	*i += 3;
	w->nf++;
	return true;
}

static bool key_word(struct cli_run *r, struct which *w, struct str text)
{
	struct arena tmp;
	struct smp s = { .type = SMP_STR, .s = text };
	struct str key = STR_NULL;
	int64_t n;
	bool ok;

	arena_init(&tmp, 0);
	ok = stick_spec(w->t)->type == SK_INTEGER ? num_i64(text, &n) : true;
	ok = ok && stick_key_of(stick_spec(w->t), &s, &tmp, &key) && key.n <= sizeof(w->keybuf);
	if (ok) {
		memcpy(w->keybuf, key.p, key.n);
		w->key = str_n(w->keybuf, key.n);
		w->by_key = true;
	} else {
		cli_fail(r, "Invalid key");
	}
	arena_free(&tmp);
	return ok;
}

/* What stands behind the name of the table. */
static bool which_read(struct cli_run *r, struct which *w)
{
	unsigned i = 1;

	*w = (struct which){ .t = table_find(r->l, r->w[0]) };
	if (!w->t) {
		cli_fail(r, "No such table");
		return false;
	}
	if (r->n == 1)
		return true;
	if (str_eq(r->w[1], STR("key")) || str_eq(r->w[1], STR("ptr"))) {
		if (r->n < 3) {
			cli_fail(r, str_eq(r->w[1], STR("key")) ? "Key value expected" : "Pointer expected");
			return false;
		}
		if (str_eq(r->w[1], STR("key")))
			return key_word(r, w, r->w[2]);
		w->by_place = str_starts(r->w[2], STR("0x")) && num_hex64(str_sub(r->w[2], 2, SIZE_MAX), &w->place);
		if (!w->by_place)
			cli_fail(r, "Invalid pointer");
		return w->by_place;
	}
	while (i < r->n && str_starts(r->w[i], STR("data.")) && w->nf < FILTERS_MAX)
		if (!filter_word(r, w, &i))
			return false;
	if (i == r->n)
		return true;
	cli_fail(r, "Optional argument only supports \"data.<store_data_type>\" <operator> <value> and key <key>");
	return false;
}

static bool passes(const struct which *w, const struct stick_at *at)
{
	for (unsigned i = 0; i < w->nf; i++) {
		const struct filter *f = &w->f[i];
		int64_t v = (int64_t)stick_value(at, f->d, f->elem, now());
		bool ok[OP_COUNT] = { v == f->v, v != f->v, v <= f->v, v >= f->v, v<f->v, v> f->v };

		if (!ok[f->op])
			return false;
	}
	return true;
}

/* ---- one entry -------------------------------------------------------------------------------------------------- */

static void put_key(struct sbuf *out, const struct rt_table *spec, struct str key)
{
	if (spec->type != SK_STRING) {
		stick_key_text(spec, key, out);
		return;
	}
	for (size_t i = 0; i < key.n; i++) {
		unsigned char c = (unsigned char)key.p[i];

		if (c == ' ' || c == '=' || c == '\\')
			sbuf_addc(out, '\\'), sbuf_addc(out, (char)c);
		else if (c < 32 || c > 126)
			sbuf_printf(out, "\\x%02x", c);
		else
			sbuf_addc(out, (char)c);
	}
}

static uint64_t server_key(const struct leader *l, const struct rt_table *spec, uint32_t srv)
{
	struct addr at = place_addr(l->seg, srv, &l->rt->srv[srv].addr);

	return stick_server_key(spec, &l->rt->srv[srv], &at);
}

static void put_server(struct sbuf *out, const struct cli_run *r, const struct rt_table *spec, uint64_t key)
{
	for (uint32_t i = 0; key && i < r->l->rt->nsrv; i++)
		if (rt_srv_exists(&r->l->rt->srv[i]) && server_key(r->l, spec, i) == key) {
			sbuf_add(out, r->l->rt->srv[i].name);
			return;
		}
	sbuf_addc(out, '-');
}

/* A copy: nothing is formatted while the bucket is locked. Values in the order of the types, those of an array one
 * behind the other. */
struct copy {
	char key[1024];
	size_t klen;
	uint32_t idx, pins, exp;
	uint64_t v[SD_COUNT + 3 * STICK_ARRAY_MAX];
};

static void copy_entry(const struct stick_at *at, struct copy *c)
{
	const struct rt_table *spec = stick_spec(at->t);
	struct str key = stick_key(at);
	unsigned n = 0;

	c->klen = MIN(key.n, sizeof(c->key));
	memcpy(c->key, key.p, c->klen);
	c->idx = at->idx;
	c->pins = stick_pins(at);
	c->exp = stick_expires_in(at, now());
	for (unsigned d = 0; d < SD_COUNT; d++)
		for (unsigned i = 0; i < spec->store[d].n; i++)
			c->v[n++] = stick_value(at, (enum stick_data)d, i, now());
}

static void put_value(struct cli_run *r, const struct rt_table *spec, enum stick_data d, unsigned i, uint64_t v)
{
	static const char *const array[SD_COUNT] = { [SD_GPC] = "gpc", [SD_GPT] = "gpt", [SD_GPC_RATE] = "gpc" };

	if (array[d])
		sbuf_printf(r->out, d == SD_GPC_RATE ? " %s%u_rate" : " %s%u", array[d], i);
	else
		sbuf_printf(r->out, " %s", stick_data_descs[d].word);
	if (spec->store[d].period)
		sbuf_printf(r->out, "(%u)", spec->store[d].period);
	sbuf_addc(r->out, '=');
	if (d == SD_SERVER_KEY)
		put_server(r->out, r, spec, v);
	else
		sbuf_printf(r->out, "%llu", (unsigned long long)v);
}

/* Closes the entry. */
static void put_entry(struct cli_run *r, struct stick_at *at)
{
	static struct copy c;
	const struct rt_table *spec = stick_spec(at->t);
	unsigned n = 0;

	copy_entry(at, &c);
	stick_close(at);
	sbuf_printf(r->out, "0x%x: key=", c.idx + 1);
	put_key(r->out, spec, str_n(c.key, c.klen));
	sbuf_printf(r->out, " use=%u exp=%u shard=0", c.pins, c.exp);
	for (unsigned d = 0; d < SD_COUNT; d++)
		for (unsigned i = 0; i < spec->store[d].n; i++)
			put_value(r, spec, (enum stick_data)d, i, c.v[n++]);
	sbuf_addc(r->out, '\n');
}

/* ---- show table ------------------------------------------------------------------------------------------------- */

static void put_head(struct cli_run *r, const struct stick_table *t)
{
	const struct rt_table *spec = stick_spec(t);

	sbuf_printf(r->out, "# table: " STR_FMT ", type: %s, size:%u, used:%u\n", STR_ARG(spec->name),
		    stick_key_words[spec->type], spec->size, stick_used(t));
}

/* The one entry that a key or a place names. */
static bool open_named(struct which *w, struct stick_at *at)
{
	if (w->by_key)
		return stick_open(w->t, w->key, false, now(), at);
	return w->place && w->place <= UINT32_MAX && stick_open_place(w->t, (uint32_t)w->place - 1, now(), at);
}

enum cli_state cli_show_table(struct cli_run *r)
{
	struct which w;
	struct stick_at at;

	if (!r->n) {
		for (uint32_t i = 0; i < r->l->rt->ntbl; i++)
			put_head(r, r->l->tables[i]);
		return CLI_DONE;
	}
	if (!which_read(r, &w))
		return CLI_DONE;
	if (w.by_key || w.by_place) {
		if (!open_named(&w, &at))
			return CLI_DONE;
		put_head(r, w.t);
		put_entry(r, &at);
		return CLI_DONE;
	}
	if (!r->calls)
		put_head(r, w.t);
	while (!cli_full(r)) {
		if (!stick_next(w.t, &r->at, now(), &at))
			return CLI_DONE;
		if (passes(&w, &at))
			put_entry(r, &at);
		else
			stick_close(&at);
	}
	return CLI_AGAIN;
}

/* ---- clear table ------------------------------------------------------------------------------------------------ */

static enum cli_state clear_named(struct cli_run *r, struct which *w)
{
	struct stick_at at;

	if (!open_named(w, &at) || stick_drop(&at))
		return CLI_DONE;
	stick_close(&at);
	return cli_fail(r, "Entry currently in use, cannot remove");
}

/* Entries that are tracked stay, as in HAProxy. */
enum cli_state cli_clear_table(struct cli_run *r)
{
	struct which w;
	struct stick_at at;

	if (!r->n)
		return cli_fail(r, "Required arguments: <table> \"data.<store_data_type>\" <operator> <value> or "
				   "<table> key <key>");
	if (!which_read(r, &w))
		return CLI_DONE;
	if (w.by_key || w.by_place)
		return clear_named(r, &w);
	for (unsigned n = 0; n < CLEAR_STEP; n++) {
		if (!stick_next(w.t, &r->at, now(), &at))
			return CLI_DONE;
		if (!passes(&w, &at) || !stick_drop(&at))
			stick_close(&at);
	}
	return CLI_AGAIN;
}

/* ---- set table -------------------------------------------------------------------------------------------------- */

static bool value_word(struct cli_run *r, const struct rt_table *spec, enum stick_data d, struct str w, uint64_t *v)
{
	int64_t n;

	if (d == SD_SERVER_KEY) {
		for (uint32_t i = 0; i < r->l->rt->nsrv; i++)
			if (rt_srv_exists(&r->l->rt->srv[i]) && str_eq(r->l->rt->srv[i].name, w)) {
				*v = server_key(r->l, spec, i);
				return true;
			}
		cli_fail(r, "No such server");
		return false;
	}
	if (num_i64(w, &n)) {
		*v = (uint64_t)n;
		return true;
	}
	cli_fail(r, "Require a valid integer value to store");
	return false;
}

/* Everything is looked at before anything is changed. */
static bool set_values(struct cli_run *r, struct stick_table *t, struct stick_at *at)
{
	for (unsigned i = 3; i < r->n; i += 2) {
		enum stick_data d;
		unsigned elem;
		uint64_t v;

		if (!str_starts(r->w[i], STR("data."))) {
			cli_fail(r, "\"data.<type>\" followed by a value expected");
			return false;
		}
		if (!data_word(r, stick_spec(t), r->w[i], "", &d, &elem) ||
		    !value_word(r, stick_spec(t), d, i + 1 < r->n ? r->w[i + 1] : STR(""), &v))
			return false;
		if (at)
			stick_set(at, d, elem, v, now());
	}
	return true;
}

enum cli_state cli_set_table(struct cli_run *r)
{
	struct which w = { .t = r->n ? table_find(r->l, r->w[0]) : NULL };
	struct stick_at at;

	if (!r->n)
		return cli_fail(r, "Required arguments: <table> key <key> [data.<store_data_type> <value>]*");
	if (!w.t)
		return cli_fail(r, "No such table");
	if (r->n > 1 && str_starts(r->w[1], STR("data.")))
		return cli_fail(r, "content-based lookup is only supported with the \"show\" and \"clear\" actions");
	if (r->n < 3 || !str_eq(r->w[1], STR("key")))
		return cli_fail(r, "Key value expected");
	if (stick_spec(w.t)->type == SK_BINARY)
		return cli_fail(
			r,
			"Inserting keys into tables of type other than ip, ipv6, string and integer is not supported");
	if (!key_word(r, &w, r->w[2]) || !set_values(r, w.t, NULL))
		return CLI_DONE;
	if (!stick_open(w.t, w.key, true, now(), &at))
		return cli_fail(r, "Unable to allocate a new entry");
	stick_touch(&at, now());
	(void)set_values(r, w.t, &at);
	stick_close(&at);
	return CLI_DONE;
}
