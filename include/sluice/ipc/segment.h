// SPDX-License-Identifier: GPL-3.0-or-later
/* The shared segment of a generation: one sealed memfd, no pointers, every area with exactly one writer.
 *
 *   header | worker slots | server states | live rows | backend words | events | counters per worker | places | notes
 *
 *   live rows     per object a row of 32-bit gauges, one column a worker (16 workers a cache line). Worker i stores only column i,
 *                 with plain relaxed stores; readers sum the row. The leader zeroes the column of a dead worker, so gauges stay exact.
 *   server states op word: the checker alone. admin word: the leader alone. ewma word: any worker, lost updates tolerated.
 *   backend words round-robin cursor: any worker, atomic add. state and downtime: the checker. What the runtime interface sets for a
 *                 frontend: the leader alone.
 *   events        ring of changes of state: the checker alone (ipc/event.h)
 *   notes         what the last check and the last answer of the agent said in words: the checker alone (ipc/note.h)
 *   places        addresses set at run time: the leader alone (ipc/place.h); pages that nobody touched cost nothing */
#ifndef SLUICE_IPC_SEGMENT_H
#define SLUICE_IPC_SEGMENT_H

#include <stdatomic.h>
#include <sluice/base/str.h>

#define SEG_MAGIC 0x736c7569u
#define SEG_MAX_WORKERS 64
#define SEG_OFF_SLOT 4096u

enum seg_state { SEG_STARTING, SEG_ACTIVE, SEG_DRAINING, SEG_STOPPED };
enum slot_state { SLOT_FREE, SLOT_STARTING, SLOT_READY, SLOT_ACTIVE, SLOT_DRAINING, SLOT_DEAD };

struct seg_geometry {
	uint64_t size;                /* bytes of the whole segment */
	uint32_t nworkers, nsrv, npx, nlst; /* servers, proxies, listeners of the configuration */
	uint32_t row_stride;          /* bytes of a live row: 64 per 16 workers */
	uint32_t zero;
	uint64_t off_srv, off_rows, off_be, off_ev, off_ctr, off_place; /* byte offsets */
	uint64_t ctr_column, ctr_px_off, ctr_srv_off, ctr_lst_off, ctr_hist_off; /* bytes of a column of counters; where its parts start */
	uint64_t off_note;            /* bytes */
};

struct seg_header {
	uint32_t magic, abi;          /* abi: hash of the layout; another build does not map it */
	uint64_t generation;
	struct seg_geometry geo;      /* for who maps it; nobody computes an address from here */
	_Atomic uint32_t state;       /* enum seg_state, leader */
	_Atomic uint32_t fold_seq;    /* odd while the leader folds a dead worker's counters: readers of sums try again */
	_Atomic uint64_t epoch_checker, epoch_leader; /* bumped on each state change: readers rebuild what they derived */
	_Atomic uint64_t checker_beat; /* ms, monotonic */
	uint64_t started_ms;          /* monotonic */
	int64_t started_s;            /* wall clock */
	_Atomic uint64_t ev_head;     /* checker: events written so far */
	/* leader: limits in force, 0 = none; read with every accept */
	_Alignas(64) _Atomic uint32_t maxconn;
	_Atomic uint32_t conn_rate, sess_rate, ssl_rate; /* a second */
	_Atomic uint32_t busy_pct;    /* leader: CPU its workers used of what they could, percent over the last second */
};

struct seg_slot {                  /* one a worker, 128 bytes */
	_Alignas(128) _Atomic uint32_t state; /* enum slot_state; the worker's, but for FREE, STARTING and DEAD */
	_Atomic uint32_t epoch;       /* +1 each time the slot changes hands */
	_Atomic uint32_t pid;
	_Atomic uint64_t beat;        /* ms of the last loop turn */
	_Atomic uint64_t started;
};

/* Operational state of a server as the checker publishes it in one 64-bit store. */
enum srv_op { SRV_DOWN = 0, SRV_STARTING = 1, SRV_UP = 2, SRV_STOPPING = 3 /* NOLB: persistent only */ };
enum srv_admin { ADM_FORCED_MAINT = 1, ADM_INHERITED_MAINT = 2, ADM_CONFIG_MAINT = 4, ADM_FORCED_DRAIN = 8, ADM_INHERITED_DRAIN = 16, ADM_RESOLUTION = 32 };

struct seg_srv {                   /* one a server, one cache line: all but ewma and the hints changes rarely */
	_Alignas(64) _Atomic uint64_t op;  /* checker: state 8 | check position 8 | slow start % 8 | enum srv_op_flags 8 | seconds of last change 32 */
	_Atomic uint64_t check;       /* checker: status 8 | http code 16 | duration ms 24 | errno 15 | has a note 1 */
	_Atomic uint32_t chk_fail, chk_down; /* checker: failed checks, transitions to DOWN */
	_Atomic uint64_t admin;       /* leader: admin bits 8 | weight 16 (user weight 0-256) | enum srv_admin_flags 8 | maxconn 32 */
	_Atomic uint64_t ewma;        /* any worker: 1/64 microseconds 32 | ms stamp 32 */
	_Atomic uint32_t fail_hint;   /* any worker: passive errors seen since the last success (observe) */
	_Atomic uint32_t passive_seq; /* any worker bumps when error-limit is reached: the checker acts */
	_Atomic uint32_t down_s;      /* checker: seconds spent DOWN before the last change */
	_Atomic uint32_t order;       /* leader: enum srv_order 8 | number of the order 24; the checker obeys each once */
	_Atomic uint32_t foreign;     /* leader: requests of other generations in flight on it, when it has a limit */
	_Atomic uint32_t agent;       /* checker: last answer of its agent: status 8 | duration ms 23 | has a note 1 */
};
enum srv_op_flags { OPF_AGENT_DOWN = 1 /* its agent says so, whatever the checks find */ };
enum srv_order { ORDER_NONE, ORDER_UP, ORDER_STOPPING, ORDER_DOWN, ORDER_AGENT_UP, ORDER_AGENT_DOWN };
enum srv_admin_flags { ADMF_PLACE = 1 /* look into its place */, ADMF_NOCHECK = 2, ADMF_NOAGENT = 4 };
enum fe_state { FE_OPEN, FE_DISABLED, FE_SHUT };

struct seg_be {                    /* one a proxy */
	_Alignas(64) _Atomic uint64_t rr_cursor;
	_Atomic uint32_t first_hint;
	_Atomic uint32_t chk_down, down_s; /* checker: transitions to DOWN, seconds spent DOWN before the last change */
	_Atomic uint64_t state;       /* checker: 1 = no server is usable | seconds of the last change << 32; 0 = never said */
	_Alignas(64) _Atomic uint32_t fe_state; /* leader: enum fe_state */
	_Atomic uint32_t fe_maxconn;  /* leader: 0 = none */
};

struct state_view;
struct segment {                   /* a process's view: pointers into the mapping */
	int fd;
	struct seg_geometry geo;      /* its own copy: a worker that writes over the header moves no other process's stores */
	struct seg_header *h;
	struct seg_slot *slot;
	struct seg_srv *srv;
	struct seg_be *be;
	struct seg_event *ev;         /* ipc/event.h */
	struct seg_place *place;      /* ipc/place.h */
	struct seg_note *note;        /* ipc/note.h: NOTE_COUNT a server */
	char *rows, *ctr;
	struct state_view *older;     /* generations before this one whose counts are not in our own columns: a list of views */
};

/* Live rows: which gauge of which object. */
enum live_kind {
	LIVE_PROCESS, LIVE_FE, LIVE_BE, LIVE_BE_QUEUE, LIVE_SRV, LIVE_SRV_QUEUE, LIVE_SRV_CONN /* open TCP connections incl. idle */,
	LIVE_SRV_IDLE /* idle ones that carried one exchange */, LIVE_SRV_SAFE /* ... and more: fit for reuse by anybody */, LIVE_LST,
	LIVE_TLS /* connections of clients over TLS */,
};

/* Creates (leader) and maps a segment; sizes come from tbl/counters.def and the arguments. NULL and errno on failure (EINVAL: no
 * worker or more than SEG_MAX_WORKERS). All but counters, places and notes is allocated at once, so that no later store can meet a full machine. */
struct segment *segment_create(uint64_t generation, unsigned nworkers, unsigned npx, unsigned nsrv, unsigned nlst) MUST_CHECK;
/* Maps an existing one after checking magic, abi, size and seals; fd is duplicated. NULL and errno (EPROTO: not ours). */
struct segment *segment_map(int fd) MUST_CHECK;
void segment_unmap(struct segment *s);
/* From now on this process sees a copy of its own, taken page by page as it writes; what others write after that may not be seen. In a
 * child that only looks. false and errno: the mapping is gone. */
bool segment_make_private(struct segment *s) MUST_CHECK;
/* Zeroes every column of worker w, marks the slot free. Leader, after waitpid(). Cumulative counters are folded into `retired` (column 0 block). */
void segment_reap(struct segment *s, unsigned w);
/* Hash of every offset and size of the layout and of the names of all counters: the `abi` of this build. */
uint32_t segment_abi(void);

static inline _Atomic uint32_t *live_row(const struct segment *s, enum live_kind k, unsigned idx)
{
	size_t row;
	unsigned np = s->geo.npx, ns = s->geo.nsrv;
	switch (k) {
	case LIVE_PROCESS: row = 0; break;
	case LIVE_FE: row = 1 + idx; break;
	case LIVE_BE: row = 1 + np + idx; break;
	case LIVE_BE_QUEUE: row = 1 + 2ul * np + idx; break;
	case LIVE_SRV: row = 1 + 3ul * np + idx; break;
	case LIVE_SRV_QUEUE: row = 1 + 3ul * np + ns + idx; break;
	case LIVE_SRV_CONN: row = 1 + 3ul * np + 2ul * ns + idx; break;
	case LIVE_SRV_IDLE: row = 1 + 3ul * np + 3ul * ns + idx; break;
	case LIVE_SRV_SAFE: row = 1 + 3ul * np + 4ul * ns + idx; break;
	case LIVE_LST: row = 1 + 3ul * np + 5ul * ns + idx; break;
	default: row = 1 + 3ul * np + 5ul * ns + s->geo.nlst; break;
	}
	return (_Atomic uint32_t *)(s->rows + row * s->geo.row_stride);
}
static inline void live_add(const struct segment *s, enum live_kind k, unsigned idx, unsigned worker, int32_t d)
{
	_Atomic uint32_t *c = live_row(s, k, idx) + worker;
	atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + (uint32_t)d, memory_order_relaxed);
}
static inline uint32_t live_sum_row(const _Atomic uint32_t *row, unsigned nworkers)
{
	uint32_t t = 0;
	for (unsigned i = 0; i < nworkers; i++)
		t += atomic_load_explicit(row + i, memory_order_relaxed);
	return t;
}
static inline uint32_t live_sum(const struct segment *s, enum live_kind k, unsigned idx)
{
	return live_sum_row(live_row(s, k, idx), s->geo.nworkers);
}

/* Takes one unit of a gauge in our own column unless `limit` are in use over all workers. Adds first and looks then, so that the limit
 * holds whatever others do meanwhile; of those that collide all may be refused, after a few tries. limit 0 = none.
 * extra: units that are in use elsewhere. Live workers only. */
bool live_admit(const struct segment *s, enum live_kind k, unsigned idx, unsigned worker, uint32_t limit, uint32_t extra) MUST_CHECK;

static inline enum srv_op srv_op_state(uint64_t op) { return (enum srv_op)(op & 0xff); }
static inline unsigned srv_op_pos(uint64_t op) { return (op >> 8) & 0xff; }
/* Share of its weight a server gets now, 1-100; 100 unless SRV_STARTING. */
static inline unsigned srv_op_ramp(uint64_t op) { return (op >> 16) & 0xff; }
static inline unsigned srv_op_flags(uint64_t op) { return (op >> 24) & 0xff; }
static inline uint32_t srv_op_since(uint64_t op) { return (uint32_t)(op >> 32); }
static inline uint64_t srv_op_pack(enum srv_op st, unsigned pos, unsigned ramp, uint32_t since_s)
{
	return (uint64_t)st | (uint64_t)(pos & 0xff) << 8 | (uint64_t)(ramp & 0xff) << 16 | (uint64_t)since_s << 32;
}
#define ADM_MAINT (ADM_FORCED_MAINT | ADM_INHERITED_MAINT | ADM_CONFIG_MAINT | ADM_RESOLUTION)
#define ADM_DRAIN (ADM_FORCED_DRAIN | ADM_INHERITED_DRAIN)
static inline unsigned srv_admin_bits(uint64_t a) { return a & 0xff; }
/* 0-256 whatever stands in the word: tables are sized by it. */
static inline unsigned srv_admin_weight(uint64_t a) { return ((a >> 8) & 0xffff) > 256 ? 256 : (a >> 8) & 0xffff; }
static inline unsigned srv_admin_flags(uint64_t a) { return (a >> 24) & 0xff; }
static inline uint32_t srv_admin_maxconn(uint64_t a) { return (uint32_t)(a >> 32); }
static inline uint64_t srv_admin_pack(unsigned bits, unsigned weight, uint32_t maxconn)
{
	return (uint64_t)(bits & 0xff) | (uint64_t)(weight & 0xffff) << 8 | (uint64_t)maxconn << 32;
}

#endif
