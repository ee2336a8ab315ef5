// SPDX-License-Identifier: GPL-3.0-or-later
/* What expressions may ask about proxies and servers, as far as the segment knows it. */
#ifndef SLUICE_STATS_ENV_NUM_H
#define SLUICE_STATS_ENV_NUM_H

#include <sluice/ipc/segment.h>
#include <sluice/rt/rt.h>

/* The number of proxy px or server srv, whichever it is about; each an index, or RT_NONE. false: it is about neither, or about none.
 * Any process. */
bool stats_env_num(const struct rt *rt, const struct segment *seg, enum smp_env_num what, uint32_t px, uint32_t srv, int64_t *out);

#endif
