// SPDX-License-Identifier: GPL-3.0-or-later
/* Orders from the statistics page: what they do, and what a worker gone astray cannot do. */
#include <sys/mman.h>
#include "../unit.h"
#include <sluice/base/notice.h>
#include <sluice/health/health.h>
#include <sluice/lb/lb.h>
#include "../../../src/leader/cli_change.h"

static struct rt rt;
static struct rt_server srv[3];
static struct rt_proxy px;
static struct leader l;

static int open_leader(void **state UNUSED)
{
	for (unsigned i = 0; i < 3; i++)
		srv[i] = (struct rt_server){ .track = RT_NONE, .flags = SRVF_CHECK };
	px.name = STR("b");
	notice_quiet(true);
	rt = (struct rt){ .px = &px, .npx = 1, .srv = srv, .nsrv = 3 };
	l = (struct leader){ .rt = &rt, .seg = segment_create(1, 1, 1, 3, 0) };
	return l.seg ? 0 : -1;
}

static int close_leader(void **state UNUSED)
{
	segment_unmap(l.seg);
	return 0;
}

static void say(unsigned act, uint64_t num, uint32_t a, uint32_t b)
{
	struct ipc_msg m = { .type = IPC_SRV_ORDER, .arg = act, .num = num };
	struct ipc_srv_order o = { { a, b } };

	memcpy(m.data, &o, sizeof(o));
	order_servers(&l, &m);
}

static unsigned bits(unsigned i) { return srv_admin_bits(srv_admin_now(&l, i)); }

TEST(states_are_set_and_taken_back)
{
	say(SRVA_DRAIN, 2, 0, 2);
	assert_int_equal(bits(0), ADM_FORCED_DRAIN);
	assert_int_equal(bits(1), 0);
	assert_int_equal(bits(2), ADM_FORCED_DRAIN);
	say(SRVA_MAINT, 1, 0, 0);
	assert_int_equal(bits(0), ADM_FORCED_MAINT);
	say(SRVA_READY, 1, 0, 0);
	assert_int_equal(bits(0), 0);
}

TEST(older_words_do_the_same)
{
	say(SRVA_DISABLE, 1, 1, 0);
	assert_int_equal(bits(1), ADM_FORCED_MAINT);
	say(SRVA_ENABLE, 1, 1, 0);
	assert_int_equal(bits(1), 0);
	say(SRVA_STOP, 1, 1, 0);
	assert_int_equal(bits(1), ADM_FORCED_DRAIN);
	say(SRVA_START, 1, 1, 0);
	assert_int_equal(bits(1), 0);
}

TEST(health_is_ordered_from_the_checker)
{
	say(SRVA_HDOWN, 1, 0, 0);
	assert_int_equal(l.seg->srv[0].order & 0xff, ORDER_DOWN);
	say(SRVA_HRUNN, 1, 0, 0);
	assert_int_equal(l.seg->srv[0].order & 0xff, ORDER_UP);
	say(SRVA_DHLTH, 1, 0, 0);
	assert_true(srv_admin_flags(srv_admin_now(&l, 0)) & ADMF_NOCHECK);
	say(SRVA_EHLTH, 1, 0, 0);
	assert_false(srv_admin_flags(srv_admin_now(&l, 0)) & ADMF_NOCHECK);
}

TEST(readers_are_told_once_an_order)
{
	uint64_t before = l.seg->h->epoch_leader;

	say(SRVA_DRAIN, 2, 0, 1);
	assert_int_equal(l.seg->h->epoch_leader, before + 1);
}

TEST(numbers_out_of_range_do_nothing)
{
	say(SRVA_MAINT, 2, 3, UINT32_MAX);
	say(SRVA_MAINT, SRV_ORDER_MAX + 1, 0, 0);
	say(SRVA_COUNT, 1, 0, 0);
	say(UINT32_MAX, 1, 0, 0);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(bits(i), 0);
}

TEST(an_agent_sets_state_weight_and_limit_of_its_server_and_of_no_other)
{
	struct ipc_agent a = { .admin = AGENT_DRAIN, .weight_pct = 50, .maxconn = 9 };
	struct ipc_msg m = { .type = IPC_AGENT, .num = 0 };

	px.be.algo = lb_algo_find(STR("p2c"));
	srv[0].weight = 10;
	memcpy(m.data, &a, sizeof(a));
	order_agent(&l, &m);
	assert_int_equal(bits(0), 0); /* it has no agent */
	srv[0].flags |= SRVF_AGENT;
	order_agent(&l, &m);
	assert_int_equal(bits(0), ADM_FORCED_DRAIN);
	assert_int_equal(srv_admin_weight(srv_admin_now(&l, 0)), 5);
	assert_int_equal(srv_admin_maxconn(srv_admin_now(&l, 0)), 9);
	assert_int_equal(bits(1), 0);
	m.num = 3;
	order_agent(&l, &m);
	m.num = 1ull << 32;
	order_agent(&l, &m);
	a = (struct ipc_agent){ .admin = 77, .weight_pct = -1, .maxconn = -1 };
	memcpy(m.data, &a, sizeof(a));
	m.num = 0;
	order_agent(&l, &m);
	assert_int_equal(bits(0), ADM_FORCED_DRAIN);
}

static void say_record(uint64_t num, const char *ip, unsigned port, unsigned weight, const char *target)
{
	struct ipc_msg m = { .type = IPC_RECORD, .num = num };
	struct ipc_record r = { .port = (uint16_t)port, .weight = (uint16_t)weight };
	struct addr a = { 0 };
	int fd = memfd_create("record", MFD_CLOEXEC);

	if (ip)
		assert_true(addr_parse_ip(&a, str_c(ip)));
	ipc_resolved_pack(&r.at, &a);
	memset(r.target, 'x', sizeof(r.target)); /* not ended, unless target is shorter */
	memcpy(r.target, target, MIN(strlen(target) + 1, sizeof(r.target)));
	assert_int_equal(write(fd, &r, sizeof(r)), sizeof(r));
	order_record(&l, &m, fd);
	close(fd);
}

TEST(a_record_says_where_a_server_with_a_label_is_and_takes_it_out_of_maintenance)
{
	px.be.algo = lb_algo_find(STR("p2c"));
	say_record(0, "192.0.2.1", 8080, 9, "a.test");
	assert_int_equal(cli_place(&l, 0).addr.port, 0); /* it has no label */
	srv[0].flags |= SRVF_RESOLVE | SRVF_SRV;
	l.seg->srv[0].admin = srv_admin_pack(ADM_RESOLUTION, 5, 0);
	say_record(0, "192.0.2.1", 8080, 9, "a.test");
	struct srv_place p = cli_place(&l, 0);
	assert_int_equal(p.addr.in4.s_addr, htonl(0xc0000201));
	assert_int_equal(p.addr.port, 8080);
	assert_string_equal(p.fqdn, "a.test");
	assert_int_equal(bits(0), 0);
	assert_int_equal(srv_admin_weight(srv_admin_now(&l, 0)), 9);
	say_record(0, "192.0.2.1", 8080, IPC_RECORD_NO_WEIGHT, "b.test");
	assert_string_equal(cli_place(&l, 0).fqdn, "b.test");
	assert_int_equal(srv_admin_weight(srv_admin_now(&l, 0)), 9);
}

TEST(a_record_that_cannot_be_changes_nothing)
{
	char endless[PLACE_FQDN_MAX + 1] = { 0 };
	struct ipc_msg m = { .type = IPC_RECORD, .num = 0 };

	srv[0].flags |= SRVF_RESOLVE | SRVF_SRV;
	say_record(0, NULL, 80, 1, "a.test");
	say_record(3, "192.0.2.1", 80, 1, "a.test");
	say_record(1ull << 32, "192.0.2.1", 80, 1, "a.test");
	order_record(&l, &m, -1);
	assert_int_equal(place_seq(l.seg, 0), 0);
	memset(endless, 'x', PLACE_FQDN_MAX);
	say_record(0, "192.0.2.1", 80, 1, endless);
	assert_int_equal(strlen(cli_place(&l, 0).fqdn), PLACE_FQDN_MAX - 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, open_leader, close_leader)

int main(void)
{
	const struct CMUnitTest tests[] = { T(states_are_set_and_taken_back), T(older_words_do_the_same), T(health_is_ordered_from_the_checker),
					    T(readers_are_told_once_an_order), T(numbers_out_of_range_do_nothing),
					    T(an_agent_sets_state_weight_and_limit_of_its_server_and_of_no_other),
					    T(a_record_says_where_a_server_with_a_label_is_and_takes_it_out_of_maintenance),
					    T(a_record_that_cannot_be_changes_nothing) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
