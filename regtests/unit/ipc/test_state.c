// SPDX-License-Identifier: GPL-3.0-or-later
/* What a later generation sees of an earlier one: by name, in sums, and when the description is nonsense. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <sluice/ipc/state.h>

#define NPX 2
#define NSRV 3
#define NLST 1

static struct segment *old, *new;
static struct state_obj old_obj[NPX + NSRV + NLST], new_obj[NPX + NSRV + NLST];
static struct state_names old_names, new_names;
static int dir;

static struct state_names names_of(struct state_obj *o) { return (struct state_names){ .px = o, .srv = o + NPX, .lst = o + NPX + NSRV }; }

/* The new configuration has the proxies and the servers in another order, and one server of another identity. */
static int setup(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NPX + NSRV + NLST; i++)
		old_obj[i] = (struct state_obj){ .key = 100 + i, .key2 = i < NPX ? 200 + i : 0, .identity = i < NPX ? 0 : 7, .cfg = i };
	for (unsigned i = 0; i < NPX + NSRV + NLST; i++)
		new_obj[i] = old_obj[i];
	new_obj[0] = old_obj[1], new_obj[1] = old_obj[0];
	new_obj[NPX] = old_obj[NPX + 2], new_obj[NPX + 2] = old_obj[NPX];
	new_obj[NPX + 1].identity = 8;
	old_names = names_of(old_obj), new_names = names_of(new_obj);
	old = segment_create(4, 2, NPX, NSRV, NLST);
	new = segment_create(5, 3, NPX, NSRV, NLST);
	dir = old ? state_describe(old, &old_names, NULL) : -1;
	return new && dir >= 0 ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	close(dir);
	segment_unmap(old);
	segment_unmap(new);
	return 0;
}

static struct state_view *view(void)
{
	struct state_view *v = state_open(dir, old->fd);
	assert_non_null(v);
	assert_true(state_match(v, new, &new_names));
	return v;
}

static void objects_are_found_by_name_wherever_they_stand(void **state)
{
	(void)state;
	struct state_view *v = view();
	assert_int_equal(v->h.generation, 4);
	assert_int_equal(v->of_fe[0], 1);
	assert_int_equal(v->of_be[1], 0);
	assert_int_equal(v->of_srv[0], 2);
	assert_int_equal(v->of_srv[2], 0);
	assert_int_equal(v->of_lst[0], 0);
	state_close(v);
}

static void a_server_of_another_identity_is_a_stranger(void **state)
{
	(void)state;
	struct state_view *v = view();
	assert_int_equal(v->of_srv[1], STATE_NONE);
	state_close(v);
}

static void a_name_that_stands_twice_is_nobodys(void **state)
{
	(void)state;
	old_obj[NPX + 1].key = old_obj[NPX].key;
	close(dir);
	dir = state_describe(old, &old_names, NULL);
	struct state_view *v = view();
	assert_int_equal(v->of_srv[2], STATE_NONE);
	assert_int_equal(v->of_srv[0], 2);
	state_close(v);
}

static void words_of_servers_and_backends_are_read(void **state)
{
	(void)state;
	struct state_srv s;
	struct state_be b;
	struct state_view *v = view();
	old->srv[2].op = 1;
	old->srv[2].check = 2;
	old->srv[2].admin = 3;
	old->srv[2].ewma = 4;
	old->srv[2].chk_fail = 5;
	old->srv[2].chk_down = 6;
	old->srv[2].down_s = 7;
	old->be[1].state = 8;
	old->be[1].chk_down = 9;
	old->be[1].down_s = 10;
	state_read_srv(v, v->of_srv[0], &s);
	assert_int_equal(s.op | s.check << 8 | s.admin << 16 | s.ewma << 24, 0x04030201);
	assert_int_equal(s.chk_fail * 100 + s.chk_down * 10 + s.down_s, 567);
	state_read_be(v, v->of_be[0], &b);
	assert_int_equal(b.state * 1000 + b.chk_down * 100 + b.down_s, 8910);
	live_add(old, LIVE_SRV, 2, 0, 3);
	live_add(old, LIVE_SRV, 2, 1, 4);
	assert_int_equal(state_srv_load(v, 2), 7);
	uint64_t e = state_epochs(v);
	atomic_fetch_add(&old->h->epoch_leader, 1);
	assert_int_not_equal(state_epochs(v), e);
	atomic_store(&old->h->state, SEG_STOPPED);
	assert_int_equal(state_phase(v), SEG_STOPPED);
	state_close(v);
}

static void sums_contain_a_living_older_generation_that_goes_on_counting(void **state)
{
	(void)state;
	struct px_counters px;
	struct srv_counters srv;
	struct lst_counters lst;
	struct proc_counters proc;
	struct state_view *v = view();
	ctr_add(&px_ctr(old, 1, 0)->fe.stot, 5);
	ctr_add(&px_ctr(old, 1, 1)->be.stot, 6);
	ctr_add(&srv_ctr(old, 2, 1)->bin, 7);
	ctr_max(&srv_ctr(old, 2, 1)->smax, 70);
	ctr_add(&lst_ctr(old, 0, 0)->stot, 8);
	ctr_add(&proc_ctr(old, 0)->req_tot, 9);
	ctr_add(&px_ctr(new, 0, 2)->fe.stot, 10);
	ctr_max(&srv_ctr(new, 0, 0)->smax, 60);
	new->older = v;
	px_ctr_sum(new, 0, 0, &px);
	assert_int_equal(px.fe.stot, 15);
	assert_int_equal(px.be.stot, 6);
	srv_ctr_sum(new, 0, 0, &srv);
	assert_int_equal(srv.bin, 7);
	assert_int_equal(srv.smax, 70);
	lst_ctr_sum(new, 0, 0, &lst);
	assert_int_equal(lst.stot, 8);
	proc_ctr_sum(new, 0, &proc);
	assert_int_equal(proc.req_tot, 9);
	ctr_inc(&px_ctr(old, 1, 0)->fe.stot);
	px_ctr_sum(new, 0, 0, &px);
	assert_int_equal(px.fe.stot, 16);
	struct ctr_walk walk = { 0 };
	assert_int_equal(ctr_sum_one(new, ctr_find(CTR_SCOPE_FE, "stot"), 0, 0, &walk), 16);
	new->older = NULL;
	state_close(v);
}

static void an_ended_generation_becomes_part_of_ours(void **state)
{
	(void)state;
	struct px_counters px;
	struct srv_counters srv;
	struct px_hists *hist = calloc(1, sizeof(*hist));
	ctr_add(&px_ctr(old, 1, 0)->fe.stot, 5);
	ctr_max(&px_ctr(old, 1, 0)->fe.smax, 3);
	ctr_avg_add(&srv_ctr(old, 0, 1)->rtime, 40);
	ctr_inc(&px_hist(old, 1, 0)->be.queue[2]);
	ctr_add(&srv_ctr(old, 1, 0)->stot, 99); /* of the stranger */
	struct state_view *v = view();
	state_absorb(new, v);
	state_close(v);
	px_ctr_sum(new, 0, 0, &px);
	assert_int_equal(px.fe.stot, 5);
	assert_int_equal(px.fe.smax, 3);
	srv_ctr_sum(new, 2, 0, &srv);
	assert_int_equal(srv.rtime, 40);
	px_hist_sum(new, 0, hist);
	assert_int_equal(hist->be.queue[2], 1);
	srv_ctr_sum(new, 1, 0, &srv);
	assert_int_equal(srv.stot, 0);
	free(hist);
}

static void an_old_average_fades_as_new_samples_come(void **state)
{
	(void)state;
	struct srv_counters srv;
	for (int i = 0; i < 600; i++)
		ctr_avg_add(&srv_ctr(old, 0, 0)->rtime, 100);
	struct state_view *v = view();
	new->older = v;
	srv_ctr_sum(new, 2, 0, &srv);
	assert_int_equal(srv.rtime, 100);
	for (int i = 0; i < 256; i++)
		ctr_avg_add(&srv_ctr(new, 2, 0)->rtime, 0);
	srv_ctr_sum(new, 2, 0, &srv);
	assert_int_equal(srv.rtime, 50);
	for (int i = 0; i < 256; i++)
		ctr_avg_add(&srv_ctr(new, 2, 0)->rtime, 0);
	srv_ctr_sum(new, 2, 0, &srv);
	assert_int_equal(srv.rtime, 0);
	new->older = NULL;
	state_close(v);
}

/* A copy of the description with one word changed. */
static int bent(size_t at, uint64_t word, size_t size)
{
	struct stat st;
	assert_int_equal(fstat(dir, &st), 0);
	char *p = malloc((size_t)st.st_size);
	assert_int_equal(pread(dir, p, (size_t)st.st_size, 0), st.st_size);
	memcpy(p + at, &word, size);
	int fd = memfd_create("bent", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_int_equal(write(fd, p, (size_t)st.st_size), st.st_size);
	free(p);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE), 0);
	return fd;
}

static void refused(size_t at, uint64_t word, size_t size)
{
	int fd = bent(at, word, size);
	assert_null(state_open(fd, old->fd));
	close(fd);
}

static void a_description_of_nonsense_is_refused(void **state)
{
	(void)state;
#define FIELD(f) offsetof(struct state_head, f)
	const size_t wide[] = { FIELD(seg_size), FIELD(off_state), FIELD(off_fold_seq), FIELD(off_epoch_checker), FIELD(off_epoch_leader),
				FIELD(srv.off), FIELD(srv.stride), FIELD(be.off), FIELD(be.stride), FIELD(rows_srv.off), FIELD(off_ctr),
				FIELD(ctr_column), FIELD(scope[1].off), FIELD(scope[3].stride), FIELD(scope[6].off) };
	const size_t narrow[] = { FIELD(magic), FIELD(version), FIELD(ctr_size), FIELD(obj_size), FIELD(nctr), FIELD(nworkers), FIELD(npx),
				  FIELD(nsrv), FIELD(nlst), FIELD(srv_op), FIELD(srv_admin), FIELD(srv_down_s), FIELD(be_state) };
	for (size_t i = 0; i < ARRAY_LEN(wide); i++) {
		refused(wide[i], UINT64_MAX, 8);
		refused(wide[i], UINT64_MAX - 4095, 8);
		refused(wide[i], 1ull << 45, 8);
	}
	for (size_t i = 0; i < ARRAY_LEN(narrow); i++)
		refused(narrow[i], UINT32_MAX, 4);
	refused(FIELD(nworkers), 0, 4);
	refused(FIELD(head_size), 8, 4);
	refused(sizeof(struct state_head) + offsetof(struct state_ctr, off), 1u << 30, 4);
	refused(sizeof(struct state_head) + offsetof(struct state_ctr, scope), STATE_SCOPES, 4);
	int unsealed = memfd_create("t", MFD_CLOEXEC);
	assert_null(state_open(unsealed, old->fd));
	close(unsealed);
	assert_null(state_open(dir, dir));
}

static void a_build_with_other_counters_is_understood_as_far_as_names_agree(void **state)
{
	(void)state;
	unsigned i = (unsigned)(ctr_find(CTR_SCOPE_FE, "stot") - ctr_descs);
	uint64_t other = 0x00786e6f6974636eull; /* a name of another build */
	int fd = bent(sizeof(struct state_head) + i * sizeof(struct state_ctr) + offsetof(struct state_ctr, name), other, 8);
	struct px_counters px;
	ctr_add(&px_ctr(old, 1, 0)->fe.stot, 5);
	ctr_add(&px_ctr(old, 1, 0)->fe.bin, 6);
	struct state_view *v = state_open(fd, old->fd);
	assert_non_null(v);
	assert_true(state_match(v, new, &new_names));
	new->older = v;
	px_ctr_sum(new, 0, 0, &px);
	assert_int_equal(px.fe.stot, 0);
	assert_int_equal(px.fe.bin, 6);
	new->older = NULL;
	state_close(v);
	close(fd);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
static void a_server_that_comes_is_seen_by_later_readers_and_told_from_its_predecessor(void **state)
{
	struct state_obj *live;
	(void)state;

	close(dir);
	dir = state_describe(old, &old_names, &live);
	assert_true(dir >= 0);
	struct state_view *before = view();
	uint32_t row = before->of_srv[0];

	assert_int_equal(row, 2);
	assert_true(state_same_srv(before, row, &new_obj[NPX]));
	state_set_srv(live, row, NULL);
	assert_false(state_same_srv(before, row, &new_obj[NPX]));
	state_set_srv(live, row, &(struct state_obj){ .key = 900, .identity = 7 });
	assert_false(state_same_srv(before, row, &new_obj[NPX]));
	struct state_view *after = view();
	assert_int_equal(after->of_srv[0], STATE_NONE);
	assert_int_equal(after->srv[row].key, 900);
	state_forget_srv(before, 2);
	assert_int_equal(before->of_srv[2], STATE_NONE);
	state_close(before);
	state_close(after);
}

static void nobody_but_its_maker_can_write_a_description(void **state)
{
	struct state_obj *live;
	(void)state;
	int fd = state_describe(old, &old_names, &live);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(objects_are_found_by_name_wherever_they_stand), T(a_server_of_another_identity_is_a_stranger),
		T(a_name_that_stands_twice_is_nobodys), T(words_of_servers_and_backends_are_read),
		T(sums_contain_a_living_older_generation_that_goes_on_counting), T(an_ended_generation_becomes_part_of_ours),
		T(an_old_average_fades_as_new_samples_come), T(a_description_of_nonsense_is_refused),
		T(a_build_with_other_counters_is_understood_as_far_as_names_agree),
		cmocka_unit_test_setup_teardown(a_server_that_comes_is_seen_by_later_readers_and_told_from_its_predecessor, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_but_its_maker_can_write_a_description, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
