// SPDX-License-Identifier: GPL-3.0-or-later
#include "sema_test.h"

#define HTTP "defaults\n mode http\n" TIMES "backend b\n option httpchk\n"
#define TCP "defaults\n mode tcp\n" TIMES "backend b\n option tcp-check\n"

static const struct chk_step *last_step(struct compiled *c, const char *text)
{
	const struct rt_check *k = &px(compile_ok(c, text), "b")->check;

	return &k->steps[k->nsteps - 1];
}

static void words_before_the_match_shape_the_verdict(void **st)
{
	struct compiled c;
	const struct chk_step *s = last_step(&c, HTTP " http-check expect comment why ok-status L6OK error-status L7OKC tout-status L4TOUT"
						      " on-success %[status] on-error no status-code int(7) min-recv 9 status 200\n");

	(void)st;
	STR_IS(s->comment, "why");
	assert_int_equal(s->exp.ok_status, 7);     /* rows of tbl/check_status.def */
	assert_int_equal(s->exp.error_status, 13);
	assert_int_equal(s->exp.tout_status, 5);
	assert_true(s->exp.on_success && s->exp.on_error && s->exp.code && s->exp.at_once);
	assert_int_equal(s->exp.min_recv, 9);
	compiled_close(&c);
	s = last_step(&c, TCP " tcp-check expect min-recv -1 string x\n");
	assert_false(s->exp.at_once);
	compiled_close(&c);
}

static void headers_have_names_and_values_of_several_kinds(void **st)
{
	struct compiled c;
	const struct chk_step *s = last_step(&c, HTTP " http-check expect hdr name -m beg x- value -m reg ^y\n");

	(void)st;
	assert_int_equal(s->exp.match, CM_HDR);
	assert_int_equal(s->exp.name_how, NAME_BEG);
	assert_true(s->exp.has_value && s->exp.re);
	compiled_close(&c);
	s = last_step(&c, HTTP " http-check expect !fhdr name-lf %[str(x)] value-lf %[str(y)]\n");
	assert_int_equal(s->exp.match, CM_FHDR);
	assert_true(s->exp.neg && s->exp.name_fmt && s->exp.fmt);
	compiled_close(&c);
}

static void a_comment_line_belongs_to_the_step_behind_it(void **st)
{
	struct compiled c;
	const struct rt_check *k = &px(compile_ok(&c, TCP " tcp-check comment first\n tcp-check set-var(check.a) int(1)\n tcp-check connect\n"
							  " tcp-check expect string x\n"), "b")->check;

	(void)st;
	assert_int_equal(k->steps[0].kind, CS_SET_VAR);
	STR_IS(k->steps[1].comment, "first");
	STR_IS(k->steps[2].comment, "");
	compiled_close(&c);
}

static void the_request_of_the_option_stands_where_its_answer_is_judged(void **st)
{
	static const uint8_t kinds[] = { CS_SET_VAR, CS_CONNECT, CS_SET_VAR, CS_REQUEST, CS_EXPECT, CS_SET_VAR };
	struct compiled c;
	const struct rt_check *k = &px(compile_ok(&c, HTTP " http-check set-var(check.a) int(1)\n http-check connect\n http-check set-var-fmt(check.b) x\n"
							   " http-check expect status 200\n http-check set-var(check.c) status\n"), "b")->check;

	(void)st;
	assert_int_equal(k->nsteps, ARRAY_LEN(kinds));
	for (unsigned i = 0; i < ARRAY_LEN(kinds); i++)
		assert_int_equal(k->steps[i].kind, kinds[i]);
	compiled_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_before_the_match_shape_the_verdict),
		cmocka_unit_test(headers_have_names_and_values_of_several_kinds),
		cmocka_unit_test(a_comment_line_belongs_to_the_step_behind_it),
		cmocka_unit_test(the_request_of_the_option_stands_where_its_answer_is_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
