// SPDX-License-Identifier: GPL-3.0-or-later
/* Questions for addresses that exchanges wait for. The checker of the generation answers, through the leader; a worker never asks a nameserver
 * and never waits for anybody but the exchange itself. What gets no answer ends by the time its rule gives it. */
#ifndef SLUICE_WORKER_RESOLVE_H
#define SLUICE_WORKER_RESOLVE_H

#include <sluice/ipc/msg.h>
#include "stream.h"

/* Asks for s, which is run again when the answer is here; it may have one question open. family: 4 or 6, which is preferred. false: too many
 * are open, the name is too long, or there is nobody to ask. */
bool resolve_ask(struct stream *s, uint32_t resolvers, unsigned family, struct str name) MUST_CHECK;
/* The answer to its question: true when it is here, *a has no family when the name leads nowhere. */
bool resolve_answer(const struct stream *s, struct addr *a) MUST_CHECK;
/* The question is settled, or the exchange ends. */
void resolve_forget(struct stream *s);
/* The leader passes an answer on. */
void resolve_answered(const struct ipc_msg *m);

#endif
