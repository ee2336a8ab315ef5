// SPDX-License-Identifier: GPL-3.0-or-later
/* Names and labels of servers in this process: the test gives the answers and plays the leader, no nameserver is asked. */
#ifndef NAMES_FIXTURE_H
#define NAMES_FIXTURE_H

#include <sluice/ipc/msg.h>
#include <sluice/ipc/place.h>
#include "checker_fixture.h"
#include "no_dns.h"

struct asked { dns_done_fn *done; void *arg; char name[64]; }; /* the last question of its kind */
static struct asked asked, asked_srv;
static unsigned nasked, nasked_srv;
static struct rt_resolvers section;
static int leader = -1;

static bool note(struct asked *a, struct str name, dns_done_fn *done, void *arg)
{
	a->done = done;
	a->arg = arg;
	snprintf(a->name, sizeof(a->name), STR_FMT, STR_ARG(name));
	return true;
}

bool dns_ask_system(struct str name UNUSED, dns_done_fn *done UNUSED, void *arg UNUSED) { return false; }
bool dns_ask(uint32_t resolvers UNUSED, struct str name, dns_done_fn *done, void *arg) { return nasked++, note(&asked, name, done, arg); }
bool dns_ask_srv(uint32_t resolvers UNUSED, struct str label, dns_done_fn *done, void *arg)
{
	return nasked_srv++, note(&asked_srv, label, done, arg);
}

/* Servers of backend b with that name. */
static inline void open_names_of(struct fx *f, unsigned nsrv, uint32_t flags, struct str host)
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
		f->srv[i].flags = SRVF_RESOLVE | flags;
		f->srv[i].host = host;
		f->srv[i].addr = (struct addr){ .family = AF_INET, .port = 80 };
		f->o[i].resolvers = 1;
	}
	fx_words(f);
	fx_fleet(f);
	assert_true(names_init(&f->ck));
	names_go();
	nasked = nasked_srv = nupdates = nlines = 0;
	asked.done = asked_srv.done = NULL;
}

static inline void close_names(struct fx *f)
{
	names_free();
	close(leader);
	close(f->ck.ctl);
	fx_close(f);
}

static inline void pass_ms(uint64_t ms) { clock_now_ns += ms * 1000000; }

static inline void add_address(struct dns_answer *a, const char *ip)
{
	if (ip)
		assert_true(addr_parse_ip(&a->at[a->n++], str_c(ip)));
}

/* The question for a name is asked when it is due, and answered. */
static inline void say(struct fx *f, enum dns_status st, const char *a, const char *b)
{
	struct dns_answer ans = { .status = (uint8_t)st, .by = STR("ns") };

	pass_ms(1000);
	names_tick(&f->ck);
	assert_non_null(asked.done);
	add_address(&ans, a);
	add_address(&ans, b);
	asked.done(asked.arg, &ans);
	asked.done = NULL;
}

static inline void set_place(struct fx *f, unsigned srv, const struct ipc_resolved *r, const struct ipc_record *rec)
{
	struct srv_place p = { 0 };

	assert_true(ipc_resolved_addr(r, &p.addr));
	p.addr.port = rec ? rec->port : 80;
	if (rec)
		memcpy(p.fqdn, rec->target, sizeof(p.fqdn));
	assert_true(place_write(f->ck.seg, srv, &p));
}

static inline void set_weight(struct fx *f, unsigned srv, unsigned weight)
{
	_Atomic uint64_t *admin = &f->ck.seg->srv[srv].admin;

	if (weight <= 256)
		atomic_store(admin, (atomic_load(admin) & ~(uint64_t)0xffff00) | (uint64_t)weight << 8);
}

static inline void obey_one(struct fx *f, const struct ipc_msg *m, int fd)
{
	_Atomic uint64_t *admin = &f->ck.seg->srv[m->num].admin;
	struct ipc_resolved r;
	struct ipc_record rec;

	memcpy(&r, m->data, sizeof(r));
	if (m->type == IPC_RECORD) {
		assert_int_equal(pread(fd, &rec, sizeof(rec), 0), sizeof(rec));
		close(fd);
		r = rec.at;
		set_weight(f, (unsigned)m->num, rec.weight);
	}
	if (r.family)
		set_place(f, (unsigned)m->num, &r, m->type == IPC_RECORD ? &rec : NULL);
	atomic_store(admin, (atomic_load(admin) & ~(uint64_t)ADM_RESOLUTION) | (r.failing ? ADM_RESOLUTION : 0));
	atomic_fetch_add(&f->ck.seg->h->epoch_leader, 1);
}

/* The leader obeys: what the checker sends becomes words of the segment. Returns how many messages there were. */
static inline unsigned obey(struct fx *f)
{
	struct ipc_msg m;
	unsigned n = 0;
	int fd;

	while (ipc_recv(leader, ROLE_LEADER, ROLE_CHECKER, &m, &fd) == 1) {
		obey_one(f, &m, fd);
		n++;
	}
	return n;
}

static inline const char *at(struct fx *f, unsigned i)
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

#endif
