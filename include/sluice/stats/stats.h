// SPDX-License-Identifier: GPL-3.0-or-later
/* Statistics: one row of values for each frontend, listener, server, backend, and one for the process, taken from the segment and
 * written as CSV, typed lines or JSON in HAProxy's forms. Columns: tbl/stats_fields.def, tbl/info_fields.def.
 *
 *   stats_src ── stats_iter ──► stats_obj ── stats_fill ──► stats_row ── writers ──► text
 *
 * Everything goes one object at a time, so that whoever asks can stop and go on later: stats_dump packs the whole of it into steps.
 * Any process that has the tables and the segment; nothing is written to either. */
#ifndef SLUICE_STATS_STATS_H
#define SLUICE_STATS_STATS_H

#include <sluice/base/buf.h>
#include <sluice/ipc/counters.h>
#include <sluice/rt/rt.h>

#define STAT_EXT(name, hist, permille, objs, help) STAT(name, MGP, U64, objs, hist, help)
enum stat_field {
#define STAT(name, tag, type, objs, src, help) ST_F_##name,
#include <sluice/tbl/stats_fields.def>
#undef STAT
	STAT_COUNT
};
#undef STAT_EXT
#define STAT_EXT_FIRST ST_F_queue_p50_us /* behind HAProxy's columns */
#define STAT_ALL STAT_COUNT              /* as a field: every one */

enum info_field {
#define INFO(id, name, tag, type, help) INF_##id,
#include <sluice/tbl/info_fields.def>
#undef INFO
	INFO_COUNT
};

enum stat_kind { STAT_FE, STAT_BE, STAT_SRV, STAT_LST, STAT_KINDS }; /* HAProxy's numbers for the column `type` */
struct stats_obj {
	enum stat_kind kind;
	uint32_t px;            /* its proxy */
	uint32_t idx;           /* server or listener index; else = px */
};

enum stat_type { SV_NONE, SV_U32, SV_S32, SV_U64, SV_STR };
struct stat_val {
	uint8_t type;           /* enum stat_type; SV_NONE: the column is empty here */
	union { uint64_t u; int64_t s; struct str str; };
};
struct stats_row {
	struct stats_obj o;
	struct stat_val v[STAT_COUNT];
	char text[768];         /* of values that had to be written */
	size_t ntext;
};

/* A column or a line of information as the writers see it. tag: "MGP". */
struct stat_desc { const char *name, *tag, *objs, *help; uint8_t type; };
extern const struct stat_desc stat_descs[STAT_COUNT], info_descs[INFO_COUNT];
/* Does the table say that rows of this kind (in this mode) have the column? */
bool stat_applies(enum stat_field f, enum stat_kind k, bool http);

/* Where statistics come from. walk speeds up ctr sums over neighbours: zero it when other processes may have run since. */
struct stats_src {
	const struct rt *rt;
	const struct segment *seg;
	uint64_t now_ms;        /* monotonic */
	int64_t now_s;          /* seconds since the epoch */
	uint32_t pid;           /* of the master */
	bool legends;           /* addresses and cookies are shown */
	struct ctr_walk walk;
};
void stats_src_init(struct stats_src *s, const struct rt *rt, const struct segment *seg, uint32_t pid);
/* Reads the cached clock again and forgets what was learnt of holes: at the start of each step. */
void stats_src_refresh(struct stats_src *s);

/* Fills the row of one object: all columns, or with want < STAT_ALL that one alone (cheap for counters; others may come with it). */
void stats_fill(struct stats_src *s, const struct stats_obj *o, enum stat_field want, struct stats_row *r);
void stats_fill_info(struct stats_src *s, struct stat_val v[INFO_COUNT], char *text, size_t ntext);

/* Status words as in the column `status`; out is NUL-terminated. */
void stats_srv_status(const struct stats_src *s, uint32_t srv, char *out, size_t n);
/* The classes behind the words, for colours and for states of the exporters. */
enum srv_class {
	SRV_CLASS_DOWN, SRV_CLASS_GOING_UP, SRV_CLASS_GOING_DOWN, SRV_CLASS_UP, SRV_CLASS_NOLB, SRV_CLASS_DRAIN, SRV_CLASS_NO_CHECK,
	SRV_CLASS_MAINT,
};
enum srv_class stats_srv_class(const struct stats_src *s, uint32_t srv);
/* May balancing choose the server now: up, not drained, weight left? */
bool stats_srv_usable(const struct stats_src *s, uint32_t srv);
bool stats_be_up(const struct stats_src *s, uint32_t px);

/* Walks over the objects in HAProxy's order: of each proxy the frontend, its listeners (option socket-stats), servers, backend. */
enum stats_filter_flags { STATS_UP = 1 /* no servers that are down */, STATS_NO_MAINT = 2, STATS_HIDE_LST = 4 };
struct stats_iter {
	int64_t iid, sid;       /* numbers of proxy and server or listener; -1 = all */
	uint32_t types;         /* 1 frontends, 2 backends, 4 servers, 8 listeners; 0 = all, as HAProxy's `show stat` takes them */
	uint32_t flags;         /* enum stats_filter_flags */
	const struct str *scope; /* names of proxies; NULL = all; "." is `self` */
	uint32_t nscope;
	struct str self;
	uint32_t px, step, at;  /* where it stands: zero to begin */
};
bool stats_next(const struct stats_src *s, struct stats_iter *it, struct stats_obj *o);
bool stats_in_scope(const struct stats_iter *it, struct str px);

/* Writers: append to out. Every CSV row ends with ",\n". */
void stats_csv_header(struct sbuf *out);
void stats_csv_row(const struct stats_row *r, struct sbuf *out);
/* One line a filled column; desc adds the help in quotes. */
void stats_typed_row(const struct stats_src *s, const struct stats_row *r, bool desc, struct sbuf *out);
/* One JSON array; what stands between rows is the caller's. */
void stats_json_row(const struct stats_src *s, const struct stats_row *r, bool desc, struct sbuf *out);
void stats_schema(struct sbuf *out); /* of the JSON, as `show schema json` prints it */

enum stats_form { STATS_CSV, STATS_TYPED, STATS_JSON };
void stats_info(struct stats_src *s, enum stats_form form, bool desc, struct sbuf *out);

/* A whole `show stat` in steps. init, then step until it returns false; each step appends one object. */
struct stats_dump {
	enum stats_form form;
	bool desc;
	struct stats_iter it;
	uint32_t rows;          /* written so far */
	uint8_t phase;
};
bool stats_dump_step(struct stats_src *s, struct stats_dump *d, struct sbuf *out);

/* A JSON string with its quotes; bytes outside ASCII and control bytes are escaped. */
void stats_json_str(struct sbuf *out, struct str s);
/* A value as text, as CSV and the page show it; nothing for SV_NONE. */
void stats_val_text(const struct stat_val *v, struct sbuf *out);

#endif
