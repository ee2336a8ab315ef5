// SPDX-License-Identifier: GPL-3.0-or-later
/* Counters of nameservers in shared memory. */
#include "../unit.h"
#include <sys/wait.h>
#include <unistd.h>
#include <sluice/ipc/dns_stats.h>

TEST(what_a_child_counts_the_parent_reads)
{
	struct dns_stats d;

	assert_true(dns_stats_open(&d, 2));
	pid_t pid = fork();
	if (!pid) {
		dns_count(&d, 1, DNS_valid);
		dns_count(&d, 1, DNS_valid);
		dns_count(&d, 0, DNS_nx);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(dns_counted(&d, 1, DNS_valid), 2);
	assert_int_equal(dns_counted(&d, 0, DNS_nx), 1);
	assert_int_equal(dns_counted(&d, 0, DNS_valid), 0);
	dns_stats_close(&d);
}

TEST(without_nameservers_or_beyond_them_nothing_is_counted)
{
	struct dns_stats d;

	assert_true(dns_stats_open(&d, 0));
	dns_count(&d, 0, DNS_sent);
	assert_int_equal(dns_counted(&d, 0, DNS_sent), 0);
	dns_stats_close(&d);
	assert_true(dns_stats_open(&d, 1));
	dns_count(&d, 1, DNS_sent);
	assert_int_equal(dns_counted(&d, 1, DNS_sent), 0);
	dns_stats_close(&d);
	assert_string_equal(dns_counter_name(DNS_outdated), "outdated");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_a_child_counts_the_parent_reads),
					    cmocka_unit_test(without_nameservers_or_beyond_them_nothing_is_counted) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
