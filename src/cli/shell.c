// SPDX-License-Identifier: GPL-3.0-or-later
/* The session on a terminal: readline with its history and completion; the prompt is the socket's. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <readline/history.h>
#include <readline/readline.h>
#include "cli_priv.h"

#define HISTORY_LINES 1000

static struct client *the_client;
static struct sbuf matches;
static struct str rest;

static char *next_match(const char *text UNUSED, int state)
{
	if (!state) {
		matches.n = 0;
		complete_line(str_n(rl_line_buffer, (size_t)rl_point), client_names, the_client, &matches);
		rest = sbuf_str(&matches);
	}
	if (!rest.p || !rest.n)
		return NULL;
	struct str one = str_split(&rest, '\n');
	return strndup(one.p, one.n);
}

static char **attempt(const char *text, int start UNUSED, int end UNUSED)
{
	rl_attempted_completion_over = 1;
	return rl_completion_matches(text, next_match);
}

static const char *history_path(void)
{
	static char path[512];
	const char *home = getenv("HOME");

	if (!home)
		return NULL;
	snprintf(path, sizeof(path), "%s/.sluice_history", home);
	return path;
}

static void setup(struct client *c)
{
	the_client = c;
	rl_readline_name = "sluice";
	rl_attempted_completion_function = attempt;
	rl_completer_word_break_characters = (char *)" ;";
	using_history();
	stifle_history(HISTORY_LINES);
	if (history_path())
		read_history(history_path());
}

static bool one_line(struct client *c, const char *line)
{
	struct reply r;

	if (strcmp(line, "quit") == 0 || strcmp(line, "exit") == 0)
		return false;
	if (strncmp(line, "watch ", 6) == 0) {
		watch_run(c, str_c(line + 6));
		return true;
	}
	if (!client_ask(c, str_c(line), &r)) {
		fprintf(stderr, "cannot connect: %s\n", strerror(errno));
		return true;
	}
	reply_print(&r);
	reply_free(&r);
	return true;
}

int shell_run(struct client *c)
{
	struct reply r;
	char *line;

	setup(c);
	if (!client_ask(c, STR("echo"), &r)) {
		fprintf(stderr, "sluice cli: cannot connect: %s\n", strerror(errno));
		return 2;
	}
	reply_free(&r);
	while ((line = readline(c->prompt)) != NULL) {
		bool go_on = true;

		if (*line) {
			add_history(line);
			go_on = one_line(c, line);
		}
		free(line);
		if (!go_on)
			break;
	}
	if (!line)
		putchar('\n');
	if (history_path())
		write_history(history_path());
	client_close(c);
	sbuf_free(&matches);
	return 0;
}
