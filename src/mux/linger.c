// SPDX-License-Identifier: GPL-3.0-or-later
/* How many connections of this process are only there to be closed well. */
#include <sluice/mux/mux.h>
#include "linger_priv.h"

static unsigned lingering;

void mux_linger_begin(void) { lingering++; }

void mux_linger_end(void)
{
	ASSERT(lingering);
	lingering--;
}

unsigned mux_lingering(void) { return lingering; }
