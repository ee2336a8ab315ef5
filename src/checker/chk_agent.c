// SPDX-License-Identifier: GPL-3.0-or-later
/* The conversation with an agent: what it is to be told, if anything, then one line from it. What the line means is agents.c's affair. */
#include "checker_priv.h"

static void agent_io(struct target *a)
{
	if (probe_flush(a) == PROBE_GONE)
		return;
	for (;;) {
		enum probe_io r = probe_fill(a);
		struct str text = buf_str(&a->x->in);
		bool line = str_chr(text, '\n') >= 0 || str_chr(text, '\r') >= 0;

		if (r == PROBE_GONE || (r == PROBE_WAIT && !line))
			return;
		if (line || r != PROBE_OK) {
			agent_answered(a, text);
			return;
		}
	}
}

static void agent_start(struct target *a)
{
	probe_queue(a, agent_question(a));
	agent_io(a);
}

const struct check_ops chk_agent = { .name = "agent", .start = agent_start, .io = agent_io };
