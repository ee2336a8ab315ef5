// SPDX-License-Identifier: GPL-3.0-or-later
/* Actions on connections: the addresses that the rest of the exchange sees, marks of packets, timeouts, places in queues. Addresses set
 * before there is a stream hold for the session, later ones for their request; the connection's own are never touched. */
#include <sluice/base/clock.h>

#include "act_priv.h"
#include "bwlim.h"
#include "session.h"
#include "steps.h"

static bool before_streams(enum rule_phase ph) { return ph == PH_TCP_CONN || ph == PH_TCP_SESS; }

/* The address to be changed, with what is known of it so far; the context shows it from now on. */
static struct addr *address_of(struct stream *s, enum rule_phase ph, bool dst)
{
	struct smp_ctx *c = strm_smp_ctx(s);
	const struct addr **shown = dst ? &c->dst : &c->src;
	struct addr *own = before_streams(ph) ? (dst ? &s->sess->dst_set : &s->sess->src_set) : dst ? &s->dst_set : &s->src_set;

	if (*shown != own)
		*own = *shown ? **shown : (struct addr){ .family = AF_INET };
	*shown = own;
	return own;
}

static enum rule_verdict address_set(struct stream *s, const struct rule *r, enum rule_phase ph, bool dst)
{
	struct smp_ctx *c = strm_smp_ctx(s);
	struct smp v;

	if (!expr_eval(r->expr, c, &v) || !smp_castable(v.type, SMP_IP) || !smp_cast(&v, SMP_IP, c->tmp))
		return RULE_CONTINUE;
	struct addr *a = address_of(s, ph, dst);

	v.ip.port = a->port;
	*a = v.ip;
	return RULE_CONTINUE;
}

static enum rule_verdict port_set(struct stream *s, const struct rule *r, enum rule_phase ph, bool dst)
{
	struct smp_ctx *c = strm_smp_ctx(s);
	struct smp v;

	if (!expr_eval(r->expr, c, &v) || !smp_castable(v.type, SMP_INT) || !smp_cast(&v, SMP_INT, c->tmp))
		return RULE_CONTINUE;
	address_of(s, ph, dst)->port = (uint16_t)v.i;
	return RULE_CONTINUE;
}

enum rule_verdict act_exec_set_src(struct stream *s, const struct rule *r, enum rule_phase ph) { return address_set(s, r, ph, false); }
enum rule_verdict act_exec_set_dst(struct stream *s, const struct rule *r, enum rule_phase ph) { return address_set(s, r, ph, true); }
enum rule_verdict act_exec_set_src_port(struct stream *s, const struct rule *r, enum rule_phase ph) { return port_set(s, r, ph, false); }
enum rule_verdict act_exec_set_dst_port(struct stream *s, const struct rule *r, enum rule_phase ph) { return port_set(s, r, ph, true); }

/* The number of a rule, or its expression's. */
static bool rule_number(struct stream *s, const struct rule *r, int64_t *out)
{
	struct smp_ctx *c = strm_smp_ctx(s);
	struct smp v;

	*out = r->num;
	if (!r->expr)
		return true;
	if (!expr_eval(r->expr, c, &v) || !smp_castable(v.type, SMP_INT) || !smp_cast(&v, SMP_INT, c->tmp))
		return false;
	*out = v.i;
	return true;
}

void conn_mark(int fd, const struct addr *peer, int64_t tos, int64_t mark)
{
	int v = (int)tos, m = (int)mark;

	if (tos >= 0 && peer->family == AF_INET6)
		(void)!setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &v, sizeof(v));
	else if (tos >= 0)
		(void)!setsockopt(fd, IPPROTO_IP, IP_TOS, &v, sizeof(v));
	if (mark >= 0)
		(void)!setsockopt(fd, SOL_SOCKET, SO_MARK, &m, sizeof(m));
}

static enum rule_verdict marked(struct stream *s, const struct rule *r, bool tos)
{
	int64_t v;
	const struct conn *c = s->sess->conn;

	if (!rule_number(s, r, &v))
		return RULE_CONTINUE;
	v &= tos ? 0xff : 0xffffffff;
	if (r->kind) {
		s->bc_marked = true;
		*(tos ? &s->bc_tos : &s->bc_mark) = v;
	} else if (c) {
		conn_mark(c->io.fd, &c->src, tos ? v : -1, tos ? -1 : v);
	}
	return RULE_CONTINUE;
}

enum rule_verdict act_exec_set_tos(struct stream *s, const struct rule *r, enum rule_phase ph UNUSED) { return marked(s, r, true); }
enum rule_verdict act_exec_set_mark(struct stream *s, const struct rule *r, enum rule_phase ph UNUSED) { return marked(s, r, false); }

enum rule_verdict act_exec_set_timeout(struct stream *s, const struct rule *r, enum rule_phase ph UNUSED)
{
	int64_t ms;

	if (rule_number(s, r, &ms) && ms > 0)
		s->to_set[r->kind == TO_CLIENT ? 0 : r->kind == TO_SERVER ? 1 : 2] = (uint32_t)MIN(ms, INT32_MAX);
	return RULE_CONTINUE;
}

enum rule_verdict act_exec_bwlim(struct stream *s, const struct rule *r, enum rule_phase ph UNUSED)
{
	bwlim_set(s, r->bw);
	return RULE_CONTINUE;
}

/* Manual, set-retries: what is no number of retries changes nothing. */
enum rule_verdict act_exec_set_retries(struct stream *s, const struct rule *r, enum rule_phase ph UNUSED)
{
	int64_t n;

	if (rule_number(s, r, &n) && n >= 0)
		s->retries_set = (int16_t)MIN(n, RETRIES_MAX);
	return RULE_CONTINUE;
}

/* Manual, set-priority-class and -offset: what is beyond the ends counts as the end. */
static int64_t clamp(int64_t v, int64_t end) { return v < -end ? -end : v > end ? end : v; }

enum rule_verdict act_exec_set_priority_class(struct stream *s, const struct rule *r, enum rule_phase ph UNUSED)
{
	int64_t v;

	if (rule_number(s, r, &v))
		s->prio_class = (int16_t)clamp(v, 2047);
	return RULE_CONTINUE;
}

enum rule_verdict act_exec_set_priority_offset(struct stream *s, const struct rule *r, enum rule_phase ph UNUSED)
{
	int64_t v;

	if (rule_number(s, r, &v))
		s->prio_offset = (int32_t)clamp(v, 524287);
	return RULE_CONTINUE;
}

/* What sets nothing here: set-nice, strict-mode. */
enum rule_verdict act_exec_nothing(struct stream *s UNUSED, const struct rule *r UNUSED, enum rule_phase ph UNUSED)
{
	return RULE_CONTINUE;
}
