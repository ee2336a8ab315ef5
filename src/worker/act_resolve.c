// SPDX-License-Identifier: GPL-3.0-or-later
/* do-resolve: puts the address that a name has now into a variable. The rules are held until the answer is here; without one the variable stays
 * as it is, and so it does when nobody can be asked. A name that is an address needs no asking. */
#include <sluice/base/clock.h>
#include "act_priv.h"
#include "resolve.h"
#include "worker_priv.h"

#define WAIT_MAX_MS 30000u

static void set_address(struct stream *s, const struct rule *r, const struct addr *a)
{
	struct smp v = { .type = SMP_IP, .ip = *a };

	(void)var_set(strm_smp_ctx(s), r->var, &v, 0);
}

static enum rule_verdict go_on(struct stream *s)
{
	resolve_forget(s);
	s->hold_until = 0;
	return RULE_CONTINUE;
}

/* As long as the section gives all its queries. */
static uint32_t patience(const struct rt_resolvers *r)
{
	return (uint32_t)MIN((uint64_t)r->retry * ((1ull << MIN(r->retries, 10u)) - 1) + r->retry, (uint64_t)WAIT_MAX_MS);
}

enum rule_verdict act_exec_do_resolve(struct stream *s, const struct rule *r, enum rule_phase ph UNUSED)
{
	struct smp_ctx *c = strm_smp_ctx(s);
	struct addr a;
	struct str name;

	if (s->hold_until) {
		if (resolve_answer(s, &a)) {
			if (a.family)
				set_address(s, r, &a);
			return go_on(s);
		}
		return s->resolving && clock_ms() < s->hold_until ? RULE_HOLD : go_on(s);
	}
	if (!expr_eval_str(r->expr, c, &name) || wk.trace)
		return RULE_CONTINUE;
	if (addr_parse_ip(&a, name)) {
		set_address(s, r, &a);
		return RULE_CONTINUE;
	}
	if (!resolve_ask(s, (uint32_t)r->num, (unsigned)r->num2, name))
		return RULE_CONTINUE;
	s->hold_until = clock_ms() + patience(&wk.rt->resolvers[r->num]);
	return RULE_HOLD;
}
