// SPDX-License-Identifier: GPL-3.0-or-later
/* Converters that look samples up in map files. The constant of a row says how keys match and what values are. */
#include <sluice/base/num.h>
#include "rows_priv.h"

/* Reads the file of a map converter, and its default into a sample of the right type. */
bool map_bind(const struct expr_env *env, struct call *k, const struct xcall *x, struct xerr *err)
{
	enum smp_type out = (enum smp_type)(k->aux >> 8 & 0xff);

	k->arg[0].ptr = pat_use_get(env, x->arg[0].s, PAT_MAP, true, (unsigned)k->aux & 0xff, false, out, err);
	if (!k->arg[0].ptr) {
		err->off = x->arg[0].off, err->len = x->arg[0].len;
		return false;
	}
	if (!k->arg[1].set)
		return true;
	struct smp *dflt = ARENA_NEW(env->arena, struct smp);

	smp_set_str(dflt, k->arg[1].s);
	int64_t v;

	if (out == SMP_INT ? !num_i64(dflt->s, &v) : !smp_cast(dflt, out, env->arena)) {
		xerr_set(err, x->arg[1].off, x->arg[1].len, "'" STR_FMT "' is not %s", STR_ARG(x->arg[1].s), smp_type_name(out).p);
		return false;
	}
	if (out == SMP_INT)
		smp_set_int(dflt, v);
	k->arg[1].ptr = dflt;
	return true;
}

bool conv_map(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	struct smp found;

	if (pat_use_value((struct pat_use *)(uintptr_t)k->arg[0].ptr, s, k->aux & MAP_EXPAND, c->tmp, &found))
		*s = found;
	else if (k->arg[1].set)
		*s = *(const struct smp *)k->arg[1].ptr;
	else
		return false;
	return true;
}
