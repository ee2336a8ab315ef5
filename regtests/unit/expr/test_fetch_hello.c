// SPDX-License-Identifier: GPL-3.0-or-later
/* What a hello says that passes by in mode tcp: undecided until all of it is there. */
#include "expr_test.h"

static unsigned char bytes[256];
static unsigned len;

static void put(const void *p, unsigned n)
{
	memcpy(bytes + len, p, n);
	len += n;
}
#define PUT(...) put((const unsigned char[]){ __VA_ARGS__ }, sizeof((const unsigned char[]){ __VA_ARGS__ }))

/* A ClientHello for "a.test" that offers h2 and http/1.1, one cipher, two groups. */
static struct str client_hello(void)
{
	static const unsigned char random[32] = { 1 };

	len = 0;
	PUT(0x16, 3, 1, 0, 0, 1, 0, 0, 0, 3, 3);
	put(random, 32);
	PUT(0, 0, 2, 0x13, 1, 1, 0);
	unsigned at = len;

	PUT(0, 0);
	PUT(0, 0, 0, 11, 0, 9, 0, 0, 6, 'a', '.', 't', 'e', 's', 't');
	PUT(0, 16, 0, 14, 0, 12, 2, 'h', '2', 8, 'h', 't', 't', 'p', '/', '1', '.', '1');
	PUT(0, 10, 0, 6, 0, 4, 0, 29, 0, 23);
	bytes[at + 1] = (unsigned char)(len - at - 2);
	bytes[4] = (unsigned char)(len - 5);
	bytes[8] = (unsigned char)(len - 9);
	return str_n((const char *)bytes, len);
}

static void a_whole_hello_has_name_protocols_and_lists(void **s)
{
	struct canned *t = *s;

	t->ctx.l6_req = client_hello();
	expect_expr(t, "req.ssl_hello_type", "1");
	expect_expr(t, "req.ssl_sni", "a.test");
	expect_expr(t, "req.ssl_alpn", "h2,http/1.1");
	expect_expr(t, "req.ssl_ver", "196611"); /* 3 << 16 | 3 */
	expect_expr(t, "req.ssl_cipherlist,hex", "1301");
	expect_expr(t, "req.ssl_supported_groups,hex", "001D0017");
	expect_expr(t, "req.ssl_ec_ext", "1");
	expect_expr(t, "req.ssl_st_ext", "0");
	expect_expr(t, "req.ssl_sigalgs", NULL);
}

static void a_part_of_it_is_undecided_until_nothing_more_comes(void **s)
{
	struct canned *t = *s;
	struct str all = client_hello();

	for (unsigned n = 0; n < all.n; n++) {
		t->ctx.l6_req = str_sub(all, 0, n);
		t->ctx.final = false;
		expect_cond(t, "{ req.ssl_sni a.test }", COND_WAIT);
		t->ctx.final = true;
		expect_cond(t, "{ req.ssl_sni a.test }", COND_FALSE);
	}
	t->ctx.l6_req = all;
	t->ctx.final = false;
	expect_cond(t, "{ req.ssl_sni a.test }", COND_TRUE);
	expect_cond(t, "{ req.ssl_sni b.test }", COND_FALSE);
}

static void what_is_no_hello_is_decided_at_once(void **s)
{
	struct canned *t = *s;

	t->ctx.final = false;
	t->ctx.l6_req = STR("GET / HTTP/1.1\r\n");
	expect_cond(t, "{ req.ssl_sni -m found }", COND_FALSE);
	expect_cond(t, "{ req.ssl_hello_type 1 }", COND_FALSE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_whole_hello_has_name_protocols_and_lists),
		TEST(a_part_of_it_is_undecided_until_nothing_more_comes),
		TEST(what_is_no_hello_is_decided_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
