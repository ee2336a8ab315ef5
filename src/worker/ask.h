// SPDX-License-Identifier: GPL-3.0-or-later
/* Questions of the runtime socket to this worker. An answer is made in slices of bounded size, one a millisecond at most, so that no dump
 * holds up traffic; sessions may come and go in between. */
#ifndef SLUICE_WORKER_ASK_H
#define SLUICE_WORKER_ASK_H

#include <sluice/base/buf.h>
#include <sluice/ipc/ask.h>
#include <sluice/net/loop.h>

#define ASK_SLICE 16384u     /* bytes of text after which a slice ends */
#define ASK_SLICE_ITEMS 200u /* and objects looked at */

struct session;
struct stream;

struct ask {
	struct list link;
	struct timer timer;
	enum ask_kind kind;
	struct ipc_ask q;
	uint64_t ticket;
	int fd;
	struct sbuf out;     /* of this slice */
	unsigned calls;      /* slices before this one */
	struct session *at;  /* the next one to look at, NULL = the end; kept right while sessions end */
	uint32_t i, found;
};

typedef bool ask_fn(struct ask *a); /* one slice; true = that was the last */
#define ASK(id, fn, help) ask_fn ask_##fn;
#include <sluice/tbl/worker_asks.def>
#undef ASK

/* The descriptor stays the caller's. */
void ask_begin(const struct ipc_msg *m, int fd);
/* A session is about to be freed. */
void ask_forget(struct session *se);
/* The name of an exchange on the runtime socket: worker, incarnation, number. */
uint64_t ask_strm_id(const struct stream *s);

/* ---- ask_errors.c: the last bad request and response of each proxy ---- */
void errors_capture(const struct stream *s, bool request);
void errors_drop(void);

#endif
