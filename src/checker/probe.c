// SPDX-License-Identifier: GPL-3.0-or-later
/* One check from its timer to its verdict. One timer a server: while idle it starts the next check, while one runs it is the timeout.
 *
 * A check begins an interval after the former one began, so a server that lets every check time out is found in fall x inter. What the machine
 * itself cannot give (descriptors, ports, memory) is no verdict on the server: the check is put off. A plain tcp check costs one connection that is
 * closed with RST, so that neither side keeps a TIME_WAIT. */
#include <errno.h>
#include <sluice/base/arena_pool.h>
#include <sluice/base/clock.h>
#include <sluice/base/pool.h>
#include <sluice/base/rand.h>
#include <sluice/ipc/place.h>
#include <sluice/net/proxy_hdr.h>
#include <sluice/net/sock.h>
#include "checker_priv.h"

#define SLOT_MS 16
#define SLOTS_FROM_MS 1000

static struct pool exchange_pool = POOL("check", struct exchange);

static void on_conn(struct conn *c);
static const struct conn_owner_ops conn_ops = { .io = on_conn };

static uint32_t jittered(const struct target *t, uint32_t ms)
{
	uint32_t spread = (uint32_t)((uint64_t)ms * MIN(t->ck->rt->g.spread_checks, 50u) / 100);

	return spread ? ms - spread + rand_below(2 * spread + 1) : ms;
}

static uint32_t interval(const struct target *t)
{
	return t->agent ? t->s->o->agent_inter : health_interval(&t->health, t->s->o);
}

/* What the whole of a probe may take. */
static uint32_t nominal(const struct target *t)
{
	return t->agent ? t->s->o->agent_inter : t->s->o->inter;
}

/* Checks with long intervals start in slots, many in one turn of the loop: a third less CPU with thousands of servers. */
static uint64_t slot_of(const struct target *t, uint64_t at)
{
	return nominal(t) < SLOTS_FROM_MS ? at : (at + SLOT_MS - 1) / SLOT_MS * SLOT_MS;
}

/* Each server has its place in the interval, which follows from its number and the clock alone: a checker that takes over, after a death or a
 * reload, goes on in the rhythm of the one before, and servers that stand beside each other are far apart. The first beat from `from` on. */
static uint64_t beat_from(const struct target *t, uint64_t from, uint32_t ms)
{
	uint32_t turn = t->srv * 2654435769u + (t->agent ? 1u << 31 : 0); /* of the circle, by the golden section */
	uint64_t phase = (uint64_t)turn * ms >> 32;

	return from + (ms - (from + ms - phase) % ms) % ms;
}

/* An interval after the former one began, at the beat that is nearest to that. */
static void schedule_next(struct target *t)
{
	uint32_t ms = interval(t), varied = jittered(t, ms);
	uint64_t next = t->started_ns / 1000000 + varied;

	if (!t->ck->rt->g.spread_checks)
		next = beat_from(t, next - ms / 2, ms);
	timer_set(&t->timer, slot_of(t, MAX(next, clock_ms() + 1)));
}

static void drop_conn(struct target *t)
{
	if (!t->conn)
		return;
	if (t->conn->flags & CONN_EOF || (t->x && t->x->at && t->x->at->linger))
		conn_close(t->conn);
	else
		conn_reset(t->conn);
	t->conn = NULL;
}

static void end_probe(struct target *t)
{
	drop_conn(t);
	if (t->x) {
		if (t->ops->end)
			t->ops->end(t->x);
		buf_release(&t->x->in);
		var_store_drop(&t->x->vars);
		var_store_drop(&t->x->sess);
		arena_give(t->x->mem);
		pool_put(&exchange_pool, t->x);
		t->x = NULL;
	}
	t->phase = PROBE_IDLE;
	timer_stop(&t->timer);
}

void probe_abort(struct target *t)
{
	end_probe(t);
}

void probe_finish(struct target *t, enum check_status st, unsigned code, struct str info)
{
	uint32_t ms = (uint32_t)((clock_now_ns - t->started_ns) / 1000000);
	char copy[INFO_MAX];

	info.n = MIN(info.n, sizeof(copy)); /* it may lie in the exchange */
	if (info.n)
		memcpy(copy, info.p, info.n);
	end_probe(t);
	if (t->agent)
		agent_verdict(t, st, ms, str_n(copy, info.n));
	else
		fleet_verdict(t, st, code, ms, str_n(copy, info.n));
	if (!t->maint && !t->off && t->phase == PROBE_IDLE)
		schedule_next(t);
}

/* The system has refused something. */
static void probe_failed(struct target *t, enum check_status st, int err)
{
	char text[INFO_MAX];
	struct sbuf info = SBUF_FIXED(text);

	t->err = err;
	sbuf_add(&info, str_c(strerror(err)));
	if (t->x && t->ops->where)
		t->ops->where(t, &info);
	probe_finish(t, st, 0, sbuf_str(&info));
}

void probe_put_off(struct target *t)
{
	end_probe(t);
	schedule_next(t);
}

static bool own_fault(int err)
{
	return err == EMFILE || err == ENFILE || err == ENOBUFS || err == ENOMEM || err == EADDRNOTAVAIL || err == EAGAIN;
}

static struct addr check_addr(const struct target *t, const struct chk_step *st, uint16_t port)
{
	const struct rt_srv_opts *o = t->s->o;
	struct srv_place p = { 0 };
	bool moved = place_read(t->ck->seg, t->srv, &p);
	const struct addr *srv = moved && p.addr.family ? &p.addr : &t->s->addr;
	struct addr a = moved && p.check_addr.family ? p.check_addr : o->check_addr.family ? o->check_addr : *srv;

	if (!a.port)
		a.port = srv->port;
	if (o->check_port)
		a.port = o->check_port;
	if (moved && p.check_port)
		a.port = p.check_port;
	if (st && st->addr.family) {
		uint16_t as_server = a.port;

		a = st->addr;
		a.port = a.port ? a.port : as_server;
	}
	if (port)
		a.port = port;
	return a;
}

static uint32_t connect_timeout(const struct target *t)
{
	uint32_t to = t->px->to[TO_CONNECT];

	return to ? MIN(to, nominal(t)) : nominal(t);
}

/* Is this connection of the check a TLS one? A `connect` step says so itself, `default` means as the server's. */
static bool wants_tls(const struct target *t, const struct chk_step *st)
{
	if (t->agent)
		return false;
	if (st && !st->as_server)
		return st->ssl;
	return (t->s->flags & SRVF_CHECK_SSL) || (st && st->ssl);
}

static bool wants_proxy(const struct target *t)
{
	const struct chk_step *st = t->x ? t->x->at : NULL;
	const struct rt_srv_opts *o = t->s->o;
	bool elsewhere = o->check_port || o->check_addr.family;

	if (t->agent || (st && !st->as_server))
		return st && st->send_proxy;
	return t->s->flags & SRVF_CHECK_SEND_PROXY || (st && st->send_proxy) ||
	       (!elsewhere && t->s->flags & (SRVF_SEND_PROXY | SRVF_SEND_PROXY_V2));
}

/* A server that wants PROXY headers gets one that says the connection is our own, unless checks go elsewhere. */
static struct str proxy_header(const struct target *t)
{
	static char v1[PROXY_V1_MAX], v2[PROXY_V1_MAX];

	if (!wants_proxy(t))
		return STR_NULL;
	if (t->s->flags & SRVF_SEND_PROXY_V2)
		return str_n(v2, proxy_hdr_write_v2(v2, NULL, NULL));
	return str_n(v1, proxy_hdr_write_v1(v1, NULL, NULL));
}

static bool wants_socks(const struct target *t, const struct chk_step *st)
{
	const struct rt_srv_opts *o = t->s->o;

	return !t->agent && o->socks4.family && ((st && st->socks4) || ((!st || st->as_server) && o->check_socks4));
}

static void open_conn(struct target *t, const struct chk_step *st)
{
	const struct rt_srv_opts *o = t->s->o;
	struct sock_connect_opts so = { .source = o->source.family ? &o->source : NULL, .tos = -1, .mark = -1 };
	struct addr a = t->agent ? agent_place(t) : check_addr(t, st, st ? script_port(t, st) : 0);
	struct tls_connect k = { .back = o->check_xprt_cfg, .sni = st && st->sni.n ? st->sni : o->check_sni };

	if (t->x)
		t->x->at = st;
	so.socks4 = wants_socks(t, st) ? &o->socks4 : NULL;
	if (!so.source && t->px->source.family)
		so.source = &t->px->source;
	t->phase = PROBE_CONNECTING;
	t->tls = wants_tls(t, st);
	timer_set(&t->timer, clock_ms() + MAX(connect_timeout(t), 1u));
	if (t->tls) {
		k.preface = proxy_header(t);
		k.alpn = st && !st->alpn.n && st->proto == PROTO_H2 ? STR("\2h2") : st ? st->alpn : STR_NULL;
	}
	t->conn = conn_new_back(&a, &so, t->tls ? &xprt_tls : &xprt_raw, &k, &conn_ops, t);
	if (!t->conn) {
		int err = errno;

		if (own_fault(err))
			probe_put_off(t);
		else
			probe_failed(t, CHK_L4CON, err);
	} else if (conn_established(t->conn)) {
		on_conn(t->conn);
	}
}

void probe_reconnect(struct target *t, const struct chk_step *st)
{
	drop_conn(t);
	open_conn(t, st);
}

static void start(struct target *t)
{
	t->started_ns = clock_now_ns;
	if (t->ops->start) {
		t->x = pool_zget(&exchange_pool);
		if (!t->x) {
			probe_put_off(t);
			return;
		}
		t->x->vars = var_store_make(VAR_CHECK, NULL);
		t->x->sess = var_store_make(VAR_SESS, NULL);
	}
	open_conn(t, t->ops->begin ? t->ops->begin(t) : NULL);
}

/* Before a TLS handshake the header went with that. */
static bool introduce(struct target *t)
{
	struct str hdr = t->tls ? STR_NULL : proxy_header(t);

	if (!hdr.n)
		return true;
	probe_queue(t, hdr);
	return probe_flush(t) == PROBE_OK;
}

/* `timeout check` counts from here; without it the whole check has one interval. */
static void connected(struct target *t)
{
	uint64_t whole = t->started_ns / 1000000 + nominal(t), now = clock_ms();

	t->phase = PROBE_TALKING;
	if (!t->ops->start) {
		probe_finish(t, t->tls ? CHK_L6OK : CHK_L4OK, 0, STR_NULL);
		return;
	}
	timer_set(&t->timer, t->px->to[TO_CHECK] ? now + t->px->to[TO_CHECK] : MAX(whole, now + 1));
	if (!introduce(t))
		return; /* broken; an empty send queue takes the header whole */
	t->ops->start(t);
}

static void on_conn(struct conn *c)
{
	struct target *t = c->owner;
	const struct tls_result *r = tls_result(c);

	if (c->flags & CONN_DEAD && r && r->failure)
		probe_finish(t, CHK_L6RSP, 0, str_c(tls_failure_text(r->failure)));
	else if (c->flags & CONN_DEAD)
		probe_failed(t, t->phase == PROBE_CONNECTING ? CHK_L4CON : CHK_SOCKERR, c->err);
	else if (t->phase == PROBE_CONNECTING)
		connected(t);
	else
		t->ops->io(t);
}

static enum check_status timeout_status(const struct target *t)
{
	const struct rt_check *c = &t->px->check;
	uint8_t own = t->ops == &chk_script && t->x->step < c->nsteps ? c->steps[t->x->step].exp.tout_status : 0;

	if (t->phase == PROBE_TALKING)
		return own ? (enum check_status)own : CHK_L7TOUT;
	return t->conn && !(t->conn->flags & CONN_CONNECTING) ? CHK_L6TOUT : CHK_L4TOUT;
}

static void on_timer(struct timer *tm)
{
	struct target *t = CONTAINER_OF(tm, struct target, timer);
	char text[INFO_MAX];
	struct sbuf info = SBUF_FIXED(text);

	if (t->phase == PROBE_IDLE) {
		start(t);
		return;
	}
	if (t->x && t->ops->where)
		t->ops->where(t, &info);
	probe_finish(t, timeout_status(t), 0, sbuf_str(&info));
}

void probe_init(struct target *t)
{
	timer_init(&t->timer, on_timer);
}

/* First checks are spread over the interval of the state they begin in, so that neither a start nor a restart is a storm;
 * max-spread-checks bounds that time. */
void probe_schedule_first(struct target *t)
{
	uint32_t most = t->ck->rt->g.max_spread_checks, within = most ? MIN(most, interval(t)) : interval(t);

	if (!t->off)
		timer_set(&t->timer, slot_of(t, beat_from(t, clock_ms() + 1, within)));
}

void probe_soon(struct target *t, uint32_t ms)
{
	uint64_t at = clock_ms() + MAX(ms, 1u);

	if (t->ops && !t->off && t->phase == PROBE_IDLE && t->ck->going && (!timer_on(&t->timer) || t->timer.deadline > at))
		timer_set(&t->timer, at);
}

void probe_queue(struct target *t, struct str s)
{
	ASSERT_HOT(t->x->nout < ARRAY_LEN(t->x->out));
	if (s.n)
		t->x->out[t->x->nout++] = s;
}

static void broken(struct target *t)
{
	probe_failed(t, CHK_SOCKERR, t->conn->err);
}

enum probe_io probe_flush(struct target *t)
{
	struct exchange *x = t->x;

	while (x->nout) {
		struct iovec iov[ARRAY_LEN(x->out)];
		uint32_t skip = x->sent;
		int n = 0;
		ssize_t r;

		for (uint32_t i = 0; i < x->nout; i++) {
			uint32_t cut = (uint32_t)MIN((size_t)skip, x->out[i].n);

			skip -= cut;
			if (cut < x->out[i].n)
				iov[n++] = (struct iovec){ (char *)(uintptr_t)x->out[i].p + cut, x->out[i].n - cut };
		}
		if (!n) {
			x->nout = x->sent = 0;
			break;
		}
		r = conn_sendv(t->conn, iov, n, false);
		if (r == XPRT_AGAIN)
			return PROBE_WAIT;
		if (r < 0) {
			broken(t);
			return PROBE_GONE;
		}
		x->sent += (uint32_t)r;
	}
	return PROBE_OK;
}

static enum probe_io readable(const struct target *t)
{
	if (t->conn->flags & CONN_EOF)
		return PROBE_EOF;
	return t->conn->io.ready & (IO_RD | IO_HUP | IO_ERR) ? PROBE_OK : PROBE_WAIT;
}

enum probe_io probe_recv(struct target *t, void *p, size_t n, size_t *got)
{
	enum probe_io can = readable(t);
	ssize_t r;

	if (can != PROBE_OK)
		return can;
	if (!n)
		return PROBE_FULL;
	r = conn_recv(t->conn, p, n);
	if (r > 0) {
		*got = (size_t)r;
		return PROBE_OK;
	}
	if (r == XPRT_AGAIN)
		return PROBE_WAIT;
	if (r == XPRT_EOF)
		return PROBE_EOF;
	broken(t);
	return PROBE_GONE;
}

enum probe_io probe_fill(struct target *t)
{
	struct buf *in = &t->x->in;
	enum probe_io r = readable(t);
	size_t got = 0;

	if (r != PROBE_OK)
		return r; /* who waits holds no buffer */
	if (!buf_acquire(in)) {
		probe_put_off(t);
		return PROBE_GONE;
	}
	r = probe_recv(t, in->mem + in->tail, buf_room(in), &got);
	if (r == PROBE_OK) /* else the exchange may be gone, and `in` with it */
		in->tail += (uint32_t)got;
	return r;
}
