// SPDX-License-Identifier: GPL-3.0-or-later
/* option grpc-check: one call of grpc.health.v1.Health/Check a probe, over HTTP/2 in the clear (prior knowledge) or in TLS. Up is a server that
 * says SERVING; everything else is told as it was found: the serving status, the status of the call, of HTTP, or the error of HTTP/2.
 *
 * libnghttp2's session lives as long as the exchange. Its callbacks only write down what has come; the verdict is given when it has returned. */
#include <stdio.h>
#include <stdlib.h>
#include <nghttp2/nghttp2.h>
#include <sluice/base/clock.h>
#include <sluice/base/num.h>
#include <sluice/http/grpc.h>
#include "checker_priv.h"

#define BODY_MAX 256
#define BYTES_MAX (256u << 10)  /* from the server, until it has answered */

struct grpc_call {
	nghttp2_session *ng;
	int32_t id;
	uint16_t http_status;
	bool is_grpc;               /* content-type */
	bool settings, closed, goaway;
	uint32_t close_code, goaway_code; /* of HTTP/2 */
	int status;                 /* grpc-status, -1 = none yet */
	const char *broken;         /* what cannot be taken further */
	uint32_t bytes;
	size_t asked, n;            /* of request[] that was sent; of body[] */
	size_t request_n;
	char request[GRPC_HEALTH_MAX], body[BODY_MAX];
	char message[96];           /* grpc-message */
};

/* ---- what comes ---- */

static int on_header(nghttp2_session *ng UNUSED, const nghttp2_frame *f, const uint8_t *name, size_t nlen, const uint8_t *val, size_t vlen,
		     uint8_t flags UNUSED, void *user)
{
	struct str n = str_n((const char *)name, nlen), v = str_n((const char *)val, vlen);
	struct grpc_call *c = user;
	uint64_t num;

	if (f->hd.stream_id != c->id)
		return 0;
	if (str_eq(n, STR(":status")) && num_u64(v, &num))
		c->http_status = (uint16_t)num;
	else if (str_eq(n, STR("content-type")))
		c->is_grpc = str_starts(v, STR("application/grpc"));
	else if (str_eq(n, STR("grpc-status")))
		c->status = num_u64(v, &num) && num < 1000 ? (int)num : 999;
	else if (str_eq(n, STR("grpc-message")))
		snprintf(c->message, sizeof(c->message), STR_FMT, STR_ARG(v));
	return 0;
}

static int on_data(nghttp2_session *ng UNUSED, uint8_t flags UNUSED, int32_t id, const uint8_t *p, size_t len, void *user)
{
	struct grpc_call *c = user;

	if (id != c->id)
		return 0;
	if (len > sizeof(c->body) - c->n) {
		c->broken = "message is longer than a HealthCheckResponse";
		return 0;
	}
	memcpy(c->body + c->n, p, len);
	c->n += len;
	return 0;
}

static int on_frame(nghttp2_session *ng UNUSED, const nghttp2_frame *f, void *user)
{
	struct grpc_call *c = user;

	if (f->hd.type == NGHTTP2_SETTINGS) {
		c->settings = true;
	} else if (f->hd.type == NGHTTP2_GOAWAY) {
		c->goaway = true;
		c->goaway_code = f->goaway.error_code;
	}
	return 0;
}

static int on_close(nghttp2_session *ng UNUSED, int32_t id, uint32_t code, void *user)
{
	struct grpc_call *c = user;

	if (id == c->id) {
		c->closed = true;
		c->close_code = code;
	}
	return 0;
}

/* We end the connection only when nghttp2 finds that it cannot go on. */
static int on_sent(nghttp2_session *ng UNUSED, const nghttp2_frame *f, void *user)
{
	struct grpc_call *c = user;

	if (f->hd.type == NGHTTP2_GOAWAY)
		c->broken = c->settings ? "server breaks the rules of HTTP/2" : "server does not speak HTTP/2";
	return 0;
}

static ssize_t on_body_wanted(nghttp2_session *ng UNUSED, int32_t id UNUSED, uint8_t *buf, size_t len, uint32_t *flags,
			      nghttp2_data_source *src UNUSED, void *user)
{
	struct grpc_call *c = user;
	size_t n = MIN(len, c->request_n - c->asked);

	memcpy(buf, c->request + c->asked, n);
	c->asked += n;
	if (c->asked == c->request_n)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)n;
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

static void judge(struct target *t, const struct grpc_call *c)
{
	if (c->status >= 0)
		judge_answer(t, c);
	else if (c->http_status && (c->http_status != 200 || !c->is_grpc))
		failed(t, CHK_L7STS, c->http_status, "HTTP status %u without a gRPC status", c->http_status);
	else if (c->goaway && c->goaway_code)
		failed(t, CHK_L7RSP, 0, "server closes the connection: %s", nghttp2_http2_strerror(c->goaway_code));
	else if (c->close_code)
		failed(t, CHK_L7RSP, 0, "stream reset by the server: %s", nghttp2_http2_strerror(c->close_code));
	else
		failed(t, CHK_L7RSP, 0, "response without a gRPC status");
}

static void judge_end(struct target *t, const struct grpc_call *c)
{
	if (c->goaway && c->goaway_code)
		judge(t, c);
	else
		failed(t, CHK_L7RSP, 0, "%s", c->settings ? "connection closed before the response was complete" : "connection closed without a word of HTTP/2");
}

/* ---- the exchange ---- */

/* What nghttp2 has to say; WAIT also when it has nothing to say any more. */
static enum probe_io say(struct target *t)
{
	struct grpc_call *c = t->x->grpc;

	for (;;) {
		enum probe_io r = probe_flush(t);
		const uint8_t *p;
		ssize_t n;

		if (r != PROBE_OK)
			return r;
		n = nghttp2_session_mem_send(c->ng, &p);
		if (n <= 0)
			return PROBE_WAIT;
		probe_queue(t, str_n((const char *)p, (size_t)n));
	}
}

/* What a server that does not speak HTTP/2 says instead of its SETTINGS. */
static const char *not_h2(struct str in)
{
	return str_starts(in, STR("HTTP/1.")) ? "server speaks HTTP/1, not HTTP/2" : NULL;
}

static void hear(struct target *t)
{
	struct exchange *x = t->x;
	struct grpc_call *c = x->grpc;
	struct str in = buf_str(&x->in);
	ssize_t n;

	c->broken = c->bytes ? NULL : not_h2(in);
	c->bytes += (uint32_t)in.n;
	if (c->broken)
		return;
	n = nghttp2_session_mem_recv(c->ng, (const uint8_t *)in.p, in.n);
	x->in.head = x->in.tail = 0;
	if (n < 0)
		c->broken = nghttp2_strerror((int)n);
	else if (c->bytes > BYTES_MAX && !c->closed)
		c->broken = "much was received, but no response";
}

static void grpc_io(struct target *t)
{
	struct grpc_call *c = t->x->grpc;

	for (;;) {
		enum probe_io r = say(t);

		if (r == PROBE_GONE)
			return;
		if (c->broken || c->closed)
			break;
		r = probe_fill(t);
		if (r == PROBE_GONE || r == PROBE_WAIT)
			return;
		if (r == PROBE_EOF) {
			judge_end(t, c);
			return;
		}
		hear(t);
	}
	if (c->broken)
		failed(t, CHK_L7RSP, 0, "%s", c->broken);
	else
		judge(t, c);
}

static bool session_new(struct grpc_call *c)
{
	static nghttp2_session_callbacks *cb;
	nghttp2_settings_entry iv = { NGHTTP2_SETTINGS_ENABLE_PUSH, 0 };

	if (!cb && nghttp2_session_callbacks_new(&cb) == 0) {
		nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
		nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
		nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
		nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_close);
		nghttp2_session_callbacks_set_on_frame_send_callback(cb, on_sent);
	}
	return cb && nghttp2_session_client_new(&c->ng, cb, c) == 0 && nghttp2_submit_settings(c->ng, NGHTTP2_FLAG_NONE, &iv, 1) == 0;
}

static struct str authority(const struct target *t, char text[ADDR_TEXT_MAX])
{
	if (t->s->o->check_sni.n)
		return t->s->o->check_sni;
	return t->s->host.n ? t->s->host : str_n(text, addr_text(&t->conn->dst, text));
}

static bool call_submit(struct target *t, struct grpc_call *c)
{
	char addr[ADDR_TEXT_MAX], timeout[24];
	struct str host = authority(t, addr);
	uint64_t now = clock_ms();
	int n = snprintf(timeout, sizeof(timeout), "%um", (unsigned)MIN(t->timer.deadline > now ? t->timer.deadline - now : 1, 99999999u));
#define FIELD(name, v) { (uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)(v).p, sizeof(name) - 1, (v).n, NGHTTP2_NV_FLAG_NONE }
	nghttp2_nv nv[] = {
		FIELD(":method", STR("POST")), FIELD(":scheme", t->tls ? STR("https") : STR("http")), FIELD(":path", STR("/grpc.health.v1.Health/Check")),
		FIELD(":authority", host), FIELD("te", STR("trailers")), FIELD("content-type", STR("application/grpc")),
		FIELD("user-agent", STR("sluice/" SLUICE_VERSION)), FIELD("grpc-timeout", str_n(timeout, (size_t)n)),
	};
#undef FIELD
	nghttp2_data_provider body = { .read_callback = on_body_wanted };

	c->request_n = grpc_health_request(c->request, t->px->check.service);
	c->id = nghttp2_submit_request(c->ng, NULL, nv, ARRAY_LEN(nv), &body, NULL);
	return c->id > 0;
}

static void grpc_start(struct target *t)
{
	struct str alpn = conn_alpn(t->conn);
	struct grpc_call *c = calloc(1, sizeof(*c));

	t->x->grpc = c;
	if (!c || !session_new(c) || !call_submit(t, c)) {
		probe_put_off(t);
		return;
	}
	c->status = -1;
	if (alpn.n && !str_eq(alpn, STR("h2")))
		failed(t, CHK_L7RSP, 0, "server chose '" STR_FMT "' in TLS, not h2", STR_ARG(alpn));
	else
		grpc_io(t);
}

static void grpc_end(struct exchange *x)
{
	if (!x->grpc)
		return;
	nghttp2_session_del(x->grpc->ng);
	free(x->grpc);
}

static void grpc_where(const struct target *t, struct sbuf *out)
{
	const struct grpc_call *c = t->x->grpc;

	if (t->phase != PROBE_TALKING || out->n)
		return;
	sbuf_add(out, !c || !c->settings ? STR("waiting for SETTINGS") : !c->http_status ? STR("waiting for the response") :
		 c->n ? STR("waiting for the gRPC status") : STR("waiting for the message"));
}

const struct check_ops chk_grpc = { .name = "grpc", .start = grpc_start, .io = grpc_io, .end = grpc_end, .where = grpc_where };
