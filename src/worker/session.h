// SPDX-License-Identifier: GPL-3.0-or-later
/* A session: one accepted connection, from accept to close, with what outlives its exchanges. Idle, it is all that a
 * client costs besides conn and mux: no buffer, no stream. */
#ifndef SLUICE_WORKER_SESSION_H
#define SLUICE_WORKER_SESSION_H

#include <time.h>
#include <sluice/mux/mux.h>
#include <sluice/net/loop.h>
#include <sluice/rt/rt.h>

struct sc_set;
struct stream;

#define SESSION_MAGIC 0x73657373u

enum sess_flags {
	SESS_COUNTED_FE = 1,   /* our share in LIVE_FE and LIVE_PROCESS */
	SESS_DRAINING = 2,     /* the peer was or will be told that the connection ends */
	SESS_DEAD = 4,         /* the connection is gone; freed when the last stream is */
	SESS_PINNED = 8,       /* somebody is walking over it: not freed now */
	SESS_HARD = 16,        /* kill_at ends exchanges too */
	SESS_HANDSHAKE = 32,   /* TLS is being set up: no mux and no stream yet */
	SESS_MANY = 64,        /* several exchanges may be open at once */
	SESS_HTTP = 256,       /* began in mode tcp, speaks HTTP now (switch-mode) */
	SESS_PROXY = 512,      /* a rule wants a PROXY header first (expect-proxy) */
	SESS_CIP = 1024,       /* a rule wants a header of NetScaler first (expect-netscaler-cip) */
	SESS_SHADOW = 128,     /* of a copy (mirror.h): there is no client */
};

struct session {
	uint32_t magic;
	uint32_t flags;                 /* enum sess_flags */
	struct list link;               /* in wk.sessions */
	struct list streams;            /* open exchanges */
	struct list priv;               /* server connections nobody else may use (http-reuse never, authenticated) */
	struct conn *conn;
	struct proxy_tlvs *tlvs;        /* of the client's PROXY header, when somebody may ask for them and there are any */
	struct proxy_in *proxy;         /* while the PROXY header, or NetScaler's, is awaited: no mux and no stream yet */
	struct mux *mux;                /* NULL before the transport is ready and once it is gone */
	const struct rt_proxy *fe;
	const struct rt_listener *lst;
	struct timer timer;             /* idle wait, or the earliest deadline of its streams */
	uint64_t t_accept, t_hs_done;   /* ns monotonic */
	uint64_t t_idle;                /* end of the last exchange */
	uint64_t kill_at;               /* ms: ended then if idle (or SESS_HARD); 0 = never */
	struct timespec accept_date;    /* wall clock of the accept */
	uint32_t nreq;                  /* exchanges begun */
	struct var_store vars;          /* scope sess */
	struct addr src_set, dst_set;   /* what connection and session rules have set; AF_UNSPEC = nothing */
	struct sc_set *track;           /* what connection and session rules track; NULL = nothing */
	uint32_t cip_magic;             /* with SESS_CIP */
	uint32_t last_srv;              /* server of the last exchange, RT_NONE before there is one */
};

/* Once, before the first session: limits of the configuration. */
void session_setup(void);
/* Serves an accepted descriptor, which it takes over, with its unit of LIVE_PROCESS and LIVE_FE. */
void session_new(int fd, const struct addr *peer, uint32_t lst_idx);
/* One without a connection, for an exchange that behaves as if it were of the client of another; it ends with that exchange. NULL: no memory. */
struct session *session_shadow(const struct session *of) MUST_CHECK;
/* The raw connection may be used: its handshake when the listener wants one, then session_proceed(). The session may
 * be gone afterwards. */
void session_secure(struct session *se);
/* The connection is ready to be served: rules of the session, then its mux. The session may be gone afterwards. */
void session_proceed(struct session *se);
/* Ends a session that has no mux yet. */
void session_refuse(struct session *se);

/* The stream s of mode tcp turns to HTTP with what it has received: it is over, and a new exchange begins in the next turn. The session may be gone afterwards. */
void session_switch_http(struct stream *s, enum rt_proto proto);
/* Are its exchanges HTTP? */
static inline bool session_is_http(const struct session *se) { return se->fe->mode == MODE_HTTP || se->flags & SESS_HTTP; }

/* Does its connection begin with a header that tells where it comes from? */
static inline bool session_has_header(const struct session *se)
{
	return se->lst->opts->accept_proxy || se->lst->opts->accept_cip || se->flags & (SESS_PROXY | SESS_CIP);
}

/* proxy_in.c: waits for the PROXY header, sets the addresses of the connection, then session_secure() or
 * session_refuse(). false: no memory. */
bool proxy_in_start(struct session *se) MUST_CHECK;
void proxy_in_free(struct session *se);
struct proxy_tlvs { uint32_t n; char b[]; };
/* The deadline of a stream may have come closer: makes sure that the timer fires in time. */
void session_arm(struct session *se, uint64_t deadline_ms);
/* Called by strm_end() when an exchange is over. alive: the connection waits for the next one. */
void session_exchange_done(struct session *se, bool alive);
/* Asks the peer to go: idle HTTP connections get their next answer with close (graceful stop). */
void session_drain(struct session *se);
/* Closes at some moment of the next spread_ms, exchanges and all; at once when that is 0. */
void session_kill_within(struct session *se, uint32_t spread_ms);
/* Closes at once, exchanges and all. */
void session_kill(struct session *se, char why);

#endif
