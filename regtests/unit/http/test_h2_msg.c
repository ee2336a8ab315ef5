// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include <sluice/http/h2.h>

#define HDRS 12
static struct arena arena;
static struct hdr hdrs[HDRS];
static struct http_msg m;

/* "name=value" strings, the last one NULL. */
static unsigned fields_of(struct h2_field *f, const char *const *text)
{
	unsigned n = 0;

	for (; text[n]; n++) {
		const char *eq = strchr(text[n] + 1, '=');

		f[n] = (struct h2_field){ .name = text[n], .nlen = (uint32_t)(eq - text[n]), .val = eq + 1,
					  .vlen = (uint32_t)strlen(eq + 1) };
	}
	return n;
}

static enum h1_error request(bool end, const char *const *text)
{
	struct h2_field f[64];
	struct h2_head_opts o = { .end_stream = end };

	msg_init(&m, hdrs, HDRS, &arena, true);
	return h2_request_build(&m, f, fields_of(f, text), &o);
}

static enum h1_error response(struct h2_head_opts o, const char *const *text)
{
	struct h2_field f[64];

	msg_init(&m, hdrs, HDRS, &arena, false);
	return h2_response_build(&m, f, fields_of(f, text), &o);
}

#define L(...) (const char *const[]){ __VA_ARGS__, NULL }
#define GET ":method=GET", ":scheme=http", ":path=/p?q", ":authority=h:1"

static void assert_str(struct str s, const char *want)
{
	assert_int_equal(s.n, strlen(want));
	assert_memory_equal(s.p, want, s.n);
}

static void pseudo_headers_become_the_start_line_and_host(void **st UNUSED)
{
	assert_int_equal(request(true, L(GET, "accept=*/*")), H1E_NONE);
	assert_int_equal(m.ver, 20);
	assert_int_equal(m.method, HTTP_GET);
	assert_str(m.target, "/p?q");
	assert_str(m.authority, "h:1");
	assert_int_equal(m.nhdr, 2);
	assert_int_equal(m.hdr[0].id, HH_HOST);
	assert_str(hdr_val(&m.hdr[0]), "h:1");
	assert_false(m.flags & (MSG_CHUNKED | MSG_CLEN));
	assert_str(msg_absolute_url(&m, &arena), "http://h:1/p?q");
}

static void a_body_without_a_length_is_chunked_with_one_it_is_not(void **st UNUSED)
{
	assert_int_equal(request(false, L(GET)), H1E_NONE);
	assert_true(m.flags & MSG_CHUNKED);
	assert_int_equal(request(false, L(GET, "content-length=7")), H1E_NONE);
	assert_true(m.flags & MSG_CLEN && !(m.flags & MSG_CHUNKED));
	assert_int_equal(m.body_len, 7);
}

static void a_length_that_cannot_be_true_is_refused(void **st UNUSED)
{
	assert_int_equal(request(true, L(GET, "content-length=7")), H1E_CLEN_BAD);
	assert_int_equal(request(true, L(GET, "content-length=0")), H1E_NONE);
	assert_int_equal(request(false, L(GET, "content-length=7", "content-length=7")), H1E_CLEN_TWICE);
	assert_int_equal(request(false, L(GET, "content-length=+7")), H1E_CLEN_BAD);
	assert_int_equal(response((struct h2_head_opts){ .end_stream = true }, L(":status=200", "content-length=7")), H1E_CLEN_BAD);
}

static void crumbs_are_joined_in_place_of_the_first(void **st UNUSED)
{
	assert_int_equal(request(true, L(GET, "cookie=a=1", "x=y", "cookie=b=2", "cookie=c")), H1E_NONE);
	assert_int_equal(m.nhdr, 3);
	assert_str(hdr_val(&m.hdr[1]), "a=1; b=2; c");
	assert_int_equal(request(true, L(GET, "cookie=a=1")), H1E_NONE);
	assert_str(hdr_val(&m.hdr[1]), "a=1");
}

static void host_must_say_what_authority_says(void **st UNUSED)
{
	assert_int_equal(request(true, L(GET, "host=h:1")), H1E_NONE);
	assert_int_equal(m.nhdr, 1);
	assert_int_equal(request(true, L(GET, "host=other")), H1E_HOST_DIFFERS);
	assert_int_equal(request(true, L(GET, "host=h:1", "host=h:1")), H1E_HOST_TWICE);
	assert_int_equal(request(true, L(":method=GET", ":scheme=http", ":path=/")), H1E_HOST_MISSING);
	assert_int_equal(request(true, L(":method=GET", ":scheme=http", ":path=/", "host=a")), H1E_NONE);
	assert_str(m.authority, "a");
}

static void start_lines_that_http1_could_not_say_are_refused(void **st UNUSED)
{
	assert_int_equal(request(true, L(":method=GET /admin HTTP/1.1", ":scheme=http", ":path=/", ":authority=a")), H1E_BAD_METHOD);
	assert_int_equal(request(true, L(":method=GET", ":scheme=http://x/?", ":path=/", ":authority=a")), H1E_BAD_TARGET);
	assert_int_equal(request(true, L(":method=GET", ":scheme=http", ":path=hello", ":authority=a")), H1E_BAD_TARGET);
	assert_int_equal(request(true, L(":method=GET", ":scheme=http", ":path=/a b", ":authority=a")), H1E_BAD_TARGET);
	assert_int_equal(request(true, L(":method=GET", ":scheme=http", ":path=/a#b", ":authority=a")), H1E_BAD_TARGET);
	assert_int_equal(request(true, L(":method=GET", ":scheme=http", ":path=/", ":authority=a,b")), H1E_HOST_BAD);
	assert_int_equal(request(true, L(":method=GET", ":scheme=http", ":path=*", ":authority=a")), H1E_BAD_TARGET);
	assert_int_equal(request(true, L(":method=OPTIONS", ":scheme=http", ":path=*", ":authority=a")), H1E_NONE);
}

static void connection_specific_fields_are_refused(void **st UNUSED)
{
	assert_int_equal(request(true, L(GET, "connection=close")), H1E_NAME_BAD);
	assert_int_equal(request(true, L(GET, "transfer-encoding=chunked")), H1E_NAME_BAD);
	assert_int_equal(request(true, L(GET, "upgrade=x")), H1E_NAME_BAD);
}

static void a_message_has_room_for_so_many_headers_and_host(void **st UNUSED)
{
	const char *t[HDRS + 6] = { GET };

	for (int i = 0; i < HDRS - 1; i++)
		t[4 + i] = "a=b";
	assert_int_equal(request(true, t), H1E_NONE);
	assert_int_equal(m.nhdr, HDRS);
	t[4 + HDRS - 1] = "a=b";
	assert_int_equal(request(true, t), H1E_TOO_MANY_HDRS);
}

static void connect_has_an_authority_for_a_target_and_no_body(void **st UNUSED)
{
	assert_int_equal(request(false, L(":method=CONNECT", ":authority=h:443")), H1E_NONE);
	assert_str(m.target, "h:443");
	assert_false(m.flags & MSG_CHUNKED);
	assert_int_equal(request(false, L(":method=CONNECT", ":authority=h")), H1E_TARGET_FORM);
}

static void an_extended_connect_becomes_an_upgrade(void **st UNUSED)
{
	assert_int_equal(request(false, L(":method=CONNECT", ":protocol=websocket", ":scheme=http", ":path=/chat", ":authority=h")), H1E_NONE);
	assert_int_equal(m.method, HTTP_GET);
	assert_true(m.flags & MSG_UPGRADE);
	assert_str(m.target, "/chat");
	int i = msg_find_id(&m, HH_UPGRADE, 0);
	assert_true(i >= 0);
	assert_str(hdr_val(&m.hdr[i]), "websocket");
	assert_int_equal(request(false, L(GET, ":protocol=websocket")), H1E_TARGET_FORM);
}

static void statuses_decide_the_framing_of_responses(void **st UNUSED)
{
	assert_int_equal(response((struct h2_head_opts){ 0 }, L(":status=200")), H1E_NONE);
	assert_true(m.flags & MSG_CHUNKED);
	assert_int_equal(response((struct h2_head_opts){ .end_stream = true }, L(":status=200")), H1E_NONE);
	assert_true(m.flags & MSG_CLEN && m.body_len == 0);
	assert_int_equal(response((struct h2_head_opts){ .head_request = true }, L(":status=200", "content-length=9")), H1E_NONE);
	assert_true(m.flags & MSG_NO_BODY);
	assert_int_equal(response((struct h2_head_opts){ 0 }, L(":status=103")), H1E_NONE);
	assert_true(m.flags & MSG_NO_BODY);
	assert_int_equal(response((struct h2_head_opts){ 0 }, L(":status=101")), H1E_BAD_START);
	assert_int_equal(response((struct h2_head_opts){ 0 }, L(":status=20")), H1E_BAD_START);
	assert_int_equal(response((struct h2_head_opts){ 0 }, L("a=b")), H1E_BAD_START);
}

static void several_set_cookies_stay_several(void **st UNUSED)
{
	assert_int_equal(response((struct h2_head_opts){ 0 }, L(":status=200", "set-cookie=a", "set-cookie=b")), H1E_NONE);
	assert_int_equal(m.nhdr, 2);
}

static void trailers_that_frame_or_route_are_dropped(void **st UNUSED)
{
	struct h2_field f[8];

	request(false, L(GET));
	assert_int_equal(h2_trailers_build(&m, f, fields_of(f, L("grpc-status=0", "host=x", "content-length=1"))), H1E_NONE);
	assert_int_equal(m.ntrl, 1);
}

static void only_te_trailers_may_leave_of_the_connection_fields(void **st UNUSED)
{
	struct hdr h = { .name = "te", .nlen = 2, .val = "trailers", .vlen = 8, .id = HH_TE };

	assert_true(h2_field_allowed(&h));
	h.val = "gzip", h.vlen = 4;
	assert_false(h2_field_allowed(&h));
	h.id = HH_CONNECTION;
	assert_false(h2_field_allowed(&h));
	h.id = HH_ETAG;
	assert_true(h2_field_allowed(&h));
	h.flags = HDR_DEL;
	assert_false(h2_field_allowed(&h));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pseudo_headers_become_the_start_line_and_host),
		cmocka_unit_test(a_body_without_a_length_is_chunked_with_one_it_is_not),
		cmocka_unit_test(a_length_that_cannot_be_true_is_refused),
		cmocka_unit_test(crumbs_are_joined_in_place_of_the_first),
		cmocka_unit_test(host_must_say_what_authority_says),
		cmocka_unit_test(start_lines_that_http1_could_not_say_are_refused),
		cmocka_unit_test(connection_specific_fields_are_refused),
		cmocka_unit_test(a_message_has_room_for_so_many_headers_and_host),
		cmocka_unit_test(connect_has_an_authority_for_a_target_and_no_body),
		cmocka_unit_test(an_extended_connect_becomes_an_upgrade),
		cmocka_unit_test(statuses_decide_the_framing_of_responses),
		cmocka_unit_test(several_set_cookies_stay_several),
		cmocka_unit_test(trailers_that_frame_or_route_are_dropped),
		cmocka_unit_test(only_te_trailers_may_leave_of_the_connection_fields),
	};
	arena_init(&arena, 0);
	int r = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(&arena);
	return r;
}
