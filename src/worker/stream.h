// SPDX-License-Identifier: GPL-3.0-or-later
/* A stream: one exchange between a client and a server (HTTP: one request and its response; TCP: one connection). It
 * is a table of steps (strm_steps.def) that pulls from one endpoint and pushes to the other; what rules, logs and
 * replies need to see is in here.
 *
 *   session ── cli endp ── stream ── srv endp ── sconn (pool.h)
 *
 * Memory: the stream, its two header arrays and its arena come from pools of the worker and go back when the
 * exchange ends. Nothing is zeroed but what strm_new() names. Times are clock_now_ns. */
#ifndef SLUICE_WORKER_STREAM_H
#define SLUICE_WORKER_STREAM_H

#include <sluice/expr/expr.h>
#include <sluice/lb/queue.h>
#include <sluice/mux/mux.h>
#include <sluice/rt/rt.h>
#include <sluice/tls/xprt_tls.h>

#define STREAM_MAGIC 0x7374726du
#define STRM_MAX_AVOID 8
#define LOG_SILENT (-1)

struct bwlim;
struct copy;
struct comp_body;
struct session;
struct sconn;
struct sc_set;
struct persist_key;
struct stream;

enum strm_step {
#define STEP(id, fn, name, help) ST_##id,
#include "strm_steps.def"
#undef STEP
	ST_COUNT
};

enum step_result {
	STEP_NEXT,   /* s->step says where to go on */
	STEP_WAIT,   /* nothing to do before a wake or a timer */
	STEP_END,    /* the stream is over and freed: do not touch it */
};

enum strm_flags {
	SF_HTTP = 1 << 0,
	SF_REPLY = 1 << 1,        /* the response is made here: res and reply_body hold it */
	SF_REPLY_SILENT = 1 << 2, /* ... and is no byte at all: the connection just closes */
	SF_RES_STARTED = 1 << 3,  /* a byte of a final response is with the client's mux: too late for another */
	SF_REQ_SENT = 1 << 4,     /* a byte of the request may have left for the present server */
	SF_TUNNEL = 1 << 5,
	SF_CLI_CLOSE = 1 << 6,    /* the client connection ends with this exchange */
	SF_REDISPATCHED = 1 << 7,
	SF_PINNED = 1 << 8,       /* srv_idx is forced: nothing else unless it fails and redispatch allows */
	SF_LOGGED = 1 << 9,
	SF_MONITOR = 1 << 10,     /* a monitor request: not logged, not counted */
	SF_BE_COUNTED = 1 << 11,  /* our share in LIVE_BE, LIVE_SRV */
	SF_SRV_COUNTED = 1 << 12,
	SF_QUEUED = 1 << 13,
	SF_REQ_HELD = 1 << 14,    /* the whole request is still buffered: it may be sent again */
	SF_REQ_HEAD_GONE = 1 << 15, /* the request's slices died with their buffer: ctx.req is NULL */
	SF_NOT_FIRST = 1 << 16,   /* not the first exchange of its session */
	SF_NO_RETRY = 1 << 17,    /* http-request disable-l7-retry */
	SF_FIN_CLI = 1 << 18,     /* the client's end of input was passed on */
	SF_FIN_SRV = 1 << 19,     /* the server's end of input was passed on */
	SF_TARPIT = 1 << 20,
	SF_DYING = 1 << 21,       /* strm_end() has begun */
	SF_FINAL_INSPECT = 1 << 22, /* inspect-delay is over: content rules are to decide now */
	SF_100_SENT = 1 << 23,
	SF_FORCE_PERSIST = 1 << 24,
	SF_TCP_RES_DONE = 1 << 25,  /* tcp-response content rules have decided */
	SF_REQ_PREPARED = 1 << 26,  /* headers_request() has run for this attempt */
	SF_AFTER_DONE = 1 << 27,    /* http-after-response rules have run */
	SF_HDRS_DONE = 1 << 29,     /* the headers that configuration adds are in, for all attempts */
	SF_STUCK = 1 << 30,         /* persistence has been looked up */
	SF_IGNORE_PERSIST = 1u << 31,
	SF_SRV_CLOSE = 1 << 28,     /* a rule closes the connection to the server */
};

enum strm_early {
	EARLY_CAME = 1, /* the client sent the request before its handshake was over */
	EARLY_SENT = 2, /* ... and we to the server */
	EARLY_TOLD = 4, /* its Early-Data field is ours */
};

/* When each phase was reached, ns monotonic; 0 = not reached. Names as in struct log_data. */
struct strm_times { uint64_t req_start, req_done, queue_done, conn_done, req_sent, res_head, end; };

struct stream {
	uint32_t magic;
	uint8_t step;                     /* enum strm_step */
	uint8_t ntries;                   /* connection attempts made so far */
	uint8_t navoid;
	uint8_t ninterim;                 /* 1xx responses passed on */
	bool running;                     /* inside strm_run(): a wake only notes `again` */
	bool again;
	bool service;                     /* answered by the statistics page or a service: <STATS> in logs */
	int8_t log_level;                 /* set-log-level: 0 = as usual, level + 1, or LOG_SILENT */
	char term[4];                     /* termination state; '-' until somebody sets it: see term.h */
	uint32_t flags;                   /* enum strm_flags */
	struct session *sess;
	struct list link;                 /* in sess->streams */
	struct list srv_link;             /* in the server's list of this worker while SF_SRV_COUNTED */
	struct task task;                 /* runs the stream in this turn or the next */
	struct lb_wait wait;              /* place in a queue while SF_QUEUED */

	const struct rt_proxy *fe;
	const struct rt_proxy *be;        /* NULL until routed */
	uint32_t be_idx, srv_idx;         /* RT_NONE until chosen */
	uint32_t avoid[STRM_MAX_AVOID];   /* servers that failed this request */
	struct sconn *sc;                 /* connection to the server, NULL while there is none */

	struct endp cli, srv;
	struct http_msg req, res;         /* res: from the server, or the reply being made */
	struct buf req_view;              /* the part of cli.rx not yet handed to the server while SF_REQ_HELD */
	struct str reply_body;            /* body of a reply, lives in arena or in rt */
	struct buf reply_buf;             /* ... and what is left of it to send */
	struct reply_gen *gen;            /* ... or who makes it piece by piece (reply_gen.h), NULL = nobody */

	struct var_store vars_txn, vars_msg; /* scopes txn; req until the response begins, res from there on */
	struct smp_ctx ctx;               /* for rules, formats and logs; strm_smp_ctx() fills what is due */
	const struct rule_list *rule_list; /* the list that waits for more input, NULL = none */
	uint32_t rule_at;                 /* ... and its rule that could not decide: earlier ones have acted */
	const struct rule *last_rule;     /* the rule that ended a rule set last, NULL = none did */

	struct arena *arena;              /* lives as long as the stream, reset when it goes back */

	/* of the request as received, saved before rules may change it (log, captures): slices in arena or, while
	 * the head is held, in rx */
	struct str log_method, log_uri, log_version;
	struct str *req_caps, *res_caps;  /* fe->nreq_cap / nres_cap slots, NULL when there are none */
	struct str unique_id;             /* made on first use */
	struct str req_cookie, res_cookie;

	struct strm_times t;
	uint64_t exp;                     /* deadline of the phase, ms; 0 = none */
	uint64_t exp_cli, exp_srv;        /* inactivity deadlines while bytes flow, ms; 0 = none */
	bool grpc;                        /* a gRPC request: see grpc.h */
	uint32_t grpc_timeout;            /* ms, as its client announced; 0 = none */
	uint32_t slow_cli, slow_srv;      /* bytes sent to a blocked receiver that did not move its deadline yet */
	uint64_t exp_inspect;             /* end of inspect-delay, ms */
	uint32_t be_queue_pos, srv_queue_pos; /* requests before us when we were queued */
	uint64_t pat_ticket, pat_until;   /* act_map.c: the order whose end is waited for, and for how long */
	uint64_t hold_until;              /* a rule holds its list until then, ms; 0 = none does */
	uint32_t resolving;               /* the question it waits for (resolve.h), 0 = none */
	uint8_t early;                    /* enum strm_early: early data, see early.c */
	struct tls_waiter early_over;     /* for the end of the client's handshake */
	struct http_msg *hints;           /* early hints that have not left yet, NULL = none */
	struct addr src_set, dst_set;     /* what ctx.src and ctx.dst point at once rules have set them */
	uint32_t to_set[3];               /* client, server, tunnel timeout set by rules, ms; 0 = not set */
	int64_t bc_tos, bc_mark;          /* of connections to servers, when bc_marked; -1 = as it is */
	int32_t prio_offset;              /* ms */
	int16_t prio_class;
	bool bc_marked;
	uint8_t res_at;                   /* response rule lists: 0 = not begun, else 1 + number of those that are through */
	struct addr back;                 /* our address towards the server, where the log format wants it */
	uint64_t bytes_in, bytes_out;     /* client side: received from, sent to the client */
	uint64_t counted_in, counted_out; /* ... of which the counters know */
	uint64_t counted_ms;              /* when they were last told */
	uint32_t persist_srv;             /* the server that persistence asked for, while we stay with it; else RT_NONE */
	bool cookie_told;                 /* the response has its Set-Cookie */
	uint32_t cookie_first, cookie_last; /* dates of the request's cookie, s; 0 = none */
	struct persist_key *persist_keys; /* what stick rules store once the server has answered */
	struct sc_set *track;             /* what content and HTTP rules track; NULL = nothing */
	uint64_t track_in, track_out;     /* bytes that tracked entries have counted */
	uint16_t status;                  /* of the final response sent to the client, 0 = none */
	uint16_t retries;                 /* of connections, as %rc prints */
	int16_t retries_set;              /* by rules: retries allowed; -1 = the backend's */
	struct copy *copies;              /* copies of this request that want the rest of its body; NULL = none */
	struct copy *copy;                /* this exchange is one (mirror.h), else NULL */
	struct bwlim *bw;                 /* bandwidth limits that rules have set; NULL = none */
	uint64_t exp_bw;                  /* ... when they let more pass, ms; 0 = nothing waits for them */
	struct comp_body *comp_req;       /* the body of the request is, else NULL */
	struct comp_body *comp;           /* the response is being compressed, else NULL */
	bool comp_bypassed;               /* it would be, had there been memory, rate or CPU left */
	uint8_t comp_algo;                /* enum comp_algo that the client takes; 0xff = not looked at yet */
	uint32_t req_counter;             /* requests of this worker so far, for %rt */
};

/* A new exchange on sess; NULL when memory is short. */
struct stream *strm_new(struct session *sess, const struct rt_proxy *fe, bool http) MUST_CHECK;
/* Runs steps until one waits. The stream may be gone afterwards. */
void strm_run(struct stream *s);
/* Takes one step, for explain. */
enum step_result strm_step(struct stream *s);
/* Closes both ends, logs, counts, frees. `how` is for the client's connection. */
void strm_end(struct stream *s, enum mux_close_how how);
/* Frees a stream that never had an endpoint in use: nothing is logged or told to the session. */
void strm_discard(struct stream *s);
/* The context for rules and formats, with everything known so far. */
struct smp_ctx *strm_smp_ctx(struct stream *s);
/* The response begins: variables of scope req end, those of res may be set. */
void strm_vars_response(struct stream *s);
/* Takes the slices of the request head out of the receive buffer's hands: log texts are copied to the arena, and the whole head where the
 * configuration reads it later (keeps_req); else ctx.req dies. */
void strm_drop_req_head(struct stream *s);
/* Earliest deadline, ms; 0 = none. */
uint64_t strm_deadline(const struct stream *s);
/* Called when strm_deadline() has passed. */
void strm_expire(struct stream *s);

/* How often the request may be tried again. */
static inline uint16_t strm_retries(const struct stream *s)
{
	return s->retries_set >= 0 ? (uint16_t)s->retries_set : s->be->retries;
}

/* Text in the stream's arena. */
static inline struct str strm_dup(struct stream *s, struct str v)
{
	char *p = arena_bytes(s->arena, v.n ? v.n : 1);
	memcpy(p, v.p ? v.p : "", v.n);
	return (struct str){ p, v.n };
}

#endif
