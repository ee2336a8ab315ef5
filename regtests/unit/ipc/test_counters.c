// SPDX-License-Identifier: GPL-3.0-or-later
/* Counters: their kinds, sums over workers living and dead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sluice/ipc/counters.h>

static struct segment *seg;

static int setup(void **state)
{
	(void)state;
	seg = segment_create(1, 3, 4, 5, 2);
	return seg ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	segment_unmap(seg);
	return 0;
}

static void blocks_of_workers_and_objects_are_distinct(void **state)
{
	(void)state;
	ctr_inc(&px_ctr(seg, 3, 0)->be.lbtot);
	ctr_add(&px_ctr(seg, 3, 2)->fe.stot, 4);
	ctr_inc(&srv_ctr(seg, 0, 1)->stot);
	ctr_inc(&proc_ctr(seg, 1)->conn_tot);
	struct px_counters px;
	px_ctr_sum(seg, 3, 0, &px);
	assert_int_equal(px.be.lbtot, 1);
	assert_int_equal(px.fe.stot, 4);
	px_ctr_sum(seg, 2, 0, &px);
	assert_int_equal(px.fe.stot + px.be.lbtot, 0);
	assert_int_equal(srv_ctr(seg, 0, 0)->stot, 0);
	struct proc_counters p;
	proc_ctr_sum(seg, 0, &p);
	assert_int_equal(p.conn_tot, 1);
}

static void sums_add_up_and_maxima_do_not(void **state)
{
	(void)state;
	struct srv_counters sum;
	for (unsigned w = 0; w < 3; w++) {
		ctr_add(&srv_ctr(seg, 4, w)->bin, 100);
		ctr_max(&srv_ctr(seg, 4, w)->smax, 10 + w);
	}
	ctr_max(&srv_ctr(seg, 4, 2)->smax, 5);
	srv_ctr_sum(seg, 4, 0, &sum);
	assert_int_equal(sum.bin, 300);
	assert_int_equal(sum.smax, 12);
}

static void counters_never_go_backwards_when_a_worker_dies(void **state)
{
	(void)state;
	struct srv_counters sum;
	ctr_add(&srv_ctr(seg, 2, 1)->stot, 41);
	ctr_max(&srv_ctr(seg, 2, 1)->qmax, 9);
	segment_reap(seg, 1);
	assert_int_equal(srv_ctr(seg, 2, 1)->stot, 0);
	ctr_inc(&srv_ctr(seg, 2, 1)->stot);
	srv_ctr_sum(seg, 2, 0, &sum);
	assert_int_equal(sum.stot, 42);
	assert_int_equal(sum.qmax, 9);
	segment_reap(seg, 1);
	segment_reap(seg, 1);
	srv_ctr_sum(seg, 2, 0, &sum);
	assert_int_equal(sum.stot, 42);
	assert_int_equal(seg->h->fold_seq % 2, 0);
}

static void a_rate_slides_over_the_last_second(void **state)
{
	(void)state;
	uint64_t c = 0;
	ctr_rate_hit(&c, 10000, 100);
	assert_int_equal(ctr_rate_read(c, 10000), 100);
	assert_int_equal(ctr_rate_read(c, 11500), 50);
	ctr_rate_hit(&c, 11500, 10);
	assert_int_equal(ctr_rate_read(c, 11500), 60);
	assert_int_equal(ctr_rate_read(c, 12000), 10);
	assert_int_equal(ctr_rate_read(c, 14000), 0);
	ctr_rate_hit(&c, 14000, 1u << 30);
	assert_int_equal(ctr_rate_read(c, 14000), 0x3fffff);
}

static void rates_of_workers_add_up_at_one_moment(void **state)
{
	(void)state;
	struct px_counters px;
	ctr_rate_hit(&px_ctr(seg, 0, 0)->fe.rate, 5000, 10);
	ctr_rate_hit(&px_ctr(seg, 0, 1)->fe.rate, 6000, 3);
	px_ctr_sum(seg, 0, 6000, &px);
	assert_int_equal(px.fe.rate, 13);
	px_ctr_sum(seg, 0, 6500, &px);
	assert_int_equal(px.fe.rate, 8);
}

static void an_average_forgets_what_is_older_than_512_samples(void **state)
{
	(void)state;
	uint64_t c = 0;
	assert_int_equal(ctr_avg_read(c), 0);
	for (int i = 0; i < 10; i++)
		ctr_avg_add(&c, 1000);
	assert_int_equal(ctr_avg_read(c), 1000);
	for (int i = 0; i < 10000; i++)
		ctr_avg_add(&c, 20);
	assert_in_range(ctr_avg_read(c), 19, 20);
}

static void the_mean_over_workers_weighs_by_samples(void **state)
{
	(void)state;
	struct srv_counters sum;
	for (int i = 0; i < 30; i++)
		ctr_avg_add(&srv_ctr(seg, 1, 0)->rtime, 100);
	for (int i = 0; i < 10; i++)
		ctr_avg_add(&srv_ctr(seg, 1, 1)->rtime, 500);
	srv_ctr_sum(seg, 1, 0, &sum);
	assert_int_equal(sum.rtime, 200);
}

static void every_word_of_a_block_has_one_description(void **state)
{
	(void)state;
	size_t bytes[CTR_SCOPE_BEH + 1] = { 0 };
	for (unsigned i = 0; i < ctr_ndescs; i++) {
		assert_int_equal(ctr_descs[i].off, bytes[ctr_descs[i].scope]);
		bytes[ctr_descs[i].scope] += ctr_descs[i].n * sizeof(uint64_t);
		assert_true(ctr_descs[i].help[0] != 0);
	}
	assert_int_equal(bytes[CTR_SCOPE_PROC], sizeof(struct proc_counters));
	assert_int_equal(bytes[CTR_SCOPE_FE], sizeof(struct fe_counters));
	assert_int_equal(bytes[CTR_SCOPE_BE], sizeof(struct be_counters));
	assert_int_equal(bytes[CTR_SCOPE_SRV], sizeof(struct srv_counters));
	assert_int_equal(bytes[CTR_SCOPE_LST], sizeof(struct lst_counters));
	assert_int_equal(bytes[CTR_SCOPE_FEH], sizeof(struct fe_hists));
	assert_int_equal(bytes[CTR_SCOPE_BEH], sizeof(struct be_hists));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
static void histograms_are_summed_and_survive_their_worker(void **state)
{
	(void)state;
	static struct px_hists h;
	ctr_inc(&px_hist(seg, 1, 0)->be.queue[3]);
	ctr_add(&px_hist(seg, 1, 2)->be.queue[3], 4);
	ctr_inc(&px_hist(seg, 1, 2)->fe.total[HIST_BUCKETS - 1]);
	segment_reap(seg, 2);
	px_hist_sum(seg, 1, &h);
	assert_int_equal(h.be.queue[3], 5);
	assert_int_equal(h.fe.total[HIST_BUCKETS - 1], 1);
	px_hist_sum(seg, 2, &h);
	assert_int_equal(hist_count(h.be.queue) + hist_count(h.fe.total), 0);
}

static void one_counter_sums_to_what_its_block_says(void **state)
{
	(void)state;
	static struct ctr_walk walk;
	struct lst_counters l;
	ctr_add(&lst_ctr(seg, 1, 0)->bin, 7);
	ctr_add(&lst_ctr(seg, 1, 1)->bin, 8);
	lst_ctr_sum(seg, 1, 0, &l);
	assert_int_equal(l.bin, 15);
	assert_int_equal(ctr_sum_one(seg, ctr_find(CTR_SCOPE_LST, "bin"), 1, 0, &walk), 15);
	assert_int_equal(ctr_sum_one(seg, ctr_find(CTR_SCOPE_LST, "bout"), 1, 0, &walk), 0);
	assert_null(ctr_find(CTR_SCOPE_LST, "qmax"));
}

static void a_worker_clears_highest_values_or_everything_or_one_server(void **state)
{
	(void)state;
	struct srv_counters v;
	for (unsigned i = 0; i < 2; i++) {
		ctr_add(&srv_ctr(seg, i, 1)->bin, 7);
		ctr_max(&srv_ctr(seg, i, 1)->smax, 9);
	}
	ctr_clear_column(seg, 2, false, UINT32_MAX);
	srv_ctr_sum(seg, 0, 0, &v);
	assert_int_equal(v.bin, 7);
	assert_int_equal(v.smax, 0);
	ctr_clear_column(seg, 2, true, 0);
	srv_ctr_sum(seg, 0, 0, &v);
	assert_int_equal(v.bin, 0);
	srv_ctr_sum(seg, 1, 0, &v);
	assert_int_equal(v.bin, 7);
	ctr_clear_column(seg, 2, true, UINT32_MAX);
	srv_ctr_sum(seg, 1, 0, &v);
	assert_int_equal(v.bin, 0);
}

static void a_walk_over_counters_may_go_back(void **state)
{
	(void)state;
	static struct ctr_walk walk;
	ctr_inc(&lst_ctr(seg, 1, 0)->bin);
	ctr_inc(&px_ctr(seg, 0, 1)->fe.stot);
	assert_int_equal(ctr_sum_one(seg, ctr_find(CTR_SCOPE_LST, "bin"), 1, 0, &walk), 1);
	assert_int_equal(ctr_sum_one(seg, ctr_find(CTR_SCOPE_FEH, "queue"), 0, 0, &walk), 0);
	assert_int_equal(ctr_sum_one(seg, ctr_find(CTR_SCOPE_FE, "stot"), 0, 0, &walk), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(blocks_of_workers_and_objects_are_distinct), T(sums_add_up_and_maxima_do_not),
		T(counters_never_go_backwards_when_a_worker_dies), T(a_rate_slides_over_the_last_second),
		T(rates_of_workers_add_up_at_one_moment), T(an_average_forgets_what_is_older_than_512_samples),
		T(the_mean_over_workers_weighs_by_samples), T(every_word_of_a_block_has_one_description),
		T(histograms_are_summed_and_survive_their_worker), T(one_counter_sums_to_what_its_block_says),
		T(a_worker_clears_highest_values_or_everything_or_one_server),
		T(a_walk_over_counters_may_go_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
