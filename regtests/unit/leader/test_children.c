// SPDX-License-Identifier: GPL-3.0-or-later
/* What is left of children when a leader ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include <sluice/base/clock.h>
#include <sluice/net/loop.h>
#include "leader/leader_priv.h"

static unsigned fired;

static void on_timer(struct timer *t)
{
	(void)t;
	fired++;
}

static void a_child_that_waits_to_be_started_anew_is_forgotten_with_the_others(void **state)
{
	struct leader l = { .nchild = 3 };

	(void)state;
	clock_update();
	loop_init("poll", 64);
	l.child = calloc(l.nchild, sizeof(*l.child));
	for (unsigned i = 0; i < l.nchild; i++) {
		timer_init(&l.child[i].respawn, on_timer);
		timer_set(&l.child[i].respawn, clock_ms() + 1);
	}
	children_forget(&l);
	assert_null(l.child);
	for (unsigned i = 0; i < 3; i++)
		loop_turn(5);
	assert_int_equal(fired, 0);
	children_forget(&l);
	loop_free();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_that_waits_to_be_started_anew_is_forgotten_with_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
