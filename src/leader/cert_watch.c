// SPDX-License-Identifier: GPL-3.0-or-later
/* `ssl-watch on`: files of certificates, what stands beside them, CAs, revocations and crt-lists that have changed on disk take effect without
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
#define TICK_MOST 100u    /* certificates looked at in a tick: ten thousand take ten seconds, and half a percent of a CPU */
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

/* A file that may have changed. */
struct watched {
	const char *path, *name;    /* name: of the change */
	uint64_t *stamp, now;
	enum tls_change change;
	const struct tls_cert *cert; /* it is that certificate's, and its key's; else NULL */
	bool trust;                 /* CAs or revocations: may be a directory */
	bool optional;              /* when it has gone, what it said stays good */
};

/* true: it has changed and is in force. */
static bool look(const struct watched *w)
{
	struct sbuf text = { 0 };
	struct tls_err e = { "it cannot be read" };
	bool there, ok;

	if (!due(w->path, *w->stamp, w->now))
		return false;
	there = w->cert ? tls_cert_read_text(w->cert, &text, &e) : w->trust ? tls_trust_text(w->path, &text) : tls_text_read(w->path, &text);
	ok = there && cert_change_from_file(watch.l, w->change, str_c(w->name), sbuf_str(&text), &e);
	if (ok || (!there && w->optional))
		*w->stamp = w->now;
	if (!there && w->optional)
		seen_forget(w->path);
	else
		done(w->path, ok, &e);
	if (text.n)
		OPENSSL_cleanse(text.p, text.n);
	sbuf_free(&text);
	return ok;
}

/* What was judged by something else before is looked at again. */
static void look_again(struct tls_cert *c, enum tls_beside k)
{
	c->beside[k].stamp = 1;
	if (c->beside[k].path)
		seen_forget(c->beside[k].path);
}

static void look_at_cert(struct tls_cert *c)
{
	static const enum tls_change kinds[TLS_BESIDES] = {
		[TLS_BESIDE_OCSP] = TLS_CHANGE_OCSP, [TLS_BESIDE_ISSUER] = TLS_CHANGE_ISSUER, [TLS_BESIDE_SCTL] = TLS_CHANGE_SCTL,
	};
	struct watched w = { .path = c->path, .name = c->path, .stamp = &c->stamp, .now = c->stamp ? tls_cert_stamp(c) : 0,
			     .change = TLS_CHANGE_CERT, .cert = c };

	if (look(&w)) {
		look_again(c, TLS_BESIDE_OCSP);
		look_again(c, TLS_BESIDE_SCTL);
	}
	w.cert = NULL;
	w.optional = true;
	for (unsigned i = 0; i < TLS_BESIDES; i++) {
		w.path = c->beside[i].path;
		w.stamp = &c->beside[i].stamp;
		w.change = kinds[i];
		w.now = w.path && *w.stamp ? tls_file_stamp(w.path) : 0;
		if (w.path && look(&w) && i == TLS_BESIDE_ISSUER)
			look_again(c, TLS_BESIDE_OCSP);
	}
}

static void look_at_trust(enum tls_trust_kind k)
{
	for (struct tls_trust *t = tls_trust_next(k, NULL); t; t = tls_trust_next(k, t))
		(void)look(&(struct watched){ .path = t->path, .name = t->path, .stamp = &t->stamp, .now = t->stamp ? tls_trust_stamp(t->path) : 0,
					      .trust = true, .change = k == TLS_CAS ? TLS_CHANGE_CAS : TLS_CHANGE_CRLS });
}

static void look_at_lists(void)
{
	for (struct tls_list *t = tls_list_first(); t; t = t->next) {
		uint64_t now = t->stamp ? tls_file_stamp(t->path) : 0;
		struct tls_err e;
		bool ok;

		if (!due(t->path, t->stamp, now))
			continue;
		ok = cert_list_reread(watch.l, t, &e);
		if (ok)
			t->stamp = now;
		done(t->path, ok, &e);
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
	for (i = 0; c && i < TICK_MOST; i++, c = c->next)
		look_at_cert(c);
	watch.at += TICK_MOST;
	if (c)
		return;
	look_at_trust(TLS_CAS);
	look_at_trust(TLS_CRLS);
	look_at_lists();
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
