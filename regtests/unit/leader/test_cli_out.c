// SPDX-License-Identifier: GPL-3.0-or-later
/* Messages and rows, as text and as JSON. */
#include "../unit.h"
#include "leader/cli_priv.h"

static struct cli_sess sess;
static struct sbuf out;
static const struct cli_cmd json_cmd = { .flags = CF_JSON };

static struct cli_run run(bool json)
{
	out.n = 0;
	return (struct cli_run){ .s = &sess, .out = &out, .json = json, .cmd = &json_cmd };
}

static void two_rows(struct cli_run *r)
{
	cli_head(r, "# a b c");
	for (int i = 1; i <= 2; i++) {
		cli_row(r);
		cli_str(r, "a", i == 1 ? STR("x\"y\n") : STR_NULL);
		cli_num(r, "b", -i);
		cli_fmt(r, "c", "%d/%d", i, i);
		cli_row_end(r);
	}
	cli_tail(r);
}

TEST(rows_as_text_have_a_head_and_blanks)
{
	struct cli_run r = run(false);

	two_rows(&r);
	assert_slice(sbuf_str(&out), "# a b c\nx\"y\n -1 1/1\n- -2 2/2\n");
}

TEST(rows_as_json_are_an_array_of_objects)
{
	struct cli_run r = run(true);

	two_rows(&r);
	assert_slice(sbuf_str(&out), "[{\"a\":\"x\\\"y\\u000a\",\"b\":-1,\"c\":\"1/1\"},\n{\"a\":\"\",\"b\":-2,\"c\":\"2/2\"}]\n");
}

TEST(a_message_carries_the_severity_that_was_asked_for)
{
	struct cli_run r = run(false);

	sess.severity = SEV_NUMBER;
	cli_fail(&r, "No such %s.", "server");
	assert_true(r.failed);
	sess.severity = SEV_STRING;
	cli_say(&r, CLI_INFO, "done");
	sess.severity = SEV_NONE;
	cli_say(&r, CLI_INFO, "quiet");
	assert_slice(sbuf_str(&out), "[3]: No such server.\n[info]: done\nquiet\n");
}

TEST(a_message_as_json_says_whether_it_is_an_error)
{
	struct cli_run r = run(true);

	cli_fail(&r, "No");
	cli_say(&r, CLI_NOTICE, "Yes");
	assert_slice(sbuf_str(&out), "{\"error\":\"No\"}\n{\"message\":\"Yes\"}\n");
}

static int free_out(void **state UNUSED)
{
	sbuf_free(&out);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_as_text_have_a_head_and_blanks), cmocka_unit_test(rows_as_json_are_an_array_of_objects),
		cmocka_unit_test(a_message_carries_the_severity_that_was_asked_for),
		cmocka_unit_test(a_message_as_json_says_whether_it_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, free_out);
}
