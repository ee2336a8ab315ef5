// SPDX-License-Identifier: GPL-3.0-or-later
/* Heads as they go out: raw lines in one slice, framing headers that agree with the flags, Connection written anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include <sluice/http/h1.h>

static struct hdr hdrs[16];
static struct arena arena;
static struct iovec iov[32];
static char scratch[512], flat[2048];
static struct h1_out out;

static void parse(struct http_msg *m, const char *in, bool request)
{
	struct h1_head_opts o = { .request = request, .max_head = 4096 };
	uint32_t scan = 0;
	enum h1_error e;

	msg_init(m, hdrs, ARRAY_LEN(hdrs), &arena, request);
	assert_int_equal(h1_head_parse(m, str_c(in), &o, &scan, &e), H1_OK);
}

static void out_reset(void)
{
	out = (struct h1_out){ .iov = iov, .max = ARRAY_LEN(iov), .scratch = scratch, .scratch_cap = sizeof(scratch) };
}

static const char *flatten(void)
{
	size_t n = 0;

	for (int i = 0; i < out.n; i++) {
		memcpy(flat + n, iov[i].iov_base, iov[i].iov_len);
		n += iov[i].iov_len;
	}
	flat[n] = 0;
	assert_int_equal(n, out.bytes);
	return flat;
}

static const char *written(const struct http_msg *m, enum h1_conn_hdr conn)
{
	out_reset();
	h1_write_head(&out, m, conn);
	assert_false(out.full);
	return flatten();
}

static void an_untouched_request_goes_out_as_received_in_one_slice(void **state)
{
	static const char in[] = "GET /a HTTP/1.1\r\nHost: a\r\nX-Odd:value\r\nAccept:  b \r\n\r\n";
	struct http_msg m;

	(void)state;
	parse(&m, in, true);
	assert_string_equal(written(&m, H1_CONN_NONE), in);
	assert_int_equal(out.n, 1);
}

static void deleted_added_and_changed_headers_are_rewritten(void **state)
{
	struct http_msg m;

	(void)state;
	parse(&m, "GET /a HTTP/1.1\r\nHost: a\r\nX: 1\r\nY: 2\r\nConnection: close\r\nZ: 3\r\n\r\n", true);
	msg_del(&m, STR("x"));
	msg_set_val(&m, msg_find(&m, STR("y"), 0), STR("two"));
	assert_true(msg_add(&m, STR("New"), STR("n")));
	msg_set_target(&m, STR("/b"));
	assert_string_equal(written(&m, H1_CONN_CLOSE),
			    "GET /b HTTP/1.1\r\nHost: a\r\nY: two\r\nZ: 3\r\nNew: n\r\nConnection: close\r\n\r\n");
}

static void http10_and_absolute_targets_become_http11_and_origin_form(void **state)
{
	struct http_msg m;

	(void)state;
	parse(&m, "GET http://a/x HTTP/1.0\r\nHost: a\r\n\r\n", true);
	assert_string_equal(written(&m, H1_CONN_NONE), "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
	parse(&m, "HTTP/1.0 200 Fine\r\nContent-Length: 1\r\n\r\n", false);
	assert_string_equal(written(&m, H1_CONN_KEEPALIVE),
			    "HTTP/1.1 200 Fine\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\n");
}

static void framing_headers_follow_the_flags(void **state)
{
	struct http_msg m;

	(void)state;
	parse(&m, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false);
	assert_string_equal(written(&m, H1_CONN_NONE), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	m.flags = (m.flags & ~(uint32_t)MSG_CHUNKED) | MSG_CLOSE_DELIM;
	assert_string_equal(written(&m, H1_CONN_CLOSE), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
	parse(&m, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", false);
	m.flags = (m.flags & ~(uint32_t)MSG_CLEN) | MSG_CHUNKED;
	assert_string_equal(written(&m, H1_CONN_NONE), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	msg_init(&m, hdrs, ARRAY_LEN(hdrs), &arena, false);
	m.flags |= MSG_CLEN;
	m.body_len = 1234567;
	msg_set_status(&m, 503, STR_NULL);
	assert_string_equal(written(&m, H1_CONN_NONE),
			    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 1234567\r\n\r\n");
}

static void a_head_response_keeps_its_length_and_gets_no_framing(void **state)
{
	struct http_msg m;
	struct h1_head_opts o = { .head_request = true, .max_head = 4096 };
	uint32_t scan = 0;
	enum h1_error e;

	(void)state;
	msg_init(&m, hdrs, ARRAY_LEN(hdrs), &arena, false);
	assert_int_equal(h1_head_parse(&m, STR("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"), &o, &scan, &e), H1_OK);
	assert_string_equal(written(&m, H1_CONN_NONE), "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n");
}

static void an_upgrade_names_itself_in_connection(void **state)
{
	struct http_msg m;

	(void)state;
	parse(&m, "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: ws\r\nConnection: x, upgrade\r\nX: hop\r\n\r\n", true);
	assert_string_equal(written(&m, H1_CONN_UPGRADE),
			    "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: ws\r\nConnection: upgrade\r\n\r\n");
}

static void chunk_framing_is_written(void **state)
{
	struct http_msg m;

	(void)state;
	out_reset();
	h1_write_chunk_size(&out, 0x1a2b);
	h1_write_chunk_size(&out, UINT64_MAX);
	h1_write_last_chunk(&out, NULL);
	assert_string_equal(flatten(), "1a2b\r\nffffffffffffffff\r\n0\r\n\r\n");

	msg_init(&m, hdrs, ARRAY_LEN(hdrs), &arena, true);
	m.hdr[0] = (struct hdr){ .name = "X-Sum", .nlen = 5, .val = "1", .vlen = 1 };
	m.ntrl = 1;
	out_reset();
	h1_write_last_chunk(&out, &m);
	assert_string_equal(flatten(), "0\r\nX-Sum: 1\r\n\r\n");
}

static void too_few_slices_are_reported(void **state)
{
	struct http_msg m;

	(void)state;
	parse(&m, "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nY: 2\r\nZ: 3\r\n\r\n", true);
	msg_del(&m, STR("x"));
	out_reset();
	out.max = 1;
	h1_write_head(&out, &m, H1_CONN_NONE);
	assert_true(out.full);
}

static void long_values_are_sent_from_where_they_are(void **state)
{
	static char big[1000];
	struct http_msg m;

	(void)state;
	memset(big, 'v', sizeof(big));
	parse(&m, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", true);
	assert_true(msg_add(&m, STR("Big"), str_n(big, sizeof(big))));
	assert_non_null(strstr(written(&m, H1_CONN_NONE), "Big: vvv"));
	assert_int_equal(out.bytes, strlen("GET / HTTP/1.1\r\nHost: a\r\n") + strlen("Big: ") + sizeof(big) + 4);
	assert_int_equal(out.n, 4);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_untouched_request_goes_out_as_received_in_one_slice),
		cmocka_unit_test(deleted_added_and_changed_headers_are_rewritten),
		cmocka_unit_test(http10_and_absolute_targets_become_http11_and_origin_form),
		cmocka_unit_test(framing_headers_follow_the_flags),
		cmocka_unit_test(a_head_response_keeps_its_length_and_gets_no_framing),
		cmocka_unit_test(an_upgrade_names_itself_in_connection),
		cmocka_unit_test(chunk_framing_is_written),
		cmocka_unit_test(too_few_slices_are_reported),
		cmocka_unit_test(long_values_are_sent_from_where_they_are),
	};

	arena_init(&arena, 0);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(&arena);
	return failed;
}
