// SPDX-License-Identifier: GPL-3.0-or-later
/* option grpc-check: one call of grpc.health.v1.Health/Check a probe, over HTTP/2 (h2_call.c). Up is a server that says SERVING;
 * everything else is told as it was found: the serving status, the status of the call, of HTTP, or the error of HTTP/2. */
#include <stdio.h>
#include <stdlib.h>
#include <sluice/base/clock.h>
#include <sluice/base/num.h>
#include <sluice/http/grpc.h>
#include "h2_call.h"

#define BODY_MAX 256

struct grpc_call {
	struct h2_call h2;
	uint16_t http_status;
	bool is_grpc;               /* content-type */
	int status;                 /* grpc-status, -1 = none yet */
	size_t n;                   /* of body[] */
	char request[GRPC_HEALTH_MAX], body[BODY_MAX];
	char message[96];           /* grpc-message */
};

/* ---- what comes ---- */

static void on_field(struct h2_call *h2, struct str n, struct str v)
{
	struct grpc_call *c = h2->owner;
	uint64_t num;

	if (str_eq(n, STR(":status")) && num_u64(v, &num))
		c->http_status = (uint16_t)num;
	else if (str_eq(n, STR("content-type")))
		c->is_grpc = str_starts(v, STR("application/grpc"));
	else if (str_eq(n, STR("grpc-status")))
		c->status = num_u64(v, &num) && num < 1000 ? (int)num : 999;
	else if (str_eq(n, STR("grpc-message")))
		snprintf(c->message, sizeof(c->message), STR_FMT, STR_ARG(v));
}

static void on_data(struct h2_call *h2, struct str bytes)
{
	struct grpc_call *c = h2->owner;

	if (bytes.n > sizeof(c->body) - c->n) {
		h2->broken = "message is longer than a HealthCheckResponse";
		return;
	}
	memcpy(c->body + c->n, bytes.p, bytes.n);
	c->n += bytes.n;
}

/* ---- verdict ---- */

static void failed(struct target *t, enum check_status st, unsigned code, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static void failed(struct target *t, enum check_status st, unsigned code, const char *fmt, ...)
{
	char text[INFO_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	probe_finish(t, st, code, str_n(text, MIN((size_t)MAX(n, 0), sizeof(text) - 1)));
}

static void judge_answer(struct target *t, const struct grpc_call *c)
{
	uint32_t serving = GRPC_UNKNOWN;
	const char *wrong;

	if (c->status > 0) {
		failed(t, CHK_L7STS, (unsigned)c->status, "gRPC status %d %s%s%s", c->status, grpc_status_text((unsigned)c->status),
		       c->message[0] ? ": " : "", c->message);
		return;
	}
	wrong = grpc_health_response(str_n(c->body, c->n), &serving);
	if (wrong)
		failed(t, CHK_L7RSP, 0, "%s", wrong);
	else if (serving == GRPC_SERVING)
		probe_finish(t, CHK_L7OK, 0, STR("SERVING"));
	else
		failed(t, CHK_L7STS, 0, "%s", grpc_serving_text(serving));
}

static void judge(struct target *t, const struct grpc_call *c, bool eof)
{
	char text[INFO_MAX];
	const char *failure = h2_call_failure(&c->h2, eof, text, sizeof(text));

	if (c->h2.broken || (eof && !c->h2.goaway_code))
		failed(t, CHK_L7RSP, 0, "%s", failure);
	else if (c->status >= 0)
		judge_answer(t, c);
	else if (c->http_status && (c->http_status != 200 || !c->is_grpc))
		failed(t, CHK_L7STS, c->http_status, "HTTP status %u without a gRPC status", c->http_status);
	else
		failed(t, CHK_L7RSP, 0, "%s", failure ? failure : "response without a gRPC status");
}

/* ---- the exchange ---- */

static void grpc_io(struct target *t)
{
	struct grpc_call *c = t->x->grpc;

	for (;;) {
		enum probe_io r = h2_call_say(t, &c->h2);

		if (r == PROBE_GONE)
			return;
		if (c->h2.broken || c->h2.closed)
			break;
		r = h2_call_hear(t, &c->h2);
		if (r == PROBE_GONE || r == PROBE_WAIT)
			return;
		if (r == PROBE_EOF) {
			judge(t, c, true);
			return;
		}
	}
	judge(t, c, false);
}

static bool call_submit(struct target *t, struct grpc_call *c)
{
	char addr[ADDR_TEXT_MAX], timeout[24];
	struct str host = h2_call_authority(t, addr);
	uint64_t now = clock_ms();
	int n = snprintf(timeout, sizeof(timeout), "%um", (unsigned)MIN(t->timer.deadline > now ? t->timer.deadline - now : 1, 99999999u));
	nghttp2_nv nv[] = {
		H2_FIELD(":method", STR("POST")), H2_FIELD(":scheme", t->tls ? STR("https") : STR("http")),
		H2_FIELD(":path", STR("/grpc.health.v1.Health/Check")), H2_FIELD(":authority", host), H2_FIELD("te", STR("trailers")),
		H2_FIELD("content-type", STR("application/grpc")), H2_FIELD("user-agent", STR("sluice/" SLUICE_VERSION)),
		H2_FIELD("grpc-timeout", str_n(timeout, (size_t)n)),
	};

	return h2_call_ask(&c->h2, nv, ARRAY_LEN(nv), str_n(c->request, grpc_health_request(c->request, t->px->check.service)));
}

static void grpc_start(struct target *t)
{
	struct str alpn = conn_alpn(t->conn);
	struct grpc_call *c = calloc(1, sizeof(*c));

	t->x->grpc = c;
	if (c) {
		c->h2 = (struct h2_call){ .field = on_field, .data = on_data, .owner = c };
		c->status = -1;
	}
	if (!c || !h2_call_open(&c->h2) || !call_submit(t, c)) {
		probe_put_off(t);
		return;
	}
	if (alpn.n && !str_eq(alpn, STR("h2")))
		failed(t, CHK_L7RSP, 0, "server chose '" STR_FMT "' in TLS, not h2", STR_ARG(alpn));
	else
		grpc_io(t);
}

static void grpc_end(struct exchange *x)
{
	if (!x->grpc)
		return;
	h2_call_close(&x->grpc->h2);
	free(x->grpc);
}

static void grpc_where(const struct target *t, struct sbuf *out)
{
	const struct grpc_call *c = t->x->grpc;

	if (t->phase != PROBE_TALKING || out->n)
		return;
	sbuf_add(out, !c || !c->h2.settings ? STR("waiting for SETTINGS") : !c->http_status ? STR("waiting for the response") :
		 c->n ? STR("waiting for the gRPC status") : STR("waiting for the message"));
}

const struct check_ops chk_grpc = { .name = "grpc", .start = grpc_start, .io = grpc_io, .end = grpc_end, .where = grpc_where };
