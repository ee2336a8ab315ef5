// SPDX-License-Identifier: GPL-3.0-or-later
/* The rule hooks without rules: default backend, bare error answers. Stands in until rules.c, reply.c, headers.c and
 * strm_log.c are here. */
#include <sluice/base/num.h>
#include "rules.h"
#include "worker_priv.h"

enum rule_verdict rules_run(struct stream *s UNUSED, enum rule_phase ph UNUSED, const struct rt_proxy *px UNUSED)
{
	return RULE_CONTINUE;
}
enum rule_verdict rules_monitor(struct stream *s UNUSED) { return RULE_CONTINUE; }
uint32_t rules_route(struct stream *s) { return s->fe->default_be; }
uint32_t rules_use_server(struct stream *s UNUSED) { return RT_NONE; }

void reply_error(struct stream *s, unsigned status)
{
	msg_init(&s->res, s->res.hdr, s->res.max_hdr, s->arena, false);
	s->res.ver = 11;
	s->flags |= SF_REPLY;
	msg_set_status(&s->res, status, http_reason(status));
	s->reply_body = http_reason(status);
	s->res.flags |= MSG_CLEN | MSG_KEEPALIVE;
	s->res.body_len = s->reply_body.n;
}
void reply_prepare(struct stream *s, const struct rt_reply *r, unsigned status)
{
	reply_error(s, status ? status : r->status);
}
void headers_capture_request(struct stream *s UNUSED) {}
void headers_capture_response(struct stream *s UNUSED) {}
void headers_request(struct stream *s UNUSED) {}
void strm_log(struct stream *s) { s->flags |= SF_LOGGED; }
int error_slot(unsigned status UNUSED) { return -1; }
