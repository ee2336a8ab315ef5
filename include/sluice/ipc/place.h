// SPDX-License-Identifier: GPL-3.0-or-later
/* Where a server stands now, when that was changed at run time: address, port, with or without TLS, and where its checks and those of its agent go. Two copies and a number: the
 * leader fills the copy that nobody reads and then says that it counts. A server has a place when ADMF_PLACE stands in its admin word;
 * others must not be looked up (reading would allocate the page). */
#ifndef SLUICE_IPC_PLACE_H
#define SLUICE_IPC_PLACE_H

#include <sluice/base/addr.h>
#include <sluice/ipc/segment.h>

#define PLACE_SEND_MAX 128
#define PLACE_FQDN_MAX 256

struct srv_place {
	struct addr addr;         /* IPv4 or IPv6; AF_UNSPEC: as configured */
	struct addr check_addr;   /* AF_UNSPEC: as configured */
	struct addr agent_addr;   /* AF_UNSPEC: as configured */
	uint16_t check_port, agent_port; /* 0: as configured */
	bool fixed_port;          /* the port of addr counts even where the configuration maps ports */
	char fqdn[PLACE_FQDN_MAX]; /* the name that is resolved; "": as configured */
	uint8_t send_len;         /* 0: as configured */
	char agent_send[PLACE_SEND_MAX]; /* what the agent is told */
	bool plain;               /* connections speak no TLS, whatever is configured */
};

struct seg_place {
	_Alignas(128) _Atomic uint32_t seq; /* copy[seq & 1] counts */
	struct srv_place copy[2];
};

/* false: none was set; or, which a torn segment alone can bring about, none can be read. Any process. */
bool place_read(const struct segment *s, unsigned srv, struct srv_place *p) MUST_CHECK;
/* The same from a place in memory of another generation. */
bool place_copy(const struct seg_place *at, struct srv_place *p) MUST_CHECK;
/* Where the server is now; `configured` where nothing else was said. Any process. */
struct addr place_addr(const struct segment *s, unsigned srv, const struct addr *configured);
/* Number of the present one, 0 = none: who derives something from a place compares it. */
uint32_t place_seq(const struct segment *s, unsigned srv);
/* Leader. false and errno: no memory. The caller bumps epoch_leader. */
bool place_write(const struct segment *s, unsigned srv, const struct srv_place *p) MUST_CHECK;

#endif
