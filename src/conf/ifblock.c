// SPDX-License-Identifier: GPL-3.0-or-later
/* Conditional blocks and the other dot directives. They stand between lexer and grammar and see lines, so a block
 * may hold parts of a section as well as whole sections. Lexical errors in a skipped branch are not reported: it
 * may be written for a later version of the language. */
#include "front_priv.h"

bool if_skipping(const struct front *f)
{
	return f->if_depth > CONF_IF_DEPTH || (f->if_depth && f->ifs[f->if_depth - 1].state != IF_TAKE);
}

static struct if_level *if_top(struct front *f)
{
	return f->if_depth && f->if_depth <= CONF_IF_DEPTH ? &f->ifs[f->if_depth - 1] : NULL;
}

/* Place in the source of an offset into the condition, which continuation may spread over several lines. */
static struct span cond_span(const struct front *f, size_t at, size_t len)
{
	struct span s = f->cond_at;

	s.len = (uint32_t)len;
	s.col += (uint32_t)at;
	for (size_t i = 0; i < at; i++)
		if (f->cond.p[i] == '\n')
			s.line++, s.col = (uint32_t)(at - i);
	return s;
}

static int cond_value(struct front *f)
{
	struct place at = front_place(f, f->q.at[0].at.line);
	struct ccond_error err;
	int v;

	if (f->q_bad)
		return -1;
	v = ccond_eval(f->cond, &at, f->poll_only, &err);
	if (v < 0)
		diag(f->d, DIAG_ERROR, cond_span(f, err.at, err.len), NULL, "%s", err.msg);
	return v;
}

/* After a condition that cannot be evaluated no branch is read, so that it is the only thing reported. */
static enum if_state branch_state(int v)
{
	return v < 0 ? IF_DONE : v ? IF_TAKE : IF_SKIP;
}

static void dot_if(struct front *f)
{
	bool skipped = if_skipping(f);

	if (f->if_depth == CONF_IF_DEPTH)
		diag(f->d, DIAG_ERROR, f->q.at[0].at, NULL, "more than %u nested '.if' blocks", CONF_IF_DEPTH);
	if (f->if_depth++ >= CONF_IF_DEPTH)
		return;
	*if_top(f) = (struct if_level){ .state = skipped ? IF_DONE : branch_state(cond_value(f)), .at = f->q.at[0].at };
}

static void dot_elif(struct front *f)
{
	struct if_level *l = if_top(f);

	if (!f->if_depth)
		diag(f->d, DIAG_ERROR, f->q.at[0].at, NULL, "'.elif' without '.if'");
	if (!l)
		return;
	if (l->seen_else)
		diag(f->d, DIAG_ERROR, f->q.at[0].at, NULL, "'.elif' behind '.else'");
	if (l->state != IF_SKIP || l->seen_else) {
		l->state = IF_DONE;
		return;
	}
	l->state = branch_state(cond_value(f));
}

static void dot_alone(struct front *f)
{
	if (f->q.n > 1)
		diag(f->d, DIAG_ERROR, f->q.at[1].at, NULL, "unexpected argument '" STR_FMT "' for '" STR_FMT "'",
		     STR_ARG(f->q.at[1].s), STR_ARG(f->q.at[0].s));
}

static void dot_else(struct front *f)
{
	struct if_level *l = if_top(f);

	dot_alone(f);
	if (!f->if_depth)
		diag(f->d, DIAG_ERROR, f->q.at[0].at, NULL, "'.else' without '.if'");
	if (!l)
		return;
	if (l->seen_else)
		diag(f->d, DIAG_ERROR, f->q.at[0].at, NULL, "second '.else' in one '.if' block");
	l->state = l->state == IF_SKIP && !l->seen_else ? IF_TAKE : IF_DONE;
	l->seen_else = true;
}

static void dot_endif(struct front *f)
{
	dot_alone(f);
	if (f->if_depth)
		f->if_depth--;
	else
		diag(f->d, DIAG_ERROR, f->q.at[0].at, NULL, "'.endif' without '.if'");
}

static void dot_message(struct front *f, enum diag_level level)
{
	if (f->q.n < 2)
		diag(f->d, DIAG_ERROR, f->q.at[0].at, NULL, "'" STR_FMT "' expects a message", STR_ARG(f->q.at[0].s));
	else if (f->q.n > 2)
		diag(f->d, DIAG_ERROR, f->q.at[2].at, NULL,
		     "unexpected argument '" STR_FMT "' for '" STR_FMT "': a message with blanks needs quotes",
		     STR_ARG(f->q.at[2].s), STR_ARG(f->q.at[0].s));
	else
		diag(f->d, level, f->q.at[1].at, NULL, STR_FMT, STR_ARG(f->q.at[1].s));
}

static void dot_notice(struct front *f) { dot_message(f, DIAG_NOTE); }
static void dot_warning(struct front *f) { dot_message(f, DIAG_WARN); }
static void dot_alert(struct front *f) { dot_message(f, DIAG_ERROR); }

/* For HAProxy's diagnostic mode (-dD), which sluice has not: always silent. */
static void dot_diag(struct front *f) { (void)f; }

static const struct { const char *word; bool block; void (*run)(struct front *f); } dots[] = {
	{ ".if", true, dot_if },
	{ ".elif", true, dot_elif },
	{ ".else", true, dot_else },
	{ ".endif", true, dot_endif },
	{ ".notice", false, dot_notice },
	{ ".warning", false, dot_warning },
	{ ".alert", false, dot_alert },
	{ ".diag", false, dot_diag },
};

static void dot_unknown(struct front *f, const struct word *w)
{
	const char *names[ARRAY_LEN(dots)];

	for (size_t i = 0; i < ARRAY_LEN(dots); i++)
		names[i] = dots[i].word;
	diag(f->d, DIAG_ERROR, w->at, diag_nearest(w->s, names, ARRAY_LEN(names)), "unknown directive '" STR_FMT "'",
	     STR_ARG(w->s));
}

bool if_filter(struct front *f)
{
	const struct word *w = &f->q.at[0];

	if (w->quoted || !w->s.n || w->s.p[0] != '.')
		return !if_skipping(f);
	for (size_t i = 0; i < ARRAY_LEN(dots); i++) {
		if (!str_eq(w->s, str_c(dots[i].word)))
			continue;
		if (dots[i].block || (!f->q_bad && !if_skipping(f)))
			dots[i].run(f);
		return false;
	}
	if (!if_skipping(f))
		dot_unknown(f, w);
	return false;
}

void if_finish(struct front *f)
{
	for (unsigned i = 0; i < MIN(f->if_depth, CONF_IF_DEPTH); i++)
		diag(f->d, DIAG_ERROR, f->ifs[i].at, NULL, "'.if' is not closed by '.endif'");
	f->if_depth = 0;
}
