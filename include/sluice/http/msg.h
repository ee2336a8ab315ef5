// SPDX-License-Identifier: GPL-3.0-or-later
/* The one HTTP message that every mux fills and drains, and that rules, logs and filters see.
 *
 *   start line   method SP target            or   version SP status SP reason
 *   headers      hdr[0] hdr[1] ... hdr[nhdr-1]    slices: into the receive buffer, or into the arena once rewritten
 *   body         not here: bytes in the endpoint's struct buf
 *   trailers     a second header array, filled after the body
 *
 * A header received over HTTP/1 keeps HDR_RAW: its name, colon, value and CRLF lie in one piece in the receive buffer,
 * so that a writer may forward runs of untouched headers as one slice. */
#ifndef SLUICE_HTTP_MSG_H
#define SLUICE_HTTP_MSG_H

#include <sluice/base/arena.h>

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_DELETE, HTTP_CONNECT, HTTP_OPTIONS, HTTP_TRACE, HTTP_PATCH, HTTP_OTHER };

/* Header names the proxy itself looks at; everything else is HH_OTHER. Rows: tbl/http_hdrs.def: HH(ID, "name"). */
enum http_hdr_id {
	HH_OTHER,
#define HH(id, name) HH_##id,
#include <sluice/tbl/http_hdrs.def>
#undef HH
	HH_COUNT
};

enum hdr_flags {
	HDR_RAW = 1,     /* `name: value CRLF` stands in the receive buffer from name up to raw_len bytes */
	HDR_DEL = 2,     /* removed: readers skip it (indices stay stable while rules run) */
};

struct hdr {
	const char *name, *val;
	uint32_t vlen;
	uint16_t nlen;
	uint8_t id;       /* enum http_hdr_id */
	uint8_t flags;    /* enum hdr_flags */
	uint32_t raw_len; /* bytes of the whole line with its line end, when HDR_RAW */
};

enum msg_flags {
	MSG_REQ = 1 << 0,
	MSG_CHUNKED = 1 << 1,     /* body framed by chunked coding */
	MSG_CLEN = 1 << 2,        /* body framed by Content-Length (body_len) */
	MSG_NO_BODY = 1 << 3,     /* no body whatever the headers say (HEAD, 1xx, 204, 304) */
	MSG_CLOSE_DELIM = 1 << 4, /* body ends with the connection */
	MSG_KEEPALIVE = 1 << 5,   /* the sender lets the connection live on (version and Connection header) */
	MSG_CONN_CLOSE = 1 << 6,  /* "close" was named in Connection */
	MSG_UPGRADE = 1 << 7,     /* Connection names upgrade and Upgrade is there; in a request not to HTTP/2 */
	MSG_EXPECT_100 = 1 << 8,
	MSG_START_RAW = 1 << 9,   /* the start line may be forwarded as received (start_raw) */
	MSG_ABS_FORM = 1 << 10,   /* target was absolute-form; authority taken from it */
	MSG_CONN_NAMED = 1 << 11, /* Connection names further hop-by-hop headers, already marked HDR_DEL */
};

struct http_msg {
	uint32_t flags;           /* enum msg_flags */
	uint16_t status;          /* response */
	uint8_t method;           /* enum http_method, request */
	uint8_t ver;              /* 10, 11, 20 */
	struct str method_s;      /* request: the method as sent */
	struct str target;        /* request: target without scheme and authority when it was absolute; "*" and authority-form as they are */
	struct str authority;     /* request: from the target (absolute, CONNECT), else Host, else empty */
	struct str scheme;        /* request: from absolute-form, or set by the mux */
	struct str reason;        /* response */
	struct str start_raw;     /* the start line as received, with CRLF */
	uint64_t body_len;        /* with MSG_CLEN */
	struct hdr *hdr;          /* array of max_hdr, owned by the message's owner */
	uint16_t nhdr, max_hdr;
	uint32_t head_len;        /* bytes of the head as received, with the empty line */
	struct arena *arena;      /* where rewritten parts live; as long as the message */
	uint16_t ntrl;            /* trailers: behind the headers in hdr[nhdr .. nhdr+ntrl-1] */
	uint32_t edits;           /* changes made by the functions below: who has read it sees that it is another */
};

void msg_init(struct http_msg *m, struct hdr *hdrs, uint16_t max_hdr, struct arena *a, bool request);

enum http_method http_method_id(struct str s);
struct str http_method_name(enum http_method m);
enum http_hdr_id http_hdr_id(struct str name);          /* case ignored; length and first byte decide early */
struct str http_hdr_name(enum http_hdr_id id);          /* lower case, lives forever; empty for HH_OTHER */
struct str http_reason(unsigned status);                /* standard phrase, "Other" when unknown */
bool http_token(struct str s);                          /* RFC 9110 token */
bool http_hdr_hop_by_hop(const struct hdr *h);          /* Connection, Keep-Alive, TE, Trailer, Transfer-Encoding, Upgrade, Proxy-* */

static inline struct str hdr_name(const struct hdr *h) { return (struct str){ h->name, h->nlen }; }
static inline struct str hdr_val(const struct hdr *h) { return (struct str){ h->val, h->vlen }; }

/* First live header of that id / name at or after index `from`; -1 when there is none. */
int msg_find_id(const struct http_msg *m, enum http_hdr_id id, int from);
int msg_find(const struct http_msg *m, struct str name, int from);
/* Appends a header; both strings must live as long as the message. false when the array is full. */
bool msg_add(struct http_msg *m, struct str name, struct str val) MUST_CHECK;
void msg_del_at(struct http_msg *m, int i);
unsigned msg_del(struct http_msg *m, struct str name);  /* all of that name; returns how many */
/* Removes all of that name, then appends; in a full array the first of them is overwritten. false when there was none and no room. */
bool msg_set(struct http_msg *m, struct str name, struct str val) MUST_CHECK;
void msg_set_val(struct http_msg *m, int i, struct str val);
void msg_set_target(struct http_msg *m, struct str target);
void msg_set_method(struct http_msg *m, struct str method);
/* Copies what still stands in the receive buffer into the arena, which must be there: the message outlives the buffer. */
void msg_keep(struct http_msg *m);
void msg_set_status(struct http_msg *m, unsigned status, struct str reason);

/* Iterates the comma-separated elements of a header value, quotes respected. *rest starts as the value;
 * returns false at the end. Empty elements are skipped. */
bool hdr_next_elem(struct str *rest, struct str *elem);
/* Does any Connection-like list header of id contain token (case ignored)? */
bool msg_list_has(const struct http_msg *m, enum http_hdr_id id, struct str token);

/* Parts of a request target. path stops before '?' (and before '#'), query is what follows the first '?'. */
struct str uri_path(struct str target);
struct str uri_query(struct str target);
bool uri_has_query(struct str target);
/* Resolves %XX into out (at least s.n bytes) and returns the length; -1: a '%' without two hex digits. A '+' is a blank when form, and
 * behind a '?' in any case. */
ptrdiff_t uri_unescape(struct str s, bool form, char *out) MUST_CHECK;
/* The next field of application/x-www-form-urlencoded text and advances *rest: its name as it is, its value unescaped into memory of a.
 * false at the end. The name of a field whose value cannot be unescaped is empty. */
bool form_next(struct arena *a, struct str *rest, struct str *name, struct str *val);

/* scheme://authority and target of a request in absolute form, made in a. */
struct str msg_absolute_url(const struct http_msg *m, struct arena *a);

#endif
