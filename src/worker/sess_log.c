// SPDX-License-Identifier: GPL-3.0-or-later
/* The line of a session that ended before it could carry an exchange: HAProxy's fixed one, or error-log-format. */
#include <time.h>

#include <sluice/base/clock.h>
#include <sluice/tls/xprt_tls.h>

#include "rules.h"
#include "sess_log.h"
#include "session.h"
#include "worker_priv.h"

enum { LEVEL_INFO = 6 };

static void put_date(struct sbuf *out, struct timespec at)
{
	struct tm tm;
	char text[32];

	localtime_r(&at.tv_sec, &tm);
	strftime(text, sizeof(text), "%d/%b/%Y:%H:%M:%S", &tm);
	sbuf_printf(out, "%s.%03ld", text, at.tv_nsec / 1000000);
}

static void line_default(const struct session *se, struct sbuf *out)
{
	const struct tls_result *r = tls_result(se->conn);
	struct str bind = se->lst->opts->name.n ? se->lst->opts->name : STR("1");
	char ip[ADDR_TEXT_MAX];

	if (se->conn->src.family == AF_UNIX)
		sbuf_printf(out, "unix:1");
	else
		sbuf_printf(out, STR_FMT ":%u", (int)addr_ip_text(&se->conn->src, ip), ip, se->conn->src.port);
	sbuf_printf(out, " [");
	put_date(out, se->accept_date);
	sbuf_printf(out, "] " STR_FMT "/" STR_FMT ": %s", STR_ARG(se->fe->name), STR_ARG(bind),
		    tls_failure_text(r ? r->failure : TLS_HANDSHAKE));
}

/* error-log-format: a stream without any message is what it is written about. */
static void line_custom(struct session *se, struct sbuf *out)
{
	struct stream *s = strm_new(se, se->fe, false);

	if (!s)
		return;
	strm_render(s, se->fe->log.err_fmt, out);
	strm_discard(s);
	se->nreq = 0;
}

void sess_log_failure(struct session *se)
{
	const struct rt_logging *l = &se->fe->log;
	const struct tls_result *r = tls_result(se->conn);
	struct str tag = l->tag.n ? l->tag : wk.rt->g.log_tag;
	char line[4096];
	struct sbuf out = SBUF_FIXED(line);

	if (!l->fmt || !l->ntargets || (l->dontlognull && r && r->failure == TLS_EMPTY))
		return;
	if (l->err_fmt)
		line_custom(se, &out);
	else
		line_default(se, &out);
	for (unsigned i = 0; i < l->ntargets; i++)
		log_send(l->targets[i], LEVEL_INFO, tag, sbuf_str(&out));
}
