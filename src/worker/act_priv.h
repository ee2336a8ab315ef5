// SPDX-License-Identifier: GPL-3.0-or-later
/* Executors of rule actions: act_exec_<exec> for each distinct `exec` of tbl/actions.def, in act_flow.c (verdicts and answers),
 * act_http.c (changes to the message), act_conn.c (connections), act_wait.c (what holds the rules) and act_var.c (variables). */
#ifndef SLUICE_WORKER_ACT_PRIV_H
#define SLUICE_WORKER_ACT_PRIV_H

#include "rules.h"

typedef enum rule_verdict act_exec_fn(struct stream *s, const struct rule *r, enum rule_phase ph);

#define ACTION(id, word, phases, parse, exec, changes, help, example) act_exec_fn act_exec_##exec;
#include <sluice/tbl/actions.def>
#undef ACTION

/* Renders a value into the stream's arena; false when it is longer than a header may be (the action is skipped and counted). */
bool act_value(struct stream *s, const struct logfmt *f, struct str *out);
/* The message that rules of this phase may change. */
static inline struct http_msg *act_msg(struct stream *s, enum rule_phase ph)
{
	return ph == PH_HTTP_RES || ph == PH_HTTP_AFTER ? &s->res : &s->req;
}

#endif
