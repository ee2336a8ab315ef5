// SPDX-License-Identifier: GPL-3.0-or-later
/* The process as the leader sees it: a fork, a channel, a segment. */
#include <signal.h>
#include <sys/wait.h>
#include <sluice/checker/checker.h>
#include <sluice/ipc/msg.h>
#define FX_REAL_CLOCK
#include "checker_fixture.h"

struct proc { pid_t pid; int ctl; };

static struct proc spawn(struct fx *f)
{
	int sv[2];
	struct proc p;

	assert_int_equal(ipc_pair(sv), 0);
	p.pid = fork();
	if (p.pid == 0) {
		close(sv[0]);
		loop_free();
		f->h = (struct heritage){ .role = ROLE_CHECKER, .nworkers = 2, .rt = &f->rt, .seg = f->ck.seg, .ctl = sv[1] };
		_exit(checker_run(&f->h));
	}
	close(sv[1]);
	p.ctl = sv[0];
	return p;
}

static void expect_ready(struct proc *p)
{
	struct ipc_msg m;
	int fd;

	assert_true(ipc_wait(p->ctl, WAIT_MS));
	assert_int_equal(ipc_recv(p->ctl, ROLE_LEADER, ROLE_CHECKER, &m, &fd), 1);
	assert_int_equal(m.type, IPC_CHK_READY);
}

static void tell(struct proc *p, enum ipc_type t)
{
	assert_true(ipc_send(p->ctl, t, 0, 0, NULL, 0, -1));
}

static int status_at_end(struct proc *p)
{
	int st;

	assert_int_equal(waitpid(p->pid, &st, 0), p->pid);
	return WIFEXITED(st) ? WEXITSTATUS(st) : -WTERMSIG(st);
}

static void open_checked(struct fx *f, struct origin *o)
{
	fx_init(f, 1);
	origin_open(o, &f->srv[0]);
	fx_words(f);
}

static void probes_start_with_go_and_end_with_stop(void **s)
{
	(void)s;
	struct origin o = { 0 };
	struct proc p;
	uint64_t from;
	struct fx f;

	open_checked(&f, &o);
	from = clock_read_ns() / 1000000;
	p = spawn(&f);
	expect_ready(&p);
	for (unsigned i = 0; i < 5; i++)
		fx_turn(20);
	assert_int_equal(o.accepted, 0);
	tell(&p, IPC_CHK_GO);
	RUN_UNTIL(status_of(&f, 0) == CHK_L4OK && o.accepted >= 3);
	assert_in_range(atomic_load(&f.ck.seg->h->checker_beat), from, clock_read_ns() / 1000000);
	tell(&p, IPC_CHK_STOP);
	assert_int_equal(status_at_end(&p), 0);
	close(p.ctl);
	origin_close(&o);
	fx_close(&f);
}

static void an_orphan_goes_on_until_the_segment_is_stopped(void **s)
{
	(void)s;
	struct origin o = { 0 };
	struct proc p;
	unsigned seen;
	struct fx f;

	open_checked(&f, &o);
	p = spawn(&f);
	expect_ready(&p);
	tell(&p, IPC_CHK_GO);
	RUN_UNTIL(o.accepted >= 1);
	close(p.ctl);
	seen = o.accepted;
	RUN_UNTIL(o.accepted >= seen + 10);
	atomic_store(&f.ck.seg->h->state, SEG_STOPPED);
	assert_int_equal(status_at_end(&p), 0);
	origin_close(&o);
	fx_close(&f);
}

static void a_leader_that_dies_before_go_takes_the_checker_with_it(void **s)
{
	(void)s;
	struct origin o = { 0 };
	struct proc p;
	struct fx f;

	open_checked(&f, &o);
	p = spawn(&f);
	expect_ready(&p);
	close(p.ctl);
	assert_int_equal(status_at_end(&p), 1);
	origin_close(&o);
	fx_close(&f);
}

static void killed_and_started_again_no_state_flips(void **s)
{
	(void)s;
	struct origin o = { 0 };
	struct fx f;
	uint32_t downs;

	fx_init(&f, 2);
	origin_open(&o, &f.srv[0]);
	fx_words(&f);
	for (unsigned round = 0; round < 5; round++) {
		struct proc p = spawn(&f);
		unsigned before;

		expect_ready(&p);
		before = o.accepted;
		tell(&p, IPC_CHK_GO);
		RUN_UNTIL(o.accepted >= before + 2 && status_of(&f, 1) == CHK_L4CON);
		kill(p.pid, SIGKILL);
		assert_int_equal(status_at_end(&p), -SIGKILL);
		close(p.ctl);
		assert_int_equal(op_of(&f, 0), SRV_UP);
		assert_int_equal(op_of(&f, 1), SRV_DOWN);
	}
	downs = atomic_load(&f.ck.seg->srv[1].chk_down);
	assert_int_equal(downs, 1);
	assert_int_equal(atomic_load(&f.ck.seg->srv[0].chk_down), 0);
	origin_close(&o);
	fx_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(probes_start_with_go_and_end_with_stop),
		cmocka_unit_test(an_orphan_goes_on_until_the_segment_is_stopped),
		cmocka_unit_test(a_leader_that_dies_before_go_takes_the_checker_with_it),
		cmocka_unit_test(killed_and_started_again_no_state_flips),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
