// SPDX-License-Identifier: GPL-3.0-or-later
/* Samples: the typed values that fetches produce, converters transform and matches test; and the context they are taken from. */
#ifndef SLUICE_EXPR_SAMPLE_H
#define SLUICE_EXPR_SAMPLE_H

#include <sluice/base/addr.h>
#include <sluice/http/msg.h>

enum smp_type { SMP_NONE, SMP_BOOL, SMP_INT, SMP_IP, SMP_STR, SMP_BIN, SMP_METH, SMP_ANY };

struct smp {
	uint8_t type;        /* enum smp_type, never SMP_ANY */
	bool may_change;     /* more input may still change the value (L6 inspection); also set when there is none yet */
	uint8_t meth;        /* SMP_METH: enum http_method */
	union {
		int64_t i;       /* SMP_INT, SMP_BOOL (0/1) */
		struct addr ip;
		struct str s;    /* SMP_STR, SMP_BIN, and SMP_METH: the method as text */
	};
};

/* Where a fetch may be used: which part of the exchange must exist. */
enum smp_need {
	NEED_NOTHING = 0,
	NEED_CLIENT = 1,      /* the client connection */
	NEED_REQ_HEAD = 2,
	NEED_RES_HEAD = 4,
	NEED_REQ_BODY = 8,
	NEED_STREAM = 16,     /* a stream with timers and a chosen backend */
	NEED_L6 = 32,         /* raw bytes received from the client (tcp-request content) */
	NEED_RES_L6 = 64,
	NEED_BACK_ADDR = 128, /* our own address towards the server */
	NEED_SERVER = 256,    /* a backend, its server, the connection to that: of a stream or of a health check */
	NEED_CHECK = 512,     /* a health check */
	NEED_SESS = 1024,     /* variables of scope sess: of a client connection or of a health check */
};

/* Numbers that live outside the message; the worker (or a test) answers. `idx` is the resolved proxy or server index
 * (-1 = the current one). Rows here are the only link from expressions to the running state. */
enum smp_env_num {
	ENV_BE_CONN, ENV_FE_CONN, ENV_NBSRV, ENV_SRV_IS_UP, ENV_CONNSLOTS, ENV_QUEUE, ENV_SRV_CONN, ENV_BE_SESS_RATE, ENV_FE_SESS_RATE,
	ENV_SRV_QUEUE, ENV_AVG_QUEUE, ENV_BE_ID, ENV_FE_ID, ENV_SRV_ID, ENV_DST_CONN, ENV_TXN_STATUS, ENV_STOPPING, ENV_NBPROC, ENV_PID, ENV_HTTP_FIRST_REQ,
	ENV_FC_HTTP_MAJOR, ENV_SRV_WEIGHT, ENV_IS_ERROR, ENV_IS_FORWARDED, ENV_IS_NORMAL, ENV_IS_PROCESSED, ENV_IS_LOCAL,
	ENV_BE_CONN_FREE, ENV_FE_REQ_RATE, ENV_SRV_CONN_FREE, ENV_SRV_SESS_RATE, ENV_SRV_IWEIGHT, ENV_SRV_UWEIGHT, ENV_PROC, ENV_PRIO_CLASS, ENV_PRIO_OFFSET,
	ENV_LAST_RULE_LINE, ENV_BC_HTTP_MAJOR, ENV_FC_GLITCHES, ENV_BC_GLITCHES, ENV_BE_SERVER_TIMEOUT, ENV_BE_TUNNEL_TIMEOUT, ENV_CUR_SERVER_TIMEOUT, ENV_CUR_TUNNEL_TIMEOUT,
	ENV_FE_CLIENT_TIMEOUT, ENV_CUR_CLIENT_TIMEOUT, ENV_SO_ID, ENV_FC_RCVD_PROXY, ENV_RETRIES, ENV_REDISPATCHED, ENV_BYTES_IN, ENV_BYTES_OUT, ENV_SRV_QUEUE_POS,
	ENV_BE_QUEUE_POS, ENV_ACCEPT_DATE, ENV_REQUEST_DATE, ENV_T_HANDSHAKE, ENV_T_TOTAL, ENV_T_IDLE, ENV_T_HDR, ENV_T_TQ, ENV_T_QUEUE,
	ENV_T_CONNECT, ENV_T_RES_HDR, ENV_T_DATA, ENV_T_ACTIVE, ENV_T_USER, ENV_FC_RTT, ENV_FC_RTTVAR, ENV_FC_UNACKED, ENV_FC_SACKED,
	ENV_FC_LOST, ENV_FC_RETRANS, ENV_FC_FACKETS, ENV_FC_REORDERING, ENV_ACTCONN,
};
enum smp_env_str { ENV_FE_NAME, ENV_BE_NAME, ENV_SRV_NAME, ENV_UNIQUE_ID, ENV_HOSTNAME, ENV_CAPTURE_REQ_HDR, ENV_CAPTURE_RES_HDR, ENV_CAPTURE_REQ_URI, ENV_CAPTURE_REQ_METHOD, ENV_CAPTURE_REQ_VER,
	ENV_CAPTURE_RES_VER, ENV_LAST_RULE_FILE, ENV_SO_NAME, ENV_FE_DEFBE, ENV_TERM_STATE, ENV_FC_PP_TLV };
/* Addresses: of the client connection itself, whatever rules made of src and dst, and of the connection to the server. */
enum smp_env_addr { ENV_FC_SRC, ENV_FC_DST, ENV_BC_SRC, ENV_BC_DST };
enum ref_kind { REF_BACKEND, REF_FRONTEND, REF_SERVER, REF_USERLIST, REF_TABLE };

struct conn;
struct smp_ctx;
struct smp_stick;   /* stick_env.h */
struct smp_env {
	bool (*num)(const struct smp_ctx *c, enum smp_env_num what, int idx, int64_t *out);
	bool (*text)(const struct smp_ctx *c, enum smp_env_str what, int idx, struct str *out);
	/* The rest may be NULL. addr: NULL = unknown. find: index of a name that came at run time, -1 = unknown. capture: keeps a copy for
	 * the log. */
	const struct addr *(*addr)(const struct smp_ctx *c, enum smp_env_addr what);
	int (*find)(const struct smp_ctx *c, enum ref_kind kind, struct str name);
	void (*capture)(const struct smp_ctx *c, bool response, int slot, struct str v);
	bool (*stick)(struct smp_ctx *c, const struct smp_stick *q, int64_t *out); /* NULL = there are no stick tables */
	/* Are these a user and the password of userlist `list`? The n-th group of that user, false behind the last. */
	bool (*auth)(const struct smp_ctx *c, int list, struct str user, struct str pass);
	bool (*group)(const struct smp_ctx *c, int list, struct str user, int n, struct str *out);
};

struct smp_ctx {
	struct http_msg *req, *res;   /* NULL while there is none */
	const struct addr *src, *dst; /* client and local address; NULL = unknown */
	struct str l6_req, l6_res;    /* raw bytes so far */
	struct str body, res_body;    /* what is buffered of the bodies */
	bool final;                   /* no more input will come (WAIT_END) */
	struct conn *fc, *bc;         /* connections to client and server, NULL = there is none (any more) */
	struct arena *tmp;            /* results that need memory go here; reset by the owner of the context */
	const struct smp_env *env;
	const void *owner;            /* the stream, for env */
	struct smp_memo *memo;        /* what has been evaluated (memo.h), or NULL */
	struct var_store *vars[6];    /* by enum var_scope (vars.h); NULL = that scope does not exist here */
};

/* Conversions between types as HAProxy casts them; false when the value has no such form ("abc" to ip). Text becomes the integer
 * it starts with, 0 when it starts with none. */
bool smp_cast(struct smp *s, enum smp_type to, struct arena *tmp) MUST_CHECK;
bool smp_castable(enum smp_type from, enum smp_type to);
struct str smp_type_name(enum smp_type t);

#endif
