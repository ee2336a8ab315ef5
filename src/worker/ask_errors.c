// SPDX-License-Identifier: GPL-3.0-or-later
/* The last request and the last response of each proxy that were refused for their form, for `show errors`. Memory is taken when a message is
 * bad, not before, and for the 64 most recent captures of a worker only. */
#include <stdlib.h>
#include <sluice/base/clock.h>
#include <sluice/http/h1.h>
#include "ask.h"
#include "session.h"
#include "stream.h"
#include "worker_priv.h"

#define CAPTURES_MAX 64u
#define BYTES_MAX 16384u
#define COLUMNS 79u

struct capture {
	struct list link;         /* most recent first */
	const struct rt_proxy *px; /* whose error it is */
	const struct rt_proxy *fe, *be;
	uint32_t srv;
	bool request;
	struct timespec when;
	struct addr src;
	uint64_t strm_id, number;
	uint8_t why;              /* enum h1_error */
	uint32_t n;
	char bytes[];
};

static struct list captures = LIST_INIT(captures);
static unsigned ncaptures;
static uint64_t nerrors;

static void capture_free(struct capture *c)
{
	list_del(&c->link);
	ncaptures--;
	free(c);
}

void errors_drop(void)
{
	while (!list_empty(&captures))
		capture_free(LIST_ENTRY(captures.next, struct capture, link));
}

/* The earlier one of the proxy, or the oldest when there are too many. */
static void make_room(const struct rt_proxy *px, bool request)
{
	LIST_EACH_SAFE(p, next, &captures) {
		struct capture *c = LIST_ENTRY(p, struct capture, link);

		if (c->px == px && c->request == request)
			capture_free(c);
	}
	if (ncaptures >= CAPTURES_MAX)
		capture_free(LIST_ENTRY(captures.prev, struct capture, link));
}

void errors_capture(const struct stream *s, bool request)
{
	const struct endp *e = request ? &s->cli : &s->srv;
	const struct rt_proxy *px = request ? s->fe : s->be;
	uint32_t n = (uint32_t)MIN(e->bad.n, (size_t)BYTES_MAX);
	struct capture *c;

	if (!px || !e->bad.p)
		return;
	make_room(px, request);
	c = malloc(sizeof(*c) + n);
	if (!c)
		return;
	*c = (struct capture){
		.px = px, .fe = s->fe, .be = s->be, .srv = s->srv_idx, .request = request, .when = clock_real, .strm_id = ask_strm_id(s),
		.number = nerrors++, .why = e->h1_err, .n = n,
	};
	if (s->sess->conn)
		c->src = s->sess->conn->src;
	memcpy(c->bytes, e->bad.p, n);
	list_unshift(&captures, &c->link);
	ncaptures++;
}

/* ---- printing ---- */

/* One byte of the dump; returns its width. */
static unsigned put_byte(struct sbuf *b, unsigned char c)
{
	static const char letters[] = "\t\n\r\033\\", names[] = "tnre\\";
	const char *at = c ? strchr(letters, c) : NULL;

	if (at) {
		sbuf_addc(b, '\\');
		sbuf_addc(b, names[at - letters]);
		return 2;
	}
	if (c >= 32 && c < 127) {
		sbuf_addc(b, (char)c);
		return 1;
	}
	sbuf_printf(b, "\\x%02X", c);
	return 4;
}

static void dump(struct sbuf *b, const char *p, uint32_t n)
{
	for (uint32_t i = 0; i < n;) {
		bool goes_on = i && p[i - 1] != '\n';
		unsigned width = 9;

		sbuf_printf(b, "  %05u%s ", i, goes_on ? "+" : " ");
		while (i < n && width < COLUMNS - 4) {
			width += put_byte(b, (unsigned char)p[i++]);
			if (p[i - 1] == '\n')
				break;
		}
		sbuf_addc(b, '\n');
	}
}

static void print(struct ask *a, const struct capture *c)
{
	char date[40], ip[ADDR_TEXT_MAX];
	struct tm tm;
	struct sbuf *b = &a->out;
	const struct rt_server *srv = c->srv != RT_NONE ? &wk.rt->srv[c->srv] : NULL;

	localtime_r(&c->when.tv_sec, &tm);
	strftime(date, sizeof(date), "%d/%b/%Y:%H:%M:%S", &tm);
	sbuf_printf(b, " \n[%s.%03ld] %s " STR_FMT " (#%u): invalid %s\n", date, c->when.tv_nsec / 1000000, c->request ? "frontend" : "backend",
		    STR_ARG(c->px->name), c->px->id, c->request ? "request" : "response");
	if (c->request)
		sbuf_printf(b, "  backend " STR_FMT " (#%lld)", STR_ARG(c->be ? c->be->name : STR("<NONE>")), c->be ? (long long)c->be->id : -1ll);
	else
		sbuf_printf(b, "  frontend " STR_FMT " (#%u)", STR_ARG(c->fe->name), c->fe->id);
	sbuf_printf(b, ", server " STR_FMT " (#%lld), event #%llu, src %.*s\n", STR_ARG(srv ? srv->name : STR("<NONE>")),
		    srv ? (long long)srv->id : -1ll, (unsigned long long)c->number, (int)addr_text(&c->src, ip), ip);
	sbuf_printf(b, "  session 0x%llx, worker %u, length %u bytes, %s:\n \n", (unsigned long long)c->strm_id, wk.slot, c->n,
		    h1_error_text((enum h1_error)c->why));
	dump(b, c->bytes, c->n);
}

static bool wanted(const struct ask *a, const struct capture *c)
{
	unsigned kind = c->request ? ASK_REQ : ASK_RES;

	return a->q.flags & kind && (a->q.be == RT_NONE || c->px == &wk.rt->px[a->q.be] || c->fe == &wk.rt->px[a->q.be]);
}

/* At most a megabyte and a half in all: one slice a capture would do, one for all is simpler and still short. */
bool ask_errors(struct ask *a)
{
	uint32_t nth = 0;

	a->found = (uint32_t)nerrors;
	LIST_EACH(p, &captures) {
		const struct capture *c = LIST_ENTRY(p, struct capture, link);

		if (nth++ < a->i)
			continue;
		a->i++;
		if (!wanted(a, c))
			continue;
		print(a, c);
		if (a->out.n >= ASK_SLICE)
			return false;
	}
	return true;
}
