// SPDX-License-Identifier: GPL-3.0-or-later
/* Channels to nameservers. Sockets of c-ares are watched by the loop like any other; its time-outs are looked at every tick, which is fine
 * enough for them. */
#include <ares.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <sluice/ipc/dns_stats.h>
#include "dns_priv.h"

#define SOCKETS_MAX 8           /* of a channel at a time: one over UDP, one over TCP, and those that are being replaced */
#define ROUNDS_MAX 64           /* of reading before others get their turn */
#define NAME_MAX_LEN 254
#define UNCOUNTED UINT32_MAX
#define PAYLOAD_READ 4096u      /* bytes of an answer that c-ares reads over UDP; longer ones come over TCP */

struct nameserver;
struct dns_socket { struct io io; struct nameserver *ns; bool used; };

struct nameserver {
	ares_channel ch;
	bool open;
	const struct rt_nameserver *conf;
	uint32_t number;        /* of the counters, or UNCOUNTED */
	uint32_t asked;         /* questions that are open */
	struct dns_socket sock[SOCKETS_MAX];
};

struct question {
	dns_done_fn *done;      /* NULL: answered */
	void *arg;
	uint32_t open;          /* nameservers that have not answered */
	struct dns_answer last; /* of those that failed */
};
struct asked { struct question *q; struct nameserver *ns; };

static struct {
	const struct checker *ck;
	struct nameserver *ns;  /* rt->nns */
	struct nameserver system; /* whoever the machine asks */
	bool closing;
} dns;

static void count(const struct nameserver *ns, enum dns_counter c)
{
	if (ns->number != UNCOUNTED)
		dns_count(&dns.ck->h->dns, ns->number, c);
}

/* ---- sockets ---- */

static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

/* Edges are told once: all that is there is read now. The socket may be gone after each step. */
static void on_socket(struct io *io)
{
	struct dns_socket *s = CONTAINER_OF(io, struct dns_socket, io);
	struct nameserver *ns = s->ns;
	int fd = io->fd;
	bool wr = io->ready & IO_WR;

	io_wait(io, IO_RD | IO_WR);
	if (wr)
		ares_process_fd(ns->ch, ARES_SOCKET_BAD, fd);
	for (unsigned i = 0; i < ROUNDS_MAX && s->used && s->io.fd == fd && readable(fd); i++)
		ares_process_fd(ns->ch, fd, ARES_SOCKET_BAD);
}

static struct dns_socket *socket_of(struct nameserver *ns, int fd)
{
	struct dns_socket *spare = NULL;

	for (unsigned i = 0; i < SOCKETS_MAX; i++) {
		if (ns->sock[i].used && ns->sock[i].io.fd == fd)
			return &ns->sock[i];
		if (!ns->sock[i].used)
			spare = &ns->sock[i];
	}
	return spare;
}

/* Without a place for the socket its questions end by time. */
static void on_socket_state(void *arg, ares_socket_t fd, int rd, int wr)
{
	struct nameserver *ns = arg;
	struct dns_socket *s = socket_of(ns, fd);
	bool want = rd || wr;

	if (!s || s->used == want)
		return;
	if (!want) {
		io_del(&s->io);
		s->used = false;
		return;
	}
	s->ns = ns;
	s->used = io_add(&s->io, fd, IO_STREAM, on_socket);
}

/* ---- answers ---- */

static enum dns_status status_of(const struct nameserver *ns, int r)
{
	switch (r) {
	case ARES_SUCCESS: count(ns, DNS_valid); return DNS_VALID;
	case ARES_ENOTFOUND: count(ns, DNS_nx); return DNS_NX;
	case ARES_ECONNREFUSED: count(ns, DNS_snd_error); return DNS_TIMEOUT;
	case ARES_ETIMEOUT: count(ns, DNS_timeout); return DNS_TIMEOUT;
	case ARES_EREFUSED: count(ns, DNS_refused); return DNS_REFUSED;
	case ARES_EBADRESP: count(ns, DNS_invalid); return DNS_OTHER;
	default: count(ns, DNS_other); return DNS_OTHER;
	}
}

static void take_addresses(struct dns_answer *a, const struct ares_addrinfo *info)
{
	for (const struct ares_addrinfo_node *n = info->nodes; n && a->n < DNS_ADDRS_MAX; n = n->ai_next) {
		struct sockaddr_storage ss = { 0 };

		if (n->ai_family != AF_INET && n->ai_family != AF_INET6)
			continue;
		memcpy(&ss, n->ai_addr, MIN((size_t)n->ai_addrlen, sizeof(ss)));
		addr_from_sockaddr(&a->at[a->n], &ss);
		a->at[a->n++].port = 0;
	}
}

static void answer(struct question *q, const struct dns_answer *a)
{
	dns_done_fn *done = q->done;

	q->done = NULL;
	if (done)
		done(q->arg, a);
}

/* One nameserver has answered: the question lives until the last one has. */
static void answered(struct asked *as, const struct dns_answer *a)
{
	struct question *q = as->q;
	struct nameserver *ns = as->ns;

	free(as);
	ns->asked--;
	q->open--;
	if (!dns.closing) {
		if (!q->done)
			count(ns, DNS_outdated);
		if (a->status == DNS_VALID)
			answer(q, a);
		else if (q->done)
			q->last = *a;
		if (!q->open)
			answer(q, &q->last);
	}
	if (!q->open)
		free(q);
}

static void on_addresses(void *arg, int r, int timeouts UNUSED, struct ares_addrinfo *info)
{
	struct asked *as = arg;
	struct dns_answer a = { .by = as->ns->conf->name, .ns = as->ns->number };

	if (!dns.closing) {
		a.status = (uint8_t)status_of(as->ns, r);
		if (info && info->cnames)
			count(as->ns, DNS_cname);
		if (r == ARES_SUCCESS && info)
			take_addresses(&a, info);
		if (a.status == DNS_VALID && !a.n)
			a.status = DNS_OTHER;
	}
	answered(as, &a);
	if (info)
		ares_freeaddrinfo(info);
}

static void on_records(void *arg, int r, int timeouts UNUSED, unsigned char *text, int n)
{
	struct asked *as = arg;
	struct dns_answer a = { .by = as->ns->conf->name, .ns = as->ns->number };
	struct srv_reply reply;
	struct arena arena;

	arena_init(&arena, 0);
	if (!dns.closing) {
		if (r == ARES_SUCCESS && !srv_reply_parse(str_n((const char *)text, (size_t)n), &arena, &reply))
			r = ARES_EBADRESP;
		a.status = (uint8_t)status_of(as->ns, r);
		a.srv = a.status == DNS_VALID ? &reply : NULL;
	}
	answered(as, &a);
	arena_free(&arena);
}

/* ---- questions ---- */

struct what { int type /* of records; 0: addresses */, sorting /* of those */; };

static void question_put(struct question *q, struct nameserver *ns, const char *name, struct what what)
{
	struct ares_addrinfo_hints hints = { .ai_family = AF_UNSPEC, .ai_flags = what.sorting, .ai_socktype = SOCK_STREAM };
	struct asked *as = ns->open ? malloc(sizeof(*as)) : NULL;

	if (!as)
		return;
	*as = (struct asked){ q, ns };
	q->open++;
	ns->asked++;
	count(ns, DNS_sent);
	if (what.type)
		ares_query(ns->ch, name, DNS_CLASS_IN, what.type, on_records, as);
	else
		ares_getaddrinfo(ns->ch, name, NULL, &hints, on_addresses, as);
}

/* Of n nameservers at once. */
static bool ask(struct nameserver *ns, uint32_t n, struct str name, struct what what, dns_done_fn *done, void *arg)
{
	struct question *q;
	char text[NAME_MAX_LEN + 1];

	if (name.n > NAME_MAX_LEN || !(q = calloc(1, sizeof(*q))))
		return false;
	memcpy(text, name.p, name.n);
	text[name.n] = '\0';
	*q = (struct question){ .done = done, .arg = arg, .open = 1 }; /* not freed while questions go out */
	for (uint32_t i = 0; i < n; i++)
		question_put(q, &ns[i], text, what);
	bool failed = --q->open == 0 && q->done && !q->last.by.n; /* nobody was asked */
	if (!q->open) {
		if (!failed)
			answer(q, &q->last);
		free(q);
	}
	return !failed;
}

static bool ask_section(uint32_t resolvers, struct str name, int type, dns_done_fn *done, void *arg)
{
	const struct rt_resolvers *r = &dns.ck->rt->resolvers[resolvers];

	return ask(&dns.ns[r->ns0], r->nns, name, (struct what){ type, ARES_AI_NOSORT }, done, arg);
}

bool dns_ask(uint32_t resolvers, struct str name, dns_done_fn *done, void *arg) { return ask_section(resolvers, name, 0, done, arg); }

bool dns_ask_srv(uint32_t resolvers, struct str label, dns_done_fn *done, void *arg)
{
	return ask_section(resolvers, label, DNS_TYPE_SRV, done, arg);
}

void dns_led_to_update(const struct dns_answer *a) { dns_count(&dns.ck->h->dns, a->ns, DNS_update); }

static bool open_system(void)
{
	static const struct rt_nameserver conf = { .name = { "system", 6 } };
	struct ares_options o = { .flags = ARES_FLAG_NOSEARCH, .sock_state_cb = on_socket_state, .sock_state_cb_data = &dns.system };

	if (dns.system.open && !dns.system.asked) {
		ares_destroy(dns.system.ch);
		dns.system.open = false;
	}
	dns.system.conf = &conf;
	dns.system.number = UNCOUNTED;
	if (!dns.system.open)
		dns.system.open = ares_init_options(&dns.system.ch, &o, ARES_OPT_FLAGS | ARES_OPT_SOCK_STATE_CB) == ARES_SUCCESS;
	return dns.system.open;
}

bool dns_ask_system(struct str name, dns_done_fn *done, void *arg)
{
	return open_system() && ask(&dns.system, 1, name, (struct what){ 0 }, done, arg);
}

static void channel_tick(struct nameserver *ns)
{
	if (ns->open && ns->asked)
		ares_process_fd(ns->ch, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

void dns_tick(void)
{
	for (uint32_t i = 0; i < dns.ck->rt->nns; i++)
		channel_tick(&dns.ns[i]);
	channel_tick(&dns.system);
}

/* ---- start and end ---- */

static bool set_address(ares_channel ch, const struct rt_nameserver *c)
{
	struct ares_addr_port_node n = { .family = c->addr.family, .udp_port = c->addr.port, .tcp_port = c->addr.port };

	if (c->addr.family == AF_INET)
		n.addr.addr4 = c->addr.in4;
	else
		memcpy(&n.addr.addr6, &c->addr.in6, sizeof(n.addr.addr6));
	return ares_set_servers_ports(ch, &n) == ARES_SUCCESS;
}

/* Names are asked for as they stand, of this nameserver and of nothing else on the machine. */
static bool open_channel(struct nameserver *ns, const struct rt_resolvers *r)
{
	static char lookups[] = "b";
	struct ares_options o = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_NOCHECKRESP | (ns->conf->tcp ? ARES_FLAG_USEVC : 0) |
			 (r->payload > 512 ? ARES_FLAG_EDNS : 0),
		.timeout = (int)r->retry, .tries = (int)r->retries, .lookups = lookups, .ednspsz = (int)MIN(r->payload, PAYLOAD_READ),
		.sock_state_cb = on_socket_state, .sock_state_cb_data = ns,
	};
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_EDNSPSZ | ARES_OPT_SOCK_STATE_CB |
		   ARES_OPT_DOMAINS;

	if (ares_init_options(&ns->ch, &o, mask) != ARES_SUCCESS)
		return false;
	ns->open = true;
	return set_address(ns->ch, ns->conf);
}

bool dns_open(struct checker *ck)
{
	dns.ck = ck;
	dns.closing = false;
	dns.ns = calloc(MAX(ck->rt->nns, 1u), sizeof(*dns.ns));
	if (!dns.ns || ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
		return false;
	for (uint32_t i = 0; i < ck->rt->nresolvers; i++) {
		const struct rt_resolvers *r = &ck->rt->resolvers[i];

		for (uint32_t k = 0; k < r->nns; k++) {
			struct nameserver *ns = &dns.ns[r->ns0 + k];

			ns->conf = &r->ns[k];
			ns->number = r->ns0 + k;
			if (!open_channel(ns, r))
				return false;
		}
	}
	return true;
}

void dns_close(void)
{
	if (!dns.ns)
		return;
	dns.closing = true;
	for (uint32_t i = 0; i < dns.ck->rt->nns; i++)
		if (dns.ns[i].open)
			ares_destroy(dns.ns[i].ch);
	if (dns.system.open)
		ares_destroy(dns.system.ch);
	dns.system.open = false;
	ares_library_cleanup();
	free(dns.ns);
	dns.ns = NULL;
}
