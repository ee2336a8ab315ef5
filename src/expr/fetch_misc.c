// SPDX-License-Identifier: GPL-3.0-or-later
/* Fetches of constants, of the clock and chance, and of the running state. Everything about proxies, servers and
 * the stream comes through the callbacks of the context: this layer knows no segment and no worker. */
#include <stdio.h>

#include <sluice/base/clock.h>
#include <sluice/base/rand.h>
#include "rows_priv.h"

bool fetch_bool_const(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)c, (void)it;
	return smp_set_bool(out, k->aux);
}

bool fetch_int_const(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)c, (void)it;
	return smp_set_int(out, k->aux);
}

bool fetch_bool_arg(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)c, (void)it;
	return smp_set_bool(out, k->arg[0].i != 0);
}

bool fetch_int_arg(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)c, (void)it;
	return smp_set_int(out, k->arg[0].i);
}

bool fetch_str_arg(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)c, (void)it;
	return k->arg[0].set && smp_set_str(out, k->arg[0].s);
}

bool fetch_bin_arg(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)c, (void)it;
	out->type = SMP_BIN;
	out->s = k->arg[0].s;
	return true;
}

bool fetch_ip_arg(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)c, (void)it;
	out->type = SMP_IP;
	out->ip = *k->arg[0].ip;
	return true;
}

bool fetch_meth_arg(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)c, (void)it;
	out->type = SMP_METH;
	out->meth = (uint8_t)http_method_id(k->arg[0].s);
	out->s = k->arg[0].s;
	return true;
}

bool fetch_rand(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	uint64_t range = k->arg[0].set && k->arg[0].i > 0 ? (uint64_t)k->arg[0].i : 1ull << 32;

	(void)c, (void)it;
	return smp_set_int(out, (int64_t)(rand_u64() % range));
}

bool fetch_date(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	struct str unit = k->arg[1].set ? k->arg[1].s : STR("s");
	int64_t offset = k->arg[0].set ? k->arg[0].i : 0;
	int64_t sec = clock_real.tv_sec;

	(void)c, (void)it;
	if (str_eq(unit, STR("ms")))
		return smp_set_int(out, sec * 1000 + clock_real.tv_nsec / 1000000 + offset);
	if (str_eq(unit, STR("us")))
		return smp_set_int(out, sec * 1000000 + clock_real.tv_nsec / 1000 + offset);
	return smp_set_int(out, sec + offset);
}

bool fetch_date_us(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)c, (void)k, (void)it;
	return smp_set_int(out, clock_real.tv_nsec / 1000);
}

bool fetch_uuid(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	uint64_t a = rand_u64(), b = rand_u64();
	char *p = arena_bytes(c->tmp, 40);

	(void)k, (void)it;
	snprintf(p, 40, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32), (unsigned)(a >> 16 & 0xffff),
		 (unsigned)(a & 0xfff), (unsigned)(0x8000 | (b >> 48 & 0x3fff)),
		 (unsigned long long)(b & 0xffffffffffffull));
	return smp_set_str(out, str_n(p, 36));
}

bool fetch_var(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	const struct smp *v = var_get(c, k->arg[0].var);

	(void)it;
	if (v)
		*out = *v;
	return v || (k->arg[1].set && smp_set_str(out, k->arg[1].s));
}

static bool env_num(struct smp_ctx *c, const struct call *k, int64_t *v)
{
	int idx = k->narg && k->arg[0].set ? (int)k->arg[0].i : -1;

	return c->env && c->env->num && c->env->num(c, (enum smp_env_num)k->aux, idx, v);
}

bool fetch_env_num(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	int64_t v;

	(void)it;
	return env_num(c, k, &v) && smp_set_int(out, v);
}

/* Round-trip times come in microseconds. */
bool fetch_env_rtt(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	int64_t v;
	bool us = k->arg[0].set && str_eq(k->arg[0].s, STR("us"));

	(void)it;
	return c->env && c->env->num && c->env->num(c, (enum smp_env_num)k->aux, -1, &v) && smp_set_int(out, us ? v : v / 1000);
}

/* Dates come in microseconds. */
bool fetch_env_date(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	int64_t v, div = !k->arg[0].set || str_eq(k->arg[0].s, STR("s")) ? 1000000 : str_eq(k->arg[0].s, STR("ms")) ? 1000 : 1;

	(void)it;
	return c->env && c->env->num && c->env->num(c, (enum smp_env_num)k->aux, -1, &v) && smp_set_int(out, v / div);
}

bool fetch_env_flag(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	int64_t v;

	(void)it;
	return env_num(c, k, &v) && smp_set_bool(out, v != 0);
}

bool fetch_env_text(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	struct str s;

	(void)it;
	return c->env && c->env->text && c->env->text(c, (enum smp_env_str)k->aux, -1, &s) && smp_set_str(out, s);
}

bool fetch_pp_tlv(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	struct str s;

	(void)it;
	return c->env && c->env->text && c->env->text(c, ENV_FC_PP_TLV, k->arg[0].set ? (int)k->arg[0].i : k->aux, &s) && smp_set_str(out, s);
}

bool fetch_env_text_at(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	struct str s;

	(void)it;
	return c->env && c->env->text && c->env->text(c, (enum smp_env_str)k->aux, (int)k->arg[0].i, &s) &&
	       smp_set_str(out, s);
}
