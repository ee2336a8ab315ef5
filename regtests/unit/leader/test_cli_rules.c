// SPDX-License-Identifier: GPL-3.0-or-later
/* `show rules`: all of them in the order in which requests meet them, with their hits. */
#include <sluice/ipc/hits.h>
#include "cli_fixture.h"

static int setup(void **state UNUSED)
{
	cli_fx_open(PLAIN "frontend f\n bind 127.0.0.1:1\n acl api path_beg /api\n tcp-request connection reject if { src 10.0.0.0/8 }\n"
		    " http-request set-header X-A 1 if api\n http-request deny if { method DELETE }\n use_backend b if api\n default_backend c\n"
		    " http-response del-header X-B\nbackend b\n server s 192.0.2.1:80\n use-server s if { path /x }\nbackend c\n server s 192.0.2.1:80\n");
	assert_true(hits_open(&l.hits, l.rt->nrules, 2));
	return 0;
}

static int teardown(void **state UNUSED)
{
	hits_close(&l.hits);
	cli_fx_close();
	return 0;
}

TEST(rules_come_with_kind_line_and_text)
{
	const char *text = cmd("show rules"), *at = text;
	static const char *const order[] = {
		"# proxy kind hits line rule\n", "f tcp-request-connection 0 t.cfg:9 ", "f http-request 0 t.cfg:10 set-header X-A ", "f http-request 0 t.cfg:11 deny ",
		"f use_backend 0 t.cfg:12 b ", "f http-response 0 t.cfg:14 del-header X-B", "b use-server 0 t.cfg:17 s ",
	};

	for (unsigned i = 0; i < ARRAY_LEN(order); i++) {
		const char *found = strstr(at, order[i]);
		if (!found)
			fail_msg("'%s' does not follow in: %s", order[i], text);
		at = found;
	}
}

TEST(hits_of_all_workers_are_added)
{
	uint32_t id = rt_find_backend(l.rt, STR("b"))->use_srv[0].id;

	hits_add(hits_column(&l.hits, 0), id);
	hits_add(hits_column(&l.hits, 1), id);
	HAS("show rules", "b use-server 2 ");
	HAS("show rules hits", "b use-server 2 ");
}

TEST(one_proxy_can_be_chosen)
{
	HAS_NOT("show rules b", "f http-request");
	HAS("show rules b", "b use-server");
	HAS("show rules hits b", "b use-server");
	SAYS("show rules c", "# proxy kind hits line rule\n");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(rules_come_with_kind_line_and_text),
		T(hits_of_all_workers_are_added),
		T(one_proxy_can_be_chosen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
