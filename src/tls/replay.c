// SPDX-License-Identifier: GPL-3.0-or-later
/* The map of early data that was taken: four parts for half a minute each. A random is looked for in the present part and
 * the one before, and set in the present with one atomic operation that says whether it was set already; with one bit a
 * random there is no order in which two workers could both be told that they are the first. The parts ahead are empty. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sluice/base/clock.h>
#include <sluice/base/hash.h>
#include <sluice/tls/replay.h>

#define PARTS     4u
#define PART_BITS (1u << 24)

typedef _Atomic uint64_t word;

static struct { word *map; int fd; } reg = { .fd = -1 };

#define PART_BYTES (PART_BITS / 8)

/* Monotonic time is the same in all processes, whatever is done to the clock on the wall. */
static uint64_t turn_now(void) { return clock_read_ns() / (TLS_REPLAY_TURN_S * 1000000000ull); }

int tls_replay_create(void)
{
	int fd = memfd_create("tls-replay", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && (ftruncate(fd, PARTS * PART_BYTES) != 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

bool tls_replay_use(int fd)
{
	struct stat st;
	void *p;

	if (fstat(fd, &st) != 0 || st.st_size != PARTS * PART_BYTES)
		return false;
	p = mmap(NULL, PARTS * PART_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return false;
	tls_replay_drop();
	reg.map = p;
	reg.fd = fd;
	return true;
}

void tls_replay_drop(void)
{
	if (reg.map)
		munmap(reg.map, PARTS * PART_BYTES);
	reg.map = NULL;
	reg.fd = -1;
}

/* Not the next part but the one after: a leader that stood still between looking at the clock and this empties nothing that
 * is in use, unless it stood still for half a minute. */
void tls_replay_turn(void)
{
	if (reg.fd >= 0)
		(void)fallocate(reg.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				(off_t)((turn_now() + 2) % PARTS * PART_BYTES), PART_BYTES);
}

static word *word_of(uint64_t turn, uint64_t bit) { return reg.map + turn % PARTS * (PART_BYTES / sizeof(word)) + bit / 64; }

bool tls_replay_first(struct str random)
{
	uint64_t bit, mask, turn;

	if (!reg.map)
		return false;
	bit = hash_xxh3(random, 0) % PART_BITS;
	mask = 1ull << bit % 64;
	turn = turn_now();
	if (atomic_load_explicit(word_of(turn - 1, bit), memory_order_relaxed) & mask)
		return false;
	return !(atomic_fetch_or_explicit(word_of(turn, bit), mask, memory_order_acq_rel) & mask);
}
