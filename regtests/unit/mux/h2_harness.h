// SPDX-License-Identifier: GPL-3.0-or-later
/* The other end of an HTTP/2 mux in unit tests: a session of nghttp2 on the peer's descriptor, and what it saw. */
#ifndef MUX_H2_HARNESS_H
#define MUX_H2_HARNESS_H

#include <nghttp2/nghttp2.h>

struct h2_peer {
	nghttp2_session *ng;
	int *fd;
	unsigned requests, closed, goaways;
	int32_t goaway_first, goaway_last;
	uint32_t error, goaway_error;
	int status;
	size_t sent;
	char body[65536];
	size_t nbody;
};

static const uint32_t test_h2_window = 65536;

static int peer_on_header(nghttp2_session *ng UNUSED, const nghttp2_frame *f UNUSED, const uint8_t *name, size_t nlen,
			  const uint8_t *val, size_t vlen UNUSED, uint8_t flags UNUSED, void *user)
{
	struct h2_peer *p = user;

	if (nlen == 7 && !memcmp(name, ":status", 7))
		p->status = atoi((const char *)val);
	return 0;
}

static int peer_on_data(nghttp2_session *ng UNUSED, uint8_t flags UNUSED, int32_t id UNUSED, const uint8_t *d, size_t n,
			void *user)
{
	struct h2_peer *p = user;

	n = MIN(n, sizeof(p->body) - 1 - p->nbody);
	memcpy(p->body + p->nbody, d, n);
	p->nbody += n;
	return 0;
}

static int peer_on_frame(nghttp2_session *ng UNUSED, const nghttp2_frame *f, void *user)
{
	struct h2_peer *p = user;

	if (f->hd.type == NGHTTP2_HEADERS && f->headers.cat == NGHTTP2_HCAT_REQUEST)
		p->requests++;
	if (f->hd.type == NGHTTP2_GOAWAY) {
		if (!p->goaways++)
			p->goaway_first = f->goaway.last_stream_id;
		p->goaway_last = f->goaway.last_stream_id;
		p->goaway_error = f->goaway.error_code;
	}
	return 0;
}

static int peer_on_close(nghttp2_session *ng UNUSED, int32_t id UNUSED, uint32_t code, void *user)
{
	struct h2_peer *p = user;

	p->closed++;
	p->error = code;
	return 0;
}

/* All that the peer has to say goes out. */
static inline void peer_push(struct h2_peer *p)
{
	const uint8_t *d;
	ssize_t n;

	while (*p->fd >= 0 && (n = nghttp2_session_mem_send(p->ng, &d)) > 0)
		assert_int_equal(write(*p->fd, d, (size_t)n), n);
}

static inline void peer_turns(struct h2_peer *p)
{
	static uint8_t in[65536];
	ssize_t n;

	for (int i = 0; i < 8; i++) {
		peer_push(p);
		turns();
		while (*p->fd >= 0 && (n = read(*p->fd, in, sizeof(in))) > 0)
			assert_int_equal(nghttp2_session_mem_recv(p->ng, in, (size_t)n), n);
	}
	turns();
}

static inline void peer_settings(struct h2_peer *p, int32_t id, uint32_t v)
{
	nghttp2_settings_entry e = { id, v };

	nghttp2_submit_settings(p->ng, 0, &e, 1);
	peer_turns(p);
}

static ssize_t peer_endless(nghttp2_session *ng UNUSED, int32_t id UNUSED, uint8_t *buf, size_t n, uint32_t *flags UNUSED,
			    nghttp2_data_source *src UNUSED, void *user)
{
	struct h2_peer *p = user;

	memset(buf, 'x', n);
	p->sent += n;
	return (ssize_t)n;
}

#define NV(n, v) { (uint8_t *)(uintptr_t)(n), (uint8_t *)(uintptr_t)(v), strlen(n), strlen(v), 0 }

static inline int32_t peer_submit(struct h2_peer *p, const char *method, const char *path,
				  nghttp2_data_source_read_callback body)
{
	nghttp2_nv nv[] = { NV(":method", method), NV(":scheme", "http"), NV(":authority", "h"), NV(":path", path) };
	nghttp2_data_provider src = { .read_callback = body };

	return nghttp2_submit_request(p->ng, NULL, nv, ARRAY_LEN(nv), body ? &src : NULL, NULL);
}

static inline int32_t peer_request(struct h2_peer *p, const char *method, const char *path,
				   nghttp2_data_source_read_callback body)
{
	int32_t id = peer_submit(p, method, path, body);

	peer_turns(p);
	return id;
}

static ssize_t peer_text(nghttp2_session *ng UNUSED, int32_t id UNUSED, uint8_t *buf, size_t n UNUSED, uint32_t *flags,
			 nghttp2_data_source *src, void *user UNUSED)
{
	size_t len = strlen(src->ptr);

	memcpy(buf, src->ptr, len);
	*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)len;
}

static inline void peer_answer(struct h2_peer *p, int32_t id, const char *status, const char *text)
{
	nghttp2_nv nv[] = { NV(":status", status) };
	nghttp2_data_provider src = { .source.ptr = (void *)(uintptr_t)text, .read_callback = peer_text };

	assert_int_equal(nghttp2_submit_response(p->ng, id, nv, ARRAY_LEN(nv), &src), 0);
	peer_turns(p);
}

static inline void h2_side_open(struct side *s, struct h2_peer *p, bool front)
{
	nghttp2_session_callbacks *cb;

	side_open(s, &mux_h2, front);
	memset(p, 0, sizeof(*p));
	p->fd = &s->peer;
	assert_int_equal(nghttp2_session_callbacks_new(&cb), 0);
	nghttp2_session_callbacks_set_on_header_callback(cb, peer_on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, peer_on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(cb, peer_on_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(cb, peer_on_close);
	if (front)
		nghttp2_session_client_new(&p->ng, cb, p);
	else
		nghttp2_session_server_new(&p->ng, cb, p);
	nghttp2_session_callbacks_del(cb);
	nghttp2_submit_settings(p->ng, 0, NULL, 0);
	peer_turns(p);
}

static inline void h2_side_end(struct side *s, struct h2_peer *p)
{
	nghttp2_session_del(p->ng);
	side_end(s);
}

#endif
