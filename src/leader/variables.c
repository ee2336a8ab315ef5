// SPDX-License-Identifier: GPL-3.0-or-later
/* Variables of scope proc: the area that all processes share, over reloads and deaths; `get var` and `set var`. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sluice/base/arena_pool.h>
#include <sluice/base/notice.h>
#include <sluice/expr/vars_shared.h>
#include <sluice/log/logfmt.h>

#include "cli_priv.h"
#include "leader_priv.h"

#define KEY "variables:"

/* An area of another layout is another one, so that a generation that fails to start changes nothing. */
static void area_key(const struct rt *rt, struct ipc_key *key)
{
	memset(key, 0, sizeof(*key));
	snprintf(key->text, sizeof(key->text), KEY "%016llx", (unsigned long long)var_area_layout(rt->vars));
}

static void copy_former(struct var_area *a, const struct inherited *in)
{
	for (unsigned i = 0; i < in->n; i++)
		if (in->at[i].fd >= 0 && !strncmp(in->at[i].key.text, KEY, strlen(KEY)))
			var_area_copy(a, in->at[i].fd);
}

bool variables_open(struct leader *l, struct inherited *in)
{
	struct ipc_key key;

	if (!l->rt->vars || !l->rt->vars->n[VAR_PROC])
		return true;
	area_key(l->rt, &key);
	int fd = inherited_take(in, &key);

	l->vars = fd >= 0 ? var_area_map(l->rt->vars, fd) : NULL;
	bool kept = l->vars != NULL;

	if (!kept && !(l->vars = var_area_create(l->rt->vars))) {
		notice(SAY_ALERT, "cannot create the memory of variables: %s", strerror(errno));
		return false;
	}
	if (!kept)
		copy_former(l->vars, in);
	return master_tell(l, kept ? IPC_LISTENER_KEPT : IPC_LISTENER, 0, 0, &key, sizeof(key), kept ? -1 : var_area_fd(l->vars));
}

bool variables_show(struct leader *l)
{
	struct ipc_key key;

	if (!l->vars)
		return true;
	area_key(l->rt, &key);
	return master_tell(l, IPC_LISTENER, 0, 0, &key, sizeof(key), var_area_fd(l->vars));
}

/* ---- commands ---------------------------------------------------------------------------------------------------- */

/* The leader has no copies of its own between two commands: what it reads is what stands there now. */
static struct var_store now_store(const struct leader *l)
{
	struct var_store st;

	vars_process_init(l->rt->vars, &st);
	var_store_share(&st, l->vars);
	return st;
}

static bool find(const struct leader *l, struct str name, struct var_ref *ref)
{
	const struct var_ref *known = hmap_get(&l->rt->vars->by_name, name);

	if (!known || known->scope != VAR_PROC || !l->vars)
		return false;
	*ref = *known;
	return true;
}

enum cli_state cli_get_var(struct cli_run *r)
{
	static const char *const types[] = { [SMP_BOOL] = "bool", [SMP_INT] = "sint", [SMP_IP] = "addr", [SMP_STR] = "str", [SMP_BIN] = "bin",
					     [SMP_METH] = "meth" };
	struct var_store st;
	struct smp_ctx c = { .vars[VAR_PROC] = &st };
	struct var_ref ref;
	struct smp v = { .type = SMP_NONE };

	if (!r->n)
		return cli_fail(r, "Missing process-wide variable identifier.");
	if (!find(r->l, r->w[0], &ref))
		return cli_fail(r, "Variable not found.");
	st = now_store(r->l);
	c.tmp = arena_take();
	const struct smp *at = c.tmp ? var_get(&c, ref) : NULL;

	if (at)
		v = *at;
	if (v.type == SMP_IP)
		sbuf_printf(r->out, STR_FMT ": type=ipv%c", STR_ARG(r->w[0]), v.ip.family == AF_INET6 ? '6' : '4');
	else if (at)
		sbuf_printf(r->out, STR_FMT ": type=%s", STR_ARG(r->w[0]), types[v.type]);
	if (at && smp_cast(&v, SMP_STR, c.tmp))
		sbuf_printf(r->out, " value=<" STR_FMT ">\n", STR_ARG(v.s));
	else
		cli_fail(r, "Variable not found.");
	if (c.tmp)
		arena_give(c.tmp);
	var_store_drop(&st);
	return CLI_DONE;
}

/* Expressions of the command line read no other variables and no maps: what these are called is frozen. */
static bool evaluate(struct cli_run *r, struct str how, struct smp_ctx *c, struct smp *out)
{
	struct expr_env env = { .arena = c->tmp, .avail = NEED_NOTHING };
	struct xerr err = { 0 };
	struct sbuf text = { 0 };

	if (!str_eq(how, STR("fmt"))) {
		struct expr *e = expr_compile(&env, r->w[r->n - 1], &err);
		if (e && expr_eval(e, c, out))
			return true;
		cli_fail(r, "%s", e ? "This expression has no value." : err.msg);
		return false;
	}
	struct logfmt *f = logfmt_compile(&env, r->w[r->n - 1], &err);

	if (!f) {
		cli_fail(r, "%s", err.msg);
		return false;
	}
	logfmt_render(f, c, NULL, &text);
	*out = (struct smp){ .type = SMP_STR, .s = arena_str(c->tmp, sbuf_str(&text)) };
	sbuf_free(&text);
	return true;
}

static void set_now(struct cli_run *r, struct var_ref ref)
{
	struct var_store st = now_store(r->l);
	struct smp_ctx c = { .tmp = arena_take(), .final = true, .vars[VAR_PROC] = &st };
	struct smp v;

	if (!c.tmp)
		cli_fail(r, "Out of memory.");
	else if (evaluate(r, r->n > 2 ? r->w[1] : STR_NULL, &c, &v) && !var_set(&c, ref, &v, 0))
		cli_fail(r, "The value is too long, or another process holds the variable.");
	if (c.tmp)
		arena_give(c.tmp);
	var_store_drop(&st);
}

enum cli_state cli_set_var(struct cli_run *r)
{
	struct var_ref ref;

	if (!r->n)
		return cli_fail(r, "Missing process-wide variable identifier.");
	if (r->n < 2 || r->n > 3 || (r->n == 3 && !str_eq(r->w[1], STR("expr")) && !str_eq(r->w[1], STR("fmt"))))
		return cli_fail(r, "Missing either 'expr', 'fmt' or expression.");
	if (!str_starts(r->w[0], STR("proc.")))
		return cli_fail(r, "'set var': cannot set variable '" STR_FMT "', only scope 'proc' is permitted here.", STR_ARG(r->w[0]));
	if (!find(r->l, r->w[0], &ref))
		return cli_fail(r, "'set var': nothing in the configuration uses variable '" STR_FMT "'.", STR_ARG(r->w[0]));
	set_now(r, ref);
	return CLI_DONE;
}
