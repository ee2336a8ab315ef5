// SPDX-License-Identifier: GPL-3.0-or-later
/* Addresses of servers whose names are resolved at run time. Servers that have the name and the section in common share one question.
 * The name of a server with an SRV label is the target of its record: labels.c says which, or that there is none. Addresses and the
 * maintenance of those that have none are words of the leader: it is told what they should be whenever they are not so, with each
 * answer, so nothing is lost with a message or a process.
 *
 * A server keeps its address as long as answers have it, and for `hold obsolete` after that. Two servers of a backend do not take the
 * same address unless resolve-opts allows it. When answers fail, the last good address counts for the time that `hold` gives to the
 * failure. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/base/panic.h>
#include <sluice/ipc/msg.h>
#include <sluice/ipc/place.h>
#include "dns_priv.h"
#include "name_index.h"

struct name {                           /* lives as long as it has servers, or is asked for */
	struct name_entry in;           /* its text is behind the structure */
	struct name *next;
	struct named *servers, **end;   /* end: where the next one goes */
	uint64_t ask_at, valid_at;      /* ms; valid_at: of the last valid answer, 0 = none yet */
	bool asking;
	bool told;                      /* its addresses come along with the records of a label */
};

struct named {                          /* a server */
	struct named *next;             /* of the same name */
	uint32_t srv;
	struct name *name;              /* NULL: no record of its label leads anywhere */
	struct addr addr;               /* what it should have; AF_UNSPEC: none */
	struct addr stood;              /* what it had when we last looked */
	uint16_t port, weight;          /* with SRVF_SRV, of its record */
	uint64_t seen_at;               /* ms: its address was in an answer */
	bool failing;                   /* it should be in maintenance */
	bool keeps;                     /* of this answer: its address stays */
};

static struct {
	struct checker *ck;
	struct name *names;
	struct name_index index;        /* of the same */
	struct named **of_srv;
	uint64_t epoch;
} nm;

static const struct rt_server *server(const struct named *d) { return &nm.ck->rt->srv[d->srv]; }
static const struct rt_resolvers *section(const struct name *n) { return &nm.ck->rt->resolvers[n->in.resolvers]; }

static struct addr address_now(uint32_t srv)
{
	const struct rt_server *s = &nm.ck->rt->srv[srv];
	struct srv_place p;

	if (place_read(nm.ck->seg, srv, &p) && p.addr.family)
		return p.addr;
	return addr_is_any(&s->addr) ? (struct addr){ 0 } : s->addr;
}

/* ---- telling the leader and the log ---- */

static bool has_record(const struct named *d) { return server(d)->flags & SRVF_SRV && d->name && d->addr.family && !d->failing; }

static bool wants_weight(const struct named *d) { return !(server(d)->o->resolve_opts & RESOLVE_NO_WEIGHT); }

static bool record_is_so(const struct named *d, uint64_t admin)
{
	struct srv_place p;

	return place_read(nm.ck->seg, d->srv, &p) && addr_eq(&p.addr, &d->addr, false) && p.addr.port == d->port &&
	       str_eq(str_c(p.fqdn), d->name->in.host) && (!wants_weight(d) || srv_admin_weight(admin) == d->weight);
}

static bool is_so(const struct named *d)
{
	uint64_t admin = atomic_load_explicit(&nm.ck->seg->srv[d->srv].admin, memory_order_acquire);
	struct addr now = address_now(d->srv);

	if (!!(srv_admin_bits(admin) & ADM_RESOLUTION) != d->failing)
		return false;
	if (server(d)->flags & SRVF_SRV)
		return !has_record(d) || record_is_so(d, admin);
	return !d->addr.family || addr_eq(&now, &d->addr, false);
}

static void send_record(const struct named *d)
{
	struct ipc_record rec = { .port = d->port, .weight = wants_weight(d) ? d->weight : IPC_RECORD_NO_WEIGHT };
	int fd = memfd_create("record", MFD_CLOEXEC);

	ipc_resolved_pack(&rec.at, &d->addr);
	memcpy(rec.target, d->name->in.host.p, MIN(d->name->in.host.n, sizeof(rec.target) - 1));
	if (fd >= 0 && pwrite(fd, &rec, sizeof(rec), 0) == (ssize_t)sizeof(rec))
		(void)ipc_send(nm.ck->ctl, IPC_RECORD, 0, d->srv, NULL, 0, fd);
	if (fd >= 0)
		close(fd);
}

static void ask_leader(const struct named *d)
{
	static const struct addr unknown;
	struct ipc_resolved m;

	if (nm.ck->ctl < 0 || is_so(d))
		return;
	if (has_record(d)) {
		send_record(d);
		return;
	}
	ipc_resolved_pack(&m, server(d)->flags & SRVF_SRV ? &unknown : &d->addr);
	m.failing = d->failing;
	ipc_send(nm.ck->ctl, IPC_RESOLVED, 0, d->srv, &m, sizeof(m), -1);
}

void names_say(uint32_t srv)
{
	if (nm.of_srv[srv])
		ask_leader(nm.of_srv[srv]);
}

static void say_moved(const struct named *d, const struct addr *from, struct str by)
{
	const struct rt_server *s = server(d);
	char a[ADDR_TEXT_MAX], b[ADDR_TEXT_MAX];
	int na = from->family ? (int)addr_ip_text(from, a) : 0, nb = (int)addr_ip_text(&d->addr, b);

	report_text(&nm.ck->rt->px[s->px], LEVEL_NOTICE, STR_FMT "/" STR_FMT " changed its IP from %.*s to %.*s by " STR_FMT "/" STR_FMT ".",
		    STR_ARG(nm.ck->rt->px[s->px].name), STR_ARG(s->name), na ? na : 6, na ? a : "(none)", nb, b,
		    STR_ARG(section(d->name)->name), STR_ARG(by));
}

static void set_failing(struct named *d, bool failing, const char *why)
{
	const struct rt_server *s = server(d);
	struct str px = nm.ck->rt->px[s->px].name;

	if (d->failing == failing)
		return;
	d->failing = failing;
	if (failing)
		report_text(&nm.ck->rt->px[s->px], LEVEL_ALERT, "Server " STR_FMT "/" STR_FMT " is going DOWN for maintenance (%s).", STR_ARG(px),
			    STR_ARG(s->name), why);
	else
		report_text(&nm.ck->rt->px[s->px], LEVEL_NOTICE, "Server " STR_FMT "/" STR_FMT " ('" STR_FMT "') is UP/READY (resolves again).",
			    STR_ARG(px), STR_ARG(s->name), STR_ARG(d->name->in.host));
}

/* ---- choosing ---- */

static bool in_answer(const struct dns_answer *a, const struct addr *x)
{
	for (uint32_t i = 0; x->family && i < a->n; i++)
		if (addr_eq(&a->at[i], x, false))
			return true;
	return false;
}

/* Has another server of the same backend, which keeps what it has, this address? SRV records may list several ports of a host. */
static bool taken(const struct named *d, const struct addr *x)
{
	if (server(d)->o->resolve_opts & RESOLVE_DUP_IP)
		return false;
	for (const struct named *o = d->name->servers; o; o = o->next)
		if (o != d && o->keeps && o->port == d->port && server(o)->px == server(d)->px && addr_eq(&o->addr, x, false))
			return true;
	return false;
}

/* A network of resolve-net counts for more than the family. */
static unsigned liking(const struct rt_srv_opts *o, const struct addr *a)
{
	unsigned v = a->family == (o->resolve_prefer == 4 ? AF_INET : AF_INET6);

	for (unsigned i = 0; i < o->nresolve_net; i++)
		if (addr_in_net(a, &o->resolve_net[i]))
			v |= 2;
	return v;
}

static const struct addr *best(const struct named *d, const struct dns_answer *a)
{
	const struct rt_srv_opts *o = server(d)->o;
	const struct addr *b = NULL;

	for (uint32_t i = 0; i < a->n; i++)
		if (!taken(d, &a->at[i]) && (!b || liking(o, &a->at[i]) > liking(o, b)))
			b = &a->at[i];
	return b;
}

static void keep_what_stands(struct name *n, const struct dns_answer *a, uint64_t now)
{
	for (struct named *d = n->servers; d; d = d->next)
		d->keeps = false;
	for (struct named *d = n->servers; d; d = d->next) {
		bool there = in_answer(a, &d->addr);

		if (there)
			d->seen_at = now;
		d->keeps = d->addr.family && !taken(d, &d->addr) && (there || (d->seen_at && now - d->seen_at < section(n)->hold[HOLD_OBSOLETE]));
	}
}

static void take_answer(struct name *n, const struct dns_answer *a)
{
	uint64_t now = clock_ms();
	bool moved = false;

	n->valid_at = now;
	keep_what_stands(n, a, now);
	for (struct named *d = n->servers; d; d = d->next) {
		const struct addr *to = d->keeps ? NULL : best(d, a);
		struct addr from = d->addr;

		if (to) {
			d->addr = *to;
			d->keeps = true;
			d->seen_at = now;
			if (!addr_eq(&from, to, false)) {
				say_moved(d, &from, a->by);
				moved = true;
			}
		}
		set_failing(d, !d->keeps, "no IP for its name");
	}
	if (moved)
		dns_led_to_update(a);
}

const char *names_hold(uint32_t resolvers, enum dns_status st, uint32_t *ms)
{
	const uint32_t *hold = nm.ck->rt->resolvers[resolvers].hold;

	switch (st) {
	case DNS_NX: *ms = hold[HOLD_NX]; return "DNS NX status";
	case DNS_TIMEOUT: *ms = hold[HOLD_TIMEOUT]; return "DNS timeout status";
	case DNS_REFUSED: *ms = hold[HOLD_REFUSED]; return "DNS refused status";
	default: *ms = hold[HOLD_OTHER]; return "unspecified DNS error";
	}
}

/* What was good is good for a while yet; what never was is none. */
static void take_failure(struct name *n, enum dns_status st)
{
	uint32_t hold;
	const char *why = names_hold(n->in.resolvers, st, &hold);

	if (!n->valid_at)
		n->valid_at = clock_ms();
	for (struct named *d = n->servers; d; d = d->next)
		if (!d->addr.family || clock_ms() - n->valid_at >= hold)
			set_failing(d, true, why);
}

static void on_done(void *arg, const struct dns_answer *a)
{
	struct name *n = arg;

	n->asking = false;
	n->ask_at = clock_ms() + section(n)->resolve;
	if (a->status == DNS_VALID)
		take_answer(n, a);
	else
		take_failure(n, (enum dns_status)a->status);
	for (const struct named *d = n->servers; d; d = d->next)
		ask_leader(d);
}

/* ---- who has which name ---- */

static struct name *find_name(uint32_t resolvers, struct str host)
{
	struct name_entry *e = name_index_find(&nm.index, resolvers, host);

	return e ? CONTAINER_OF(e, struct name, in) : NULL;
}

static struct name *name_of(uint32_t resolvers, struct str host)
{
	struct name *n = find_name(resolvers, host);

	if (n)
		return n;
	n = malloc(sizeof(*n) + host.n);
	if (!n)
		die("out of memory");
	memcpy(n + 1, host.p, host.n);
	*n = (struct name){ .next = nm.names, .in = { .resolvers = resolvers, .host = str_n((const char *)(n + 1), host.n) } };
	n->end = &n->servers;
	nm.names = n;
	if (!name_index_put(&nm.index, &n->in))
		die("out of memory");
	return n;
}

static void leave_name(struct named *d)
{
	if (!d->name)
		return;
	for (struct named **at = &d->name->servers; *at; at = &(*at)->next)
		if (*at == d) {
			*at = d->next;
			if (!d->next)
				d->name->end = at;
			break;
		}
	d->name = NULL;
}

static void join_name(struct named *d, struct str host)
{
	struct name *n = name_of(server(d)->o->resolvers - 1, host);

	d->next = NULL;
	d->name = n;
	*n->end = d; /* in the order of the configuration */
	n->end = &d->next;
	n->ask_at = 0;
}

static struct str host_now(uint32_t srv, struct srv_place *p)
{
	return place_read(nm.ck->seg, srv, p) && p->fqdn[0] ? str_c(p->fqdn) : nm.ck->rt->srv[srv].host;
}

static struct named *put(uint32_t srv)
{
	const struct rt_server *s = &nm.ck->rt->srv[srv];
	struct srv_place p;

	if (!rt_srv_exists(s) || !(s->flags & SRVF_RESOLVE) || !s->o->resolvers || s->o->resolvers > nm.ck->rt->nresolvers)
		return NULL;
	struct named *d = malloc(sizeof(*d));
	if (!d)
		die("out of memory");
	*d = (struct named){ .srv = srv };
	nm.of_srv[srv] = d;
	if (s->flags & SRVF_SRV)
		labels_put(srv);
	else
		join_name(d, host_now(srv, &p));
	return d;
}

bool names_init(struct checker *ck)
{
	nm.ck = ck;
	nm.names = NULL;
	nm.epoch = atomic_load(&ck->seg->h->epoch_leader);
	nm.of_srv = calloc(MAX(ck->rt->nsrv, 1u), sizeof(struct named *));
	bool ok = nm.of_srv && labels_init(ck);
	for (uint32_t i = 0; ok && i < ck->rt->nsrv; i++)
		put(i);
	return ok && asked_open(ck) && dns_open(ck);
}

/* What stands in the segment is what it begins with: a checker that is started again moves nobody. */
static void take_over(struct named *d)
{
	d->addr = d->stood = address_now(d->srv);
	d->addr.port = 0;
	d->failing = srv_admin_bits(atomic_load(&nm.ck->seg->srv[d->srv].admin)) & ADM_RESOLUTION;
}

void names_put(uint32_t srv)
{
	struct named *d = put(srv);

	if (!d)
		return;
	take_over(d);
	if (server(d)->flags & SRVF_SRV)
		labels_go(srv);
}

static void drop(struct named *d)
{
	labels_drop(d->srv);
	leave_name(d);
	nm.of_srv[d->srv] = NULL;
	free(d);
}

void names_drop(uint32_t srv)
{
	if (nm.of_srv[srv])
		drop(nm.of_srv[srv]);
}

void names_go(void)
{
	for (uint32_t i = 0; i < nm.ck->rt->nsrv; i++)
		if (nm.of_srv[i]) {
			take_over(nm.of_srv[i]);
			if (server(nm.of_srv[i])->flags & SRVF_SRV)
				labels_go(i);
		}
}

/* ---- what labels say ---- */

static void say_led(const struct named *d, struct str from, struct str to)
{
	const struct rt_server *s = server(d);

	report_text(&nm.ck->rt->px[s->px], LEVEL_NOTICE, STR_FMT "/" STR_FMT " changed its FQDN from " STR_FMT " to " STR_FMT " by 'SRV record'",
		    STR_ARG(nm.ck->rt->px[s->px].name), STR_ARG(s->name), STR_ARG(from.n ? from : STR("(none)")), STR_ARG(to));
}

/* A target that had this server before finds its address there. */
void names_lead(uint32_t srv, struct str target, uint16_t port, uint16_t weight)
{
	struct named *d = nm.of_srv[srv];
	struct srv_place p;
	bool same = d->name && d->port == port && str_ieq(d->name->in.host, target);

	d->weight = weight;
	if (same)
		return;
	bool placed = place_read(nm.ck->seg, srv, &p), its = placed && p.addr.port == port && str_ieq(str_c(p.fqdn), target);
	leave_name(d);
	d->addr = its ? p.addr : (struct addr){ 0 };
	d->addr.port = 0;
	d->seen_at = 0;
	d->port = port;
	join_name(d, target);
	if (!its)
		say_led(d, placed ? str_c(p.fqdn) : STR_NULL, target);
}

void names_unlead(uint32_t srv, const char *why)
{
	struct named *d = nm.of_srv[srv];

	leave_name(d);
	set_failing(d, true, why);
}

void names_told(uint32_t resolvers, struct str target, const struct dns_answer *a)
{
	struct name *n = find_name(resolvers, target);

	if (!n)
		return;
	n->told = a != NULL;
	if (!a)
		return;
	take_answer(n, a);
	for (const struct named *d = n->servers; d; d = d->next)
		if (!(server(d)->flags & SRVF_SRV)) /* the others' labels say it, once they have seen their whole answer */
			ask_leader(d);
}

/* The runtime interface may have given servers other names and addresses. */
static void look_at(struct named *d)
{
	struct srv_place p;
	struct str host = host_now(d->srv, &p);
	struct addr now = address_now(d->srv);

	if (!(server(d)->flags & SRVF_SRV) && !str_ieq(host, d->name->in.host)) {
		leave_name(d);
		join_name(d, host);
	}
	if (now.family && d->addr.family && !addr_eq(&now, &d->addr, false) && !addr_eq(&now, &d->stood, false)) {
		d->addr = now; /* by hand: it stays as long as answers have it */
		d->addr.port = 0;
	}
	d->stood = now;
}

static void look(struct checker *ck)
{
	uint64_t epoch = atomic_load_explicit(&ck->seg->h->epoch_leader, memory_order_acquire);

	for (uint32_t i = 0; epoch != nm.epoch && i < ck->rt->nsrv; i++)
		if (nm.of_srv[i])
			look_at(nm.of_srv[i]);
	nm.epoch = epoch;
}

void names_soon(uint32_t srv)
{
	struct named *d = nm.of_srv ? nm.of_srv[srv] : NULL;

	if (!d)
		return;
	if (d->name)
		d->name->ask_at = 0;
	if (server(d)->flags & SRVF_SRV)
		labels_soon(srv);
}

static void ask_for(struct name *n, uint64_t now)
{
	if (n->asking || n->told || now < n->ask_at)
		return;
	n->asking = true;
	if (!dns_ask(n->in.resolvers, n->in.host, on_done, n)) {
		n->asking = false;
		n->ask_at = now + section(n)->resolve;
	}
}

void names_tick(struct checker *ck)
{
	uint64_t now = clock_ms();

	look(ck);
	dns_tick();
	labels_tick();
	for (struct name **at = &nm.names, *n; (n = *at);) {
		if (!n->servers && !n->asking) {
			*at = n->next;
			name_index_del(&nm.index, &n->in);
			free(n);
			continue;
		}
		if (n->servers)
			ask_for(n, now);
		at = &n->next;
	}
}

void names_free(void)
{
	dns_close();
	asked_close();
	for (uint32_t i = 0; nm.of_srv && i < nm.ck->rt->nsrv; i++)
		if (nm.of_srv[i])
			drop(nm.of_srv[i]);
	labels_free();
	for (struct name *n; (n = nm.names);) {
		nm.names = n->next;
		free(n);
	}
	name_index_free(&nm.index);
	free(nm.of_srv);
	nm.of_srv = NULL;
}
