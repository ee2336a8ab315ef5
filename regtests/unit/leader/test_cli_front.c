// SPDX-License-Identifier: GPL-3.0-or-later
/* Frontends opened, closed and limited at run time, and limits of the process. */
#include "cli_fixture.h"

static int setup(void **state UNUSED)
{
	cli_fx_open("global\n maxconn 1000\n" PLAIN "frontend f\n maxconn 20\n bind 127.0.0.1:1\n default_backend b\nbackend b\n server s 192.0.2.1:80\n");
	return 0;
}

static int teardown(void **state UNUSED)
{
	cli_fx_close();
	return 0;
}

static uint32_t fe(void) { return (uint32_t)(rt_find_backend(l.rt, STR("b")) == l.rt->px); }

TEST(a_frontend_is_closed_and_opened_and_shut_down_once)
{
	SAYS("enable frontend f", "All sockets are already enabled.\n");
	SAYS("disable frontend f", "");
	assert_int_equal(l.seg->be[fe()].fe_state, FE_DISABLED);
	SAYS("disable frontend f", "All sockets are already disabled.\n");
	SAYS("enable frontend f", "");
	assert_int_equal(l.seg->be[fe()].fe_state, FE_OPEN);
	SAYS("shutdown frontend f", "");
	assert_int_equal(l.seg->be[fe()].fe_state, FE_SHUT);
	SAYS("shutdown frontend f", "Frontend was already shut down.\n");
	SAYS("enable frontend f", "Frontend was previously shut down, cannot enable.\n");
	SAYS("disable frontend f", "Frontend was previously shut down, cannot disable.\n");
	assert_int_equal(l.seg->be[fe()].fe_state, FE_SHUT);
}

TEST(a_frontends_limit_goes_and_comes_back)
{
	SAYS("set maxconn frontend f 5", "");
	assert_int_equal(l.seg->be[fe()].fe_maxconn, 5);
	SAYS("set maxconn frontend f 0", "");
	assert_int_equal(l.seg->be[fe()].fe_maxconn, 20);
	SAYS("set maxconn frontend f", "Integer value expected.\n");
	SAYS("set maxconn frontend f -1", "Integer value expected.\n");
	SAYS("set maxconn frontend f 2147483648", "Integer value expected.\n");
	SAYS("set maxconn frontend b 5", "No such frontend.\n");
}

TEST(the_process_takes_no_more_than_it_has_room_for)
{
	SAYS("set maxconn global 10", "");
	assert_int_equal(l.seg->h->maxconn, 10);
	SAYS("set maxconn global 1001", "Value out of range.\n");
	SAYS("set maxconn global x", "Value out of range.\n");
	SAYS("set maxconn global", "Expects an integer value.\n");
	assert_int_equal(l.seg->h->maxconn, 10);
	SAYS("set maxconn global 0", "");
	assert_int_equal(l.seg->h->maxconn, 1000);
}

TEST(each_rate_has_a_limit_of_its_own)
{
	SAYS("set rate-limit connections global 1", "");
	SAYS("set rate-limit sessions global 2", "");
	SAYS("set rate-limit ssl-sessions global 3", "");
	assert_int_equal(l.seg->h->conn_rate, 1);
	assert_int_equal(l.seg->h->sess_rate, 2);
	assert_int_equal(l.seg->h->ssl_rate, 3);
	SAYS("set rate-limit sessions global", "Integer value expected.\n");
	SAYS("set rate-limit sessions global x", "Value out of range.\n");
	HAS("set rate-limit sessions f 3", "'set rate-limit' only supports");
	HAS("set rate-limit requests global 3", "'set rate-limit' only supports");
	assert_int_equal(l.seg->h->sess_rate, 2);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_frontend_is_closed_and_opened_and_shut_down_once),
		T(a_frontends_limit_goes_and_comes_back),
		T(the_process_takes_no_more_than_it_has_room_for),
		T(each_rate_has_a_limit_of_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
