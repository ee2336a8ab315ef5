// SPDX-License-Identifier: GPL-3.0-or-later
/* Answers that list SRV records (RFC 2782), read from their bytes (RFC 1035, 4.1): c-ares has no function for the addresses that come
 * along. Pure: no descriptor, no global. */
#ifndef SLUICE_CHECKER_SRV_REPLY_H
#define SLUICE_CHECKER_SRV_REPLY_H

#include <sluice/base/addr.h>
#include <sluice/base/arena.h>

enum { DNS_CLASS_IN = 1, DNS_TYPE_A = 1, DNS_TYPE_AAAA = 28, DNS_TYPE_SRV = 33 };

#define SRV_RECORDS_MAX 4096u   /* more are left out: no message of 64 KiB has them */
#define SRV_ADDRESSES_MAX 64u   /* of a target */

/* A target and the addresses that the answer has of it. Targets are in lower case and without a dot at their end. */
struct srv_address { struct srv_address *next; struct addr addr; };
struct srv_target { struct str name; struct srv_address *known; uint32_t nknown; };
struct srv_record { const struct srv_target *target; uint16_t priority, weight, port; };
struct srv_reply {
	struct srv_record *at;          /* in the order of the answer, none twice (target and port) */
	uint32_t n;                     /* 0: the service is not offered (target ".") */
};

/* Reads the answer section for records and the additional section for addresses of their targets; what else is there is passed over.
 * Everything of *out lives in `a`, and is bounded by the length of the message. false: it is malformed, or has no SRV record. */
bool srv_reply_parse(struct str msg, struct arena *a, struct srv_reply *out) MUST_CHECK;

#endif
