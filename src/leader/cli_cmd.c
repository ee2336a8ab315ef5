// SPDX-License-Identifier: GPL-3.0-or-later
/* The command table: finding a command, who may run it, and what to say about those that exist. */
#include <stdio.h>
#include "cli_priv.h"

static const struct cli_cmd cmds[] = {
#define CLI_CMD(fn, level, words, args, flags, help) { { words, sizeof(words) - 1 }, cli_##fn, CLI_##level, flags, 0, args, help },
#include <sluice/tbl/cli_cmds.def>
#undef CLI_CMD
};

#define SUGGESTIONS 5
#define SUGGEST_MAX_DISTANCE 8u

static const char *const levels[] = { "user", "operator", "admin" };
const char *cli_level_word(enum cli_level l) { return levels[l]; }

/* How many words of the row the line begins with; -1 unless that is all of them. */
static int match(const struct cli_cmd *c, const struct str *w, unsigned n)
{
	struct str rest = c->words;
	unsigned i = 0;

	for (; rest.p; i++)
		if (i == n || !str_eq(str_split(&rest, ' '), w[i]))
			return -1;
	return (int)i;
}

const struct cli_cmd *cli_find(const struct str *w, unsigned n, unsigned *used)
{
	const struct cli_cmd *best = NULL;

	*used = 0;
	for (size_t i = 0; i < ARRAY_LEN(cmds); i++) {
		int m = match(&cmds[i], w, n);

		if (m > (int)*used)
			best = &cmds[i], *used = (unsigned)m;
	}
	return best;
}

void cli_begin(struct cli_run *r, unsigned used, bool too_many, const struct str *bad_prefix)
{
	const struct cli_cmd *c = r->cmd;

	r->cmd = NULL;
	if (bad_prefix->n) {
		cli_fail(r, "Can't find the target CLI '" STR_FMT "'!", STR_ARG(*bad_prefix));
	} else if (too_many) {
		cli_fail(r, "Too many words on a line (%u at most).", CLI_WORDS_MAX);
	} else if (!c) {
		r->failed = true;
		cli_severity(r, CLI_INFO);
		cli_suggest(r, (enum cli_level)r->s->level);
	} else if (c->level > r->s->level) {
		cli_fail(r, "Permission denied");
	} else if (c->flags & (CF_OWN | CF_TXN) && r->l->phase >= LEAD_DRAINING) {
		cli_fail(r, "This generation drains and takes no more changes: connect again to reach the one that serves.");
	} else {
		r->w += used, r->n -= used;
		r->cmd = c;
	}
}

/* ---- help ---- */

static void print_cmd(struct sbuf *out, const struct cli_cmd *c)
{
	char left[256];

	snprintf(left, sizeof(left), STR_FMT "%s%s", STR_ARG(c->words), *c->args ? " " : "", c->args);
	sbuf_printf(out, "  %-40s: %s\n", left, c->help);
}

static bool begins_with(const struct cli_cmd *c, const struct str *w, unsigned n)
{
	struct str rest = c->words;

	for (unsigned i = 0; i < n; i++)
		if (!rest.p || !str_starts(str_split(&rest, ' '), w[i]))
			return false;
	return true;
}

static unsigned print_beginning(struct sbuf *out, const struct str *w, unsigned n, enum cli_level level)
{
	unsigned found = 0;

	for (size_t i = 0; i < ARRAY_LEN(cmds); i++)
		if (cmds[i].level <= level && begins_with(&cmds[i], w, n)) {
			print_cmd(out, &cmds[i]);
			found++;
		}
	return found;
}

/* The line as far as its number of words is the row's. */
static unsigned distance(const struct cli_cmd *c, const struct str *w, unsigned n)
{
	struct str rest = c->words;
	unsigned d = 0, i = 0;

	for (; rest.p; i++)
		d += str_distance(str_split(&rest, ' '), i < n ? w[i] : STR_NULL);
	return d;
}

/* What is said whatever was asked. */
static bool always(const struct cli_cmd *c)
{
	return str_eq(c->words, STR("help")) || str_eq(c->words, STR("prompt")) || str_eq(c->words, STR("quit"));
}

static void print_nearest(struct sbuf *out, const struct str *w, unsigned n, enum cli_level level)
{
	unsigned from = 0;

	for (unsigned printed = 0; printed < SUGGESTIONS && from <= SUGGEST_MAX_DISTANCE; from++)
		for (size_t i = 0; i < ARRAY_LEN(cmds) && printed < SUGGESTIONS; i++)
			if (cmds[i].level <= level && !always(&cmds[i]) && distance(&cmds[i], w, n) == from) {
				print_cmd(out, &cmds[i]);
				printed++;
			}
}

static void print_always(struct sbuf *out, const struct str *w, unsigned n)
{
	for (size_t i = 0; i < ARRAY_LEN(cmds); i++)
		if (always(&cmds[i]) && (!n || !begins_with(&cmds[i], w, n)))
			print_cmd(out, &cmds[i]);
}

void cli_suggest(struct cli_run *r, enum cli_level level)
{
	struct sbuf *out = r->out;
	const struct str *w = r->w;
	unsigned n = r->n, keep = n;

	if (!n) {
		sbuf_add(out, STR("Unknown command. Please enter one of the following commands only:\n"));
		print_beginning(out, w, 0, level);
		return;
	}
	sbuf_add(out, STR("Unknown command: '"));
	for (unsigned i = 0; i < n && i < 3; i++)
		sbuf_printf(out, "%s%.*s", i ? " " : "", (int)MIN(w[i].n, (size_t)64), w[i].p);
	sbuf_add(out, STR("', but maybe one of the following ones is a better match:\n"));
	while (keep && !print_beginning(out, w, keep, level))
		keep--;
	if (!keep)
		print_nearest(out, w, n, level);
	print_always(out, w, keep);
}

enum cli_state cli_help(struct cli_run *r)
{
	size_t before;

	sbuf_printf(r->out, "The following commands are valid at this level:\n");
	before = r->out->n;
	print_beginning(r->out, r->w, r->n, (enum cli_level)r->s->level);
	if (r->out->n == before)
		sbuf_add(r->out, STR("  none\n"));
	return CLI_DONE;
}
