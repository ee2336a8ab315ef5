// SPDX-License-Identifier: GPL-3.0-or-later
#include "sema_test.h"

#define REST "defaults\n mode http\n" TIMES "backend b\n"

static void a_section_has_nameservers_times_and_defaults(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(&c, "resolvers one\n nameserver a 127.0.0.1:53\n nameserver b tcp@[::1]:5353\n hold nx 5s\n timeout retry 2s\n"
					     " resolve_retries 7\n accepted_payload_size 4096\nresolvers two\n nameserver c 127.0.0.3\n" REST
					     " server s 127.0.0.1:80 resolvers two\n");
	const struct rt_resolvers *r = rt->resolvers;

	(void)st;
	assert_int_equal(rt->nresolvers, 2);
	assert_int_equal(rt->nns, 3);
	STR_IS(r[0].name, "one");
	assert_int_equal(r[0].nns, 2);
	assert_int_equal(r[0].ns[0].addr.port, 53);
	assert_true(r[0].ns[1].tcp);
	assert_int_equal(r[0].ns[1].addr.port, 5353);
	assert_int_equal(r[0].hold[HOLD_NX], 5000);
	assert_int_equal(r[0].hold[HOLD_OTHER], 30000);
	assert_int_equal(r[0].hold[HOLD_VALID], 10000);
	assert_int_equal(r[0].hold[HOLD_OBSOLETE], 0);
	assert_int_equal(r[0].retry, 2000);
	assert_int_equal(r[0].resolve, 1000);
	assert_int_equal(r[0].retries, 7);
	assert_int_equal(r[0].payload, 4096);
	assert_int_equal(r[1].ns0, 2);
	assert_int_equal(r[1].ns[0].addr.port, 53);
	assert_int_equal(rt->srv[0].o->resolvers, 2);
	assert_false(rt->srv[0].flags & SRVF_RESOLVE); /* it has no name */
	compiled_close(&c);
}

static void servers_with_names_are_resolved_at_run_time_wherever_the_section_stands(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(&c, REST " default-server init-addr none resolvers r\n server s www.example.test:81\n"
					     " server t www.example.test:82 init-addr last,192.0.2.7 resolve-prefer ipv4 resolve-net 10.0.0.0/8,192.168.0.0/16"
					     " resolve-opts allow-dup-ip,ignore-weight\nresolvers r\n nameserver a 127.0.0.1:53\n");

	(void)st;
	assert_true(rt->srv[0].flags & SRVF_RESOLVE);
	assert_false(rt->srv[0].flags & SRVF_UNRESOLVED);
	assert_true(addr_is_any(&rt->srv[0].addr));
	assert_int_equal(rt->srv[0].addr.port, 81);
	STR_IS(rt->srv[0].host, "www.example.test");
	assert_false(addr_is_any(&rt->srv[1].addr));
	assert_int_equal(rt->srv[1].addr.port, 82);
	assert_int_equal(rt->srv[1].o->resolve_prefer, 4);
	assert_int_equal(rt->srv[1].o->nresolve_net, 2);
	assert_int_equal(rt->srv[1].o->resolve_opts, RESOLVE_DUP_IP | RESOLVE_NO_WEIGHT);
	compiled_close(&c);
}

static void labels_of_srv_records_need_no_port_to_be_checked_and_are_not_looked_up(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(&c, "resolvers r\n nameserver a 127.0.0.1:53\n" REST
					     " server-template s 3 _http._tcp.example.test check resolvers r\n");

	(void)st;
	for (unsigned i = 0; i < 3; i++) {
		assert_true((rt->srv[i].flags & (SRVF_RESOLVE | SRVF_SRV)) == (SRVF_RESOLVE | SRVF_SRV));
		assert_false(rt->srv[i].flags & (SRVF_UNRESOLVED | SRVF_PORT_FROM_CLIENT));
		assert_true(addr_is_any(&rt->srv[i].addr));
		STR_IS(rt->srv[i].host, "_http._tcp.example.test");
	}
	compiled_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_section_has_nameservers_times_and_defaults),
		cmocka_unit_test(labels_of_srv_records_need_no_port_to_be_checked_and_are_not_looked_up),
		cmocka_unit_test(servers_with_names_are_resolved_at_run_time_wherever_the_section_stands),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
