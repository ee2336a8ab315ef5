// SPDX-License-Identifier: GPL-3.0-or-later
/* Which server of a backend has which record of an SRV label (RFC 2782). Servers of a backend that have the label in common, mostly
 * those of a server-template, are its rows. A record is its target and port; the row that has it keeps it over refreshes, and what is in
 * the segment of a row that lost its record is its memory: the same record comes back to it, unless another one has needed the row.
 * Priorities are ignored, as HAProxy ignores them: all records are equal.
 *
 * Where the target is, names.c finds out. */
#include <stdlib.h>
#include <sluice/base/clock.h>
#include <sluice/base/hmap.h>
#include <sluice/base/panic.h>
#include <sluice/ipc/place.h>
#include "dns_priv.h"

#define TARGET_MAX 254

struct row {                            /* a server */
	struct row *next;               /* of the same label, in the order of the configuration */
	struct label *label;
	uint32_t srv;
	bool held;                      /* it has a record */
	uint64_t since;                 /* ms: its record was last in an answer; or it has had none */
	const struct srv_record *now;   /* its record in this answer */
	uint16_t port;
	char target[TARGET_MAX + 1];    /* of its record, or of the last it had; "" = never had one */
};

struct label {                          /* lives as long as it has rows, or is asked for */
	struct label *next;
	uint32_t px, resolvers;
	struct row *rows;
	uint64_t ask_at, valid_at;      /* ms; valid_at: of the last valid answer, 0 = none yet */
	uint32_t surplus;               /* records that found no row */
	bool asking;
	struct str host;                /* behind the structure */
};

static struct { struct checker *ck; struct label *labels; struct row **of_srv; } lab;

static const struct rt_resolvers *section(const struct label *l) { return &lab.ck->rt->resolvers[l->resolvers]; }

/* ---- an answer ---- */

struct want { const struct srv_record *rec; bool met; };
struct wants { struct arena arena; struct hmap by_key; struct want *at; uint32_t n; };

static struct str key_of(struct arena *a, struct str target, uint16_t port)
{
	return arena_printf(a, STR_FMT ":%u", STR_ARG(target), port);
}

static void wants_open(struct wants *w, const struct srv_reply *reply)
{
	arena_init(&w->arena, 0);
	hmap_init(&w->by_key, &w->arena);
	w->n = reply->n;
	w->at = ARENA_NEWN(&w->arena, struct want, w->n);
	for (uint32_t i = 0; i < w->n; i++) {
		w->at[i].rec = &reply->at[i];
		hmap_put(&w->by_key, key_of(&w->arena, reply->at[i].target->name, reply->at[i].port), &w->at[i]);
	}
}

static void meet(struct row *r, struct want *w)
{
	r->now = w->rec;
	w->met = true;
}

/* Rows that have a record go first: what a row only remembers may be another's by now. */
static void find_again(struct label *l, struct wants *w, bool held)
{
	for (struct row *r = l->rows; r; r = r->next) {
		struct want *x = r->held == held && r->target[0] ? hmap_get(&w->by_key, key_of(&w->arena, str_c(r->target), r->port)) : NULL;

		if (x && !x->met)
			meet(r, x);
	}
}

/* Other servers may have the name of its target: nobody tells its addresses any more. */
static void let_go(const struct row *r)
{
	if (r->held)
		names_told(r->label->resolvers, str_c(r->target), NULL);
}

static void lose(struct row *r, uint64_t now, const char *why)
{
	let_go(r);
	r->held = false;
	r->since = now;
	names_unlead(r->srv, why);
}

static void lose_obsolete(struct label *l, uint64_t now)
{
	for (struct row *r = l->rows; r; r = r->next)
		if (r->held && !r->now && now - r->since >= section(l)->hold[HOLD_OBSOLETE])
			lose(r, now, "entry removed from SRV record");
}

/* One that never had a record, or the one that has been without for longest. */
static struct row *free_row(const struct label *l)
{
	struct row *best = NULL;

	for (struct row *r = l->rows; r; r = r->next) {
		if (r->held || r->now)
			continue;
		if (!r->target[0])
			return r;
		if (!best || r->since < best->since)
			best = r;
	}
	return best;
}

static void say_surplus(struct label *l, uint32_t n)
{
	const struct rt_proxy *px = &lab.ck->rt->px[l->px];

	if (n > l->surplus)
		report_text(px, LEVEL_NOTICE, "backend " STR_FMT " has no server left for %u of the records of " STR_FMT ".", STR_ARG(px->name), n,
			    STR_ARG(l->host));
	l->surplus = n;
}

static void give_rows(struct label *l, struct wants *w)
{
	uint32_t surplus = 0;
	bool room = true;

	for (uint32_t i = 0; i < w->n; i++) {
		struct row *r = !w->at[i].met && room ? free_row(l) : NULL;

		if (r)
			meet(r, &w->at[i]);
		else if (!w->at[i].met)
			room = false, surplus++;
	}
	say_surplus(l, surplus);
}

/* HAProxy's mapping: 0 stays 0, all else is at least 1. */
static uint16_t weight_of(uint16_t w) { return (uint16_t)((w + 255u) / 256u); }

static void follow(struct row *r, uint64_t now)
{
	struct str target = r->now->target->name;

	r->held = true;
	r->since = now;
	r->port = r->now->port;
	memcpy(r->target, target.p, target.n);
	r->target[target.n] = '\0';
	names_lead(r->srv, target, r->port, weight_of(r->now->weight));
}

/* The addresses that came with a record, if any did. */
static void pass_on(const struct label *l, const struct srv_target *t, const struct dns_answer *from)
{
	struct dns_answer a = { .status = DNS_VALID, .by = from->by, .ns = from->ns };

	for (const struct srv_address *k = t->known; k && a.n < DNS_ADDRS_MAX; k = k->next)
		a.at[a.n++] = k->addr;
	names_told(l->resolvers, t->name, a.n ? &a : NULL);
}

static void pass_on_all(const struct label *l, struct wants *w, const struct dns_answer *from)
{
	struct hmap told;

	hmap_init(&told, &w->arena);
	for (struct row *r = l->rows; r; r = r->next)
		if (r->now && !hmap_put(&told, r->now->target->name, r))
			pass_on(l, r->now->target, from);
}

static void take_answer(struct label *l, const struct dns_answer *a)
{
	uint64_t now = clock_ms();
	struct wants w;

	l->valid_at = now;
	for (struct row *r = l->rows; r; r = r->next)
		r->now = NULL;
	wants_open(&w, a->srv);
	find_again(l, &w, true);
	find_again(l, &w, false);
	lose_obsolete(l, now);
	give_rows(l, &w);
	for (struct row *r = l->rows; r; r = r->next)
		if (r->now)
			follow(r, now);
	pass_on_all(l, &w, a);
	arena_free(&w.arena);
}

static void take_failure(struct label *l, enum dns_status st)
{
	uint64_t now = clock_ms();
	uint32_t hold;
	const char *why = names_hold(l->resolvers, st, &hold);

	if (!l->valid_at)
		l->valid_at = now;
	for (struct row *r = l->rows; r; r = r->next) {
		let_go(r);
		if (r->held && now - l->valid_at >= hold)
			lose(r, now, why);
	}
}

static void on_done(void *arg, const struct dns_answer *a)
{
	struct label *l = arg;

	l->asking = false;
	l->ask_at = clock_ms() + section(l)->resolve;
	if (a->status == DNS_VALID && a->srv)
		take_answer(l, a);
	else
		take_failure(l, (enum dns_status)a->status);
	for (const struct row *r = l->rows; r; r = r->next)
		names_say(r->srv);
}

/* ---- who has which label ---- */

static struct label *label_of(const struct rt_server *s)
{
	struct label *l;

	for (l = lab.labels; l; l = l->next)
		if (l->px == s->px && l->resolvers == s->o->resolvers - 1 && str_ieq(l->host, s->host))
			return l;
	l = malloc(sizeof(*l) + s->host.n);
	if (!l)
		die("out of memory");
	memcpy(l + 1, s->host.p, s->host.n);
	*l = (struct label){ .next = lab.labels, .px = s->px, .resolvers = s->o->resolvers - 1, .host = str_n((const char *)(l + 1), s->host.n) };
	lab.labels = l;
	return l;
}

void labels_put(uint32_t srv)
{
	struct label *l = label_of(&lab.ck->rt->srv[srv]);
	struct row *r = calloc(1, sizeof(*r)), **at = &l->rows;

	if (!r)
		die("out of memory");
	r->srv = srv;
	r->label = l;
	while (*at && (*at)->srv < srv)
		at = &(*at)->next;
	r->next = *at;
	*at = r;
	lab.of_srv[srv] = r;
	l->ask_at = 0;
}

/* What stands in the segment is what it begins with, as for names. */
void labels_go(uint32_t srv)
{
	struct row *r = lab.of_srv[srv];
	uint64_t admin = atomic_load_explicit(&lab.ck->seg->srv[srv].admin, memory_order_acquire);
	struct srv_place p;

	if (!place_read(lab.ck->seg, srv, &p) || !p.fqdn[0])
		return;
	struct str target = str_sub(str_c(p.fqdn), 0, TARGET_MAX);
	memcpy(r->target, target.p, target.n);
	r->target[target.n] = '\0';
	r->port = p.addr.port;
	r->held = !(srv_admin_bits(admin) & ADM_RESOLUTION);
	if (!r->held)
		return;
	r->since = clock_ms();
	names_lead(srv, target, r->port, (uint16_t)srv_admin_weight(admin));
}

void labels_drop(uint32_t srv)
{
	struct row *r = lab.of_srv[srv];

	if (!r)
		return;
	let_go(r);
	for (struct row **at = &r->label->rows; *at; at = &(*at)->next)
		if (*at == r) {
			*at = r->next;
			break;
		}
	lab.of_srv[srv] = NULL;
	free(r);
}

void labels_soon(uint32_t srv)
{
	if (lab.of_srv[srv])
		lab.of_srv[srv]->label->ask_at = 0;
}

static void ask_for(struct label *l, uint64_t now)
{
	if (l->asking || now < l->ask_at)
		return;
	l->asking = true;
	if (!dns_ask_srv(l->resolvers, l->host, on_done, l)) {
		l->asking = false;
		l->ask_at = now + section(l)->resolve;
	}
}

void labels_tick(void)
{
	for (struct label **at = &lab.labels, *l; (l = *at);) {
		if (!l->rows && !l->asking) {
			*at = l->next;
			free(l);
			continue;
		}
		if (l->rows)
			ask_for(l, clock_ms());
		at = &l->next;
	}
}

bool labels_init(struct checker *ck)
{
	lab.ck = ck;
	lab.labels = NULL;
	lab.of_srv = calloc(MAX(ck->rt->nsrv, 1u), sizeof(struct row *));
	return lab.of_srv != NULL;
}

void labels_free(void)
{
	for (struct label *l; (l = lab.labels);) {
		lab.labels = l->next;
		free(l);
	}
	free(lab.of_srv);
	lab.of_srv = NULL;
}
