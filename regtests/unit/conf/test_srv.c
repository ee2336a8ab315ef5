// SPDX-License-Identifier: GPL-3.0-or-later
#include "sema_test.h"

#define BE "defaults\n" TIMES "backend b\n"

static void options_have_their_defaults(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(&c, BE " server s 1.2.3.4:80\n");
	const struct rt_srv_opts *o = rt->srv[0].o;

	(void)st;
	assert_int_equal(o->inter, 2000);
	assert_int_equal(o->rise, 2);
	assert_int_equal(o->fall, 3);
	assert_int_equal(o->error_limit, 10);
	assert_int_equal(o->on_error, ONERR_FAIL_CHECK);
	assert_int_equal(o->pool_max_conn, -1);
	assert_int_equal(o->pool_purge_delay, 5000);
	assert_int_equal(rt->srv[0].weight, 1);
	assert_int_equal(rt->srv[0].flags, 0);
	assert_int_equal(rt->srv[0].track, RT_NONE);
	compiled_close(&c);
}

static void every_option_reaches_its_field(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(
		&c,
		BE " server s 1.2.3.4:80 check inter 1s fastinter 2s downinter 3s rise 4 fall 5 port 81 addr 9.9.9.9 "
		   "weight 6 maxconn 7 minconn 3 maxqueue 8 slowstart 9 observe layer7 error-limit 10 on-error "
		   "mark-down init-state down backup disabled "
		   "on-marked-down shutdown-sessions on-marked-up shutdown-backup-sessions cookie ck pool-max-conn 11 "
		   "pool-purge-delay 12s "
		   "pool-low-conn 13 max-reuse 14 tcp-ut 15s source 8.8.8.8 tfo non-stick id 16 ws h2\n");
	const struct rt_server *s = &rt->srv[0];
	const struct rt_srv_opts *o = s->o;

	(void)st;
	assert_int_equal(o->ws, PROTO_H2);
	assert_int_equal(o->inter, 1000);
	assert_int_equal(o->fastinter, 2000);
	assert_int_equal(o->downinter, 3000);
	assert_int_equal(o->rise, 4);
	assert_int_equal(o->fall, 5);
	assert_int_equal(o->check_port, 81);
	assert_int_equal(o->check_addr.in4.s_addr, htonl(0x09090909));
	assert_int_equal(s->weight, 6);
	assert_int_equal(o->maxconn, 7);
	assert_int_equal(o->minconn, 3);
	assert_int_equal(o->maxqueue, 8);
	assert_int_equal(o->slowstart, 9000);
	assert_int_equal(o->observe, OBSERVE_L7);
	assert_int_equal(o->error_limit, 10);
	assert_int_equal(o->on_error, ONERR_MARK_DOWN);
	assert_int_equal(o->init_state, INIT_DOWN);
	assert_int_equal(s->flags, SRVF_CHECK | SRVF_BACKUP | SRVF_DISABLED | SRVF_SHUT_ON_DOWN |
					   SRVF_SHUT_BACKUP_ON_UP | SRVF_TFO | SRVF_NON_STICK);
	STR_IS(s->cookie, "ck");
	assert_int_equal(o->pool_max_conn, 11);
	assert_int_equal(o->pool_purge_delay, 12000);
	assert_int_equal(o->pool_low_conn, 13);
	assert_int_equal(o->max_reuse, 14);
	assert_int_equal(o->tcp_ut, 15000);
	assert_int_equal(o->source.in4.s_addr, htonl(0x08080808));
	assert_int_equal(s->id, 16);
	compiled_close(&c);
}

static void default_server_applies_to_later_lines_only(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(
		&c, BE " server a 1.2.3.4:80\n default-server check inter 9s weight 5\n server b 1.2.3.4:80\n"
		       " server c 1.2.3.4:80 no-check weight 6\n");

	(void)st;
	assert_int_equal(rt->srv[0].flags, 0);
	assert_int_equal(rt->srv[1].flags, SRVF_CHECK);
	assert_int_equal(rt->srv[1].weight, 5);
	assert_int_equal(rt->srv[1].o->inter, 9000);
	assert_int_equal(rt->srv[2].flags, 0);
	assert_int_equal(rt->srv[2].weight, 6);
	compiled_close(&c);
}

static void default_server_of_a_defaults_section_is_inherited(void **st)
{
	struct compiled c;
	const struct rt *rt =
		compile_ok(&c, "defaults\n default-server inter 7s\n" TIMES "backend b\n server a 1.2.3.4:80\n");

	(void)st;
	assert_int_equal(rt->srv[0].o->inter, 7000);
	compiled_close(&c);
}

static void equal_options_are_stored_once(void **st)
{
	struct compiled c;
	const struct rt *rt =
		compile_ok(&c, BE " server a 1.2.3.4:80 inter 5s\n server b 1.2.3.5:80 inter 5s weight 3\n"
				  " server c 1.2.3.4:80 inter 6s\n");

	(void)st;
	assert_ptr_equal(rt->srv[0].o, rt->srv[1].o);
	assert_ptr_not_equal(rt->srv[0].o, rt->srv[2].o);
	compiled_close(&c);
}

static void servers_of_a_backend_are_adjacent(void **st)
{
	struct compiled c;
	const struct rt *rt =
		compile_ok(&c, BE " server a 1.1.1.1:80\n server b 1.1.1.1:80\nbackend c\n server a 1.1.1.1:80\n");

	(void)st;
	assert_int_equal(px(rt, "b")->be.srv0, 0);
	assert_int_equal(rt_count_servers(&px(rt, "b")->be), 2);
	assert_int_equal(px(rt, "c")->be.srv0, px(rt, "b")->be.nsrv);
	assert_ptr_equal(px(rt, "c")->be.srv, &rt->srv[px(rt, "c")->be.srv0]);
	assert_int_equal(px(rt, "c")->be.srv->px, 1);
	assert_int_equal(rt_find_server(rt, px(rt, "c"), STR("a")), px(rt, "c")->be.srv0);
	assert_int_equal(rt_find_server(rt, NULL, STR("b/b")), 1);
	assert_int_equal(rt_find_server(rt, NULL, STR("b/x")), RT_NONE);
	assert_int_equal(rt_find_server(rt, NULL, STR("x/b")), RT_NONE);
	compiled_close(&c);
}

static void a_template_makes_servers_with_numbered_names(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(&c, BE " server x 1.1.1.1:80\n server-template web 3-5 10.0.0.1:81 check weight 7\n"
						"backend c\n server-template n 2 1.1.1.1:80\n");
	const struct rt_backend *be = &px(rt, "b")->be;

	(void)st;
	assert_int_equal(rt_count_servers(be), 4);
	STR_IS(be->srv[1].name, "web3");
	STR_IS(be->srv[3].name, "web5");
	assert_int_equal(be->srv[2].addr.port, 81);
	assert_int_equal(be->srv[2].weight, 7);
	assert_int_equal(be->srv[3].id, 4);
	assert_true(be->srv[1].line != be->srv[2].line);
	STR_IS(px(rt, "c")->be.srv[0].name, "n1");
	STR_IS(px(rt, "c")->be.srv[1].name, "n2");
	compiled_close(&c);
}

static void a_template_without_a_range_is_refused(void **st)
{
	(void)st;
	expect_error(BE " server-template w x 1.1.1.1:80\n", "6:20", "no number of servers");
	expect_error(BE " server-template w 0 1.1.1.1:80\n", "6:20", "no number of servers");
	expect_error(BE " server-template w 5-4 1.1.1.1:80\n", "6:20", "no number of servers");
	expect_error(BE " server-template w 1-10001 1.1.1.1:80\n", "6:20", "at most 10000");
	expect_error(BE " server w2 1.1.1.1:80\n server-template w 1-3 1.1.1.1:80\n", "7:18", "already defined");
	expect_error(BE " server-template w 1-2 1.1.1.1:80 id 5\n", "6:18", "same id 5");
	expect_error(BE " server-template w 1-3 1.1.1.1:80 wat\n", "6:35", "unknown parameter 'wat'");
}

static void spare_rows_stand_behind_the_servers_of_a_backend(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(&c, BE " server a 1.1.1.1:80\nglobal\n tune.spare-servers 2\n");
	const struct rt_backend *be = &px(rt, "b")->be;

	(void)st;
	assert_int_equal(be->nsrv, 3);
	assert_int_equal(rt->nspare, 2);
	assert_true(rt_srv_exists(&be->srv[0]) && !rt_srv_exists(&be->srv[1]) && !rt_srv_exists(&be->srv[2]));
	compiled_close(&c);
	rt = compile_ok(&c, BE " server a 1.1.1.1:80\n server-template s 47 1.1.1.1:80\n");
	assert_int_equal(px(rt, "b")->be.nsrv, 48 + 12);
	compiled_close(&c);
	rt = compile_ok(&c, "global\n tune.spare-servers 0\n" BE);
	assert_int_equal(px(rt, "b")->be.nsrv, 0);
	compiled_close(&c);
}

static void a_circle_of_tracking_is_refused(void **st)
{
	(void)st;
	expect_error(BE " server a 1.1.1.1:80 track b\n server b 1.1.1.1:80 track a\n", "6:28", "circle");
	expect_error(BE " server a 1.1.1.1:80 track a\n", "6:28", "circle");
	expect_error(BE " server a 1.1.1.1:80 track b\n server b 1.1.1.1:80\n", "6:28", "no check");
}

static void a_check_needs_a_port(void **st)
{
	struct compiled c;

	(void)st;
	expect_error(BE " server a 1.1.1.1 check\n", "6:11", "needs 'port'");
	compile_ok(
		&c, BE
		" server a 1.1.1.1 check port 80\n server b 1.1.1.1 check addr 1.2.3.4:81\n server u /tmp/x check\n");
	assert_int_equal(c.rt->srv[1].o->check_port, 81);
	compiled_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_have_their_defaults),
		cmocka_unit_test(every_option_reaches_its_field),
		cmocka_unit_test(default_server_applies_to_later_lines_only),
		cmocka_unit_test(default_server_of_a_defaults_section_is_inherited),
		cmocka_unit_test(equal_options_are_stored_once),
		cmocka_unit_test(servers_of_a_backend_are_adjacent),
		cmocka_unit_test(a_template_makes_servers_with_numbered_names),
		cmocka_unit_test(a_template_without_a_range_is_refused),
		cmocka_unit_test(spare_rows_stand_behind_the_servers_of_a_backend),
		cmocka_unit_test(a_circle_of_tracking_is_refused),
		cmocka_unit_test(a_check_needs_a_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
