// SPDX-License-Identifier: GPL-3.0-or-later
/* Answers in slices: each ends with a message, whatever happens to the sessions meanwhile, and nonsense is not answered. */
#include "ask_fixture.h"
#include "../../../src/worker/session.h"

#define MANY 450u

static struct session many[MANY];
static struct stream streams[MANY];

/* Sessions that are listed, each with an exchange. */
static void crowd(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		many[i] = (struct session){ .magic = SESSION_MAGIC, .fe = &w.px[0] };
		streams[i] = w.s;
		streams[i].sess = &many[i];
		streams[i].req_counter = i;
		list_init(&many[i].streams);
		list_push(&many[i].streams, &streams[i].link);
		list_push(&wk.sessions, &many[i].link);
	}
}

static unsigned lines(void)
{
	unsigned n = 0;

	for (const char *p = told; *p; p++)
		n += *p == '\n';
	return n;
}

TEST(a_long_answer_takes_several_slices_and_is_whole)
{
	struct ipc_ask q = anything();
	int fd;

	crowd(MANY);
	fd = question(ASK_SESS, &q);
	assert_false(answered(fd)); /* the first slice is written at once, the others in turns of their own */
	while (!answered(fd))
		loop_turn(10);
	close(fd);
	assert_int_equal(found, MANY);
	assert_int_equal(lines(), MANY);
}

TEST(a_session_that_ends_meanwhile_is_passed_over)
{
	struct ipc_ask q = anything();
	int fd;

	crowd(MANY);
	fd = question(ASK_SESS, &q);
	/* all that were not looked at yet, the one that is next among them */
	for (unsigned i = 1; i < MANY; i++) {
		ask_forget(&many[i]);
		list_del(&many[i].link);
	}
	while (!answered(fd))
		loop_turn(10);
	close(fd);
	assert_true(found >= 1 && found < MANY);
	assert_int_equal(lines(), found);
}

TEST(an_answer_of_nothing_is_an_answer)
{
	struct ipc_ask q = anything();

	assert_string_equal(ask_worker(ASK_SESS, &q), "");
	assert_int_equal(found, 0);
}

TEST(numbers_that_do_not_exist_are_not_answered)
{
	struct ipc_ask bad[4] = { anything(), anything(), anything(), anything() };

	bad[0].fe = 2;
	bad[1].be = 2;
	bad[2].srv = 2;
	for (unsigned i = 0; i < 4; i++) {
		int fd = question(i < 3 ? ASK_SESS : ASK_KINDS, &bad[i]);

		assert_false(answered(fd));
		close(fd);
	}
	loop_turn(0);
}

TEST(an_exchange_is_named_by_worker_incarnation_and_number)
{
	struct stream s = { .req_counter = 7 };

	assert_true(ask_strm_id(&s) == (1ull << 40 | 7));
	wk.slot = 2;
	atomic_store(&wk.seg->slot[0].epoch, 5);
	wk.slot = 0;
	assert_true(ask_strm_id(&s) == (1ull << 40 | 5ull << 32 | 7));
}

#define TA(f) cmocka_unit_test_setup_teardown(f, open_asks, close_asks)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TA(a_long_answer_takes_several_slices_and_is_whole), TA(a_session_that_ends_meanwhile_is_passed_over),
		TA(an_answer_of_nothing_is_an_answer), TA(numbers_that_do_not_exist_are_not_answered),
		TA(an_exchange_is_named_by_worker_incarnation_and_number),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
