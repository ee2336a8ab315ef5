// SPDX-License-Identifier: GPL-3.0-or-later
/* Rule lines: http-request, http-response, http-after-response, tcp-request, tcp-response, redirect, and the removed
 * spellings that stand for them. The action's own arguments are read by the parser that tbl/actions.def names. */
#include <sluice/base/num.h>

#include "act_priv.h"

static const struct action_row { const char *word; uint32_t phases; act_parse_fn *parse; } actions[] = {
#define ACTION(id, word, phases, parse, exec, changes, help, example) { word, phases, act_parse_##parse },
#include <sluice/tbl/actions.def>
#undef ACTION
};

/* ---- adding ----------------------------------------------------------------------------------------------------- */

static struct rule rule_new(struct sema *s, unsigned act, const struct line *l)
{
	return (struct rule){ .act = (uint8_t)act, .loc = sema_loc(s, l->w[0].at), .id = s->next_rule++ };
}

/* A rule behind one that ends the list for everybody is dead; a rule of an earlier phase below a later one runs first
 * all the same. */
static void warn_order(struct sema *s, const struct line *l, enum rule_phase ph)
{
	static const uint8_t rank[PH_COUNT] = {
		[PH_TCP_CONN] = 1, [PH_TCP_SESS] = 2, [PH_TCP_CONTENT] = 3, [PH_HTTP_REQ] = 4
	};
	struct px_build *b = s->px;

	if (b->phase_final[ph])
		sema_warn(s, &l->w[0], "this rule is never reached: an unconditional final '%s' rule stands before it",
			  rule_phase_word(ph));
	if (!rank[ph])
		return;
	if (rank[ph] < b->last_rank)
		sema_warn(s, &l->w[0], "a '%s' rule stands after %s: it is evaluated before it all the same",
			  rule_phase_word(ph), b->last_rank_word);
	else
		b->last_rank = rank[ph], b->last_rank_word = rule_phase_word(ph);
}

bool rule_ends_list(unsigned act)
{
	return act == ACT_ALLOW || act == ACT_ACCEPT || act == ACT_DENY || act == ACT_REJECT || act == ACT_RETURN ||
	       act == ACT_TARPIT || act == ACT_REDIRECT || act == ACT_SILENT_DROP || act == ACT_AUTH ||
	       act == ACT_USE_SERVICE || act == ACT_SWITCH_MODE;
}

static void rule_push(struct sema *s, enum rule_phase ph, const struct line *l, const struct rule *r)
{
	warn_order(s, l, ph);
	VEC_PUSH(&s->px->rules[ph], *r);
	if (!r->cond && rule_ends_list(r->act))
		s->px->phase_final[ph] = true;
}

/* ---- one line --------------------------------------------------------------------------------------------------- */

/* Is w this row's word? One that ends in '(' takes an argument there, one that ends in '#' a number. */
static bool action_is(const struct word *w, const char *row, struct str *paren)
{
	struct str word = str_c(row);
	uint64_t n;

	if (str_ends(word, STR("#"))) {
		*paren = str_sub(w->s, word.n - 1, SIZE_MAX);
		return str_starts(w->s, str_sub(word, 0, word.n - 1)) && num_u64(*paren, &n);
	}
	if (!str_ends(word, STR("(")))
		return str_eq(w->s, word);
	*paren = str_sub(w->s, word.n, w->s.n - MIN(w->s.n, word.n + 1));
	return str_starts(w->s, word) && str_ends(w->s, STR(")"));
}

/* The row's word as users know it. */
static const char *action_word(struct sema *s, int i)
{
	struct str word = str_c(actions[i].word);

	return str_ends(word, STR("(")) || str_ends(word, STR("#")) ? arena_cstr(&s->scratch, str_sub(word, 0, word.n - 1)) : actions[i].word;
}

static int action_find(struct sema *s, enum rule_phase ph, const struct word *w, struct str *paren)
{
	const char *near[ACT_COUNT];
	size_t n = 0;

	for (int i = 0; i < ACT_COUNT; i++) {
		if (actions[i].phases >> ph & 1)
			near[n++] = action_word(s, i);
		if (!action_is(w, actions[i].word, paren)) {
			if (!str_eq(w->s, str_c(action_word(s, i))))
				continue;
			sema_err(s, w, "'" STR_FMT "' expects an argument in parentheses", STR_ARG(w->s));
			return -1;
		}
		if (actions[i].phases >> ph & 1)
			return i;
		sema_err(s, w, "'%s' is not possible in '%s' rules", action_word(s, i), rule_phase_word(ph));
		return -1;
	}
	if (!sema_ha_word(s, HAW_ACTION, w))
		sema_err_hint(s, w, diag_nearest(w->s, near, n), "unknown action '" STR_FMT "' of '%s'", STR_ARG(w->s),
			      rule_phase_word(ph));
	return -1;
}

/* w[0] is the action. */
static void rule_line(struct sema *s, enum rule_phase ph, const struct line *l, const struct word *w, uint32_t n)
{
	struct rule r;
	struct act a = { .r = &r, .w = w, .ph = ph, .avail = phase_avail(s, ph) };
	int act = action_find(s, ph, w, &a.paren);

	if (act < 0)
		return;
	r = rule_new(s, (unsigned)act, l);
	a.n = cond_at(w, n, 1);
	if (!actions[act].parse(s, &a))
		return;
	if (sema_cond(s, w, n, a.n, a.avail, &r.cond))
		rule_push(s, ph, l, &r);
}

static void http_rule(struct sema *s, enum rule_phase ph, const struct line *l)
{
	if (!px_speaks_http(s->px) && s->px->sect != SECT_DEFAULTS) {
		sema_warn(s, &l->w[0], "'%s' has no effect in mode tcp", rule_phase_word(ph));
		return;
	}
	rule_line(s, ph, l, l->w + 1, l->n - 1);
}

void dir_http_request(struct sema *s, const struct line *l) { http_rule(s, PH_HTTP_REQ, l); }
void dir_http_response(struct sema *s, const struct line *l) { http_rule(s, PH_HTTP_RES, l); }
void dir_http_after(struct sema *s, const struct line *l) { http_rule(s, PH_HTTP_AFTER, l); }

void dir_tcp_request(struct sema *s, const struct line *l)
{
	static const char *const words[] = { "connection", "session", "content", "inspect-delay" };
	int k = arg_word(s, &l->w[1], words, 4, "kind of tcp-request");

	if (k == 3) {
		(void)!arg_time(s, &l->w[2], 1, &s->px->p->inspect_delay);
		return;
	}
	if (k < 0)
		return;
	if (k < 2 && !(s->px->p->caps & PX_FE)) {
		sema_err(s, &l->w[1], "'tcp-request %s' is possible in frontends only", words[k]);
		return;
	}
	rule_line(s, (enum rule_phase)(PH_TCP_CONN + k), l, l->w + 2, l->n - 2);
}

void dir_tcp_response(struct sema *s, const struct line *l)
{
	static const char *const words[] = { "content", "inspect-delay" };
	int k = arg_word(s, &l->w[1], words, 2, "kind of tcp-response");

	if (k == 1) {
		(void)!arg_time(s, &l->w[2], 1, &s->px->p->res_inspect_delay);
		if (s->px->p->mode == MODE_HTTP)
			sema_warn_inert(s, &l->w[1]);
	} else if (k == 0)
		rule_line(s, PH_TCP_RES_CONTENT, l, l->w + 2, l->n - 2);
}

/* ---- redirect lines -----------------------------------------------------------------------------------------------
 */

void dir_redirect(struct sema *s, const struct line *l)
{
	struct rule r = rule_new(s, ACT_REDIRECT, l);
	uint32_t n = cond_at(l->w, l->n, 1);

	if (!px_speaks_http(s->px)) {
		sema_warn(s, &l->w[0], "'redirect' has no effect in mode tcp");
		return;
	}
	if (redirect_parse(s, &r, l->w, n) && sema_cond(s, l->w, l->n, n, phase_avail(s, PH_HTTP_REQ), &r.cond))
		VEC_PUSH(&s->px->redirects, r);
}

/* ---- removed spellings --------------------------------------------------------------------------------------------
 */

/* "Name: value" into the words `add-header Name value`, then the condition as it was. */
void dir_old_add(struct sema *s, const struct line *l)
{
	bool req = word_is(&l->w[0], "reqadd");
	ptrdiff_t colon = str_chr(l->w[1].s, ':');
	struct word *w = ARENA_NEWN(&s->scratch, struct word, l->n + 2);

	sema_warn(s, &l->w[0], "'" STR_FMT "' was removed from HAProxy; read as '%s add-header'", STR_ARG(l->w[0].s),
		  req ? "http-request" : "http-response");
	if (colon < 1) {
		sema_err(s, &l->w[1], "'" STR_FMT "' is not a header: 'Name: value'", STR_ARG(l->w[1].s));
		return;
	}
	for (unsigned i = 0; i < 3; i++)
		w[i] = l->w[1], w[i].quoted = true;
	w[0].s = STR("add-header");
	w[1].s = str_sub(l->w[1].s, 0, (size_t)colon);
	w[2].s = str_trim(str_sub(l->w[1].s, (size_t)colon + 1, l->w[1].s.n));
	memcpy(w + 3, l->w + 2, (l->n - 2) * sizeof(*w));
	rule_line(s, req ? PH_HTTP_REQ : PH_HTTP_RES, l, w, l->n + 1);
}

/* `block if …` is `http-request deny if …`. */
void dir_old_block(struct sema *s, const struct line *l)
{
	struct word *w = ARENA_NEWN(&s->scratch, struct word, l->n);

	sema_warn(s, &l->w[0], "'block' was removed from HAProxy; read as 'http-request deny'");
	memcpy(w, l->w, l->n * sizeof(*w));
	w[0].s = STR("deny");
	rule_line(s, PH_HTTP_REQ, l, w, l->n);
}
