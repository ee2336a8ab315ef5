// SPDX-License-Identifier: GPL-3.0-or-later
/* Questions for names: whose answer it is, and answers that nobody waits for any more. */
#include <unistd.h>
#include <sluice/base/rand.h>
#include <sluice/ipc/msg.h>
#include "fake_req.h"
#include "../../../src/worker/resolve.h"

#define SLOTS 1024u

static int leader;

static int open_asker(void **state)
{
	int sv[2];

	open_world(state);
	rand_seed_fixed(1);
	assert_int_equal(ipc_pair(sv), 0);
	leader = sv[0];
	w.h.ctl = sv[1];
	w.h.slot = 5;
	w.s.running = true; /* a wake is noted, no step runs */
	return 0;
}

static int close_asker(void **state)
{
	resolve_forget(&w.s);
	close(leader);
	close(w.h.ctl);
	return close_world(state);
}

/* The question that the leader gets; its ticket. */
static uint64_t asked(const char *name, unsigned family)
{
	struct ipc_msg m;
	struct ipc_name n;
	int fd;

	assert_int_equal(ipc_recv(leader, ROLE_LEADER, ROLE_WORKER, &m, &fd), 1);
	assert_int_equal(m.type, IPC_RESOLVE);
	assert_int_equal(m.arg, 3);
	memcpy(&n, m.data, sizeof(n));
	assert_string_equal(n.text, name);
	assert_int_equal(n.family, family);
	assert_int_equal(n.worker, 5);
	return m.num;
}

static void tell(uint64_t ticket, const char *ip)
{
	struct ipc_msg m = { .type = IPC_RESOLVE_DONE, .num = ticket };
	struct ipc_resolved r;
	struct addr a = { 0 };

	if (ip)
		assert_true(addr_parse_ip(&a, str_c(ip)));
	ipc_resolved_pack(&r, &a);
	memcpy(m.data, &r, sizeof(r));
	resolve_answered(&m);
}

TEST(an_answer_wakes_who_has_asked)
{
	struct addr a;

	assert_true(resolve_ask(&w.s, 3, 4, STR("a.test")));
	uint64_t t = asked("a.test", 4);
	assert_false(resolve_answer(&w.s, &a));
	tell(t, "192.0.2.1");
	assert_true(w.s.again);
	assert_true(resolve_answer(&w.s, &a));
	assert_int_equal(a.in4.s_addr, htonl(0xc0000201));
	/* the first one counts */
	tell(t, "192.0.2.2");
	assert_true(resolve_answer(&w.s, &a));
	assert_int_equal(a.in4.s_addr, htonl(0xc0000201));
}

TEST(a_name_that_leads_nowhere_is_an_answer_too)
{
	struct addr a;

	assert_true(resolve_ask(&w.s, 3, 6, STR("a.test")));
	tell(asked("a.test", 6), NULL);
	assert_true(resolve_answer(&w.s, &a));
	assert_int_equal(a.family, AF_UNSPEC);
}

TEST(what_comes_late_or_for_somebody_else_finds_nobody)
{
	struct stream other = { .magic = STREAM_MAGIC, .running = true };
	struct addr a;

	assert_true(resolve_ask(&w.s, 3, 4, STR("a.test")));
	uint64_t t = asked("a.test", 4);
	tell(t + SLOTS, "192.0.2.1"); /* the same slot, another turn */
	tell(t ^ 1, "192.0.2.1");     /* another slot, which nobody has */
	assert_false(resolve_answer(&w.s, &a));
	resolve_forget(&w.s);
	tell(t, "192.0.2.1");
	assert_false(w.s.again);
	assert_false(resolve_answer(&w.s, &a));
	/* the next one in the same slot is not answered with what was meant for the first */
	for (unsigned i = 0; i < SLOTS; i++) {
		assert_true(resolve_ask(&other, 3, 4, STR("b.test")));
		uint64_t u = asked("b.test", 4);
		assert_int_not_equal(u, t);
		tell(t, "192.0.2.1");
		assert_false(resolve_answer(&other, &a));
		resolve_forget(&other);
	}
}

TEST(there_is_an_end_of_questions_and_of_names)
{
	static struct stream many[SLOTS];
	char name[105];

	memset(name, 'x', sizeof(name));
	assert_false(resolve_ask(&w.s, 3, 4, str_n(name, 104)));
	assert_false(resolve_ask(&w.s, 3, 4, STR("")));
	assert_true(resolve_ask(&w.s, 3, 4, str_n(name, 103)));
	name[103] = '\0';
	(void)asked(name, 4);
	resolve_forget(&w.s);
	for (unsigned i = 0; i < SLOTS; i++) {
		assert_true(resolve_ask(&many[i], 3, 4, STR("a.test")));
		(void)asked("a.test", 4);
	}
	assert_false(resolve_ask(&w.s, 3, 4, STR("a.test")));
	assert_int_equal(w.s.resolving, 0);
	resolve_forget(&many[500]);
	assert_true(resolve_ask(&w.s, 3, 4, STR("a.test")));
	(void)asked("a.test", 4);
	for (unsigned i = 0; i < SLOTS; i++)
		resolve_forget(&many[i]);
}

#define TA(f) cmocka_unit_test_setup_teardown(f, open_asker, close_asker)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TA(an_answer_wakes_who_has_asked), TA(a_name_that_leads_nowhere_is_an_answer_too),
		TA(what_comes_late_or_for_somebody_else_finds_nobody), TA(there_is_an_end_of_questions_and_of_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
