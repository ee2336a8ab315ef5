// SPDX-License-Identifier: GPL-3.0-or-later
/* http-request use-service prometheus-exporter. */
#include <stdlib.h>
#include <sluice/tls/cert.h>
#include "act_priv.h"
#include "page.h"
#include "session.h"
#include "term.h"

/* A path as the value of a label. */
static void put_label(struct sbuf *out, const char *p)
{
	for (; *p; p++) {
		if (*p == '"' || *p == '\\')
			sbuf_addc(out, '\\');
		sbuf_addc(out, *p == '\n' ? ' ' : *p);
	}
}

/* When certificates end: those of this process, which are those of all. false: that was the last. */
static bool cert_step(unsigned *at, struct sbuf *out)
{
	const struct tls_cert *c = tls_cert_first();

	if (!c)
		return false;
	if (!*at)
		sbuf_add(out, STR("# HELP sluice_certificate_not_after_seconds End of the certificate's validity, seconds since the epoch.\n"
				  "# TYPE sluice_certificate_not_after_seconds gauge\n"));
	for (unsigned i = 0; c && i < *at; i++)
		c = c->next;
	for (unsigned i = 0; c && i < 100; i++, c = c->next, ++*at) {
		sbuf_add(out, STR("sluice_certificate_not_after_seconds{path=\""));
		put_label(out, c->path);
		sbuf_printf(out, "\"} %lld\n", (long long)tls_cert_not_after(c));
	}
	return c != NULL;
}

static bool prom_step(struct reply_gen *g, struct sbuf *out)
{
	struct stats_gen *x = CONTAINER_OF(g, struct stats_gen, g);

	if (stats_prom_step(&x->src, &x->prom, out))
		return true;
	return x->prom.scopes & PROM_SLUICE && cert_step(&x->certs, out);
}

static const struct { const char *word; unsigned bits; } scopes[] = {
	{ "global", PROM_GLOBAL }, { "frontend", PROM_FRONTEND }, { "backend", PROM_BACKEND }, { "server", PROM_SERVER },
	{ "listener", PROM_LISTENER }, { "sluice", PROM_SLUICE }, { "*", PROM_ALL }, { "", 0 },
};

static bool scope_read(struct str word, unsigned *bits)
{
	for (unsigned i = 0; i < ARRAY_LEN(scopes); i++)
		if (str_eq(word, str_c(scopes[i].word))) {
			*bits |= scopes[i].bits;
			return true;
		}
	return false;
}

/* ?scope=…&scope=…&no-maint. The first scope replaces what is said without one: everything. */
static bool prom_query(struct str q, struct stats_prom *p)
{
	bool scoped = false;

	p->scopes = PROM_ALL;
	while (q.n) {
		struct str w = str_split(&q, '&');

		if (str_eq(w, STR("no-maint"))) {
			p->no_maint = true;
		} else if (str_starts(w, STR("scope="))) {
			if (!scoped)
				p->scopes = 0;
			scoped = true;
			if (!scope_read(str_sub(w, 6, w.n), &p->scopes))
				return false;
		}
	}
	return true;
}

enum rule_verdict act_exec_use_service(struct stream *s, const struct rule *r UNUSED, enum rule_phase ph UNUSED)
{
	struct stats_gen *x;

	s->service = true;
	term_set(s, 'L', 'R');
	if (s->req.method != HTTP_GET && s->req.method != HTTP_HEAD) {
		reply_error(s, 405);
		return RULE_ANSWERED;
	}
	x = stats_gen_new(prom_step);
	if (!x || !prom_query(uri_query(s->req.target), &x->prom)) {
		reply_error(s, x ? 400 : 500);
		free(x);
		return RULE_ANSWERED;
	}
	reply_open(s, 200);
	headers_add(s, &s->res, STR("cache-control"), STR("no-cache"));
	headers_add(s, &s->res, STR("content-type"), STR("text/plain; version=0.0.4"));
	reply_generate(s, &x->g);
	return RULE_ANSWERED;
}
