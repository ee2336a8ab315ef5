// SPDX-License-Identifier: GPL-3.0-or-later
/* Agents: what their answers do to the server, what is passed on to the leader, what their silence does not do. */
#include <sluice/ipc/msg.h>
#include <sluice/ipc/note.h>
#include "checker_fixture.h"

static int leader = -1; /* its end of the channel */

/* One server with an agent that answers with text; checked: beside its own checks, which find nothing. */
static void one(struct fx *f, struct origin *o, const char *text, bool checked)
{
	int sv[2];

	fx_init(f, 1);
	assert_int_equal(ipc_pair(sv), 0);
	leader = sv[0];
	f->ck.ctl = sv[1];
	f->srv[0].flags = SRVF_AGENT | (checked ? SRVF_CHECK : 0);
	f->srv[0].weight = 10;
	f->o[0].inter = 600000;
	f->o[0].agent_inter = 20;
	origin_open(o, &f->srv[0]);
	o->answer = text;
	o->close_after = true;
	f->o[0].agent_port = f->srv[0].addr.port;
	fx_words(f);
	fx_fleet(f);
	f->ck.going = true;
	agents_go(&f->ck);
}

static void done(struct fx *f, struct origin *o)
{
	origin_close(o);
	close(leader);
	close(f->ck.ctl);
	fx_close(f);
}

static enum check_status agent_status(struct fx *f)
{
	return agent_word_status(atomic_load(&f->ck.seg->srv[0].agent));
}

static bool told(struct ipc_agent *a)
{
	struct ipc_msg m;
	int fd;

	if (ipc_recv(leader, ROLE_LEADER, ROLE_CHECKER, &m, &fd) != 1)
		return false;
	assert_int_equal(m.type, IPC_AGENT);
	assert_int_equal(m.num, 0);
	memcpy(a, m.data, sizeof(*a));
	return true;
}

static void down_and_up_of_the_agent_decide_where_nothing_is_checked(void **s)
{
	(void)s;
	struct origin o = { 0 };
	struct fx f;
	char text[NOTE_TEXT];

	one(&f, &o, "down #disk full\n", false);
	RUN_UNTIL(op_of(&f, 0) == SRV_DOWN);
	assert_int_equal(agent_status(&f), CHK_L7STS);
	assert_int_equal(note_read(f.ck.seg, 0, NOTE_AGENT, text), strlen("via agent : down (disk full)"));
	assert_memory_equal(text, "via agent : down (disk full)", strlen("via agent : down (disk full)"));
	assert_true(strstr(lines[0], "Agent check for server b/s1 failed, reason: Layer7 wrong status, code: 0, info: \"via agent : down (disk full)\"") != NULL);
	assert_true(strstr(lines[0], "status: 0/1 DOWN.") != NULL);
	assert_int_equal(atomic_load(&f.ck.seg->srv[0].chk_down), 1);
	o.answer = "up\n";
	RUN_UNTIL(op_of(&f, 0) == SRV_UP);
	assert_int_equal(agent_status(&f), CHK_L7OK);
	done(&f, &o);
}

static void an_agent_that_says_up_does_not_outvote_checks_that_fail(void **s)
{
	(void)s;
	struct origin o = { 0 };
	struct fx f;

	one(&f, &o, "up\n", true);
	fleet_verdict(f.ck.t[0], CHK_L4CON, 0, 0, STR_NULL);
	fleet_verdict(f.ck.t[0], CHK_L4CON, 0, 0, STR_NULL);
	fleet_verdict(f.ck.t[0], CHK_L4CON, 0, 0, STR_NULL);
	assert_int_equal(op_of(&f, 0), SRV_DOWN);
	RUN_UNTIL(o.accepted > 2);
	assert_int_equal(op_of(&f, 0), SRV_DOWN);
	fleet_verdict(f.ck.t[0], CHK_L4OK, 0, 0, STR_NULL);
	fleet_verdict(f.ck.t[0], CHK_L4OK, 0, 0, STR_NULL);
	assert_int_equal(op_of(&f, 0), SRV_UP);
	done(&f, &o);
}

static void checks_that_pass_do_not_outvote_an_agent_that_says_down(void **s)
{
	(void)s;
	struct origin o = { 0 };
	struct fx f;

	one(&f, &o, "stopped\n", true);
	RUN_UNTIL(op_of(&f, 0) == SRV_DOWN);
	for (unsigned i = 0; i < 5; i++)
		fleet_verdict(f.ck.t[0], CHK_L4OK, 0, 0, STR_NULL);
	assert_int_equal(op_of(&f, 0), SRV_DOWN);
	/* a checker that starts again knows both sides */
	fleet_free(&f.ck);
	assert_true(fleet_init(&f.ck));
	assert_int_equal(op_of(&f, 0), SRV_DOWN);
	assert_true(f.ck.t[0]->health.agent_down);
	assert_int_equal(f.ck.t[0]->health.pos, 4);
	fleet_verdict(f.ck.t[0], CHK_L4OK, 0, 0, STR_NULL);
	assert_int_equal(op_of(&f, 0), SRV_DOWN);
	f.ck.going = true;
	agents_go(&f.ck);
	o.answer = "up\n";
	RUN_UNTIL(op_of(&f, 0) == SRV_UP);
	done(&f, &o);
}

static void an_agent_that_is_gone_or_mute_or_says_nothing_new_changes_nothing(void **s)
{
	(void)s;
	struct origin o = { 0 };
	struct fx f;
	struct ipc_agent a;

	one(&f, &o, "", true);
	RUN_UNTIL(agent_status(&f) == CHK_L7RSP);
	o.answer = "\n";
	RUN_UNTIL(agent_status(&f) == CHK_CHECKED);
	o.answer = "what is this\n";
	RUN_UNTIL(o.accepted > 5);
	f.o[0].agent_port = 1;
	RUN_UNTIL(agent_status(&f) == CHK_L4CON);
	assert_int_equal(op_of(&f, 0), SRV_UP);
	assert_false(told(&a));
	done(&f, &o);
}

static void weight_limit_and_administrative_state_go_to_the_leader_until_they_are_so(void **s)
{
	(void)s;
	struct origin o = { 0 };
	struct fx f;
	struct ipc_agent a = { 0 };

	one(&f, &o, "drain 50% maxconn:30\n", true);
	RUN_UNTIL(told(&a));
	assert_int_equal(a.weight_pct, 50);
	assert_int_equal(a.maxconn, 30);
	assert_int_equal(a.admin, AGENT_DRAIN);
	RUN_UNTIL(told(&a)); /* the first one was not obeyed */
	atomic_store(&f.ck.seg->srv[0].admin, srv_admin_pack(ADM_FORCED_DRAIN, 5, 30));
	while (told(&a)) ;
	unsigned seen = o.accepted;
	RUN_UNTIL(o.accepted > seen + 2);
	assert_false(told(&a));
	assert_int_equal(agent_status(&f), CHK_CHECKED);
	done(&f, &o);
}

static void an_agent_is_asked_in_maintenance_and_its_word_counts_afterwards(void **s)
{
	(void)s;
	struct origin o = { 0 };
	struct fx f;

	one(&f, &o, "down\n", true);
	atomic_store(&f.ck.seg->srv[0].admin, srv_admin_pack(ADM_FORCED_MAINT, 10, 0));
	atomic_fetch_add(&f.ck.seg->h->epoch_leader, 1);
	fleet_tick(&f.ck);
	RUN_UNTIL(agent_status(&f) == CHK_L7STS);
	atomic_store(&f.ck.seg->srv[0].admin, srv_admin_pack(0, 10, 0));
	atomic_fetch_add(&f.ck.seg->h->epoch_leader, 1);
	fleet_tick(&f.ck);
	assert_int_equal(op_of(&f, 0), SRV_DOWN);
	o.answer = "up\n";
	RUN_UNTIL(op_of(&f, 0) == SRV_UP);
	done(&f, &o);
}

static void what_it_is_to_be_told_comes_before_the_answer(void **s)
{
	(void)s;
	struct origin o = { .wait_for = "proxy1\n" };
	struct fx f;

	one(&f, &o, "down\n", false);
	f.o[0].agent_send = STR("proxy1\n");
	RUN_UNTIL(op_of(&f, 0) == SRV_DOWN);
	assert_string_equal(o.got, "proxy1\n");
	done(&f, &o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(down_and_up_of_the_agent_decide_where_nothing_is_checked),
		cmocka_unit_test(an_agent_that_says_up_does_not_outvote_checks_that_fail),
		cmocka_unit_test(checks_that_pass_do_not_outvote_an_agent_that_says_down),
		cmocka_unit_test(an_agent_that_is_gone_or_mute_or_says_nothing_new_changes_nothing),
		cmocka_unit_test(weight_limit_and_administrative_state_go_to_the_leader_until_they_are_so),
		cmocka_unit_test(an_agent_is_asked_in_maintenance_and_its_word_counts_afterwards),
		cmocka_unit_test(what_it_is_to_be_told_comes_before_the_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
