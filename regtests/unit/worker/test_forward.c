// SPDX-License-Identifier: GPL-3.0-or-later
#include "fake.h"

static void setup(struct fake_world *w, struct fake_mux *a, struct fake_mux *b)
{
	fake_world(w);
	memset(a, 0, sizeof(*a));
	memset(b, 0, sizeof(*b));
	a->m.ops = b->m.ops = &fake_ops;
	b->room = sizeof(b->out);
	w->s.cli = (struct endp){ .mux = &a->m, .msg = &w->s.req };
	w->s.srv = (struct endp){ .mux = &b->m, .msg = &w->s.res };
}

static void give(struct fake_mux *f, const char *text)
{
	f->in_len = (unsigned)strlen(text);
	memcpy(f->in, text, f->in_len);
}

static void bytes_move_until_there_are_no_more(void **state)
{
	struct fake_world w;
	struct fake_mux a, b;

	(void)state;
	setup(&w, &a, &b);
	give(&a, "hello");
	assert_int_equal(fwd_move(&w.s, &w.s.cli, &w.s.srv), FWD_WAIT);
	assert_int_equal(b.out_len, 5);
	assert_memory_equal(b.out, "hello", 5);
	buf_release(&w.s.cli.rx);
	fake_world_end(&w);
}

static void a_full_receiver_stops_the_reading(void **state)
{
	struct fake_world w;
	struct fake_mux a, b;

	(void)state;
	setup(&w, &a, &b);
	b.room = 3;
	give(&a, "hello");
	assert_int_equal(fwd_move(&w.s, &w.s.cli, &w.s.srv), FWD_WAIT);
	give(&a, "more");
	assert_int_equal(fwd_move(&w.s, &w.s.cli, &w.s.srv), FWD_WAIT);
	assert_int_equal(a.in_len, 4); /* not touched while two bytes wait */
	b.room = 100;
	assert_int_equal(fwd_move(&w.s, &w.s.cli, &w.s.srv), FWD_WAIT);
	assert_int_equal(fwd_move(&w.s, &w.s.cli, &w.s.srv), FWD_WAIT);
	assert_memory_equal(b.out, "hellomore", 9);
	buf_release(&w.s.cli.rx);
	fake_world_end(&w);
}

static void the_end_of_the_message_is_handed_on_once(void **state)
{
	struct fake_world w;
	struct fake_mux a, b;

	(void)state;
	setup(&w, &a, &b);
	give(&a, "bye");
	a.in_end = true;
	assert_int_equal(fwd_move(&w.s, &w.s.cli, &w.s.srv), FWD_DONE);
	assert_true(b.out_end);
	assert_int_equal(fwd_move(&w.s, &w.s.cli, &w.s.srv), FWD_DONE);
	buf_release(&w.s.cli.rx);
	fake_world_end(&w);
}

static void what_came_before_an_error_is_still_delivered(void **state)
{
	struct fake_world w;
	struct fake_mux a, b;

	(void)state;
	setup(&w, &a, &b);
	give(&a, "last");
	a.err = true;
	assert_int_equal(fwd_move(&w.s, &w.s.cli, &w.s.srv), FWD_SRC_ERR);
	assert_memory_equal(b.out, "last", 4);
	buf_release(&w.s.cli.rx);
	fake_world_end(&w);
}

static void a_dead_receiver_is_told_apart_from_a_dead_sender(void **state)
{
	struct fake_world w;
	struct fake_mux a, b;

	(void)state;
	setup(&w, &a, &b);
	w.s.srv.flags |= EP_ERR;
	assert_int_equal(fwd_move(&w.s, &w.s.cli, &w.s.srv), FWD_DST_ERR);
	fake_world_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_move_until_there_are_no_more),
		cmocka_unit_test(a_full_receiver_stops_the_reading),
		cmocka_unit_test(the_end_of_the_message_is_handed_on_once),
		cmocka_unit_test(what_came_before_an_error_is_still_delivered),
		cmocka_unit_test(a_dead_receiver_is_told_apart_from_a_dead_sender),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
