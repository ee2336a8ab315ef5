// SPDX-License-Identifier: GPL-3.0-or-later
/* Arguments of fetches and converters: from texts to typed values, once, at compile time.
 *
 * An argument spec is one letter an argument; those behind '?' are optional and may be empty:
 *   i integer     n integer or variable     s text         S text of single-letter flags    h header name
 *   o boolean     V name of a variable      c condition of set-var
 *   x hexadecimal bytes    a IP address     e name of an environment variable, replaced by its value
 *   8 integer from 1 to 8                   2 bits of a SHA-2         D name of a digest
 *   K base 64 text, decoded, or a variable  A algorithm of a token, or a variable
 *   k key for the algorithm before it: text, file of a public key, or a variable
 *   J JSON path   O "int"                   C input code of json()    w condition of when()
 *   m IPv4 mask   M IPv6 mask               r regular expression; the third argument holds its flags
 *   b backend     f frontend   v server ("backend/server"): resolved to an index, -1 = the current one
 *   p map file    u userlist    t stick table T the same; when it is left out, the one of the proxy */
#include <stdlib.h>

#include <sluice/base/num.h>
#include "expr_priv.h"

static bool arg_bad(struct xerr *err, const struct xarg *x, const char *what)
{
	xerr_set(err, x->off, x->len, "'" STR_FMT "' is not %s", STR_ARG(x->s), what);
	return false;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_decode(struct arena *a, struct str s, struct str *out)
{
	if (s.n % 2)
		return false;
	char *p = arena_bytes(a, s.n / 2 + 1);

	for (size_t i = 0; i < s.n; i += 2) {
		int hi = hex_digit(s.p[i]), lo = hex_digit(s.p[i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		p[i / 2] = (char)(hi << 4 | lo);
	}
	*out = str_n(p, s.n / 2);
	return true;
}

static bool arg_ref(const struct expr_env *env, enum ref_kind kind, const char *what, const struct xarg *x,
		    struct arg *out, struct xerr *err)
{
	out->i = -1;
	if (!env->resolve)
		return true;
	out->i = env->resolve(env->ctx, kind, x->s);
	if (out->i >= 0)
		return true;
	xerr_set(err, x->off, x->len, "unknown %s '" STR_FMT "'", what, STR_ARG(x->s));
	return false;
}

static bool bit_at(const uint8_t *p, unsigned i)
{
	return p[i / 8] >> (7 - i % 8) & 1;
}

/* A length, or an address whose bits are ones up to that length and zeros behind it. */
static bool arg_mask(const struct xarg *x, unsigned bits, struct arg *out)
{
	uint64_t len;
	struct addr ip;

	if (num_u64(x->s, &len)) {
		out->bits = (uint8_t)len;
		return len <= bits;
	}
	if (!addr_parse_ip(&ip, x->s) || ip.family != (bits == 32 ? AF_INET : AF_INET6))
		return false;
	const uint8_t *p = bits == 32 ? (const uint8_t *)&ip.in4 : (const uint8_t *)&ip.in6;

	for (out->bits = 0; out->bits < bits && bit_at(p, out->bits);)
		out->bits++;
	for (unsigned i = out->bits; i < bits; i++)
		if (bit_at(p, i))
			return false;
	return true;
}

static bool arg_bool(struct str s, struct arg *out)
{
	if (str_ieq(s, STR("true")) || str_ieq(s, STR("yes")) || str_ieq(s, STR("on")))
		out->i = 1;
	else if (str_ieq(s, STR("false")) || str_ieq(s, STR("no")) || str_ieq(s, STR("off")))
		out->i = 0;
	else
		return num_i64(s, &out->i);
	return true;
}

static bool arg_var(const struct expr_env *env, const struct xarg *xa, struct arg *out, struct xerr *err)
{
	out->is_var = true;
	if (var_resolve(env->vars, xa->s, &out->var, err))
		return true;
	err->off += xa->off + (xa->quoted ? 1 : 0);
	return false;
}

/* Does the text begin like the name of a variable? */
static bool looks_like_var(struct str s)
{
	struct str rest = s, scope = str_split(&rest, '.');

	return rest.p && (str_eq(scope, STR("proc")) || str_eq(scope, STR("sess")) || str_eq(scope, STR("txn")) ||
			  str_eq(scope, STR("req")) || str_eq(scope, STR("res")));
}

/* The file is read now when it will surely be needed; behind a variable it may be. */
static bool arg_jwt_key(const struct expr_env *env, const struct xcall *x, const struct xarg *xa, struct arg *out, struct xerr *err)
{
	struct str alg = x->arg[0].s;
	bool maybe = looks_like_var(alg);

	if (looks_like_var(xa->s))
		return arg_var(env, xa, out, err);
	out->s = xa->s;
	if ((str_starts(alg, STR("HS")) || str_eq(alg, STR("none"))) && !maybe)
		return true;
	return jwt_key_load(env, xa->s) || maybe || arg_bad(err, xa, "a PEM file with a public key or a certificate");
}

static bool sha2_bits(int64_t v) { return v == 224 || v == 256 || v == 384 || v == 512; }

/* Letters of converters of one theme: cryptography, JSON, when(). */
static bool arg_theme(const struct expr_env *env, char kind, const struct xcall *x, const struct xarg *xa, struct arg *out,
		      struct xerr *err)
{
	switch (kind) {
	case '8': return (num_i64(xa->s, &out->i) && out->i >= 1 && out->i <= 8) || arg_bad(err, xa, "an integer from 1 to 8");
	case '2': return (num_i64(xa->s, &out->i) && sha2_bits(out->i)) || arg_bad(err, xa, "224, 256, 384 or 512");
	case 'D':
		out->ptr = digest_find(xa->s);
		return out->ptr || arg_bad(err, xa, "the name of a digest");
	case 'K':
		if (looks_like_var(xa->s))
			return arg_var(env, xa, out, err);
		return b64_decode(env->arena, xa->s, false, &out->s) || arg_bad(err, xa, "base 64 text or a variable");
	case 'A':
		if (looks_like_var(xa->s))
			return arg_var(env, xa, out, err);
		out->s = xa->s;
		return jwt_alg_known(xa->s) || arg_bad(err, xa, "an algorithm of tokens: HS, RS, ES or PS with 256, 384 or 512");
	case 'k': return arg_jwt_key(env, x, xa, out, err);
	case 'J':
		out->s = xa->s;
		return json_path_ok(xa->s) || arg_bad(err, xa, "a path: $.key, $.key[0].key");
	case 'O': return str_eq(xa->s, STR("int")) || arg_bad(err, xa, "a type of output: int");
	case 'C': return json_input_code(xa->s, &out->i) || arg_bad(err, xa, "ascii, utf8, utf8s, utf8p or utf8ps");
	default: return when_word(xa->s, &out->i) || arg_bad(err, xa, "error, forwarded, normal, processed, stopping or toapplet");
	}
}

static bool arg_one(const struct expr_env *env, char kind, const struct xcall *x, const struct xarg *xa,
		    struct arg *out, struct xerr *err)
{
	const char *value;
	unsigned bit;

	out->set = true;
	switch (kind) {
	case 'n':
		if (str_chr(xa->s, '.') > 0)
			return arg_var(env, xa, out, err);
		/* fall through */
	case 'i':
		return num_i64(str_trim(xa->s), &out->i) || arg_bad(err, xa, "an integer");
	case 'o':
		return arg_bool(xa->s, out) || arg_bad(err, xa, "true, false or an integer");
	case 'V':
		return arg_var(env, xa, out, err);
	case 'c':
		if (!var_cond_word(xa->s, &bit))
			return arg_bad(err, xa, "a condition of set-var: ifexists, ifnotexists, ifempty, ifnotempty, ifset, ifnotset, ifgt, iflt");
		out->i = bit;
		return true;
	case 'h':
		out->id = (uint8_t)http_hdr_id(xa->s);
		/* fall through */
	case 'p':
	case 's':
	case 'S':
		out->s = xa->s;
		return true;
	case 'x':
		return hex_decode(env->arena, xa->s, &out->s) ||
		       arg_bad(err, xa, "an even number of hexadecimal digits");
	case 'a':
		out->ip = ARENA_NEW(env->arena, struct addr);
		return addr_parse_ip(out->ip, xa->s) || arg_bad(err, xa, "an IP address");
	case 'e':
		value = getenv(xa->s.p);
		out->set = value != NULL;
		out->s = value ? arena_str(env->arena, str_c(value)) : STR_NULL;
		return true;
	case 'm':
		return arg_mask(xa, 32, out) || arg_bad(err, xa, "an IPv4 mask");
	case 'M':
		return arg_mask(xa, 128, out) || arg_bad(err, xa, "an IPv6 mask");
	case 'r':
		out->re = regex_compile(env->arena, xa->s, x->narg > 2 && str_chr(x->arg[2].s, 'i') >= 0, err);
		err->off = xa->off, err->len = xa->len;
		return out->re != NULL;
	case 'b':
		return arg_ref(env, REF_BACKEND, "backend", xa, out, err);
	case 'u':
		return arg_ref(env, REF_USERLIST, "userlist", xa, out, err);
	case 'f':
		return arg_ref(env, REF_FRONTEND, "frontend", xa, out, err);
	case 't':
	case 'T':
		return arg_ref(env, REF_TABLE, "stick table", xa, out, err);
	case 'v':
		return arg_ref(env, REF_SERVER, "server", xa, out, err);
	default:
		return arg_theme(env, kind, x, xa, out, err);
	}
}

static size_t spec_count(const char *spec, size_t *required)
{
	size_t n = 0;

	*required = SIZE_MAX;
	for (; *spec; spec++) {
		if (*spec == '?')
			*required = n;
		else
			n++;
	}
	*required = MIN(*required, n);
	return n;
}

static bool args_few(const struct xcall *x, size_t required, struct xerr *err)
{
	xerr_set(err, x->off, x->name.n, "'" STR_FMT "' needs %zu argument%s", STR_ARG(x->name), required,
		 required == 1 ? "" : "s");
	return false;
}

/* The table of the proxy where none is named. */
static bool arg_own_table(const struct expr_env *env, const struct xcall *x, struct arg *out, struct xerr *err)
{
	out->set = true;
	out->i = env->resolve ? env->resolve(env->ctx, REF_TABLE, STR("")) : -1;
	if (out->i >= 0 || !env->resolve)
		return true;
	xerr_set(err, x->off, x->name.n, "'" STR_FMT "' needs the name of a stick table: this section has none of its own",
		 STR_ARG(x->name));
	return false;
}

/* What a function that serves several rows looks at where its row takes no argument. */
static struct arg no_args;

bool args_compile(const struct expr_env *env, const char *spec, const struct xcall *x, struct call *k, struct xerr *err)
{
	size_t required, max = spec_count(spec, &required), i = 0;
	uint32_t given = x->narg == 1 && !x->arg[0].len && !required ? 0 : x->narg;
	const char *spec_start = spec;

	k->arg = max ? ARENA_NEWN(env->arena, struct arg, max) : &no_args;
	k->spec = (uint8_t)max;
	if (given > max) {
		const struct xarg *extra = &x->arg[max];

		xerr_set(err, extra->off, extra->len, "'" STR_FMT "' takes %s%zu argument%s", STR_ARG(x->name),
			 required == max ? "" : "at most ", max, max == 1 ? "" : "s");
		return false;
	}
	if (given < required)
		return args_few(x, required, err);
	for (; *spec && i < given; spec++) {
		if (*spec == '?')
			continue;
		/* an optional argument left empty counts as not given */
		if (i < required || x->arg[i].len)
			if (!arg_one(env, *spec, x, &x->arg[i], &k->arg[i], err))
				return false;
		i++;
	}
	k->narg = (uint8_t)given;
	i = max - 1;
	return !max || k->arg[i].set || !strchr(spec_start, 'T') || arg_own_table(env, x, &k->arg[i], err);
}

unsigned args_needs(const struct call *k, bool *vars)
{
	unsigned needs = 0;

	for (size_t i = 0; i < k->spec; i++) {
		if (!k->arg[i].is_var)
			continue;
		needs |= var_needs((enum var_scope)k->arg[i].var.scope);
		*vars = true;
	}
	return needs;
}

bool arg_int(const struct smp_ctx *c, const struct arg *a, int64_t *out)
{
	if (!a->is_var) {
		*out = a->i;
		return true;
	}
	const struct smp *v = var_get(c, a->var);
	struct smp s;

	if (!v || !smp_castable(v->type, SMP_INT))
		return false;
	s = *v;
	if (!smp_cast(&s, SMP_INT, c->tmp))
		return false;
	*out = s.i;
	return true;
}

bool arg_var_str(struct smp_ctx *c, const struct arg *a, struct str *out)
{
	const struct smp *v = a->set ? var_get(c, a->var) : NULL;
	struct smp s;

	if (!v)
		return false;
	s = *v;
	if (!smp_cast(&s, SMP_STR, c->tmp))
		return false;
	*out = s.s;
	return true;
}
