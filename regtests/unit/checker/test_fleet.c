// SPDX-License-Identifier: GPL-3.0-or-later
/* Verdicts in, words and followers out: no network. */
#include <sluice/ipc/note.h>
#include "checker_fixture.h"

static void ready(struct fx *f)
{
	fx_words(f);
	fx_fleet(f);
	nlines = 0;
}

static void verdicts(struct fx *f, unsigned i, enum check_status st, unsigned times)
{
	while (times--)
		fleet_verdict(f->ck.t[i], st, 0, 0, STR_NULL);
}

static uint64_t epoch(struct fx *f)
{
	return atomic_load(&f->ck.seg->h->epoch_checker);
}

static void pass_ms(uint64_t ms)
{
	clock_now_ns += ms * 1000000;
}

static void readers_are_told_of_states_not_of_steps(void **s)
{
	(void)s;
	uint64_t before;
	struct fx f;

	fx_init(&f, 2);
	ready(&f);
	verdicts(&f, 0, CHK_L4OK, 1);
	before = epoch(&f);
	verdicts(&f, 0, CHK_L4CON, 2);
	assert_int_equal(epoch(&f), before);
	assert_int_equal(srv_op_pos(atomic_load(&f.ck.seg->srv[0].op)), 2);
	verdicts(&f, 0, CHK_L4CON, 1);
	assert_int_equal(epoch(&f), before + 1);
	assert_int_equal(op_of(&f, 0), SRV_DOWN);
	assert_int_equal(atomic_load(&f.ck.seg->srv[0].chk_fail), 3);
	assert_int_equal(atomic_load(&f.ck.seg->srv[0].chk_down), 1);
	fx_close(&f);
}

static void what_a_check_says_in_words_stands_beside_its_result_until_the_next(void **s)
{
	(void)s;
	char text[NOTE_TEXT];
	struct fx f;

	fx_init(&f, 1);
	ready(&f);
	fleet_verdict(f.ck.t[0], CHK_L7RSP, 200, 1, STR("HTTP content check did not match"));
	assert_true(check_word_noted(atomic_load(&f.ck.seg->srv[0].check)));
	assert_int_equal(note_read(f.ck.seg, 0, NOTE_CHECK, text), strlen("HTTP content check did not match"));
	verdicts(&f, 0, CHK_L4OK, 1);
	assert_false(check_word_noted(atomic_load(&f.ck.seg->srv[0].check)));
	fx_close(&f);
}

static void followers_change_with_the_end_of_their_chain(void **s)
{
	(void)s;
	struct fx f;

	fx_init(&f, 4);
	f.srv[1].track = 0;
	f.srv[2].track = 1;
	ready(&f);
	verdicts(&f, 0, CHK_L4CON, 1);
	assert_int_equal(op_of(&f, 1), SRV_DOWN);
	assert_int_equal(op_of(&f, 2), SRV_DOWN);
	assert_int_equal(op_of(&f, 3), SRV_UP);
	assert_true(logged("Server b/s2 is DOWN via b/s1. 1 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.") ||
		    logged("Server b/s2 is DOWN via b/s1. 2 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue."));
	verdicts(&f, 0, CHK_L4OK, 2);
	assert_int_equal(op_of(&f, 2), SRV_UP);
	fx_close(&f);
}

static void a_ring_of_tracks_hurts_nobody(void **s)
{
	(void)s;
	struct fx f;

	fx_init(&f, 3);
	f.srv[0].track = 1;
	f.srv[1].track = 0;
	ready(&f);
	verdicts(&f, 2, CHK_L4CON, 1);
	assert_int_equal(op_of(&f, 0), SRV_UP);
	fx_close(&f);
}

static void slow_start_climbs_with_time_and_ends_up(void **s)
{
	(void)s;
	struct fx f;
	uint64_t before;

	fx_init(&f, 1);
	f.o[0].slowstart = 10000;
	ready(&f);
	assert_int_equal(op_of(&f, 0), SRV_UP);
	verdicts(&f, 0, CHK_L4CON, 1);
	verdicts(&f, 0, CHK_L4OK, 2);
	assert_int_equal(op_of(&f, 0), SRV_STARTING);
	assert_int_equal(srv_op_ramp(atomic_load(&f.ck.seg->srv[0].op)), 1);
	before = epoch(&f);
	pass_ms(5100);
	fleet_tick(&f.ck);
	assert_int_equal(srv_op_ramp(atomic_load(&f.ck.seg->srv[0].op)), 50);
	fleet_tick(&f.ck);
	assert_int_equal(epoch(&f), before + 1);
	pass_ms(5000);
	fleet_tick(&f.ck);
	assert_int_equal(op_of(&f, 0), SRV_UP);
	assert_int_equal(f.ck.nstarting, 0);
	fx_close(&f);
}

static void workers_errors_act_once_per_signal(void **s)
{
	(void)s;
	struct fx f;

	fx_init(&f, 2);
	f.o[0].observe = f.o[1].observe = OBSERVE_L7;
	f.o[0].on_error = ONERR_MARK_DOWN;
	f.o[1].on_error = ONERR_FASTINTER;
	ready(&f);
	fleet_tick(&f.ck);
	assert_int_equal(op_of(&f, 0), SRV_UP);
	atomic_fetch_add(&f.ck.seg->srv[0].passive_seq, 1);
	atomic_fetch_add(&f.ck.seg->srv[1].passive_seq, 1);
	fleet_tick(&f.ck);
	assert_int_equal(op_of(&f, 0), SRV_DOWN);
	assert_int_equal(status_of(&f, 0), CHK_HANA);
	assert_int_equal(op_of(&f, 1), SRV_UP);
	assert_true(logged("Server b/s1 is DOWN, reason: Health analyze, info: \"Detected 10 consecutive errors\". 1 active and 0 backup servers "
			   "left. 0 sessions active, 0 requeued, 0 remaining in queue."));
	verdicts(&f, 0, CHK_L4OK, 2);
	fleet_tick(&f.ck);
	assert_int_equal(op_of(&f, 0), SRV_UP);
	fx_close(&f);
}

static void errors_bring_the_next_check_forward(void **s)
{
	(void)s;
	struct fx f;

	fx_init(&f, 1);
	f.o[0] = (struct rt_srv_opts){ .inter = 60000, .fastinter = 100, .rise = 2, .fall = 3, .observe = OBSERVE_L4, .on_error = ONERR_FASTINTER };
	ready(&f);
	f.ck.going = true;
	timer_set(&f.ck.t[0]->timer, clock_ms() + 50000);
	atomic_fetch_add(&f.ck.seg->srv[0].passive_seq, 1);
	fleet_tick(&f.ck);
	assert_int_equal(f.ck.t[0]->timer.deadline, clock_ms() + 100);
	fx_close(&f);
}

static void a_success_clears_what_workers_have_counted(void **s)
{
	(void)s;
	struct fx f;

	fx_init(&f, 1);
	f.o[0].observe = OBSERVE_L4;
	ready(&f);
	atomic_store(&f.ck.seg->srv[0].fail_hint, 5);
	verdicts(&f, 0, CHK_L4CON, 1);
	assert_int_equal(atomic_load(&f.ck.seg->srv[0].fail_hint), 5);
	verdicts(&f, 0, CHK_L4OK, 1);
	assert_int_equal(atomic_load(&f.ck.seg->srv[0].fail_hint), 0);
	fx_close(&f);
}

static void maintenance_stops_checks_and_leaving_it_starts_afresh(void **s)
{
	(void)s;
	struct fx f;

	fx_init(&f, 1);
	f.o[0].init_state = INIT_DOWN;
	ready(&f);
	f.ck.going = true;
	verdicts(&f, 0, CHK_L4OK, 3);
	assert_int_equal(op_of(&f, 0), SRV_UP);
	atomic_store(&f.ck.seg->srv[0].admin, srv_admin_pack(ADM_FORCED_MAINT, 1, 0));
	atomic_fetch_add(&f.ck.seg->h->epoch_leader, 1);
	fleet_tick(&f.ck);
	assert_false(timer_on(&f.ck.t[0]->timer));
	verdicts(&f, 0, CHK_L4CON, 5);
	assert_int_equal(op_of(&f, 0), SRV_UP);
	atomic_store(&f.ck.seg->srv[0].admin, srv_admin_pack(0, 1, 0));
	atomic_fetch_add(&f.ck.seg->h->epoch_leader, 1);
	fleet_tick(&f.ck);
	assert_int_equal(op_of(&f, 0), SRV_DOWN);
	assert_int_equal(f.ck.t[0]->timer.deadline, clock_ms() + 1);
	fx_close(&f);
}

static void a_new_checker_goes_on_where_the_old_one_stopped(void **s)
{
	(void)s;
	struct fx f;
	uint64_t words[3];

	fx_init(&f, 3);
	f.o[2].slowstart = 60000;
	ready(&f);
	verdicts(&f, 0, CHK_L4CON, 1);
	verdicts(&f, 1, CHK_L4OK, 1);
	verdicts(&f, 1, CHK_L4CON, 1);
	verdicts(&f, 2, CHK_L4CON, 1);
	verdicts(&f, 2, CHK_L4OK, 2);
	for (unsigned i = 0; i < 3; i++)
		words[i] = atomic_load(&f.ck.seg->srv[i].op);
	fleet_free(&f.ck);
	http_requests_free(&f.ck);
	nlines = 0;
	fx_fleet(&f);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(atomic_load(&f.ck.seg->srv[i].op), words[i]);
	assert_int_equal(f.ck.t[0]->health.state, SRV_DOWN);
	assert_int_equal(f.ck.t[1]->health.pos, 3);
	assert_int_equal(f.ck.nstarting, 1);
	assert_int_equal(nlines, 0);
	fx_close(&f);
}

static void servers_without_check_or_address_are_left_alone(void **s)
{
	(void)s;
	struct fx f;

	fx_init(&f, 3);
	f.srv[0].flags = 0;
	f.srv[1].flags |= SRVF_UNRESOLVED;
	ready(&f);
	assert_int_equal(f.ck.ntargets, 1);
	assert_int_equal(op_of(&f, 0), SRV_UP);
	assert_int_equal(op_of(&f, 1), SRV_DOWN);
	fx_close(&f);
}

/* What the leader changes between the start of a checker and the order to go must not be taken for seen. */
static void checks_switched_on_during_the_start_are_on(void **s)
{
	(void)s;
	struct fx f;

	fx_init(&f, 1);
	fx_words(&f);
	atomic_fetch_or(&f.ck.seg->srv[0].admin, (uint64_t)ADMF_NOCHECK << 24);
	fx_fleet(&f);
	assert_true(f.ck.t[0]->off);
	atomic_fetch_and(&f.ck.seg->srv[0].admin, ~((uint64_t)ADMF_NOCHECK << 24));
	atomic_fetch_add(&f.ck.seg->h->epoch_leader, 1);
	fleet_reload(&f.ck);
	assert_false(f.ck.t[0]->off);
	fx_go(&f);
	assert_true(timer_on(&f.ck.t[0]->timer));
	assert_true(f.ck.leader_epoch != atomic_load(&f.ck.seg->h->epoch_leader));
	fx_close(&f);
}

static void a_server_that_comes_is_checked_and_one_that_goes_is_forgotten(void **s)
{
	(void)s;
	struct fx f;

	fx_init(&f, 3);
	f.srv[2].flags = SRVF_SPARE;
	f.srv[1].track = 0, f.srv[1].flags = 0;
	ready(&f);
	f.ck.going = true;
	assert_int_equal(f.ck.ntargets, 2);
	assert_null(f.ck.of_srv[2]);
	f.srv[2].flags = SRVF_CHECK | SRVF_AGENT;
	fx_words(&f);
	assert_true(fleet_put(&f.ck, 2));
	assert_int_equal(f.ck.ntargets, 3);
	assert_int_equal(f.ck.nagents, 1);
	assert_true(timer_on(&f.ck.of_srv[2]->timer));
	fleet_drop(&f.ck, 2);
	assert_int_equal(f.ck.ntargets, 2);
	assert_int_equal(f.ck.nagents, 0);
	assert_null(f.ck.of_srv[2]);
	fleet_drop(&f.ck, 2);
	fleet_drop(&f.ck, 1);
	assert_null(f.ck.of_srv[0]->followers);
	assert_int_equal(f.ck.ntargets, 1);
	fx_close(&f);
}

static void a_follower_that_comes_takes_the_state_of_its_leader(void **s)
{
	(void)s;
	struct fx f;

	fx_init(&f, 2);
	f.srv[1].flags = SRVF_SPARE;
	ready(&f);
	verdicts(&f, 0, CHK_L4CON, 3);
	f.srv[1].flags = 0, f.srv[1].track = 0;
	atomic_store(&f.ck.seg->srv[1].op, health_initial_op(&f.srv[1], 1));
	assert_true(fleet_put(&f.ck, 1));
	assert_int_equal(op_of(&f, 1), SRV_DOWN);
	fx_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readers_are_told_of_states_not_of_steps),
		cmocka_unit_test(what_a_check_says_in_words_stands_beside_its_result_until_the_next),
		cmocka_unit_test(followers_change_with_the_end_of_their_chain),
		cmocka_unit_test(a_ring_of_tracks_hurts_nobody),
		cmocka_unit_test(slow_start_climbs_with_time_and_ends_up),
		cmocka_unit_test(workers_errors_act_once_per_signal),
		cmocka_unit_test(errors_bring_the_next_check_forward),
		cmocka_unit_test(a_success_clears_what_workers_have_counted),
		cmocka_unit_test(maintenance_stops_checks_and_leaving_it_starts_afresh),
		cmocka_unit_test(a_new_checker_goes_on_where_the_old_one_stopped),
		cmocka_unit_test(servers_without_check_or_address_are_left_alone),
		cmocka_unit_test(checks_switched_on_during_the_start_are_on),
		cmocka_unit_test(a_server_that_comes_is_checked_and_one_that_goes_is_forgotten),
		cmocka_unit_test(a_follower_that_comes_takes_the_state_of_its_leader),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
