// SPDX-License-Identifier: GPL-3.0-or-later
/* Stick tables in expressions: every word is one question to the worker, put together from the row's constant and the
 * arguments. */
#include <sluice/expr/stick_env.h>
#include "rows_priv.h"

static int table_arg(const struct arg *a) { return a->set ? (int)a->i : -1; }

/* The row's constant: see tbl/stick_rows.def. */
static struct smp_stick question(const struct call *k, enum stick_by by)
{
	int aux = k->conv ? ~k->aux : k->aux;

	return (struct smp_stick){
		.by = (uint8_t)by, .op = aux >> 8 & 0xff, .data = aux & 0xff, .slot = aux >> 16, .table = -1
	};
}

static bool ask(struct smp_ctx *c, const struct smp_stick *q, struct smp *out)
{
	int64_t v;

	if (!c->env || !c->env->stick || !c->env->stick(c, q, &v))
		return false;
	return q->op == STICK_TRACKED || q->op == STICK_IN ? smp_set_bool(out, v != 0) : smp_set_int(out, v);
}

static bool ask_src(struct smp_ctx *c, struct smp_stick *q, struct smp *out)
{
	struct smp key = { .type = SMP_IP };

	if (!c->src)
		return false;
	key.ip = *c->src;
	q->key = &key;
	return ask(c, q, out);
}

bool fetch_stick_sc(struct smp_ctx *c, const struct call *k, struct smp_iter *it UNUSED, struct smp *out)
{
	struct smp_stick q = question(k, STICK_BY_SLOT);

	q.slot = k->arg[0].i;
	q.table = table_arg(&k->arg[1]);
	return ask(c, &q, out);
}

bool fetch_stick_sc_n(struct smp_ctx *c, const struct call *k, struct smp_iter *it UNUSED, struct smp *out)
{
	struct smp_stick q = question(k, STICK_BY_SLOT);

	q.table = table_arg(&k->arg[0]);
	return ask(c, &q, out);
}

bool fetch_stick_sc_at(struct smp_ctx *c, const struct call *k, struct smp_iter *it UNUSED, struct smp *out)
{
	struct smp_stick q = question(k, STICK_BY_SLOT);

	q.elem = k->arg[0].i;
	q.slot = k->arg[1].i;
	q.table = table_arg(&k->arg[2]);
	return ask(c, &q, out);
}

bool fetch_stick_src(struct smp_ctx *c, const struct call *k, struct smp_iter *it UNUSED, struct smp *out)
{
	struct smp_stick q = question(k, STICK_BY_KEY);

	q.table = table_arg(&k->arg[0]);
	return ask_src(c, &q, out);
}

bool fetch_stick_src_at(struct smp_ctx *c, const struct call *k, struct smp_iter *it UNUSED, struct smp *out)
{
	struct smp_stick q = question(k, STICK_BY_KEY);

	q.elem = k->arg[0].i;
	q.table = table_arg(&k->arg[1]);
	return ask_src(c, &q, out);
}

bool fetch_stick_table(struct smp_ctx *c, const struct call *k, struct smp_iter *it UNUSED, struct smp *out)
{
	struct smp_stick q = question(k, STICK_BY_TABLE);

	q.table = table_arg(&k->arg[0]);
	return ask(c, &q, out);
}

static bool convert(struct smp_ctx *c, const struct call *k, const struct arg *table, int64_t elem, struct smp *s)
{
	struct smp_stick q = question(k, STICK_BY_KEY);
	struct smp key = *s;

	q.table = table_arg(table);
	q.elem = elem;
	q.key = &key;
	return ask(c, &q, s);
}

bool conv_stick(struct smp_ctx *c, const struct call *k, struct smp *s) { return convert(c, k, &k->arg[0], 0, s); }
bool conv_stick_at(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	return convert(c, k, &k->arg[1], k->arg[0].i, s);
}
