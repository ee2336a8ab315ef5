// SPDX-License-Identifier: GPL-3.0-or-later
/* Lines of HAProxy's server state file, version 1 (management guide, "show servers state"): 25 columns, '-' for none. Pure. */
#ifndef SLUICE_HEALTH_STATE_LINE_H
#define SLUICE_HEALTH_STATE_LINE_H

#include <sluice/health/health.h>

struct state_line {
	struct str be_name, srv_name;   /* slices of the line */
	uint64_t op;                    /* enum srv_op */
	uint64_t admin;                 /* enum srv_admin */
	uint64_t uweight, iweight;      /* 0-256; at run time, and in the configuration that wrote the file */
	uint64_t since;                 /* seconds since the last change */
	uint64_t check_status, check_pos; /* HAProxy's number of the status; the counter of health.h */
	struct addr addr;               /* with its port; AF_UNSPEC: the line has none */
	struct str fqdn, record;        /* its name, or the target of its SRV record; the label of that; may be empty */
};

/* One line without its end. false: it is a comment, empty, or not of this form. */
bool state_line_parse(struct str line, struct state_line *out) MUST_CHECK;
/* The words that the line means for s; old ones where it means nothing. now_s: monotonic seconds. */
uint64_t state_line_admin(const struct state_line *f, const struct rt_server *s, uint64_t now);
uint64_t state_line_op(const struct state_line *f, const struct rt_server *s, uint32_t now_s);
/* Is what the line says of the address of s still worth something, because s has the same name or label, and it is resolved at run time? */
bool state_line_same_name(const struct state_line *f, const struct rt_server *s);
/* Our status for HAProxy's number, and back; CHK_INI and 0 where there is none. */
enum check_status check_status_from_number(unsigned n);
unsigned check_status_number(enum check_status s);

#endif
