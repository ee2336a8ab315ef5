// SPDX-License-Identifier: GPL-3.0-or-later
/* Sections `resolvers`: nameservers and the times of resolution at run time. They come before all others, because servers name them. */
#include <stdio.h>

#include "sema_priv.h"

#define NAMESERVERS_MAX 32
#define PAYLOAD_MIN 512
#define PAYLOAD_MAX 65535

const char *sema_resolv_conf = "/etc/resolv.conf";

static bool add_nameserver(struct sema *s, struct rt_resolvers *r, const struct word *w, const struct rt_nameserver *ns)
{
	for (uint32_t i = 0; i < r->nns; i++)
		if (str_eq(r->ns[i].name, ns->name)) {
			sema_err(s, w, "there is already a nameserver '" STR_FMT "' in this section", STR_ARG(ns->name));
			return false;
		}
	if (r->nns == NAMESERVERS_MAX) {
		sema_err(s, w, "at most %d nameservers", NAMESERVERS_MAX);
		return false;
	}
	APPEND(s->a, r->ns, r->nns, *ns);
	return true;
}

static void nameserver_line(struct sema *s, struct rt_resolvers *r, const struct line *l)
{
	struct addr_spec a;
	struct rt_nameserver ns = { 0 };

	if (l->n != 3) {
		sema_err(s, &l->w[0], "'nameserver' expects a name and an address");
		return;
	}
	if (!addr_spec_parse(s, &l->w[2], l->w[2].s, ADDR_LOG, &a))
		return;
	if (a.addr.family != AF_INET && a.addr.family != AF_INET6) {
		sema_err(s, &l->w[2], "a nameserver has an IPv4 or IPv6 address");
		return;
	}
	ns = (struct rt_nameserver){ .name = keep(s, l->w[1].s), .addr = a.addr, .tcp = str_starts(l->w[2].s, STR("tcp")) };
	ns.addr.port = a.port_lo ? a.port_lo : 53;
	(void)add_nameserver(s, r, &l->w[1], &ns);
}

/* "nameserver 10.0.0.2" of resolv.conf(5); each is named by its address. w NULL: nobody has asked for it. */
static void resolv_conf(struct sema *s, struct rt_resolvers *r, const struct word *w)
{
	FILE *f = fopen(sema_resolv_conf, "re");
	char line[512];

	if (!f) {
		if (w)
			sema_warn(s, w, "%s cannot be read: it adds no nameserver", sema_resolv_conf);
		return;
	}
	while (fgets(line, sizeof(line), f)) {
		struct str rest = str_trim(str_c(line));
		struct rt_nameserver ns = { 0 };

		if (!str_starts(rest, STR("nameserver")))
			continue;
		rest = str_trim(str_sub(rest, strlen("nameserver"), rest.n));
		if (rest.n && rest.p[rest.n - 1] == '\n')
			rest.n--;
		if (!addr_parse_ip(&ns.addr, rest))
			continue;
		ns.addr.port = 53;
		ns.name = keep(s, rest);
		if (!add_nameserver(s, r, w, &ns))
			break;
	}
	fclose(f);
}

static void hold_line(struct sema *s, struct rt_resolvers *r, const struct line *l)
{
	static const char *const words[] = { "other", "refused", "nx", "timeout", "valid", "obsolete" };
	int k = l->n == 3 ? arg_word(s, &l->w[1], words, HOLD_COUNT, "kind of hold") : -2;

	if (k == -2)
		sema_err(s, &l->w[0], "'hold' expects a kind and a time");
	else if (k >= 0)
		(void)!arg_time(s, &l->w[2], 1, &r->hold[k]);
}

static void timeout_line(struct sema *s, struct rt_resolvers *r, const struct line *l)
{
	static const char *const words[] = { "resolve", "retry" };
	int k = l->n == 3 ? arg_word(s, &l->w[1], words, 2, "timeout of resolvers") : -2;
	uint32_t *at = k ? &r->retry : &r->resolve;

	if (k == -2)
		sema_err(s, &l->w[0], "'timeout' expects 'resolve' or 'retry' and a time");
	else if (k >= 0 && arg_time(s, &l->w[2], 1, at) && !*at)
		sema_err(s, &l->w[2], "this time cannot be 0");
}

static void number_line(struct sema *s, const struct line *l, uint32_t min, uint32_t max, uint32_t *out)
{
	if (l->n != 2)
		sema_err(s, &l->w[0], "'" STR_FMT "' expects a number", STR_ARG(l->w[0].s));
	else
		(void)!arg_u32(s, &l->w[1], min, max, out);
}

static void one_line(struct sema *s, struct rt_resolvers *r, const struct line *l)
{
	static const char *const words[] = { "nameserver", "parse-resolv-conf", "hold", "resolve_retries", "timeout", "accepted_payload_size" };

	switch (arg_word(s, &l->w[0], words, ARRAY_LEN(words), "word of resolvers")) {
	case 0: nameserver_line(s, r, l); break;
	case 1: resolv_conf(s, r, &l->w[0]); break;
	case 2: hold_line(s, r, l); break;
	case 3: number_line(s, l, 1, 100, &r->retries); break;
	case 4: timeout_line(s, r, l); break;
	case 5: number_line(s, l, PAYLOAD_MIN, PAYLOAD_MAX, &r->payload); break;
	}
}

static struct rt_resolvers fresh(const struct sema *s, struct str name, struct rt_loc loc)
{
	return (struct rt_resolvers){
		.name = name, .retries = 3, .payload = PAYLOAD_MIN, .resolve = 1000, .retry = 1000, .ns0 = s->rt->nns, .loc = loc,
		.hold = { [HOLD_OTHER] = 30000, [HOLD_REFUSED] = 30000, [HOLD_NX] = 30000, [HOLD_TIMEOUT] = 30000, [HOLD_VALID] = 10000 },
	};
}

static int add(struct sema *s, struct rt_resolvers r)
{
	s->rt->nns += r.nns;
	APPEND(s->a, s->rt->resolvers, s->rt->nresolvers, r);
	return (int)s->rt->nresolvers - 1;
}

static int find(const struct sema *s, struct str name)
{
	for (uint32_t i = 0; i < s->rt->nresolvers; i++)
		if (str_eq(s->rt->resolvers[i].name, name))
			return (int)i;
	return -1;
}

/* There is a section `default` without anybody's writing it, as HAProxy has it: what the machine itself asks. It is made when it is first meant,
 * which is too late once the tables stand. */
int sema_resolvers(struct sema *s, struct str name)
{
	int i = find(s, name);

	if (i >= 0 || !s->src || !str_eq(name, STR("default")))
		return i;
	struct rt_resolvers r = fresh(s, STR("default"), (struct rt_loc){ .file = sema_resolv_conf, .line = 1, .col = 1 });
	resolv_conf(s, &r, NULL);
	return r.nns ? add(s, r) : -1;
}

void sect_resolvers(struct sema *s, const struct section *sec)
{
	const struct line *h = &sec->head;

	if (h->n != 2) {
		sema_err(s, &h->w[0], "'resolvers' expects a name");
		return;
	}
	if (find(s, h->w[1].s) >= 0) {
		sema_err(s, &h->w[1], "there is already a section resolvers '" STR_FMT "'", STR_ARG(h->w[1].s));
		return;
	}
	struct rt_resolvers r = fresh(s, keep(s, h->w[1].s), sema_loc(s, h->w[0].at));
	for (size_t i = 0; i < sec->lines.n; i++)
		one_line(s, &r, &sec->lines.at[i]);
	if (!r.nns)
		sema_warn(s, &h->w[1], "resolvers '" STR_FMT "' has no nameserver: nothing will be resolved", STR_ARG(r.name));
	add(s, r);
}
