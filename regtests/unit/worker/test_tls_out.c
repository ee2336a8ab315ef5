// SPDX-License-Identifier: GPL-3.0-or-later
/* The name that a server is asked for over TLS. */
#include "fake_req.h"
#include "../../../src/worker/tls_out.h"

static uint64_t sni(const char *host, struct str *name)
{
	fake_request(&w, "/");
	if (host)
		fake_header(&w, "host", host);
	return tls_out_sni(&w.s, 0, name);
}

TEST(it_is_that_of_the_host_header_without_its_port)
{
	static const struct { const char *host, *name; } t[] = {
		{ "a.test", "a.test" }, { "a.test:8443", "a.test" }, { "192.0.2.1", NULL }, { "192.0.2.1:443", NULL }, { "[2001:db8::1]:443", NULL },
		{ "", NULL }, { NULL, NULL }, { ":443", NULL },
	};
	struct str name;

	w.srv[0].flags = SRVF_SSL;
	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		uint64_t h = sni(t[i].host, &name);

		assert_int_equal(h != 0, t[i].name != NULL);
		assert_slice(name, t[i].name ? t[i].name : "");
	}
}

TEST(connections_of_one_name_have_one_hash)
{
	struct str name;

	w.srv[0].flags = SRVF_SSL;
	uint64_t a = sni("a.test", &name), b = sni("b.test", &name), again = sni("a.test:99", &name);
	assert_true(a == again);
	assert_true(a != b);
}

TEST(without_tls_or_where_none_is_wanted_there_is_no_name)
{
	struct str name;

	assert_false(tls_out_wanted(0));
	assert_true(sni("a.test", &name) == 0);
	w.srv[0].flags = SRVF_SSL;
	assert_true(tls_out_wanted(0));
	wk.srv[0].plain = true; /* switched off at run time */
	assert_false(tls_out_wanted(0));
	assert_true(sni("a.test", &name) == 0);
	wk.srv[0].plain = false;
	w.opts.no_sni_auto = true;
	assert_true(sni("a.test", &name) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(it_is_that_of_the_host_header_without_its_port), T(connections_of_one_name_have_one_hash),
		T(without_tls_or_where_none_is_wanted_there_is_no_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
