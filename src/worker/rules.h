// SPDX-License-Identifier: GPL-3.0-or-later
/* What happens to a stream by configuration: rule sets, replies made by the proxy, header insertion, logging. Called
 * by the steps. */
#ifndef SLUICE_WORKER_RULES_H
#define SLUICE_WORKER_RULES_H

#include "stream.h"

enum rule_verdict {
	RULE_CONTINUE,   /* end of the list: go on */
	RULE_ALLOW,      /* stopped evaluating, the message passes */
	RULE_ANSWERED,   /* a reply is prepared (SF_REPLY): send it; term letters are set */
	RULE_TARPIT,     /* a reply is prepared: send it after timeout tarpit */
	RULE_CLOSE,      /* close the client without an answer (reject) */
	RULE_SWITCH,     /* the connection speaks HTTP from here on: last_rule->kind is the enum rt_proto */
	RULE_RESET,      /* close it with RST (silent-drop) */
	RULE_HOLD,       /* a rule holds its list: run again when woken, at hold_until at the latest */
	RULE_WAIT,       /* undecided before more input or ctx.final */
};

/* Runs px's rules of a phase. With RULE_WAIT it is called again when there is more input, and with ctx.final set when
 * there will be none; it goes on with the rule that could not decide. PH_TCP_CONN and PH_TCP_SESS run on a stream that has no message yet. */
enum rule_verdict rules_run(struct stream *s, enum rule_phase ph, const struct rt_proxy *px);

/* monitor-uri and monitor fail of s->fe: RULE_ANSWERED with SF_MONITOR set, else RULE_CONTINUE. Before http-request
 * rules. */
enum rule_verdict rules_monitor(struct stream *s);

/* The backend that use_backend rules name, else default_backend, else RT_NONE. A target that is disabled is skipped. */
uint32_t rules_route(struct stream *s);
/* The server that use-server rules of s->be name, RT_NONE = leave it to the algorithm. A server that is down is passed
 * over, one that only takes no part in balancing (drain, weight 0) is not. */
uint32_t rules_use_server(struct stream *s);

/* split.c: the backend that a use_split rule gives this request; RT_NONE when all are disabled. */
uint32_t rules_split(struct stream *s, const struct rt_split *sp);

/* Makes the answer for status (errorfile, errorloc, built-in page; of the backend, else of the frontend) in s->res
 * and s->reply_body and sets SF_REPLY. Sets no term letters. Must not be called once SF_RES_STARTED. */
void reply_error(struct stream *s, unsigned status);
/* The same for a configured reply; status 0 = the reply's own. */
void reply_prepare(struct stream *s, const struct rt_reply *r, unsigned status);

/* An answer of one's own: open, add headers with headers_add(), close with a body that lives as long as the stream. */
void reply_open(struct stream *s, unsigned status);
void reply_close(struct stream *s, struct str body);

/* Saves what logs and captures want of the request as received. After the head was parsed, before any rule. */
void headers_capture_request(struct stream *s);
void headers_capture_response(struct stream *s);
/* option http-restrict-req-hdr-names of px: false = the request is to be refused. */
bool headers_restrict(struct stream *s, const struct rt_proxy *px);
/* x-forwarded-for, forwarded, originalto, unique-id, http-send-name-header: just before the head goes to the server.
 * Called again for each attempt, so it must not add twice. */
void headers_request(struct stream *s);
/* Appends a header, or puts one in place of all of that name, in one of s's messages. When the header array is full the header is
 * left out and counted as a failed rewrite: traffic does not stop for it. Both strings live as long as the stream. */
/* Made on first use; empty: the frontend has no unique-id-format. */
struct str strm_unique_id(struct stream *s);
void headers_add(struct stream *s, struct http_msg *m, struct str name, struct str val);
void headers_set(struct stream *s, struct http_msg *m, struct str name, struct str val);

/* Renders a format with everything known of s; a format without aliases costs no gathering. */
void strm_render(struct stream *s, const struct logfmt *f, struct sbuf *out);

/* Sends the early hints that rules have collected. */
void strm_hints_send(struct stream *s);
/* Everything the aliases of formats print of s, as far as it is known. */
void strm_log_data(struct stream *s, struct log_data *d);
/* Keeps v, cut to the slot's length, in a capture slot of the frontend; a slot that does not exist keeps nothing. */
void strm_capture(struct stream *s, bool response, int64_t slot, struct str v);

/* Writes the log line of s if its frontend logs and it is due; at most once (SF_LOGGED). t.end is set. */
void strm_log(struct stream *s);
/* Writes a line with what is known so far, whatever else is written: do-log. */
void strm_log_now(struct stream *s);
/* Logs now, with what is known so far: option logasap. */
void strm_log_early(struct stream *s);
/* The server connection stands: notes what the line will tell of it, and writes it where nothing later matters. */
void strm_log_connected(struct stream *s);

#endif
