// SPDX-License-Identifier: GPL-3.0-or-later
/* Talking to the runtime socket. Severities are asked for in numbers, which is how an error is known from an answer: at the beginning of one
 * stands "[3]: ". They are taken out again before anybody sees them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <sluice/base/num.h>
#include "cli_priv.h"

#define SEV_ERR 3

static bool inet_addr_of(struct addr *a, struct str s)
{
	ptrdiff_t colon = -1;
	uint64_t port;

	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == ':')
			colon = (ptrdiff_t)i;
	if (colon < 0 || !num_u64(str_sub(s, (size_t)colon + 1, s.n), &port) || !port || port > 65535)
		return false;
	if (!addr_parse_ip(a, str_sub(s, 0, (size_t)colon)))
		return false;
	a->port = (uint16_t)port;
	return true;
}

bool client_addr(struct client *c, const char *text)
{
	static const char *const unix_prefix = "unix@", *const abns = "abns@";
	struct stat st;

	c->fd = -1;
	if (strncmp(text, "ipv4@", 5) == 0 || strncmp(text, "ipv6@", 5) == 0)
		return inet_addr_of(&c->addr, str_c(text + 5));
	if (strncmp(text, unix_prefix, 5) == 0)
		text += 5;
	else if (strncmp(text, abns, 5) == 0)
		text += 4; /* keeps its @ */
	else if (inet_addr_of(&c->addr, str_c(text)))
		return true;
	else if (stat(text, &st) < 0 ? text[0] != '/' && text[0] != '.' : !S_ISSOCK(st.st_mode))
		return false;
	if (strlen(text) >= sizeof(c->path))
		return false;
	snprintf(c->path, sizeof(c->path), "%s", text);
	c->addr = (struct addr){ .family = AF_UNIX, .path = c->path };
	return true;
}

static int dial(const struct client *c)
{
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(&c->addr, &sa);
	int fd = socket(c->addr.family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && len && connect(fd, (struct sockaddr *)&sa, len) == 0)
		return fd;
	int err = len ? errno : ENAMETOOLONG;
	if (fd >= 0)
		close(fd);
	errno = err;
	return -1;
}

static bool send_all(int fd, struct str s)
{
	while (s.n) {
		ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		s = str_sub(s, (size_t)n, s.n);
	}
	return true;
}

static bool send_line(int fd, struct str line)
{
	return send_all(fd, line) && (line.n && line.p[line.n - 1] == '\n' ? true : send_all(fd, STR("\n")));
}

static ssize_t read_some(int fd, struct sbuf *b)
{
	char piece[65536];
	ssize_t n;

	do
		n = recv(fd, piece, sizeof(piece), 0);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		sbuf_add(b, str_n(piece, (size_t)n));
	return n;
}

/* "[n]: " at the beginning of an answer. */
static unsigned severity_of(struct str s)
{
	return s.n > 5 && s.p[0] == '[' && s.p[1] >= '0' && s.p[1] <= '7' && s.p[2] == ']' && s.p[3] == ':' && s.p[4] == ' '
		       ? (unsigned)(s.p[1] - '0') + 1 : 0;
}

/* Takes severities out of all answers; r->failed when one was an error or the command is unknown. */
static void judge(struct reply *r, struct str raw)
{
	bool begins = true;

	r->text = (struct sbuf){ 0 };
	r->failed = false;
	while (raw.n) {
		ptrdiff_t lf = str_chr(raw, '\n');
		struct str line = str_sub(raw, 0, lf < 0 ? raw.n : (size_t)lf + 1);
		unsigned sev = begins ? severity_of(line) : 0;

		raw = str_sub(raw, line.n, raw.n);
		begins = line.n == 1 && line.p[0] == '\n';
		if (sev)
			line = str_sub(line, 5, line.n);
		if ((sev && sev - 1 <= SEV_ERR) || (sev && str_starts(line, STR("Unknown command"))) || str_starts(line, STR("Success=0\n")) ||
		    str_starts(line, STR("{\"error\":")) || str_ends(line, STR("],\"ok\":false}\n")))
			r->failed = true;
		sbuf_add(&r->text, line);
	}
}

void reply_free(struct reply *r) { sbuf_free(&r->text); }

bool client_once(const struct client *c, struct str line, struct reply *r)
{
	struct sbuf raw = { 0 };
	int fd = dial(c);
	ssize_t n;

	if (fd < 0)
		return false;
	if (send_all(fd, STR("set severity-output number;")) && send_line(fd, line))
		shutdown(fd, SHUT_WR);
	while ((n = read_some(fd, &raw)) > 0)
		;
	close(fd);
	judge(r, raw.n && raw.p[0] == '\n' ? str_sub(sbuf_str(&raw), 1, raw.n) : sbuf_str(&raw));
	sbuf_free(&raw);
	return true;
}

/* ---- the session ---- */

/* Where the prompt begins: the last line, "name[generation]> "; -1 while it is not there. */
static ptrdiff_t prompt_at(struct str s)
{
	size_t i = s.n;

	if (s.n < 5 || memcmp(s.p + s.n - 3, "]> ", 3) != 0)
		return -1;
	while (i && s.p[i - 1] != '\n')
		i--;
	return (ptrdiff_t)i;
}

static bool read_answer(struct client *c, struct sbuf *raw)
{
	ptrdiff_t at;

	while ((at = prompt_at(sbuf_str(raw))) < 0)
		if (read_some(c->fd, raw) <= 0)
			return false;
	snprintf(c->prompt, sizeof(c->prompt), "%.*s", (int)(raw->n - (size_t)at), raw->p + at);
	raw->n = (size_t)at;
	return true;
}

void client_close(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

static bool session_open(struct client *c)
{
	struct sbuf raw = { 0 };

	c->fd = dial(c);
	bool ok = c->fd >= 0 && send_line(c->fd, STR("prompt;set severity-output number;set timeout cli 1d")) && read_answer(c, &raw);
	sbuf_free(&raw);
	if (!ok)
		client_close(c);
	return ok;
}

bool client_ask(struct client *c, struct str line, struct reply *r)
{
	for (unsigned tries = 0; tries < 2; tries++) {
		struct sbuf raw = { 0 };
		bool whole;

		if (c->fd < 0 && !session_open(c))
			return false;
		whole = send_line(c->fd, line) && read_answer(c, &raw);
		if (!whole)
			client_close(c); /* a generation that drains ends its sessions: the next one answers */
		if (whole || raw.n) {
			judge(r, sbuf_str(&raw));
			sbuf_free(&raw);
			return true;
		}
		sbuf_free(&raw);
	}
	*r = (struct reply){ 0 };
	return true;
}
