// SPDX-License-Identifier: GPL-3.0-or-later
/* `balance`, `hash-type`, `hash-balance-factor`. A word of balance is a row of tbl/lb_algos.def, with arguments in
 * parentheses or behind it; those that hash share the reading of their key. */
#include <sluice/base/num.h>
#include <sluice/lb/lb.h>

#include "sema_priv.h"

static const char *const algo_words[] = {
#define LB_ALGO(id, word, sym, help) word,
#include <sluice/tbl/lb_algos.def>
#undef LB_ALGO
};

/* "hdr(name)" into "hdr" and "name"; false after a diagnosis. */
static bool split_args(struct sema *s, const struct word *w, struct str *name, struct str *args)
{
	ptrdiff_t open = str_chr(w->s, '(');

	*name = w->s;
	*args = STR_NULL;
	if (open < 0)
		return true;
	*name = str_sub(w->s, 0, (size_t)open);
	if (w->s.p[w->s.n - 1] != ')') {
		sema_err_at(s, w, str_sub(w->s, (size_t)open, w->s.n), "the closing parenthesis is missing");
		return false;
	}
	*args = str_n(w->s.p + open + 1, w->s.n - (size_t)open - 2);
	return true;
}

static bool key_uri(struct sema *s, struct rt_backend *be, const struct word *w, uint32_t n)
{
	static const char *const words[] = { "len", "depth", "whole", "path-only" };

	be->key = KEY_URI;
	for (uint32_t i = 0; i < n; i++) {
		int k = arg_word(s, &w[i], words, 4, "parameter of balance uri");
		const struct word *v = k == 0 || k == 1 ? arg_next(s, w, n, &i) : NULL;
		if (k < 0 || (k < 2 && !v))
			return false;
		if (k < 2 && !arg_u32(s, v, 1, 65535, k ? &be->uri_depth : &be->uri_len))
			return false;
		be->uri_whole |= k == 2;
		be->uri_path_only |= k == 3;
	}
	return true;
}

static bool key_url_param(struct sema *s, struct rt_backend *be, const struct word *w, uint32_t n)
{
	if (!n) {
		sema_err(s, w - 1, "'url_param' expects the name of a parameter");
		return false;
	}
	if (n > 1) {
		sema_err(s, &w[1], "'" STR_FMT "' after the parameter is known to HAProxy, not supported by sluice yet",
			 STR_ARG(w[1].s));
		return false;
	}
	be->key = KEY_URL_PARAM;
	be->key_name = keep(s, w[0].s);
	return true;
}

static bool key_hdr(struct sema *s, struct rt_backend *be, const struct word *w, uint32_t n, struct str name)
{
	if (!name.n) {
		sema_err(s, w - 1, "'hdr' expects the name of a header in parentheses");
		return false;
	}
	if (n && !word_is(&w[0], "use_domain_only")) {
		sema_err_hint(s, &w[0], "use_domain_only", "unknown parameter '" STR_FMT "' of balance hdr",
			      STR_ARG(w[0].s));
		return false;
	}
	be->key = KEY_HDR;
	be->key_name = keep(s, name);
	be->hdr_domain_only = n > 0;
	return true;
}

static bool key_expr(struct sema *s, struct rt_backend *be, const struct word *w, uint32_t n)
{
	if (!n) {
		sema_err(s, w - 1, "'hash' expects a sample expression");
		return false;
	}
	unsigned avail =
		NEED_CLIENT | NEED_STREAM | (s->px->p->mode == MODE_HTTP ? NEED_REQ_HEAD | NEED_REQ_BODY : NEED_L6);
	be->key = KEY_EXPR;
	be->key_expr = sema_expr(s, &w[0], avail);
	return be->key_expr != NULL;
}

/* The key of a hashing algorithm: `kind` is its word, w[0..n) what follows. */
static bool read_key(struct sema *s, struct rt_backend *be, struct str kind, struct str args, const struct word *w,
		     uint32_t n)
{
	if (str_eq(kind, STR("source"))) {
		be->key = KEY_SOURCE;
		return true;
	}
	if (str_eq(kind, STR("uri")))
		return key_uri(s, be, w, n);
	if (str_eq(kind, STR("url_param")))
		return key_url_param(s, be, w, n);
	if (str_eq(kind, STR("hdr")))
		return key_hdr(s, be, w, n, args);
	return key_expr(s, be, w, n);
}

static bool maglev_key(struct sema *s, struct rt_backend *be, const struct word *w, uint32_t n)
{
	static const char *const kinds[] = { "source", "uri", "url_param", "hdr", "hash" };
	struct str kind, args;

	if (!n) {
		sema_err(s, w - 1, "'maglev' expects a key: source, uri, url_param, hdr(name) or hash <expression>");
		return false;
	}
	if (!split_args(s, w, &kind, &args))
		return false;
	for (unsigned i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_eq(kind, str_c(kinds[i])))
			return read_key(s, be, kind, args, w + 1, n - 1);
	return key_expr(s, be, w, n);
}

static bool random_draws(struct sema *s, struct rt_backend *be, const struct word *w, struct str args)
{
	uint64_t v;
	if (!args.p)
		return true;
	if (!num_u64(args, &v) || v < 1 || v > 100) {
		sema_err_at(s, w, args, "the number of draws must be from 1 to 100");
		return false;
	}
	be->draws = (uint32_t)v;
	return true;
}

static bool needs_http(struct str name)
{
	return str_eq(name, STR("uri")) || str_eq(name, STR("url_param")) || str_eq(name, STR("hdr"));
}

void dir_balance(struct sema *s, const struct line *l)
{
	struct rt_backend *be = &s->px->p->be, fresh = *be;
	const struct word *w = &l->w[1];
	struct str name, args;

	if (s->no || !split_args(s, w, &name, &args))
		return;
	if (str_eq(name, STR("rdp-cookie")) || str_eq(name, STR("log-hash")) || str_eq(name, STR("log-sticky"))) {
		sema_err(s, w, "'" STR_FMT "' is known to HAProxy, not supported by sluice yet", STR_ARG(name));
		return;
	}
	fresh.algo = lb_algo_find(name);
	if (!fresh.algo) {
		sema_err_hint(s, w, diag_nearest(name, algo_words, ARRAY_LEN(algo_words)),
			      "unknown algorithm '" STR_FMT "'", STR_ARG(name));
		return;
	}
	fresh.key = KEY_NONE;
	fresh.key_name = STR_NULL, fresh.key_expr = NULL;
	fresh.uri_len = fresh.uri_depth = 0, fresh.uri_whole = fresh.uri_path_only = fresh.hdr_domain_only = false;
	bool ok = true;
	if (str_eq(name, STR("maglev")))
		ok = maglev_key(s, &fresh, w + 1, l->n - 2);
	else if (str_eq(name, STR("random")))
		ok = random_draws(s, &fresh, w, args);
	else if (fresh.algo->by_key)
		ok = read_key(s, &fresh, name, args, w + 1, l->n - 2);
	else if (l->n > 2)
		sema_err(s, w + 1, "'" STR_FMT "' takes no parameter", STR_ARG(name));
	if (needs_http(name) && s->px->p->mode != MODE_HTTP && s->sect != SECT_DEFAULTS)
		sema_warn(s, w, "'balance " STR_FMT "' needs mode http: round robin is used instead", STR_ARG(name));
	if (ok)
		*be = fresh;
}

void dir_hash_type(struct sema *s, const struct line *l)
{
	static const char *const kinds[] = { "map-based", "consistent" };
	static const char *const fns[] = { "sdbm", "djb2", "wt6", "crc32", "xxh3", "none" };
	static const char *const mods[] = { "avalanche" };
	struct rt_backend *be = &s->px->p->be;
	int k = arg_word(s, &l->w[1], kinds, 2, "type of hash"), f = 0;

	if (k < 0)
		return;
	be->hash_consistent = k == 1;
	be->hash_fn = HASH_SDBM;
	be->hash_avalanche = k == 1 && l->n == 2; /* HAProxy's default of consistent */
	if (l->n == 2)
		return;
	if ((f = arg_word(s, &l->w[2], fns, ARRAY_LEN(fns), "hash function")) < 0)
		return;
	if (f == 5) {
		sema_err(s, &l->w[2], "hash function 'none' is known to HAProxy, not supported by sluice yet");
		return;
	}
	be->hash_fn = (uint8_t)f;
	if (l->n > 3 && arg_word(s, &l->w[3], mods, 1, "modifier") == 0)
		be->hash_avalanche = true;
}

void dir_hash_balance_factor(struct sema *s, const struct line *l)
{
	uint32_t v;
	if (!arg_u32(s, &l->w[1], 0, 65535, &v))
		return;
	if (v && v <= 100)
		sema_err(s, &l->w[1], "the factor must be 0 (off) or above 100");
	else
		s->px->p->be.balance_factor = (uint16_t)v;
}
