// SPDX-License-Identifier: GPL-3.0-or-later
/* Actions that change maps: what the leader is asked, what needs no asking, and how long rules wait for it. */
#include "ruled.h"
#include <sluice/ipc/msg.h>
#include "../../../src/worker/patterns.h"

static char path[] = "/tmp/actmap.XXXXXX";
static int leader[2];

/* Lines of the frontend with the map's name in place of @. */
static void open_with(struct ruled *r, const char *lines)
{
	char front[2048], *to = front;

	for (const char *p = lines; *p; p++)
		to += *p == '@' ? sprintf(to, "%s", path) : (*to = *p, 1);
	*to = '\0';
	ruled_open(r, front, NULL);
	for (struct pat_file *f = r->c.rt->patterns.first; f; f = f->next)
		assert_true(pat_file_build(f));
	assert_int_equal(ipc_pair(leader), 0);
	r->h.ctl = leader[1];
}

/* The next order as "kind key=value", "-" for none; its ticket. */
static const char *ordered(uint64_t *ticket)
{
	static char text[256];
	struct ipc_msg m;
	int fd;
	struct ipc_pat_order o;

	if (ipc_recv(leader[0], ROLE_LEADER, ROLE_WORKER, &m, &fd) != 1)
		return "-";
	memcpy(&o, m.data, sizeof(o));
	*ticket = m.num;
	snprintf(text, sizeof(text), "%u %.*s=%.*s", o.kind, o.klen, o.text, o.vlen, o.text + o.klen);
	return text;
}

static void done(struct ruled *r)
{
	ruled_close(r);
	close(leader[0]);
	close(leader[1]);
}

static void go_on(struct stream *s)
{
	while (s->step < ST_PICK && strm_step(s) == STEP_NEXT)
		;
}

TEST(a_change_is_an_order_and_the_rules_wait_until_it_is_carried_out)
{
	struct ruled r;
	uint64_t ticket = 0;
	char want[64];

	open_with(&r, " http-request set-map(@) %[hdr(k)] v-%[path]\n http-request set-header X on\n");
	struct stream *s = ASK(&r, "http://h/p", "--header", "K: new");

	snprintf(want, sizeof(want), "%u new=v-/p", PAT_ORDER_SET);
	assert_string_equal(ordered(&ticket), want);
	assert_int_equal(s->step, ST_REQ_RULES);
	patterns_obeyed(ticket - 1);
	go_on(s);
	assert_int_equal(s->step, ST_REQ_RULES);
	patterns_obeyed(ticket);
	go_on(s);
	assert_string_equal(ruled_hdr(&s->req, "x"), "on");
	done(&r);
}

TEST(a_leader_that_does_not_answer_holds_rules_up_for_a_while_only)
{
	struct ruled r;
	uint64_t ticket;

	open_with(&r, " http-request set-map(@) new v\n http-request set-header X on\n");
	struct stream *s = ASK(&r, "http://h/p");

	assert_string_not_equal(ordered(&ticket), "-");
	assert_in_range(s->pat_until, clock_ms() + 500, clock_ms() + 1000);
	s->pat_until = clock_ms();
	go_on(s);
	assert_string_equal(ruled_hdr(&s->req, "x"), "on");
	done(&r);
}

TEST(what_is_so_already_needs_no_order)
{
	struct ruled r;
	uint64_t ticket;

	open_with(&r, " http-request set-map(@) a 1 if { path /set }\n http-request del-map(@) none if { path /del }\n"
		      " http-request set-map(@) %[hdr(none)] 1 if { path /empty }\n http-request set-map(@) %[urlp(k),url_dec] 1 if { path /ctl }\n"
		      " http-request set-header X on\n");
	assert_string_equal(ruled_outcome(ASK(&r, "http://h/set")), "on");
	assert_string_equal(ruled_outcome(ASK(&r, "http://h/del")), "on");
	assert_string_equal(ruled_outcome(ASK(&r, "http://h/empty")), "on");
	assert_string_equal(ordered(&ticket), "-");
	done(&r);
}

TEST(without_a_leader_rules_go_on)
{
	struct ruled r;

	open_with(&r, " http-request del-map(@) a\n http-request set-header X on\n");
	r.h.ctl = -1;
	assert_string_equal(ruled_outcome(ASK(&r, "http://h/")), "on");
	done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_is_an_order_and_the_rules_wait_until_it_is_carried_out),
		cmocka_unit_test(a_leader_that_does_not_answer_holds_rules_up_for_a_while_only),
		cmocka_unit_test(what_is_so_already_needs_no_order),
		cmocka_unit_test(without_a_leader_rules_go_on),
	};
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, "a 1\nb 2\n", 8) != 8)
		return 1;
	close(fd);
	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	unlink(path);
	return rc;
}
