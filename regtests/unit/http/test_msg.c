// SPDX-License-Identifier: GPL-3.0-or-later
/* Finding, adding, deleting and rewriting headers of a message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include <sluice/http/msg.h>

static struct hdr hdrs[4];
static struct http_msg m;

static int fresh(void **state)
{
	(void)state;
	msg_init(&m, hdrs, ARRAY_LEN(hdrs), NULL, true);
	return !msg_add(&m, STR("Host"), STR("a")) || !msg_add(&m, STR("X-One"), STR("1")) ||
	       !msg_add(&m, STR("x-one"), STR("2"));
}

static void headers_are_found_by_name_in_any_case_and_by_id(void **state)
{
	(void)state;
	assert_int_equal(msg_find(&m, STR("HOST"), 0), 0);
	assert_int_equal(msg_find_id(&m, HH_HOST, 0), 0);
	assert_int_equal(msg_find(&m, STR("X-ONE"), 0), 1);
	assert_int_equal(msg_find(&m, STR("X-ONE"), 2), 2);
	assert_int_equal(msg_find(&m, STR("x-two"), 0), -1);
}

static void deleting_hides_all_of_a_name_and_moves_nothing(void **state)
{
	(void)state;
	assert_int_equal(msg_del(&m, STR("X-one")), 2);
	assert_int_equal(msg_find(&m, STR("x-one"), 0), -1);
	assert_int_equal(m.nhdr, 3);
	assert_int_equal(msg_del(&m, STR("X-one")), 0);
}

static void setting_replaces_all_of_a_name(void **state)
{
	(void)state;
	assert_true(msg_set(&m, STR("X-One"), STR("3")));
	assert_int_equal(msg_find(&m, STR("x-one"), 0), 3);
	assert_int_equal(msg_find(&m, STR("x-one"), 4), -1);
}

static void a_full_array_refuses_a_header(void **state)
{
	(void)state;
	assert_true(msg_add(&m, STR("A"), STR("b")));
	assert_false(msg_add(&m, STR("C"), STR("d")));
	assert_int_equal(m.nhdr, 4);
}

static void setting_in_a_full_array_overwrites_the_one_that_is_there(void **state)
{
	(void)state;
	assert_true(msg_add(&m, STR("X-Two"), STR("3")));
	assert_true(msg_set(&m, STR("host"), STR("b")));
	int i = msg_find_id(&m, HH_HOST, 0);
	assert_int_equal(i, 0);
	assert_true(str_eq(hdr_val(&m.hdr[i]), STR("b")));
	assert_false(msg_set(&m, STR("x-three"), STR("4")));
}

static void adding_a_header_moves_the_trailers(void **state)
{
	(void)state;
	m.nhdr--;
	m.hdr[2] = (struct hdr){ .name = "Trl", .nlen = 3, .val = "t", .vlen = 1 };
	m.ntrl = 1;
	assert_true(msg_add(&m, STR("A"), STR("b")));
	assert_int_equal(msg_find(&m, STR("a"), 0), 2);
	assert_true(str_eq(hdr_name(&m.hdr[3]), STR("Trl")));
	assert_false(msg_add(&m, STR("C"), STR("d")));
}

static void a_rewritten_part_is_no_longer_raw(void **state)
{
	(void)state;
	m.hdr[1].flags |= HDR_RAW;
	m.flags |= MSG_START_RAW;
	msg_set_val(&m, 1, STR("new"));
	assert_int_equal(m.hdr[1].flags & HDR_RAW, 0);
	msg_set_target(&m, STR("/"));
	assert_int_equal(m.flags & MSG_START_RAW, 0);
	m.flags |= MSG_START_RAW;
	msg_set_method(&m, STR("PUT"));
	assert_int_equal(m.method, HTTP_PUT);
	assert_int_equal(m.flags & MSG_START_RAW, 0);
	m.flags |= MSG_START_RAW;
	msg_set_status(&m, 404, STR("Gone fishing"));
	assert_int_equal(m.flags & MSG_START_RAW, 0);
}

static void a_kept_message_outlives_the_buffer_it_came_in(void **state)
{
	char buf[] = "GET /x HTTP/1.1\r\nHost: a\r\nGone: b\r\n";
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	msg_init(&m, hdrs, ARRAY_LEN(hdrs), &a, true);
	m.method_s = str_n(buf, 3), m.target = str_n(buf + 4, 2), m.start_raw = str_n(buf, 17), m.flags |= MSG_START_RAW;
	assert_true(msg_add(&m, str_n(buf + 17, 4), str_n(buf + 23, 1)) && msg_add(&m, str_n(buf + 26, 4), str_n(buf + 32, 1)));
	m.hdr[0].flags |= HDR_RAW;
	msg_del_at(&m, 1);
	msg_keep(&m);
	memset(buf, '#', sizeof(buf));
	assert_true(str_eq(m.method_s, STR("GET")) && str_eq(m.target, STR("/x")));
	assert_true(str_eq(hdr_name(&m.hdr[0]), STR("Host")) && str_eq(hdr_val(&m.hdr[0]), STR("a")));
	assert_int_equal(m.flags & MSG_START_RAW, 0);
	assert_int_equal(m.hdr[0].flags & HDR_RAW, 0);
	assert_int_equal(msg_find(&m, STR("gone"), 0), -1);
	arena_free(&a);
}

static void list_headers_are_searched_over_all_their_lines(void **state)
{
	(void)state;
	assert_true(msg_add(&m, STR("Connection"), STR("a, \"b, c\" ,, Close")));
	assert_true(msg_list_has(&m, HH_CONNECTION, STR("close")));
	assert_true(msg_list_has(&m, HH_CONNECTION, STR("a")));
	assert_false(msg_list_has(&m, HH_CONNECTION, STR("c")));
	assert_false(msg_list_has(&m, HH_UPGRADE, STR("a")));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(headers_are_found_by_name_in_any_case_and_by_id, fresh),
		cmocka_unit_test_setup(deleting_hides_all_of_a_name_and_moves_nothing, fresh),
		cmocka_unit_test_setup(setting_replaces_all_of_a_name, fresh),
		cmocka_unit_test_setup(a_full_array_refuses_a_header, fresh),
		cmocka_unit_test_setup(setting_in_a_full_array_overwrites_the_one_that_is_there, fresh),
		cmocka_unit_test_setup(adding_a_header_moves_the_trailers, fresh),
		cmocka_unit_test_setup(a_rewritten_part_is_no_longer_raw, fresh),
		cmocka_unit_test_setup(a_kept_message_outlives_the_buffer_it_came_in, fresh),
		cmocka_unit_test_setup(list_headers_are_searched_over_all_their_lines, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
