// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sluice/http/grpc.h>

#define BYTES(lit) { (lit), sizeof(lit) - 1 }

static void a_request_names_the_service_in_a_frame(void **st)
{
	char out[GRPC_HEALTH_MAX], name[GRPC_SERVICE_MAX];

	(void)st;
	assert_int_equal(grpc_health_request(out, STR_NULL), 5);
	assert_memory_equal(out, "\0\0\0\0\0", 5);
	assert_int_equal(grpc_health_request(out, STR("a.B")), 10);
	assert_memory_equal(out, "\0\0\0\0\5\12\3a.B", 10);
	memset(name, 'x', sizeof(name));
	assert_int_equal(grpc_health_request(out, str_n(name, sizeof(name))), GRPC_HEALTH_MAX);
	assert_memory_equal(out, "\0\0\0\0\313\12\310\1x", 9);
}

static void a_response_tells_its_status_whatever_else_it_has(void **st)
{
	static const struct { struct str body; uint32_t want; } cases[] = {
		{ BYTES("\0\0\0\0\2\10\1"), GRPC_SERVING },
		{ BYTES("\0\0\0\0\2\10\2"), GRPC_NOT_SERVING },
		{ BYTES("\0\0\0\0\0"), GRPC_UNKNOWN },
		{ BYTES("\0\0\0\0\5\32\1x\10\1"), GRPC_SERVING },                  /* bytes in field 3 before it */
		{ BYTES("\0\0\0\0\13\10\1\21abcdefgh"), GRPC_SERVING },            /* 64 bits behind it */
		{ BYTES("\0\0\0\0\7\25abcd\10\3"), GRPC_SERVICE_UNKNOWN },         /* 32 bits before it */
		{ BYTES("\0\0\0\0\3\10\201\1"), 129 },
	};

	(void)st;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		uint32_t got = 99;

		assert_null(grpc_health_response(cases[i].body, &got));
		assert_int_equal(got, cases[i].want);
	}
	assert_string_equal(grpc_serving_text(GRPC_NOT_SERVING), "NOT_SERVING");
	assert_string_equal(grpc_serving_text(129), "unknown status");
	assert_string_equal(grpc_status_text(14), "UNAVAILABLE");
	assert_string_equal(grpc_status_text(17), "unknown code");
}

static void bytes_that_are_none_are_refused_with_a_reason(void **st)
{
	static const struct { struct str body; const char *want; } cases[] = {
		{ { "", 0 }, "no message in the response" },
		{ BYTES("\0\0\0\0"), "message cut short" },
		{ BYTES("\1\0\0\0\2\10\1"), "compressed message" },
		{ BYTES("\0\0\0\0\3\10\1"), "length of the message does not fit" },
		{ BYTES("\0\0\0\0\1\10\1"), "length of the message does not fit" },
		{ BYTES("\0\0\0\0\1\10"), "message is not a HealthCheckResponse" },       /* a tag without a value */
		{ BYTES("\0\0\0\0\2\12\5"), "message is not a HealthCheckResponse" },     /* bytes that end behind the message */
		{ BYTES("\0\0\0\0\1\13"), "message is not a HealthCheckResponse" },       /* groups are history */
		{ BYTES("\0\0\0\0\14\10\377\377\377\377\377\377\377\377\377\377\1"), "message is not a HealthCheckResponse" },
	};
	uint32_t got;

	(void)st;
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(grpc_health_response(cases[i].body, &got), cases[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_names_the_service_in_a_frame),
		cmocka_unit_test(a_response_tells_its_status_whatever_else_it_has),
		cmocka_unit_test(bytes_that_are_none_are_refused_with_a_reason),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
