// SPDX-License-Identifier: GPL-3.0-or-later
/* The segment: its golden layout, mapping refusals, and what reaping leaves behind. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <sluice/ipc/counters.h>
#include <sluice/ipc/event.h>
#include <sluice/ipc/note.h>
#include <sluice/ipc/place.h>

/* A change here is a change of the layout: other builds refuse the segment by its abi hash, and that is meant to be seen. */
static void layout_is_the_golden_one(void **state)
{
	(void)state;
	static const struct { size_t got, want; const char *what; } gold[] = {
		{ offsetof(struct seg_header, magic), 0, "magic" },
		{ offsetof(struct seg_header, abi), 4, "abi" },
		{ offsetof(struct seg_header, generation), 8, "generation" },
		{ offsetof(struct seg_header, geo.size), 16, "geo.size" },
		{ offsetof(struct seg_header, geo.nworkers), 24, "geo.nworkers" },
		{ offsetof(struct seg_header, geo.nsrv), 28, "geo.nsrv" },
		{ offsetof(struct seg_header, geo.npx), 32, "geo.npx" },
		{ offsetof(struct seg_header, geo.nlst), 36, "geo.nlst" },
		{ offsetof(struct seg_header, geo.row_stride), 40, "geo.row_stride" },
		{ offsetof(struct seg_header, geo.off_srv), 48, "geo.off_srv" },
		{ offsetof(struct seg_header, geo.off_rows), 56, "geo.off_rows" },
		{ offsetof(struct seg_header, geo.off_be), 64, "geo.off_be" },
		{ offsetof(struct seg_header, geo.off_ev), 72, "geo.off_ev" },
		{ offsetof(struct seg_header, geo.off_ctr), 80, "geo.off_ctr" },
		{ offsetof(struct seg_header, geo.off_place), 88, "geo.off_place" },
		{ offsetof(struct seg_header, geo.ctr_column), 96, "geo.ctr_column" },
		{ offsetof(struct seg_header, geo.ctr_px_off), 104, "geo.ctr_px_off" },
		{ offsetof(struct seg_header, geo.ctr_srv_off), 112, "geo.ctr_srv_off" },
		{ offsetof(struct seg_header, geo.ctr_lst_off), 120, "geo.ctr_lst_off" },
		{ offsetof(struct seg_header, geo.ctr_hist_off), 128, "geo.ctr_hist_off" },
		{ offsetof(struct seg_header, geo.off_note), 136, "geo.off_note" },
		{ offsetof(struct seg_header, state), 144, "state" },
		{ offsetof(struct seg_header, fold_seq), 148, "fold_seq" },
		{ offsetof(struct seg_header, epoch_checker), 152, "epoch_checker" },
		{ offsetof(struct seg_header, epoch_leader), 160, "epoch_leader" },
		{ offsetof(struct seg_header, checker_beat), 168, "checker_beat" },
		{ offsetof(struct seg_header, started_ms), 176, "started_ms" },
		{ offsetof(struct seg_header, started_s), 184, "started_s" },
		{ offsetof(struct seg_header, ev_head), 192, "ev_head" },
		{ offsetof(struct seg_header, maxconn), 256, "maxconn" },
		{ sizeof(struct seg_header), 320, "header" },
		{ offsetof(struct seg_slot, epoch), 4, "slot.epoch" },
		{ offsetof(struct seg_slot, pid), 8, "slot.pid" },
		{ offsetof(struct seg_slot, beat), 16, "slot.beat" },
		{ offsetof(struct seg_slot, started), 24, "slot.started" },
		{ sizeof(struct seg_slot), 128, "slot" },
		{ offsetof(struct seg_srv, op), 0, "srv.op" },
		{ offsetof(struct seg_srv, check), 8, "srv.check" },
		{ offsetof(struct seg_srv, chk_fail), 16, "srv.chk_fail" },
		{ offsetof(struct seg_srv, chk_down), 20, "srv.chk_down" },
		{ offsetof(struct seg_srv, admin), 24, "srv.admin" },
		{ offsetof(struct seg_srv, ewma), 32, "srv.ewma" },
		{ offsetof(struct seg_srv, fail_hint), 40, "srv.fail_hint" },
		{ offsetof(struct seg_srv, passive_seq), 44, "srv.passive_seq" },
		{ offsetof(struct seg_srv, down_s), 48, "srv.down_s" },
		{ offsetof(struct seg_srv, order), 52, "srv.order" },
		{ offsetof(struct seg_srv, agent), 60, "srv.agent" },
		{ sizeof(struct seg_srv), 64, "srv" },
		{ offsetof(struct seg_be, rr_cursor), 0, "be.rr_cursor" },
		{ offsetof(struct seg_be, first_hint), 8, "be.first_hint" },
		{ offsetof(struct seg_be, chk_down), 12, "be.chk_down" },
		{ offsetof(struct seg_be, down_s), 16, "be.down_s" },
		{ offsetof(struct seg_be, state), 24, "be.state" },
		{ offsetof(struct seg_be, fe_state), 64, "be.fe_state" },
		{ offsetof(struct seg_be, fe_maxconn), 68, "be.fe_maxconn" },
		{ sizeof(struct seg_be), 128, "be" },
	};
	for (size_t i = 0; i < ARRAY_LEN(gold); i++)
		if (gold[i].got != gold[i].want)
			fail_msg("%s is at %zu, the golden layout says %zu", gold[i].what, gold[i].got, gold[i].want);
}

static void areas_do_not_overlap_and_end_at_the_size(void **state)
{
	(void)state;
	struct segment *s = segment_create(7, 17, 3, 100, 5);
	assert_non_null(s);
	const struct seg_header *h = s->h;
	assert_int_equal(h->geo.row_stride, 128);
	assert_true(SEG_OFF_SLOT + 17 * sizeof(struct seg_slot) <= h->geo.off_srv);
	assert_true(h->geo.off_srv + 100 * sizeof(struct seg_srv) <= h->geo.off_rows);
	assert_true(h->geo.off_rows + (1 + 9 + 500 + 5) * (uint64_t)h->geo.row_stride <= h->geo.off_be);
	assert_true(h->geo.off_be + 3 * sizeof(struct seg_be) <= h->geo.off_ev);
	assert_true(h->geo.off_ev + SEG_EVENTS * sizeof(struct seg_event) <= h->geo.off_ctr);
	assert_true(h->geo.off_ctr + 18 * h->geo.ctr_column <= h->geo.off_place);
	assert_true(h->geo.off_place + 100 * sizeof(struct seg_place) <= h->geo.off_note);
	assert_true(h->geo.off_note + 200 * sizeof(struct seg_note) <= h->geo.size);
	assert_ptr_equal(live_row(s, LIVE_SRV_CONN, 99), s->rows + (1 + 9 + 299) * (size_t)h->geo.row_stride);
	assert_ptr_equal(live_row(s, LIVE_LST, 0), s->rows + (1 + 9 + 500) * (size_t)h->geo.row_stride);
	assert_true((char *)(srv_ctr(s, 99, 16) + 1) <= (char *)lst_ctr(s, 0, 16));
	assert_true((char *)(lst_ctr(s, 4, 16) + 1) <= (char *)px_hist(s, 0, 16));
	assert_true((char *)(px_hist(s, 2, 16) + 1) <= (char *)h + h->geo.size);
	segment_unmap(s);
}

static void the_segment_cannot_be_resized(void **state)
{
	(void)state;
	struct segment *s = segment_create(1, 1, 1, 1, 0);
	assert_non_null(s);
	assert_int_equal(ftruncate(s->fd, 0), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(s->fd, (off_t)s->h->geo.size + 4096), -1);
	segment_unmap(s);
}

static void worker_counts_out_of_range_are_refused(void **state)
{
	(void)state;
	assert_null(segment_create(1, 0, 1, 1, 0));
	assert_int_equal(errno, EINVAL);
	assert_null(segment_create(1, SEG_MAX_WORKERS + 1, 1, 1, 0));
	struct segment *s = segment_create(1, SEG_MAX_WORKERS, 0, 0, 0);
	assert_non_null(s);
	segment_unmap(s);
}

static void a_second_mapping_sees_the_same_words(void **state)
{
	(void)state;
	struct segment *a = segment_create(9, 2, 2, 2, 0), *b = segment_map(a->fd);
	assert_non_null(b);
	live_add(a, LIVE_SRV, 1, 1, 5);
	assert_int_equal(live_sum(b, LIVE_SRV, 1), 5);
	assert_int_equal(b->h->generation, 9);
	segment_unmap(b);
	segment_unmap(a);
}

static void a_foreign_or_damaged_segment_is_refused(void **state)
{
	(void)state;
	struct segment *s = segment_create(1, 2, 2, 2, 0);
	struct seg_header good = *s->h;
	s->h->abi ^= 1;
	assert_null(segment_map(s->fd));
	assert_int_equal(errno, EPROTO);
	*s->h = good, s->h->geo.off_rows += 64;
	assert_null(segment_map(s->fd));
	*s->h = good, s->h->geo.nsrv = 300;
	assert_null(segment_map(s->fd));
	*s->h = good, s->h->geo.nworkers = 0;
	assert_null(segment_map(s->fd));
	*s->h = good;
	segment_unmap(s);
	int fd = memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_null(segment_map(fd));
	close(fd);
}

static void a_header_written_over_moves_no_store(void **state)
{
	(void)state;
	struct segment *s = segment_create(1, 2, 2, 2, 0);
	_Atomic uint32_t *row = live_row(s, LIVE_SRV, 1);
	memset(&s->h->geo, 0xff, sizeof(s->h->geo));
	assert_ptr_equal(live_row(s, LIVE_SRV, 1), row);
	live_add(s, LIVE_SRV, 1, 1, 3);
	segment_reap(s, 1);
	assert_int_equal(live_sum(s, LIVE_SRV, 1), 0);
	segment_unmap(s);
}

static void reaping_zeroes_only_the_dead_workers_column(void **state)
{
	(void)state;
	struct segment *s = segment_create(1, 20, 3, 4, 3);
	static const enum live_kind kinds[] = { LIVE_PROCESS, LIVE_FE, LIVE_BE, LIVE_BE_QUEUE, LIVE_SRV, LIVE_SRV_QUEUE, LIVE_SRV_CONN, LIVE_SRV_IDLE, LIVE_SRV_SAFE, LIVE_LST };
	for (unsigned k = 0; k < ARRAY_LEN(kinds); k++)
		for (unsigned w = 0; w < 20; w++)
			live_add(s, kinds[k], kinds[k] == LIVE_PROCESS ? 0 : 2, w, 10);
	segment_reap(s, 17);
	for (unsigned k = 0; k < ARRAY_LEN(kinds); k++)
		assert_int_equal(live_sum(s, kinds[k], kinds[k] == LIVE_PROCESS ? 0 : 2), 190);
	segment_unmap(s);
}

static void reaping_frees_the_slot_and_moves_its_epoch(void **state)
{
	(void)state;
	struct segment *s = segment_create(1, 2, 1, 1, 0);
	atomic_store(&s->slot[1].state, SLOT_ACTIVE);
	atomic_store(&s->slot[1].pid, 77);
	atomic_store(&s->slot[1].beat, 5);
	segment_reap(s, 1);
	assert_int_equal(s->slot[1].state, SLOT_FREE);
	assert_int_equal(s->slot[1].epoch, 1);
	assert_int_equal(s->slot[1].pid, 0);
	assert_int_equal(s->slot[0].epoch, 0);
	segment_unmap(s);
}

static void gauges_are_exact_after_a_worker_is_killed_at_any_moment(void **state)
{
	(void)state;
	struct segment *s = segment_create(1, 2, 1, 8, 0);
	live_add(s, LIVE_SRV, 3, 0, 4);
	for (int round = 0; round < 20; round++) {
		pid_t pid = fork();
		if (pid == 0)
			for (unsigned i = 0;; i++) {
				atomic_store(&s->slot[1].state, SLOT_ACTIVE);
				live_add(s, LIVE_SRV, i % 8, 1, 1);
				ctr_inc(&srv_ctr(s, i % 8, 1)->stot);
			}
		while (live_sum(s, LIVE_SRV, 7) == 0)
			;
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		segment_reap(s, 1);
		for (unsigned i = 0; i < 8; i++)
			assert_int_equal(live_sum(s, LIVE_SRV, i), i == 3 ? 4 : 0);
	}
	segment_unmap(s);
}

static void an_idle_server_costs_less_than_500_bytes(void **state)
{
	(void)state;
	enum { N = 20000 };
	struct segment *s = segment_create(1, 2, 1, N, 0);
	struct srv_counters sum;
	struct stat st;
	for (unsigned i = 0; i < N; i++) /* a dump does not make them resident either */
		srv_ctr_sum(s, i, 1000, &sum);
	assert_int_equal(fstat(s->fd, &st), 0);
	assert_true((uint64_t)st.st_blocks * 512 / N < 500);
	segment_unmap(s);
}

static void what_is_in_use_elsewhere_counts_against_the_limit(void **state)
{
	(void)state;
	struct segment *s = segment_create(1, 1, 1, 1, 0);
	assert_true(live_admit(s, LIVE_SRV, 0, 0, 3, 2));
	assert_false(live_admit(s, LIVE_SRV, 0, 0, 3, 2));
	assert_true(live_admit(s, LIVE_SRV, 0, 0, 0, 2));
	segment_unmap(s);
}

static void a_limit_counts_what_all_workers_hold(void **state)
{
	struct segment *s = segment_create(1, 2, 1, 1, 0);

	(void)state;
	assert_non_null(s);
	assert_true(live_admit(s, LIVE_PROCESS, 0, 0, 3, 0));
	assert_true(live_admit(s, LIVE_PROCESS, 0, 1, 3, 0));
	assert_true(live_admit(s, LIVE_PROCESS, 0, 1, 3, 0));
	assert_false(live_admit(s, LIVE_PROCESS, 0, 0, 3, 0));
	assert_false(live_admit(s, LIVE_PROCESS, 0, 1, 3, 0));
	assert_int_equal(live_sum(s, LIVE_PROCESS, 0), 3);
	assert_true(live_admit(s, LIVE_PROCESS, 0, 0, 0, 0));
	live_add(s, LIVE_PROCESS, 0, 0, -2);
	assert_true(live_admit(s, LIVE_PROCESS, 0, 0, 3, 0));
	assert_false(live_admit(s, LIVE_PROCESS, 0, 0, 3, 0));
	segment_unmap(s);
}

static void a_limit_is_never_exceeded_while_workers_race(void **state)
{
	struct segment *s = segment_create(1, 4, 1, 1, 0);
	int over = 0;

	(void)state;
	assert_non_null(s);
	for (unsigned w = 0; w < 4; w++) {
		if (fork())
			continue;
		for (int i = 0; i < 20000; i++) {
			if (!live_admit(s, LIVE_SRV, 0, w, 2, 0))
				continue;
			/* holders count themselves in another row, which must stay within the limit too */
			atomic_fetch_add(live_row(s, LIVE_SRV_QUEUE, 0), 1);
			if (atomic_load(live_row(s, LIVE_SRV_QUEUE, 0)) > 2)
				_exit(1);
			atomic_fetch_sub(live_row(s, LIVE_SRV_QUEUE, 0), 1);
			_Atomic uint32_t *c = live_row(s, LIVE_SRV, 0) + w;
			atomic_store(c, atomic_load(c) - 1);
		}
		_exit(0);
	}
	for (int w = 0, st; w < 4; w++) {
		assert_true(wait(&st) > 0);
		over += st != 0;
	}
	assert_int_equal(over, 0);
	assert_int_equal(live_sum(s, LIVE_SRV, 0), 0);
	segment_unmap(s);
}

static void a_private_copy_shows_what_is_there_and_keeps_its_own_writes(void **state)
{
	(void)state;
	struct segment *s = segment_create(1, 2, 1, 1, 0), *copy;

	assert_non_null(s);
	copy = segment_map(s->fd);
	assert_non_null(copy);
	live_add(s, LIVE_SRV, 0, 1, 3);
	assert_true(segment_make_private(copy));
	assert_int_equal(live_sum(copy, LIVE_SRV, 0), 3);
	live_add(copy, LIVE_SRV, 0, 0, 4);
	assert_int_equal(live_sum(copy, LIVE_SRV, 0), 7);
	assert_int_equal(live_sum(s, LIVE_SRV, 0), 3);
	segment_unmap(copy);
	segment_unmap(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_private_copy_shows_what_is_there_and_keeps_its_own_writes),
		cmocka_unit_test(layout_is_the_golden_one),
		cmocka_unit_test(areas_do_not_overlap_and_end_at_the_size),
		cmocka_unit_test(the_segment_cannot_be_resized),
		cmocka_unit_test(worker_counts_out_of_range_are_refused),
		cmocka_unit_test(a_second_mapping_sees_the_same_words),
		cmocka_unit_test(a_foreign_or_damaged_segment_is_refused),
		cmocka_unit_test(a_header_written_over_moves_no_store),
		cmocka_unit_test(reaping_zeroes_only_the_dead_workers_column),
		cmocka_unit_test(reaping_frees_the_slot_and_moves_its_epoch),
		cmocka_unit_test(gauges_are_exact_after_a_worker_is_killed_at_any_moment),
		cmocka_unit_test(an_idle_server_costs_less_than_500_bytes),
		cmocka_unit_test(a_limit_counts_what_all_workers_hold), cmocka_unit_test(what_is_in_use_elsewhere_counts_against_the_limit),
		cmocka_unit_test(a_limit_is_never_exceeded_while_workers_race),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
