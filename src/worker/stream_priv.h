// SPDX-License-Identifier: GPL-3.0-or-later
/* Set-up of the stream pools: once, by worker_run(). */
#ifndef SLUICE_WORKER_STREAM_PRIV_H
#define SLUICE_WORKER_STREAM_PRIV_H

#include "stream.h"

/* max_hdr: headers of a message (tune.http.maxhdr). */
void strm_setup(uint16_t max_hdr);

#endif
