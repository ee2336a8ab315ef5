// SPDX-License-Identifier: GPL-3.0-or-later
/* The servers of a described request, in words: states, costs, draws, the reason, and how the one is spoken to. */
#include "ruled.h"

static const char *picked(struct ruled *r, const char *const *words)
{
	struct stream *s = ruled_begin(r, words);

	while (s->step < ST_PICK)
		assert_int_equal(strm_step(s), STEP_NEXT);
	r->said.n = 0;
	wk.trace = &r->said;
	explain_servers(s);
	(void)strm_step(s);
	explain_choice(s);
	wk.trace = NULL;
	return sbuf_cstr(&r->said);
}
#define PICKED(r, ...) picked((r), (const char *const[]){ __VA_ARGS__, NULL })

static void has(const char *text, const char *want)
{
	if (!strstr(text, want))
		fail_msg("'%s' is not in\n%s", want, text);
}

TEST(loads_are_costs_and_the_cheaper_draw_wins)
{
	struct ruled r;

	ruled_open(&r, "", "backend b\n server s1 127.0.0.1:1 weight 2\n server s2 127.0.0.1:2\n");
	live_add(r.h.seg, LIVE_SRV, 0, 0, 6);
	live_add(r.h.seg, LIVE_SRV, 1, 0, 1);
	const char *said;

	do
		said = PICKED(&r, "http://h/");
	while (strstr(said, " again"));
	has(said, "s1 127.0.0.1:1 UP, weight 2, in flight 6, cost 3.000\n");
	has(said, "s2 127.0.0.1:2 UP, weight 1, in flight 1, cost 1.000\n");
	has(said, "pick      b/s2");
	has(said, "s1, cost 3.000");
	has(said, "s2, cost 1.000");
	has(said, "it costs less than what else was drawn\n");
	live_add(r.h.seg, LIVE_SRV, 0, 0, -6);
	live_add(r.h.seg, LIVE_SRV, 1, 0, -1);
	ruled_close(&r);
}

TEST(servers_that_are_left_out_say_why)
{
	struct ruled r;

	ruled_open(&r, "", "backend b\n server s1 127.0.0.1:1\n server s2 127.0.0.1:2 disabled\n server s3 127.0.0.1:3 backup\n server s4 127.0.0.1:4 weight 0\n");
	const char *said = PICKED(&r, "http://h/");

	has(said, "servers   1 of 4 usable\n");
	has(said, "MAINT, weight 1, in flight 0, not a candidate: it takes no new requests in this state\n");
	has(said, "not a candidate: it is a backup, and a server that is none is usable\n");
	has(said, "not a candidate: its weight is 0\n");
	has(said, "drawn     s1, cost 0.000; s1 again\n");
	has(said, "nothing else was drawn\n");
	ruled_close(&r);
}

TEST(keys_are_shown_as_their_hash)
{
	struct ruled r;

	ruled_open(&r, "", "backend b\n balance hdr(k)\n server s1 127.0.0.1:1\n server s2 127.0.0.1:2\n");
	has(PICKED(&r, "http://h/"), "key       none in this request: round robin\n");
	has(PICKED(&r, "http://h/", "--header", "K: a"), "key       hash ");
	has(PICKED(&r, "http://h/", "--header", "K: a"), "because   the hash of the key leads there\n");
	ruled_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loads_are_costs_and_the_cheaper_draw_wins),
		cmocka_unit_test(servers_that_are_left_out_say_why),
		cmocka_unit_test(keys_are_shown_as_their_hash),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
