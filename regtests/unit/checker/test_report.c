// SPDX-License-Identifier: GPL-3.0-or-later
/* Lines to the byte as HAProxy writes them. */
#include "checker_fixture.h"

static void verdict(struct fx *f, unsigned i, enum check_status st, unsigned code, uint32_t ms, const char *info)
{
	fleet_verdict(f->ck.t[i], st, code, ms, str_c(info));
}

static void line(unsigned i, int level, const char *want)
{
	assert_true(i < nlines);
	assert_string_equal(lines[i], want);
	assert_int_equal(levels[i], level);
}

static void open_with(struct fx *f, unsigned n)
{
	fx_init(f, n);
	fx_words(f);
	fx_fleet(f);
}

static void a_server_goes_down_and_comes_back(void **s)
{
	(void)s;
	struct fx f;

	open_with(&f, 2);
	verdict(&f, 0, CHK_L7OK, 200, 1, NULL);
	line(0, 5, "Health check for server b/s1 succeeded, reason: Layer7 check passed, code: 200, check duration: 1ms, status: 3/3 UP.");
	verdict(&f, 1, CHK_L4CON, 0, 0, "Connection refused");
	line(1, 5, "Health check for server b/s2 failed, reason: Layer4 connection problem, info: \"Connection refused\", check duration: 0ms, "
		   "status: 0/2 DOWN.");
	line(2, 1, "Server b/s2 is DOWN, reason: Layer4 connection problem, info: \"Connection refused\", check duration: 0ms. 1 active and 0 "
		   "backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.");
	verdict(&f, 1, CHK_L4OK, 0, 2, NULL);
	verdict(&f, 1, CHK_L4OK, 0, 2, NULL);
	line(3, 5, "Health check for server b/s2 succeeded, reason: Layer4 check passed, check duration: 2ms, status: 1/2 DOWN.");
	line(4, 5, "Health check for server b/s2 succeeded, reason: Layer4 check passed, check duration: 2ms, status: 3/3 UP.");
	line(5, 5, "Server b/s2 is UP, reason: Layer4 check passed, check duration: 2ms. 2 active and 0 backup servers online. 0 sessions "
		   "requeued, 0 total in queue.");
	assert_int_equal(nlines, 6);
	verdict(&f, 1, CHK_L4OK, 0, 9, NULL);
	assert_int_equal(nlines, 6);
	fx_close(&f);
}

static void the_last_server_takes_the_backend_with_it(void **s)
{
	(void)s;
	struct fx f;

	open_with(&f, 1);
	live_add(f.ck.seg, LIVE_SRV, 0, 1, 4);
	verdict(&f, 0, CHK_L4TOUT, 0, 2000, NULL);
	line(1, 1, "Server b/s1 is DOWN, reason: Layer4 timeout, check duration: 2000ms. 0 active and 0 backup servers left. 4 sessions active, "
		   "0 requeued, 0 remaining in queue.");
	line(2, 0, "backend b has no server available!");
	f.px.caps = PX_FE | PX_BE;
	verdict(&f, 0, CHK_L4OK, 0, 0, NULL);
	verdict(&f, 0, CHK_L4OK, 0, 0, NULL);
	nlines = 0;
	for (unsigned i = 0; i < 3; i++)
		verdict(&f, 0, CHK_L4CON, 0, 0, NULL);
	line(nlines - 1, 0, "proxy b has no server available!");
	fx_close(&f);
}

static void backups_are_named_and_counted(void **s)
{
	(void)s;
	struct fx f;

	fx_init(&f, 2);
	f.srv[1].flags |= SRVF_BACKUP;
	fx_words(&f);
	fx_fleet(&f);
	verdict(&f, 0, CHK_L7STS, 503, 3, "Service Unavailable");
	line(1, 1, "Server b/s1 is DOWN, reason: Layer7 wrong status, code: 503, info: \"Service Unavailable\", check duration: 3ms. 0 active and "
		   "1 backup servers left. Running on backup. 0 sessions active, 0 requeued, 0 remaining in queue.");
	verdict(&f, 1, CHK_L4CON, 0, 0, NULL);
	line(2, 5, "Health check for backup server b/s2 failed, reason: Layer4 connection problem, check duration: 0ms, status: 0/2 DOWN.");
	line(3, 1, "Backup Server b/s2 is DOWN, reason: Layer4 connection problem, check duration: 0ms. 0 active and 0 backup servers left. "
		   "0 sessions active, 0 requeued, 0 remaining in queue.");
	fx_close(&f);
}

static void a_404_is_a_conditional_success_and_the_server_is_stopping(void **s)
{
	(void)s;
	struct fx f;

	open_with(&f, 2);
	verdict(&f, 0, CHK_L7OKC, 404, 1, "Not Found");
	line(0, 5, "Health check for server b/s1 conditionally succeeded, reason: Layer7 check conditionally passed, code: 404, info: \"Not Found\", "
		   "check duration: 1ms, status: 3/3 UP.");
	line(1, 5, "Server b/s1 is stopping, reason: Layer7 check conditionally passed, code: 404, info: \"Not Found\", check duration: 1ms. "
		   "1 active and 0 backup servers online. 0 sessions requeued, 0 total in queue.");
	fx_close(&f);
}

static void check_lines_need_the_option_and_weight_0_reads_drain(void **s)
{
	(void)s;
	struct fx f;

	open_with(&f, 1);
	atomic_store(&f.ck.seg->srv[0].admin, srv_admin_pack(0, 0, 0));
	verdict(&f, 0, CHK_L4OK, 0, 0, NULL);
	line(0, 5, "Health check for server b/s1 succeeded, reason: Layer4 check passed, check duration: 0ms, status: 3/3 DRAIN.");
	f.px.opts = 0;
	verdict(&f, 0, CHK_L4CON, 0, 0, NULL);
	assert_int_equal(nlines, 1);
	fx_close(&f);
}

static void bytes_of_the_server_cannot_forge_a_line(void **s)
{
	(void)s;
	struct fx f;

	open_with(&f, 1);
	verdict(&f, 0, CHK_L7STS, 500, 0, "a\"b\r\nServer x is UP\x1b\xff");
	assert_non_null(strstr(lines[0], "info: \"a<22>b<0D><0A>Server x is UP<1B><FF>\""));
	fx_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_goes_down_and_comes_back),
		cmocka_unit_test(the_last_server_takes_the_backend_with_it),
		cmocka_unit_test(backups_are_named_and_counted),
		cmocka_unit_test(a_404_is_a_conditional_success_and_the_server_is_stopping),
		cmocka_unit_test(check_lines_need_the_option_and_weight_0_reads_drain),
		cmocka_unit_test(bytes_of_the_server_cannot_forge_a_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
