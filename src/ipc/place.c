// SPDX-License-Identifier: GPL-3.0-or-later
/* Addresses set at run time. The reader copies and then looks whether the number still stands; a writer is at least two writes ahead
 * before it touches the copy that is being read. */
#include <errno.h>
#include <fcntl.h>
#include <sluice/ipc/place.h>

#define READ_TRIES 100

static bool has_place(const struct segment *s, unsigned srv)
{
	uint64_t admin = atomic_load_explicit(&s->srv[srv].admin, memory_order_acquire);

	return srv_admin_flags(admin) & ADMF_PLACE;
}

static bool family_ok(const struct addr *a) { return a->family == AF_UNSPEC || a->family == AF_INET || a->family == AF_INET6; }

bool place_copy(const struct seg_place *sp, struct srv_place *p)
{
	for (unsigned i = 0; i < READ_TRIES; i++) {
		uint32_t seq = atomic_load_explicit(&sp->seq, memory_order_acquire);

		memcpy(p, &sp->copy[seq & 1], sizeof(*p));
		p->fqdn[PLACE_FQDN_MAX - 1] = '\0';
		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(&sp->seq, memory_order_relaxed) == seq)
			return seq && family_ok(&p->addr) && family_ok(&p->check_addr) && family_ok(&p->agent_addr) && p->send_len <= PLACE_SEND_MAX;
	}
	return false;
}

bool place_read(const struct segment *s, unsigned srv, struct srv_place *p)
{
	ASSERT_HOT(srv < s->geo.nsrv);
	return has_place(s, srv) && place_copy(&s->place[srv], p);
}

struct addr place_addr(const struct segment *s, unsigned srv, const struct addr *configured)
{
	struct srv_place p;

	return place_read(s, srv, &p) && p.addr.family ? p.addr : *configured;
}

uint32_t place_seq(const struct segment *s, unsigned srv)
{
	return has_place(s, srv) ? atomic_load_explicit(&s->place[srv].seq, memory_order_acquire) : 0;
}

bool place_write(const struct segment *s, unsigned srv, const struct srv_place *p)
{
	ASSERT(srv < s->geo.nsrv);
	struct seg_place *sp = &s->place[srv];
	int err = posix_fallocate(s->fd, (off_t)(s->geo.off_place + srv * sizeof(*sp)), (off_t)sizeof(*sp));

	if (err) {
		errno = err;
		return false;
	}
	uint32_t seq = atomic_load_explicit(&sp->seq, memory_order_relaxed) + 1;
	seq += !seq; /* 0 means none */
	memcpy(&sp->copy[seq & 1], p, sizeof(*p));
	atomic_store_explicit(&sp->seq, seq, memory_order_release);
	atomic_fetch_or_explicit(&s->srv[srv].admin, (uint64_t)ADMF_PLACE << 24, memory_order_release);
	return true;
}
