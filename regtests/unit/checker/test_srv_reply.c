// SPDX-License-Identifier: GPL-3.0-or-later
/* Bytes of answers with SRV records, made by hand. */
#include <stdio.h>
#include "../unit.h"
#include "../../../src/checker/srv_reply.h"

static unsigned char msg[70000];
static size_t len;
static struct arena arena;
static struct srv_reply got;

static void bytes(const void *p, size_t n)
{
	memcpy(msg + len, p, n);
	len += n;
}
static void u16(unsigned v) { bytes((unsigned char[]){ (unsigned char)(v >> 8), (unsigned char)v }, 2); }

static void name(const char *dotted)
{
	for (const char *dot; *dotted; dotted = *dot ? dot + 1 : dot) {
		dot = strchrnul(dotted, '.');
		unsigned char n = (unsigned char)(dot - dotted);
		bytes(&n, 1);
		bytes(dotted, n);
	}
	bytes("", 1);
}

/* A message that asks for _x.test (at byte 12), with so many records behind it. */
static void begin(unsigned answers, unsigned others, unsigned more)
{
	len = 0;
	u16(1), u16(0x8180), u16(1), u16(answers), u16(others), u16(more);
	name("_x.test");
	u16(DNS_TYPE_SRV), u16(1);
}

static size_t rr(const char *owner, unsigned type)
{
	if (owner)
		name(owner);
	else
		u16(0xc000 | 12);
	u16(type), u16(1), u16(0), u16(60), u16(0);
	return len;
}

static void rr_end(size_t from)
{
	msg[from - 2] = (unsigned char)((len - from) >> 8);
	msg[from - 1] = (unsigned char)(len - from);
}

static void srv(unsigned weight, unsigned port, const char *target)
{
	size_t at = rr(NULL, DNS_TYPE_SRV);

	u16(7), u16(weight), u16(port);
	name(target);
	rr_end(at);
}

static void a(const char *owner, unsigned char last)
{
	size_t at = rr(owner, DNS_TYPE_A);

	bytes((unsigned char[]){ 192, 0, 2, last }, 4);
	rr_end(at);
}

static bool parse(void)
{
	arena_free(&arena);
	arena_init(&arena, 0);
	/* a copy of its own length: reading behind it is seen */
	char *copy = malloc(MAX(len, 1u));
	memcpy(copy, msg, len);
	bool ok = srv_reply_parse(str_n(copy, len), &arena, &got);
	free(copy);
	return ok;
}

TEST(records_come_in_their_order_with_the_addresses_of_their_targets)
{
	static const unsigned char v6[16] = { 0x20, 1, 0xd, 0xb8, [15] = 9 };

	begin(3, 1, 4);
	size_t at = rr(NULL, 5); /* an alias */
	name("_y.test");
	rr_end(at);
	srv(10, 80, "A.Test");
	srv(20, 81, "b.test");
	at = rr("test", 2); /* a nameserver */
	name("ns.test");
	rr_end(at);
	a("a.test", 1);
	a("other.test", 2);
	at = rr("a.TEST", DNS_TYPE_AAAA);
	bytes(v6, 16);
	rr_end(at);
	at = rr("", 41); /* EDNS */
	rr_end(at);
	assert_true(parse());
	assert_int_equal(got.n, 2);
	assert_slice(got.at[0].target->name, "a.test");
	assert_int_equal(got.at[0].port, 80);
	assert_int_equal(got.at[0].weight, 10);
	assert_int_equal(got.at[0].priority, 7);
	const struct srv_address *k = got.at[0].target->known;
	assert_int_equal(k->addr.in4.s_addr, htonl(0xc0000201));
	assert_int_equal(k->next->addr.family, AF_INET6);
	assert_memory_equal(&k->next->addr.in6, v6, 16);
	assert_null(k->next->next);
	assert_slice(got.at[1].target->name, "b.test");
	assert_null(got.at[1].target->known);
}

TEST(the_same_target_and_port_counts_once)
{
	begin(4, 0, 0);
	srv(1, 80, "a.test");
	srv(2, 80, "A.TEST");
	srv(3, 81, "a.test");
	srv(4, 80, "b.test");
	assert_true(parse());
	assert_int_equal(got.n, 3);
	assert_int_equal(got.at[0].weight, 1);
	assert_ptr_equal(got.at[0].target, got.at[1].target);
}

TEST(a_service_that_is_not_offered_has_no_record_and_is_an_answer)
{
	begin(1, 0, 0);
	srv(0, 0, "");
	assert_true(parse());
	assert_int_equal(got.n, 0);
	begin(1, 0, 0);
	a("_x.test", 1);
	assert_false(parse());
	begin(0, 0, 0);
	assert_false(parse());
}

TEST(targets_may_be_compressed_but_not_run_in_circles)
{
	begin(1, 0, 0);
	size_t at = rr(NULL, DNS_TYPE_SRV);
	u16(0), u16(1), u16(80);
	bytes("\1a", 2);
	u16(0xc000 | 15); /* "test" of the question */
	rr_end(at);
	assert_true(parse());
	assert_slice(got.at[0].target->name, "a.test");
	for (unsigned i = 0; i < 3; i++) {
		begin(1, 0, 0);
		at = rr(NULL, DNS_TYPE_SRV);
		u16(0), u16(1), u16(80);
		u16(0xc000 | (unsigned)(i == 0 ? at + 6 : i == 1 ? at + 8 : 0x3fff)); /* itself, ahead, beyond */
		rr_end(at);
		assert_false(parse());
	}
	/* two labels that lead to each other */
	begin(1, 0, 0);
	at = rr(NULL, DNS_TYPE_SRV);
	u16(0), u16(1), u16(80);
	bytes("\1a", 2);
	u16(0xc000 | (unsigned)(at + 6));
	rr_end(at);
	assert_false(parse());
}

TEST(names_that_are_none_of_a_host_are_left_out_and_endless_ones_refused)
{
	char label[64], longest[300];

	begin(2, 0, 0);
	srv(1, 80, "a b\n.test");
	srv(1, 80, "ok.test");
	assert_true(parse());
	assert_int_equal(got.n, 1);
	assert_slice(got.at[0].target->name, "ok.test");
	memset(label, 'x', 63);
	label[63] = '\0';
	snprintf(longest, sizeof(longest), "%s.%s.%s.%.61s", label, label, label, label);
	begin(1, 0, 0);
	srv(1, 80, longest);
	assert_true(parse());
	assert_int_equal(got.at[0].target->name.n, 253);
	strcat(longest, ".yy");
	begin(1, 0, 0);
	srv(1, 80, longest);
	assert_false(parse());
}

TEST(a_message_that_ends_too_early_is_refused_wherever_it_ends)
{
	begin(2, 0, 1);
	srv(1, 80, "a.test");
	srv(1, 80, "b.test");
	a("a.test", 1);
	assert_true(parse());
	while (len-- > 0)
		assert_false(parse());
}

TEST(thousands_of_records_are_read_and_addresses_of_a_target_are_bounded)
{
	char target[32];

	begin(2000, 0, 500);
	for (unsigned i = 0; i < 2000; i++) {
		snprintf(target, sizeof(target), "t%u", i % 1500);
		srv(1, 80, target);
	}
	for (unsigned i = 0; i < 500; i++)
		a("t7", (unsigned char)i);
	assert_true(len < 65536);
	assert_true(parse());
	assert_int_equal(got.n, 1500);
	assert_int_equal(got.at[7].target->nknown, SRV_ADDRESSES_MAX);
	arena_free(&arena);
}

#define T(f) cmocka_unit_test(f)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(records_come_in_their_order_with_the_addresses_of_their_targets),
		T(the_same_target_and_port_counts_once),
		T(a_service_that_is_not_offered_has_no_record_and_is_an_answer),
		T(targets_may_be_compressed_but_not_run_in_circles),
		T(names_that_are_none_of_a_host_are_left_out_and_endless_ones_refused),
		T(a_message_that_ends_too_early_is_refused_wherever_it_ends),
		T(thousands_of_records_are_read_and_addresses_of_a_target_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
