// SPDX-License-Identifier: GPL-3.0-or-later
/* Variables: names to slots at compile time, values in stores at run time. A slot keeps the room of its text and doubles it when a
 * longer one comes, so that a value set again and again on one connection takes at most twice its largest size. */
#include <sluice/base/arena_pool.h>
#include "expr_priv.h"

#define SLOT_COST 32u /* bytes that a value counts for besides its text */

static const char *const scope_words[VAR_SCOPES] = { "proc", "sess", "txn", "req", "res", "check" };
static const char *const cond_words[] = { "ifexists", "ifnotexists", "ifempty", "ifnotempty",
					  "ifset",    "ifnotset",    "ifgt",    "iflt" };

/* ---- names ------------------------------------------------------------------------------------------------------ */

struct var_table *var_table_new(struct arena *a)
{
	struct var_table *t = ARENA_NEW(a, struct var_table);

	t->arena = a;
	hmap_init(&t->by_name, a);
	return t;
}

static bool name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_';
}

static int scope_of(struct str word)
{
	for (int i = 0; i < VAR_SCOPES; i++)
		if (str_eq(word, str_c(scope_words[i])))
			return i;
	return -1;
}

static bool name_check(struct str name, int *scope, struct xerr *err)
{
	ptrdiff_t dot = str_chr(name, '.');

	*scope = scope_of(str_sub(name, 0, dot < 0 ? name.n : (size_t)dot));
	if (*scope < 0 || dot < 0 || (size_t)dot + 1 == name.n) {
		xerr_set(err, 0, name.n, "'" STR_FMT "' is not a variable: scope.name with scope proc, sess, txn, req, res or check",
			 STR_ARG(name));
		return false;
	}
	for (size_t i = (size_t)dot + 1; i < name.n; i++) {
		if (name_char(name.p[i]))
			continue;
		xerr_set(err, i, 1, "only letters, digits, '.' and '_' may be in the name of a variable");
		return false;
	}
	return true;
}

bool var_resolve(struct var_table *t, struct str name, struct var_ref *out, struct xerr *err)
{
	struct var_ref *known;
	int scope;

	if (!t) {
		xerr_set(err, 0, name.n, "variables cannot be used here");
		return false;
	}
	if (!name_check(name, &scope, err))
		return false;
	known = hmap_get(&t->by_name, name);
	if (!known) {
		if (t->n[scope] == VAR_SLOTS_MAX) {
			xerr_set(err, 0, name.n, "more than %d variables of scope %s", VAR_SLOTS_MAX, scope_words[scope]);
			return false;
		}
		known = ARENA_NEW(t->arena, struct var_ref);
		*known = (struct var_ref){ (uint8_t)scope, t->n[scope]++ };
		hmap_put(&t->by_name, arena_str(t->arena, name), known);
	}
	*out = *known;
	return true;
}

bool var_cond_word(struct str word, unsigned *bit)
{
	for (unsigned i = 0; i < ARRAY_LEN(cond_words); i++) {
		if (str_eq(word, str_c(cond_words[i]))) {
			*bit = 1u << i;
			return true;
		}
	}
	return false;
}

bool var_target(struct var_table *t, struct str text, struct var_ref *out, unsigned *conds, struct xerr *err)
{
	struct str rest = text, word = str_trim(str_split(&rest, ','));
	unsigned bit;

	*conds = 0;
	if (!var_resolve(t, word, out, err))
		return false;
	while (rest.p) {
		word = str_trim(str_split(&rest, ','));
		if (!var_cond_word(word, &bit)) {
			xerr_set(err, (size_t)(word.p - text.p), word.n, "'" STR_FMT "' is not a condition of set-var",
				 STR_ARG(word));
			xerr_hint(err, word, cond_words, ARRAY_LEN(cond_words));
			return false;
		}
		*conds |= bit;
	}
	return true;
}

void var_table_init(struct var_table *t, struct var_ref ref, const struct smp *val)
{
	struct var_init *grown = ARENA_NEWN(t->arena, struct var_init, t->ninit + 1);
	struct var_init *v = &grown[t->ninit];

	if (t->ninit)
		memcpy(grown, t->init, t->ninit * sizeof(*grown));
	v->ref = ref;
	v->val = *val;
	if (val->type == SMP_STR || val->type == SMP_BIN || val->type == SMP_METH)
		v->val.s = arena_str(t->arena, val->s);
	t->init = grown;
	t->ninit++;
}

unsigned var_needs(enum var_scope scope)
{
	switch (scope) {
	case VAR_TXN:
	case VAR_REQ:
	case VAR_RES: return NEED_STREAM;
	case VAR_SESS: return NEED_SESS;
	case VAR_CHECK: return NEED_CHECK;
	default: return NEED_NOTHING;
	}
}

/* ---- values ----------------------------------------------------------------------------------------------------- */

static const struct var_table *table;

static bool has_text(uint8_t type) { return type == SMP_STR || type == SMP_BIN || type == SMP_METH; }

bool var_store_open(struct var_store *st)
{
	if (st->at)
		return true;
	if (!st->arena && !(st->arena = arena_take()))
		return false;
	st->n = MAX(table->n[st->scope], 16);
	st->at = ARENA_NEWN(st->arena, struct var_val, st->n);
	return true;
}

/* Room for `more` bytes in every limit that counts them. */
static bool account(struct var_store *st, uint32_t more)
{
	for (struct var_store *p = st; p; p = p->up) {
		uint32_t max = table->limits.max[p->scope];

		if (max && p->bytes + (uint64_t)more > max)
			return false;
	}
	for (struct var_store *p = st; p; p = p->up)
		p->bytes += more;
	return true;
}

void var_store_drop(struct var_store *st)
{
	if (!st->at)
		return;
	for (struct var_store *p = st->up; p; p = p->up)
		p->bytes -= st->bytes;
	arena_give(st->arena);
	struct var_area *shared = st->shared;
	*st = var_store_make(st->scope, st->up);
	st->shared = shared;
}

bool var_conds_hold(const struct var_val *v, const struct smp *val, unsigned conds)
{
	bool empty = has_text(val->type) && !val->s.n;
	bool ints = v->set && v->smp.type == SMP_INT && val->type == SMP_INT;

	if ((conds & VC_EXISTS && !v->created) || (conds & VC_NOT_EXISTS && v->created))
		return false;
	if ((conds & VC_EMPTY && !empty) || (conds & VC_NOT_EMPTY && empty))
		return false;
	if ((conds & VC_SET && !v->set) || (conds & VC_NOT_SET && v->set))
		return false;
	return !ints || ((!(conds & VC_GT) || v->smp.i > val->i) && (!(conds & VC_LT) || v->smp.i < val->i));
}

/* Copies the text into the slot's room, which may hold the very bytes it is made of. */
static bool keep_text(struct var_store *st, struct var_val *v, struct str text)
{
	uint32_t cap = v->cap ? v->cap : 16;
	char *room = v->room;

	if (text.n > UINT32_MAX / 4)
		return false;
	while (cap < text.n)
		cap *= 2;
	if (cap != v->cap) {
		if (!account(st, cap - v->cap))
			return false;
		room = arena_bytes(st->arena, cap);
	}
	if (text.n)
		memmove(room, text.p, text.n);
	v->room = room, v->cap = cap;
	return true;
}

bool var_store_value(struct var_store *st, struct var_val *v, const struct smp *val)
{
	struct smp s = *val;

	if (!v->created && !account(st, SLOT_COST))
		return false;
	v->created = true;
	if (has_text(s.type)) {
		if (!keep_text(st, v, s.s))
			return false;
		s.s.p = v->room;
	}
	s.may_change = false;
	v->smp = s;
	v->set = true;
	return true;
}

bool var_set(struct smp_ctx *c, struct var_ref ref, const struct smp *val, unsigned conds)
{
	struct var_store *st = c->vars[ref.scope];

	if (!st || val->type == SMP_NONE)
		return false;
	if (st->shared)
		return var_shared_set(c, st, ref.slot, val, conds);
	if (!var_store_open(st) || ref.slot >= st->n)
		return false;
	struct var_val *v = &st->at[ref.slot];

	return var_conds_hold(v, val, conds) && var_store_value(st, v, val);
}

void var_unset(struct smp_ctx *c, struct var_ref ref)
{
	struct var_store *st = c->vars[ref.scope];

	if (st && st->shared)
		var_shared_unset(st, ref.slot);
	else if (st && ref.slot < st->n)
		st->at[ref.slot].set = false;
}

void vars_process_init(const struct var_table *t, struct var_store *proc)
{
	static const struct var_table none;
	struct smp_ctx c = { .vars[VAR_PROC] = proc };

	table = t ? t : &none;
	*proc = var_store_make(VAR_PROC, NULL);
	for (uint32_t i = 0; i < table->ninit; i++)
		(void)var_set(&c, table->init[i].ref, &table->init[i].val, 0);
}
