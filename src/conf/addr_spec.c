// SPDX-License-Identifier: GPL-3.0-or-later
/* Addresses as HAProxy writes them: transport and family prefixes, host, port, port ranges and offsets. Names are
 * looked up here, once each and with a bound on the time all of them may take together; one that does not resolve is
 * reported, not fatal. */
#include <netdb.h>
#include <stdlib.h>
#include <sys/un.h>
#include <sluice/base/clock.h>
#include <sluice/base/num.h>

#include "sema_priv.h"

#define LOOKUP_BUDGET_MS 5000

enum family_word { FW_ANY, FW_V4, FW_V6, FW_UNIX, FW_ABNS, FW_FD, FW_SOCKPAIR, FW_UDP, FW_UDP4, FW_UDP6, FW_NOT_YET };

static const struct { const char *word; uint8_t id;
} family_words[] = {
	{ "ipv4@", FW_V4 },	  { "ipv6@", FW_V6 },	    { "tcp@", FW_ANY },	       { "tcp4@", FW_V4 },
	{ "tcp6@", FW_V6 },	  { "ip@", FW_ANY },	    { "unix@", FW_UNIX },      { "uxst@", FW_UNIX },
	{ "uxdg@", FW_UNIX },	  { "abns@", FW_ABNS },	    { "fd@", FW_FD },	       { "sockpair@", FW_SOCKPAIR },
	{ "udp@", FW_UDP },	  { "udp4@", FW_UDP4 },	    { "udp6@", FW_UDP6 },      { "quic4@", FW_NOT_YET },
	{ "quic6@", FW_NOT_YET }, { "quic@", FW_NOT_YET },  { "ring@", FW_NOT_YET },   { "rhttp@", FW_NOT_YET },
	{ "abnsz@", FW_NOT_YET }, { "mptcp@", FW_NOT_YET }, { "mptcp4@", FW_NOT_YET }, { "mptcp6@", FW_NOT_YET },
};

static enum family_word take_family(struct str *t)
{
	for (size_t i = 0; i < ARRAY_LEN(family_words); i++) {
		struct str f = str_c(family_words[i].word);
		if (str_starts(*t, f)) {
			*t = str_sub(*t, f.n, t->n);
			return family_words[i].id;
		}
	}
	return FW_ANY;
}

/* ---- unix and descriptors --------------------------------------------------------------------------------------- */

static bool spec_unix(struct sema *s, const struct word *w, struct str path, bool abstract, bool bind,
		      struct addr_spec *o)
{
	size_t max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
	struct str pre = bind && !abstract ? s->unix_prefix : STR_NULL;
	struct str full = arena_printf(s->a, "%s" STR_FMT STR_FMT, abstract ? "@" : "", STR_ARG(pre), STR_ARG(path));

	if (!path.n) {
		sema_err(s, w, "the path of a unix socket is missing");
		return false;
	}
	if (full.n > max) {
		sema_err_at(s, w, path, "the path of a unix socket has at most %zu bytes, this one has %zu", max,
			    full.n);
		return false;
	}
	o->addr = (struct addr){ .family = AF_UNIX, .path = full.p };
	o->port_given = true;
	return true;
}

static bool spec_fd(struct sema *s, const struct word *w, struct str num, struct addr_spec *o)
{
	uint64_t v;
	if (!num_u64(num, &v) || v > 1u << 20) {
		sema_err_at(s, w, num, "'" STR_FMT "' is not the number of a file descriptor", STR_ARG(num));
		return false;
	}
	o->fd = (int)v;
	o->port_given = true;
	return true;
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

struct looked_up { bool found; struct addr v4, v6; };

/* glibc reads RES_OPTIONS when it initialises: one short try, the checker will go on asking. */
static void lookup(struct sema *s, const char *name, struct looked_up *r)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list = NULL;
	uint64_t t0 = clock_read_ns();

	setenv("RES_OPTIONS", "timeout:1 attempts:1", 0);
	if (getaddrinfo(name, NULL, &hints, &list) == 0) {
		for (struct addrinfo *ai = list; ai; ai = ai->ai_next) {
			struct sockaddr_storage ss = { 0 };
			memcpy(&ss, ai->ai_addr, MIN((size_t)ai->ai_addrlen, sizeof(ss)));
			struct addr *to = ai->ai_family == AF_INET ? &r->v4 : &r->v6;
			if (to->family == AF_UNSPEC && (ai->ai_family == AF_INET || ai->ai_family == AF_INET6))
				addr_from_sockaddr(to, &ss);
		}
		freeaddrinfo(list);
	}
	r->found = r->v4.family || r->v6.family;
	if (!r->found)
		s->lookup_ms += (clock_read_ns() - t0) / 1000000u;
}

static const struct looked_up *lookup_cached(struct sema *s, struct str host)
{
	struct looked_up *r = hmap_get(&s->hosts, host);

	if (r)
		return r;
	r = ARENA_NEW(&s->scratch, struct looked_up);
	host = arena_str(&s->scratch, host);
	if (s->lookup_ms < LOOKUP_BUDGET_MS && !s->o->no_lookup)
		lookup(s, host.p, r);
	if (!r->found && str_eq(host, STR("localhost"))) {
		r->found = true;
		r->v4 = (struct addr){ .family = AF_INET, .in4.s_addr = htonl(INADDR_LOOPBACK) };
	}
	hmap_put(&s->hosts, host, r);
	return r;
}

static bool host_name_ok(struct str h)
{
	for (size_t i = 0; i < h.n; i++) {
		char c = ascii_lower(h.p[i]);
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'))
			return false;
	}
	return h.n && h.n < 254;
}

static bool spec_name(struct sema *s, const struct word *w, struct str host, enum family_word fam, enum addr_use use,
		      struct addr_spec *o)
{
	const struct looked_up *r;
	struct addr a;

	if (!host_name_ok(host)) {
		sema_err_at(s, w, host, "'" STR_FMT "' is neither an address nor a host name", STR_ARG(host));
		return false;
	}
	static const struct looked_up nothing;
	r = s->no_libc || host.p[0] == '_' ? &nothing : lookup_cached(s, host); /* a label has no address */
	a = fam == FW_V4 || fam == FW_UDP4   ? r->v4
	    : fam == FW_V6 || fam == FW_UDP6 ? r->v6
	    : r->v4.family		     ? r->v4
					     : r->v6;
	o->host = keep(s, host);
	if (a.family) {
		o->addr = a;
		return true;
	}
	if (use != ADDR_SERVER) {
		sema_err_at(s, w, host, "cannot resolve '" STR_FMT "'", STR_ARG(host));
		return false;
	}
	if (!s->quiet_lookup && host.p[0] != '_')
		sema_warn(s, w, "cannot resolve '" STR_FMT "' now: the server starts DOWN", STR_ARG(host));
	o->addr = (struct addr){ .family = AF_INET };
	o->unresolved = true;
	return true;
}

/* ---- internet addresses ----------------------------------------------------------------------------------------- */

static bool port_number(struct sema *s, const struct word *w, struct str t, uint16_t *port)
{
	uint64_t v;
	if (!num_u64(t, &v) || v > 65535) {
		sema_err_at(s, w, t.n ? t : w->s, "'" STR_FMT "' is not a port, expected 1 to 65535", STR_ARG(t));
		return false;
	}
	*port = (uint16_t)v;
	return true;
}

static bool spec_port(struct sema *s, const struct word *w, struct str t, enum addr_use use, struct addr_spec *o)
{
	ptrdiff_t dash;

	o->port_given = true;
	if (t.n && (t.p[0] == '+' || t.p[0] == '-')) {
		uint16_t off;
		if (use != ADDR_SERVER) {
			sema_err_at(s, w, t, "a port offset is only possible in the address of a server");
			return false;
		}
		if (!port_number(s, w, str_sub(t, 1, t.n), &off))
			return false;
		o->port_rel = true;
		o->port_off = t.p[0] == '-' ? -(int32_t)off : off;
		return true;
	}
	dash = str_chr(t, '-');
	if (dash >= 0 && !(use & (ADDR_BIND | ADDR_CLI | ADDR_SOURCE))) {
		sema_err_at(s, w, t, "a range of ports is not possible here");
		return false;
	}
	if (!port_number(s, w, dash < 0 ? t : str_sub(t, 0, (size_t)dash), &o->port_lo))
		return false;
	o->port_hi = o->port_lo;
	if (dash >= 0 && !port_number(s, w, str_sub(t, (size_t)dash + 1, t.n), &o->port_hi))
		return false;
	if (o->port_hi < o->port_lo) {
		sema_err_at(s, w, t, "the range of ports runs backwards");
		return false;
	}
	return true;
}

/* Splits at the last colon, which is the port's unless it stands inside brackets. */
static struct str split_port(struct str t, struct str *port, bool *has_port)
{
	size_t i = t.n;
	*has_port = false;
	while (i > 0 && t.p[i - 1] != ':' && t.p[i - 1] != ']')
		i--;
	if (i == 0 || t.p[i - 1] == ']')
		return t;
	*has_port = true;
	*port = str_sub(t, i, t.n);
	return str_sub(t, 0, i - 1);
}

static bool spec_host(struct sema *s, const struct word *w, struct str host, enum family_word fam, enum addr_use use,
		      struct addr_spec *o)
{
	bool want6 = fam == FW_V6 || fam == FW_UDP6, want4 = fam == FW_V4 || fam == FW_UDP4;

	if (!host.n || str_eq(host, STR("*"))) {
		o->addr = (struct addr){ .family = want6 ? AF_INET6 : AF_INET };
		o->any = true;
		return true;
	}
	if (!addr_parse_ip(&o->addr, host))
		return spec_name(s, w, host, fam, use, o);
	if ((want4 && o->addr.family != AF_INET) || (want6 && o->addr.family != AF_INET6)) {
		sema_err_at(s, w, host, "'" STR_FMT "' is not an %s address", STR_ARG(host), want4 ? "IPv4" : "IPv6");
		return false;
	}
	return true;
}

static bool spec_inet(struct sema *s, const struct word *w, struct str t, enum family_word fam, enum addr_use use,
		      struct addr_spec *o)
{
	struct str port = STR_NULL, host;
	bool has_port;
	struct addr bare;

	host = split_port(t, &port, &has_port);
	if (use == ADDR_SERVER && !port.n)
		has_port = false; /* "host:" */
	/* `source ::1` and the like: all of it is an address when no port is expected. */
	if (use == ADDR_SOURCE && addr_parse_ip(&bare, t))
		host = t, has_port = false;
	if (has_port && !spec_port(s, w, port, use, o))
		return false;
	if (!spec_host(s, w, host, fam, use, o))
		return false;
	if ((use & (ADDR_BIND | ADDR_CLI)) && (!has_port || !o->port_lo)) {
		sema_err_at(s, w, t, "'" STR_FMT "' has no port to listen on", STR_ARG(t));
		return false;
	}
	o->addr.port = o->port_lo;
	return true;
}

bool addr_spec_parse(struct sema *s, const struct word *w, struct str text, enum addr_use use, struct addr_spec *o)
{
	struct str t = text;
	enum family_word fam;

	*o = (struct addr_spec){ .fd = -1 };
	if (str_starts(t, STR("stream+")))
		t = str_sub(t, 7, t.n);
	else if (str_starts(t, STR("dgram+")))
		t = str_sub(t, 6, t.n), o->dgram = true;
	fam = take_family(&t);
	o->dgram |= fam == FW_UDP || fam == FW_UDP4 || fam == FW_UDP6;
	switch (fam) {
	case FW_NOT_YET:
		sema_err_at(s, w, str_sub(text, 0, text.n - t.n),
			    "'" STR_FMT "' is known to HAProxy, not supported by sluice yet",
			    STR_ARG(str_sub(text, 0, text.n - t.n)));
		return false;
	case FW_UNIX: return spec_unix(s, w, t, false, use & (ADDR_BIND | ADDR_CLI), o);
	case FW_ABNS: return spec_unix(s, w, t, true, false, o);
	case FW_FD:
	case FW_SOCKPAIR: return spec_fd(s, w, t, o);
	default: break;
	}
	if (t.n && t.p[0] == '/')
		return spec_unix(s, w, t, false, use & (ADDR_BIND | ADDR_CLI), o);
	return spec_inet(s, w, t, fam, use, o);
}
