// SPDX-License-Identifier: GPL-3.0-or-later
#include <unistd.h>
#include "sema_test.h"
#include "../../../src/conf/sema_priv.h"

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

/* A resolv.conf with that text. */
static void machine_asks(const char *text)
{
	static char path[64];

	snprintf(path, sizeof(path), "/tmp/sluice-test.resolv.%d", (int)getpid());
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	sema_resolv_conf = path;
}

static void machine_asks_nobody(void)
{
	if (strncmp(sema_resolv_conf, "/tmp/", 5) == 0)
		unlink(sema_resolv_conf);
	sema_resolv_conf = "/nonexistent/resolv.conf";
}

static void nameservers_of_the_machine_are_taken_in_the_place_of_the_word(void **st)
{
	struct compiled c;

	(void)st;
	machine_asks("# comment\nsearch example.test\nnameserver 192.0.2.53\n  nameserver\t2001:db8::53\nnameserver nonsense\noptions ndots:1\nnameserver 192.0.2.54");
	const struct rt *rt = compile_ok(&c, "resolvers r\n nameserver a 127.0.0.1:53\n parse-resolv-conf\n nameserver b 127.0.0.2:54\n" REST
					     " server s a.test:80 resolvers r init-addr none\n");
	const struct rt_resolvers *r = &rt->resolvers[0];

	assert_int_equal(r->nns, 5);
	STR_IS(r->ns[0].name, "a");
	STR_IS(r->ns[1].name, "192.0.2.53");
	assert_int_equal(r->ns[1].addr.port, 53);
	STR_IS(r->ns[2].name, "2001:db8::53");
	assert_int_equal(r->ns[2].addr.family, AF_INET6);
	STR_IS(r->ns[3].name, "192.0.2.54");
	STR_IS(r->ns[4].name, "b");
	assert_int_equal(rt->nresolvers, 1);
	compiled_close(&c);
	machine_asks_nobody();
}

static void there_is_a_section_default_when_it_is_meant_and_the_machine_asks_somebody(void **st)
{
	struct compiled c;

	(void)st;
	machine_asks("nameserver 192.0.2.53\n");
	const struct rt *rt = compile_ok(&c, "resolvers r\n nameserver a 127.0.0.1:53\n" REST " default-server init-addr none\n"
					     " server s a.test:80 resolvers default\n server t b.test:80 resolvers default\n server u c.test:80 resolvers r\n");

	assert_int_equal(rt->nresolvers, 2);
	assert_int_equal(rt->nns, 2);
	assert_int_equal(rt->resolvers[1].ns0, 1);
	assert_int_equal(rt->resolvers[1].resolve, 1000);
	assert_int_equal(rt->srv[0].o->resolvers, 2);
	assert_int_equal(rt->srv[1].o->resolvers, 2);
	assert_int_equal(rt->srv[2].o->resolvers, 1);
	compiled_close(&c);
	rt = compile_ok(&c, "resolvers default\n nameserver a 127.0.0.1:53\n" REST " server s a.test:80 resolvers default init-addr none\n");
	assert_int_equal(rt->nresolvers, 1);
	STR_IS(rt->resolvers[0].ns[0].name, "a");
	compiled_close(&c);
	machine_asks_nobody();
	expect_error(REST " server s a.test:80 resolvers default init-addr none\n", "7:31", "unknown resolvers 'default'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_section_has_nameservers_times_and_defaults),
		cmocka_unit_test(labels_of_srv_records_need_no_port_to_be_checked_and_are_not_looked_up),
		cmocka_unit_test(nameservers_of_the_machine_are_taken_in_the_place_of_the_word),
		cmocka_unit_test(there_is_a_section_default_when_it_is_meant_and_the_machine_asks_somebody),
		cmocka_unit_test(servers_with_names_are_resolved_at_run_time_wherever_the_section_stands),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
