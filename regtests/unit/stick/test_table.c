// SPDX-License-Identifier: GPL-3.0-or-later
/* A table's life: what maps it, and what another layout takes over. */
#include <errno.h>
#include <sys/mman.h>
#include "stick_test.h"

static void count(struct stick_table *t, uint32_t k, uint32_t n, uint32_t now)
{
	struct stick_at at;

	assert_true(stick_open(t, num_key(&k), true, now, &at));
	stick_event(&at, SE_HTTP_REQ, n, now);
	stick_add(&at, SD_GPC0, 0, n, now);
	stick_close(&at);
}

/* One handle a process: the second one is a child's. */
static void child_reads(const struct rt_table *s, int fd, uint32_t k, uint64_t want)
{
	int st;
	pid_t pid = fork();

	if (!pid) {
		struct stick_table *t = stick_map(s, dup(fd));

		_exit(t && stick_attach(t) && value_of(t, k, SD_GPC0, 5) == want ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &st, 0), pid);
	assert_int_equal(st, 0);
}

TEST(another_process_maps_the_same_table)
{
	struct rt_table s = spec_of(SK_INTEGER, 4, 100, 0);
	struct stick_table *t = table_of(&s);

	count(t, 9, 4, 1);
	child_reads(&s, stick_fd(t), 9, 4);
	stick_unmap(t);
}

TEST(expiry_and_nopurge_do_not_belong_to_the_layout)
{
	struct rt_table s = spec_of(SK_INTEGER, 4, 100, 0);
	struct rt_table other = s;
	struct stick_table *t = table_of(&s);

	count(t, 9, 4, 1);
	other.expire = 60000, other.nopurge = true;
	child_reads(&other, stick_fd(t), 9, 4);
	stick_unmap(t);
}

TEST(another_layout_is_refused)
{
	struct rt_table s = spec_of(SK_INTEGER, 4, 100, 0), o;
	struct stick_table *t = table_of(&s);

#define REFUSED(change) o = s, change, assert_null(stick_map(&o, stick_fd(t))), assert_int_equal(errno, EPROTO)
	REFUSED(o.size = 101);
	REFUSED(o.type = SK_IP);
	REFUSED(o.key_len = 16);
	REFUSED(o.store[SD_GPC0].n = 0);
	REFUSED(o.store[SD_HTTP_REQ_RATE].period = 20000);
#undef REFUSED
	int other = memfd_create("other", 0);

	assert_null(stick_map(&s, other));
	close(other);
	stick_unmap(t);
}

/* The description in the table is enough to read it; one that is damaged is not believed. */
TEST(a_table_tells_its_layout)
{
	struct rt_table s = spec_of(SK_STRING, 20, 100, 0), o;
	struct stick_table *t = table_of(&s), *u;
	int fd = dup(stick_fd(t));

	assert_true(stick_layout(&s) != 0);
	u = stick_map_any(&o, fd);
	assert_non_null(u);
	assert_true(o.type == SK_STRING && o.key_len == 20 && o.size == 100 && o.store[SD_HTTP_REQ_RATE].period == 10000);
	assert_true(stick_layout(&s) == stick_layout(&o));
	stick_unmap(u);
	o.store[SD_GPC0].n = 0;
	assert_true(stick_layout(&s) != stick_layout(&o));
	int odd = memfd_create("odd", 0);

	assert_int_equal(ftruncate(odd, 1 << 20), 0);
	assert_null(stick_map_any(&o, odd));
	close(odd);
	stick_unmap(t);
}

TEST(what_fits_is_copied_into_another_layout)
{
	struct rt_table s = spec_of(SK_INTEGER, 4, 100, 0), o = s;
	struct stick_table *t = table_of(&s), *u;

	for (uint32_t k = 0; k < 50; k++)
		count(t, k, k + 1, 1000);
	o.size = 1000;
	o.store[SD_HTTP_REQ_CNT].n = 0;
	o.store[SD_GPT0].n = 1;
	u = table_of(&o);
	stick_copy(u, t, 1500);
	assert_int_equal(stick_used(u), 50);
	assert_int_equal(value_of(u, 41, SD_GPC0, 1500), 42);
	assert_int_equal(value_of(u, 41, SD_HTTP_REQ_RATE, 1500), 42);
	assert_int_equal(value_of(u, 41, SD_GPT0, 1500), 0);
	stick_unmap(u);
	stick_unmap(t);
}

TEST(another_key_type_takes_over_nothing)
{
	struct rt_table s = spec_of(SK_INTEGER, 4, 100, 0), o = spec_of(SK_IP, 4, 100, 0);
	struct stick_table *t = table_of(&s), *u = table_of(&o);

	count(t, 1, 1, 1);
	stick_copy(u, t, 1);
	assert_int_equal(stick_used(u), 0);
	stick_unmap(u);
	stick_unmap(t);
}

TEST(a_table_that_is_taught_learns_tags_and_no_counts)
{
	struct rt_table s = spec_of(SK_INTEGER, 4, 100, 0), o;
	struct stick_at at;

	s.store[SD_GPT0].n = s.store[SD_SERVER_ID].n = 1;
	s.store[SD_GPT].n = 2;
	o = s;
	o.store[SD_GPT].n = 1;
	o.expire = 1000;
	struct stick_table *t = table_of(&s), *u = table_of(&o);

	for (uint32_t k = 0; k < 50; k++) {
		count(t, k, 7, 1000);
		assert_true(stick_open(t, num_key(&k), false, 1000, &at));
		stick_set(&at, SD_GPT0, 0, k + 1, 1000);
		stick_set(&at, SD_SERVER_ID, 0, k % 3, 1000);
		stick_set(&at, SD_GPT, 0, k + 5, 1000);
		stick_close(&at);
	}
	count(u, 41, 2, 1000); /* it is there already */
	count(u, 99, 3, 1000);
	stick_teach(u, t, 1900);
	assert_int_equal(stick_used(u), 51);
	for (uint32_t k = 0; k < 50; k++) {
		assert_int_equal(value_of(u, k, SD_GPT0, 1900), k + 1);
		assert_int_equal(value_of(u, k, SD_SERVER_ID, 1900), k % 3);
		assert_int_equal(value_of(u, k, SD_GPT, 1900), k + 5);
		assert_int_equal(value_of(u, k, SD_GPC0, 1900), k == 41 ? 2 : 0);
		assert_int_equal(value_of(u, k, SD_HTTP_REQ_CNT, 1900), k == 41 ? 2 : 0);
	}
	assert_int_equal(value_of(u, 41, SD_GPC0, 2500), 2); /* it lives on from then */
	uint32_t k = 99;
	assert_false(stick_open(u, num_key(&k), false, 2500, &at));
	stick_unmap(u);
	stick_unmap(t);
}

TEST(a_large_empty_table_takes_hardly_any_memory)
{
	struct rt_table s = spec_of(SK_IP, 4, 10000000, 0);
	struct stick_table *t = table_of(&s);

	assert_non_null(t);
	stick_unmap(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_process_maps_the_same_table),
		cmocka_unit_test(expiry_and_nopurge_do_not_belong_to_the_layout),
		cmocka_unit_test(another_layout_is_refused),
		cmocka_unit_test(a_table_tells_its_layout),
		cmocka_unit_test(what_fits_is_copied_into_another_layout),
		cmocka_unit_test(another_key_type_takes_over_nothing),
		cmocka_unit_test(a_table_that_is_taught_learns_tags_and_no_counts),
		cmocka_unit_test(a_large_empty_table_takes_hardly_any_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
