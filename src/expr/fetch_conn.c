// SPDX-License-Identifier: GPL-3.0-or-later
/* Fetches of the client connection and of raw bytes received. Those of raw bytes may change while input comes in. */
#include "rows_priv.h"

static bool set_ip(struct smp *out, const struct addr *a)
{
	if (!a || (a->family != AF_INET && a->family != AF_INET6))
		return false;
	out->type = SMP_IP;
	out->ip = *a;
	return true;
}

bool fetch_src(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)k, (void)it;
	return set_ip(out, c->src);
}

bool fetch_dst(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)k, (void)it;
	return set_ip(out, c->dst);
}

/* aux: enum smp_env_addr; the connections themselves, whatever rules made of src and dst. */
static const struct addr *conn_addr(const struct smp_ctx *c, const struct call *k)
{
	return c->env && c->env->addr ? c->env->addr(c, (enum smp_env_addr)k->aux) : NULL;
}

bool fetch_conn_addr(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)it;
	return set_ip(out, conn_addr(c, k));
}

bool fetch_conn_port(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	const struct addr *a = conn_addr(c, k);

	(void)it;
	return a && smp_set_int(out, a->port);
}

bool fetch_conn_is_local(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	const struct addr *a = conn_addr(c, k);

	(void)it;
	return a && smp_set_bool(out, addr_is_loopback(a));
}

bool fetch_src_port(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)k, (void)it;
	return c->src && smp_set_int(out, c->src->port);
}

bool fetch_dst_port(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)k, (void)it;
	return c->dst && smp_set_int(out, c->dst->port);
}

/* A client is on this machine when it has the address it connected to, or a loopback one. */
bool fetch_src_is_local(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)k, (void)it;
	return c->src && smp_set_bool(out, addr_is_loopback(c->src) || (c->dst && addr_eq(c->src, c->dst, false)));
}

bool fetch_dst_is_local(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)k, (void)it;
	return c->dst && smp_set_bool(out, addr_is_loopback(c->dst) || (c->src && addr_eq(c->src, c->dst, false)));
}

bool fetch_wait_end(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)k, (void)it;
	out->may_change = !c->final;
	return c->final && smp_set_bool(out, true);
}

static bool token_byte(char ch)
{
	return (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z') || ch == '-' || ch == '_';
}

/* 1: begins like an HTTP/1 request line, 0: does not, -1: too short to tell. */
static int looks_like_http(struct str in)
{
	struct str line = in;
	ptrdiff_t nl = str_chr(in, '\n');
	size_t i = 0;

	while (i < in.n && token_byte(in.p[i]))
		i++;
	if (i == in.n)
		return i < 32 ? -1 : 0;
	if (i == 0 || in.p[i] != ' ')
		return 0;
	if (nl < 0)
		return -1;
	line = str_sub(in, 0, (size_t)nl);
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line.n > i + 10 && str_starts(str_sub(line, line.n - 9, 9), STR(" HTTP/")) ? 1 : 0;
}

bool fetch_proto_http(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	int verdict = c->req ? 1 : looks_like_http(c->l6_req);

	(void)k, (void)it;
	if (verdict < 0) {
		out->may_change = !c->final;
		return c->final && smp_set_bool(out, false);
	}
	return smp_set_bool(out, verdict);
}
