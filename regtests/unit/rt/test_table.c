// SPDX-License-Identifier: GPL-3.0-or-later
/* The words of stick tables. */
#include "../unit.h"
#include <sluice/rt/table.h>

TEST(every_kind_of_data_has_a_word_of_its_own_and_a_help)
{
	for (unsigned i = 0; i < SD_COUNT; i++) {
		assert_non_null(stick_data_descs[i].word);
		assert_true(*stick_data_descs[i].help);
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(stick_data_descs[i].word, stick_data_descs[k].word);
	}
}

TEST(words_and_kinds_are_those_of_the_manual)
{
	static const struct { enum stick_data id; const char *word; } t[] = {
		{ SD_CONN_CUR, "conn_cur" }, { SD_CONN_RATE, "conn_rate" }, { SD_HTTP_REQ_RATE, "http_req_rate" }, { SD_BYTES_OUT_RATE, "bytes_out_rate" },
		{ SD_GPC0, "gpc0" }, { SD_SERVER_ID, "server_id" },
	};

	for (unsigned i = 0; i < ARRAY_LEN(t); i++)
		assert_string_equal(stick_data_descs[t[i].id].word, t[i].word);
	assert_int_equal(stick_data_descs[SD_CONN_RATE].kind, SD_KIND_RATE);
	assert_int_equal(stick_data_descs[SD_CONN_RATE].arg, SD_ARG_PERIOD);
	assert_string_equal(stick_key_words[0], "ip");
	assert_string_equal(stick_key_words[4], "binary");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_data_has_a_word_of_its_own_and_a_help), cmocka_unit_test(words_and_kinds_are_those_of_the_manual),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
