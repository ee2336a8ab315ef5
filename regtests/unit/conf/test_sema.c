// SPDX-License-Identifier: GPL-3.0-or-later
#include "sema_test.h"

static void names_may_be_used_before_they_are_defined(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(&c, "frontend f\n bind :80\n use_backend b if TRUE\n default_backend a\n"
		"backend a\n server s 1.2.3.4:80 track b/t\nbackend b\n server t 1.2.3.4:81 check\n");

	(void)st;
	assert_int_equal(rt->npx, 3);
	assert_ptr_equal(&rt->px[px(rt, "f")->default_be], px(rt, "a"));
	assert_ptr_equal(&rt->px[px(rt, "f")->use_be[0].target], px(rt, "b"));
	assert_ptr_equal(&rt->srv[rt->srv[0].track], px(rt, "b")->be.srv);
	compiled_close(&c);
}

static void a_proxy_starts_from_the_last_defaults_or_from_those_it_names(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(&c, "defaults one\n mode http\n retries 5\n" TIMES
		"defaults two from one\n retries 6\n option nolinger\ndefaults\n" TIMES
		"backend plain\nbackend b1 from one\nbackend b2 from two\n");

	(void)st;
	assert_int_equal(px(rt, "plain")->mode, MODE_TCP);
	assert_int_equal(px(rt, "plain")->retries, 3);
	assert_int_equal(px(rt, "b1")->retries, 5);
	assert_int_equal(px(rt, "b1")->mode, MODE_HTTP);
	assert_int_equal(px(rt, "b2")->retries, 6);
	assert_int_equal(px(rt, "b2")->mode, MODE_HTTP);
	assert_int_equal(px(rt, "b2")->to[TO_SERVER], 3000);
	assert_true(px(rt, "b2")->opts & OPT_NOLINGER);
	assert_false(px(rt, "b1")->opts & OPT_NOLINGER);
	compiled_close(&c);
}

static void rules_of_named_defaults_run_before_those_of_the_proxy(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(&c, "defaults d0\n mode http\n" TIMES " http-request set-header A 0\n"
		"defaults d1 from d0\n acl x path /x\n http-request set-header A 1 if x\n"
		"frontend f from d1\n bind :80\n http-request set-header A 2 if x\nbackend b from d0\n");
	const struct rule_list *rl = &px(rt, "f")->rules[PH_HTTP_REQ];

	(void)st;
	assert_int_equal(rl->n, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(logfmt_literal(rl->at[i].fmt).p[0], '0' + i);
	assert_null(rl->at[0].cond);
	assert_non_null(rl->at[1].cond);
	assert_non_null(rl->at[2].cond);
	assert_int_equal(px(rt, "b")->rules[PH_HTTP_REQ].n, 1);
	compiled_close(&c);
}

static void an_error_in_defaults_is_reported_once_for_all_that_inherit(void **st)
{
	struct compiled c;

	(void)st;
	compile(&c, "defaults d\n mode http\n http-request set-header A %[nosuch]\n"
		"backend a from d\nbackend b from d\nbackend c from d\n");
	assert_null(c.rt);
	assert_int_equal(c.p.d.errors, 1);
	compiled_close(&c);
}

static void all_errors_of_a_file_come_in_one_run(void **st)
{
	struct compiled c;

	(void)st;
	compile(&c, "global\n maxconn x\nfrontend f\n bind :80\n default_backend nob\nbackend b\n server s "
		    "1.1.1.1:99999\n");
	assert_null(c.rt);
	assert_int_equal(c.p.d.errors, 3);
	compiled_close(&c);
}

static void timeouts_that_are_not_given_take_the_value_that_stands_in_for_them(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(
		&c, "defaults\n" TIMES "frontend a\n bind :80\nfrontend b\n bind :81\n timeout http-request 9s\n"
		    "frontend k\n bind :82\n timeout http-request 9s\n timeout http-keep-alive 4s\n timeout client 0\n"
		    "defaults\nfrontend n\n bind :83\n");

	(void)st;
	assert_int_equal(px(rt, "a")->to[TO_HTTP_REQUEST], 2000);
	assert_int_equal(px(rt, "a")->to[TO_HTTP_KEEP_ALIVE], 2000);
	assert_int_equal(px(rt, "a")->to[TO_QUEUE], 1000);
	assert_int_equal(px(rt, "a")->to[TO_TARPIT], 1000);
	assert_int_equal(px(rt, "a")->to[TO_TUNNEL], TIMEOUT_NONE);
	assert_int_equal(px(rt, "b")->to[TO_HTTP_KEEP_ALIVE], 9000);
	assert_int_equal(px(rt, "k")->to[TO_HTTP_KEEP_ALIVE], 4000);
	assert_int_equal(px(rt, "k")->to[TO_CLIENT], TIMEOUT_NONE);
	assert_int_equal(px(rt, "n")->to[TO_CLIENT], 60000);
	assert_int_equal(px(rt, "n")->to[TO_SERVER], TIMEOUT_NONE);
	compiled_close(&c);
}

static void a_second_global_section_adds_to_the_first(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(&c, "global\n maxconn 10\n workers 3\nglobal\n workers 4\n");

	(void)st;
	assert_int_equal(rt->g.maxconn, 10);
	assert_int_equal(rt->g.workers, 4);
	compiled_close(&c);
}

static void a_listen_section_is_its_own_backend(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(&c, "defaults\n" TIMES "listen l\n bind :80\n server s 1.2.3.4\n");

	(void)st;
	assert_int_equal(px(rt, "l")->caps, PX_FE | PX_BE);
	assert_int_equal(px(rt, "l")->default_be, 0);
	assert_ptr_equal(rt_find_backend(rt, STR("l")), px(rt, "l"));
	compiled_close(&c);
}

static void the_command_line_overrides_the_text(void **st)
{
	struct conf_opts o = { .maxconn_override = 77, .localpeer = "me", .poll_only = true };
	struct compiled c;

	(void)st;
	parsed_open(&c.p);
	assert_true(conf_parse_text(&c.p.src, &c.p.d, "t.cfg", STR("global\n maxconn 10\n localpeer you\n")));
	c.rt = conf_compile(&c.p.src, &c.p.d, &o);
	parsed_write(&c.p);
	assert_non_null(c.rt);
	assert_int_equal(c.rt->g.maxconn, 77);
	assert_true(c.rt->g.noepoll);
	STR_IS(c.rt->g.localpeer, "me");
	compiled_close(&c);
}

static void ids_count_up_and_leave_out_those_that_are_given(void **st)
{
	struct compiled c;
	const struct rt *rt =
		compile_ok(&c, "backend a\n server x 1.1.1.1:80\n server y 1.1.1.1:80 id 2\n server z 1.1.1.1:80\n"
			       "backend b\n id 1\nbackend d\n");

	(void)st;
	assert_int_equal(rt->srv[0].id, 1);
	assert_int_equal(rt->srv[1].id, 2);
	assert_int_equal(rt->srv[2].id, 3);
	assert_int_equal(px(rt, "a")->id, 2);
	assert_int_equal(px(rt, "b")->id, 1);
	assert_int_equal(px(rt, "d")->id, 3);
	compiled_close(&c);
}

static void the_dump_names_every_object(void **st)
{
	struct compiled c;
	struct sbuf b = { 0 };
	static const char *const want[] = { "frontend 0 f",	 "listener 0 0.0.0.0:80", "use_backend a",
					    "default_backend b", "server 0 s 1.2.3.4:80", "http-request deny 403 if",
					    "use-server s" };
	const struct rt *rt = compile_ok(&c, "defaults\n mode http\n" TIMES
					     "frontend f\n bind :80\n http-request deny if { path /x }\n"
					     "use_backend a if { path /a }\n default_backend b\nbackend a\n server s "
					     "1.2.3.4:80\n use-server s if { path /s }\nbackend b\n");

	(void)st;
	rt_dump(rt, &b);
	for (unsigned i = 0; i < ARRAY_LEN(want); i++)
		assert_non_null(strstr(sbuf_cstr(&b), want[i]));
	sbuf_free(&b);
	compiled_close(&c);
}

/* A tenth of the size that is promised to load in 3 s; the limit on memory is the promised one. */
static void a_server_costs_less_than_a_kibibyte(void **st)
{
	struct sbuf t = { 0 };
	struct compiled c;
	unsigned n = 0;

	(void)st;
	sbuf_printf(&t, "defaults\n mode http\n" TIMES);
	for (unsigned b = 0; b < 1000; b++) {
		sbuf_printf(&t, "backend b%u\n balance roundrobin\n option httpchk GET /\n", b);
		for (unsigned i = 0; i < 10; i++, n++)
			sbuf_printf(&t, " server s%u 10.0.%u.%u:80 check inter 5s weight 10 maxconn 100\n", i, b % 250,
				    i);
	}
	struct rt *rt = compile_ok(&c, sbuf_cstr(&t));
	assert_int_equal(rt->nsrv - rt->nspare, n);
	assert_true((rt->arena.total) / n < 1024);
	assert_ptr_equal(rt->srv[0].o, px(rt, "b999")->be.srv[9].o);
	sbuf_free(&t);
	compiled_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_may_be_used_before_they_are_defined),
		cmocka_unit_test(a_proxy_starts_from_the_last_defaults_or_from_those_it_names),
		cmocka_unit_test(rules_of_named_defaults_run_before_those_of_the_proxy),
		cmocka_unit_test(an_error_in_defaults_is_reported_once_for_all_that_inherit),
		cmocka_unit_test(all_errors_of_a_file_come_in_one_run),
		cmocka_unit_test(timeouts_that_are_not_given_take_the_value_that_stands_in_for_them),
		cmocka_unit_test(a_second_global_section_adds_to_the_first),
		cmocka_unit_test(a_listen_section_is_its_own_backend),
		cmocka_unit_test(the_command_line_overrides_the_text),
		cmocka_unit_test(ids_count_up_and_leave_out_those_that_are_given),
		cmocka_unit_test(the_dump_names_every_object),
		cmocka_unit_test(a_server_costs_less_than_a_kibibyte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
