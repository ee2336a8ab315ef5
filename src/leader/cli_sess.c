// SPDX-License-Identifier: GPL-3.0-or-later
/* Commands about the session itself: its prompt, its level, its timeout; and what is known without looking anywhere. */
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/base/num.h>
#include "cli_priv.h"

extern char **environ;

static void print_uptime(struct sbuf *out, uint64_t ms)
{
	unsigned long long s = ms / 1000;

	sbuf_printf(out, "[%llu:%02llu:%02llu:%02llu]", s / 86400, s / 3600 % 24, s / 60 % 60, s % 60);
}

void cli_prompt(struct cli_sess *s)
{
	const struct leader *l = s->l;
	char host[256] = "";

	if (s->timed)
		print_uptime(&s->out, clock_ms() - l->started_ms);
	if (!l->rt->g.node.n)
		gethostname(host, sizeof(host) - 1);
	sbuf_add(&s->out, l->rt->g.node.n ? l->rt->g.node : str_c(host));
	sbuf_printf(&s->out, "[%llu]> ", (unsigned long long)l->o->generation);
}

bool cli_prefix_ok(const struct leader *l, struct str p)
{
	uint64_t n;

	p = str_sub(p, 1, p.n);
	if (p.n && p.p[0] == '@')
		p = str_sub(p, 1, p.n);
	if (!p.n || str_eq(p, STR("master")))
		return true;
	if (p.p[0] != '!')
		return num_u64(p, &n) && n <= 1;
	if (!num_u64(str_sub(p, 1, p.n), &n))
		return false;
	if (n == (uint64_t)getpid() || n == l->master_pid)
		return true;
	for (unsigned i = 0; i < l->nchild; i++)
		if (l->child[i].pid && (uint64_t)l->child[i].pid == n)
			return true;
	return false;
}

/* ---- commands ---- */

enum cli_state cli_prompt_toggle(struct cli_run *r)
{
	struct cli_sess *s = r->s;

	if (r->n && str_eq(r->w[0], STR("timed"))) {
		s->timed = !s->timed;
		s->prompt = true;
		return CLI_DONE;
	}
	if (r->n && !str_eq(r->w[0], STR("p")) && !str_eq(r->w[0], STR("i")) && !str_eq(r->w[0], STR("n")))
		return cli_fail(r, "'prompt' expects nothing, 'timed', 'p' or 'i' (on) or 'n' (off).");
	s->prompt = r->n ? !str_eq(r->w[0], STR("n")) : !s->prompt;
	return CLI_DONE;
}

enum cli_state cli_quit(struct cli_run *r)
{
	r->s->prompt = false;
	r->s->closing = true;
	return CLI_DONE;
}

enum cli_state cli_echo(struct cli_run *r)
{
	for (unsigned i = 0; i < r->n; i++)
		sbuf_printf(r->out, "%s" STR_FMT, i ? " " : "", STR_ARG(r->w[i]));
	sbuf_addc(r->out, '\n');
	return CLI_DONE;
}

enum cli_state cli_user(struct cli_run *r)
{
	r->s->level = CLI_USER;
	return CLI_DONE;
}

enum cli_state cli_operator(struct cli_run *r)
{
	r->s->level = CLI_OPERATOR;
	return CLI_DONE;
}

enum cli_state cli_set_severity(struct cli_run *r)
{
	static const char *const words[] = { "none", "number", "string" };

	for (unsigned i = 0; r->n == 1 && i < ARRAY_LEN(words); i++)
		if (str_eq(r->w[0], str_c(words[i]))) {
			r->s->severity = (uint8_t)i;
			return CLI_DONE;
		}
	return cli_fail(r, "one of 'none', 'number', 'string' is a required argument");
}

enum cli_state cli_set_timeout(struct cli_run *r)
{
	uint64_t ms;

	if (!r->n || !str_eq(r->w[0], STR("cli")))
		return cli_fail(r, "'set timeout' only supports 'cli'.");
	if (r->n < 2)
		return cli_fail(r, "Expects an integer value.");
	if (!num_duration(r->w[1], 1000, &ms) || !ms || ms > INT32_MAX)
		return cli_fail(r, "Invalid timeout value.");
	r->s->timeout_ms = (uint32_t)ms;
	return CLI_DONE;
}

enum cli_state cli_show_cli_level(struct cli_run *r)
{
	sbuf_printf(r->out, "%s\n", cli_level_word((enum cli_level)r->s->level));
	return CLI_DONE;
}

enum cli_state cli_show_cli_sockets(struct cli_run *r)
{
	const struct rt *rt = r->l->rt;
	char text[ADDR_TEXT_MAX];

	cli_head(r, "# socket lvl processes");
	for (uint32_t i = 0; i < rt->ncli; i++) {
		const struct addr *a = &rt->cli[i].addr;

		cli_row(r);
		if (rt->cli[i].fd >= 0)
			cli_fmt(r, "socket", "fd@%d", rt->cli[i].fd);
		else if (a->family == AF_UNIX)
			cli_fmt(r, "socket", "%s@%s", a->path[0] == '@' ? "abns" : "unix", a->path + (a->path[0] == '@'));
		else
			cli_fmt(r, "socket", "%s@%.*s", a->family == AF_INET6 ? "ipv6" : "ipv4", (int)addr_text(a, text), text);
		cli_str(r, "lvl", str_c(cli_level_word((enum cli_level)rt->cli[i].level)));
		cli_str(r, "processes", STR("all"));
		cli_row_end(r);
	}
	cli_tail(r);
	return CLI_DONE;
}

enum cli_state cli_show_env(struct cli_run *r)
{
	bool found = false;

	for (char **e = environ; e && *e; e++) {
		struct str v = str_c(*e), name = str_split(&v, '=');

		if (r->n && !str_eq(name, r->w[0]))
			continue;
		found = true;
		sbuf_printf(r->out, "%s\n", *e);
	}
	return found || !r->n ? CLI_DONE : cli_fail(r, "Variable not found");
}

enum cli_state cli_show_version(struct cli_run *r)
{
	sbuf_printf(r->out, "%s\n", SLUICE_VERSION);
	return CLI_DONE;
}

enum cli_state cli_show_backend(struct cli_run *r)
{
	const struct rt *rt = r->l->rt;

	if (!r->calls)
		cli_head(r, "# name");
	for (; r->px < rt->npx && !cli_full(r); r->px++) {
		if (!(rt->px[r->px].caps & PX_BE))
			continue;
		cli_row(r);
		cli_str(r, "name", rt->px[r->px].name);
		cli_row_end(r);
	}
	if (r->px < rt->npx)
		return CLI_AGAIN;
	cli_tail(r);
	return CLI_DONE;
}
