// SPDX-License-Identifier: GPL-3.0-or-later
#include "rig.h"
#include "../../../src/worker/accept.h"

static void a_worker_among_equals_accepts(void **state)
{
	(void)state;
	assert_false(accept_stand_back(0, 0));
	assert_false(accept_stand_back(8, 0));
	assert_false(accept_stand_back(1000, 1000));
}

static void a_worker_far_above_the_least_loaded_stands_back(void **state)
{
	(void)state;
	assert_true(accept_stand_back(9, 0));
	assert_true(accept_stand_back(1300, 1000));
}

static void origin_hello(int c, int nth, void *arg)
{
	char in[64];

	(void)nth, (void)arg;
	put(c, "hello");
	get_all(c, in, sizeof(in));
}

/* The kernel wakes one worker for a connection: when that one stands back, nobody else may ever hear of it. */
static void what_a_loaded_worker_was_woken_for_is_not_left_in_the_queue(void **state)
{
	struct rig r;
	char in[8];
	int c[32];

	(void)state;
	rig_init(&r, MODE_TCP, 1);
	r.rt.g.workers = 2;
	rig_origin(&r, 0, origin_hello, NULL);
	rig_start(&r);
	for (unsigned i = 0; i < ARRAY_LEN(c); i++) {
		c[i] = rig_client(&r);
		assert_int_equal(recv(c[i], in, 5, MSG_WAITALL), 5);
	}
	for (unsigned i = 0; i < ARRAY_LEN(c); i++)
		close(c[i]);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_worker_among_equals_accepts),
		cmocka_unit_test(a_worker_far_above_the_least_loaded_stands_back),
		cmocka_unit_test(what_a_loaded_worker_was_woken_for_is_not_left_in_the_queue),
	};

	rig_use();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
