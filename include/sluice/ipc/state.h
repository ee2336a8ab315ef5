// SPDX-License-Identifier: GPL-3.0-or-later
/* What one generation lets another read. A segment has numbers and no names; beside it lies its description, a sealed memfd:
 *
 *   head | counter rows | proxies | servers | listeners
 *
 * The head gives every offset and stride of the segment, the counter rows say which counter stands where, and an object is known by hashes of
 * its names, so that a reader finds what it knows by name, whatever the order of the configurations and whatever build wrote them. A field may
 * be added behind the last one and never moved; `version` changes when an old reader would misread the new form.
 *
 * A view is a read-only look at another generation. Every offset is checked when it is opened and every index comes from the reader's own
 * tables, so a segment full of nonsense gives nonsense numbers and nothing else. */
#ifndef SLUICE_IPC_STATE_H
#define SLUICE_IPC_STATE_H

#include <sluice/ipc/counters.h>
#include <sluice/ipc/event.h>
#include <sluice/ipc/note.h>
#include <sluice/ipc/place.h>

#define STATE_MAGIC 0x736c7374u
#define STATE_VERSION 1
#define STATE_SCOPES 7          /* enum ctr_scope; a new one goes to its end */
#define STATE_NONE UINT32_MAX

struct state_part { uint64_t off, stride; }; /* bytes; off from the start of a counter column or of the segment */
struct state_head {
	uint32_t magic, version, head_size, ctr_size, obj_size, nctr;
	uint64_t generation, seg_size;
	uint32_t nworkers, npx, nsrv, nlst;
	uint64_t off_state, off_fold_seq, off_epoch_checker, off_epoch_leader; /* of the segment's header */
	struct state_part srv, be, rows_srv;    /* server words, backend words, live rows LIVE_SRV */
	uint32_t srv_op, srv_check, srv_chk_fail, srv_chk_down, srv_admin, srv_ewma, srv_down_s; /* offsets in a server's words */
	uint32_t be_chk_down, be_down_s, be_state;
	uint64_t off_ctr, ctr_column;
	struct state_part scope[STATE_SCOPES];
	/* read by builds alone whose structs have the same size */
	struct state_part place, events;        /* struct seg_place, struct seg_event */
	uint32_t nevents, be_fe_state, be_fe_maxconn, off_limits[4];
	uint64_t off_ev_head;
	uint32_t cfg_limits[4];                 /* what the configuration alone would give */
	uint32_t srv_agent;                     /* offset in a server's words; 0 = it has none */
	struct state_part note;                 /* struct seg_note */
};
struct state_ctr { uint32_t scope, kind, off, n; char name[32]; };
/* key: hash of the name; proxies have one as a frontend and one as a backend, 0 = is none. identity: of what must be the same for the state to
 * mean anything. cfg: of a server the admin word, of a frontend the maxconn, that the configuration alone would give. */
struct state_obj { uint64_t key, key2, identity, cfg; };
struct state_names { const struct state_obj *px, *srv, *lst; uint32_t limits[4]; }; /* as many as the geometry of the segment says; limits: maxconn and the rates of the header */

/* The description of s: a memfd that nobody can write any more; -1 and errno on failure. Leader, before anybody else sees the segment.
 * live: its rows of servers as the caller alone can still write them, for servers that come and go (state_set_srv), not inherited over fork;
 * NULL = they will not. */
int state_describe(const struct segment *s, const struct state_names *names, struct state_obj **live) MUST_CHECK;
/* Row i is another server from now on, or, with NULL, none. Readers meet the new one, the old one or none. */
void state_set_srv(struct state_obj *live, uint32_t i, const struct state_obj *o);
/* Our server i is new: what views of a list know under its number is not its past. */
void state_forget_srv(struct state_view *list, uint32_t i);
/* Is their row j still what it was when our server, which is o, was found there? */
bool state_same_srv(const struct state_view *v, uint32_t j, const struct state_obj *o);

struct state_view {
	struct state_head h;
	const char *seg;        /* read-only mapping */
	const struct state_ctr *ctr;
	const struct state_obj *px, *srv, *lst;
	const char *dir; size_t dir_size;
	int fd, dir_fd;         /* of the segment (where its holes are) and of the description */
	uint32_t *of_fe, *of_be, *of_srv, *of_lst; /* our index -> its, STATE_NONE = unknown there */
	int64_t *of_ctr;        /* our counter row -> byte offset in its block, -1 = unknown there */
	struct ctr_walk walk;   /* where data was found last, one for each column */
	struct state_view *next;
};

/* Opens and checks; both descriptors stay the caller's. NULL and errno (EPROTO: not a description of this segment). */
struct state_view *state_open(int dir_fd, int seg_fd) MUST_CHECK;
/* Finds our objects (as described for `ours`) in v by name and identity. false = no memory. */
bool state_match(struct state_view *v, const struct segment *ours, const struct state_names *names) MUST_CHECK;
void state_close(struct state_view *v);

enum seg_state state_phase(const struct state_view *v);
uint64_t state_epochs(const struct state_view *v);      /* moves whenever a state or admin word has changed */
/* The words of its server i (from of_srv), of its backend i. */
struct state_srv { uint64_t op, check, admin, ewma; uint32_t chk_fail, chk_down, down_s, agent; };
struct state_be { uint64_t state; uint32_t chk_down, down_s, fe_state, fe_maxconn; };
void state_read_srv(const struct state_view *v, uint32_t i, struct state_srv *out);
void state_read_be(const struct state_view *v, uint32_t i, struct state_be *out);
/* The runtime address of its server i, whose admin word says that it has one. false: of another form, or not there. */
bool state_read_place(const struct state_view *v, uint32_t i, struct srv_place *out);
/* A note of its server i, whose words say that it has one: as note_read(). */
size_t state_read_note(const struct state_view *v, uint32_t i, enum note_kind k, char *out);
uint32_t state_read_limit(const struct state_view *v, unsigned i);
/* Its event number n, the first is 0; false: overwritten, not there, or of another form. The server stays its own index. */
bool state_read_event(const struct state_view *v, uint64_t n, struct seg_event *out);
uint64_t state_event_count(const struct state_view *v);
/* Requests in flight on its server i, over all its workers. */
uint32_t state_srv_load(const struct state_view *v, uint32_t i);

/* The word of counter row d (ours), bucket k, in column col of its object for ours idx; false: not there. Remembers where holes are:
 * state_refresh() forgets, when its workers may have run since. */
bool state_ctr_word(struct state_view *v, const struct ctr_desc *d, unsigned idx, unsigned k, unsigned col, uint64_t *out);
void state_refresh(struct state_view *v);
/* Adds the counters of an ended generation to column 0 of s, by name. Leader, before anybody else sees the segment. */
void state_absorb(const struct segment *s, struct state_view *v);

#endif
