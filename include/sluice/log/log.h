// SPDX-License-Identifier: GPL-3.0-or-later
/* Log targets: syslog over UDP or unix datagrams (RFC 3164 and 5424), raw/short/timed lines to stdout, stderr or fd@N. A target that
 * would block loses the line and counts it; nobody waits. */
#ifndef SLUICE_LOG_LOG_H
#define SLUICE_LOG_LOG_H

#include <sluice/base/addr.h>

enum log_format { LOGF_RFC3164, LOGF_RFC5424, LOGF_RAW, LOGF_SHORT, LOGF_TIMED, LOGF_PRIORITY, LOGF_LOCAL, LOGF_ISO };

struct log_target {                 /* frozen, one a `log` line */
	struct addr addr;               /* AF_INET/6/UNIX; AF_UNSPEC with fd >= 0 */
	int fd;                         /* inherited descriptor (stdout 1, stderr 2, fd@N), or -1 */
	uint8_t format;                 /* enum log_format; HAProxy's default is LOGF_LOCAL */
	uint8_t facility, max_level, min_level;
	uint16_t max_len;               /* bytes of a message, default 1024 */
	uint32_t sample_num, sample_of; /* keep num of each of; 0 = all */
	uint32_t idx;                   /* index of its socket in the process */
};

/* Opens the sockets of this process: before chroot and privilege drop. targets[0..n) are all targets of the configuration and outlive
 * the process. hostname: of log-send-hostname, or empty. */
void log_process_init(const struct log_target *const *targets, unsigned n, struct str tag, struct str hostname, uint32_t pid);
/* Sends one message (no line end) at a syslog level 0-7. */
void log_send(const struct log_target *t, int level, struct str tag, struct str msg);
uint64_t log_dropped(void);

#endif
