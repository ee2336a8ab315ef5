// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef SLUICE_MUX_LINGER_PRIV_H
#define SLUICE_MUX_LINGER_PRIV_H

/* A mux without an owner waits for its peer, and is freed. */
void mux_linger_begin(void);
void mux_linger_end(void);

#endif
