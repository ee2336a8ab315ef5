// SPDX-License-Identifier: GPL-3.0-or-later
/* The line of a session that ended before it could carry an exchange. */
#ifndef SLUICE_WORKER_SESS_LOG_H
#define SLUICE_WORKER_SESS_LOG_H

struct session;

/* HAProxy's line for a connection whose handshake failed: client, date, frontend/listener: reason. */
void sess_log_failure(struct session *se);

#endif
