// SPDX-License-Identifier: GPL-3.0-or-later
/* http-request use-service prometheus-exporter: what is asked for, piece by piece. */
#include "ruled.h"
#include "../../../src/worker/reply_gen.h"

static char *metrics(struct ruled *r, const char *url)
{
	struct stream *s = ruled_ask(r, (const char *const[]){ url, NULL });
	struct sbuf out = { 0 };

	assert_true(s && s->step == ST_REPLY);
	assert_int_equal(s->res.status, 200);
	assert_non_null(s->gen);
	for (unsigned i = 0; s->gen->step(s->gen, &out); i++)
		assert_true(i < 10000);
	sbuf_addc(&out, '\0');
	return out.p;
}

TEST(scopes_of_the_query_choose_what_is_told)
{
	struct ruled r;
	char *all, *servers;

	ruled_open(&r, " http-request use-service prometheus-exporter if { path /metrics }\n", NULL);
	all = metrics(&r, "http://h/metrics");
	assert_non_null(strstr(all, "haproxy_frontend_"));
	assert_non_null(strstr(all, "haproxy_server_"));
	servers = metrics(&r, "http://h/metrics?scope=server");
	assert_null(strstr(servers, "haproxy_frontend_"));
	assert_non_null(strstr(servers, "server=\"s2\""));
	free(all);
	free(servers);
	ruled_close(&r);
}

TEST(a_scope_that_does_not_exist_is_a_bad_request)
{
	struct ruled r;

	ruled_open(&r, " http-request use-service prometheus-exporter\n", NULL);
	assert_int_equal(ASK(&r, "http://h/metrics?scope=nothing")->res.status, 400);
	ruled_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scopes_of_the_query_choose_what_is_told),
		cmocka_unit_test(a_scope_that_does_not_exist_is_a_bad_request),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
