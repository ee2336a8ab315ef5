// SPDX-License-Identifier: GPL-3.0-or-later
/* What the runtime interface changes, as data: a command checks its words and describes the change, and only then is anything stored. So several
 * commands can be collected by `begin` and applied at once, and applying cannot fail half-way. */
#ifndef SLUICE_LEADER_CLI_CHANGE_H
#define SLUICE_LEADER_CLI_CHANGE_H

#include <sluice/ipc/place.h>
#include "cli_priv.h"

#define TXN_MAX 4096u /* changes of a transaction */

enum change_kind {
	CHG_ADMIN,       /* admin bits of server at: mask, value */
	CHG_FLAGS,       /* enum srv_admin_flags of server at: mask, value */
	CHG_WEIGHT, CHG_MAXCONN, /* of server at: value */
	CHG_ORDER,       /* enum srv_order to server at: value */
	CHG_PLACE,       /* of server at: place */
	CHG_FE_STATE, CHG_FE_MAXCONN, /* of proxy at: value */
	CHG_MAXCONN_ALL, CHG_CONN_RATE, CHG_SESS_RATE, CHG_SSL_RATE, /* of the process: value */
};

enum change_by { BY_OPERATOR, BY_AGENT, BY_DNS };
struct change { uint8_t kind, by /* enum change_by */; uint32_t at, mask, value; const struct srv_place *place; /* copied */ };

/* Applies the change, or adds it to the open transaction. Returns CLI_DONE, with a message when there is no room. */
enum cli_state cli_change(struct cli_run *r, const struct change *c);
/* The same without a session, for several changes in a row: changes_told() comes behind the last. */
void change_apply(struct leader *l, const struct change *c);
void changes_told(struct leader *l);
/* Drops what a session has collected. */
void txn_drop(struct cli_sess *s);
/* A command of the session failed: so does its transaction, if one is open. */
void txn_spoil(struct cli_sess *s);

/* ---- cli_events.c: what operators and checks have changed ---- */
enum admin_deed { DEED_NONE, DEED_READY, DEED_MAINT, DEED_DRAIN, DEED_MOVED };
bool events_start(struct leader *l) MUST_CHECK; /* false: no memory */
void events_stop(void);
void events_admin(uint32_t srv, enum admin_deed what, enum change_by by);
void events_forget(uint32_t srv); /* another server has its row now */

/* ---- cli_find.c: names of the configuration, or #id; on failure the message is written and RT_NONE returned ---- */
uint32_t cli_server(struct cli_run *r, struct str name);   /* "backend/server" */
uint32_t cli_backend(struct cli_run *r, struct str name);
uint32_t cli_frontend(struct cli_run *r, struct str name);

/* ---- cli_agent.c: the parts of `set server` and the commands that concern its agent; v is the word behind the part ---- */
enum cli_state set_agent(struct cli_run *r, uint32_t srv, struct str v);
enum cli_state set_agent_addr(struct cli_run *r, uint32_t srv, struct str v);
enum cli_state set_agent_port(struct cli_run *r, uint32_t srv, struct str v);
enum cli_state set_agent_send(struct cli_run *r, uint32_t srv, struct str v);
/* cli_add.c: may rows come and go in this generation still? Is this one in maintenance and without traffic? false: the message is written;
 * "deleted" and "remove" are words of it. */
#define CLI_ROW_BUSY "Server still has connections attached to it, cannot %s it."
bool cli_may_change(struct cli_run *r);
bool cli_row_idle(struct cli_run *r, uint32_t srv, const char *done, const char *what);
/* cli_rename.c: `set server … name`, and the same command when it is called again. */
enum cli_state cli_rename(struct cli_run *r, uint32_t srv, struct str name);
enum cli_state cli_renamed(struct cli_run *r);
enum cli_state agent_off(struct cli_run *r, uint32_t srv);
enum cli_state agent_on(struct cli_run *r, uint32_t srv);

/* ---- cli_resolv.c ---- */
enum cli_state set_fqdn(struct cli_run *r, uint32_t srv, struct str v);

/* ---- cli_state.c: the present words of a server ---- */
static inline uint64_t srv_admin_now(const struct leader *l, uint32_t srv)
{
	return atomic_load_explicit(&l->seg->srv[srv].admin, memory_order_relaxed);
}
/* Address and ports in force. */
struct srv_place cli_place(const struct leader *l, uint32_t srv);
/* HAProxy's administrative bits: a server disabled by its configuration counts as set into maintenance too. */
unsigned cli_admin_bits(uint64_t admin);
/* Nobody looks at it: the operator's word is all there is. */
static inline bool srv_unchecked(const struct rt_server *s) { return !(s->flags & (SRVF_CHECK | SRVF_AGENT)) && s->track == RT_NONE; }
/* cli_server.c: do weights of its servers stay what they were when its tables were built, but for off and on? */
bool weights_fixed(const struct rt_backend *be);

#endif
