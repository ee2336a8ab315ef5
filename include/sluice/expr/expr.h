// SPDX-License-Identifier: GPL-3.0-or-later
/* Sample expressions `fetch(args),conv(args),…` and conditions `{ path_beg -i /x } or !acl`: text in, typed and frozen
 * programs out (leader), evaluated on the path of a request (worker). An expression that does not type-check does not compile. */
#ifndef SLUICE_EXPR_EXPR_H
#define SLUICE_EXPR_EXPR_H

#include <sluice/expr/vars.h>

struct expr;    /* compiled expression, lives in the arena of its compilation */
struct cond;    /* compiled condition */
struct acl_set; /* named ACLs of one section (and predefined ones) */
struct regex;   /* PCRE2, JIT-compiled */

/* What went wrong and where: `word` indexes the words handed in (0 for plain text), off/len are bytes in that word. */
struct xerr {
	int word;
	uint32_t off, len;
	char msg[256];
	char hint[64];      /* nearest known word, or empty */
};

/* What a compilation may use. `resolve` turns a name ("be", "be/srv") into an index, -1 = unknown. `avail` is the set of NEED_*
 * that hold where the expression will run; a fetch that needs more is an error. read_file loads pattern files (-f). */
struct expr_env {
	struct arena *arena;
	unsigned avail;                    /* enum smp_need bits */
	int (*resolve)(void *ctx, enum ref_kind kind, struct str name);
	bool (*read_file)(void *ctx, struct str name, struct str *text);
	void *ctx;
	struct var_table *vars;            /* names of variables; NULL = none may be used */
	struct pat_files *maps;            /* pattern files read so far; NULL = none may be used */
	bool *tls_prints;                  /* set when an expression asks for fingerprints of TLS clients; NULL = nobody wants to know */
	bool *pp_tlvs;                     /* the same for TLVs of PROXY headers */
	const char *file;                  /* the line being compiled, for lists of users; NULL = not known */
	uint32_t line;
};

/* What of needs does not exist where avail does: a stream has a server, too, and so on. enum smp_need bits. */
unsigned need_missing(unsigned needs, unsigned avail);

struct expr *expr_compile(const struct expr_env *env, struct str text, struct xerr *err) MUST_CHECK;
/* As above, but stops at the first byte that cannot belong to an expression; *used = bytes taken. For `%[…]`. */
struct expr *expr_compile_prefix(const struct expr_env *env, struct str text, size_t *used, struct xerr *err) MUST_CHECK;
enum smp_type expr_type(const struct expr *e);
unsigned expr_needs(const struct expr *e);
bool expr_const(const struct expr *e);                         /* depends on nothing of the request */
bool expr_pure(const struct expr *e);                          /* same value each time while message, connection and variables are the same */
bool expr_effect(const struct expr *e);                        /* evaluating it changes something: it may not be left out */
unsigned expr_convs(const struct expr *e);                     /* number of its converters */
bool expr_eval(const struct expr *e, struct smp_ctx *c, struct smp *out);
/* Evaluates and casts to text, binary up to its first NUL; the slice lives in c->tmp or the message. */
bool expr_eval_str(const struct expr *e, struct smp_ctx *c, struct str *out);
/* Calls fn for each value of a fetch that may have several (a header), in order, until fn says false; others have one.
 * Returns false when the end of the values is not known yet (L6 input still to come). This is what ACLs test. */
typedef bool smp_visit_fn(void *ctx, const struct smp *s);
bool expr_each(const struct expr *e, struct smp_ctx *c, smp_visit_fn *fn, void *ctx);
bool expr_same(const struct expr *a, const struct expr *b);    /* structurally equal */
void expr_print(const struct expr *e, struct sbuf *out);       /* canonical text */

/* acl <name> <fetch[,conv…]> [flags] [op] <values…>: words[0] is the fetch. Lines of one name are OR-ed. */
struct acl_set *acl_set_new(struct arena *a, const struct acl_set *parent);
bool acl_add(struct acl_set *set, const struct expr_env *env, struct str name, const struct str *words, int nwords, struct xerr *err) MUST_CHECK;
bool acl_known(const struct acl_set *set, struct str name);
/* Words after `if` or `unless`: DNF of named and anonymous ACLs. ACL conditions are re-checked against env->avail here. */
struct cond *cond_compile(const struct expr_env *env, const struct acl_set *acls, const struct str *words, int nwords, bool unless, struct xerr *err) MUST_CHECK;

enum cond_result { COND_FALSE, COND_TRUE, COND_WAIT /* undecided until more input (L6) */ };
enum cond_result cond_eval(const struct cond *c, struct smp_ctx *ctx);
static inline bool cond_true(const struct cond *c, struct smp_ctx *ctx) { return !c || cond_eval(c, ctx) == COND_TRUE; }
void cond_print(const struct cond *c, struct sbuf *out);
/* One line a test: the values that its fetch has now, and whether one matches; one line each for the entries of maps and pattern files that
 * were found. */
void cond_explain(const struct cond *c, struct smp_ctx *ctx, struct sbuf *out);
/* One line for each lookup of a map in e. */
void expr_explain_maps(const struct expr *e, struct smp_ctx *ctx, struct sbuf *out);
/* Does a hold whenever b does? True is certain; false means that it could not be shown. NULL = always. For warnings. */
bool cond_implies(const struct cond *b, const struct cond *a);
unsigned cond_needs(const struct cond *c);
/* Names of ACLs of the set never used by a condition, for warnings. */
void acl_each_unused(const struct acl_set *set, void (*fn)(void *ctx, struct str name), void *ctx);

/* Does the client take us for its proxy (absolute target and Proxy-Connection)? Then 407 and Proxy-Authorization are meant. */
bool http_proxied(const struct http_msg *m);

/* Regular expressions: PCRE2 with JIT, bounded by a match limit (a hit counts as no match). */
struct regex *regex_compile(struct arena *a, struct str pattern, bool icase, struct xerr *err) MUST_CHECK;
/* Machine code lies outside of the arena: for those that go before their process does. */
void regex_free(struct regex *re);
bool regex_match(const struct regex *re, struct str s);
/* Replaces the first match (all with `global`) in s by tpl, where \0..\9 are groups; result in tmp. false = no match. */
bool regex_subst(const struct regex *re, struct str s, struct str tpl, bool global, struct arena *tmp, struct str *out);

/* What tpl gives for the first match of re in s, without the rest of s. false = no match, or more than fits into memory. */
bool regex_expand(const struct regex *re, struct str s, struct str tpl, struct arena *tmp, struct str *out);

/* What this process has given up because it would have taken too much: matches beyond the limit of steps (they count as no match), JSON documents
 * that are too deep or too large (they have no value). */
struct expr_given_up { uint64_t regex, json; };
extern struct expr_given_up expr_given_up;

/* Must be called once in each process after fork (match data, seeds). */
void expr_process_init(void);

#endif
