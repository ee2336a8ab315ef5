// SPDX-License-Identifier: GPL-3.0-or-later
/* The HTTP/2 mux from inside. libnghttp2 frames and compresses; this decides what is kept, for how long and how much.
 *
 *   socket ──► scratch ──► nghttp2 ──► callbacks ──► stream: blocks (heads), segments (body) ──► recv()
 *   socket ◄── chunks  ◄── nghttp2 ◄── send(): fields, and the owner's body bytes in place
 *
 * Input is read into one buffer of the process and consumed whole, so a connection keeps none. What a stream has not
 * handed over is bounded by its window, which opens only as recv() hands over. Output is gathered in chunks up to a
 * bound and leaves with one call for all streams of a turn; long bodies go straight from the owner's buffer. */
#ifndef SLUICE_MUX_H2_PRIV_H
#define SLUICE_MUX_H2_PRIV_H

#include <nghttp2/nghttp2.h>
#include <sluice/http/h2.h>
#include <sluice/mux/mux.h>

#define H2_OUT_SOFT 49152u      /* bytes waiting for the kernel at which no more frames are made */
#define H2_CHUNK 16384u
#define H2_LINGER_MS 2000u
#define H2_LINGER_BYTES 65536u
#define H2_IDLE_MS 1000u        /* without a stream, then it is worth giving memory back */
#define H2_DRAIN_MS 2000u       /* a peer that does not answer our PING is told the last stream anyway */
#define H2_BLOCKS_MAX 17        /* undelivered heads of one stream: interim responses, the final one, trailers */
#define H2_RESETS_FREE 200u
#define H2_GLITCH_MAX 4096u     /* oddities that no correct peer reaches in the life of a connection */

enum h2_flags {
	H2F_UP = 1 << 0,        /* transport was established */
	H2F_BUSY = 1 << 1,      /* h2_turn() is on the stack: nothing is freed */
	H2F_FREE = 1 << 2,      /* to be freed when it is not */
	H2F_GONE = 1 << 3,      /* no I/O is possible any more */
	H2F_OVER = 1 << 4,      /* no exchange can go on: the streams know or are being told */
	H2F_ORPHAN = 1 << 5,    /* no owner: only closing is left */
	H2F_EOF = 1 << 6,       /* the peer sends nothing more */
	H2F_DRAIN = 1 << 7,     /* the first of two GOAWAYs was sent */
	H2F_DRAINED = 1 << 8,   /* ... and the second: no new streams */
	H2F_GOAWAY = 1 << 9,    /* the peer takes no new streams */
	H2F_FLUSH = 1 << 10,    /* a flush is due at the end of this turn */
	H2F_LINGER = 1 << 11,
	H2F_SETTINGS = 1 << 12, /* the peer's SETTINGS are here */
};

enum h2s_flags {
	H2S_HEAD_IN = 1 << 0,   /* the final head has been received */
	H2S_HEAD_SHOWN = 1 << 1, /* ... and handed to the owner */
	H2S_RX_END = 1 << 2,    /* END_STREAM was received */
	H2S_HEAD_OUT = 1 << 3,  /* our final head is with nghttp2 */
	H2S_TX_END = 1 << 4,    /* END_STREAM was sent */
	H2S_CLOSED = 1 << 5,    /* nghttp2 knows the stream no more */
	H2S_TUNNEL = 1 << 6,    /* raw bytes both ways */
	H2S_CONNECT = 1 << 7,   /* the request opens a tunnel: CONNECT, plain or extended */
	H2S_HEAD_REQ = 1 << 8,  /* the request was HEAD */
	H2S_FULL = 1 << 9,      /* send() stopped because of the output bound */
	H2S_SHUTW = 1 << 10,    /* tunnel: end our direction */
	H2S_REFUSED = 1 << 11,  /* the peer did not process it */
	H2S_UNSENT = 1 << 12,   /* back: no frame of it was sent */
	H2S_DATA = 1 << 13,     /* a data source is attached */
	H2S_TRAILERS = 1 << 14, /* trailers close our direction: they are with nghttp2 */
	H2S_UPGRADE = 1 << 16,  /* with CONNECT: an extended one (RFC 8441), which the message shows as an upgrade */
	H2S_HEAD_WAIT = 1 << 15, /* a head of ours is with nghttp2 and not framed yet */
};

/* A decoded header block on its way to the owner. */
struct h2_block {
	struct h2_block *next;
	struct h2_field *f;     /* max_hdr of them, behind this struct */
	char *bytes;            /* ... and max_head bytes */
	uint32_t n, used;
	uint32_t total;         /* bytes as RFC 9113 section 10.5.1 counts them, 32 for each field */
	uint32_t seen;          /* fields decoded, kept or not */
	bool over;              /* more than is kept: to be refused */
	bool end_stream;
};

struct h2_seg {
	struct h2_seg *next;
	struct buf b;
};

struct h2_chunk {
	struct h2_chunk *next;
	uint32_t head, tail;
	char mem[H2_CHUNK];
};

struct h2_strm {
	struct mux_h2 *h;
	struct endp *ep;            /* NULL: not begun yet, or its owner has left */
	int32_t id;                 /* -1: not sent yet */
	uint32_t flags;             /* enum h2s_flags */
	uint32_t rst;               /* error code of the RST_STREAM that ended it */
	uint8_t nblocks;
	struct list link, news;
	struct h2_block *blocks, **blocks_end;
	struct h2_seg *segs, *segs_last;
	uint32_t held;              /* bytes in segs: their window is not given back yet */
	struct mux_tx *tx;          /* only inside send() */
	char accept[29];            /* back, upgrade: the Sec-WebSocket-Accept that an HTTP/1 server would have made */
};

struct mux_h2 {
	struct mux m;
	nghttp2_session *ng;
	struct list streams, news;  /* news: streams whose owner is to be woken */
	uint32_t nstreams;          /* until their owner has closed them: what the peer may have open is counted here */
	uint32_t nfull;             /* streams with H2S_FULL */
	struct h2_block *block;     /* being decoded, NULL between two */
	struct h2_chunk *out, *out_last;
	uint32_t out_bytes;
	uint32_t resets, done;      /* streams reset (by either side) and ended well */
	uint32_t block_bytes;       /* compressed bytes of the block being decoded */
	uint64_t wire, payload;     /* bytes received; bytes of heads and bodies in both directions */
	uint32_t flags;             /* enum h2_flags */
	void *table;                /* nghttp2's streams: see mux_h2_mem.c */
	bool used;                  /* a stream was open since the last trim */
	bool left_open;             /* a stream was reset that the peer had not ended: frames on it may still come */
	uint32_t linger_left;       /* bytes that may still be thrown away */
	struct buf in;              /* bytes that came before we did */
	struct timer timer;
	struct task task;
};

static inline struct mux_h2 *h2_of(struct mux *m)
{
	OBJ_CHECK(m, MUX_MAGIC);
	return (struct mux_h2 *)m;
}

/* mux_h2.c */
struct h2_strm *h2_strm_new(struct mux_h2 *h, int32_t id) MUST_CHECK;
void h2_strm_free(struct h2_strm *st);
/* The owner of st is to be woken in this turn or the next. */
void h2_news(struct h2_strm *st);
/* The connection is lost: every stream is told. */
void h2_fail(struct mux_h2 *h);

/* Says which stream was the last: the second GOAWAY of a drain. */
void h2_drain_last(struct mux_h2 *h);

/* mux_h2_cb.c: what nghttp2 calls. */
nghttp2_session *h2_session_new(struct mux_h2 *h) MUST_CHECK;

/* mux_h2_mem.c */
/* Between these two a session of h is made with the allocators returned. */
nghttp2_mem h2_mem_begin(struct mux_h2 *h);
void h2_mem_begun(void);
/* The connection has been idle for a while: gives back what it does not need. */
void h2_mem_trim(struct mux_h2 *h);

/* mux_h2_recv.c */
void h2_recv(struct endp *ep);
void h2_rx_drop(struct h2_strm *st); /* everything not handed over, its window goes back */
struct h2_block *h2_block_new(const struct mux_h2 *h) MUST_CHECK;
void h2_block_free(struct h2_block *b);
void h2_block_add(struct mux_h2 *h, struct h2_block *b, struct str name, struct str val, bool name_static);
bool h2_data_add(struct h2_strm *st, struct str data) MUST_CHECK;

/* mux_h2_send.c */
bool h2_send(struct endp *ep, struct mux_tx *tx);
/* Makes frames of what nghttp2 has to say, up to the bound. false: the session is broken. */
bool h2_pump(struct mux_h2 *h);
/* Hands the output to the kernel; true when all has left. */
bool h2_flush(struct mux_h2 *h);
void h2_out_drop(struct mux_h2 *h);
/* Wakes the streams whose send() was put off. */
void h2_wake_full(struct mux_h2 *h);
ssize_t h2_data_read(nghttp2_session *ng, int32_t id, uint8_t *buf, size_t len, uint32_t *flags,
		     nghttp2_data_source *src, void *user);
int h2_data_send(nghttp2_session *ng, nghttp2_frame *f, const uint8_t *framehd, size_t len, nghttp2_data_source *src,
		 void *user);

/* mux_h2_guard.c: budgets against abuse. */
/* A peer has done what a correct one does not; may end the connection. */
void h2_glitch(struct mux_h2 *h, uint32_t n);
/* Received bytes out of proportion to what they carry: floods of frames that mean nothing. */
void h2_check_flood(struct mux_h2 *h);
/* A stream was reset before its time, by the peer or because of it. */
void h2_count_reset(struct mux_h2 *h);
/* Ends the connection with GOAWAY. */
void h2_kill(struct mux_h2 *h, uint32_t code);

#endif
