// SPDX-License-Identifier: GPL-3.0-or-later
/* Random numbers: xoshiro256** for choices, getrandom(2) for secrets and seeds. */
#ifndef SLUICE_BASE_RAND_H
#define SLUICE_BASE_RAND_H

#include <sluice/base/defs.h>

void rand_seed(void);                 /* from the kernel; once in each process after fork */
void rand_seed_fixed(uint64_t seed);  /* tests and simulations */
uint64_t rand_u64(void);
uint32_t rand_below(uint32_t n);      /* uniform in [0, n), n > 0 (Lemire's multiply-shift) */
void rand_secret(void *p, size_t n);

#endif
