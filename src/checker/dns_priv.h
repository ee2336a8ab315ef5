// SPDX-License-Identifier: GPL-3.0-or-later
/* Asking nameservers, apart from what the answers are for. A question goes to all nameservers of a section at once; the first valid answer counts,
 * and when there is none, the last failure. c-ares speaks the protocol: one channel a nameserver, so that a slow one delays nobody and each is
 * counted by itself. */
#ifndef SLUICE_CHECKER_DNS_PRIV_H
#define SLUICE_CHECKER_DNS_PRIV_H

#include "checker_priv.h"

#define DNS_ADDRS_MAX 64

enum dns_status { DNS_VALID, DNS_NX, DNS_TIMEOUT, DNS_REFUSED, DNS_OTHER };

struct dns_answer {
	uint8_t status;                 /* enum dns_status */
	uint32_t n;                     /* DNS_VALID: at least 1 */
	struct addr at[DNS_ADDRS_MAX];  /* without ports */
	struct str by;                  /* name of the nameserver */
};

typedef void dns_done_fn(void *arg, const struct dns_answer *a);

bool dns_open(struct checker *ck) MUST_CHECK;
/* Questions that are open are forgotten, their owners not told. */
void dns_close(void);
/* Asks for the addresses of a name; family 0 = both. done is called exactly once, perhaps before this returns. false: no memory, or no
 * nameserver; done is not called. */
bool dns_ask(uint32_t resolvers, struct str name, int family, dns_done_fn *done, void *arg) MUST_CHECK;
/* The same of the machine itself: its hosts file, then the nameservers of its resolv.conf, as they stand now. */
bool dns_ask_system(struct str name, dns_done_fn *done, void *arg) MUST_CHECK;
/* Time has passed: every 100 ms or so. */
void dns_tick(void);

/* names.c: addresses of servers whose names are resolved at run time */
bool names_init(struct checker *ck) MUST_CHECK;
void names_free(void);
void names_go(void);                    /* the states in the segment count from now on */
void names_put(uint32_t srv);            /* a server has come with this row; has gone from it */
void names_drop(uint32_t srv);
void names_tick(struct checker *ck);    /* once the checker probes */

/* asked.c: names that workers ask for */
struct ipc_msg;
bool asked_open(struct checker *ck) MUST_CHECK;
void asked_close(void);
void asked_name(const struct ipc_msg *m);

#endif
