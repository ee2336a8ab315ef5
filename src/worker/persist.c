// SPDX-License-Identifier: GPL-3.0-or-later
/* Stick rules, and the order in which kinds of persistence are asked. A server is remembered by number and by a hash of
 * its name (or address, with `srvkey addr`), so that it is found again when a reload has renumbered it. */
#include <sluice/ipc/place.h>
#include <sluice/lb/lb.h>

#include "persist.h"
#include "rules.h"
#include "trace.h"
#include "track.h"
#include "worker_priv.h"

/* What is to be stored once the server is known. */
struct persist_key {
	struct persist_key *next;
	struct stick_table *t;
	struct str key;
};

void persist_begin(struct stream *s)
{
	struct smp_ctx *c = s->be->npersist ? strm_smp_ctx(s) : NULL;

	if (s->be->cookie.flags & CK_MODES && s->flags & SF_HTTP)
		s->term[2] = s->term[3] = 'N';
	for (uint32_t i = 0; i < s->be->npersist; i++)
		if (cond_true(s->be->persist[i].cond, c)) {
			s->flags |= s->be->persist[i].force ? (uint32_t)SF_FORCE_PERSIST : (uint32_t)SF_IGNORE_PERSIST;
			return;
		}
}

bool persist_usable(const struct stream *s, uint32_t srv)
{
	return s->be->opts & OPT_PERSIST || s->flags & SF_FORCE_PERSIST || lb_srv_usable(&wk.lb[s->be_idx], srv, true);
}

void persist_moved(struct stream *s, uint32_t srv)
{
	if (s->persist_srv == RT_NONE || s->persist_srv == srv)
		return;
	s->persist_srv = RT_NONE;
	if (s->term[2] == 'V')
		s->term[2] = 'D';
}

static uint64_t server_key(const struct rt_table *spec, const struct rt_server *srv)
{
	struct addr at = spec->srvkey_addr ? place_addr(wk.seg, (unsigned)(srv - wk.rt->srv), &srv->addr) : srv->addr;

	return stick_server_key(spec, srv, &at);
}

/* The number is right unless servers were renumbered; then the name decides. */
static uint32_t find_server(const struct stream *s, const struct rt_table *spec, uint64_t id, uint64_t key)
{
	const struct rt_backend *be = &s->be->be;

	for (uint32_t i = 0; i < be->nsrv; i++)
		if (rt_srv_exists(&be->srv[i]) && be->srv[i].id == id && (!key || server_key(spec, &be->srv[i]) == key))
			return be->srv0 + i;
	for (uint32_t i = 0; key && i < be->nsrv; i++)
		if (rt_srv_exists(&be->srv[i]) && server_key(spec, &be->srv[i]) == key)
			return be->srv0 + i;
	return RT_NONE;
}

static uint32_t stick_match(const struct stream *s, struct stick_table *t, struct str key)
{
	uint64_t id, name;
	struct stick_at at;

	if (!stick_open(t, key, false, track_now(), &at))
		return RT_NONE;
	id = stick_value(&at, SD_SERVER_ID, 0, track_now());
	name = stick_value(&at, SD_SERVER_KEY, 0, track_now());
	stick_touch(&at, track_now());
	stick_close(&at);
	if (!id && !name)
		return RT_NONE;
	uint32_t srv = find_server(s, stick_spec(t), id, name);

	return srv != RT_NONE && persist_usable(s, srv) ? srv : RT_NONE;
}

static bool rule_key(struct stream *s, const struct rt_stick *r, struct stick_table **t, struct str *key)
{
	struct smp_ctx *c = strm_smp_ctx(s);
	struct smp v;

	*t = track_table(r->table);
	return *t && cond_true(r->cond, c) && expr_eval(r->key, c, &v) &&
	       stick_key_of(stick_spec(*t), &v, s->arena, key);
}

static void keep_key(struct stream *s, struct stick_table *t, struct str key)
{
	struct persist_key *k = ARENA_NEW(s->arena, struct persist_key);

	*k = (struct persist_key){ .next = s->persist_keys, .t = t, .key = strm_dup(s, key) };
	s->persist_keys = k;
}

/* Keys are taken now: the request may be gone when the server has answered. */
static uint32_t stick_rules(struct stream *s, uint32_t srv)
{
	for (uint32_t i = 0; i < s->be->nstick; i++) {
		const struct rt_stick *r = &s->be->stick[i];
		bool match = r->when & STICK_MATCH && srv == RT_NONE;
		struct stick_table *t;
		struct str key;

		if (!(match || r->when & STICK_STORE_REQ) || !rule_key(s, r, &t, &key))
			continue;
		if (match)
			srv = stick_match(s, t, key);
		if (UNLIKELY(wk.trace != NULL))
			trace_stick(r, key, srv);
		if (r->when & STICK_STORE_REQ)
			keep_key(s, t, key);
	}
	return srv;
}

uint32_t persist_pick(struct stream *s)
{
	uint32_t srv = s->be->nuse_srv ? rules_use_server(s) : RT_NONE, before = srv;

	if (s->flags & SF_STUCK)
		return srv;
	s->flags |= SF_STUCK;
	if (s->be->cookie.name.n && s->flags & SF_HTTP)
		srv = cookie_request(s, srv);
	if (UNLIKELY(wk.trace != NULL) && s->be->cookie.name.n)
		trace_cookie(s, before, srv);
	if (s->be->nstick)
		srv = stick_rules(s, srv);
	return s->persist_srv = srv;
}

static void store(const struct stream *s, struct stick_table *t, struct str key)
{
	const struct rt_server *srv = &wk.rt->srv[s->srv_idx];
	struct stick_at at;

	if (!stick_open(t, key, true, track_now(), &at))
		return;
	stick_set(&at, SD_SERVER_ID, 0, srv->id, track_now());
	stick_set(&at, SD_SERVER_KEY, 0, server_key(stick_spec(t), srv), track_now());
	stick_touch(&at, track_now());
	stick_close(&at);
}

void persist_store(struct stream *s)
{
	if (!s->be->nstick || s->srv_idx == RT_NONE || wk.rt->srv[s->srv_idx].flags & SRVF_NON_STICK)
		return;
	for (const struct persist_key *k = s->persist_keys; k; k = k->next)
		store(s, k->t, k->key);
}

void persist_store_response(struct stream *s)
{
	if (!s->be->nstick || s->srv_idx == RT_NONE || wk.rt->srv[s->srv_idx].flags & SRVF_NON_STICK)
		return;
	for (uint32_t i = 0; i < s->be->nstick; i++) {
		const struct rt_stick *r = &s->be->stick[i];
		struct stick_table *t;
		struct str key;

		if (r->when & STICK_STORE_RES && rule_key(s, r, &t, &key))
			store(s, t, key);
	}
}
