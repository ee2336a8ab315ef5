// SPDX-License-Identifier: GPL-3.0-or-later
/* Connections to servers: making them, keeping idle ones, and who may reuse which (http-reuse). Per worker. */
#ifndef SLUICE_WORKER_POOL_H
#define SLUICE_WORKER_POOL_H

#include <sluice/mux/mux.h>
#include <sluice/rt/rt.h>
#include <sluice/tls/back.h>

#define SCONN_MAGIC 0x73636f6eu

struct session;
struct stream;

struct sconn {                  /* a connection to a server */
	uint32_t magic;
	uint32_t srv;           /* index in rt->srv */
	uint32_t uses;          /* exchanges begun on it */
	uint32_t open;          /* exchanges open on it */
	bool idle, priv;
	bool proven;            /* idle: counted as safe, else as one that carried one exchange */
	bool shared;            /* carries many exchanges and is offered to more: in the `shared` list of its server */
	uint8_t proto;          /* enum rt_proto: what was asked for */
	bool apart;             /* ... for one exchange alone, the server is spoken to otherwise */
	uint32_t place_seq;     /* of the address it was made to */
	struct list link;       /* idle: in a list of its server or of its session (priv) */
	struct mux *mux;
	uint64_t t_idle;        /* ms */
	uint64_t sni;           /* hash of the name it asked for and, where that is not its server's, of its address: it serves no other; 0 = none */
};

struct wk_srv {                 /* what a worker knows of a server beyond the shared rows */
	struct list fresh;      /* idle connections that carried one exchange only, most recent first */
	struct list proven;     /* idle connections reused at least once: fit for first requests under "aggressive" */
	struct list shared;     /* connections of many exchanges that may take more, idle or not */
	struct list streams;    /* exchanges that hold a slot of it (srv_link) */
	uint32_t nidle;
	bool down;              /* as last seen, as the next two */
	bool plain;             /* its TLS is switched off */
	uint32_t place_seq;
	struct timer purge;
	struct tls_sessions tls; /* for resumption */
	uint32_t cookie_seq;    /* of the place that `cookie` was made of, 0 = none */
	char cookie[DYN_COOKIE_LEN + 1];
};

/* Readies the lists of all servers of wk. */
void pool_start(void);
/* Acts on state changes of servers since the last call: queues, idle connections, shutdown-sessions. */
void pool_follow_states(void);
/* Is an idle connection to srv kept that s could be given? */
bool pool_holds(const struct stream *s, uint32_t srv);
/* An idle connection, or one that takes more exchanges (at a retry only such a one), that s may use under its backend's http-reuse, checked to be alive; NULL = make one. */
struct sconn *pool_take(struct stream *s, uint32_t srv);
/* pool_many.c: offers a connection whose mux carries many exchanges to others. */
void pool_share(const struct stream *s, struct sconn *sc);
void pool_unshare(struct sconn *sc);
/* A connection of many exchanges with room for one more; NULL = none. */
struct sconn *pool_join(uint32_t srv, uint64_t sni);
/* An exchange on a connection of many is over. */
void pool_leave(struct stream *s, struct sconn *sc);
struct sconn *pool_oldest_shared(struct wk_srv *ws);
void pool_drop_shared(uint32_t srv);
/* Keeps an idle connection for the session of s alone; false: it ends, or everything does. */
bool pool_keep_private(struct stream *s, struct sconn *sc);
/* One more idle connection of its server, one less. */
void pool_idles(struct sconn *sc);
void pool_works(struct sconn *sc);
/* Gives back a connection whose exchange is over. It may be closed at once. */
void pool_give(struct stream *s, struct sconn *sc);
/* A new connection to dst, not pooled; NULL with errno. */
struct sconn *pool_connect(struct stream *s, uint32_t srv, const struct addr *dst);
/* The connection of s is established: gives it to the mux that it turned out to need, with the exchange. false: no
 * memory. */
bool pool_settle(struct stream *s) MUST_CHECK;
/* Closes and forgets sc, whose mux has no exchange. */
void pool_destroy(struct sconn *sc);
/* Forgets sc when its mux has closed itself. */
void pool_forget(struct sconn *sc);
void pool_drop_session(struct session *se);   /* the private ones of a session that ends */
void pool_drop_server(uint32_t srv);          /* all idle ones of a server */
/* ... and those that sessions keep for themselves. */
void pool_close_idle(uint32_t srv);
void pool_drop_all(void);
/* Ends the exchanges of this worker at a server; why is the first letter of their termination state. */
void pool_end_streams(uint32_t srv, char why);

#endif
