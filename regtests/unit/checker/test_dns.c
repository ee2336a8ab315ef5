// SPDX-License-Identifier: GPL-3.0-or-later
/* Asking nameservers: one that the test plays in the same loop, with answers made by hand. */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sluice/ipc/dns_stats.h>
#include "checker_fixture.h"
#include "../../../src/checker/dns_priv.h"

/* What the nameserver does with a question. */
enum deed { ANSWER, NX, REFUSED, MUTE, WRONG_ID, GARBAGE };

static struct ns { struct io io; enum deed deed; unsigned asked; } ns[2];
static struct rt_nameserver conf[2];
static struct rt_resolvers section;
static struct dns_answer got;
static unsigned ngot;

static size_t question_end(const unsigned char *q, size_t n)
{
	size_t at = 12;

	while (at < n && q[at])
		at += 1u + q[at];
	return at + 5;
}

static void on_question(struct io *io)
{
	static const unsigned char a[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1 };
	static const unsigned char srv[] = { 0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 60, 0, 10, 0, 1, 0, 2, 0, 80, 1, 'h', 0xc0, 12 };
	struct ns *me = CONTAINER_OF(io, struct ns, io);
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	unsigned char b[1500];
	ssize_t n = recvfrom(io->fd, b, 512, 0, (struct sockaddr *)&from, &len);

	if (n < 17 || (me->asked++, me->deed == MUTE))
		return;
	size_t end = question_end(b, (size_t)n);
	bool is_srv = b[end - 3] == 33, answers = (me->deed == ANSWER || me->deed == WRONG_ID) && (b[end - 3] == 1 || is_srv);
	size_t rr = is_srv ? sizeof(srv) : sizeof(a);

	b[2] = 0x81, b[3] = (unsigned char)(0x80 | (me->deed == NX ? 3 : me->deed == REFUSED ? 5 : 0));
	b[0] ^= me->deed == WRONG_ID;
	b[7] = answers;
	b[11] = 0; /* no additional records */
	if (answers)
		memcpy(b + end, is_srv ? srv : a, rr);
	if (me->deed == GARBAGE)
		b[7] = 9, memset(b + end, 0xc1, rr);
	(void)!sendto(io->fd, b, end + (answers || me->deed == GARBAGE ? rr : 0), 0, (struct sockaddr *)&from, len);
}

static void open_ns(struct ns *me, struct rt_nameserver *c, enum deed deed)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*me = (struct ns){ .deed = deed };
	assert_true(io_add(&me->io, fd, IO_READ, on_question));
	*c = (struct rt_nameserver){ .name = STR("ns"), .addr = { .family = AF_INET, .in4 = at.sin_addr, .port = ntohs(at.sin_port) } };
}

static void open_all(struct fx *f, enum deed first, enum deed second)
{
	fx_init(f, 1);
	open_ns(&ns[0], &conf[0], first);
	open_ns(&ns[1], &conf[1], second);
	section = (struct rt_resolvers){ .ns = conf, .nns = 2, .retries = 1, .retry = 300, .payload = 512 };
	f->rt.resolvers = &section;
	f->rt.nresolvers = 1;
	f->rt.nns = 2;
	assert_true(dns_stats_open(&f->h.dns, 2));
	assert_true(dns_open(&f->ck));
	ngot = 0;
}

static void close_all(struct fx *f)
{
	dns_close();
	dns_stats_close(&f->h.dns);
	for (unsigned i = 0; i < 2; i++) {
		io_del(&ns[i].io);
		close(ns[i].io.fd);
	}
	segment_unmap(f->ck.seg);
	loop_free();
	fx_open = false;
}

static char target[64];

static void on_done(void *arg UNUSED, const struct dns_answer *a)
{
	got = *a;
	target[0] = '\0';
	if (a->srv && a->srv->n) /* what it lies in ends with the call */
		snprintf(target, sizeof(target), STR_FMT ":%u w%u", STR_ARG(a->srv->at[0].target->name), a->srv->at[0].port, a->srv->at[0].weight);
	ngot++;
}

static bool settled(void)
{
	dns_tick();
	return ngot > 0;
}

static void ask(struct fx *f)
{
	(void)f;
	assert_true(dns_ask(0, STR("www.example.test"), on_done, NULL));
	RUN_UNTIL(settled());
	assert_int_equal(ngot, 1);
}

static uint64_t counted(struct fx *f, uint32_t n, enum dns_counter c) { return dns_counted(&f->h.dns, n, c); }

static void the_first_valid_answer_counts_whatever_others_say(void **s)
{
	(void)s;
	struct fx f;

	open_all(&f, NX, ANSWER);
	ask(&f);
	assert_int_equal(got.status, DNS_VALID);
	assert_int_equal(got.n, 1);
	assert_int_equal(got.at[0].in4.s_addr, htonl(0xc0000201));
	assert_int_equal(got.at[0].port, 0);
	assert_int_equal(counted(&f, 1, DNS_valid), 1);
	assert_int_equal(counted(&f, 0, DNS_sent), 1);
	close_all(&f);
}

static void without_one_the_failure_is_told(void **s)
{
	(void)s;
	static const struct { enum deed a, b; enum dns_status want; } t[] = {
		{ NX, NX, DNS_NX }, { REFUSED, REFUSED, DNS_REFUSED }, { GARBAGE, GARBAGE, DNS_OTHER },
	};

	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		struct fx f;

		open_all(&f, t[i].a, t[i].b);
		ask(&f);
		assert_int_equal(got.status, t[i].want);
		assert_int_equal(got.n, 0);
		close_all(&f);
	}
}

static void answers_with_wrong_ids_are_no_answers(void **s)
{
	(void)s;
	struct fx f;

	open_all(&f, WRONG_ID, MUTE);
	ask(&f);
	assert_int_equal(got.status, DNS_TIMEOUT);
	assert_int_equal(counted(&f, 0, DNS_timeout), 1);
	assert_int_equal(counted(&f, 1, DNS_timeout), 1);
	close_all(&f);
}

static void the_machine_knows_itself_whatever_the_nameservers_of_sections_say(void **s)
{
	(void)s;
	struct fx f;

	open_all(&f, NX, NX);
	assert_true(dns_ask_system(STR("localhost"), on_done, NULL));
	RUN_UNTIL(settled());
	assert_int_equal(got.status, DNS_VALID);
	assert_true(got.n > 0 && addr_is_loopback(&got.at[0]));
	assert_true(dns_ask_system(STR("localhost"), on_done, NULL)); /* a new look, the former is over */
	RUN_UNTIL(ngot == 2);
	assert_int_equal(ns[0].asked + ns[1].asked, 0);
	close_all(&f);
}

static void records_of_a_label_are_asked_for_and_broken_ones_are_a_failure(void **s)
{
	(void)s;
	static const struct { enum deed deed; const char *target; } t[] = {
		{ ANSWER, "h._x._tcp.test:80 w2" }, { GARBAGE, "" }, { NX, "" },
	};

	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		struct fx f;

		open_all(&f, t[i].deed, MUTE);
		section.retry = 100;
		assert_true(dns_ask_srv(0, STR("_x._tcp.test"), on_done, NULL));
		RUN_UNTIL(settled());
		assert_int_equal(counted(&f, 0, DNS_invalid), t[i].deed == GARBAGE);
		assert_int_equal(got.status, t[i].deed == ANSWER ? DNS_VALID : DNS_TIMEOUT); /* the last failure counts */
		assert_string_equal(target, t[i].target);
		assert_int_equal(ns[0].asked, 1);
		close_all(&f);
	}
}

static void questions_that_are_open_at_the_end_are_forgotten(void **s)
{
	(void)s;
	struct fx f;

	open_all(&f, MUTE, MUTE);
	assert_true(dns_ask(0, STR("www.example.test"), on_done, NULL));
	close_all(&f);
	assert_int_equal(ngot, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_valid_answer_counts_whatever_others_say),
		cmocka_unit_test(without_one_the_failure_is_told),
		cmocka_unit_test(answers_with_wrong_ids_are_no_answers),
		cmocka_unit_test(the_machine_knows_itself_whatever_the_nameservers_of_sections_say),
		cmocka_unit_test(records_of_a_label_are_asked_for_and_broken_ones_are_a_failure),
		cmocka_unit_test(questions_that_are_open_at_the_end_are_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
