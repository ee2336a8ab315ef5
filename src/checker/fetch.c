// SPDX-License-Identifier: GPL-3.0-or-later
/* Requests that the leader has made: it reads nothing from the network itself. One at a time, to the first address of the host that
 * takes a connection; HTTP/1.0 with an answer that ends with the connection or its Content-Length, 64 KiB at most, ten seconds at most,
 * the looking up of the name included. The body goes back as it is; judging it is for who asked. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sluice/base/clock.h>
#include <sluice/ipc/msg.h>
#include <sluice/net/sock.h>
#include "dns_priv.h"

#define ANSWER_MAX 65536u
#define FETCH_MS   10000u
#define MAX_HDRS   64
#define ADDRS_MAX  8

static struct {
	int ctl;
	struct conn *conn;
	struct timer timer;
	struct addr to[ADDRS_MAX];
	unsigned nto, tried;
	bool asking;            /* for the addresses */
	uint16_t port;
	uint8_t prefer;
	struct sbuf out, in;
	size_t sent;
	uint32_t ticket, scan;
} f;

/* ---- the verdict -------------------------------------------------------------------------------------------------- */

static void tell(bool ok, struct str text)
{
	int fd = memfd_create("answer", MFD_CLOEXEC);

	if (fd >= 0 && pwrite(fd, text.p, text.n, 0) == (ssize_t)text.n)
		(void)ipc_send(f.ctl, IPC_CHK_FETCHED, f.ticket << 1 | ok, text.n, NULL, 0, fd);
	if (fd >= 0)
		close(fd);
}

static void end(void)
{
	if (f.conn)
		conn_abort(f.conn);
	f.conn = NULL;
	timer_stop(&f.timer);
	sbuf_free(&f.out);
	sbuf_free(&f.in);
	f.out = f.in = (struct sbuf){ 0 };
	f.sent = 0;
	f.scan = 0;
	f.nto = f.tried = 0;
	f.asking = false;
}

static void fail(const char *why)
{
	tell(false, str_c(why));
	end();
}

static void timed_out(struct timer *t UNUSED) { fail("no answer in time"); }

/* ---- talking ------------------------------------------------------------------------------------------------------ */

/* 1: the body is whole, 0: more has to come, -1: it is no answer that can be used (said). */
static int judge(bool eof, struct str *body)
{
	static struct hdr hdrs[MAX_HDRS];
	static const struct h1_head_opts o = { .max_head = ANSWER_MAX };
	struct http_msg m;
	struct arena a;
	enum h1_verdict v;
	enum h1_error e;
	size_t head;
	int r = 0;

	arena_init(&a, 4096);
	msg_init(&m, hdrs, MAX_HDRS, &a, false);
	v = h1_head_parse(&m, sbuf_str(&f.in), &o, &f.scan, &e);
	head = m.head_len;
	if (v == H1_OK && m.status == 200) {
		*body = str_sub(sbuf_str(&f.in), head, f.in.n);
		if (m.flags & MSG_CLEN && body->n >= m.body_len)
			body->n = m.body_len, r = 1;
		else if (m.flags & MSG_CLOSE_DELIM && eof)
			r = 1;
	}
	if (v == H1_OK && m.status != 200) {
		char text[32];
		snprintf(text, sizeof(text), "status %u", m.status);
		fail(text);
		r = -1;
	} else if (v == H1_BAD || (eof && !r)) {
		fail(v == H1_BAD ? "not an HTTP answer" : "the answer is cut short");
		r = -1;
	}
	arena_free(&a);
	return r;
}

static void connect_next(const char *why);

static void on_conn(struct conn *c)
{
	char part[4096];
	struct str body;
	ssize_t n = 0;

	if (c->flags & CONN_DEAD) {
		connect_next(c->err ? strerror(c->err) : "connection lost");
		return;
	}
	if (f.sent < f.out.n) {
		struct iovec v = { f.out.p + f.sent, f.out.n - f.sent };
		n = conn_sendv(c, &v, 1, false);
		if (n > 0)
			f.sent += (size_t)n;
	}
	while (f.in.n < ANSWER_MAX && (n = conn_recv(c, part, sizeof(part))) > 0)
		sbuf_add(&f.in, str_n(part, (size_t)n));
	if (n == XPRT_ERR || f.in.n >= ANSWER_MAX) {
		fail(f.in.n >= ANSWER_MAX ? "the answer is too long" : "connection lost");
		return;
	}
	if (judge(n == XPRT_EOF, &body) == 1) {
		tell(true, body);
		end();
	}
}

static const struct conn_owner_ops ops = { .io = on_conn };

/* Once something has been sent no other address is tried. */
static void connect_next(const char *why)
{
	static const struct sock_connect_opts o = { .tos = -1, .mark = -1 };

	if (f.conn)
		conn_abort(f.conn);
	f.conn = NULL;
	while (!f.conn && !f.sent && f.tried < f.nto) {
		f.conn = conn_new_back(&f.to[f.tried++], &o, &xprt_raw, NULL, &ops, NULL);
		if (!f.conn)
			why = strerror(errno);
	}
	if (!f.conn)
		fail(why);
}

/* ---- the host ----------------------------------------------------------------------------------------------------- */

static void add_family(const struct dns_answer *a, bool liked)
{
	for (uint32_t i = 0; i < a->n && f.nto < ADDRS_MAX; i++) {
		bool like = !f.prefer || a->at[i].family == (f.prefer == 4 ? AF_INET : AF_INET6);
		if (like == liked) {
			f.to[f.nto] = a->at[i];
			f.to[f.nto++].port = f.port;
		}
	}
}

static void on_found(void *arg, const struct dns_answer *a)
{
	if (!f.asking || f.ticket != (uint32_t)(uintptr_t)arg)
		return; /* of a request that is over */
	f.asking = false;
	if (a->status == DNS_VALID) {
		add_family(a, true);
		add_family(a, false);
	}
	connect_next("the name of the host is not known");
}

static void look_up(const struct ipc_fetch *q)
{
	struct str host = str_n(q->host, strnlen(q->host, sizeof(q->host)));
	void *arg = (void *)(uintptr_t)f.ticket;
	struct dns_answer self = { .status = DNS_VALID, .n = 1 };

	f.port = q->port;
	f.prefer = q->prefer;
	f.asking = true;
	if (addr_parse_ip(&self.at[0], host))
		on_found(arg, &self);
	else if (!(q->resolvers ? dns_ask(q->resolvers - 1, host, on_found, arg) : dns_ask_system(host, on_found, arg)))
		fail("nobody can be asked for the name of the host");
}

void fetch_begin(const struct checker *ck, const struct ipc_msg *m, int fd)
{
	struct ipc_fetch q;
	size_t n = m->num > sizeof(q) && m->num < ANSWER_MAX ? m->num - sizeof(q) : 0;
	char *text = n ? malloc(n) : NULL;

	end();
	f.ctl = ck->ctl;
	f.ticket = m->arg & INT32_MAX;
	if (text && pread(fd, &q, sizeof(q), 0) == (ssize_t)sizeof(q) && pread(fd, text, n, sizeof(q)) == (ssize_t)n &&
	    q.resolvers <= ck->rt->nresolvers) {
		sbuf_add(&f.out, str_n(text, n));
		timer_init(&f.timer, timed_out);
		timer_set(&f.timer, clock_ms() + FETCH_MS);
		look_up(&q);
	}
	free(text);
}

void fetch_end(void) { end(); }
