// SPDX-License-Identifier: GPL-3.0-or-later
/* Asking nameservers, apart from what the answers are for. A question goes to all nameservers of a section at once; the first valid
 * answer counts, and when there is none, the last failure. c-ares speaks the protocol: one channel a nameserver, so that a slow one
 * delays nobody and each is counted by itself. */
#ifndef SLUICE_CHECKER_DNS_PRIV_H
#define SLUICE_CHECKER_DNS_PRIV_H

#include "checker_priv.h"
#include "srv_reply.h"

#define DNS_ADDRS_MAX 64

enum dns_status { DNS_VALID, DNS_NX, DNS_TIMEOUT, DNS_REFUSED, DNS_OTHER };

struct dns_answer {
	uint8_t status;                 /* enum dns_status */
	uint32_t n;                     /* DNS_VALID: at least 1 */
	struct addr at[DNS_ADDRS_MAX];  /* without ports */
	const struct srv_reply *srv;    /* of dns_ask_srv(), with DNS_VALID, instead of addresses; lives as long as the callback */
	struct str by;                  /* name of the nameserver */
	uint32_t ns;                    /* and its number among the counters */
};

typedef void dns_done_fn(void *arg, const struct dns_answer *a);

bool dns_open(struct checker *ck) MUST_CHECK;
/* Questions that are open are forgotten, their owners not told. */
void dns_close(void);
/* Asks for the addresses of a name, of both families. done is called exactly once, perhaps before this returns. false: no memory, or no
 * nameserver; done is not called. */
bool dns_ask(uint32_t resolvers, struct str name, dns_done_fn *done, void *arg) MUST_CHECK;
/* The same of the machine itself: its hosts file, then the nameservers of its resolv.conf, as they stand now. */
bool dns_ask_system(struct str name, dns_done_fn *done, void *arg) MUST_CHECK;
/* As dns_ask(), for the SRV records of a label. */
bool dns_ask_srv(uint32_t resolvers, struct str label, dns_done_fn *done, void *arg) MUST_CHECK;
/* An answer has changed where a server is. */
void dns_led_to_update(const struct dns_answer *a);
/* Time has passed: every 100 ms or so. */
void dns_tick(void);

/* names.c: addresses of servers whose names are resolved at run time */
bool names_init(struct checker *ck) MUST_CHECK;
void names_free(void);
void names_go(void);                    /* the states in the segment count from now on */
void names_put(uint32_t srv);            /* a server has come with this row; has gone from it */
void names_drop(uint32_t srv);
void names_tick(struct checker *ck);    /* once the checker probes */

/* What labels.c says of a server with SRVF_SRV. Where a record leads: to a name, which is resolved as that of any server, and a port;
 * weight is that of the record. */
void names_lead(uint32_t srv, struct str target, uint16_t port, uint16_t weight);
/* No record leads this server anywhere; why is for the log. */
void names_unlead(uint32_t srv, const char *why);
/* Addresses of a target that came along with an answer about its label: it need not be asked for. NULL: none came, it is asked for. */
void names_told(uint32_t resolvers, struct str target, const struct dns_answer *a);
/* The leader is told what is not so in the segment. */
void names_say(uint32_t srv);
/* For how long failures of this kind leave things as they are, ms, and what they are called in the log. */
const char *names_hold(uint32_t resolvers, enum dns_status st, uint32_t *ms);

/* labels.c: which server of a backend has which record of an SRV label */
bool labels_init(struct checker *ck) MUST_CHECK;
void labels_free(void);
void labels_put(uint32_t srv);
void labels_go(uint32_t srv);            /* the state in the segment counts from now on */
void labels_drop(uint32_t srv);
void labels_soon(uint32_t srv);
void labels_tick(void);

/* asked.c: names that workers ask for */
struct ipc_msg;
bool asked_open(struct checker *ck) MUST_CHECK;
void asked_close(void);
void asked_name(const struct ipc_msg *m);

#endif
