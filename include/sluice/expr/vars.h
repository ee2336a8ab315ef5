// SPDX-License-Identifier: GPL-3.0-or-later
/* Variables of the rule language: `scope.name`. A name becomes a slot of its scope when the configuration is compiled, so that
 * reading one is an index. What lives how long:
 *
 *   proc   the service: all processes see one value (expr/vars_shared.h), which goes on over a reload
 *   sess   the client connection          txn    one request with its response, up to its log line
 *   req    until the response begins      res    from there on          check  a health check
 *
 * A store copies what it is given into an arena of its own that it takes with its first value; text that is set again
 * reuses its room. Sizes are limited per scope (tune.vars.*): a value that does not fit is not set. */
#ifndef SLUICE_EXPR_VARS_H
#define SLUICE_EXPR_VARS_H

#include <sluice/base/hmap.h>
#include <sluice/expr/sample.h>

struct xerr;
struct expr_env;

enum var_scope { VAR_PROC, VAR_SESS, VAR_TXN, VAR_REQ, VAR_RES, VAR_CHECK, VAR_SCOPES };
#define VAR_SLOTS_MAX 4096 /* names of one scope */

struct var_ref { uint8_t scope; uint16_t slot; };

/* When a set takes place; several must all hold. Manual, converter set-var. */
enum var_cond {
	VC_EXISTS = 1, VC_NOT_EXISTS = 2,   /* the variable was set before, whatever became of it */
	VC_EMPTY = 4, VC_NOT_EMPTY = 8,     /* the new text is empty; other types never are */
	VC_SET = 16, VC_NOT_SET = 32,       /* the variable has a value */
	VC_GT = 64, VC_LT = 128,            /* the old integer is greater, less than the new one; true for other types */
};

/* Bytes that values of a scope may take, 0 = no limit; those of VAR_TXN include req and res, of VAR_SESS also txn, of VAR_PROC all. */
struct var_limits { uint32_t max[VAR_SCOPES]; };

struct var_init { struct var_ref ref; struct smp val; };

/* Names and slots, the limits, and the values of the global section. Built by the leader in the arena of the tables, then frozen. */
struct var_table {
	struct arena *arena;
	struct hmap by_name;             /* "scope.name" -> struct var_ref */
	uint16_t n[VAR_SCOPES];
	struct var_limits limits;
	struct var_init *init;
	uint32_t ninit;
};

struct var_table *var_table_new(struct arena *a);
/* Slot of "scope.name", made when it is new. false: err says what is wrong with the name (offsets within it). */
bool var_resolve(struct var_table *t, struct str name, struct var_ref *out, struct xerr *err) MUST_CHECK;
/* "scope.name[,condition…]": what stands between the parentheses of set-var. */
bool var_target(struct var_table *t, struct str text, struct var_ref *out, unsigned *conds, struct xerr *err) MUST_CHECK;
/* One condition word; false = unknown. */
bool var_cond_word(struct str word, unsigned *bit) MUST_CHECK;
/* Keeps a value for the start of each worker. */
void var_table_init(struct var_table *t, struct var_ref ref, const struct smp *val);
/* enum smp_need bits of code that uses variables of that scope. */
unsigned var_needs(enum var_scope scope);

/* A scope at work. All zero is empty; nothing is allocated before the first set. */
struct var_val {
	struct smp smp;
	char *room;                      /* for its text, cap bytes */
	uint32_t cap;
	bool created, set;
	uint32_t seen;                   /* of a shared one: number of the value that this is a copy of; when that was looked at */
	uint64_t looked_ns;
};
struct var_area;
struct var_store {
	struct var_val *at;
	uint16_t n;
	uint8_t scope;                   /* enum var_scope */
	uint32_t bytes;                  /* of its values and those of the stores below it */
	struct arena *arena;
	struct var_area *shared;         /* of scope proc: where the values are, or NULL */
	struct var_store *up;            /* the store whose limit also counts these bytes, or NULL */
};

/* Once in each process after fork; t must stay, NULL = no names. Values of the global section go into proc. */
void vars_process_init(const struct var_table *t, struct var_store *proc);
static inline struct var_store var_store_make(enum var_scope scope, struct var_store *up)
{
	return (struct var_store){ .scope = (uint8_t)scope, .up = up };
}
/* Forgets all values. */
void var_store_drop(struct var_store *st);
/* false: not set, because conds do not hold, the limit is reached, or the scope does not exist here. */
bool var_set(struct smp_ctx *c, struct var_ref ref, const struct smp *val, unsigned conds);
void var_unset(struct smp_ctx *c, struct var_ref ref);
const struct smp *var_shared_get(struct var_store *st, unsigned slot);

/* The value, or NULL while there is none. */
static inline const struct smp *var_get(const struct smp_ctx *c, struct var_ref ref)
{
	struct var_store *st = c->vars[ref.scope];

	if (st && st->shared)
		return var_shared_get(st, ref.slot);
	return st && ref.slot < st->n && st->at[ref.slot].set ? &st->at[ref.slot].smp : NULL;
}

#endif
