// SPDX-License-Identifier: GPL-3.0-or-later
/* Names that workers ask for: what is answered at once, what is asked, what is kept. */
#include <sluice/ipc/msg.h>
#include "checker_fixture.h"
#include "no_dns.h"

static dns_done_fn *asked;
static void *asked_arg;
static unsigned nasked;
static bool nobody;

bool dns_ask_srv(uint32_t r UNUSED, struct str label UNUSED, dns_done_fn *done UNUSED, void *arg UNUSED) { return false; }
bool dns_ask_system(struct str name UNUSED, dns_done_fn *done UNUSED, void *arg UNUSED) { return false; }
bool dns_ask(uint32_t resolvers UNUSED, struct str name UNUSED, dns_done_fn *done, void *arg)
{
	asked = done, asked_arg = arg;
	nasked++;
	return !nobody;
}

static struct rt_resolvers sections[2];
static int leader;

static void open_asked(struct fx *f)
{
	int sv[2];

	fx_init(f, 1);
	assert_int_equal(ipc_pair(sv), 0);
	leader = sv[0];
	f->ck.ctl = sv[1];
	sections[0] = sections[1] = (struct rt_resolvers){ .hold = { [HOLD_VALID] = 1000 } };
	f->rt.resolvers = sections;
	f->rt.nresolvers = 2;
	fx_words(f);
	fx_fleet(f);
	assert_true(asked_open(&f->ck));
	nasked = 0;
	nobody = false;
}

static void close_asked(struct fx *f)
{
	asked_close();
	close(leader);
	close(f->ck.ctl);
	fx_close(f);
}

static void want(const char *name, uint32_t section, unsigned family, uint64_t ticket)
{
	struct ipc_name n = { .family = (uint8_t)family, .worker = 3 };
	struct ipc_msg m = { .type = IPC_CHK_RESOLVE, .arg = section, .num = ticket };

	strncpy(n.text, name, sizeof(n.text) - 1);
	memcpy(m.data, &n, sizeof(n));
	asked_name(&m);
}

static void answer(enum dns_status st, const char *v4, const char *v6)
{
	struct dns_answer a = { .status = (uint8_t)st };

	if (v4)
		assert_true(addr_parse_ip(&a.at[a.n++], str_c(v4)));
	if (v6)
		assert_true(addr_parse_ip(&a.at[a.n++], str_c(v6)));
	asked(asked_arg, &a);
}

/* What the worker is told: the ticket and the address, "-" for none; "" when nothing has come. */
static const char *told(void)
{
	static char text[ADDR_TEXT_MAX + 32], ip[ADDR_TEXT_MAX];
	struct ipc_resolved r;
	struct ipc_msg m;
	struct addr a;
	int fd;

	if (ipc_recv(leader, ROLE_LEADER, ROLE_CHECKER, &m, &fd) != 1)
		return "";
	assert_int_equal(m.type, IPC_NAME_FOUND);
	assert_int_equal(m.arg, 3);
	memcpy(&r, m.data, sizeof(r));
	strcpy(ip, "-");
	if (ipc_resolved_addr(&r, &a))
		ip[addr_ip_text(&a, ip)] = '\0';
	snprintf(text, sizeof(text), "%llu %s", (unsigned long long)m.num, ip);
	return text;
}

static void an_answer_goes_to_who_asked_in_the_family_that_was_preferred(void **s)
{
	(void)s;
	struct fx f;

	open_asked(&f);
	want("a.test", 0, 4, 11);
	assert_string_equal(told(), "");
	answer(DNS_VALID, "10.0.0.1", "2001:db8::1");
	assert_string_equal(told(), "11 10.0.0.1");
	want("b.test", 0, 6, 12);
	answer(DNS_VALID, "10.0.0.2", "2001:db8::2");
	assert_string_equal(told(), "12 2001:db8::2");
	want("c.test", 0, 6, 13);
	answer(DNS_VALID, "10.0.0.3", NULL);
	assert_string_equal(told(), "13 10.0.0.3");
	close_asked(&f);
}

static void a_good_answer_is_kept_for_hold_valid_a_bad_one_is_not(void **s)
{
	(void)s;
	struct fx f;

	open_asked(&f);
	want("a.test", 0, 4, 1);
	answer(DNS_VALID, "10.0.0.1", NULL);
	told();
	want("a.test", 0, 4, 2);
	assert_string_equal(told(), "2 10.0.0.1");
	assert_int_equal(nasked, 1);
	want("a.test", 1, 4, 3); /* another section may know another address */
	assert_int_equal(nasked, 2);
	answer(DNS_NX, NULL, NULL);
	assert_string_equal(told(), "3 -");
	want("a.test", 1, 4, 4);
	assert_int_equal(nasked, 3);
	answer(DNS_TIMEOUT, NULL, NULL);
	assert_string_equal(told(), "4 -");
	clock_now_ns += 1100000000;
	want("a.test", 0, 4, 5);
	assert_int_equal(nasked, 4);
	answer(DNS_VALID, "10.0.0.9", NULL);
	assert_string_equal(told(), "5 10.0.0.9");
	close_asked(&f);
}

static void what_cannot_be_asked_is_answered_at_once(void **s)
{
	(void)s;
	struct fx f;

	open_asked(&f);
	nobody = true;
	want("a.test", 0, 4, 1);
	assert_string_equal(told(), "1 -");
	want("a.test", 2, 4, 2); /* no such section: a worker gone astray */
	assert_string_equal(told(), "");
	close_asked(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_goes_to_who_asked_in_the_family_that_was_preferred),
		cmocka_unit_test(a_good_answer_is_kept_for_hold_valid_a_bad_one_is_not),
		cmocka_unit_test(what_cannot_be_asked_is_answered_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
