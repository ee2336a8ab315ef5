// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include <sluice/http/msg.h>
#include "worker/grpc.h"

static void timeouts_have_eight_digits_and_a_unit(void **st UNUSED)
{
	assert_int_equal(grpc_timeout_ms(STR("300m")), 300);
	assert_int_equal(grpc_timeout_ms(STR("2S")), 2000);
	assert_int_equal(grpc_timeout_ms(STR("1M")), 60000);
	assert_int_equal(grpc_timeout_ms(STR("1H")), 3600000);
	assert_int_equal(grpc_timeout_ms(STR("1500u")), 2);
	assert_int_equal(grpc_timeout_ms(STR("1n")), 1);
	assert_int_equal(grpc_timeout_ms(STR("99999999H")), INT32_MAX);
	assert_int_equal(grpc_timeout_ms(STR("0m")), 1);
}

static void what_is_no_timeout_is_none(void **st UNUSED)
{
	assert_int_equal(grpc_timeout_ms(STR("")), 0);
	assert_int_equal(grpc_timeout_ms(STR("S")), 0);
	assert_int_equal(grpc_timeout_ms(STR("5")), 0);
	assert_int_equal(grpc_timeout_ms(STR("5x")), 0);
	assert_int_equal(grpc_timeout_ms(STR("-5S")), 0);
	assert_int_equal(grpc_timeout_ms(STR("123456789S")), 0);
}

static bool is_grpc(struct str method, const char *type)
{
	struct hdr h[2];
	struct http_msg m;

	msg_init(&m, h, 2, NULL, true);
	msg_set_method(&m, method);
	assert_true(msg_add(&m, STR("content-type"), str_c(type)));
	return grpc_is(&m);
}

static void a_call_is_a_post_of_its_media_type(void **st UNUSED)
{
	assert_true(is_grpc(STR("POST"), "application/grpc"));
	assert_true(is_grpc(STR("POST"), "application/grpc+proto"));
	assert_true(is_grpc(STR("POST"), "application/grpc;x=y"));
	assert_false(is_grpc(STR("POST"), "application/grpc-web"));
	assert_false(is_grpc(STR("POST"), "application/json"));
	assert_false(is_grpc(STR("GET"), "application/grpc"));
}

static void statuses_map_to_what_clients_act_upon(void **st UNUSED)
{
	assert_int_equal(grpc_status_of(503), 14);
	assert_int_equal(grpc_status_of(504), 4);
	assert_int_equal(grpc_status_of(403), 7);
	assert_int_equal(grpc_status_of(401), 16);
	assert_int_equal(grpc_status_of(418), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timeouts_have_eight_digits_and_a_unit),
		cmocka_unit_test(what_is_no_timeout_is_none),
		cmocka_unit_test(a_call_is_a_post_of_its_media_type),
		cmocka_unit_test(statuses_map_to_what_clients_act_upon),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
