// SPDX-License-Identifier: GPL-3.0-or-later
/* What the leader asks its workers for the runtime socket. The question is a message with a memfd; a worker writes its text there in slices
 * between its turns and then says that it has finished. */
#ifndef SLUICE_IPC_ASK_H
#define SLUICE_IPC_ASK_H

#include <sluice/ipc/msg.h>

enum ask_kind {
#define ASK(id, fn, help) ASK_##id,
#include <sluice/tbl/worker_asks.def>
#undef ASK
	ASK_KINDS
};

enum ask_flags { ASK_LONG = 1, ASK_URI = 2, ASK_ALL = 4, ASK_REQ = 8, ASK_RES = 16 };

#endif
