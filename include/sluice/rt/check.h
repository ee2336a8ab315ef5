// SPDX-License-Identifier: GPL-3.0-or-later
/* What a health check of a backend's servers says and expects: a list of steps, taken in order on one connection or several. Words and
 * meaning are those of HAProxy's tcp-check and http-check lines. Checks that only connect, and grpc, have no steps. */
#ifndef SLUICE_RT_CHECK_H
#define SLUICE_RT_CHECK_H

#include <sluice/log/logfmt.h>

struct rt_reply_hdr; /* rt.h */

enum chk_kind { CHK_TCP, CHK_HTTP, CHK_SCRIPT, CHK_GRPC };
enum chk_step_kind {
	CS_CONNECT, CS_SEND, CS_SEND_BINARY, CS_EXPECT, CS_REQUEST, CS_SET_VAR /* from here on about variables */, CS_UNSET_VAR,
};
enum chk_match { CM_STATUS, CM_RSTATUS, CM_STRING, CM_RSTRING, CM_HDR, CM_BINARY, CM_RBINARY, CM_STRING_LF, CM_BINARY_LF, CM_FHDR };

/* What expressions of a check may use (enum smp_need): its own server and connection, its variables, and what has been received. */
#define CHK_AVAIL (NEED_CHECK | NEED_SERVER | NEED_SESS)
#define CHK_AVAIL_HTTP (CHK_AVAIL | NEED_RES_HEAD)
#define CHK_AVAIL_TCP (CHK_AVAIL | NEED_RES_L6)

struct chk_expect {
	uint8_t match; bool neg;        /* enum chk_match */
	struct str text;                /* pattern */
	struct regex *re;
	struct logfmt *fmt;             /* the pattern is made when it is needed; of CM_BINARY_LF in hexadecimal */
	struct { uint16_t lo, hi; } status[16];
	uint8_t nstatus;
	bool has_value;                 /* CM_HDR, CM_FHDR: text, re or fmt is compared with values; else the name suffices */
	uint8_t hdr_how;                /* enum name_match of text against values */
	struct str hdr_name;            /* CM_HDR, CM_FHDR, compared without regard to case */
	uint8_t name_how;               /* enum name_match of hdr_name against names */
	struct regex *name_re;
	struct logfmt *name_fmt;
	bool at_once;                   /* min-recv was given: what is not among the first min_recv bytes is not waited for */
	uint32_t min_recv;
	/* The verdict instead of the usual one, by row of tbl/check_status.def; 0 = the usual one. */
	uint8_t ok_status, error_status, tout_status;
	struct logfmt *on_success, *on_error; /* what the log says, or NULL */
	struct expr *code;              /* what the log gives as code, or NULL */
};

struct chk_request {                /* of HTTP */
	struct str method, uri, version, body;
	struct logfmt *uri_fmt, *body_fmt; /* instead of uri and body */
	struct rt_reply_hdr *hdrs; uint32_t nhdrs;
	uint32_t nth;                   /* among the requests of its check, from 0 */
};

struct chk_step {
	uint8_t kind;                   /* enum chk_step_kind */
	struct str comment;
	struct str data;                /* send, send-binary: the bytes, or */
	struct logfmt *fmt;             /* what they are made from, binary in hexadecimal; set-var-fmt: the value */
	struct chk_request *req;        /* NULL: the first of its check */
	struct expr *expr;              /* set-var: the value; connect: the port */
	struct var_ref var;
	uint16_t conds;                 /* set-var: enum var_cond */
	struct addr addr; uint16_t port; /* connect: where, AF_UNSPEC and 0 = as the server's checks */
	bool ssl, as_server /* default */, send_proxy, linger, socks4;
	uint8_t proto;                  /* enum rt_proto */
	struct str sni, alpn;
	struct chk_expect exp;
};

struct rt_check {                   /* of a backend, shared by its servers */
	uint8_t kind;
	bool disable_on_404, send_state;
	bool proto;                     /* the steps are those of an option that knows a protocol */
	struct chk_request req;         /* http: the first request */
	struct chk_step *steps; uint32_t nsteps; /* tcp-check, http */
	struct str service;             /* grpc: empty = the server as a whole */
};

#endif
