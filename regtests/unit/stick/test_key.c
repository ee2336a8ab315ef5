// SPDX-License-Identifier: GPL-3.0-or-later
/* Samples as keys and keys as text. */
#include <sluice/base/buf.h>
#include "stick_test.h"

static struct arena tmp;

static struct smp ip_smp(const char *text)
{
	struct smp s = { .type = SMP_IP };

	assert_true(addr_parse_ip(&s.ip, str_c(text)));
	return s;
}

static void expect(struct rt_table *t, struct smp s, const char *want)
{
	struct str key;
	char text[200];
	struct sbuf out = SBUF_FIXED(text);

	if (!want) {
		assert_false(stick_key_of(t, &s, &tmp, &key));
		return;
	}
	assert_true(stick_key_of(t, &s, &tmp, &key));
	assert_true(key.n <= t->key_len);
	stick_key_text(t, key, &out);
	assert_slice(sbuf_str(&out), want);
}

static struct smp text(const char *s) { return (struct smp){ .type = SMP_STR, .s = str_c(s) }; }

TEST(addresses_become_keys_of_the_tables_family)
{
	struct rt_table v4 = spec_of(SK_IP, 4, 10, 0), v6 = spec_of(SK_IPV6, 16, 10, 0);

	expect(&v4, ip_smp("192.0.2.7"), "192.0.2.7");
	expect(&v4, ip_smp("::ffff:10.0.0.1"), "10.0.0.1");
	expect(&v4, ip_smp("2001:db8::1"), NULL);
	expect(&v4, text("10.1.2.3"), "10.1.2.3");
	expect(&v4, text("nonsense"), NULL);
	expect(&v6, ip_smp("2001:db8::1"), "2001:db8::1");
	expect(&v6, ip_smp("192.0.2.7"), "::ffff:192.0.2.7");
}

TEST(numbers_text_and_bytes_have_their_length)
{
	struct rt_table i = spec_of(SK_INTEGER, 4, 10, 0), s = spec_of(SK_STRING, 5, 10, 0),
			b = spec_of(SK_BINARY, 4, 10, 0);

	expect(&i, (struct smp){ .type = SMP_INT, .i = 42 }, "42");
	expect(&i, text("17"), "17");
	expect(&s, text("abc"), "abc");
	expect(&s, text("abcdefgh"), "abcde");
	expect(&s, ip_smp("1.2.3.4"), "1.2.3");
	expect(&b, (struct smp){ .type = SMP_BIN, .s = STR("\x01\xff") }, "01FF0000");
	expect(&b, text("ABCDEF"), "41424344");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_become_keys_of_the_tables_family),
		cmocka_unit_test(numbers_text_and_bytes_have_their_length),
	};
	arena_init(&tmp, 0);
	int r = cmocka_run_group_tests(tests, NULL, NULL);

	arena_free(&tmp);
	return r;
}
