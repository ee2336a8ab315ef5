// SPDX-License-Identifier: GPL-3.0-or-later
/* `stats` lines of proxies: the statistics page. A section without any takes over the page of its defaults as a whole; its first own line
 * begins a page of its own, as in HAProxy. Conditions are read last, when all ACLs are known. */
#include <sluice/base/b64.h>
#include <sluice/base/num.h>

#include "act_priv.h"

static struct rt_stats *page_of(struct sema *s)
{
	struct px_build *b = s->px;

	if (!b->own_stats) {
		b->own_stats = ARENA_NEW(s->a, struct rt_stats);
		b->own_stats->uri = STR("/haproxy?stats");
		b->own_stats->realm = STR("Statistics");
		b->p->stats = b->own_stats;
	}
	return b->own_stats;
}

static bool has_args(struct sema *s, const struct line *l, uint32_t min, uint32_t max, const char *usage)
{
	if (l->n >= 2 + min && l->n <= 2 + max)
		return true;
	sema_err(s, &l->w[1], "expected: stats " STR_FMT "%s%s", STR_ARG(l->w[1].s), *usage ? " " : "", usage);
	return false;
}

static void page_auth(struct sema *s, const struct line *l, struct rt_stats *p)
{
	struct str pair, code;
	char *text;

	if (!has_args(s, l, 1, 1, "<user>:<password>"))
		return;
	pair = l->w[2].s;
	if (str_chr(pair, ':') < 1) {
		sema_err(s, &l->w[2], "'stats auth' expects <user>:<password>");
		return;
	}
	text = arena_bytes(s->a, B64_ENCODED(pair.n));
	code = str_n(text, b64_encode(pair, false, text));
	APPEND(s->a, p->auth, p->nauth, code);
}

/* A bare number is seconds. */
static void page_refresh(struct sema *s, const struct line *l, struct rt_stats *p)
{
	uint32_t ms;

	if (has_args(s, l, 1, 1, "<time>") && arg_time(s, &l->w[2], 1000, &ms))
		p->refresh = (ms + 999) / 1000;
}

static void page_scope(struct sema *s, const struct line *l, struct rt_stats *p)
{
	struct str name;

	if (!has_args(s, l, 1, 1, "<proxy>|."))
		return;
	name = keep(s, l->w[2].s);
	APPEND(s->a, p->scope, p->nscope, name);
}

/* The words of a description up to the end of the line, one blank between them. */
static struct str words_joined(struct sema *s, const struct line *l, uint32_t from)
{
	struct sbuf b = { 0 };
	struct str out;

	for (uint32_t i = from; i < l->n; i++) {
		if (b.n)
			sbuf_addc(&b, ' ');
		sbuf_add(&b, l->w[i].s);
	}
	out = keep(s, sbuf_str(&b));
	sbuf_free(&b);
	return out;
}

static void page_uri(struct sema *s, const struct line *l, struct rt_stats *p)
{
	if (!has_args(s, l, 1, 1, "<prefix>"))
		return;
	if (!str_starts(l->w[2].s, STR("/"))) {
		sema_err(s, &l->w[2], "'stats uri' expects a path that begins with '/'");
		return;
	}
	p->uri = keep(s, l->w[2].s);
}

static void page_conditional(struct sema *s, const struct line *l)
{
	if (s->px->sect == SECT_DEFAULTS)
		sema_err(s, &l->w[1], "'stats " STR_FMT "' is not possible in a defaults section", STR_ARG(l->w[1].s));
	else
		VEC_PUSH(&s->px->stats_cond, l);
}

void stats_page_line(struct sema *s, const struct line *l)
{
	static const char *const words[] = { "enable", "uri", "auth", "hide-version", "refresh", "realm", "show-legends", "show-node",
					     "show-desc", "show-modules", "admin", "scope", "http-request" };
	int k = arg_word(s, &l->w[1], words, ARRAY_LEN(words), "parameter of stats");
	struct rt_stats *p;

	if (k < 0)
		return;
	p = page_of(s);
	switch (k) {
	case 0: case 9: break;
	case 1: page_uri(s, l, p); break;
	case 2: page_auth(s, l, p); break;
	case 3: p->hide_version = true; break;
	case 4: page_refresh(s, l, p); break;
	case 5:
		if (has_args(s, l, 1, 1, "<realm>"))
			p->realm = keep(s, l->w[2].s);
		break;
	case 6: p->legends = true; break;
	case 7: p->node = l->n > 2 ? keep(s, l->w[2].s) : STR("."); break;
	case 8: p->desc = l->n > 2 ? words_joined(s, l, 2) : STR("."); break;
	case 10: case 12: page_conditional(s, l); break;
	default: page_scope(s, l, p); break;
	}
}

/* ---- conditions ------------------------------------------------------------------------------------------------- */

static void page_admin(struct sema *s, const struct line *l, struct rt_stats *p)
{
	uint32_t n = cond_at(l->w, l->n, 2);
	struct cond *c;

	if (n != 2 || l->n < 4)
		sema_err(s, &l->w[1], "'stats admin' expects 'if' or 'unless' and a condition");
	else if (sema_cond(s, l->w, l->n, n, phase_avail(s, PH_HTTP_REQ), &c))
		APPEND(s->a, p->admin, p->nadmin, c);
}

static void page_rule(struct sema *s, const struct line *l, struct rt_stats *p)
{
	static const char *const words[] = { [STATS_ALLOW] = "allow", [STATS_DENY] = "deny", [STATS_AUTH] = "auth" };
	uint32_t n = cond_at(l->w, l->n, 2);
	struct rt_stats_rule r = { 0 };
	int k;

	if (l->n < 3) {
		sema_err(s, &l->w[1], "'stats http-request' expects allow, deny or auth");
		return;
	}
	k = arg_word(s, &l->w[2], words, ARRAY_LEN(words), "rule of stats http-request");
	if (k < 0)
		return;
	r.what = (uint8_t)k;
	if (k == STATS_AUTH && n == 5 && word_is(&l->w[3], "realm"))
		r.realm = keep(s, l->w[4].s);
	else if (n != 3)
		sema_err(s, &l->w[3], "unexpected '" STR_FMT "' before the condition", STR_ARG(l->w[3].s));
	if (sema_cond(s, l->w, l->n, n, phase_avail(s, PH_HTTP_REQ), &r.cond))
		APPEND(s->a, p->rules, p->nrules, r);
}

/* A name that was not given is the global section's. */
static void page_names(struct sema *s, struct rt_stats *p)
{
	if (str_eq(p->node, STR(".")))
		p->node = s->rt->g.node;
	if (str_eq(p->desc, STR(".")))
		p->desc = s->rt->g.description;
}

void stats_page_finish(struct sema *s, struct px_build *b)
{
	struct rt_stats *p = b->own_stats;

	for (size_t i = 0; i < b->stats_cond.n; i++) {
		const struct line *l = b->stats_cond.at[i];

		if (word_is(&l->w[1], "admin"))
			page_admin(s, l, p);
		else
			page_rule(s, l, p);
	}
	VEC_FREE(&b->stats_cond);
	if (p) {
		page_names(s, p);
		if (b->p->mode != MODE_HTTP)
			sema_warn(s, &b->sec->head.w[0], "the statistics page of '" STR_FMT "' has no effect in mode tcp", STR_ARG(b->p->name));
	} else if (b->p->stats) { /* inherited: names are the same for all */
		page_names(s, (struct rt_stats *)(uintptr_t)b->p->stats);
	}
	if (b->p->mode != MODE_HTTP)
		b->p->stats = NULL;
}

/* ---- services --------------------------------------------------------------------------------------------------- */

bool act_parse_use_service(struct sema *s, struct act *a)
{
	if (!act_args(s, a, 1, "<service>"))
		return false;
	if (!word_is(&a->w[1], "prometheus-exporter")) {
		sema_err(s, &a->w[1], "unknown service '" STR_FMT "', there is prometheus-exporter", STR_ARG(a->w[1].s));
		return false;
	}
	return true;
}
