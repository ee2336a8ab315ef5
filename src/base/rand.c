// SPDX-License-Identifier: GPL-3.0-or-later
/* xoshiro256** (Blackman, Vigna), seeded through splitmix64. */
#include <errno.h>
#include <sys/random.h>
#include <sluice/base/panic.h>
#include <sluice/base/rand.h>

static uint64_t st[4] = { 1, 2, 3, 4 };

static uint64_t splitmix(uint64_t *x)
{
	uint64_t z = *x += 0x9e3779b97f4a7c15ull;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

void rand_seed_fixed(uint64_t seed)
{
	for (int i = 0; i < 4; i++)
		st[i] = splitmix(&seed);
}

void rand_seed(void)
{
	uint64_t seed;
	rand_secret(&seed, sizeof seed);
	rand_seed_fixed(seed);
}

static uint64_t rotl(uint64_t x, int k) { return x << k | x >> (64 - k); }

uint64_t rand_u64(void)
{
	uint64_t r = rotl(st[1] * 5, 7) * 9, t = st[1] << 17;
	st[2] ^= st[0];
	st[3] ^= st[1];
	st[1] ^= st[2];
	st[0] ^= st[3];
	st[2] ^= t;
	st[3] = rotl(st[3], 45);
	return r;
}

uint32_t rand_below(uint32_t n)
{
	uint64_t m = (rand_u64() >> 32) * n;
	if (UNLIKELY((uint32_t)m < n)) {
		uint32_t floor = (0u - n) % n;
		while ((uint32_t)m < floor)
			m = (rand_u64() >> 32) * n;
	}
	return (uint32_t)(m >> 32);
}

void rand_secret(void *p, size_t n)
{
	char *at = p;
	while (n) {
		ssize_t r = getrandom(at, n, 0);
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			die("no random numbers from the kernel");
		at += r;
		n -= (size_t)r;
	}
}
