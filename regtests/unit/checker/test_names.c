// SPDX-License-Identifier: GPL-3.0-or-later
/* Which server gets which address, and when it has none: answers are given by the test, no nameserver is asked. */
#include <sluice/ipc/msg.h>
#include <sluice/ipc/place.h>
#include "checker_fixture.h"
#include "../../../src/checker/dns_priv.h"

static dns_done_fn *asked;
static void *asked_arg;
static char name_asked[64];
static unsigned nasked;

bool dns_open(struct checker *ck UNUSED) { return true; }
void dns_close(void) {}
bool dns_ask_system(struct str name UNUSED, dns_done_fn *done UNUSED, void *arg UNUSED) { return false; }
void dns_tick(void) {}
bool dns_ask(uint32_t resolvers UNUSED, struct str name, int family UNUSED, dns_done_fn *done, void *arg)
{
	asked = done, asked_arg = arg;
	snprintf(name_asked, sizeof(name_asked), STR_FMT, STR_ARG(name));
	nasked++;
	return true;
}

static struct rt_resolvers section;
static int leader = -1;

static void open_names(struct fx *f, unsigned nsrv)
{
	int sv[2];

	fx_init(f, nsrv);
	assert_int_equal(ipc_pair(sv), 0);
	leader = sv[0];
	f->ck.ctl = sv[1];
	section = (struct rt_resolvers){ .name = STR("dns"), .resolve = 1000, .hold = { [HOLD_NX] = 5000, [HOLD_TIMEOUT] = 5000 } };
	f->rt.resolvers = &section;
	f->rt.nresolvers = 1;
	for (unsigned i = 0; i < nsrv; i++) {
		f->srv[i].flags = SRVF_RESOLVE;
		f->srv[i].host = STR("a.test");
		f->srv[i].addr = (struct addr){ .family = AF_INET, .port = 80 };
		f->o[i].resolvers = 1;
	}
	fx_words(f);
	fx_fleet(f);
	assert_true(names_init(&f->ck));
	names_go();
	nasked = 0;
	nlines = 0;
}

static void close_names(struct fx *f)
{
	names_free();
	close(leader);
	close(f->ck.ctl);
	fx_close(f);
}

static void pass_ms(uint64_t ms) { clock_now_ns += ms * 1000000; }

/* The question is asked when it is due, and answered. */
static void say(struct fx *f, enum dns_status st, const char *a, const char *b)
{
	struct dns_answer ans = { .status = (uint8_t)st, .by = STR("ns") };
	const char *const ips[] = { a, b };

	pass_ms(1000);
	asked = NULL;
	names_tick(&f->ck);
	assert_non_null(asked);
	for (unsigned i = 0; i < 2; i++)
		if (ips[i])
			assert_true(addr_parse_ip(&ans.at[ans.n++], str_c(ips[i])));
	asked(asked_arg, &ans);
}

/* The leader obeys: what the checker sends becomes words of the segment. */
static unsigned obey(struct fx *f)
{
	struct ipc_msg m;
	unsigned n = 0;
	int fd;

	while (ipc_recv(leader, ROLE_LEADER, ROLE_CHECKER, &m, &fd) == 1) {
		struct ipc_resolved r;
		struct srv_place p = { 0 };
		_Atomic uint64_t *admin = &f->ck.seg->srv[m.num].admin;

		memcpy(&r, m.data, sizeof(r));
		if (r.family == AF_INET) {
			p.addr = (struct addr){ .family = AF_INET, .port = 80 };
			memcpy(&p.addr.in4, r.ip, 4);
			assert_true(place_write(f->ck.seg, (unsigned)m.num, &p));
		}
		atomic_store(admin, (atomic_load(admin) & ~(uint64_t)ADM_RESOLUTION) | (r.failing ? ADM_RESOLUTION : 0));
		atomic_fetch_add(&f->ck.seg->h->epoch_leader, 1);
		n++;
	}
	return n;
}

static const char *at(struct fx *f, unsigned i)
{
	static char text[ADDR_TEXT_MAX];
	struct srv_place p;
	uint64_t admin = atomic_load(&f->ck.seg->srv[i].admin);

	if (srv_admin_bits(admin) & ADM_RESOLUTION)
		return "maint";
	if (!place_read(f->ck.seg, i, &p))
		return "none";
	text[addr_ip_text(&p.addr, text)] = '\0';
	return text;
}

static void a_server_gets_its_first_address_and_keeps_it_as_long_as_answers_have_it(void **s)
{
	(void)s;
	struct fx f;

	open_names(&f, 1);
	assert_string_equal(at(&f, 0), "maint");
	say(&f, DNS_VALID, "10.0.0.1", NULL);
	assert_string_equal(name_asked, "a.test");
	assert_int_equal(obey(&f), 1);
	assert_string_equal(at(&f, 0), "10.0.0.1");
	assert_true(logged("b/s1 changed its IP from (none) to 10.0.0.1 by dns/ns."));
	say(&f, DNS_VALID, "10.0.0.9", "10.0.0.1");
	assert_int_equal(obey(&f), 0);
	say(&f, DNS_VALID, "10.0.0.9", NULL);
	assert_int_equal(obey(&f), 1);
	assert_string_equal(at(&f, 0), "10.0.0.9");
	close_names(&f);
}

static void servers_with_one_name_share_the_question_and_not_the_address(void **s)
{
	(void)s;
	struct fx f;

	open_names(&f, 3);
	say(&f, DNS_VALID, "10.0.0.1", "10.0.0.2");
	obey(&f);
	assert_int_equal(nasked, 1);
	assert_string_equal(at(&f, 0), "10.0.0.1");
	assert_string_equal(at(&f, 1), "10.0.0.2");
	assert_string_equal(at(&f, 2), "maint");
	/* the first one loses its address: it gets the one that is free, not the second's */
	say(&f, DNS_VALID, "10.0.0.2", "10.0.0.3");
	obey(&f);
	assert_string_equal(at(&f, 0), "10.0.0.3");
	assert_string_equal(at(&f, 1), "10.0.0.2");
	f.o[2].resolve_opts = RESOLVE_DUP_IP;
	say(&f, DNS_VALID, "10.0.0.2", "10.0.0.3");
	obey(&f);
	assert_string_equal(at(&f, 2), "10.0.0.2");
	close_names(&f);
}

static void preferences_choose_and_do_not_exclude(void **s)
{
	(void)s;
	struct fx f;

	open_names(&f, 1);
	assert_true(addr_parse_net(&f.o[0].resolve_net[0], STR("10.0.0.2/32")));
	f.o[0].nresolve_net = 1;
	say(&f, DNS_VALID, "2001:db8::1", "10.0.0.2");
	obey(&f);
	assert_string_equal(at(&f, 0), "10.0.0.2");
	say(&f, DNS_VALID, "10.0.0.7", NULL);
	obey(&f);
	assert_string_equal(at(&f, 0), "10.0.0.7");
	close_names(&f);
}

static void failures_count_when_they_last_longer_than_hold(void **s)
{
	(void)s;
	struct fx f;

	open_names(&f, 1);
	say(&f, DNS_VALID, "10.0.0.1", NULL);
	obey(&f);
	for (unsigned i = 0; i < 4; i++)
		say(&f, i & 1 ? DNS_TIMEOUT : DNS_NX, NULL, NULL);
	assert_int_equal(obey(&f), 0);
	say(&f, DNS_OTHER, NULL, NULL); /* its hold is 0 */
	obey(&f);
	assert_string_equal(at(&f, 0), "maint");
	assert_true(logged("Server b/s1 is going DOWN for maintenance (unspecified DNS error)."));
	say(&f, DNS_VALID, "10.0.0.1", NULL);
	obey(&f);
	assert_string_equal(at(&f, 0), "10.0.0.1");
	say(&f, DNS_NX, NULL, NULL);
	pass_ms(5000);
	say(&f, DNS_NX, NULL, NULL);
	obey(&f);
	assert_string_equal(at(&f, 0), "maint");
	close_names(&f);
}

static void an_address_that_is_gone_is_kept_for_hold_obsolete(void **s)
{
	(void)s;
	struct fx f;

	open_names(&f, 1);
	section.hold[HOLD_OBSOLETE] = 2500;
	say(&f, DNS_VALID, "10.0.0.1", NULL);
	obey(&f);
	say(&f, DNS_VALID, "10.0.0.2", NULL);
	say(&f, DNS_VALID, "10.0.0.2", NULL);
	assert_int_equal(obey(&f), 0);
	say(&f, DNS_VALID, "10.0.0.2", NULL);
	obey(&f);
	assert_string_equal(at(&f, 0), "10.0.0.2");
	close_names(&f);
}

static void a_message_that_is_lost_is_sent_again_with_the_next_answer(void **s)
{
	(void)s;
	struct fx f;
	struct ipc_msg m;
	int fd;

	open_names(&f, 1);
	say(&f, DNS_VALID, "10.0.0.1", NULL);
	assert_int_equal(ipc_recv(leader, ROLE_LEADER, ROLE_CHECKER, &m, &fd), 1);
	say(&f, DNS_VALID, "10.0.0.1", NULL);
	assert_int_equal(obey(&f), 1);
	assert_string_equal(at(&f, 0), "10.0.0.1");
	close_names(&f);
}

static void a_checker_that_starts_again_moves_nobody(void **s)
{
	(void)s;
	struct fx f;

	open_names(&f, 2);
	say(&f, DNS_VALID, "10.0.0.1", "10.0.0.2");
	obey(&f);
	names_free();
	assert_true(names_init(&f.ck));
	names_go();
	say(&f, DNS_VALID, "10.0.0.2", "10.0.0.1");
	assert_int_equal(obey(&f), 0);
	close_names(&f);
}

static void another_name_is_asked_for_and_nobody_asks_for_one_without_servers(void **s)
{
	(void)s;
	struct fx f;
	struct srv_place p = { .fqdn = "b.test" };

	open_names(&f, 1);
	say(&f, DNS_VALID, "10.0.0.1", NULL);
	obey(&f);
	assert_true(place_read(f.ck.seg, 0, &p));
	strcpy(p.fqdn, "b.test");
	assert_true(place_write(f.ck.seg, 0, &p));
	atomic_fetch_add(&f.ck.seg->h->epoch_leader, 1);
	nasked = 0;
	say(&f, DNS_VALID, "10.0.0.5", NULL);
	assert_string_equal(name_asked, "b.test");
	assert_int_equal(nasked, 1);
	obey(&f);
	assert_string_equal(at(&f, 0), "10.0.0.5");
	close_names(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_gets_its_first_address_and_keeps_it_as_long_as_answers_have_it),
		cmocka_unit_test(servers_with_one_name_share_the_question_and_not_the_address),
		cmocka_unit_test(preferences_choose_and_do_not_exclude),
		cmocka_unit_test(failures_count_when_they_last_longer_than_hold),
		cmocka_unit_test(an_address_that_is_gone_is_kept_for_hold_obsolete),
		cmocka_unit_test(a_message_that_is_lost_is_sent_again_with_the_next_answer),
		cmocka_unit_test(a_checker_that_starts_again_moves_nobody),
		cmocka_unit_test(another_name_is_asked_for_and_nobody_asks_for_one_without_servers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
