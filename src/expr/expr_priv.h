// SPDX-License-Identifier: GPL-3.0-or-later
/* Inside of the expression layer: typed calls, table rows, and what fetches and converters are handed. */
#ifndef SLUICE_EXPR_EXPR_PRIV_H
#define SLUICE_EXPR_EXPR_PRIV_H

#include <sluice/base/b64.h>
#include <sluice/expr/cond.h>
#include <sluice/expr/patfile.h>
#include <sluice/expr/stick_env.h>
#include "parse_priv.h"

/* One typed argument; which member counts follows from the letter of the row's argument spec. */
struct arg {
	bool set;
	bool is_var;                  /* V; n: var instead of i */
	uint8_t id;                   /* h: enum http_hdr_id */
	struct var_ref var;           /* V n */
	const void *ptr;              /* D: EVP_MD; p: map, and the default behind it */
	union {
		int64_t i;            /* i n o b f v c */
		struct str s;         /* s S h x e */
		struct regex *re;     /* r */
		uint8_t bits;         /* m M */
		struct addr *ip;      /* a */
	};
};

_Static_assert(sizeof(struct arg) <= 32, "tens of thousands of rules have some");

/* Iteration over the values of a fetch. With `all` the fetch hands out one value a call and sets `more` while
 * there may be another; without, it picks the one value that HAProxy would. */
struct smp_iter { bool all, more; int pos; struct str rest; };

struct call;
typedef bool fetch_fn(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out);
typedef bool conv_fn(struct smp_ctx *c, const struct call *k, struct smp *s);

enum fetch_flags {
	F_ITER = 1,      /* may have several values */
	F_CONST = 2,     /* value known at compile time */
	F_VOLATILE = 4,  /* may differ from one evaluation to the next */
	F_L6 = 8,        /* value may change while input comes in; judged by the fetch itself */
	F_EFFECT = 16,   /* of a converter, and of expressions with one: it changes something */
	F_FIELD = 32,    /* a plain field: to read it costs no more than to remember it */
};

struct fetch_row {
	const char *word;
	fetch_fn *fn;
	int aux;                 /* constant handed to fn: which message, which number */
	const char *args;        /* see args.c */
	uint8_t type;            /* enum smp_type of the result */
	uint8_t flags;
	unsigned needs;
	const char *help, *example, *expect;
};
struct conv_row {
	const char *word;
	conv_fn *fn;
	int aux;                 /* below 0: has an effect, or depends on more than its input */
	const char *args;
	uint8_t in, out;         /* SMP_ANY as out: the type of the input where that is SMP_ANY too, else not known before it runs */
	uint8_t flags;           /* F_VOLATILE, F_EFFECT: what it makes of the expression */
	const char *help, *example, *expect;
};

/* A fetch or converter with its typed arguments. */
struct call {
	const struct fetch_row *fetch;
	const struct conv_row *conv;
	int aux;
	uint8_t narg, spec;           /* given; possible: what arg has room for */
	struct arg *arg;              /* of the arena; an unset one where the row takes none */
};

struct expr {
	struct str text;              /* canonical */
	struct call fetch;
	struct call *conv;
	uint16_t nconv;
	uint8_t type;
	uint8_t flags;                /* of the fetch */
	uint16_t kept[2];             /* numbers in the memo: of one value, of all; 0 = evaluated each time */
	unsigned needs;
};

void xerr_set(struct xerr *err, size_t off, size_t len, const char *fmt, ...) PRINTF_FMT(4, 5);
void xerr_hint(struct xerr *err, struct str word, const char *const *words, size_t n);
/* What is missing, in words. */
const char *need_text(unsigned missing);

/* args.c: turns argument texts into typed arguments after the spec of the row. */
bool args_compile(const struct expr_env *env, const char *spec, const struct xcall *x, struct call *k,
		  struct xerr *err);
/* What the variables among the arguments need, enum smp_need bits; *vars becomes true when there are any. */
unsigned args_needs(const struct call *k, bool *vars);

bool hex_decode(struct arena *a, struct str s, struct str *out);

/* conv_crypt.c: a digest of libcrypto by its name, or NULL. */
const void *digest_find(struct str name);
/* conv_jwt.c: names of algorithms; reads the public key or certificate in a PEM file and keeps it by that name. */
bool jwt_alg_known(struct str name);
bool jwt_key_load(const struct expr_env *env, struct str name) MUST_CHECK;
/* conv_json.c: is it a path ($.key[0].key)? The value it leads to in a document; words for the input of json(). */
bool json_path_ok(struct str path);
bool json_get(struct smp_ctx *c, struct str doc, struct str path, bool as_int, struct smp *s);
bool json_input_code(struct str word, int64_t *code);
void json_process_init(void);
/* fetch_auth.c: user and password of Basic credentials. */
bool http_basic(struct smp_ctx *c, const struct http_msg *m, struct str *user, struct str *pass) MUST_CHECK;
/* conv_map.c: constants of map converters: enum match_kind, enum smp_type of the values, and whether groups are expanded. */
#define MAP_AUX(match, out) (MATCH_##match | SMP_##out << 8)
#define MAP_EXPAND 0x10000
bool map_bind(const struct expr_env *env, struct call *k, const struct xcall *x, struct xerr *err) MUST_CHECK;
/* conv_env.c: a condition of when(), as enum smp_env_num. */
bool when_word(struct str word, int64_t *what);
enum { CAPTURE_REQ = -1, CAPTURE_RES = -2 }; /* constants of the capture converters: below 0, they have an effect */

/* rows.c: the tables. */
const struct fetch_row *fetch_find(struct str word);
const struct fetch_row *fetch_rows(size_t *n);
const struct conv_row *conv_find(struct str word);
const struct conv_row *conv_rows(size_t *n);

/* compile.c: as expr_compile, and accepts `fetch_match` where an ACL stands; *match = MATCH_COUNT when there is
 * no suffix. */
struct expr *expr_compile_acl(const struct expr_env *env, struct str text, enum match_kind *match, struct xerr *err);

/* map.c */
void regexes_free(struct pat_use *u);

/* pattern.c */
enum pat_kind { PAT_NONE, PAT_RANGE, PAT_NET, PAT_HEX, PAT_TEXT, PAT_REGEX, PAT_METHOD };
enum pat_kind match_pat_kind(enum match_kind m);
bool match_find(struct str word, enum match_kind *m);
/* Parses one pattern word; op is the integer operator in force (NULL = eq). */
bool pat_parse(struct pat *p, enum match_kind m, bool icase, const char *op, struct str word, struct arena *a,
	       struct xerr *err);
/* Does v match this one pattern of text? */
bool pat_match(const struct pat *p, enum match_kind m, bool icase, struct str v);
/* The pattern without what -m dir and -m dom (PTAB_DIR, PTAB_DOM) take for the ends of a word around it. */
struct str pat_word(const struct pat *p, enum ptab_how how);
/* literal.c: pat_literals() of a regular expression. */
unsigned regex_literals(struct str pattern, struct str out[PAT_LITERALS]);
/* Freezes n patterns into a set with the index that fits. */
void patset_build(struct patset *s, enum match_kind m, bool icase, const struct pat *at, size_t n, struct arena *a);
bool patset_match(const struct patset *s, enum match_kind m, bool icase, const struct smp *v, struct arena *tmp);

/* Shared by fetches and converters. */
static inline bool smp_set_str(struct smp *out, struct str s)
{
	out->type = SMP_STR;
	out->s = s;
	return true;
}
static inline bool smp_set_int(struct smp *out, int64_t v)
{
	out->type = SMP_INT;
	out->i = v;
	return true;
}
static inline bool smp_set_bool(struct smp *out, bool v)
{
	out->type = SMP_BOOL;
	out->i = v;
	return true;
}
int64_t smp_str_to_int(struct str s);
/* An operand that may be a variable: its value as an integer, as text. false: it has none. */
bool arg_int(const struct smp_ctx *c, const struct arg *a, int64_t *out) MUST_CHECK;
bool arg_var_str(struct smp_ctx *c, const struct arg *a, struct str *out) MUST_CHECK;

/* vars.c: a store's own values. Do conds allow val to replace v? Copies val; false: the limit is reached. */
bool var_store_open(struct var_store *st);
bool var_conds_hold(const struct var_val *v, const struct smp *val, unsigned conds);
bool var_store_value(struct var_store *st, struct var_val *v, const struct smp *val);
/* vars_shared.c: as var_set() and var_unset(), in st->shared. */
bool var_shared_set(struct smp_ctx *c, struct var_store *st, unsigned slot, const struct smp *val, unsigned conds);
void var_shared_unset(struct var_store *st, unsigned slot);

#endif
