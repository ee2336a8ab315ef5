// SPDX-License-Identifier: GPL-3.0-or-later
/* Actions on variables. Values that formats make keep every byte: what is put into a header is cleaned there. */
#include "act_priv.h"

#define VAR_TEXT_MAX 16384

enum rule_verdict act_exec_set_var(struct stream *s, const struct rule *r, enum rule_phase ph UNUSED)
{
	struct smp_ctx *c = strm_smp_ctx(s);
	struct smp v;

	if (expr_eval(r->expr, c, &v)) /* without a value the variable stays what it is */
		(void)var_set(c, r->var, &v, (unsigned)r->num);
	return RULE_CONTINUE;
}

enum rule_verdict act_exec_set_var_fmt(struct stream *s, const struct rule *r, enum rule_phase ph UNUSED)
{
	static char text[VAR_TEXT_MAX];
	struct sbuf b = SBUF_FIXED(text);

	strm_render(s, r->fmt, &b);
	struct smp v = { .type = SMP_STR, .s = sbuf_str(&b) };

	if (!b.cut)
		(void)var_set(strm_smp_ctx(s), r->var, &v, (unsigned)r->num);
	return RULE_CONTINUE;
}

enum rule_verdict act_exec_unset_var(struct stream *s, const struct rule *r, enum rule_phase ph UNUSED)
{
	var_unset(strm_smp_ctx(s), r->var);
	return RULE_CONTINUE;
}
