// SPDX-License-Identifier: GPL-3.0-or-later
/* `show resolvers`: counters of nameservers. */
#include <sluice/ipc/dns_stats.h>
#include "cli_fixture.h"

static int setup(void **state UNUSED)
{
	cli_fx_open("resolvers one\n nameserver a 127.0.0.1:53\n nameserver b 127.0.0.2:53\nresolvers two\n nameserver c 127.0.0.3:53\n"
		    PLAIN "backend b\n server s 192.0.2.1:80\n");
	assert_true(dns_stats_open(&l.dns, 3));
	dns_count(&l.dns, 1, DNS_sent);
	dns_count(&l.dns, 1, DNS_sent);
	dns_count(&l.dns, 2, DNS_outdated);
	return 0;
}

static int teardown(void **state UNUSED)
{
	dns_stats_close(&l.dns);
	cli_fx_close();
	return 0;
}

TEST(each_nameserver_has_its_own_in_haproxys_form)
{
	const char *text = cmd("show resolvers");

	assert_int_equal(strncmp(text, "Resolvers section one\n nameserver a:\n  sent:        0\n  snd_error:   0\n", 67), 0);
	assert_non_null(strstr(text, " nameserver b:\n  sent:        2\n"));
	assert_non_null(strstr(text, "Resolvers section two\n nameserver c:\n  sent:        0\n"));
	assert_non_null(strstr(text, "  too_big:     0\n  truncated:   0\n  outdated:    1\n"));
}

TEST(one_section_can_be_chosen)
{
	HAS_NOT("show resolvers two", "section one");
	HAS("show resolvers two", "Resolvers section two\n");
	SAYS("show resolvers three", "Can't find that resolvers section\n");
}

TEST(json_has_a_row_for_each_nameserver)
{
	const char *text = run("show resolvers", true);

	assert_non_null(strstr(text, "{\"resolvers\":\"one\",\"nameserver\":\"b\",\"sent\":2,"));
	assert_non_null(strstr(text, "{\"resolvers\":\"two\",\"nameserver\":\"c\",\"sent\":0,"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_nameserver_has_its_own_in_haproxys_form),
		T(one_section_can_be_chosen),
		T(json_has_a_row_for_each_nameserver),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
