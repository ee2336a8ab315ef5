// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "../../../src/checker/h2_call.h"

static void is(const struct h2_call *c, bool eof, const char *want)
{
	char text[128];
	const char *got = h2_call_failure(c, eof, text, sizeof(text));

	if (want)
		assert_string_equal(got, want);
	else
		assert_null(got);
}

static void what_ended_a_call_is_told_by_the_nearest_cause(void **s)
{
	struct h2_call c = { .settings = true };

	(void)s;
	is(&c, false, NULL);
	is(&c, true, "connection closed before the response was complete");
	c.settings = false;
	is(&c, true, "connection closed without a word of HTTP/2");
	c.close_code = NGHTTP2_REFUSED_STREAM;
	is(&c, false, "stream reset by the server: REFUSED_STREAM");
	c.goaway = true, c.goaway_code = NGHTTP2_ENHANCE_YOUR_CALM;
	is(&c, true, "server closes the connection: ENHANCE_YOUR_CALM");
	c.broken = "because";
	is(&c, false, "because");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_ended_a_call_is_told_by_the_nearest_cause) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
