// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdlib.h>
#include <sluice/base/clock.h>
#include "reply_gen.h"
#include "stream.h"

void reply_generate(struct stream *s, struct reply_gen *g)
{
	struct http_msg *m = &s->res;

	reply_gen_free(s);
	s->gen = g;
	s->reply_body = STR_NULL;
	if (s->req.method == HTTP_HEAD) {
		m->flags |= MSG_NO_BODY;
		reply_gen_free(s);
	} else if (s->req.ver >= 11) {
		m->flags |= MSG_CHUNKED;
	} else {
		m->flags |= MSG_CLOSE_DELIM;
		s->flags |= SF_CLI_CLOSE;
	}
}

void reply_gen_fill(struct reply_gen *g)
{
	uint64_t until = clock_read_ns() + GEN_SLICE_NS;

	g->text.n = 0;
	if (g->resume)
		g->resume(g);
	while (!g->done && g->text.n < GEN_PIECE && (!g->text.n || clock_read_ns() < until))
		g->done = !g->step(g, &g->text);
}

void reply_gen_free(struct stream *s)
{
	if (!s->gen)
		return;
	sbuf_free(&s->gen->text);
	free(s->gen);
	s->gen = NULL;
}
