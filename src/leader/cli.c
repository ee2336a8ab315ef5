// SPDX-License-Identifier: GPL-3.0-or-later
/* Sessions of the runtime socket: a client's bytes become lines, lines commands, and what commands say goes back as fast as it is read.
 *
 * Bounded everywhere: 32 sessions (others wait in the listening queue), 64 KiB a line, 1 MiB a payload, an idle timeout, and an answer that is
 * made only as far as the client reads it. One command line a connection unless `prompt` was given, as HAProxy has it. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/base/notice.h>
#include <sluice/net/sock.h>
#include "cli_change.h"

#define READ_STEP 16384u
#define READ_PIECES 4

struct cli_listener { struct io io; int fd; uint8_t level; };

static struct {
	struct leader *l;
	struct cli_listener *lst;
	unsigned nlst;
	struct list sessions;
	unsigned nsess, max;
	bool accepting;
} cli = { .sessions = LIST_INIT(cli.sessions) };

static void accept_pause(bool on);

/* ---- end of a session ---- */

static void run_end(struct cli_sess *s)
{
	if (s->run.end)
		s->run.end(&s->run);
	s->run = (struct cli_run){ 0 };
	s->running = s->waiting = false;
}

static void sess_free(struct cli_sess *s)
{
	run_end(s);
	io_del(&s->io);
	close(s->io.fd);
	task_cancel(&s->task);
	timer_stop(&s->idle);
	list_del(&s->link);
	sbuf_free(&s->in);
	sbuf_free(&s->out);
	sbuf_free(&s->text);
	txn_drop(s);
	free(s->line);
	free(s->payload);
	free(s);
	if (cli.nsess-- == cli.max)
		accept_pause(false);
	if (cli.l->phase >= LEAD_DRAINING)
		leader_step(cli.l);
}

bool cli_owes(const struct leader *l)
{
	LIST_EACH(p, &cli.sessions)
		if (!LIST_ENTRY(p, struct cli_sess, link)->waiting)
			return true;
	return l->asks.n > 0;
}

static void touch(struct cli_sess *s)
{
	if (s->timeout_ms)
		timer_set(&s->idle, clock_ms() + s->timeout_ms);
	else
		timer_stop(&s->idle);
}

/* ---- bytes ---- */

/* All that is unsent, as far as the socket takes it. */
static void sess_flush(struct cli_sess *s)
{
	while (s->sent < s->out.n && s->io.ready & IO_WR) {
		ssize_t n = send(s->io.fd, s->out.p + s->sent, s->out.n - s->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
			s->dead = true;
		if (n < 0) {
			io_wait(&s->io, IO_WR);
			return;
		}
		s->sent += (size_t)n;
		touch(s);
	}
	if (s->sent == s->out.n)
		s->out.n = s->sent = 0;
}

static size_t sess_limit(const struct cli_sess *s) { return s->want_payload ? CLI_PAYLOAD_MAX : CLI_LINE_MAX; }

/* A few pieces a call; true when there may be more. */
static bool sess_read(struct cli_sess *s)
{
	char chunk[READ_STEP];

	for (unsigned i = 0; s->io.ready & (IO_RD | IO_HUP) && !s->eof && s->in.n <= sess_limit(s); i++) {
		if (i == READ_PIECES)
			return true;
		ssize_t n = recv(s->io.fd, chunk, sizeof(chunk), MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
			s->dead = true;
		if (n <= 0) {
			s->eof = s->eof || n == 0;
			io_wait(&s->io, IO_RD);
			return false;
		}
		if (s->refused)
			continue;
		sbuf_add(&s->in, str_n(chunk, (size_t)n));
		touch(s);
	}
	return false;
}

static void in_consume(struct cli_sess *s, size_t n)
{
	memmove(s->in.p, s->in.p + n, s->in.n - n);
	s->in.n -= n;
}

static char *copy(struct str t)
{
	char *p = malloc(t.n + 1);

	if (p) {
		memcpy(p, t.n ? t.p : "", t.n);
		p[t.n] = '\0';
	}
	return p;
}

/* ---- lines ---- */

/* What the client goes on sending is thrown away until it ends: closing now would take the answer from it. */
static void refuse(struct cli_sess *s, const char *why)
{
	sbuf_printf(&s->out, "%s\n\n", why);
	sbuf_free(&s->in);
	s->in = (struct sbuf){ 0 };
	s->refused = s->closing = true;
}

static void line_done(struct cli_sess *s)
{
	free(s->line);
	free(s->payload);
	s->line = s->payload = NULL;
	s->payload_n = 0;
	if (!s->prompt) {
		s->closing = true;
		return;
	}
	cli_prompt(s);
}

/* The bytes received make a line (or its end of file does): it becomes the line in hand. */
static bool take_line(struct cli_sess *s)
{
	ptrdiff_t lf = str_chr(sbuf_str(&s->in), '\n');
	struct str line = str_n(s->in.p, lf >= 0 ? (size_t)lf : s->in.n), mark;

	if (lf < 0 && s->in.n > CLI_LINE_MAX)
		refuse(s, "The command line is too long (65536 bytes at most).");
	if (lf < 0 && (!s->eof || !s->in.n))
		return false;
	s->want_payload = cli_line_payload(&line, &mark);
	if (s->want_payload) {
		s->mark_n = (uint8_t)mark.n;
		memcpy(s->mark, mark.n ? mark.p : "", mark.n);
	}
	s->line = copy(line);
	s->line_n = line.n, s->line_at = 0;
	s->fresh = true;
	in_consume(s, lf >= 0 ? (size_t)lf + 1 : s->in.n);
	if (!s->line)
		s->dead = true;
	if (s->want_payload && s->prompt)
		sbuf_add(&s->out, STR("+ "));
	return s->line != NULL;
}

static bool take_payload(struct cli_sess *s)
{
	size_t len, used;

	if (!cli_payload_end(sbuf_str(&s->in), str_n(s->mark, s->mark_n), &len, &used)) {
		if (s->in.n > CLI_PAYLOAD_MAX)
			refuse(s, "The payload is too long (1048576 bytes at most).");
		return false;
	}
	s->payload = copy(str_n(s->in.p, len));
	s->payload_n = len;
	in_consume(s, used);
	s->want_payload = false;
	if (!s->payload)
		s->dead = true;
	return s->payload != NULL;
}

/* ---- commands ---- */

/* Words in front of the command: where it is to run (there is one place for all of them) and how it is to answer. They give no rights. */
static unsigned take_prefixes(struct cli_sess *s, struct cli_run *r, struct str *bad)
{
	unsigned i = 0;

	for (; i < s->words.n; i++) {
		struct str w = s->words.w[i];

		if (str_eq(w, STR("json")))
			r->json = true;
		else if (!w.n || w.p[0] != '@')
			break;
		else if (!cli_prefix_ok(s->l, w))
			*bad = w;
	}
	return i;
}

static void run_begin(struct cli_sess *s)
{
	struct cli_run *r = &s->run;
	struct str bad = STR_NULL;
	unsigned from, used;

	*r = (struct cli_run){ .s = s, .l = s->l };
	s->running = true;
	s->text.n = 0;
	from = take_prefixes(s, r, &bad);
	r->w = s->words.w + from, r->n = s->words.n - from;
	r->cmd = cli_find(r->w, r->n, &used);
	if (r->cmd && r->n > used && str_eq(r->w[r->n - 1], STR("json")) && str_starts(r->cmd->words, STR("show"))) {
		r->json = true;
		r->n--;
	}
	r->out = r->json && !(r->cmd && r->cmd->flags & CF_JSON) ? &s->text : &s->out;
	r->payload = str_n(s->payload, s->payload_n);
	if (r->json && r->out == &s->text)
		sbuf_add(&s->out, STR("{\"lines\":["));
	cli_begin(r, used, s->words.too_many, &bad);
}

/* Text of a command that knows no JSON: each line becomes a string. Lines may come in pieces. */
static void text_to_json(struct cli_sess *s)
{
	for (size_t i = 0; i < s->text.n; i++) {
		unsigned char c = (unsigned char)s->text.p[i];

		if (!s->json_str) {
			sbuf_add(&s->out, s->json_open ? STR(",\n\"") : STR("\""));
			s->json_open = s->json_str = true;
		}
		if (c == '\n') {
			sbuf_addc(&s->out, '"');
			s->json_str = false;
		} else if (c < 32 || c == 127) {
			sbuf_printf(&s->out, "\\u%04x", c);
		} else {
			if (c == '"' || c == '\\')
				sbuf_addc(&s->out, '\\');
			sbuf_addc(&s->out, (char)c);
		}
	}
	s->text.n = 0;
}

/* Each change leaves a line that says who made it. */
static void audit(const struct cli_sess *s)
{
	const struct cli_run *r = &s->run;
	char text[512];
	struct sbuf b = SBUF_FIXED(text);

	if (r->failed || !r->cmd || !(r->cmd->flags & CF_TXN))
		return;
	for (unsigned i = 0; i < s->words.n; i++) {
		if (i)
			sbuf_addc(&b, ' ');
		cli_lines(&b, s->words.w[i]);
	}
	if (s->peer_pid)
		notice(SAY_NOTICE, "runtime socket (uid %u, pid %d): " STR_FMT, (unsigned)s->peer_uid, (int)s->peer_pid, STR_ARG(sbuf_str(&b)));
	else
		notice(SAY_NOTICE, "runtime socket: " STR_FMT, STR_ARG(sbuf_str(&b)));
}

static void run_finish(struct cli_sess *s)
{
	struct cli_run *r = &s->run;

	if (r->out == &s->text)
		sbuf_printf(&s->out, "%s],\"ok\":%s}\n", s->json_str ? "\"" : "", r->failed ? "false" : "true");
	if (r->failed)
		txn_spoil(s);
	audit(s);
	s->json_open = s->json_str = false;
	if (!s->closing) /* quit says nothing at all */
		sbuf_addc(&s->out, '\n');
	run_end(s);
}

static void run_step(struct cli_sess *s)
{
	struct cli_run *r = &s->run;
	enum cli_state st = r->cmd ? r->cmd->fn(r) : CLI_DONE;

	r->calls++;
	if (r->out == &s->text)
		text_to_json(s);
	s->waiting = st == CLI_WAIT;
	if (st == CLI_DONE)
		run_finish(s);
}

static void next_command(struct cli_sess *s)
{
	bool fresh = s->fresh;

	s->fresh = false;
	s->line_at += cli_line_take(s->line + s->line_at, s->line_n - s->line_at, &s->words);
	if (s->words.n || (fresh && !s->prompt))
		run_begin(s);
	else if (fresh)
		sbuf_addc(&s->out, '\n');
}

/* One step of whatever is next; false when there is nothing to do before something happens. */
static bool sess_step(struct cli_sess *s)
{
	if (s->dead || s->waiting || s->out.n - s->sent >= CLI_OUT_STEP)
		return false;
	if (s->running)
		run_step(s);
	else if (s->closing)
		return false;
	else if (s->line && s->want_payload)
		return take_payload(s);
	else if (s->line && (s->fresh || s->line_at < s->line_n))
		next_command(s);
	else if (s->line)
		line_done(s);
	else
		return take_line(s);
	return true;
}

static bool sess_over(const struct cli_sess *s)
{
	if (s->dead)
		return true;
	if (s->out.n || s->running || (s->refused && !s->eof))
		return false;
	return s->closing || (s->eof && (s->want_payload || !s->line));
}

/* Bounded work a call: one command's step, then the loop has its turn. */
static void sess_run(struct task *t)
{
	struct cli_sess *s = CONTAINER_OF(t, struct cli_sess, task);

	bool unread = sess_read(s), more = sess_step(s);
	sess_flush(s);
	if (s->dead || (!more && sess_over(s))) {
		sess_free(s);
		return;
	}
	if (more || unread || (s->running && !s->waiting && s->out.n - s->sent < CLI_OUT_STEP))
		task_wake(t);
}

static void sess_ready(struct io *io)
{
	struct cli_sess *s = CONTAINER_OF(io, struct cli_sess, io);

	if (io->ready & IO_ERR)
		s->dead = true;
	task_wake(&s->task);
}

void cli_resume(struct cli_run *r)
{
	r->s->waiting = false;
	task_wake(&r->s->task);
}

/* Both directions are closed; a client that has only ended its own still reads. */
static bool peer_gone(const struct cli_sess *s)
{
	struct pollfd p = { .fd = s->io.fd, .events = POLLOUT };

	return poll(&p, 1, 0) == 1 && p.revents & (POLLHUP | POLLERR);
}

/* A client that asks nothing, or does not read, is sent away; one that waits for an answer of ours is not, as long as it is there. */
static void sess_idle(struct timer *t)
{
	struct cli_sess *s = CONTAINER_OF(t, struct cli_sess, idle);

	if (s->waiting && !peer_gone(s)) {
		touch(s);
		return;
	}
	s->dead = true;
	task_wake(&s->task);
}

/* ---- listening ---- */

static void sess_new(int fd, const struct cli_listener *ls)
{
	struct cli_sess *s = calloc(1, sizeof(*s));
	struct ucred who;
	socklen_t len = sizeof(who);

	if (!s || !io_add(&s->io, fd, IO_STREAM, sess_ready)) {
		free(s);
		close(fd);
		return;
	}
	s->l = cli.l;
	s->level = s->max_level = ls->level;
	s->timeout_ms = cli.l->rt->g.stats_timeout;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 && who.pid > 0)
		s->peer_pid = who.pid, s->peer_uid = who.uid;
	task_init(&s->task, sess_run);
	timer_init(&s->idle, sess_idle);
	list_push(&cli.sessions, &s->link);
	touch(s);
	if (++cli.nsess == cli.max)
		accept_pause(true);
}

static void listener_ready(struct io *io)
{
	struct cli_listener *ls = CONTAINER_OF(io, struct cli_listener, io);
	struct addr peer;
	int fd;

	while (cli.nsess < cli.max && (fd = sock_accept(io->fd, &peer)) >= 0)
		sess_new(fd, ls);
}

static void accept_pause(bool on)
{
	for (unsigned i = 0; cli.accepting && i < cli.nlst; i++)
		if (on)
			io_del(&cli.lst[i].io);
		else if (!io_add(&cli.lst[i].io, cli.lst[i].fd, IO_READ, listener_ready))
			notice(SAY_WARNING, "cannot watch a runtime socket: %s", strerror(errno));
}

bool cli_open(struct leader *l)
{
	cli.l = l;
	cli.max = MIN(l->rt->g.stats_maxconn, CLI_SESSIONS_MAX);
	cli.lst = calloc(MAX(l->rt->ncli, 1u), sizeof(*cli.lst));
	if (!cli.lst)
		return false;
	for (uint32_t i = 0; i < l->rt->ncli; i++)
		cli.lst[cli.nlst++] = (struct cli_listener){ .fd = l->cli_fd[i], .level = l->rt->cli[i].level };
	l->on_drain = cli_drain;
	l->in_child = cli_close_in_child;
	return true;
}

void cli_start(struct leader *l)
{
	if (cli.accepting || !l->rt->ncli)
		return;
	if (!events_start(l))
		notice(SAY_WARNING, "no memory for the history of servers");
	cli.accepting = true;
	accept_pause(false);
}

static void listeners_drop(void)
{
	if (cli.accepting && cli.nsess < cli.max)
		accept_pause(true);
	cli.accepting = false;
}

void cli_deaf(void) { listeners_drop(); }

void cli_drain(struct leader *l UNUSED)
{
	listeners_drop();
	LIST_EACH(p, &cli.sessions) {
		struct cli_sess *s = LIST_ENTRY(p, struct cli_sess, link);

		s->closing = s->closing || (s->prompt && !s->line && !s->in.n); /* a line that is on its way is still answered */
		s->prompt = false;
		task_wake(&s->task);
	}
}

void cli_stop(void)
{
	listeners_drop();
	while (!list_empty(&cli.sessions))
		sess_free(LIST_ENTRY(cli.sessions.next, struct cli_sess, link));
	events_stop();
	free(cli.lst);
	cli.lst = NULL;
}

void cli_close_in_child(struct leader *l)
{
	if (l->startup_fd >= 0)
		close(l->startup_fd);
	LIST_EACH(p, &cli.sessions)
		close(LIST_ENTRY(p, struct cli_sess, link)->io.fd);
}
