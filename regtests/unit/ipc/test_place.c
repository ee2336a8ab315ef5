// SPDX-License-Identifier: GPL-3.0-or-later
/* Addresses set at run time. */
#include "../unit.h"
#include <sluice/ipc/place.h>

static struct srv_place place_of(const char *ip, uint16_t port)
{
	struct srv_place p = { .fixed_port = true };

	assert_true(addr_parse_ip(&p.addr, str_c(ip)));
	p.addr.port = port;
	return p;
}

TEST(a_server_has_no_place_until_one_is_written)
{
	struct segment *s = segment_create(1, 2, 1, 3, 0), *o = segment_map(s->fd);
	struct srv_place p, q = place_of("192.0.2.1", 80);

	assert_false(place_read(s, 1, &p));
	assert_int_equal(place_seq(s, 1), 0);
	assert_true(place_write(s, 1, &q));
	assert_true(place_read(o, 1, &p));
	assert_true(addr_eq(&p.addr, &q.addr, true));
	assert_true(p.fixed_port);
	assert_false(place_read(o, 0, &p));
	assert_false(place_read(o, 2, &p));
	segment_unmap(o);
	segment_unmap(s);
}

TEST(each_write_changes_the_number_and_keeps_the_other_bits_of_the_admin_word)
{
	struct segment *s = segment_create(1, 1, 1, 1, 0);
	struct srv_place a = place_of("192.0.2.1", 80), b = place_of("2001:db8::1", 443), p;
	uint64_t admin = srv_admin_pack(ADM_FORCED_DRAIN, 77, 1234);

	atomic_store(&s->srv[0].admin, admin);
	assert_true(place_write(s, 0, &a));
	uint32_t seq = place_seq(s, 0);
	assert_true(place_write(s, 0, &b));
	assert_int_not_equal(place_seq(s, 0), seq);
	assert_true(place_read(s, 0, &p));
	assert_int_equal(p.addr.family, AF_INET6);
	admin = atomic_load(&s->srv[0].admin);
	assert_int_equal(srv_admin_bits(admin), ADM_FORCED_DRAIN);
	assert_int_equal(srv_admin_weight(admin), 77);
	assert_int_equal(srv_admin_maxconn(admin), 1234);
	assert_int_equal(srv_admin_flags(admin), ADMF_PLACE);
	segment_unmap(s);
}

TEST(a_place_with_an_impossible_family_is_not_believed)
{
	struct segment *s = segment_create(1, 1, 1, 1, 0);
	struct srv_place a = place_of("192.0.2.1", 80), p;

	a.addr.family = AF_UNIX;
	assert_true(place_write(s, 0, &a));
	assert_false(place_read(s, 0, &p));
	segment_unmap(s);
}

TEST(a_server_is_where_it_was_put_or_where_the_configuration_has_it)
{
	struct segment *s = segment_create(1, 1, 1, 1, 0);
	struct srv_place elsewhere = place_of("192.0.2.1", 80), checked = { .check_port = 9 };
	struct addr configured = place_of("192.0.2.9", 81).addr, at = place_addr(s, 0, &configured);

	assert_true(addr_eq(&at, &configured, true));
	assert_true(place_write(s, 0, &checked)); /* that is about its checks alone */
	at = place_addr(s, 0, &configured);
	assert_true(addr_eq(&at, &configured, true));
	assert_true(place_write(s, 0, &elsewhere));
	at = place_addr(s, 0, &configured);
	assert_true(addr_eq(&at, &elsewhere.addr, true));
	segment_unmap(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_has_no_place_until_one_is_written),
		cmocka_unit_test(each_write_changes_the_number_and_keeps_the_other_bits_of_the_admin_word),
		cmocka_unit_test(a_server_is_where_it_was_put_or_where_the_configuration_has_it),
		cmocka_unit_test(a_place_with_an_impossible_family_is_not_believed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
