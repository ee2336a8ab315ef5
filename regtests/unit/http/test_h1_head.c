// SPDX-License-Identifier: GPL-3.0-or-later
/* Heads that must be refused and why, one test a row, named after the class of attack they come from; then what an
 * accepted head becomes. Every row is also fed in all prefixes: the verdict may not depend on how the bytes were
 * cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include <sluice/http/h1.h>

#define HDRS 64

struct row {
	const char *name;
	const char *in;
	size_t n;
	enum h1_error want; /* H1E_NONE: accepted */
};

#define REQ(name, want, in) { name, in, sizeof(in) - 1, want }
#define GET_(rest) "GET / HTTP/1.1\r\nHost: a\r\n" rest "\r\n"
#define POST_(rest) "POST / HTTP/1.1\r\nHost: a\r\n" rest "\r\n"
#define OK_(rest) "HTTP/1.1 200 OK\r\n" rest "\r\n"
#define TEN "aaaaaaaaaa"
#define FIFTY TEN TEN TEN TEN TEN
#define NAME250 FIFTY FIFTY FIFTY FIFTY FIFTY

static const struct row requests[] = {
	REQ("T01: Content-Length with Transfer-Encoding is refused", H1E_CLEN_AND_TE,
	    POST_("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n") "0\r\n\r\nG"),
	REQ("T01: Transfer-Encoding before Content-Length is refused", H1E_CLEN_AND_TE,
	    POST_("Transfer-Encoding: chunked\r\nContent-Length: 6\r\n")),
	REQ("T02: an empty Content-Length is refused", H1E_CLEN_BAD, POST_("Content-Length:\r\n")),
	REQ("T02: an empty Content-Length before a good one is refused", H1E_CLEN_BAD,
	    POST_("Content-Length:\r\nContent-Length: 5\r\n")),
	REQ("T02: Content-Length with a trailing comma is refused", H1E_CLEN_BAD, POST_("Content-Length: 5,\r\n")),
	REQ("T02: a list of equal lengths is refused", H1E_CLEN_BAD, POST_("Content-Length: 5, 5\r\n")),
	REQ("T02: two different Content-Lengths are refused", H1E_CLEN_TWICE,
	    POST_("Content-Length: 5\r\nContent-Length: 6\r\n")),
	REQ("T02: two equal Content-Lengths are refused", H1E_CLEN_TWICE,
	    POST_("Content-Length: 5\r\ncontent-length: 5\r\n")),
	REQ("T02: Content-Length with a plus sign is refused", H1E_CLEN_BAD, POST_("Content-Length: +5\r\n")),
	REQ("T02: a negative Content-Length is refused", H1E_CLEN_BAD, POST_("Content-Length: -0\r\n")),
	REQ("T02: a hexadecimal Content-Length is refused", H1E_CLEN_BAD, POST_("Content-Length: 0x5\r\n")),
	REQ("T02: two numbers in Content-Length are refused", H1E_CLEN_BAD, POST_("Content-Length: 5 5\r\n")),
	REQ("T02: Content-Length of 2^64+5 is refused", H1E_CLEN_BAD,
	    POST_("Content-Length: 18446744073709551621\r\n")),
	REQ("T02: Content-Length of 2^63 is refused", H1E_CLEN_BAD, POST_("Content-Length: 9223372036854775808\r\n")),
	REQ("T02: Content-Length of 40 digits is refused", H1E_CLEN_BAD,
	    POST_("Content-Length: 1111111111222222222233333333334444444444\r\n")),
	REQ("T02: a tab behind Content-Length is white space", H1E_NONE, POST_("Content-Length: 5\t\r\n")),
	REQ("T03: a vertical tab before chunked is refused", H1E_VALUE_BAD,
	    POST_("Transfer-Encoding: \x0b"
		  "chunked\r\n")),
	REQ("T03: xchunked is refused", H1E_TE_BAD, POST_("Transfer-Encoding: xchunked\r\n")),
	REQ("T03: chunked twice in a list is refused", H1E_TE_BAD, POST_("Transfer-Encoding: chunked, chunked\r\n")),
	REQ("T03: chunked that is not last is refused", H1E_TE_BAD, POST_("Transfer-Encoding: chunked, gzip\r\n")),
	REQ("T03: gzip alone is refused", H1E_TE_BAD, POST_("Transfer-Encoding: gzip\r\n")),
	REQ("T03: gzip then chunked is not implemented", H1E_TE_CODING, POST_("Transfer-Encoding: gzip, chunked\r\n")),
	REQ("T03: chunked with a parameter is refused", H1E_TE_BAD, POST_("Transfer-Encoding: chunked;a=b\r\n")),
	REQ("T03: chunked in quotes is refused", H1E_TE_BAD, POST_("Transfer-Encoding: \"chunked\"\r\n")),
	REQ("T03: an empty Transfer-Encoding is refused", H1E_TE_BAD, POST_("Transfer-Encoding:\r\n")),
	REQ("T03: identity is refused", H1E_TE_BAD, POST_("Transfer-Encoding: identity\r\n")),
	REQ("T03: a folded Transfer-Encoding is refused", H1E_FOLD, POST_("Transfer-Encoding: chunked\r\n\tx\r\n")),
	REQ("T03: two Transfer-Encodings are refused", H1E_TE_TWICE,
	    POST_("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")),
	REQ("T03: a space before the colon is refused", H1E_NAME_SPACE, POST_("Transfer-Encoding : chunked\r\n")),
	REQ("T03: a space before the name is refused", H1E_FOLD, POST_(" Transfer-Encoding: chunked\r\n")),
	REQ("T03: Transfer-Encoding in HTTP/1.0 is refused", H1E_TE_HTTP10,
	    "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
	REQ("T03: chunked in any case is accepted", H1E_NONE, POST_("Transfer-Encoding: ChUnKeD\r\n")),
	REQ("T04: a header name of 256 bytes is refused", H1E_NAME_LONG,
	    GET_(NAME250 "aaaaaa: x\r\nContent-Length: 60\r\n")),
	REQ("T04: a header name of 255 bytes is accepted", H1E_NONE, GET_(NAME250 "aaaaa: x\r\n")),
	REQ("T05: an empty header name is refused", H1E_NAME_EMPTY, GET_(": x\r\nX-Admin: 1\r\n")),
	REQ("T06: a fragment in the target is refused", H1E_FRAGMENT, "GET /secret#.png HTTP/1.1\r\nHost: a\r\n\r\n"),
	REQ("T06: an encoded number sign is accepted", H1E_NONE, "GET /a%23.png HTTP/1.1\r\nHost: a\r\n\r\n"),
	REQ("T07: a target without slash is refused", H1E_TARGET_FORM, "GET admin HTTP/1.1\r\nHost: a\r\n\r\n"),
	REQ("T07: an asterisk is for OPTIONS only", H1E_TARGET_FORM, "GET * HTTP/1.1\r\nHost: a\r\n\r\n"),
	REQ("T07: OPTIONS of an asterisk is accepted", H1E_NONE, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),
	REQ("T07: CONNECT needs an authority", H1E_TARGET_FORM, "CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n"),
	REQ("T07: CONNECT needs a port", H1E_TARGET_FORM, "CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n"),
	REQ("T07: CONNECT to host and port is accepted", H1E_NONE, "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"),
	REQ("T07: CONNECT with another Host is refused", H1E_HOST_DIFFERS,
	    "CONNECT a:443 HTTP/1.1\r\nHost: a:80\r\n\r\n"),
	REQ("T07: authority-form is for CONNECT only", H1E_TARGET_FORM, "GET a:443 HTTP/1.1\r\nHost: a\r\n\r\n"),
	REQ("T07: OPTIONS of an asterisk and a path is refused", H1E_TARGET_FORM,
	    "OPTIONS */x HTTP/1.1\r\nHost: a\r\n\r\n"),
	REQ("T07: an absolute target with another Host is refused", H1E_HOST_DIFFERS,
	    "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n"),
	REQ("T07: an absolute target with the same Host is accepted", H1E_NONE,
	    "GET http://A:80/ HTTP/1.1\r\nHost: a\r\n\r\n"),
	REQ("T07: user information in a target is refused", H1E_HOST_BAD,
	    "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
	REQ("T07: a foreign scheme is refused", H1E_TARGET_FORM, "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
	REQ("T07: a comma in Host is refused", H1E_HOST_BAD, "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n"),
	REQ("T07: an at sign in Host is refused", H1E_HOST_BAD, "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"),
	REQ("T07: a slash in Host is refused", H1E_HOST_BAD, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
	REQ("T07: a space in Host is refused", H1E_HOST_BAD, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
	REQ("T07: a port above 65535 in Host is refused", H1E_HOST_BAD, "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n"),
	REQ("T07: two Hosts are refused", H1E_HOST_TWICE, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
	REQ("T07: HTTP/1.1 without Host is refused", H1E_HOST_MISSING, "GET / HTTP/1.1\r\n\r\n"),
	REQ("T07: HTTP/1.0 without Host is accepted", H1E_NONE, "GET / HTTP/1.0\r\n\r\n"),
	REQ("T07: HTTP/1.10 is refused", H1E_BAD_VERSION, "GET / HTTP/1.10\r\nHost: a\r\n\r\n"),
	REQ("T07: HTTP/0.9 is refused", H1E_VERSION, "GET / HTTP/0.9\r\nHost: a\r\n\r\n"),
	REQ("T07: HTTP/2.0 is refused", H1E_VERSION, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
	REQ("T07: HTTP/1.2 is refused", H1E_VERSION, "GET / HTTP/1.2\r\nHost: a\r\n\r\n"),
	REQ("T07: a version in lower case is refused", H1E_BAD_TARGET, "GET / http/1.1\r\nHost: a\r\n\r\n"),
	REQ("T07: a request without version is refused", H1E_BAD_TARGET, "GET /\r\n\r\n"),
	REQ("T07: two spaces before the target are refused", H1E_BAD_TARGET, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
	REQ("T07: two spaces before the version are refused", H1E_BAD_TARGET, "GET /  HTTP/1.1\r\nHost: a\r\n\r\n"),
	REQ("T07: a space behind the version is refused", H1E_BAD_VERSION, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"),
	REQ("T07: a space in the target is refused", H1E_BAD_TARGET, "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"),
	REQ("T07: a byte above 0x7f in the target is refused", H1E_BAD_TARGET,
	    "GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"),
	REQ("T07: a control character in the target is refused", H1E_BAD_TARGET,
	    "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n"),
	REQ("T07: DEL in the target is refused", H1E_BAD_TARGET, "GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n"),
	REQ("a tab behind the method is refused", H1E_BAD_METHOD, "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"),
	REQ("a method that is no token is refused", H1E_BAD_METHOD, "G{T / HTTP/1.1\r\nHost: a\r\n\r\n"),
	REQ("a request line that begins with a space is refused", H1E_BAD_START, " GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
	REQ("a TLS hello is refused at its first byte", H1E_BAD_START, "\x16\x03\x01"),
	REQ("two empty lines before a request are skipped", H1E_NONE, "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
	REQ("three empty lines before a request are refused", H1E_BAD_START,
	    "\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
	REQ("a line feed before a request is refused", H1E_BAD_START, "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
	REQ("a request line that ends in a bare LF is refused", H1E_BARE_LF, "GET / HTTP/1.1\nHost: a\r\n\r\n"),
	REQ("a header line that ends in a bare LF is refused", H1E_BARE_LF, "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n"),
	REQ("a head that ends in a bare LF is refused", H1E_BARE_LF, "GET / HTTP/1.1\r\nHost: a\r\n\n"),
	REQ("a bare CR in a value is refused", H1E_VALUE_BAD, GET_("X: a\rb\r\n")),
	REQ("two CRs before the LF are refused", H1E_VALUE_BAD, GET_("X: a\r\r\n")),
	REQ("NUL in a value is refused", H1E_VALUE_BAD, GET_("X: a\0b\r\n")),
	REQ("NUL in a name is refused", H1E_NAME_BAD, GET_("X\0: a\r\n")),
	REQ("DEL in a value is refused", H1E_VALUE_BAD, GET_("X: a\x7f\r\n")),
	REQ("bytes above 0x7f in a value are accepted", H1E_NONE, GET_("X: \xc3\xa9\r\n")),
	REQ("bytes above 0x7f in a name are refused", H1E_NAME_BAD, GET_("X\xc3: a\r\n")),
	REQ("a header without colon is refused", H1E_NAME_BAD, GET_("Xabc\r\n")),
	REQ("a tab before the colon is refused", H1E_NAME_SPACE, GET_("X\t: a\r\n")),
	REQ("a folded value is refused", H1E_FOLD, GET_("X: a\r\n b\r\n")),
	REQ("a first header line that begins with a space is refused", H1E_FOLD, "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
	REQ("an empty value is accepted", H1E_NONE, GET_("X:\r\nY: \t \r\n")),
	REQ("an empty Host is accepted", H1E_NONE, "GET / HTTP/1.1\r\nHost:\r\n\r\n"),
	REQ("an IPv6 Host is accepted", H1E_NONE, "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"),
	REQ("T11: GET with a body in HTTP/1.0 is refused", H1E_BODY_HTTP10,
	    "GET / HTTP/1.0\r\nContent-Length: 5\r\n\r\n"),
	REQ("T11: HEAD with a body in HTTP/1.0 is refused", H1E_BODY_HTTP10,
	    "HEAD / HTTP/1.0\r\nContent-Length: 5\r\n\r\n"),
	REQ("T11: DELETE with a body in HTTP/1.0 is refused", H1E_BODY_HTTP10,
	    "DELETE / HTTP/1.0\r\nContent-Length: 5\r\n\r\n"),
	REQ("T11: POST with a body in HTTP/1.0 is accepted", H1E_NONE, "POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\n"),
	REQ("T11: GET with a body in HTTP/1.1 is accepted", H1E_NONE, GET_("Content-Length: 5\r\n")),
	REQ("CONNECT with a body is refused", H1E_BODY_CONNECT,
	    "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nContent-Length: 5\r\n\r\n"),
};

static const struct row responses[] = {
	REQ("T12: a response with Content-Length and Transfer-Encoding is refused", H1E_CLEN_AND_TE,
	    OK_("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")),
	REQ("T12: a response with two Content-Lengths is refused", H1E_CLEN_TWICE,
	    OK_("Content-Length: 5\r\nContent-Length: 5\r\n")),
	REQ("T12: a status line that ends in a bare LF is refused", H1E_BARE_LF, "HTTP/1.1 200 OK\nX: y\r\n\r\n"),
	REQ("T12: a header that ends in a bare LF is refused", H1E_BARE_LF, OK_("X: y\nZ: a\r\n")),
	REQ("T12: NUL in a response header is refused", H1E_VALUE_BAD, OK_("X: a\0b\r\n")),
	REQ("T12: NUL in the reason is refused", H1E_BAD_START, "HTTP/1.1 200 O\0K\r\n\r\n"),
	REQ("a status of two digits is refused", H1E_BAD_START, "HTTP/1.1 20 OK\r\n\r\n"),
	REQ("a status of four digits is refused", H1E_BAD_START, "HTTP/1.1 2000 OK\r\n\r\n"),
	REQ("a status below 100 is refused", H1E_BAD_START, "HTTP/1.1 099 OK\r\n\r\n"),
	REQ("a response of HTTP/2 is refused", H1E_VERSION, "HTTP/2.0 200 OK\r\n\r\n"),
	REQ("a response that is not HTTP is refused at its first byte", H1E_BAD_START, "SSH-2.0"),
	REQ("an empty line before a response is refused", H1E_BAD_START, "\r\nHTTP/1.1 200 OK\r\n\r\n"),
	REQ("a response with an unknown transfer coding is refused", H1E_TE_BAD, OK_("Transfer-Encoding: gzip\r\n")),
	REQ("a chunked HTTP/1.0 response is refused", H1E_TE_HTTP10,
	    "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
	REQ("a response without reason is accepted", H1E_NONE, "HTTP/1.1 200 \r\n\r\n"),
	REQ("a response without reason and space is accepted", H1E_NONE, "HTTP/1.1 200\r\n\r\n"),
	REQ("a status above 599 is accepted", H1E_NONE, "HTTP/1.1 999 Strange\r\n\r\n"),
};

static struct arena arena;
static struct hdr hdrs[HDRS];

static enum h1_verdict parse_opts(struct http_msg *m, struct str in, const struct h1_head_opts *o, uint32_t *scan,
				  enum h1_error *e)
{
	msg_init(m, hdrs, HDRS, &arena, o->request);
	return h1_head_parse(m, in, o, scan, e);
}

static enum h1_verdict parse(struct http_msg *m, struct str in, bool request, enum h1_error *e)
{
	struct h1_head_opts o = { .request = request, .max_head = 4096 };
	uint32_t scan = 0;

	return parse_opts(m, in, &o, &scan, e);
}

/* Feeds growing prefixes, each in storage of exactly that size, with one scan position for all. */
static void check_prefixes(struct str in, bool request, enum h1_verdict want, enum h1_error want_err)
{
	struct h1_head_opts o = { .request = request, .max_head = 4096 };
	struct http_msg m;
	enum h1_verdict v = H1_MORE;
	enum h1_error e = H1E_NONE;
	uint32_t scan = 0;

	for (size_t n = 0; n <= in.n && v == H1_MORE; n++) {
		char *copy = malloc(n ? n : 1);
		memcpy(copy, in.p, n);
		v = parse_opts(&m, str_n(copy, n), &o, &scan, &e);
		if (v == H1_OK)
			assert_int_equal(m.head_len, n);
		free(copy);
	}
	assert_int_equal(v, want);
	if (want_err != H1E_BARE_LF && e != H1E_BARE_LF) /* the only fault that is seen before the head is complete */
		assert_int_equal(e, want_err);
}

static void check_row(const struct row *r, bool request)
{
	struct http_msg m;
	enum h1_error e;
	enum h1_verdict v = parse(&m, str_n(r->in, r->n), request, &e);

	assert_string_equal(h1_error_text(e), h1_error_text(r->want));
	assert_int_equal(v, r->want ? H1_BAD : H1_OK);
	check_prefixes(str_n(r->in, r->n), request, v, r->want);
}

static void request_row(void **state) { check_row(*state, true); }
static void response_row(void **state) { check_row(*state, false); }

static bool live(const struct http_msg *m, const char *name) { return msg_find(m, str_c(name), 0) >= 0; }

static void assert_str(struct str s, const char *want)
{
	assert_int_equal(s.n, strlen(want));
	assert_memory_equal(s.p, want, s.n);
}

static void accept(struct http_msg *m, const char *in, bool request)
{
	enum h1_error e;

	assert_int_equal(parse(m, str_c(in), request, &e), H1_OK);
}

static void a_request_is_cut_into_its_parts(void **state)
{
	static const char in[] =
		"POST /a/b?c=d HTTP/1.1\r\nHost: Example.com:8080\r\nContent-Length: 12\r\nX-A:  b \t\r\n\r\nbody";
	struct http_msg m;

	(void)state;
	accept(&m, in, true);
	assert_int_equal(m.method, HTTP_POST);
	assert_str(m.method_s, "POST");
	assert_str(m.target, "/a/b?c=d");
	assert_str(m.authority, "Example.com:8080");
	assert_int_equal(m.ver, 11);
	assert_int_equal(m.body_len, 12);
	assert_int_equal(m.head_len, sizeof(in) - 1 - 4);
	assert_str(m.start_raw, "POST /a/b?c=d HTTP/1.1\r\n");
	assert_int_equal(m.flags, MSG_REQ | MSG_CLEN | MSG_KEEPALIVE | MSG_START_RAW);
	assert_int_equal(m.nhdr, 3);
	assert_int_equal(m.hdr[0].id, HH_HOST);
	assert_str(hdr_name(&m.hdr[2]), "X-A");
	assert_str(hdr_val(&m.hdr[2]), "b");
	assert_int_equal(m.hdr[2].raw_len, strlen("X-A:  b \t\r\n"));
	assert_int_equal(m.hdr[2].flags, HDR_RAW);
}

static void an_absolute_target_loses_scheme_and_authority(void **state)
{
	struct http_msg m;

	(void)state;
	accept(&m, "GET https://a.b:444/x?y HTTP/1.1\r\nHost: a.b:444\r\n\r\n", true);
	assert_str(m.scheme, "https");
	assert_str(m.authority, "a.b:444");
	assert_str(m.target, "/x?y");
	assert_true(m.flags & MSG_ABS_FORM);
	assert_false(m.flags & MSG_START_RAW);
	accept(&m, "GET http://a HTTP/1.1\r\nHost: a\r\n\r\n", true);
	assert_str(m.target, "/");
	accept(&m, "OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n", true);
	assert_str(m.target, "*");
	accept(&m, "GET http://a?b HTTP/1.1\r\nHost: a\r\n\r\n", true);
	assert_str(m.target, "/?b");
	accept(&m, "GET http://a/b HTTP/1.0\r\n\r\n", true);
	assert_str(hdr_val(&m.hdr[msg_find(&m, STR("host"), 0)]), "a");
}

static void hop_by_hop_headers_are_marked_but_rules_still_see_connection(void **state)
{
	struct http_msg m;

	(void)state;
	accept(&m,
	       "GET / HTTP/1.1\r\nHost: a\r\nX-Hop: 1\r\nX-Stay: 1\r\nConnection: x-hop, keep-alive, Host, Cookie, "
	       "X-Forwarded-For\r\n"
	       "Keep-Alive: 5\r\nProxy-Connection: x\r\nTE: gzip\r\nCookie: a\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n",
	       true);
	assert_false(live(&m, "x-hop"));
	assert_true(live(&m, "connection"));
	assert_false(live(&m, "keep-alive"));
	assert_false(live(&m, "proxy-connection"));
	assert_false(live(&m, "te"));
	assert_true(live(&m, "x-stay"));
	assert_true(live(&m, "host"));
	assert_true(live(&m, "cookie"));
	assert_true(live(&m, "x-forwarded-for"));
	assert_true(m.flags & MSG_CONN_NAMED);
	accept(&m, "GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n", true);
	assert_true(live(&m, "te"));
}

static void keep_alive_follows_version_and_connection(void **state)
{
	static const struct { const char *in; bool keep; } rows[] = {
		{ "GET / HTTP/1.1\r\nHost: a\r\n\r\n", true },
		{ "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false },
		{ "GET / HTTP/1.1\r\nHost: a\r\nConnection: foo\r\nConnection: Close\r\n\r\n", false },
		{ "GET / HTTP/1.0\r\n\r\n", false },
		{ "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true },
		{ "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false },
	};
	struct http_msg m;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		accept(&m, rows[i].in, true);
		assert_int_equal(!!(m.flags & MSG_KEEPALIVE), rows[i].keep);
	}
}

static void upgrade_needs_connection_and_http11_and_is_never_to_http2(void **state)
{
	struct http_msg m;

	(void)state;
	accept(&m, "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", true);
	assert_true(m.flags & MSG_UPGRADE);
	assert_true(live(&m, "upgrade"));
	accept(&m, "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n", true);
	assert_false(m.flags & MSG_UPGRADE);
	assert_false(live(&m, "upgrade"));
	accept(&m, "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket, H2C\r\nConnection: Upgrade\r\n\r\n", true);
	assert_false(m.flags & MSG_UPGRADE);
	assert_false(live(&m, "upgrade"));
	accept(&m, "GET / HTTP/1.0\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", true);
	assert_false(m.flags & MSG_UPGRADE);
}

static void expect_counts_in_http11_only(void **state)
{
	struct http_msg m;

	(void)state;
	accept(&m, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n", true);
	assert_true(m.flags & MSG_EXPECT_100);
	accept(&m, "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n", true);
	assert_false(m.flags & MSG_EXPECT_100);
}

static void a_response_is_framed_by_status_request_and_headers(void **state)
{
	static const struct {
		const char *in;
		bool head, connect;
		uint32_t want, body; /* framing flags */
	} rows[] = {
		{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false, false, MSG_CLEN, 5 },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false, false, MSG_CHUNKED, 0 },
		{ "HTTP/1.1 200 OK\r\n\r\n", false, false, MSG_CLOSE_DELIM, 0 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true, false, MSG_NO_BODY, 5 },
		{ "HTTP/1.1 200 OK\r\n\r\n", true, false, MSG_NO_BODY, 0 },
		{ "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", false, false, MSG_NO_BODY, 5 },
		{ "HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n", false, false, MSG_NO_BODY, 5 },
		{ "HTTP/1.1 100 C\r\n\r\n", false, false, MSG_NO_BODY, 0 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false, true, MSG_NO_BODY, 5 },
		{ "HTTP/1.1 403 No\r\nContent-Length: 5\r\n\r\n", false, true, MSG_CLEN, 5 },
	};
	const uint32_t framing = MSG_CLEN | MSG_CHUNKED | MSG_CLOSE_DELIM | MSG_NO_BODY;
	struct http_msg m;
	enum h1_error e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct h1_head_opts o = { .head_request = rows[i].head,
					  .connect_request = rows[i].connect,
					  .max_head = 4096 };
		uint32_t scan = 0;
		assert_int_equal(parse_opts(&m, str_c(rows[i].in), &o, &scan, &e), H1_OK);
		assert_int_equal(m.flags & framing, rows[i].want);
		assert_int_equal(m.body_len, rows[i].body);
	}
}

static void a_close_delimited_response_does_not_keep_the_connection(void **state)
{
	struct http_msg m;

	(void)state;
	accept(&m, "HTTP/1.1 200 OK\r\n\r\n", false);
	assert_false(m.flags & MSG_KEEPALIVE);
	accept(&m, "HTTP/1.1 204 OK\r\n\r\n", false);
	assert_true(m.flags & MSG_KEEPALIVE);
	accept(&m, "HTTP/1.1 204 OK\r\nContent-Length: 5\r\n\r\n", false);
	assert_false(live(&m, "content-length"));
}

static void heads_larger_than_the_limit_are_refused(void **state)
{
	static const char in[] = "GET / HTTP/1.1\r\nHost: a\r\nX: yyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n\r\n";
	struct h1_head_opts o = { .request = true };
	struct http_msg m;
	enum h1_error e;
	uint32_t scan = 0;

	(void)state;
	o.max_head = sizeof(in) - 1;
	assert_int_equal(parse_opts(&m, str_c(in), &o, &scan, &e), H1_OK);
	o.max_head--, scan = 0;
	assert_int_equal(parse_opts(&m, str_c(in), &o, &scan, &e), H1_BAD);
	assert_int_equal(h1_error_status(e), 431);
	o.max_head = 30, scan = 0;
	assert_int_equal(parse_opts(&m, str_n(in, 30), &o, &scan, &e), H1_BAD);
	assert_int_equal(h1_error_status(e), 431);
	o.max_head = 10, scan = 0;
	assert_int_equal(parse_opts(&m, str_n(in, 10), &o, &scan, &e), H1_BAD);
	assert_int_equal(h1_error_status(e), 414);
}

static void more_headers_than_the_array_holds_are_refused(void **state)
{
	struct h1_head_opts o = { .request = true, .max_head = 4096 };
	struct http_msg m;
	enum h1_error e;
	uint32_t scan = 0;

	(void)state;
	msg_init(&m, hdrs, 2, &arena, true);
	assert_int_equal(h1_head_parse(&m, str_c("GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n"), &o, &scan, &e), H1_OK);
	msg_init(&m, hdrs, 2, &arena, true);
	assert_int_equal(h1_head_parse(&m, str_c("GET / HTTP/1.1\r\nHost: a\r\nA: b\r\nC: d\r\n\r\n"), &o, &scan, &e),
			 H1_BAD);
	assert_int_equal(e, H1E_TOO_MANY_HDRS);
}

static void statuses_tell_what_a_client_is_answered(void **state)
{
	(void)state;
	assert_int_equal(h1_error_status(H1E_TE_CODING), 501);
	assert_int_equal(h1_error_status(H1E_VERSION), 505);
	assert_int_equal(h1_error_status(H1E_BODY_HTTP10), 413);
	assert_int_equal(h1_error_status(H1E_URI_TOO_LONG), 414);
	assert_int_equal(h1_error_status(H1E_CLEN_AND_TE), 400);
}

int main(void)
{
	static const struct CMUnitTest plain[] = {
		cmocka_unit_test(a_request_is_cut_into_its_parts),
		cmocka_unit_test(an_absolute_target_loses_scheme_and_authority),
		cmocka_unit_test(hop_by_hop_headers_are_marked_but_rules_still_see_connection),
		cmocka_unit_test(keep_alive_follows_version_and_connection),
		cmocka_unit_test(upgrade_needs_connection_and_http11_and_is_never_to_http2),
		cmocka_unit_test(expect_counts_in_http11_only),
		cmocka_unit_test(a_response_is_framed_by_status_request_and_headers),
		cmocka_unit_test(a_close_delimited_response_does_not_keep_the_connection),
		cmocka_unit_test(heads_larger_than_the_limit_are_refused),
		cmocka_unit_test(more_headers_than_the_array_holds_are_refused),
		cmocka_unit_test(statuses_tell_what_a_client_is_answered),
	};
	struct CMUnitTest all[ARRAY_LEN(plain) + ARRAY_LEN(requests) + ARRAY_LEN(responses)];
	size_t n = ARRAY_LEN(plain);

	memcpy(all, plain, sizeof(plain));
	for (size_t i = 0; i < ARRAY_LEN(requests); i++)
		all[n++] = (struct CMUnitTest){ requests[i].name, request_row, NULL, NULL, (void *)&requests[i] };
	for (size_t i = 0; i < ARRAY_LEN(responses); i++)
		all[n++] = (struct CMUnitTest){ responses[i].name, response_row, NULL, NULL, (void *)&responses[i] };
	arena_init(&arena, 0);
	int failed = _cmocka_run_group_tests("h1_head", all, n, NULL, NULL);
	arena_free(&arena);
	return failed;
}
