// SPDX-License-Identifier: GPL-3.0-or-later
#include "checker_fixture.h"

static void open_script(struct fx *f, struct origin *o, struct chk_step *steps, unsigned n)
{
	fx_init(f, 1);
	f->px.check = (struct rt_check){ .kind = CHK_SCRIPT, .steps = steps, .nsteps = n };
	f->o[0].inter = 200;
	origin_open(o, &f->srv[0]);
	fx_words(f);
	fx_fleet(f);
	fx_go(f);
}

static void a_dialogue_of_sends_and_expects_passes(void **s)
{
	(void)s;
	struct chk_step st[] = {
		{ .kind = CS_CONNECT }, { .kind = CS_SEND, .data = STR("PING\r\n") }, { .kind = CS_EXPECT, .exp = { .match = CM_STRING, .text = STR("+PONG") } },
		{ .kind = CS_EXPECT, .exp = { .match = CM_STRING, .text = STR("NG\r\n") } },
	};
	struct origin o = { .wait_for = "PING", .answer = "+PO", .rest = "NG\r\n" };
	struct fx f;

	open_script(&f, &o, st, ARRAY_LEN(st));
	RUN_UNTIL(status_of(&f, 0) == CHK_L7OK);
	origin_close(&o);
	fx_close(&f);
}

static void what_is_missing_or_unwanted_is_named_with_its_step(void **s)
{
	(void)s;
	struct chk_step st[] = { { .kind = CS_EXPECT, .exp = { .match = CM_STRING, .text = STR("ready") }, .comment = STR("greeting") } };
	struct origin o = { .answer = "busy", .close_after = true };
	struct fx f;

	open_script(&f, &o, st, 1);
	RUN_UNTIL(status_of(&f, 0) == CHK_L7RSP);
	assert_non_null(
			strstr(lines[0], "info: \"TCPCHK did not match content 'ready' at step 1 comment: greeting\""));
	origin_close(&o);
	fx_close(&f);

	st[0].exp.text = STR("busy");
	st[0].exp.neg = true;
	o = (struct origin){ .answer = "busy" };
	open_script(&f, &o, st, 1);
	RUN_UNTIL(status_of(&f, 0) == CHK_L7RSP);
	assert_non_null(strstr(lines[0], "matched unwanted content 'busy'"));
	origin_close(&o);
	fx_close(&f);
}

static void silence_is_a_layer7_timeout(void **s)
{
	(void)s;
	struct chk_step st[] = { { .kind = CS_EXPECT, .exp = { .match = CM_STRING, .text = STR("x") } } };
	struct origin o = { 0 };
	struct fx f;

	open_script(&f, &o, st, 1);
	RUN_UNTIL(status_of(&f, 0) == CHK_L7TOUT);
	origin_close(&o);
	fx_close(&f);
}

static void connects_alone_pass_layer4_and_may_visit_several_ports(void **s)
{
	(void)s;
	struct origin a = { 0 }, b = { 0 };
	struct chk_step st[] = { { .kind = CS_CONNECT }, { .kind = CS_CONNECT } };
	struct fx f;

	fx_init(&f, 2);
	f.px.check = (struct rt_check){ .kind = CHK_SCRIPT, .steps = st, .nsteps = 2 };
	f.srv[1].flags = 0;
	origin_open(&a, &f.srv[0]);
	origin_open(&b, &f.srv[1]);
	st[1].port = f.srv[1].addr.port;
	fx_words(&f);
	fx_fleet(&f);
	fx_go(&f);
	RUN_UNTIL(status_of(&f, 0) == CHK_L4OK && a.accepted && b.accepted);
	origin_close(&a);
	origin_close(&b);
	fx_close(&f);
}

static void a_port_of_a_later_connect_that_is_closed_fails_the_check(void **s)
{
	(void)s;
	struct chk_step st[] = { { .kind = CS_CONNECT }, { .kind = CS_CONNECT, .port = 1 } };
	struct origin o = { 0 };
	struct fx f;

	open_script(&f, &o, st, 2);
	RUN_UNTIL(status_of(&f, 0) == CHK_L4CON);
	origin_close(&o);
	fx_close(&f);
}

static void binary_is_compared_as_bytes(void **s)
{
	(void)s;
	struct chk_step st[] = {
		{ .kind = CS_SEND_BINARY, .data = { "\0\1", 2 } }, { .kind = CS_EXPECT, .exp = { .match = CM_BINARY, .text = { "\0\xff", 2 } } },
	};
	struct origin o = { .answer = "a\0\xffz", .answer_len = 4 };
	struct fx f;

	open_script(&f, &o, st, 2);
	RUN_UNTIL(status_of(&f, 0) != CHK_UNKNOWN);
	assert_int_equal(status_of(&f, 0), CHK_L7OK);
	origin_close(&o);
	fx_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dialogue_of_sends_and_expects_passes),
		cmocka_unit_test(what_is_missing_or_unwanted_is_named_with_its_step),
		cmocka_unit_test(silence_is_a_layer7_timeout),
		cmocka_unit_test(connects_alone_pass_layer4_and_may_visit_several_ports),
		cmocka_unit_test(a_port_of_a_later_connect_that_is_closed_fails_the_check),
		cmocka_unit_test(binary_is_compared_as_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
