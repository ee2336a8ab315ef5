// SPDX-License-Identifier: GPL-3.0-or-later
/* No nameserver is asked: stands in for dns.c. What asks is the test's own (dns_ask(), dns_ask_system(), dns_ask_srv()). */
#ifndef NO_DNS_H
#define NO_DNS_H

#include "../../../src/checker/dns_priv.h"

static unsigned nupdates;

bool dns_open(struct checker *ck UNUSED) { return true; }
void dns_close(void) {}
void dns_tick(void) {}
void dns_led_to_update(const struct dns_answer *a UNUSED) { nupdates++; }

#endif
