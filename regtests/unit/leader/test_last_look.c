// SPDX-License-Identifier: GPL-3.0-or-later
/* What is still taken over when the generation before begins to drain. */
#include "generations.h"

static void set_there(unsigned i, uint64_t admin) { atomic_store(&l.seg->srv[i].admin, admin); }
static uint64_t here(unsigned i) { return atomic_load(&next.seg->srv[i].admin); }

static void committed(void)
{
	hand_over();
	assert_true(state_import(&next));
	import_words(&next);
	last_look_prepare(&next);
	assert_true(last_look_waits(&next));
}

static void what_was_set_there_after_the_commit_is_taken(void **state)
{
	(void)state;
	set_there(0, srv_admin_pack(0, 5, 10));
	set_there(1, srv_admin_pack(0, 5, 10));
	committed();
	set_there(0, srv_admin_pack(ADM_FORCED_DRAIN, 50, 10));
	atomic_store(&l.seg->h->maxconn, 1234);
	last_look_take(&next);
	assert_int_equal(here(0), srv_admin_pack(ADM_FORCED_DRAIN, 50, 10));
	assert_int_equal(here(1), srv_admin_pack(0, 5, 10));
	assert_int_equal(atomic_load(&next.seg->h->maxconn), 1234);
	assert_false(last_look_waits(&next));
	next_free();
}

static void what_was_set_here_meanwhile_counts_more(void **state)
{
	(void)state;
	set_there(0, srv_admin_pack(0, 5, 10));
	committed();
	set_there(0, srv_admin_pack(0, 50, 10));
	atomic_store(&next.seg->srv[0].admin, srv_admin_pack(0, 60, 10));
	atomic_store(&l.seg->h->conn_rate, 5);
	atomic_store(&next.seg->h->conn_rate, 6);
	last_look_take(&next);
	assert_int_equal(here(0), srv_admin_pack(0, 60, 10));
	assert_int_equal(atomic_load(&next.seg->h->conn_rate), 6);
	next_free();
}

static void what_the_configuration_says_anew_stays(void **state)
{
	(void)state;
	set_there(0, srv_admin_pack(0, 5, 10));
	hand_over();
	srv[0].weight = 8; /* written in the file of the next one */
	assert_true(state_import(&next));
	import_words(&next);
	last_look_prepare(&next);
	set_there(0, srv_admin_pack(ADM_FORCED_MAINT, 5, 10));
	last_look_take(&next);
	assert_int_equal(here(0), srv_admin_pack(ADM_FORCED_MAINT, 8, 10));
	next_free();
}

static void a_first_generation_has_nobody_to_look_at(void **state)
{
	(void)state;
	last_look_prepare(&l);
	assert_false(last_look_waits(&l));
	last_look_take(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_was_set_there_after_the_commit_is_taken), T(what_was_set_here_meanwhile_counts_more),
		T(what_the_configuration_says_anew_stays), T(a_first_generation_has_nobody_to_look_at),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
