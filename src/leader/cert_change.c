// SPDX-License-Identifier: GPL-3.0-or-later
/* Changes of certificates: applied here first, where an error can still be told to somebody, then handed to everybody
 * else in the order of their coming. So a process that is forked later has them by birth. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <sluice/base/notice.h>
#include <sluice/conf/crt_line.h>
#include <sluice/tls/lists.h>
#include "certs.h"

#define TELL_MS 500

static bool tell(const struct child *c, int fd, size_t n)
{
	struct pollfd p = { .fd = c->io.fd, .events = POLLOUT };
	enum ipc_type t = c->role == ROLE_WORKER ? IPC_TLS_CHANGE : IPC_CHK_TLS_CHANGE;

	while (!ipc_send(c->io.fd, t, 0, n, NULL, 0, fd))
		if ((errno != EAGAIN && errno != EWOULDBLOCK) || poll(&p, 1, TELL_MS) != 1 || p.revents & (POLLHUP | POLLERR))
			return false;
	return true;
}

static void hand_out(struct leader *l, int fd, size_t n)
{
	for (unsigned i = 0; i < l->nchild; i++) {
		struct child *c = &l->child[i];
		if (!c->pid || tell(c, fd, n))
			continue;
		notice(SAY_WARNING, "process %d does not take a changed certificate: it is replaced", (int)c->pid);
		kill(c->pid, SIGKILL);
	}
}

bool cert_hand_out(struct leader *l, enum tls_change k, struct str name, struct str text, struct tls_err *err)
{
	size_t n;
	int fd = tls_live_pack(k, name, text, &n);

	if (fd < 0) {
		tls_err_set(err, "%s", strerror(errno));
		return false;
	}
	hand_out(l, fd, n);
	close(fd);
	return true;
}

static bool change(struct leader *l, enum tls_change k, struct str name, struct str text, struct tls_err *err)
{
	size_t n;
	int fd = tls_live_pack(k, name, text, &n);
	bool ok = fd >= 0;

	if (!ok)
		tls_err_set(err, "%s", strerror(errno));
	ok = ok && tls_live_do(k, name, text, err);
	if (ok)
		hand_out(l, fd, n);
	if (fd >= 0)
		close(fd);
	if (ok && k == TLS_CHANGE_CERT)
		certs_look();
	return ok;
}

bool cert_change(struct leader *l, enum tls_change k, struct str name, struct str text, struct tls_err *err)
{
	if (!change(l, k, name, text, err))
		return false;
	journal_add(l, k, name, text);
	return true;
}

bool cert_change_from_file(struct leader *l, enum tls_change k, struct str name, struct str text, struct tls_err *err)
{
	if (!change(l, k, name, text, err))
		return false;
	journal_forget(l, k, name);
	return true;
}

/* ---- lines of lists ----------------------------------------------------------------------------------------------- */

bool cert_line_add(struct leader *l, struct str list, struct str line, struct tls_err *err)
{
	struct arena a;
	struct crt_line c;
	char path[1024];
	struct tls_list *t;
	struct sbuf b = { 0 };
	bool ok;

	snprintf(path, sizeof(path), STR_FMT, STR_ARG(list));
	t = tls_list_find(path);
	tls_err_set(err, "crt-list '%s' does not exist!", path);
	arena_init(&a, 4096);
	ok = t && crt_line_parse(l->rt, line, &a, &c, err);
	if (ok) {
		struct tls_line_add add = { .cert = c.cert, .text = c.text, .filters = c.names, .nfilters = c.nnames,
					    .no = tls_list_next_no(t), .own = c.opts != NULL, .opts = c.opts };
		tls_line_pack(&add, &b);
		ok = change(l, TLS_CHANGE_LIST_ADD, list, sbuf_str(&b), err);
		sbuf_free(&b);
	}
	arena_free(&a);
	if (ok) {
		journal_add(l, TLS_CHANGE_LIST_ADD, list, line);
		if (l->phase == LEAD_ACTIVE)
			ocsp_update_more();
	}
	return ok;
}

bool cert_line_del(struct leader *l, struct str list, unsigned no, struct tls_err *err)
{
	struct sbuf packed = { 0 }, was = { 0 };
	char path[1024];
	struct tls_list *t;
	bool ok;

	snprintf(path, sizeof(path), STR_FMT, STR_ARG(list));
	t = tls_list_find(path);
	for (size_t i = 0; t && i < t->lines.n; i++)
		if (t->lines.at[i]->no == no)
			sbuf_printf(&was, "%s\t%s", t->lines.at[i]->cert, t->lines.at[i]->text);
	tls_line_pack_del(no, &packed);
	ok = change(l, TLS_CHANGE_LIST_DEL, list, sbuf_str(&packed), err);
	if (ok)
		journal_add(l, TLS_CHANGE_LIST_DEL, list, sbuf_str(&was));
	sbuf_free(&packed);
	sbuf_free(&was);
	return ok;
}
