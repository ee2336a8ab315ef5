// SPDX-License-Identifier: GPL-3.0-or-later
/* Control messages between the processes of a tree: fixed size, checked for sender, receiver and size; some carry one descriptor. */
#ifndef SLUICE_IPC_MSG_H
#define SLUICE_IPC_MSG_H

#include <sluice/base/addr.h>
#include <sluice/ipc/heritage.h>

#define IPC_VERSION 1

enum ipc_type {
#define IPC_MSG(number, id, from, to, payload, fd, help) IPC_##id = number,
#include <sluice/tbl/ipc_msgs.def>
#undef IPC_MSG
	IPC_COUNT = 128
};

struct ipc_msg {
	uint16_t type, version;    /* enum ipc_type */
	uint32_t arg;
	uint64_t num;
	char data[112];            /* payload struct of the row, zero-padded */
};

/* Payloads. */
struct ipc_none { char nothing[0]; };
struct ipc_key { char text[112]; };   /* canonical address of a listener, NUL-padded */

/* A question to a worker: ipc/ask.h. Indices are UINT32_MAX where nothing is to be left out. */
struct ipc_ask { uint64_t id; uint32_t fe, be, srv; uint32_t older_s, flags; };
/* srv: index in the tables of the generation that is told, UINT32_MAX = of everything; all: 0 = the highest values alone */
struct ipc_clear { uint32_t srv, all; };
struct ipc_ticket { uint64_t n; };    /* of a request, chosen by who asks */
struct ipc_build { char version[32]; }; /* of a leader, NUL-padded */
struct ipc_adopt { char version[32]; uint64_t started_ms, hard_stop_ms; uint32_t nworkers, draining; };

/* A generation as the master sees it. Rows of the table that it sends with IPC_GENERATIONS; grows at its end only. */
enum ipc_gen_state { IPC_GEN_STARTING, IPC_GEN_COMMITTING, IPC_GEN_SERVING, IPC_GEN_DRAINING };
struct ipc_gen {
	uint64_t id, started_ms;      /* clock_ms() of the start of its leader */
	uint32_t state;               /* enum ipc_gen_state */
	int32_t leader;               /* pid, 0 = dead */
	uint32_t nworkers, alive;     /* workers configured, and alive now */
	char version[32];             /* NUL-terminated */
};

/* What an operator may do to a server from the page; words as in HAProxy's forms. */
enum srv_action {
#define SRV_ACTION(id, word, help) SRVA_##id,
#include <sluice/tbl/srv_actions.def>
#undef SRV_ACTION
	SRVA_COUNT
};
#define SRV_ORDER_MAX 28
/* Of struct agent_reply (health/health.h). */
struct ipc_agent { int64_t maxconn; int32_t weight_pct; uint32_t admin; };
struct ipc_resolved { uint16_t family; uint8_t failing, zero[5]; uint8_t ip[16]; }; /* family AF_UNSPEC: no address is known */
void ipc_resolved_pack(struct ipc_resolved *r, const struct addr *a); /* not failing */
/* The address without a port; false: it has none, or a family that cannot be. */
bool ipc_resolved_addr(const struct ipc_resolved *r, struct addr *a) MUST_CHECK;
/* Of an SRV record, in the descriptor of IPC_RECORD: where its target is, and what else it says. */
#define IPC_RECORD_NO_WEIGHT 65535u
struct ipc_record { struct ipc_resolved at; uint16_t port, weight /* 0-256, or IPC_RECORD_NO_WEIGHT: it does not count */; char target[256]; /* NUL-padded */ };
struct ipc_name { char text[104]; uint8_t family /* 4 or 6: preferred */, worker, zero[6]; }; /* text: NUL-padded */
/* Of a request that the leader has made, which stands behind it in the memfd. */
struct ipc_fetch {
	char host[256];         /* address or name, NUL-padded */
	uint32_t resolvers;     /* index + 1; 0 = the machine's own way */
	uint16_t port;
	uint8_t prefer, zero;   /* 4, 6: this family first; 0 = as answered */
};
struct ipc_srv_order { uint32_t srv[SRV_ORDER_MAX]; }; /* indices; `num` of them count */

/* What a rule does to a map or an ACL: key, then value. SET adds what is not there; ADD leaves alone what is. */
enum pat_order_kind { PAT_ORDER_SET, PAT_ORDER_ADD, PAT_ORDER_DEL };
#define PAT_ORDER_TEXT_MAX 4096 /* of a key, and of a value */
struct ipc_pat_order { uint16_t kind, klen, vlen; char text[106]; };

/* A listener that the master hands to a new leader: open there under this number. The memfd is an array of these. */
struct ipc_fd_entry { int32_t fd; struct ipc_key key; };

/* The segment of an earlier generation and its description (ipc/state.h), open in a new leader under these numbers. ENDED: nothing of it lives.
 * LATEST: the states of its servers count. The memfd is an array of these; grows at its end only. */
enum ipc_state_flags { IPC_STATE_ENDED = 1, IPC_STATE_LATEST = 2 };
struct ipc_state_entry { int32_t dir, seg; uint32_t flags, zero; uint64_t generation; };

/* A pair of channels, close-on-exec; -1 and errno on failure. */
int ipc_pair(int sv[2]) MUST_CHECK;
/* Sends one message, with a descriptor when the row says so (else fd = -1); the sender keeps its copy. false when the peer is gone or
 * its buffer is full (never blocks). Payload, size and descriptor must be what the row says. Any process. */
bool ipc_send(int sock, enum ipc_type t, uint32_t arg, uint64_t num, const void *payload, size_t n, int fd);
/* Receives one message addressed to `me` from `peer`: 1 = got it (*fd is the caller's, or -1), 0 = nothing now, -1 = peer closed,
 * -2 = protocol violation (the channel is best closed). Never blocks. Between master and leader, which may be of different builds, messages
 * of unknown numbers are skipped and payloads may be longer than ours. */
int ipc_recv(int sock, enum role me, enum role peer, struct ipc_msg *m, int *fd) MUST_CHECK;
/* Waits up to timeout_ms until the channel is readable or closed; false on timeout. */
bool ipc_wait(int sock, int timeout_ms);

#endif
