// SPDX-License-Identifier: GPL-3.0-or-later
/* What generations know each other's objects by: what changes an identity and what does not. */
#include "cli_fixture.h"

static int setup(void **state UNUSED)
{
	notice_quiet(true);
	arena_init(&conf_arena, 0);
	return 0;
}

static int teardown(void **state UNUSED)
{
	arena_free(&conf_arena);
	return 0;
}

#define NAMED(what) " server s " what " resolvers dns init-addr "
#define BACKEND(opts, server) "resolvers dns\n nameserver a 127.0.0.1:53\n" PLAIN "backend b\n" opts "\n server other 192.0.2.9:80 check\n" server "\n"

/* What server s of backend b is known by in that configuration. */
static struct state_obj known(const char *text)
{
	struct rt *rt = compiled(text);
	struct leader one = { .rt = rt };
	struct state_obj o;

	names_of_server(&one, rt_find_server(rt, rt_find_backend(rt, STR("b")), STR("s")), &o);
	rt_free(rt);
	return o;
}

static const struct { const char *a, *b; bool same, cfg; } pairs[] = {
	{ BACKEND("", " server s 192.0.2.1:80"), BACKEND(" balance leastconn", " server s 192.0.2.1:80 cookie c"), true, true },
	{ BACKEND("", " server s 192.0.2.1:80"), BACKEND("", " server s 192.0.2.1:80 weight 7"), true, false },
	{ BACKEND("", " server s 192.0.2.1:80"), BACKEND("", " server s 192.0.2.1:80 disabled"), true, false },
	{ BACKEND("", " server s 192.0.2.1:80"), BACKEND("", " server s 192.0.2.2:80"), false, true },
	{ BACKEND("", " server s 192.0.2.1:80"), BACKEND("", " server s 192.0.2.1:81"), false, true },
	{ BACKEND("", " server s 192.0.2.1:80"), BACKEND("", " server s 192.0.2.1:80 check"), false, true },
	{ BACKEND("", " server s 192.0.2.1:80 check inter 1s"), BACKEND("", " server s 192.0.2.1:80 check inter 9s fall 7"), true, true },
	{ BACKEND("", " server s 192.0.2.1:80 check"), BACKEND("", " server s 192.0.2.1:80 check port 81"), false, true },
	{ BACKEND(" option httpchk GET /a", " server s 192.0.2.1:80 check"),
	  BACKEND(" option httpchk GET /b", " server s 192.0.2.1:80 check"), false, true },
	{ BACKEND(" option httpchk GET /a", " server s 192.0.2.1:80"), BACKEND(" option httpchk GET /b", " server s 192.0.2.1:80"), true, true },
	{ BACKEND(" option httpchk\n http-check expect status 200", " server s 192.0.2.1:80 check"),
	  BACKEND(" option httpchk\n http-check expect status 204", " server s 192.0.2.1:80 check"), false, true },
	{ BACKEND(" option tcp-check\n tcp-check send a", " server s 192.0.2.1:80 check"),
	  BACKEND(" option tcp-check\n tcp-check send b", " server s 192.0.2.1:80 check"), false, true },
	{ BACKEND("", " server s 192.0.2.1:80 track other"), BACKEND("", " server s 192.0.2.1:80 check"), false, true },
	/* where a name leads may change, the name and the port may not */
	{ BACKEND("", NAMED("a.test:80") "192.0.2.1"), BACKEND("", NAMED("a.test:80") "192.0.2.2"), true, true },
	{ BACKEND("", NAMED("a.test:80") "none"), BACKEND("", NAMED("b.test:80") "none"), false, true },
	{ BACKEND("", NAMED("a.test:80") "none"), BACKEND("", NAMED("a.test:81") "none"), false, true },
	{ BACKEND("", " server s _x._tcp.a.test resolvers dns"), BACKEND("", " server s _y._tcp.a.test resolvers dns"), false, true },
};

TEST(a_server_is_another_when_its_address_or_its_check_is_another)
{
	for (unsigned i = 0; i < ARRAY_LEN(pairs); i++) {
		struct state_obj a = known(pairs[i].a), b = known(pairs[i].b);

		assert_int_equal(a.key, b.key);
		if ((a.identity == b.identity) != pairs[i].same || (a.cfg == b.cfg) != pairs[i].cfg)
			fail_msg("%s\nand\n%s", pairs[i].a, pairs[i].b);
	}
}

TEST(keys_are_names_of_their_kind)
{
	struct leader one = { .rt = compiled(PLAIN "frontend x\n bind 127.0.0.1:1\n bind 127.0.0.1:2 name n\nlisten y\n bind 127.0.0.1:3\n server x 192.0.2.1:80\n"
						   "backend x\n server x 192.0.2.1:80\n server z 192.0.2.1:80\n") };
	const struct rt *rt = one.rt;

	assert_true(names_make(&one));
	const struct state_obj *fe = &one.names.px[0], *both = &one.names.px[1], *be = &one.names.px[2];
	assert_true(fe->key && !fe->key2);
	assert_true(both->key && both->key2 && both->key != both->key2);
	assert_true(!be->key && be->key2);
	assert_int_not_equal(fe->key, be->key2); /* one is a frontend */
	assert_int_not_equal(one.names.lst[0].key, one.names.lst[1].key);
	/* no two objects of any kind share a key, and spare rows have none */
	for (uint32_t i = 0; i < rt->nsrv; i++) {
		assert_int_equal(!one.names.srv[i].key, !rt_srv_exists(&rt->srv[i]));
		for (uint32_t k = 0; k < i; k++)
			assert_true(!one.names.srv[i].key || one.names.srv[i].key != one.names.srv[k].key);
	}
	free((void *)(uintptr_t)one.names.px);
	rt_free(one.rt);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_server_is_another_when_its_address_or_its_check_is_another),
		T(keys_are_names_of_their_kind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
