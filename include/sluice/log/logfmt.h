// SPDX-License-Identifier: GPL-3.0-or-later
/* Log-format strings: literal text, %[expr], and the aliases of tbl/log_aliases.def; also the value syntax of header actions. */
#ifndef SLUICE_LOG_LOGFMT_H
#define SLUICE_LOG_LOGFMT_H

#include <sluice/expr/expr.h>

struct logfmt;

/* Everything the aliases print, plain values filled by the worker when a line is due. Times in ns on the monotonic clock, 0 = not reached. */
struct log_data {
	struct timespec accept_date;        /* wall clock of accept; request date = + (t_req_start - t_accept) */
	uint64_t t_accept, t_hs_done, t_req_start, t_req_done, t_queue_done, t_conn_done, t_res_head, t_end;
	const struct addr *cli, *fe, *bck, *srv; /* client, frontend local, our address to the server, server */
	struct str fe_name, be_name, srv_name, bind_name;
	bool fe_tls, http, no_server, stats, redispatched, logasap;
	struct str method, uri, version;    /* of the request as received; empty = <BADREQ> */
	uint16_t status;                    /* 0 = none: printed as -1 */
	uint64_t bytes_in, bytes_out;
	char term[4];                       /* termination state */
	uint32_t actconn, feconn, beconn, srvconn, retries, srv_queue, bck_queue;
	struct str *req_caps, *res_caps;    /* captured headers; NULL = none came, their slots are logged empty */
	unsigned n_req_caps, n_res_caps;
	struct str req_cookie, res_cookie, unique_id, log_tag, hostname;
	struct str tls_version, tls_cipher; /* of the client connection, empty in the clear */
	uint32_t pid, counter, req_counter;
};

/* A value of headers, bodies, names: text as it is, control bytes of expressions as %XX, nothing where an expression has no value. */
struct logfmt *logfmt_compile(const struct expr_env *env, struct str text, struct xerr *err) MUST_CHECK;
/* Bytes that are no part of a message or line: as the value above, but expressions give every byte as it is. */
struct logfmt *logfmt_compile_raw(const struct expr_env *env, struct str text, struct xerr *err) MUST_CHECK;
/* A log line: blanks are merged, what is empty becomes "-", control bytes become #XX. */
struct logfmt *logfmt_compile_log(const struct expr_env *env, struct str text, struct xerr *err) MUST_CHECK;
/* The literal text when nothing in it varies; p == NULL otherwise. */
struct str logfmt_literal(const struct logfmt *f);
/* As it was written: the text that was compiled, which is the caller's. */
struct str logfmt_source(const struct logfmt *f);
unsigned logfmt_needs(const struct logfmt *f);
bool logfmt_effect(const struct logfmt *f);  /* does one of its expressions change something? */
void logfmt_each_expr(const struct logfmt *f, void (*fn)(void *ctx, const struct expr *e), void *ctx);
bool logfmt_aliases(const struct logfmt *f); /* does it read struct log_data? */
/* d may be NULL where no stream exists: aliases print "-". */
void logfmt_render(const struct logfmt *f, struct smp_ctx *c, const struct log_data *d, struct sbuf *out);

/* ms of a timer by the letter of its alias (%Th Ti TR Tq Tw Tc Tr Td Ta Tu Tt: h i R q w c r d a u t); -1 = that phase was not reached. */
int64_t log_timer(const struct log_data *d, char which);

/* The built-in formats, HAProxy's to the byte: reference texts of option httplog, tcplog, and the default. */
extern const char logfmt_httplog[], logfmt_httpslog[], logfmt_tcplog[], logfmt_default_http[], logfmt_default_tcp[];

#endif
