// SPDX-License-Identifier: GPL-3.0-or-later
/* Calls over HTTP/2: the session, what is said, what is heard. What an answer means is the affair of chk_grpc.c and chk_http.c. */
#include <stdio.h>
#include "h2_call.h"

#define BYTES_MAX (256u << 10)  /* from the server, until it has answered */

/* ---- what comes ---- */

static int on_header(nghttp2_session *ng UNUSED, const nghttp2_frame *f, const uint8_t *name, size_t nlen, const uint8_t *val, size_t vlen,
		     uint8_t flags UNUSED, void *user)
{
	struct h2_call *c = user;

	if (f->hd.stream_id == c->id)
		c->field(c, str_n((const char *)name, nlen), str_n((const char *)val, vlen));
	return 0;
}

static int on_data(nghttp2_session *ng UNUSED, uint8_t flags UNUSED, int32_t id, const uint8_t *p, size_t len, void *user)
{
	struct h2_call *c = user;

	if (id == c->id)
		c->data(c, str_n((const char *)p, len));
	return 0;
}

static int on_frame(nghttp2_session *ng UNUSED, const nghttp2_frame *f, void *user)
{
	struct h2_call *c = user;

	if (f->hd.type == NGHTTP2_SETTINGS) {
		c->settings = true;
	} else if (f->hd.type == NGHTTP2_GOAWAY) {
		c->goaway = true;
		c->goaway_code = f->goaway.error_code;
	} else if (f->hd.type == NGHTTP2_HEADERS && f->hd.stream_id == c->id && c->fields_end) {
		c->fields_end(c);
	}
	return 0;
}

static int on_close(nghttp2_session *ng UNUSED, int32_t id, uint32_t code, void *user)
{
	struct h2_call *c = user;

	if (id == c->id) {
		c->closed = true;
		c->close_code = code;
	}
	return 0;
}

/* We end the connection only when nghttp2 finds that it cannot go on. */
static int on_sent(nghttp2_session *ng UNUSED, const nghttp2_frame *f, void *user)
{
	struct h2_call *c = user;

	if (f->hd.type == NGHTTP2_GOAWAY)
		c->broken = c->settings ? "server breaks the rules of HTTP/2" : "server does not speak HTTP/2";
	return 0;
}

static ssize_t on_body_wanted(nghttp2_session *ng UNUSED, int32_t id UNUSED, uint8_t *buf, size_t len, uint32_t *flags,
			      nghttp2_data_source *src UNUSED, void *user)
{
	struct h2_call *c = user;
	size_t n = MIN(len, c->body.n - c->asked);

	if (n)
		memcpy(buf, c->body.p + c->asked, n);
	c->asked += n;
	if (c->asked == c->body.n)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)n;
}

/* ---- the session ---- */

bool h2_call_open(struct h2_call *c)
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

void h2_call_close(struct h2_call *c)
{
	nghttp2_session_del(c->ng);
	c->ng = NULL;
}

bool h2_call_ask(struct h2_call *c, const nghttp2_nv *nv, size_t n, struct str body)
{
	nghttp2_data_provider from = { .read_callback = on_body_wanted };

	c->body = body;
	c->asked = 0;
	c->bytes = 0;
	c->closed = false;
	c->close_code = 0;
	c->id = nghttp2_submit_request(c->ng, NULL, nv, n, body.n ? &from : NULL, NULL);
	return c->id > 0;
}

/* ---- the exchange ---- */

enum probe_io h2_call_say(struct target *t, struct h2_call *c)
{
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

enum probe_io h2_call_hear(struct target *t, struct h2_call *c)
{
	static char buf[16384]; /* consumed whole */
	size_t got = 0;
	enum probe_io r = probe_recv(t, buf, sizeof(buf), &got);

	if (r != PROBE_OK)
		return r;
	/* what a server that does not speak HTTP/2 says instead of its SETTINGS */
	if (!c->settings && str_starts(str_n(buf, got), STR("HTTP/1."))) {
		c->broken = "server speaks HTTP/1, not HTTP/2";
		return PROBE_OK;
	}
	c->bytes += (uint32_t)got;
	ssize_t n = nghttp2_session_mem_recv(c->ng, (const uint8_t *)buf, got);

	if (n < 0)
		c->broken = nghttp2_strerror((int)n);
	else if (c->bytes > BYTES_MAX && !c->closed)
		c->broken = "much was received, but no response";
	return PROBE_OK;
}

const char *h2_call_failure(const struct h2_call *c, bool eof, char *text, size_t n)
{
	if (c->broken)
		return c->broken;
	if (c->goaway && c->goaway_code)
		snprintf(text, n, "server closes the connection: %s", nghttp2_http2_strerror(c->goaway_code));
	else if (eof)
		return c->settings ? "connection closed before the response was complete" : "connection closed without a word of HTTP/2";
	else if (c->close_code)
		snprintf(text, n, "stream reset by the server: %s", nghttp2_http2_strerror(c->close_code));
	else
		return NULL;
	return text;
}

struct str h2_call_authority(const struct target *t, char text[ADDR_TEXT_MAX])
{
	if (t->s->o->check_sni.n)
		return t->s->o->check_sni;
	return t->s->host.n ? t->s->host : str_n(text, addr_text(&t->conn->dst, text));
}
