// SPDX-License-Identifier: GPL-3.0-or-later
/* Converters of lists and parameters: what a client prefers, parameters of a query, items appended, nodes of Forwarded headers
 * (RFC 7239). */
#include <sluice/base/num.h>
#include "rows_priv.h"

/* ---- language --------------------------------------------------------------------------------------------------- */

/* "0.5" in thousandths; 1000 when there is none. */
static unsigned quality(struct str params)
{
	while (params.p) {
		struct str p = str_trim(str_split(&params, ';'));
		unsigned q = 0, unit = 100;

		if (!str_istarts(p, STR("q=")))
			continue;
		p = str_sub(p, 2, SIZE_MAX);
		if (p.n && p.p[0] == '1')
			return 1000;
		for (size_t i = 2; i < p.n && p.p[i] >= '0' && p.p[i] <= '9'; i++, unit /= 10)
			q += (unsigned)(p.p[i] - '0') * unit;
		return q;
	}
	return 1000;
}

/* The list's own spelling of a language: with its variant, else without. */
static struct str offered(struct str list, struct str lang)
{
	ptrdiff_t dash = str_chr(lang, '-');

	for (struct str rest = list; rest.p;) {
		struct str one = str_split(&rest, ';');

		if (str_eq(one, lang))
			return one;
	}
	return dash > 0 ? offered(list, str_sub(lang, 0, (size_t)dash)) : STR_NULL;
}

bool conv_language(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	struct str rest = s->s, best = STR_NULL;
	unsigned best_q = 0;

	(void)c;
	while (rest.p) {
		struct str params = str_split(&rest, ','), lang = str_trim(str_split(&params, ';'));
		struct str hit = lang.n ? offered(k->arg[0].s, lang) : STR_NULL;
		unsigned q = hit.p ? quality(params) : 0;

		if (q > best_q)
			best = hit, best_q = q;
	}
	if (!best.p && k->arg[1].set)
		best = k->arg[1].s;
	return best.p && smp_set_str(s, best);
}

/* ---- parameters and items --------------------------------------------------------------------------------------- */

bool conv_param(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	char delim = k->arg[1].set && k->arg[1].s.n ? k->arg[1].s.p[0] : '&';

	(void)c;
	for (struct str rest = s->s; rest.p;) {
		struct str item = str_split(&rest, delim);
		ptrdiff_t eq = str_chr(item, '=');

		if (str_eq(str_sub(item, 0, eq < 0 ? item.n : (size_t)eq), k->arg[0].s))
			return smp_set_str(s, eq < 0 ? STR("") : str_sub(item, (size_t)eq + 1, SIZE_MAX));
	}
	return false;
}

/* The delimiter comes only between two things. */
bool conv_add_item(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	struct str var = STR_NULL, suffix = k->arg[2].set ? k->arg[2].s : STR_NULL, delim = k->arg[0].s;

	if (!arg_var_str(c, &k->arg[1], &var))
		var = STR_NULL;
	if (!s->s.n || (!var.n && !suffix.n))
		delim = STR_NULL;
	size_t cap = s->s.n + delim.n + var.n + suffix.n + 1;
	struct sbuf out = { .p = arena_bytes(c->tmp, cap), .cap = cap, .fixed = true };

	sbuf_add(&out, s->s);
	sbuf_add(&out, delim);
	sbuf_add(&out, var);
	sbuf_add(&out, suffix);
	return smp_set_str(s, sbuf_str(&out));
}

/* ---- Forwarded -------------------------------------------------------------------------------------------------- */

/* The next `name=value` of an element; a quoted value comes without its quotes. false: end, or not that. */
static bool fwd_pair(struct str *rest, struct str *name, struct str *val, bool *bad)
{
	struct str r = str_trim(*rest);
	size_t i = 0;

	*bad = true;
	if (!r.n)
		return *bad = false;
	while (i < r.n && r.p[i] != '=')
		i++;
	*name = str_sub(r, 0, i);
	if (i == r.n || !http_token(*name))
		return false;
	r = str_sub(r, i + 1, SIZE_MAX);
	bool quoted = r.n && r.p[0] == '"';

	for (i = quoted; i < r.n && r.p[i] != (quoted ? '"' : ';'); i++)
		i += r.p[i] == '\\' && quoted;
	if (quoted && i >= r.n)
		return false;
	*val = quoted ? str_sub(r, 1, i - 1) : str_trim(str_sub(r, 0, i));
	r = str_trim(str_sub(r, i + quoted, SIZE_MAX));
	if (r.n && r.p[0] != ';')
		return false;
	*rest = str_sub(r, 1, SIZE_MAX);
	*bad = !quoted && !http_token(*val);
	return !*bad;
}

/* RFC 7239 section 6: an address (IPv6 in brackets), "unknown" or "_obfuscated"; then perhaps a port of the same kinds. */
static bool fwd_node(struct str node, struct str *name, struct str *port)
{
	ptrdiff_t close = node.n && node.p[0] == '[' ? str_chr(node, ']') : 0;
	size_t i = close > 0 ? (size_t)close + 1 : 0;

	if (close < 0)
		return false;
	while (i < node.n && node.p[i] != ':')
		i++;
	*name = close > 0 ? str_sub(node, 1, (size_t)close - 1) : str_sub(node, 0, i);
	*port = i < node.n ? str_sub(node, i + 1, SIZE_MAX) : STR_NULL;
	return name->n > 0 && (close <= 0 || i == (size_t)close + 1);
}

static bool obfuscated(struct str s)
{
	for (size_t i = 1; i < s.n; i++)
		if (!http_token(str_sub(s, i, 1)))
			return false;
	return s.n > 1 && s.p[0] == '_';
}

static bool node_ok(struct str node)
{
	struct str name, port;
	struct addr a;
	uint64_t v;

	if (!fwd_node(node, &name, &port))
		return false;
	if (!str_ieq(name, STR("unknown")) && !obfuscated(name) && !addr_parse_ip(&a, name))
		return false;
	return !port.p || obfuscated(port) || (num_u64(port, &v) && v <= 65535);
}

bool conv_rfc7239_is_valid(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	struct str rest = s->s, name, val;
	unsigned pairs = 0;
	bool bad = false;

	(void)c, (void)k;
	while (fwd_pair(&rest, &name, &val, &bad)) {
		pairs++;
		if ((str_ieq(name, STR("for")) || str_ieq(name, STR("by"))) && !node_ok(val))
			bad = true;
		if (bad)
			break;
	}
	return smp_set_bool(s, pairs && !bad);
}

bool conv_rfc7239_field(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	struct str rest = s->s, name, val;
	bool bad;

	(void)c;
	while (fwd_pair(&rest, &name, &val, &bad))
		if (str_ieq(name, k->arg[0].s))
			return smp_set_str(s, val);
	return false;
}

/* aux 0: the name of a node, an address where it is one; 1: its port, a number where it is one. */
bool conv_rfc7239_node(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	struct str name, port;
	struct addr a;
	uint64_t v;

	(void)c;
	if (!node_ok(s->s) || !fwd_node(s->s, &name, &port))
		return false;
	if (k->aux)
		return port.p && (num_u64(port, &v) ? smp_set_int(s, (int64_t)v) : smp_set_str(s, port));
	if (!addr_parse_ip(&a, name))
		return smp_set_str(s, name);
	s->type = SMP_IP;
	s->ip = a;
	return true;
}
