// SPDX-License-Identifier: GPL-3.0-or-later
/* The checker's parts:
 *
 *   checker.c  the process: start, messages of the leader, the 100 ms tick
 *   probe.c    one check from its timer to its verdict: connection, timeouts, schedule
 *   chk_*.c    what is said on the connection (check_ops): tcp, script, grpc, agent
 *   chk_http.c requests and responses of a script; chk_http2.c: over HTTP/2, as h2_call.c speaks it for all
 *   chk_expect.c  verdicts of a script; chk_env.c: what its expressions see
 *   agents.c   what the answer of an agent means
 *   dns.c      asking nameservers; srv_reply.c: reading their SRV records; names.c, labels.c: what the answers mean for servers
 *   fleet.c    what a verdict means: health, tracking, slow start, passive errors, the words in the segment
 *   fetch.c    requests that the leader has made
 *   downtime.c since when servers and backends are down
 *   report.c   log lines */
#ifndef SLUICE_CHECKER_PRIV_H
#define SLUICE_CHECKER_PRIV_H

#include <sluice/base/buf.h>
#include <sluice/health/health.h>
#include <sluice/http/h1.h>
#include <sluice/ipc/heritage.h>
#include <sluice/net/conn.h>
#include <sluice/rt/rt.h>
#include <sluice/tls/xprt_tls.h>

#define TICK_MS 100
#define INFO_MAX 160

struct target;
struct exchange;
struct grpc_call;
struct http2;
struct ipc_msg;
struct report;

struct check_ops {
	const char *name;
	/* Before anything is opened: the step that says where to connect. NULL: to where checks of the server go. */
	const struct chk_step *(*begin)(struct target *t);
	/* The connection stands: says what is to be said first. NULL: that it stands is the verdict. */
	void (*start)(struct target *t);
	/* Bytes, end of file or room to send: goes on until it would block or has given a verdict. */
	void (*io)(struct target *t);
	/* Time is up, or the connection is lost: says in words where the check stood. NULL: there is nothing to say. */
	void (*where)(const struct target *t, struct sbuf *out);
	/* The exchange ends, whatever its verdict: frees what start() has left in it. NULL: nothing. */
	void (*end)(struct exchange *x);
};
extern const struct check_ops chk_tcp, chk_grpc, chk_script, chk_agent;

struct exchange {               /* what a talking check needs while it runs; from a pool */
	struct buf in;
	struct str out[4];
	uint32_t nout, sent;    /* bytes of out[] already sent */
	uint32_t scan;          /* of the head parser */
	uint32_t step;          /* script: the next one */
	const struct chk_step *at; /* script: the connect step of this connection; NULL = it has none */
	const struct chk_request *asked; /* http: on this connection last */
	bool asking;            /* http: not all of it has left yet */
	struct {                /* http response, once its head is complete */
		bool head_done;
		uint16_t status;
		uint32_t flags;
		uint64_t want;  /* Content-Length */
		uint32_t body, raw; /* offsets into `in`: decoded body, then bytes not yet decoded */
		struct h1_chunk chunk;
		bool complete;
	} res;
	struct grpc_call *grpc; /* chk_grpc.c */
	struct http2 *h2;       /* chk_http2.c: this connection speaks HTTP/2 */
	char extra[512];        /* headers that differ from probe to probe */
	struct arena *mem;      /* what is made for this probe; NULL = nothing yet */
	struct var_store vars, sess;
};

enum probe_phase { PROBE_IDLE, PROBE_CONNECTING, PROBE_TALKING };

struct target {                 /* a server that is checked, follows one or has an agent; or, for its probe alone, that agent */
	struct checker *ck;
	const struct rt_server *s;
	const struct rt_proxy *px;
	const struct check_ops *ops; /* NULL: is not checked itself */
	struct target *peer;    /* of a server its agent, or NULL; of an agent the server */
	bool agent;
	uint32_t srv;
	struct health health;
	uint8_t phase;          /* enum probe_phase */
	uint8_t status;         /* enum check_status of the last verdict */
	bool maint, observed;
	bool tls;               /* the connection is a TLS one */
	int err;                /* of the connection, for the verdict that follows; else 0 */
	bool off;               /* its checks were disabled at run time */
	uint32_t seen_passive;
	struct timer timer;     /* idle: the next check; else its timeout */
	uint64_t started_ns;
	uint64_t since_ms;      /* of the last change of state */
	struct conn *conn;
	struct exchange *x;
	struct target *followers, *next_follower, *leads; /* leads: whom we follow */
};

struct http_request {            /* of all servers of a backend */
	struct str head, body;  /* constant: but for the lines that are added */
	bool constant, keep;    /* keep: another follows on the connection */
};

struct checker {
	const struct heritage *h;
	const struct rt *rt;
	struct segment *seg;
	struct var_store vars;  /* of scope proc */
	struct target **t;      /* ntargets; room for one a server */
	uint32_t ntargets, nstarting;
	struct target **agent;  /* nagents; room for one a server */
	uint32_t nagents;
	int ctl;                /* channel to the leader, -1 = it is gone */
	struct target **of_srv; /* by server index; NULL = neither checked nor following */
	struct http_request **http; /* by proxy index: the requests of its probes, NULL = none */
	uint64_t leader_epoch;
	uint32_t *seen_order;   /* by server: the order obeyed last */
	bool going;
};

/* probe.c */
void probe_init(struct target *t);
void probe_schedule_first(struct target *t);
void probe_soon(struct target *t, uint32_t ms);         /* not later than in ms, when idle */
void probe_abort(struct target *t);                     /* no verdict, no next check */
void probe_put_off(struct target *t);                   /* no verdict: what is missing is our own */
/* Drops the connection and opens the one that a connect step asks for. */
void probe_reconnect(struct target *t, const struct chk_step *st);
void probe_finish(struct target *t, enum check_status st, unsigned code, struct str info);
void probe_queue(struct target *t, struct str s);       /* adds to what flush sends; s lives until it is sent */
enum probe_io { PROBE_OK, PROBE_WAIT, PROBE_EOF, PROBE_FULL, PROBE_GONE /* verdict given: the exchange is no more */ };
enum probe_io probe_flush(struct target *t);            /* OK: all sent */
enum probe_io probe_fill(struct target *t);             /* OK: new bytes in x->in */
enum probe_io probe_recv(struct target *t, void *p, size_t n, size_t *got); /* OK: n at most, at p */

/* fetch.c: a request that the leader wants made (IPC_CHK_FETCH); the answer goes to ctl. */
void fetch_begin(const struct checker *ck, const struct ipc_msg *m, int fd);
void fetch_end(void);                                   /* no verdict */

/* chk_script.c */
static inline bool chk_is_http(const struct target *t) { return t->px->check.kind == CHK_HTTP; }
static inline unsigned chk_step_number(const struct target *t, const struct chk_step *st)
{
	return (unsigned)(st - t->px->check.steps) + 1;
}
/* What a connect step asks for as its port; 0: that of the server's checks. */
uint16_t script_port(struct target *t, const struct chk_step *st);

/* chk_http.c */
bool http_requests_build(struct checker *ck) MUST_CHECK;
void http_requests_free(struct checker *ck);
void http_forget(struct exchange *x);                   /* of the answer to the request before */
enum probe_io http_say(struct target *t, const struct chk_step *st); /* OK: the request has left */
enum probe_io http_head(struct target *t);              /* OK: the head of the response is there */
enum probe_io http_more(struct target *t);              /* OK: more of the body is there, or res.complete */
enum probe_io http_whole(struct target *t);             /* OK: nothing more will come of this response */
struct str http_body(const struct exchange *x);
/* The response, when its head is there, else NULL; its memory is that of the next chk_ctx() as well. */
struct http_msg *http_response(struct exchange *x, struct arena *a);

/* chk_http2.c */
bool http2_spoken(const struct target *t);              /* does the connection, which stands, speak HTTP/2? */
/* Begins a request whose head is given in HTTP/1; body lives as long as the exchange. false: no memory. */
bool http2_ask(struct target *t, struct str head, struct str body) MUST_CHECK;
enum probe_io http2_fill(struct target *t);             /* as probe_fill(): the response in HTTP/1 */
void http2_end(struct exchange *x);

/* chk_expect.c */
/* Does text match? Only string, binary and regex kinds; want: the pattern where it is a text. */
bool expect_matches(const struct chk_expect *e, struct str want, struct str text);
/* OK: as expected; GONE: the verdict is given. */
enum probe_io expect_step(struct target *t, const struct chk_step *st);
void expect_passed(struct target *t, const struct chk_step *st, enum check_status status); /* the last step: gives the verdict */

/* chk_env.c */
/* What expressions see now; until the next call. */
struct smp_ctx *chk_ctx(struct target *t);
/* What a format gives, in memory of the exchange; p == NULL: there is no memory. */
struct str chk_render(struct target *t, const struct logfmt *f);
void chk_render_to(struct target *t, struct smp_ctx *c, const struct logfmt *f, struct sbuf *out);
/* Bytes from hexadecimal digits, in place. */
bool chk_unhex(struct str *s) MUST_CHECK;
struct arena *chk_mem(struct exchange *x);              /* NULL: there is none */
void chk_env_free(void);

/* fleet.c */
bool fleet_init(struct checker *ck) MUST_CHECK;
/* Takes the states of the segment again: the leader may have imported newer ones since fleet_init(). Before the first probe. */
void fleet_reload(struct checker *ck);
void fleet_free(struct checker *ck);
/* A server has come with row srv, or goes: the row is still its own. false: no memory. */
bool fleet_put(struct checker *ck, uint32_t srv) MUST_CHECK;
void fleet_drop(struct checker *ck, uint32_t srv);
void fleet_verdict(struct target *t, enum check_status st, unsigned code, uint32_t ms, struct str info);
/* The health of t was set by hand. */
void fleet_ordered(struct target *t, enum health_change ch);
void fleet_tick(struct checker *ck);
/* What follows from a change of the health of t, or of its counter alone. */
void fleet_settle(struct target *t, enum health_change ch, bool moved, const struct report *r);

/* names.c: the server cannot be reached: is it somewhere else by now? */
void names_soon(uint32_t srv);

/* agents.c */
bool agents_init(struct checker *ck) MUST_CHECK;        /* after the servers */
bool agent_add(struct checker *ck, struct target *t) MUST_CHECK; /* the server's, if it has one */
void agent_remove(struct checker *ck, struct target *t);
void agents_go(struct checker *ck);
void agents_free(struct checker *ck);
struct addr agent_place(const struct target *a);        /* where it listens */
struct str agent_question(struct target *a);            /* what it is told; lives as long as the exchange */
void agent_answered(struct target *a, struct str text); /* gives the verdict */
void agent_verdict(struct target *a, enum check_status st, uint32_t ms, struct str info);

/* orders.c: health set and checks disabled by the runtime interface */
bool orders_init(struct checker *ck) MUST_CHECK;
void orders_flags(struct checker *ck, uint32_t srv);    /* are its checks on? Before they begin */
void orders_begin(struct checker *ck, uint32_t srv);    /* what stands in the segment is obeyed already */
void orders_free(struct checker *ck);
void orders_look(struct checker *ck);

/* report.c */
enum { LEVEL_EMERG = 0, LEVEL_ALERT = 1, LEVEL_NOTICE = 5 };
struct report {                 /* why: part of every line */
	enum check_status status;
	unsigned code;
	int64_t ms;             /* < 0: not said */
	struct str info;
	bool ordered;           /* by the runtime interface: no check found it */
	bool agent;             /* the agent said so */
	const struct target *via; /* the tracked server, or NULL */
};
void report_check(const struct target *t, const struct report *r);
/* The change for the ring in the segment; from is the state before. */
void report_event(const struct checker *ck, uint32_t srv, enum srv_op from, enum srv_op to, const struct report *r);
void report_change(const struct target *t, enum health_change ch, const struct report *r);
void report_init(const struct rt *rt);  /* the tag of lines whose proxy has none */
/* Any other line of a proxy. */
void report_text(const struct rt_proxy *px, int level, const char *fmt, ...) PRINTF_FMT(3, 4);
/* downtime.c: keeps the words of the segment that say since when a server or backend is down, and for how long it was in all. */
void downtime_server(const struct target *t);           /* before its operational word changes */
void downtime_backend(const struct checker *ck, uint32_t px); /* after a server of it has changed */
/* Can the server be chosen for a request now? */
bool fleet_takes_requests(const struct checker *ck, uint32_t srv);
void fleet_count(const struct checker *ck, const struct rt_proxy *px, unsigned *active, unsigned *backup);

#endif
