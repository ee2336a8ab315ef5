// SPDX-License-Identifier: GPL-3.0-or-later
/* `sluice cli`: which socket, which mode. With a command it is a tool for scripts: the answer as it came, the exit status says whether it was
 * an error. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <sluice/base/num.h>
#include "cli_priv.h"

#define WATCH_DEFAULT_MS 2000u

/* Where a socket may be when nobody says. */
static const char *const usual[] = { "/run/sluice/admin.sock", "/run/sluice.sock", "/var/run/sluice.sock", "/run/haproxy/admin.sock" };

static int no_socket(const char *why)
{
	fprintf(stderr, "sluice cli: %s\nusage: sluice cli [SOCKET] [COMMAND…]   (SOCKET: a path, unix@path, abns@name or address:port; else "
			"$SLUICE_SOCKET)\n", why);
	return 2;
}

static bool find_socket(struct client *c)
{
	const char *env = getenv("SLUICE_SOCKET");

	if (env && *env)
		return client_addr(c, env);
	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		if (access(usual[i], F_OK) == 0 && client_addr(c, usual[i]))
			return true;
	return false;
}

static int run_once(struct client *c, struct str line)
{
	struct reply r;

	if (!client_once(c, line, &r)) {
		fprintf(stderr, "sluice cli: cannot connect: %s\n", strerror(errno));
		return 2;
	}
	reply_print(&r);
	int status = r.failed;
	reply_free(&r);
	return status;
}

/* ---- watch ---- */

static bool stop_asked(unsigned ms)
{
	struct pollfd p = { .fd = isatty(STDIN_FILENO) ? STDIN_FILENO : -1, .events = POLLIN };
	char drop[256];

	if (poll(&p, 1, (int)ms) <= 0)
		return false;
	return read(STDIN_FILENO, drop, sizeof(drop)) >= 0; /* Enter */
}

int watch_run(struct client *c, struct str line)
{
	struct str rest = str_trim(line), first = str_split(&rest, ' ');
	uint64_t ms = WATCH_DEFAULT_MS;
	int status;

	if (num_duration(first, 1000, &ms) && rest.p)
		line = rest;
	ms = MAX(ms, (uint64_t)50);
	for (;;) {
		char date[32];
		time_t now = time(NULL);

		strftime(date, sizeof(date), "%H:%M:%S", localtime(&now));
		if (on_terminal())
			printf("\033[H\033[2Jevery %llums  " STR_FMT "  %s  (Enter stops)\n", (unsigned long long)ms, STR_ARG(line), date);
		status = run_once(c, line);
		if (status == 2 || stop_asked((unsigned)MIN(ms, (uint64_t)INT32_MAX)))
			return status;
	}
}

/* ---- lines of stdin ---- */

static bool wants_payload(struct str line)
{
	ptrdiff_t at = str_find(line, STR("<<"), false);

	return at >= 0 && str_chr(str_sub(line, (size_t)at, line.n), ' ') < 0;
}

/* What follows a line that ends in << belongs to it, up to an empty line or the mark. */
static void add_payload(struct sbuf *cmd, struct str mark)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	while ((n = getline(&line, &cap, stdin)) > 0) {
		struct str l = str_n(line, (size_t)n - (line[n - 1] == '\n'));

		sbuf_add(cmd, l);
		sbuf_addc(cmd, '\n');
		if (str_eq(l, mark))
			break;
	}
	free(line);
}

static int run_stdin(struct client *c)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	int status = 0;

	while (status != 2 && (n = getline(&line, &cap, stdin)) > 0) {
		struct str l = str_n(line, (size_t)n - (line[n - 1] == '\n'));
		struct sbuf cmd = { 0 };

		if (!str_trim(l).n)
			continue;
		sbuf_add(&cmd, l);
		sbuf_addc(&cmd, '\n');
		if (wants_payload(l)) {
			ptrdiff_t at = str_find(l, STR("<<"), false);
			add_payload(&cmd, str_sub(l, (size_t)at + 2, l.n));
		}
		int one = run_once(c, sbuf_str(&cmd));
		status = MAX(status, one);
		sbuf_free(&cmd);
	}
	free(line);
	return status;
}

int cli_client_run(const char *const *words, unsigned n)
{
	struct client c = { .fd = -1 };
	struct sbuf line = { 0 };
	unsigned i = 0;
	int status;

	signal(SIGPIPE, SIG_DFL);
	if (n && words[0][0] != '@' && client_addr(&c, words[0]))
		i = 1;
	else if (!find_socket(&c))
		return no_socket("no runtime socket was named or found");
	if (i == n)
		return isatty(STDIN_FILENO) && on_terminal() ? shell_run(&c) : run_stdin(&c);
	for (unsigned k = i; k < n; k++)
		sbuf_printf(&line, "%s%s", k > i ? " " : "", words[k]);
	if (str_starts(sbuf_str(&line), STR("watch ")))
		status = watch_run(&c, str_sub(sbuf_str(&line), 6, line.n));
	else
		status = run_once(&c, sbuf_str(&line));
	sbuf_free(&line);
	return status;
}
