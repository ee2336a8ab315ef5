// SPDX-License-Identifier: GPL-3.0-or-later
/* Changes at run time: storing them into the segment, of which the leader is the only writer, and transactions of several. Workers and
 * checker look again when epoch_leader moves; it moves once for all changes of a transaction. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sluice/base/notice.h>
#include "cli_change.h"

struct txn { struct change *at; size_t n, cap; bool spoilt; };

static void store32(_Atomic uint32_t *w, uint32_t v) { atomic_store_explicit(w, v, memory_order_release); }

static void put_bits(struct seg_srv *s, uint64_t mask, uint64_t bits)
{
	uint64_t old = atomic_load_explicit(&s->admin, memory_order_relaxed);

	atomic_store_explicit(&s->admin, (old & ~mask) | (bits & mask), memory_order_release);
}

static void apply_order(struct seg_srv *s, uint32_t what)
{
	uint32_t old = atomic_load_explicit(&s->order, memory_order_relaxed);

	store32(&s->order, ((old >> 8) + 1) << 8 | what);
}

/* Followers are in maintenance or drained with the server that they follow. */
static void inherit(struct leader *l, uint32_t of)
{
	uint64_t a = srv_admin_now(l, of);
	unsigned bits = (srv_admin_bits(a) & ADM_MAINT ? ADM_INHERITED_MAINT : 0) | (srv_admin_bits(a) & ADM_DRAIN ? ADM_INHERITED_DRAIN : 0);

	for (uint32_t i = 0; i < l->rt->nsrv; i++)
		if (l->rt->srv[i].track == of && i != of) {
			uint64_t before = srv_admin_now(l, i);

			put_bits(&l->seg->srv[i], ADM_INHERITED_MAINT | ADM_INHERITED_DRAIN, bits);
			if (srv_admin_now(l, i) != before) /* so a ring of followers ends too */
				inherit(l, i);
		}
}

/* A socket that is shut down refuses connections in all processes that hold it; listen() opens it again. A unix socket cannot come back:
 * its clients wait instead. */
static void apply_fe_state(struct leader *l, uint32_t px, uint32_t state)
{
	store32(&l->seg->be[px].fe_state, state);
	for (uint32_t i = 0; i < l->rt->nlst; i++) {
		const struct rt_listener *lst = &l->rt->lst[i];

		if (lst->px != px || l->listen_fd[i] < 0 || lst->addr.family == AF_UNIX)
			continue;
		if (state == FE_OPEN)
			(void)listen(l->listen_fd[i], lst->opts->sock.backlog > 0 ? lst->opts->sock.backlog : SOMAXCONN);
		else
			(void)shutdown(l->listen_fd[i], SHUT_RD);
	}
}

static const char *const by_words[] = { [BY_OPERATOR] = "runtime socket", [BY_AGENT] = "agent", [BY_DNS] = "resolution" };

/* What was done stands on stderr and among the events. */
static void said_admin(const struct leader *l, uint32_t srv, unsigned bits, enum change_by by)
{
	const struct rt_server *s = &l->rt->srv[srv];
	struct str px = l->rt->px[s->px].name;
	const char *what = bits & (ADM_FORCED_MAINT | ADM_RESOLUTION) ? "going DOWN for maintenance" : bits & ADM_FORCED_DRAIN ? "drained" : "ready";

	notice(SAY_WARNING, "Server " STR_FMT "/" STR_FMT " is %s (%s).", STR_ARG(px), STR_ARG(s->name), what, by_words[by]);
	events_admin(srv, bits & (ADM_FORCED_MAINT | ADM_RESOLUTION) ? DEED_MAINT : bits & ADM_FORCED_DRAIN ? DEED_DRAIN : DEED_READY, by);
}

static void said_moved(const struct leader *l, uint32_t srv, const struct addr *from, const struct addr *a, enum change_by by)
{
	const struct rt_server *s = &l->rt->srv[srv];
	struct str px = l->rt->px[s->px].name;
	char text[ADDR_TEXT_MAX];
	size_t n = addr_text(a, text);

	if (addr_eq(from, a, true))
		return; /* where checks go, or something of the agent */

	notice(SAY_WARNING, "Server " STR_FMT "/" STR_FMT " is at %.*s now (%s).", STR_ARG(px), STR_ARG(s->name), (int)n, text, by_words[by]);
	events_admin(srv, DEED_MOVED, by);
}

static void apply_server(struct leader *l, const struct change *c)
{
	struct seg_srv *s = &l->seg->srv[c->at];
	struct srv_place before = cli_place(l, c->at);

	switch ((enum change_kind)c->kind) {
	case CHG_ADMIN:
		put_bits(s, c->mask & 0xff, c->value);
		said_admin(l, c->at, c->value, (enum change_by)c->by);
		inherit(l, c->at);
		break;
	case CHG_FLAGS: put_bits(s, (uint64_t)c->mask << 24, (uint64_t)c->value << 24); break;
	case CHG_WEIGHT: put_bits(s, 0xffff00, (uint64_t)c->value << 8); break;
	case CHG_MAXCONN: put_bits(s, (uint64_t)UINT32_MAX << 32, (uint64_t)c->value << 32); break;
	case CHG_ORDER: apply_order(s, c->value); break;
	case CHG_PLACE:
		if (!place_write(l->seg, c->at, c->place))
			notice(SAY_ALERT, "cannot store the address of a server: %s", strerror(errno));
		else
			said_moved(l, c->at, &before.addr, &c->place->addr, (enum change_by)c->by);
		break;
	default: break;
	}
}

void change_apply(struct leader *l, const struct change *c)
{
	switch ((enum change_kind)c->kind) {
	case CHG_FE_STATE: apply_fe_state(l, c->at, c->value); break;
	case CHG_FE_MAXCONN: store32(&l->seg->be[c->at].fe_maxconn, c->value); break;
	case CHG_MAXCONN_ALL: store32(&l->seg->h->maxconn, c->value); break;
	case CHG_CONN_RATE: store32(&l->seg->h->conn_rate, c->value); break;
	case CHG_SESS_RATE: store32(&l->seg->h->sess_rate, c->value); break;
	case CHG_SSL_RATE: store32(&l->seg->h->ssl_rate, c->value); break;
	default: apply_server(l, c); break;
	}
}

void changes_told(struct leader *l) { atomic_fetch_add_explicit(&l->seg->h->epoch_leader, 1, memory_order_release); }

/* ---- transactions ---- */

static enum cli_state txn_add(struct cli_run *r, const struct change *c)
{
	struct txn *t = r->s->txn;
	struct srv_place *place = NULL;

	if (t->n == TXN_MAX)
		return cli_fail(r, "Too many changes in a transaction (%u at most).", TXN_MAX);
	if (c->place && !(place = malloc(sizeof(*place))))
		return cli_fail(r, "Out of memory.");
	if (t->n == t->cap)
		vec_grow((void **)&t->at, &t->cap, sizeof(*t->at));
	t->at[t->n] = *c;
	if (place) {
		*place = *c->place;
		t->at[t->n].place = place;
	}
	t->n++;
	return CLI_DONE;
}

enum cli_state cli_change(struct cli_run *r, const struct change *c)
{
	if (r->s->txn)
		return txn_add(r, c);
	change_apply(r->l, c);
	changes_told(r->l);
	return CLI_DONE;
}

void txn_drop(struct cli_sess *s)
{
	struct txn *t = s->txn;

	if (!t)
		return;
	for (size_t i = 0; i < t->n; i++)
		free((void *)t->at[i].place);
	free(t->at);
	free(t);
	s->txn = NULL;
}

void txn_spoil(struct cli_sess *s)
{
	if (s->txn)
		s->txn->spoilt = true;
}

enum cli_state cli_begin_txn(struct cli_run *r)
{
	if (r->s->txn)
		return cli_fail(r, "A transaction is open already.");
	r->s->txn = calloc(1, sizeof(*r->s->txn));
	return r->s->txn ? CLI_DONE : cli_fail(r, "Out of memory.");
}

enum cli_state cli_commit_txn(struct cli_run *r)
{
	struct txn *t = r->s->txn;
	size_t n;

	if (!t)
		return cli_fail(r, "No transaction is open.");
	if (t->spoilt) {
		txn_drop(r->s);
		return cli_fail(r, "A command of the transaction failed: nothing was changed.");
	}
	n = t->n;
	for (size_t i = 0; i < n; i++)
		change_apply(r->l, &t->at[i]);
	changes_told(r->l);
	txn_drop(r->s);
	return cli_say(r, CLI_INFO, "%zu change%s applied.", n, n == 1 ? "" : "s");
}

enum cli_state cli_rollback_txn(struct cli_run *r)
{
	if (!r->s->txn)
		return cli_fail(r, "No transaction is open.");
	txn_drop(r->s);
	return CLI_DONE;
}
