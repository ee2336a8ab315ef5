// SPDX-License-Identifier: GPL-3.0-or-later
/* Argument parsers of rule actions. They fill the fields of struct rule that rt/rt.h names for the action. */
#ifndef SLUICE_CONF_ACT_PRIV_H
#define SLUICE_CONF_ACT_PRIV_H

#include "sema_priv.h"

struct act {
	struct rule *r;
	const struct word *w;   /* w[0] is the action's word; the condition is cut off */
	uint32_t n;
	struct str paren;       /* what stands in the parentheses of w[0], a slice of it */
	enum rule_phase ph;
	unsigned avail;         /* what expressions may use */
};
typedef bool act_parse_fn(struct sema *s, struct act *a);

#define ACTION(id, word, phases, parse, exec, changes, help, example) act_parse_fn act_parse_##parse;
#include <sluice/tbl/actions.def>
#undef ACTION

/* Exactly `want` arguments behind the action's word; `usage` names them. */
bool act_args(struct sema *s, const struct act *a, uint32_t want, const char *usage) MUST_CHECK;
/* sect_errors.c: the page of an http-errors section, NULL when it has none for that status; false: there is no such section. */
bool errors_of_set(struct sema *s, const struct word *w, uint32_t status, struct rt_reply **out) MUST_CHECK;
/* A header name: an RFC 9110 token. */
bool act_header_name(struct sema *s, const struct word *w, struct str *out) MUST_CHECK;

#endif
