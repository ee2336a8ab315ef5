// SPDX-License-Identifier: GPL-3.0-or-later
/* The compiled form of conditions, readable for those that build on it (routing indexes, explain). Frozen after compilation.
 *
 *   cond = [unless] conj OR conj ...     conj = term AND term ...     term = [!] acl
 *   acl  = test OR test ...              test = expression, match kind, set of patterns */
#ifndef SLUICE_EXPR_COND_H
#define SLUICE_EXPR_COND_H

#include <sluice/base/hmap.h>
#include <sluice/base/radix.h>
#include <sluice/expr/expr.h>

enum match_kind {
#define MATCH(id, word, in, pat, help) MATCH_##id,
#include <sluice/tbl/matches.def>
#undef MATCH
	MATCH_COUNT
};

struct pat {
	struct str text;                     /* as written; for text matches the pattern itself */
	union {
		struct { int64_t lo, hi; };  /* PAT_RANGE */
		struct addr_net net;         /* PAT_NET */
		struct regex *re;            /* PAT_REGEX */
		uint8_t meth;                /* PAT_METHOD: enum http_method, HTTP_OTHER = compare text */
	};
};

/* Patterns of one test. Small sets are compared one by one, larger ones have the index that fits their kind. */
struct patset {
	struct pat *at;
	uint32_t n, max_len;                 /* longest text, bytes */
	struct hmap *hash;                   /* exact text; keys in lower case with icase */
	struct radix *radix;                 /* beg, end */
	struct cidr_trie *cidr;
	bool sorted;                         /* ranges: by lo, not overlapping */
};

struct pat_use;
struct acl_test {
	const struct expr *expr;
	uint8_t match;                       /* enum match_kind */
	bool icase;
	struct patset pats;
	struct pat_use **file;               /* files with more of them (-f), which change at run time */
	uint32_t nfile;
};

struct acl {
	struct str name;                     /* empty: anonymous */
	const struct acl_test **test;
	uint32_t ntest, cap;
	unsigned needs;                      /* enum smp_need of all tests */
	bool used;
	bool effect;                         /* a test changes something when it is evaluated */
	struct acl *next;                    /* of its set, in order of definition */
};

struct cond_term { const struct acl *acl; bool neg; };
struct cond_conj { struct cond_term *term; uint32_t nterm; };
struct cond {
	struct cond_conj *conj;
	uint32_t nconj;
	bool unless;
	bool effect;                         /* of one of its ACLs */
	unsigned needs;
};

/* Does one value match? Casts a copy of s as the match kind wants it. */
bool acl_test_value(const struct acl_test *t, const struct smp *s, struct arena *tmp);
struct str match_name(enum match_kind m);
enum smp_type match_cast(enum match_kind m);
/* Calls fn for the expression of each test, as often as it stands there. NULL has none. */
void cond_each_expr(const struct cond *c, void (*fn)(void *ctx, const struct expr *e), void *ctx);
/* One ACL, without the negation of a term. */
enum cond_result acl_eval(const struct acl *acl, struct smp_ctx *ctx);
/* One test as canonical text: { fetch -m match patterns }. */
void acl_test_print(const struct acl_test *t, struct sbuf *out);

/* Slices of a text pattern or regular expression, at least one of which stands in every value that the pattern matches, ASCII letter
 * case aside. Their number, 0 = none are known. */
enum { PAT_LITERALS = 16 };
unsigned pat_literals(enum match_kind m, const struct pat *p, struct str out[PAT_LITERALS]);

#endif
