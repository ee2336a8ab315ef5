// SPDX-License-Identifier: GPL-3.0-or-later
/* What was done to certificates at run time, for the generations after this one: a memfd that the master keeps. Each
 * record knows what the file on disk was when it was written; a file that is another by then counts more. The memfd
 * holds keys: workers and checker have their descriptor closed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sluice/base/notice.h>
#include <sluice/tls/lists.h>
#include <sluice/tls/tickets.h>
#include <sluice/tls/trust.h>
#include "certs.h"

#define MAGIC 0x736c6a31u

struct head { uint32_t magic, zero; uint64_t changes; };   /* changes: counts up with every write */

struct record {
	uint32_t kind, name_n, text_n, there;                  /* there: the file existed */
	uint64_t dev, ino, size, sec, nsec;                    /* what it was */
};

struct kept { struct record r; char *name, *text; };

static struct { int fd; uint64_t changes; VEC(struct kept) at; } journal = { .fd = -1 };
static bool replaying;                                         /* what is done then stands in the journal already */
static const struct ipc_key journal_key = { .text = "tls changes" };

/* ---- records ------------------------------------------------------------------------------------------------------ */

static void look_at_file(struct record *r, const char *path)
{
	struct stat st;

	r->there = stat(path, &st) == 0;
	if (!r->there)
		return;
	r->dev = st.st_dev, r->ino = st.st_ino, r->size = (uint64_t)st.st_size;
	r->sec = (uint64_t)st.st_mtim.tv_sec, r->nsec = (uint64_t)st.st_mtim.tv_nsec;
}

static bool file_is_as_it_was(const struct kept *k)
{
	struct record now = { .kind = k->r.kind, .name_n = k->r.name_n, .text_n = k->r.text_n };

	look_at_file(&now, k->name);
	return memcmp(&now, &k->r, sizeof(now)) == 0;
}

static bool kept_new(struct kept *k, const struct record *r, const char *name, const char *text)
{
	k->r = *r;
	k->name = strndup(name, r->name_n);
	k->text = malloc(r->text_n + 1u);
	if (k->name && k->text) {
		memcpy(k->text, text, r->text_n);
		k->text[r->text_n] = '\0';
		return true;
	}
	free(k->name);
	free(k->text);
	return false;
}

static void kept_free(struct kept *k)
{
	OPENSSL_cleanse(k->text, k->r.text_n);
	free(k->text);
	free(k->name);
}

/* Changes that replace each other; the others are all done again, in their order. */
static bool replaces(enum tls_change k)
{
	return k == TLS_CHANGE_CERT || k == TLS_CHANGE_OCSP || k == TLS_CHANGE_CAS || k == TLS_CHANGE_CRLS;
}

static void drop(enum tls_change k, struct str name)
{
	size_t n = 0;

	for (size_t i = 0; i < journal.at.n; i++) {
		struct kept *e = &journal.at.at[i];
		if (e->r.kind == k && str_eq(str_c(e->name), name))
			kept_free(e);
		else
			journal.at.at[n++] = *e;
	}
	journal.at.n = n;
}

/* ---- the memfd ---------------------------------------------------------------------------------------------------- */

static bool put(size_t *at, const void *p, size_t n)
{
	ssize_t r = pwrite(journal.fd, p, n, (off_t)*at);

	*at += n;
	return r == (ssize_t)n;
}

static void write_all(void)
{
	struct head h = { MAGIC, 0, journal.changes + 1 };
	size_t at = 0;
	bool ok = journal.fd >= 0 && ftruncate(journal.fd, 0) == 0 && put(&at, &h, sizeof(h));

	for (size_t i = 0; ok && i < journal.at.n; i++) {
		const struct kept *k = &journal.at.at[i];
		ok = put(&at, &k->r, sizeof(k->r)) && put(&at, k->name, k->r.name_n) && put(&at, k->text, k->r.text_n);
	}
	journal.changes = h.changes;
	if (!ok && journal.fd >= 0)
		notice(SAY_WARNING, "a changed certificate will not outlive a reload: %s", strerror(errno));
}

static void append(const struct kept *k)
{
	struct head h = { MAGIC, 0, ++journal.changes };
	off_t end = lseek(journal.fd, 0, SEEK_END);
	size_t at = (size_t)MAX(end, 0), start = 0;

	if (end < (off_t)sizeof(h)) {
		write_all();
		return;
	}
	if (!put(&at, &k->r, sizeof(k->r)) || !put(&at, k->name, k->r.name_n) || !put(&at, k->text, k->r.text_n) ||
	    !put(&start, &h, sizeof(h)))
		notice(SAY_WARNING, "a changed certificate will not outlive a reload: %s", strerror(errno));
}

static void read_all(void)
{
	struct stat st;
	size_t n = fstat(journal.fd, &st) == 0 ? (size_t)st.st_size : 0, at = sizeof(struct head);
	char *p = n > at ? mmap(NULL, n, PROT_READ, MAP_SHARED, journal.fd, 0) : MAP_FAILED;
	struct head h;
	struct record r;

	if (p == MAP_FAILED)
		return;
	memcpy(&h, p, sizeof(h));
	journal.changes = h.changes;
	while (h.magic == MAGIC && n - at >= sizeof(r)) {
		struct kept k;
		memcpy(&r, p + at, sizeof(r));
		at += sizeof(r);
		if (n - at < r.name_n || n - at - r.name_n < r.text_n)
			break;
		if (r.kind < TLS_CHANGES && kept_new(&k, &r, p + at, p + at + r.name_n)) {
			if (replaces((enum tls_change)r.kind))
				drop((enum tls_change)r.kind, str_c(k.name));
			VEC_PUSH(&journal.at, k);
		}
		at += r.name_n + r.text_n;
	}
	munmap(p, n);
}

void journal_add(struct leader *l, enum tls_change k, struct str name, struct str text)
{
	struct record r = { .kind = k, .name_n = (uint32_t)name.n, .text_n = (uint32_t)text.n };
	size_t before = journal.at.n;
	struct kept e;
	bool gone = k == TLS_CHANGE_CERT_DEL || k == TLS_CHANGE_CAS_DEL || k == TLS_CHANGE_CRLS_DEL;

	(void)l;
	if (journal.fd < 0 || replaying)
		return;
	if (gone)
		drop((enum tls_change)(k - 1), name); /* each stands behind what it undoes */
	else if (replaces(k))
		drop(k, name);
	if (k == TLS_CHANGE_CERT || k == TLS_CHANGE_CERT_DEL)
		drop(TLS_CHANGE_OCSP, name);
	if (!gone && kept_new(&e, &r, name.p, text.p ? text.p : "")) {
		look_at_file(&e.r, e.name);
		VEC_PUSH(&journal.at, e);
	}
	if (journal.at.n > before)
		append(&VEC_LAST(&journal.at));
	else
		write_all();
}

void journal_forget(struct leader *l, enum tls_change k, struct str name)
{
	size_t before = journal.at.n;

	(void)l;
	drop(k, name);
	if (journal.at.n != before)
		write_all();
}

/* ---- doing it again ----------------------------------------------------------------------------------------------- */

/* The line of a list that looks like this: its number, 0 = there is none. */
static unsigned line_like(const char *list, struct str cert, struct str text)
{
	struct tls_list *l = tls_list_find(list);

	for (size_t i = 0; l && i < l->lines.n; i++)
		if (str_eq(str_c(l->lines.at[i]->cert), cert) && str_eq(str_c(l->lines.at[i]->text), text))
			return l->lines.at[i]->no;
	return 0;
}

static bool line_again(struct leader *l, const struct kept *k, struct tls_err *e)
{
	struct str rest = str_n(k->text, k->r.text_n), cert;
	unsigned no;

	if (k->r.kind == TLS_CHANGE_LIST_ADD) {
		cert = str_split(&rest, ' ');
		return line_like(k->name, cert, str_trim(rest)) || cert_line_add(l, str_c(k->name), str_n(k->text, k->r.text_n), e);
	}
	cert = str_split(&rest, '\t');
	no = line_like(k->name, cert, rest);
	return !no || cert_line_del(l, str_c(k->name), no, e);
}

/* Is there anything in this configuration that the change could be about? A file that exists but that nobody names any
 * more is no certificate of ours. */
static bool concerns_us(const struct kept *k)
{
	switch ((enum tls_change)k->r.kind) {
	case TLS_CHANGE_CERT: return !k->r.there || tls_cert_find(k->name);
	case TLS_CHANGE_CAS: return !k->r.there || tls_trust_find(TLS_CAS, k->name);
	case TLS_CHANGE_CRLS: return !k->r.there || tls_trust_find(TLS_CRLS, k->name);
	case TLS_CHANGE_OCSP: return tls_cert_find(k->name);
	case TLS_CHANGE_LIST_ADD:
	case TLS_CHANGE_LIST_DEL: return tls_list_find(k->name);
	default: return true;
	}
}

static bool key_is_there(const struct kept *k)
{
	char raw[TLS_TICKET_KEY_BYTES];

	for (struct tls_ticket_file *f = tls_ticket_file_first(); f; f = tls_ticket_file_next(f))
		for (unsigned i = 0; strcmp(tls_ticket_file_path(f), k->name) == 0 && i < tls_ticket_file_keys(f); i++)
			if (str_eq(str_n(raw, tls_ticket_file_key(f, i, raw)), str_n(k->text, k->r.text_n)))
				return true;
	return false;
}

static void again(struct leader *l, const struct kept *k)
{
	struct tls_err e = { "" };

	if (!concerns_us(k) || (k->r.kind == TLS_CHANGE_TICKET && key_is_there(k)))
		return;
	if (!file_is_as_it_was(k)) {
		notice(SAY_NOTICE, "%s has changed on disk: what was set at run time no longer counts", k->name);
		return;
	}
	if (k->r.kind == TLS_CHANGE_LIST_ADD || k->r.kind == TLS_CHANGE_LIST_DEL) {
		if (line_again(l, k, &e))
			return;
	} else if (cert_change(l, (enum tls_change)k->r.kind, str_c(k->name), str_n(k->text, k->r.text_n), &e)) {
		return;
	}
	notice(SAY_WARNING, "what was set at run time for %s cannot be done again: %s", k->name, e.text);
}

/* Nothing is written before we serve: the generation before us may go on instead. */
static void do_again(struct leader *l)
{
	struct kept *old;
	size_t n;

	replaying = true;
	for (size_t i = 0; i < journal.at.n; i++)
		kept_free(&journal.at.at[i]);
	journal.at.n = 0;
	read_all();
	old = journal.at.at, n = journal.at.n;
	memset(&journal.at, 0, sizeof(journal.at));
	for (size_t i = 0; i < n; i++) {
		again(l, &old[i]);
		if (concerns_us(&old[i]) && file_is_as_it_was(&old[i]))
			VEC_PUSH(&journal.at, old[i]);
		else
			kept_free(&old[i]);
	}
	free(old);
	replaying = false;
}

bool journal_show(struct leader *l)
{
	return journal.fd < 0 || master_tell(l, IPC_LISTENER, 0, 0, &journal_key, sizeof(journal_key), journal.fd);
}

bool journal_open(struct leader *l, struct inherited *in)
{
	int fd;

	if (!tls_cert_first() && !tls_trust_next(TLS_CAS, NULL))
		return true;
	fd = inherited_take(in, &journal_key);
	bool kept = fd >= 0;

	journal.fd = kept ? fd : memfd_create("tls-changes", MFD_CLOEXEC);
	if (journal.fd < 0) {
		notice(SAY_ALERT, "cannot keep changes of certificates: %s", strerror(errno));
		return false;
	}
	if (kept)
		do_again(l);
	l->journal_fd = journal.fd;
	return master_tell(l, kept ? IPC_LISTENER_KEPT : IPC_LISTENER, 0, 0, &journal_key, sizeof(journal_key), kept ? -1 : journal.fd);
}

void journal_catch_up(struct leader *l)
{
	struct head h;

	if (journal.fd >= 0 && pread(journal.fd, &h, sizeof(h), 0) == (ssize_t)sizeof(h) && h.magic == MAGIC &&
	    h.changes != journal.changes)
		do_again(l);
}
