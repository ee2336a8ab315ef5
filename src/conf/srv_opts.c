// SPDX-License-Identifier: GPL-3.0-or-later
/* Parameters of server and default-server lines: each row of tbl/server_opts.def sets its field of a template. */
#include <errno.h>
#include <stdlib.h>

#include "tls_priv.h"

typedef bool opt_fn(struct sema *s, struct srv_tmpl *t, const struct word *v);

#define OPT(name) static bool srv_##name(struct sema *s UNUSED, struct srv_tmpl *t UNUSED, const struct word *v UNUSED)
#define OPT_SET(name, bits) OPT(name) { t->flags |= (bits); return true; }
#define OPT_CLEAR(name, bits) OPT(name) { t->flags &= ~(uint32_t)(bits); return true; }
#define OPT_TIME(name, field) OPT(name) { return arg_time(s, v, 1, &t->o.field); }
#define OPT_U32(name, field, min, max) OPT(name) { return arg_u32(s, v, min, max, &t->o.field); }

/* The word changes nothing: srv_opts_parse() says so. */
OPT(tolerated) { return true; }
OPT_SET(backup, SRVF_BACKUP)
OPT_CLEAR(no_backup, SRVF_BACKUP)
OPT_SET(check, SRVF_CHECK)
OPT_CLEAR(no_check, SRVF_CHECK)
OPT_SET(agent_check, SRVF_AGENT)
OPT_CLEAR(no_agent_check, SRVF_AGENT)
OPT_SET(disabled, SRVF_DISABLED)
OPT_CLEAR(enabled, SRVF_DISABLED)
OPT_SET(non_stick, SRVF_NON_STICK)
OPT_CLEAR(stick, SRVF_NON_STICK)
OPT(redir) { t->o.redir = keep(s, v->s); return true; }
OPT_SET(send_proxy, SRVF_SEND_PROXY)
OPT_SET(check_send_proxy, SRVF_CHECK_SEND_PROXY)
OPT_SET(send_proxy_v2, SRVF_SEND_PROXY_V2)
OPT_CLEAR(no_send_proxy, SRVF_SEND_PROXY | SRVF_SEND_PROXY_V2)

OPT(send_proxy_v2_ssl)
{
	t->flags |= SRVF_SEND_PROXY_V2;
	t->o.pp_opts |= PPO_SSL;
	return true;
}

OPT(send_proxy_v2_cn)
{
	t->o.pp_opts |= PPO_CN;
	return srv_send_proxy_v2_ssl(s, t, v);
}

OPT(proxy_v2_options)
{
	static const char *const words[] = { "ssl", "cert-cn", "ssl-cipher", "cert-sig", "cert-key", "authority", "crc32c", "unique-id" };
	static const uint8_t bits[] = { PPO_SSL, PPO_SSL | PPO_CN, PPO_SSL | PPO_CIPHER, PPO_SSL | PPO_SIG, PPO_SSL | PPO_KEY,
					PPO_AUTHORITY, PPO_CRC32C, PPO_UNIQUE_ID };
	struct str rest = v->s;

	while (rest.p) {
		struct word one = *v;
		one.s = str_split(&rest, ',');
		int i = arg_word(s, &one, words, ARRAY_LEN(words), "option of the PROXY header");
		if (i < 0)
			return false;
		t->o.pp_opts |= bits[i];
	}
	return true;
}

/* The number stands in the word itself. */
OPT(proxy_v2_tlv)
{
	struct str id = str_sub(v[-1].s, strlen("set-proxy-v2-tlv-fmt("), v[-1].s.n);
	struct rt_pp_tlv *n = ARENA_NEW(s->a, struct rt_pp_tlv);
	unsigned long type;
	char *end;

	errno = 0;
	type = id.n ? strtoul(id.p, &end, 0) : 256;
	if (type > 255 || errno || *end != ')' || end == id.p) {
		sema_err(s, &v[-1], "'set-proxy-v2-tlv-fmt' takes a number from 0 to 255 in parentheses");
		return false;
	}
	*n = (struct rt_pp_tlv){ .before = t->o.pp_tlvs, .type = (uint8_t)type,
				 .fmt = sema_fmt(s, v, NEED_CLIENT | NEED_STREAM | NEED_REQ_HEAD | NEED_L6) };
	t->o.pp_tlvs = n;
	return n->fmt != NULL;
}

OPT_SET(tfo, SRVF_TFO)
OPT_CLEAR(no_tfo, SRVF_TFO)
OPT_TIME(fastinter, fastinter)
OPT_TIME(downinter, downinter)
OPT_TIME(pool_purge_delay, pool_purge_delay)
OPT_TIME(tcp_ut, tcp_ut)
OPT_U32(error_limit, error_limit, 1, INT32_MAX)
OPT_U32(maxconn, maxconn, 0, 10000000)
OPT_U32(minconn, minconn, 0, 10000000)
OPT_U32(maxqueue, maxqueue, 0, 10000000)
OPT_U32(pool_low_conn, pool_low_conn, 0, INT32_MAX)

static bool interval(struct sema *s, const struct word *v, uint32_t *ms)
{
	if (!arg_time(s, v, 1, ms))
		return false;
	if (*ms)
		return true;
	sema_err(s, v, "the interval of checks cannot be 0");
	return false;
}

OPT(inter) { return interval(s, v, &t->o.inter); }
OPT(agent_inter) { return interval(s, v, &t->o.agent_inter); }

/* HAProxy counts seconds here. */
OPT(slowstart)
{
	return arg_time(s, v, 1000, &t->o.slowstart);
}

OPT(max_reuse)
{
	int32_t n;
	if (!arg_i32(s, v, -1, INT32_MAX, &n))
		return false;
	t->o.max_reuse = (uint32_t)n;
	return true;
}

OPT(pool_max_conn)
{
	return arg_i32(s, v, -1, INT32_MAX, &t->o.pool_max_conn);
}

static bool small_number(struct sema *s, const struct word *v, uint32_t min, uint32_t max, uint16_t *out)
{
	uint32_t n;
	if (!arg_u32(s, v, min, max, &n))
		return false;
	*out = (uint16_t)n;
	return true;
}

OPT(rise) { return small_number(s, v, 1, 255, &t->o.rise); }
OPT(fall) { return small_number(s, v, 1, 255, &t->o.fall); }
OPT(weight) { return small_number(s, v, 0, 256, &t->weight); }
OPT(agent_port) { return small_number(s, v, 1, 65535, &t->o.agent_port); }
OPT(check_port) { return small_number(s, v, 1, 65535, &t->o.check_port); }
OPT(id) { return arg_u32(s, v, 1, INT32_MAX, &t->id); }

OPT(cookie)
{
	t->cookie = keep(s, v->s);
	return true;
}

OPT(track)
{
	t->track = v;
	return true;
}

OPT(agent_addr)
{
	struct addr_spec a;
	if (!addr_spec_parse(s, v, v->s, ADDR_SOURCE, &a))
		return false;
	t->o.agent_addr = a.addr;
	return true;
}

OPT(agent_send)
{
	if (v->s.n > AGENT_SEND_MAX) {
		sema_err(s, v, "'agent-send' takes at most %d bytes", AGENT_SEND_MAX);
		return false;
	}
	t->o.agent_send = keep(s, v->s);
	return true;
}

OPT(socks4)
{
	struct addr_spec a;

	if (!addr_spec_parse(s, v, v->s, ADDR_SOURCE, &a))
		return false;
	if (!a.addr.port)
		sema_err(s, v, "a SOCKS4 proxy needs an address and a port");
	t->o.socks4 = a.addr;
	return a.addr.port;
}

OPT(check_via_socks4)
{
	(void)s, (void)v;
	return t->o.check_socks4 = true;
}

OPT(check_addr)
{
	struct addr_spec a;
	if (!addr_spec_parse(s, v, v->s, ADDR_SOURCE, &a))
		return false;
	t->o.check_addr = a.addr;
	if (a.port_lo)
		t->o.check_port = a.port_lo;
	return true;
}

OPT(source)
{
	struct addr_spec a;
	if (!addr_spec_parse(s, v, v->s, ADDR_SOURCE, &a))
		return false;
	t->o.source = a.addr;
	return true;
}

OPT(interface)
{
	t->o.source_if = keep(s, v->s).p;
	sema_warn_inert(s, v - 1);
	return true;
}

OPT(resolvers)
{
	int i = sema_resolvers(s, v->s);

	if (i < 0)
		sema_err(s, v, "unknown resolvers '" STR_FMT "'", STR_ARG(v->s));
	else
		t->o.resolvers = (uint32_t)i + 1;
	return i >= 0;
}

OPT(resolve_prefer)
{
	static const char *const words[] = { "ipv4", "ipv6" };
	int i = arg_word(s, v, words, 2, "family of addresses");

	t->o.resolve_prefer = i ? 6 : 4;
	return i >= 0;
}

OPT(resolve_net)
{
	t->o.nresolve_net = 0;
	for (struct str rest = v->s, one; rest.p;) {
		one = str_trim(str_split(&rest, ','));
		if (t->o.nresolve_net == RESOLVE_NETS_MAX) {
			sema_err_at(s, v, one, "at most %d networks", RESOLVE_NETS_MAX);
			return false;
		}
		if (!addr_parse_net(&t->o.resolve_net[t->o.nresolve_net++], one)) {
			sema_err_at(s, v, one, "'" STR_FMT "' is not a network", STR_ARG(one));
			return false;
		}
	}
	return true;
}

OPT(resolve_opts)
{
	static const char *const words[] = { "allow-dup-ip", "prevent-dup-ip", "ignore-weight" };

	for (struct str rest = v->s; rest.p;) {
		struct word one = *v;

		one.s = str_trim(str_split(&rest, ','));
		switch (arg_word(s, &one, words, 3, "option of resolution")) {
		case 0: t->o.resolve_opts |= RESOLVE_DUP_IP; break;
		case 1: t->o.resolve_opts &= (uint8_t)~RESOLVE_DUP_IP; break;
		case 2: t->o.resolve_opts |= RESOLVE_NO_WEIGHT; break;
		default: return false;
		}
	}
	return true;
}

/* Addresses set at run time outlive a reload by themselves, which is what `last` asks for. */
OPT(init_addr)
{
	bool libc = false;

	t->init_ip = (struct addr){ 0 };
	for (struct str rest = v->s, one; rest.p;) {
		one = str_trim(str_split(&rest, ','));
		if (str_eq(one, STR("libc"))) {
			libc = true;
		} else if (!str_eq(one, STR("last")) && !str_eq(one, STR("none")) && !addr_parse_ip(&t->init_ip, one)) {
			sema_err_at(s, v, one, "'" STR_FMT "' is none of last, libc, none, nor an address", STR_ARG(one));
			return false;
		}
	}
	t->no_libc = !libc;
	return true;
}

static bool choose(struct sema *s, const struct word *v, const char *const *words, int n, const char *what,
		   uint8_t *out)
{
	int i = arg_word(s, v, words, n, what);
	if (i >= 0)
		*out = (uint8_t)i;
	return i >= 0;
}

OPT(init_state)
{
	static const char *const words[] = { "up", "fully-up", "down", "fully-down", "none" };
	return choose(s, v, words, ARRAY_LEN(words), "initial state", &t->o.init_state);
}

OPT(observe)
{
	static const char *const words[] = { "none", "layer4", "layer7" };
	return choose(s, v, words, ARRAY_LEN(words), "kind of observation", &t->o.observe);
}

OPT(proto)
{
	static const char *const words[] = { "auto", "h1", "h2" };
	return choose(s, v, words, ARRAY_LEN(words), "protocol", &t->o.proto);
}

/* Of checks: none is that of tcp-check. */
OPT(check_proto)
{
	static const char *const words[] = { "none", "h1", "h2" };
	return choose(s, v, words, ARRAY_LEN(words), "protocol", &t->o.check_proto);
}

OPT(ws)
{
	static const char *const words[] = { "auto", "h1", "h2" };
	return choose(s, v, words, ARRAY_LEN(words), "protocol", &t->o.ws);
}

OPT(on_error)
{
	static const char *const words[] = { "fastinter", "fail-check", "sudden-death", "mark-down" };
	return choose(s, v, words, ARRAY_LEN(words), "reaction to errors", &t->o.on_error);
}

OPT(on_marked_down)
{
	static const char *const words[] = { "none", "shutdown-sessions" };
	uint8_t i;
	if (!choose(s, v, words, ARRAY_LEN(words), "reaction", &i))
		return false;
	t->flags = i ? t->flags | SRVF_SHUT_ON_DOWN : t->flags & ~(uint32_t)SRVF_SHUT_ON_DOWN;
	return true;
}

OPT(on_marked_up)
{
	static const char *const words[] = { "none", "shutdown-backup-sessions" };
	uint8_t i;
	if (!choose(s, v, words, ARRAY_LEN(words), "reaction", &i))
		return false;
	t->flags = i ? t->flags | SRVF_SHUT_BACKUP_ON_UP : t->flags & ~(uint32_t)SRVF_SHUT_BACKUP_ON_UP;
	return true;
}

/* ---- table ------------------------------------------------------------------------------------------------------ */

static const struct opt_row { const char *word; uint8_t nargs; opt_fn *run; } rows[] = {
#define SERVER_OPT(word, nargs, fn, dflt, help) { word, nargs, srv_##fn },
#include <sluice/tbl/server_opts.def>
#undef SERVER_OPT
};

void srv_opts_init(struct sema *s)
{
	hmap_init(&s->srv_opts, &s->scratch);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		hmap_put(&s->srv_opts, str_c(rows[i].word), (void *)&rows[i]);
}

/* One word has an argument in parentheses. */
static const struct opt_row *row_of(const struct sema *s, struct str w)
{
	ptrdiff_t at = w.n && w.p[w.n - 1] == ')' ? str_chr(w, '(') : -1;
	const struct opt_row *r = hmap_get(&s->srv_opts, at > 0 ? str_sub(w, 0, (size_t)at) : w);

	return !r || at < 0 || r->run == srv_proxy_v2_tlv ? r : NULL;
}

static bool unknown_opt(struct sema *s, const struct word *w, uint32_t *i)
{
	const char *names[ARRAY_LEN(rows)];
	const struct ha_word *h = sema_ha_word(s, HAW_SERVER, w);

	if (h) {
		*i += h->nargs;
		return true;
	}
	for (size_t k = 0; k < ARRAY_LEN(rows); k++)
		names[k] = rows[k].word;
	sema_err_hint(s, w, diag_nearest(w->s, names, ARRAY_LEN(rows)), "unknown parameter '" STR_FMT "' of %s",
		      STR_ARG(w->s), s->in_default_server ? "default-server" : "server");
	return false;
}

bool srv_opts_parse(struct sema *s, const struct word *w, uint32_t n, struct srv_tmpl *t)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct opt_row *r = row_of(s, w[i].s);
		const struct word *k = &w[i], *v = NULL;
		bool known = false;
		if (!r && !tls_word(s, &t->tls, TLS_AT_SERVER, w, n, &i, &known))
			return false;
		if (known)
			continue;
		if (!r) {
			if (!unknown_opt(s, &w[i], &i))
				return false;
			continue;
		}
		if (r->nargs && !(v = arg_next(s, w, n, &i)))
			return false;
		if (r->run == srv_tolerated)
			sema_warn_inert(s, k);
		if (!r->run(s, t, v))
			return false;
	}
	return true;
}
