// SPDX-License-Identifier: GPL-3.0-or-later
#include "sema_test.h"

#define BE "defaults\n" TIMES "backend b\n"

struct added { struct arena a; struct diags d; struct rt_server s; struct rt_srv_opts o; enum conf_live how; };

static const struct added *add(struct added *x, const struct rt *rt, const char *line)
{
	struct str w[32], rest = str_c(line);
	unsigned n = 0;

	while (rest.p)
		w[n++] = str_split(&rest, ' ');
	arena_init(&x->a, 0);
	diags_init(&x->d, &x->a, NULL);
	x->how = conf_server_live(rt, (uint32_t)(px(rt, "b") - rt->px), w, n, &x->a, &x->s, &x->o, &x->d);
	return x;
}

static void added(const struct rt *rt, const char *line, enum conf_live how, const char *why)
{
	struct added x;

	add(&x, rt, line);
	assert_int_equal(x.how, how);
	if (why)
		assert_true(x.d.at.n && str_find(x.d.at.at[0].msg, str_c(why), false) >= 0);
	arena_free(&x.a);
}

static void a_line_at_run_time_means_what_it_would_mean_in_the_file(void **st)
{
	struct compiled c;
	struct added x;
	const struct rt *rt = compile_ok(&c, BE " default-server inter 7s maxconn 9 check\n default-server no-check weight 3\n"
						" server t 1.1.1.1:80 check\n server u 1.1.1.1:80 id 9\n");

	(void)st;
	add(&x, rt, "n 127.0.0.2:8080 fall 4 cookie c1 backup track t");
	assert_int_equal(x.how, CONF_LIVE_OK);
	STR_IS(x.s.name, "n");
	assert_int_equal(x.s.addr.port, 8080);
	assert_int_equal(x.o.inter, 7000);
	assert_int_equal(x.o.maxconn, 9);
	assert_int_equal(x.o.fall, 4);
	assert_int_equal(x.s.weight, 3);
	assert_int_equal(x.s.id, 2);
	assert_ptr_equal(&rt->srv[x.s.track], rt->srv + rt_find_server(rt, NULL, STR("b/t")));
	assert_int_equal(x.s.flags, SRVF_BACKUP | SRVF_ADDED);
	STR_IS(x.s.cookie, "c1");
	arena_free(&x.a);
	compiled_close(&c);
}

static void what_is_wrong_with_it_is_said(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(&c, BE " server u 1.1.1.1:80 id 9\n");

	(void)st;
	added(rt, "n 127.0.0.1:80 wat", CONF_LIVE_BAD, "unknown parameter 'wat'");
	added(rt, "n 127.0.0.1:xx", CONF_LIVE_BAD, "xx");
	added(rt, "n/ 127.0.0.1:80", CONF_LIVE_BAD, "character '/'");
	added(rt, "n 127.0.0.1:80 id 9", CONF_LIVE_BAD, "custom id 9 already used");
	added(rt, "n 127.0.0.1:80 track zz", CONF_LIVE_BAD, "unknown server 'zz'");
	added(rt, "n 127.0.0.1:80 track u", CONF_LIVE_BAD, "has no check");
	added(rt, "n 127.0.0.1 check", CONF_LIVE_BAD, "needs 'port'");
	added(rt, "n 127.0.0.1:80 ssl", CONF_LIVE_BAD, "verify none");
	compiled_close(&c);
}

static void what_does_not_exist_yet_needs_a_reload(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(&c, BE " server u 1.1.1.1:80 ssl verify none sni str(a)\n");

	(void)st;
	added(rt, "n 127.0.0.1:80 ssl verify none", CONF_LIVE_OK, NULL);
	added(rt, "n 127.0.0.1:80 ssl verify none sni str(a) check", CONF_LIVE_OK, NULL);
	added(rt, "n 127.0.0.1:80 ssl verify none sni str(b)", CONF_LIVE_RELOAD, NULL);
	added(rt, "n 127.0.0.1:80 ssl verify none alpn h2", CONF_LIVE_RELOAD, NULL);
	added(rt, "n web.example:80", CONF_LIVE_RELOAD, NULL);
	compiled_close(&c);
}

static void a_dynamic_cookie_is_that_of_the_address(void **st)
{
	struct compiled c;
	struct added x;
	const struct rt *rt = compile_ok(&c, BE " mode http\n cookie c insert dynamic\n dynamic-cookie-key k\n server u 1.1.1.1:80\n");

	(void)st;
	add(&x, rt, "n 1.1.1.1:80");
	assert_int_equal(x.how, CONF_LIVE_OK);
	assert_true(x.s.cookie.n == 16 && str_eq(x.s.cookie, px(rt, "b")->be.srv[0].cookie));
	arena_free(&x.a);
	add(&x, rt, "n 1.1.1.1:80 cookie own");
	STR_IS(x.s.cookie, "own");
	arena_free(&x.a);
	compiled_close(&c);
}

static void words_without_effect_warn(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(&c, BE);

	(void)st;
	added(rt, "n 127.0.0.1:80 guid x", CONF_LIVE_OK, "guid");
	compiled_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_at_run_time_means_what_it_would_mean_in_the_file),
		cmocka_unit_test(what_is_wrong_with_it_is_said),
		cmocka_unit_test(what_does_not_exist_yet_needs_a_reload),
		cmocka_unit_test(a_dynamic_cookie_is_that_of_the_address),
		cmocka_unit_test(words_without_effect_warn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
