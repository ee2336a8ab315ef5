// SPDX-License-Identifier: GPL-3.0-or-later
/* OCSP responses that renew themselves (`ocsp-update on`). The leader knows when one is due, builds the request and judges the
 * answer; the checker talks to the responder. One at a time: a response lives for hours, and who has ten thousand of them
 * should ask no faster. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <sluice/base/clock.h>
#include <sluice/base/notice.h>
#include <sluice/tls/ocsp.h>
#include "certs.h"
#include "cli_priv.h"

#define LOOK_MS   250u
#define LOST_MS   15000u     /* the checker, which takes ten seconds at most, is no more */
#define MARGIN_S  600        /* before the end of a response, if it lasts long enough */

struct renewal {
	char *path;
	struct tls_responder r;      /* empty: nobody to ask */
	uint64_t due_ms;             /* UINT64_MAX: nobody to ask */
	int64_t last;                /* s since the epoch, 0 = never */
	unsigned ok, failed, in_row; /* in_row: failures since the last success */
	char status[120];
};

static struct {
	struct leader *l;
	VEC(struct renewal) at;
	struct timer timer;
	size_t asked;                /* index of the one that is under way */
	uint64_t until_ms;           /* 0 = none is */
	uint32_t ticket;
	bool started;
} up;

/* ---- schedule ----------------------------------------------------------------------------------------------------- */

static void set_next(struct renewal *w, const struct tls_cert *c)
{
	const struct rt_global *g = &up.l->rt->g;
	uint64_t least = g->ocsp_mindelay, most = g->ocsp_maxdelay, wait = most;
	int64_t left = c && c->ocsp ? c->ocsp_until - (int64_t)time(NULL) : 0;

	if (w->in_row)
		wait = least << MIN(w->in_row - 1, 20u);
	else if (left > 0)
		wait = left > 2 * MARGIN_S ? (uint64_t)left - MARGIN_S : (uint64_t)left / 2;
	w->due_ms = clock_ms() + 1000 * MIN(MAX(wait, least), most);
}

static void failed(struct renewal *w, const char *why)
{
	w->failed++;
	w->in_row++;
	w->last = (int64_t)time(NULL);
	if (strcmp(w->status, why) != 0)
		notice(SAY_WARNING, "the OCSP response of %s was not renewed: %s", w->path, why);
	snprintf(w->status, sizeof(w->status), "%s", why);
	set_next(w, tls_cert_find(w->path));
}

/* ---- asking ------------------------------------------------------------------------------------------------------- */

static uint32_t resolvers_wanted(const struct rt *rt)
{
	for (uint32_t i = 0; !rt->g.http_resolvers && i < rt->nresolvers; i++)
		if (str_eq(rt->resolvers[i].name, STR("default")))
			return i + 1;
	return rt->g.http_resolvers;
}

static bool send_to_checker(const struct tls_responder *r, struct str head, struct str body)
{
	struct ipc_fetch to = { .resolvers = resolvers_wanted(up.l->rt), .prefer = up.l->rt->g.http_prefer, .port = (uint16_t)atoi(r->port) };
	int fd = memfd_create("request", MFD_CLOEXEC);
	size_t n = sizeof(to) + head.n + body.n;
	bool ok;

	snprintf(to.host, sizeof(to.host), "%s", r->host);
	ok = fd >= 0 && pwrite(fd, &to, sizeof(to), 0) == (ssize_t)sizeof(to) && pwrite(fd, head.p, head.n, sizeof(to)) == (ssize_t)head.n &&
	     pwrite(fd, body.p, body.n, (off_t)(sizeof(to) + head.n)) == (ssize_t)body.n &&
	     up.l->child[0].pid && ipc_send(up.l->child[0].io.fd, IPC_CHK_FETCH, ++up.ticket, n, NULL, 0, fd);

	if (fd >= 0)
		close(fd);
	return ok;
}

static void ask(size_t i)
{
	struct renewal *w = &up.at.at[i];
	struct tls_cert *c = tls_cert_find(w->path);
	struct sbuf der = { 0 }, head = { 0 };

	w->due_ms = UINT64_MAX;
	if (!c || !tls_ocsp_request(c, &der)) {
		failed(w, c ? "its issuer is not known" : "the certificate is not loaded");
	} else {
		sbuf_printf(&head, "POST %s HTTP/1.0\r\nHost: %s\r\n"
			    "Content-Type: application/ocsp-request\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
			    w->r.path, w->r.host, der.n);
		up.asked = i;
		up.until_ms = clock_ms() + LOST_MS;
		if (!send_to_checker(&w->r, sbuf_str(&head), sbuf_str(&der))) {
			up.until_ms = 0;
			failed(w, "the checker cannot be asked");
		}
	}
	sbuf_free(&der);
	sbuf_free(&head);
}

static void look(struct timer *t)
{
	uint64_t now = clock_ms();

	timer_set(t, now + LOOK_MS);
	if (up.l->phase != LEAD_ACTIVE)
		return;
	if (up.until_ms && now > up.until_ms) {
		up.until_ms = 0;
		failed(&up.at.at[up.asked], "the checker does not answer");
	}
	for (size_t i = 0; !up.until_ms && i < up.at.n; i++)
		if (up.at.at[i].due_ms <= now)
			ask(i);
}

void ocsp_answered(struct leader *l, const struct ipc_msg *m, int fd)
{
	struct renewal *w = up.until_ms && m->arg >> 1 == (up.ticket & INT32_MAX) ? &up.at.at[up.asked] : NULL;
	size_t n = m->num <= 65536 ? (size_t)m->num : 0;
	char *text = w ? malloc(n + 1) : NULL;
	struct tls_err e;

	if (!text || pread(fd, text, n, 0) != (ssize_t)n) {
		free(text);
		return;
	}
	text[n] = '\0';
	up.until_ms = 0;
	if (!(m->arg & 1)) {
		failed(w, text);
	} else if (!cert_change(l, TLS_CHANGE_OCSP, str_c(w->path), str_n(text, n), &e)) {
		failed(w, e.text);
	} else {
		w->ok++;
		w->in_row = 0;
		w->last = (int64_t)time(NULL);
		snprintf(w->status, sizeof(w->status), "Update successful");
		set_next(w, tls_cert_find(w->path));
	}
	free(text);
}

/* ---- who is renewed ----------------------------------------------------------------------------------------------- */

static void add(const struct tls_cert *c)
{
	struct renewal w = { .path = strdup(c->path), .due_ms = UINT64_MAX };
	const char *why = NULL;

	if (!w.path)
		return;
	if (!tls_cert_issuer(c))
		why = "its issuer is neither in the chain nor in FILE.issuer";
	else if (!tls_ocsp_responder(c, &w.r))
		why = "it names no responder with http://";
	else
		w.due_ms = 0;
	if (why) {
		notice(SAY_WARNING, "the OCSP response of %s will not be renewed: %s", c->path, why);
		snprintf(w.status, sizeof(w.status), "%s", why);
	}
	VEC_PUSH(&up.at, w);
	if (!why && c->ocsp)
		set_next(&VEC_LAST(&up.at), c);
}

/* One that was deleted and made again is known by its path. */
static bool known(const struct tls_cert *c)
{
	if (c->ocsp_scheduled)
		return true;
	for (size_t i = 0; i < up.at.n; i++)
		if (strcmp(up.at.at[i].path, c->path) == 0)
			return true;
	return false;
}

void ocsp_update_more(void)
{
	size_t before = up.at.n;

	for (struct tls_cert *c = tls_cert_first(); c; c = c->next)
		if (c->ocsp_update && (!up.started || !known(c))) {
			add(c);
			c->ocsp_scheduled = true;
		}
	up.started = true;
	if (!before && up.at.n)
		timer_set(&up.timer, clock_ms() + LOOK_MS);
}

void ocsp_update_start(struct leader *l)
{
	up.l = l;
	timer_init(&up.timer, look);
	ocsp_update_more();
}

/* ---- the runtime socket ------------------------------------------------------------------------------------------- */

static void put_time(struct sbuf *out, int64_t s)
{
	char text[64];
	time_t at = (time_t)s;
	struct tm t;

	if (!s || !localtime_r(&at, &t) || !strftime(text, sizeof(text), "%d/%b/%Y:%H:%M:%S %z", &t))
		snprintf(text, sizeof(text), "-");
	sbuf_printf(out, "%s | ", text);
}

enum cli_state cli_show_ssl_ocsp_updates(struct cli_run *r)
{
	if (!r->calls)
		sbuf_add(r->out, STR("OCSP Certid | Path | Next Update | Last Update | Successes | Failures | "
				  "Last Update Status | Last Update Status (str)\n"));
	for (; r->at < up.at.n && !cli_full(r); r->at++) {
		const struct renewal *w = &up.at.at[r->at];
		const struct tls_cert *c = tls_cert_find(w->path);
		if (c)
			tls_ocsp_key(c, r->out);
		sbuf_printf(r->out, " | %s | ", w->path);
		put_time(r->out, w->due_ms == UINT64_MAX ? 0 : (int64_t)time(NULL) + ((int64_t)w->due_ms - (int64_t)clock_ms()) / 1000);
		put_time(r->out, w->last);
		sbuf_printf(r->out, "%u | %u | %d | %s\n", w->ok, w->failed, w->in_row == 0 && w->ok, *w->status ? w->status : "-");
	}
	return r->at < up.at.n ? CLI_AGAIN : CLI_DONE;
}

enum cli_state cli_update_ssl_ocsp(struct cli_run *r)
{
	if (r->n != 1)
		return cli_fail(r, "'update ssl ocsp-response' expects a filename");
	for (size_t i = 0; i < up.at.n; i++) {
		struct renewal *w = &up.at.at[i];
		if (!str_eq(r->w[0], str_c(w->path)))
			continue;
		if (!*w->r.host)
			return cli_fail(r, "'update ssl ocsp-response' only works on certificates whose responder is known: %s", w->status);
		w->due_ms = 0;
		return CLI_DONE;
	}
	return cli_fail(r, "'update ssl ocsp-response' only works on certificates that have ocsp-update on");
}
