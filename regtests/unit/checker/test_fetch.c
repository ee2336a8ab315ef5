// SPDX-License-Identifier: GPL-3.0-or-later
/* Requests that the leader has made: where they go, and what is told of them. */
#include <sys/mman.h>
#include <sys/socket.h>
#include <sluice/ipc/msg.h>
#include "checker_fixture.h"
#include "no_dns.h"

static dns_done_fn *asked;
static void *asked_arg;
static char name_asked[64];
static unsigned resolvers_asked; /* index + 1 */

static bool note(struct str name, unsigned resolvers, dns_done_fn *done, void *arg)
{
	asked = done, asked_arg = arg, resolvers_asked = resolvers;
	snprintf(name_asked, sizeof(name_asked), STR_FMT, STR_ARG(name));
	return true;
}
bool dns_ask(uint32_t r, struct str name, dns_done_fn *done, void *arg) { return note(name, r + 1, done, arg); }
bool dns_ask_srv(uint32_t r UNUSED, struct str label UNUSED, dns_done_fn *done UNUSED, void *arg UNUSED) { return false; }
bool dns_ask_system(struct str name, dns_done_fn *done, void *arg) { return note(name, 0, done, arg); }

static int leader;
static uint16_t port;
static int listener;
static struct rt_resolvers section;

static void begin(struct fx *f)
{
	struct addr a = { .family = AF_INET, .in4.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = a.in4 };
	socklen_t len = sizeof(at);
	int sv[2];

	fx_init(f, 1);
	assert_int_equal(ipc_pair(sv), 0);
	leader = sv[0];
	f->ck.ctl = sv[1];
	f->rt.resolvers = &section;
	f->rt.nresolvers = 1;
	fx_words(f);
	fx_fleet(f);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(listener, 4), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
	port = ntohs(at.sin_port);
	asked = NULL;
}

static void over(struct fx *f)
{
	fetch_end();
	close(listener);
	close(leader);
	close(f->ck.ctl);
	fx_close(f);
}

static void want(struct fx *f, const char *host, uint32_t resolvers, unsigned prefer, uint32_t ticket)
{
	static const char text[] = "GET / HTTP/1.0\r\n\r\n";
	struct ipc_fetch q = { .resolvers = resolvers, .prefer = (uint8_t)prefer, .port = port };
	struct ipc_msg m = { .type = IPC_CHK_FETCH, .arg = ticket, .num = sizeof(q) + sizeof(text) - 1 };
	int fd = memfd_create("request", MFD_CLOEXEC);

	strcpy(q.host, host);
	assert_int_equal(pwrite(fd, &q, sizeof(q), 0), sizeof(q));
	assert_int_equal(pwrite(fd, text, sizeof(text) - 1, sizeof(q)), sizeof(text) - 1);
	fetch_begin(&f->ck, &m, fd);
	close(fd);
}

/* The server takes the request and says this. */
static void serve(const char *answer)
{
	char buf[256];
	int fd = -1;
	ssize_t n = -1;

	RUN_UNTIL((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0);
	RUN_UNTIL((n = read(fd, buf, sizeof(buf))) > 0);
	assert_memory_equal(buf, "GET / ", 6);
	assert_true(write(fd, answer, strlen(answer)) > 0);
	close(fd);
}

static bool told(struct ipc_msg *m, int *fd) { return ipc_recv(leader, ROLE_LEADER, ROLE_CHECKER, m, fd) == 1; }

/* What the leader hears: "ok body" or "failed why", behind the ticket. */
static const char *verdict(void)
{
	static char text[300];
	char body[200] = "";
	struct ipc_msg m;
	int fd = -1;

	RUN_UNTIL(told(&m, &fd));
	assert_int_equal(m.type, IPC_CHK_FETCHED);
	assert_true(m.num < sizeof(body) && pread(fd, body, m.num, 0) == (ssize_t)m.num);
	close(fd);
	snprintf(text, sizeof(text), "%u %s %s", m.arg >> 1, m.arg & 1 ? "ok" : "failed", body);
	return text;
}

static void answer(enum dns_status st, const char *a, const char *b)
{
	struct dns_answer ans = { .status = (uint8_t)st };

	if (a)
		assert_true(addr_parse_ip(&ans.at[ans.n++], str_c(a)));
	if (b)
		assert_true(addr_parse_ip(&ans.at[ans.n++], str_c(b)));
	asked(asked_arg, &ans);
}

static void an_address_needs_nobody_to_be_asked(void **s)
{
	(void)s;
	struct fx f;

	begin(&f);
	want(&f, "127.0.0.1", 1, 0, 7);
	assert_null(asked);
	serve("HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nbody and more");
	assert_string_equal(verdict(), "7 ok body");
	over(&f);
}

static void a_name_is_asked_of_its_section_or_of_the_machine(void **s)
{
	(void)s;
	struct fx f;

	begin(&f);
	want(&f, "ocsp.test", 1, 0, 1);
	assert_int_equal(resolvers_asked, 1);
	assert_string_equal(name_asked, "ocsp.test");
	want(&f, "ocsp.test", 0, 0, 2);
	assert_int_equal(resolvers_asked, 0);
	answer(DNS_VALID, "127.0.0.1", NULL);
	serve("HTTP/1.0 200 OK\r\n\r\nto the end");
	assert_string_equal(verdict(), "2 ok to the end");
	over(&f);
}

static void a_name_that_nobody_knows_and_a_section_that_is_not_there_are_failures(void **s)
{
	(void)s;
	struct fx f;
	struct ipc_msg m;
	int fd;

	begin(&f);
	want(&f, "ocsp.test", 0, 0, 3);
	answer(DNS_NX, NULL, NULL);
	assert_string_equal(verdict(), "3 failed the name of the host is not known");
	asked = NULL;
	want(&f, "ocsp.test", 2, 0, 4);
	assert_null(asked);
	assert_false(told(&m, &fd));
	over(&f);
}

static void the_next_address_is_tried_when_one_takes_no_connection(void **s)
{
	(void)s;
	struct fx f;

	begin(&f);
	want(&f, "ocsp.test", 0, 0, 5);
	answer(DNS_VALID, "255.255.255.255", "127.0.0.1");
	serve("HTTP/1.0 200 OK\r\n\r\nyes");
	assert_string_equal(verdict(), "5 ok yes");
	over(&f);
}

static void the_preferred_family_goes_first(void **s)
{
	(void)s;
	struct fx f;

	begin(&f);
	want(&f, "ocsp.test", 0, 4, 6);
	answer(DNS_VALID, "2001:db8::1", "127.0.0.1");
	serve("HTTP/1.0 404 No\r\n\r\n");
	assert_string_equal(verdict(), "6 failed status 404");
	over(&f);
}

static void an_answer_to_a_question_that_is_over_changes_nothing(void **s)
{
	(void)s;
	struct fx f;
	dns_done_fn *first;
	void *first_arg;
	struct dns_answer late = { .status = DNS_NX };

	begin(&f);
	want(&f, "a.test", 0, 0, 8);
	first = asked, first_arg = asked_arg;
	want(&f, "b.test", 0, 0, 9);
	first(first_arg, &late);
	answer(DNS_VALID, "127.0.0.1", NULL);
	serve("HTTP/1.0 200 OK\r\n\r\nb");
	assert_string_equal(verdict(), "9 ok b");
	asked(asked_arg, &late);
	over(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_needs_nobody_to_be_asked),
		cmocka_unit_test(a_name_is_asked_of_its_section_or_of_the_machine),
		cmocka_unit_test(a_name_that_nobody_knows_and_a_section_that_is_not_there_are_failures),
		cmocka_unit_test(the_next_address_is_tried_when_one_takes_no_connection),
		cmocka_unit_test(the_preferred_family_goes_first),
		cmocka_unit_test(an_answer_to_a_question_that_is_over_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
