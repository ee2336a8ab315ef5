// SPDX-License-Identifier: GPL-3.0-or-later
/* Converters that set, clear and compare variables. */
#include "rows_priv.h"

/* What was stored is what goes on: the bytes that came in may be those that the store has just moved. */
bool conv_set_var(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	unsigned conds = 0;

	for (unsigned i = 1; i < k->narg; i++)
		conds |= (unsigned)k->arg[i].i;
	if (var_set(c, k->arg[0].var, s, conds))
		*s = *var_get(c, k->arg[0].var);
	return true;
}

bool conv_unset_var(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	(void)s;
	var_unset(c, k->arg[0].var);
	return true;
}

static void append(char **p, struct str s)
{
	if (s.n)
		memcpy(*p, s.p, s.n);
	*p += s.n;
}

/* A variable without a value adds nothing. */
bool conv_concat(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	struct str part[4] = { s->s, k->arg[0].set ? k->arg[0].s : STR_NULL, STR_NULL,
			       k->arg[2].set ? k->arg[2].s : STR_NULL };
	size_t n = 0;

	if (!arg_var_str(c, &k->arg[1], &part[2]))
		part[2] = STR_NULL;
	for (size_t i = 0; i < ARRAY_LEN(part); i++)
		n += part[i].n;
	char *p = arena_bytes(c->tmp, n + 1), *q = p;

	for (size_t i = 0; i < ARRAY_LEN(part); i++)
		append(&q, part[i]);
	s->s = str_n(p, n);
	return true;
}

bool conv_strcmp(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	struct str other;

	if (!arg_var_str(c, &k->arg[0], &other))
		return false;
	int r = s->s.n && other.n ? memcmp(s->s.p, other.p, MIN(s->s.n, other.n)) : 0;

	return smp_set_int(s, r ? r : (s->s.n > other.n) - (s->s.n < other.n));
}

bool conv_secure_memcmp(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	const struct smp *v = var_get(c, k->arg[0].var);
	struct smp other;
	unsigned char diff = 0;

	if (!v || !smp_castable(v->type, SMP_BIN))
		return false;
	other = *v;
	if (!smp_cast(&other, SMP_BIN, c->tmp))
		return false;
	if (other.s.n != s->s.n)
		return smp_set_bool(s, false);
	for (size_t i = 0; i < other.s.n; i++)
		diff |= (unsigned char)(other.s.p[i] ^ s->s.p[i]);
	return smp_set_bool(s, diff == 0);
}
