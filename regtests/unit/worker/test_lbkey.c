// SPDX-License-Identifier: GPL-3.0-or-later
/* What of a request is balanced on, and when there is nothing. */
#include "fake_req.h"

static struct rt_backend *be(void) { return &w.px[1].be; }

/* Is there a key, and is it the hash of this text? */
static void expect(const char *text)
{
	struct lb_req r = { .hash = 77, .has_key = true };

	lbkey_fill(&w.s, &r);
	assert_int_equal(r.has_key, text != NULL);
	if (text)
		assert_int_equal(r.hash, lb_key_hash(be(), str_c(text)));
}

TEST(a_parameter_counts_as_it_is_written_and_only_as_a_whole)
{
	static const struct { const char *target, *key; } t[] = {
		{ "/?id=7", "7" }, { "/a?x=1&id=a%20b&id=c", "a%20b" }, { "/?xid=1&id2=2", NULL }, { "/?id=", NULL }, { "/?id", NULL },
		{ "/id=7", NULL }, { "/?a&id=7", "7" }, { "/?ID=7", NULL }, { "/?id==", "=" },
	};

	be()->key = KEY_URL_PARAM;
	be()->key_name = STR("id");
	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		fake_request(&w, t[i].target);
		expect(t[i].key);
	}
}

TEST(a_header_counts_whole_or_its_domain)
{
	be()->key = KEY_HDR;
	be()->key_name = STR("X-Key");
	fake_request(&w, "/");
	expect(NULL);
	fake_header(&w, "x-KEY", "www.example.com");
	fake_header(&w, "X-Key", "second");
	expect("www.example.com");
	be()->hdr_domain_only = true;
	expect("example");
	fake_request(&w, "/");
	fake_header(&w, "X-Key", "");
	expect(NULL);
}

TEST(the_target_counts_as_the_backend_cuts_it)
{
	be()->key = KEY_URI;
	fake_request(&w, "/a/b?c=d");
	expect("/a/b");
	be()->uri_whole = true;
	expect("/a/b?c=d");
}

TEST(without_http_or_when_the_head_is_gone_there_is_none)
{
	be()->key = KEY_URI;
	fake_request(&w, "/a");
	w.s.flags |= SF_REQ_HEAD_GONE;
	expect(NULL);
	w.s.flags = 0;
	expect(NULL);
	be()->key = KEY_NONE;
	w.s.flags = SF_HTTP;
	expect(NULL);
}

TEST(the_source_needs_no_request)
{
	struct addr a, b;
	struct lb_req r1 = { 0 }, r2 = { 0 }, r3 = { 0 };

	be()->key = KEY_SOURCE;
	assert_true(addr_parse_ip(&a, STR("192.0.2.1")));
	assert_true(addr_parse_ip(&b, STR("192.0.2.2")));
	a.port = 1000;
	w.s.ctx.src = &a;
	lbkey_fill(&w.s, &r1);
	a.port = 2000;
	lbkey_fill(&w.s, &r2);
	w.s.ctx.src = &b;
	lbkey_fill(&w.s, &r3);
	assert_true(r1.has_key && r3.has_key);
	assert_int_equal(r1.hash, r2.hash);
	assert_int_not_equal(r1.hash, r3.hash);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_parameter_counts_as_it_is_written_and_only_as_a_whole), T(a_header_counts_whole_or_its_domain),
		T(the_target_counts_as_the_backend_cuts_it), T(without_http_or_when_the_head_is_gone_there_is_none), T(the_source_needs_no_request),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
