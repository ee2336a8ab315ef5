// SPDX-License-Identifier: GPL-3.0-or-later
/* The mux seam: between a connection and the exchanges (streams) on it. tcp and h1 carry one exchange at a time, h2
 * many.
 *
 *   conn ── mux ──┬── endp ── stream       an endpoint is one side of one exchange
 *                 └── endp ── stream
 *
 * A stream pulls: it calls recv() until the endpoint says there is no more, and send() until it is told to wait. The
 * mux calls endp->wake() when a blocked direction may move, at most once a turn. Nothing here knows what a frontend or
 * a server is.
 *
 * Rules of the seam
 *   wake     comes from the loop only, never from inside recv/send/close; it may close the endpoint or destroy the mux.
 *   storage  ep->rx is acquired and released by the mux; the owner only consumes (buf_consume) and never compacts or
 *            releases it. close() releases it: the slices of ep->msg die there, so log first.
 *   full     recv() that sets none of EP_RX_WAIT, EP_EOM, EP_EOF, EP_ERR, and no new EP_HEAD, stopped because rx is
 *            full: consume first.
 *   1xx      EP_HEAD with status 100-199 (not 101) is an interim head: forward or drop it, clear EP_HEAD, call recv()
 *            again.
 *   101, 2xx to CONNECT   come as EP_HEAD | EP_EOM; forward the head with MS_EOM, then call tunnel() on both endpoints.
 *   EOF      a peer that ends before its message is complete gives EP_EOF | EP_ERR with EE_TRUNCATED; bytes_in == 0 on
 *            the back side is an empty response. A client that leaves without a byte of a request gives no exchange at
 *            all (on_idle_dead). A client that half-closes after a complete request gives EP_EOF alone; it may still
 *            read the response.
 *   many     With h2, exchanges end one by one: close() says true while others are open, whatever becomes of the
 *            connection, and MUX_CLOSE and MS_CLOSE concern the exchange alone. A connection that dies tells each
 *            endpoint; the last close() then says false. MUX_RESET ends the connection.
 *   retry    bytes_out == 0 on the back side: nothing was sent, the request may go elsewhere. A server that stops
 *            reading does not break the exchange: further bytes are swallowed while its response is read. */
#ifndef SLUICE_MUX_MUX_H
#define SLUICE_MUX_MUX_H

#include <sluice/base/buf.h>
#include <sluice/http/h1.h>
#include <sluice/net/conn.h>

#define MUX_MAGIC 0x6d757821u

enum endp_flags {
	EP_HEAD = 1 << 0,        /* a complete head is in endp->msg (1xx other than 101 included: status tells) */
	EP_EOM = 1 << 1,         /* the message ends behind the bytes now in rx */
	EP_EOF = 1 << 2,         /* the peer will send nothing more (half-close in tcp and tunnels) */
	EP_ERR = 1 << 3,         /* broken: endp->err says how; rx may still hold bytes received before */
	EP_RX_WAIT = 1 << 4,     /* recv() found nothing more: a wake will follow */
	EP_TX_WAIT = 1 << 5,     /* send() could not take all: a wake will follow */
	EP_TX_EOM = 1 << 6,      /* the whole message we send has left the mux */
	EP_TUNNEL = 1 << 7,      /* raw bytes both ways from here (tcp mode, after 101 or CONNECT 2xx) */
	EP_NEW = 1 << 8,         /* front: the head has not been read in full yet */
	EP_REUSED = 1 << 9,      /* back: the connection had carried exchanges before */
	EP_CONNECTED = 1 << 10,  /* back: transport is established */
};

enum endp_err {
	EE_NONE,
	EE_CONNECT,   /* connection attempt failed (conn errno) */
	EE_RESET,     /* peer reset or I/O error */
	EE_BAD_HEAD,  /* head refused: h1_err */
	EE_BAD_BODY,  /* chunk framing refused: h1_err */
	EE_TRUNCATED, /* end of file inside a message */
	EE_REFUSED,   /* h2: REFUSED_STREAM, safe to retry */
};

struct mux;
struct mux_cfg;
struct endp;

struct endp {
	uint16_t flags;             /* enum endp_flags */
	uint8_t err;                /* enum endp_err */
	uint8_t h1_err;             /* enum h1_error */
	bool front;
	struct mux *mux;            /* NULL once closed */
	void (*wake)(struct endp *ep); /* set by the owner before the first recv/send */
	void *owner;                /* the stream */
	struct http_msg *msg;       /* where a received head goes; set by the owner before recv */
	struct buf rx;              /* body (or raw) bytes received and not yet consumed; the head's slices point into
				     * the same storage: nothing in it moves before the owner clears `hold_head` */
	struct str bad;             /* with EE_BAD_HEAD and EE_BAD_BODY of h1: the bytes refused, in rx's storage; for captures */
	bool hold_head;             /* the message's slices are still needed */
	uint64_t bytes_in, bytes_out; /* on the wire, this exchange; h2: without framing */
	void *strm;                 /* the mux's own: h2's side of this exchange */
};

enum mux_send_flags {
	MS_EOM = 1,        /* body is the last of the message */
	MS_MORE = 2,       /* more will follow at once: do not push (MSG_MORE) */
	MS_CLOSE = 4,      /* announce that the connection closes after this message (Connection: close / GOAWAY) */
};

/* What to send: a head (once), body bytes taken from `body` (consumed as the kernel takes them), trailers with
 * MS_EOM. */
struct mux_tx {
	const struct http_msg *head; /* set to NULL by the mux once it has taken it, even when send() returns false */
	struct buf *body;            /* may be empty or NULL */
	const struct http_msg *trailers_of;
	unsigned flags;              /* enum mux_send_flags */
};

enum mux_close_how {
	MUX_KEEP,     /* the exchange is over: keep the connection if the protocol allows (else as MUX_CLOSE) */
	MUX_CLOSE,    /* close gracefully: FIN after what is queued, drain late input lest RST eats the response */
	MUX_ABORT,    /* close now */
	MUX_RESET,    /* close now with RST */
};

struct mux_ops {
	const char *name;
	uint8_t http_major;          /* version of HTTP on its connections; tcp: 1, what a client is taken to speak */
	unsigned max_streams;        /* exchanges at once; 1 for tcp and h1 */
	/* Takes over conn. front: exchanges begin with bytes; back: by open(). NULL = no memory. */
	struct mux *(*init)(struct conn *c, bool front, const struct mux_cfg *cfg);
	/* back, many exchanges: how many more may be opened now. NULL: it carries one. */
	unsigned (*room)(struct mux *m);
	/* back: binds ep to a new exchange on this connection. */
	bool (*open)(struct mux *m, struct endp *ep);
	/* Pulls input: fills ep->msg (EP_HEAD), ep->rx, and flags. */
	void (*recv)(struct endp *ep);
	/* Pushes output; true when all of tx has left for the kernel, which may keep the last answer of a connection until
	 * close(). false: EP_TX_WAIT (a wake will follow: call again with what is left, head NULL if it was taken, and the
	 * same flags) or EP_ERR. */
	bool (*send)(struct endp *ep, struct mux_tx *tx);
	/* tcp/tunnel: forwards the half-close. */
	void (*shutw)(struct endp *ep);
	/* After a forwarded 101 or a CONNECT 2xx: raw bytes from now on. */
	void (*tunnel)(struct endp *ep);
	/* Ends the exchange; ep->mux becomes NULL and ep->rx is released. true: the connection lives on, idle (front:
	 * the next exchange comes by on_exchange, back: give it to the pool). false: the mux belongs to nobody any
	 * more, it closes and frees itself; the owner forgets it at once and gets no further call. */
	bool (*close)(struct endp *ep, enum mux_close_how how);
	/* Closes the connection, streams and all, without further calls to the owner. */
	void (*destroy)(struct mux *m);
	/* Announce the end to an idle or busy peer (graceful stop, reload). h1 front: the next response says close. */
	void (*drain)(struct mux *m);
};

struct mux_cfg {
	uint32_t max_head;           /* bytes of a head: bufsize - maxrewrite */
	uint16_t max_hdr;
	uint32_t h2_streams;         /* concurrent exchanges that a peer may open, and that we open on a connection */
	uint32_t h2_window;          /* bytes of a body that may be in flight and unread, of one exchange */
	uint32_t h2_table;           /* HPACK table the peer may use, bytes */
	uint32_t h2_frame;           /* largest frame the peer may send, bytes */
	uint32_t h2_glitches;        /* protocol oddities that end a connection, 0 = only the built-in budgets, of clients */
	uint32_t h2_total;           /* front: exchanges after which the connection drains, 0 = no limit */
	/* h2: m->glitches has grown by n. Comes from the middle of the mux's work: no call back into it. May be NULL. */
	void (*on_glitch)(struct mux *m, uint32_t n);
	/* front: the first bytes of an HTTP/1 connection are HTTP/2's preface: `now` takes its place as the owner's mux, `old`
	 * is freed without further calls. NULL: HTTP/1 it is, whatever it begins with. */
	void (*on_upgrade)(struct mux *old, struct mux *now);
	/* front: a peer begins a new exchange (its first bytes are here); the owner returns its endpoint (zeroed, with
	 * wake, msg, owner set) or NULL to refuse: on_idle_dead follows. The mux binds it, then calls its wake. Not
	 * called from inside init() or close(). tcp: called in the turn of init(), without waiting for bytes, since the
	 * server may speak first. */
	struct endp *(*on_exchange)(struct mux *m);
	/* The connection died or closed with no exchange open: forget it. The mux frees itself after the call (do not
	 * destroy it). */
	void (*on_idle_dead)(struct mux *m);
};

/* Common head of every mux object. */
struct mux {
	uint32_t magic;
	const struct mux_ops *ops;
	const struct mux_cfg *cfg;
	struct conn *conn;
	void *owner;                 /* front: the session; back: the pool entry (server connection) */
	uint32_t exchanges;          /* begun so far on this connection */
	uint32_t glitches;           /* h2: oddities of the peer that a correct one would not show */
	bool front;
};

/* Connections that nobody owns any more: they send their last bytes and wait, for seconds at most, until the peer has read them. A process that
 * ends before they have gone takes those bytes along. */
unsigned mux_lingering(void);

extern const struct mux_ops mux_tcp, mux_h1, mux_h2;

/* HTTP/2 for a clear-text connection whose first bytes, which begin with the preface, are in `in`; they are taken over.
 * NULL when memory is short: conn and in stay with the caller. Nothing is processed before the next turn. */
struct mux *mux_h2_take(struct conn *c, const struct mux_cfg *cfg, struct buf *in);
/* HTTP/1 in the same way, for a connection that began as raw bytes; with cfg->on_upgrade it may still turn out to be HTTP/2. */
struct mux *mux_h1_take(struct conn *c, const struct mux_cfg *cfg, struct buf *in);
/* Do these bytes begin an HTTP/2 connection? 1 yes, 0 no, -1 not enough of them. */
int mux_h2_preface(struct str in);

#endif
