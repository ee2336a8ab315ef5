// SPDX-License-Identifier: GPL-3.0-or-later
/* The statistics page and the exporter as answers: what the request asks for, who may ask, and the generator that writes it. */
#ifndef SLUICE_WORKER_PAGE_H
#define SLUICE_WORKER_PAGE_H

#include <sluice/stats/page.h>
#include "reply_gen.h"
#include "stream.h"

#define TOKEN_LEN 32

struct stats_gen {              /* one of the three is written */
	struct reply_gen g;
	struct stats_src src;
	union {
		struct stats_page page;
		struct stats_dump dump;
		struct stats_prom prom;
	};
	unsigned certs;         /* metrics of certificates that are written */
	char token[TOKEN_LEN], nonce[TOKEN_LEN], done[4];
};

/* Its source is ready, the rest zero; NULL: no memory. */
struct stats_gen *stats_gen_new(bool (*step)(struct reply_gen *g, struct sbuf *out)) MUST_CHECK;
/* The secret of this generation's forms, TOKEN_LEN hex digits. */
void page_token(char out[TOKEN_LEN]);
/* Which proxies the page of px shows. */
void page_scope(const struct rt_proxy *px, struct stats_iter *it);

/* page_post.c: carries out what a form asks for; returns the code of HAProxy's page for what came of it. */
const char *page_order(struct stream *s, const struct rt_proxy *px, struct str body);

#endif
