// SPDX-License-Identifier: GPL-3.0-or-later
/* do-resolve: who is asked, what the answer does, and that nobody waits for ever. */
#include "ruled.h"
#include <sluice/ipc/msg.h>
#include "../../../src/worker/resolve.h"

#define FRONT " http-request do-resolve(txn.ip,dns,ipv4) hdr(n)\n http-request set-header X %[var(txn.ip,none)]\n"
#define DNS RULED_BACK "resolvers dns\n nameserver a 127.0.0.1:53\n timeout retry 1s\n resolve_retries 3\n"

static int leader[2];

static void open_with(struct ruled *r)
{
	ruled_open(r, FRONT, DNS);
	assert_int_equal(ipc_pair(leader), 0);
	r->h.ctl = leader[1];
}

static void done(struct ruled *r)
{
	ruled_close(r);
	close(leader[0]);
	close(leader[1]);
}

static struct ipc_msg asked(const char *name)
{
	struct ipc_msg m;
	int fd;
	struct ipc_name n;

	assert_int_equal(ipc_recv(leader[0], ROLE_LEADER, ROLE_WORKER, &m, &fd), 1);
	memcpy(&n, m.data, sizeof(n));
	assert_string_equal(n.text, name);
	assert_int_equal(n.family, 4);
	return m;
}

/* The answer comes as from the leader; the stream of a test does not run by itself. */
static void answer(struct stream *s, uint64_t ticket, const char *ip)
{
	struct ipc_msg m = { .num = ticket };
	struct ipc_resolved v = { 0 };
	struct addr a;

	if (ip) {
		assert_true(addr_parse_ip(&a, str_c(ip)));
		ipc_resolved_pack(&v, &a);
	}
	memcpy(m.data, &v, sizeof(v));
	resolve_answered(&m);
	while (s->step < ST_PICK && strm_step(s) == STEP_NEXT)
		;
}

TEST(a_name_is_asked_for_and_its_address_becomes_the_variable)
{
	struct ruled r;

	open_with(&r);
	struct stream *s = ASK(&r, "http://h/", "--header", "N: shop.test");
	struct ipc_msg m = asked("shop.test");

	assert_int_equal(s->step, ST_REQ_RULES);
	answer(s, m.num + 1, "10.0.0.1"); /* to somebody else */
	assert_int_equal(s->step, ST_REQ_RULES);
	answer(s, m.num, "10.0.0.9");
	assert_string_equal(ruled_hdr(&s->req, "x"), "10.0.0.9");
	done(&r);
}

TEST(a_name_that_leads_nowhere_leaves_the_variable_alone)
{
	struct ruled r;

	open_with(&r);
	struct stream *s = ASK(&r, "http://h/", "--header", "N: gone.test");

	answer(s, asked("gone.test").num, NULL);
	assert_string_equal(ruled_hdr(&s->req, "x"), "none");
	done(&r);
}

TEST(an_address_needs_no_asking_and_nothing_is_no_name)
{
	struct ruled r;
	struct ipc_msg m;
	int fd;

	open_with(&r);
	assert_string_equal(ruled_outcome(ASK(&r, "http://h/", "--header", "N: 192.0.2.3")), "192.0.2.3");
	assert_string_equal(ruled_outcome(ASK(&r, "http://h/")), "none");
	assert_int_not_equal(ipc_recv(leader[0], ROLE_LEADER, ROLE_WORKER, &m, &fd), 1);
	done(&r);
}

TEST(the_rules_go_on_when_the_section_would_have_given_up)
{
	struct ruled r;

	open_with(&r);
	struct stream *s = ASK(&r, "http://h/", "--header", "N: slow.test");

	assert_in_range(s->hold_until, clock_ms() + 7000, clock_ms() + 8000);
	s->hold_until = clock_ms();
	while (s->step < ST_PICK && strm_step(s) == STEP_NEXT)
		;
	assert_string_equal(ruled_hdr(&s->req, "x"), "none");
	assert_int_equal(s->resolving, 0);
	done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_asked_for_and_its_address_becomes_the_variable),
		cmocka_unit_test(a_name_that_leads_nowhere_leaves_the_variable_alone),
		cmocka_unit_test(an_address_needs_no_asking_and_nothing_is_no_name),
		cmocka_unit_test(the_rules_go_on_when_the_section_would_have_given_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
