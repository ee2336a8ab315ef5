// SPDX-License-Identifier: GPL-3.0-or-later
/* `ssl-watch on`: files of certificates, OCSP responses, CAs and revocations that have changed on disk take effect without
 * a reload. All files are looked at once in a round, spread over it; inotify would not see what another machine writes to a
 * shared disk. A file counts when it has looked the same in two rounds, so one that is being written is left alone; what cannot
 * be used changes nothing and is reported once. */
#include <stdlib.h>
#include <string.h>

#include <sluice/base/clock.h>
#include <sluice/base/notice.h>
#include <sluice/tls/trust.h>
#include "certs.h"

#define TICK_MS   100u
#define TICK_MOST 100u    /* certificates looked at in a tick: ten thousand take ten seconds, and a third of a percent of a CPU */
#define ROUND_MS  300u    /* between two rounds */

/* What was seen of a file, under its path; only of those that differ from what is in force. */
struct seen { char *path; uint64_t stamp; bool tried; };

static struct {
	struct leader *l;
	struct timer timer;
	unsigned at;                /* place in the round */
	VEC(struct seen) seen;
} watch;

static struct seen *seen_of(const char *path)
{
	struct seen s = { 0 };

	for (size_t i = 0; i < watch.seen.n; i++)
		if (strcmp(watch.seen.at[i].path, path) == 0)
			return &watch.seen.at[i];
	s.path = strdup(path);
	if (!s.path)
		return NULL;
	VEC_PUSH(&watch.seen, s);
	return &VEC_LAST(&watch.seen);
}

static void seen_forget(const char *path)
{
	for (size_t i = 0; i < watch.seen.n; i++)
		if (strcmp(watch.seen.at[i].path, path) == 0) {
			free(watch.seen.at[i].path);
			watch.seen.at[i] = VEC_LAST(&watch.seen);
			watch.seen.n--;
			return;
		}
}

/* Is it time to read the file again? It was read with `known`, is `now`. */
static bool due(const char *path, uint64_t known, uint64_t now)
{
	struct seen *s;
	bool same;

	if (!known)
		return false;
	if (known == now) {
		if (watch.seen.n)
			seen_forget(path);
		return false;
	}
	s = seen_of(path);
	if (!s)
		return false;
	same = s->stamp == now;
	s->tried = s->tried && same;
	s->stamp = now;
	return same && !s->tried;
}

static void done(const char *path, bool ok, const struct tls_err *e)
{
	struct seen *s = seen_of(path);

	if (ok) {
		seen_forget(path);
		notice(SAY_NOTICE, "%s has changed on disk and is in force now", path);
		return;
	}
	if (s)
		s->tried = true;
	notice(SAY_WARNING, "%s has changed on disk and cannot be used, what was there before stays: %s", path, e->text);
}

static void look_at_cert(struct tls_cert *c)
{
	uint64_t now = c->stamp ? tls_cert_stamp(c) : 0;
	struct sbuf pem = { 0 };
	struct tls_err e;
	bool ok;

	if (!due(c->path, c->stamp, now))
		return;
	ok = tls_cert_read_text(c, &pem, &e) && cert_change_from_file(watch.l, TLS_CHANGE_CERT, str_c(c->path), sbuf_str(&pem), &e);
	if (ok) {
		c->stamp = now;
		c->ocsp_stamp = 1; /* the response belonged to the former one */
	}
	done(c->path, ok, &e);
	if (pem.n)
		OPENSSL_cleanse(pem.p, pem.n);
	sbuf_free(&pem);
}

static void look_at_ocsp(struct tls_cert *c)
{
	uint64_t now = c->ocsp_stamp ? tls_cert_ocsp_stamp(c) : 0;
	struct sbuf der = { 0 };
	struct tls_err e;
	bool ok;

	if (!due(c->ocsp_path, c->ocsp_stamp, now))
		return;
	if (!tls_text_read(c->ocsp_path, &der)) {
		c->ocsp_stamp = now; /* it has been taken away: what it said stays good for as long as it said */
		seen_forget(c->ocsp_path);
		return;
	}
	ok = cert_change_from_file(watch.l, TLS_CHANGE_OCSP, str_c(c->path), sbuf_str(&der), &e);
	if (ok)
		c->ocsp_stamp = now;
	done(c->ocsp_path, ok, &e);
	sbuf_free(&der);
}

static void look_at_trust(enum tls_trust_kind k)
{
	for (struct tls_trust *t = tls_trust_next(k, NULL); t; t = tls_trust_next(k, t)) {
		uint64_t now = t->stamp ? tls_file_stamp(t->path) : 0;
		struct sbuf pem = { 0 };
		struct tls_err e = { "it cannot be read" };
		bool ok;
		if (!due(t->path, t->stamp, now))
			continue;
		ok = tls_text_read(t->path, &pem) &&
		     cert_change_from_file(watch.l, k == TLS_CAS ? TLS_CHANGE_CAS : TLS_CHANGE_CRLS, str_c(t->path), sbuf_str(&pem), &e);
		if (ok)
			t->stamp = now;
		done(t->path, ok, &e);
		sbuf_free(&pem);
	}
}

static void tick(struct timer *t)
{
	struct tls_cert *c = tls_cert_first();
	unsigned i;

	timer_set(t, clock_ms() + TICK_MS);
	if (watch.l->phase != LEAD_ACTIVE)
		return;
	for (i = 0; c && i < watch.at; i++)
		c = c->next;
	for (i = 0; c && i < TICK_MOST; i++, c = c->next) {
		look_at_cert(c);
		if (c->ocsp_path)
			look_at_ocsp(c);
	}
	watch.at += TICK_MOST;
	if (c)
		return;
	look_at_trust(TLS_CAS);
	look_at_trust(TLS_CRLS);
	watch.at = 0;
	timer_set(t, clock_ms() + ROUND_MS);
}

void cert_watch_start(struct leader *l)
{
	watch.l = l;
	timer_init(&watch.timer, tick);
	if (l->rt->g.ssl_watch)
		timer_set(&watch.timer, clock_ms() + TICK_MS);
}
