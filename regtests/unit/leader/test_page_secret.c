// SPDX-License-Identifier: GPL-3.0-or-later
/* The secret of forms: the same over reloads, another one when there is none. */
#include <sys/mman.h>
#include "inherit.h"

static const uint8_t none[16];

static struct leader opened(struct ipc_fd_entry *entry, int ctl)
{
	struct leader l = { .ctl = ctl, .secret_fd = -1 };
	struct inherited in = finds(entry);

	assert_true(page_secret_open(&l, &in));
	return l;
}

TEST(a_later_leader_has_the_secret_of_the_first)
{
	int ctl = master_open();
	struct ipc_fd_entry kept = { .fd = -1 }, again = { .fd = -1 };
	struct leader first = opened(NULL, ctl);

	assert_int_equal(told(&kept), IPC_LISTENER);
	assert_memory_not_equal(first.secret, none, sizeof(none));
	close(first.secret_fd);
	struct leader second = opened(&kept, ctl);
	assert_int_equal(told(&again), IPC_LISTENER_KEPT);
	assert_memory_equal(first.secret, second.secret, sizeof(none));
	/* and shows it to a master that is new */
	assert_true(page_secret_show(&second));
	assert_int_equal(told(&again), IPC_LISTENER);
	close(second.secret_fd);
	close(again.fd);
	master_close(ctl);
}

TEST(two_that_know_nothing_of_each_other_have_different_ones)
{
	int ctl = master_open();
	struct ipc_fd_entry a = { .fd = -1 }, b = { .fd = -1 };
	struct leader first = opened(NULL, ctl), second = opened(NULL, ctl);

	told(&a), told(&b);
	assert_memory_not_equal(first.secret, second.secret, sizeof(none));
	close(a.fd), close(b.fd), close(first.secret_fd), close(second.secret_fd);
	master_close(ctl);
}

TEST(one_that_cannot_be_read_is_made_anew)
{
	int ctl = master_open();
	struct ipc_fd_entry kept = { .fd = -1 };
	struct leader first = opened(NULL, ctl);

	told(&kept);
	assert_int_equal(ftruncate(kept.fd, 3), 0);
	struct leader second = opened(&kept, ctl);
	assert_int_equal(told(&kept), IPC_LISTENER);
	assert_memory_not_equal(second.secret, none, sizeof(none));
	close(first.secret_fd), close(second.secret_fd), close(kept.fd);
	master_close(ctl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_later_leader_has_the_secret_of_the_first),
		cmocka_unit_test(two_that_know_nothing_of_each_other_have_different_ones),
		cmocka_unit_test(one_that_cannot_be_read_is_made_anew),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
