// SPDX-License-Identifier: GPL-3.0-or-later
/* Admission and waiting. The contract and the reasoning about races are in queue.h.
 *
 * Queue rows are written with seq_cst here, unlike other gauges: "raise my queue, then look for a slot" against "lower the load, then look
 * for a queue" is Dekker's pattern, and plain stores would let both sides miss each other. */
#include <stdlib.h>
#include <unistd.h>
#include <sluice/base/rand.h>
#include <sluice/lb/queue.h>

static void column_add(const struct segment *seg, enum live_kind k, uint32_t idx, unsigned worker, int32_t d)
{
	_Atomic uint32_t *c = live_row(seg, k, idx) + worker;

	atomic_store(c, atomic_load_explicit(c, memory_order_relaxed) + (uint32_t)d);
}

static uint32_t ramped(uint64_t op, uint32_t max)
{
	return srv_op_state(op) == SRV_STARTING ? MAX((uint32_t)((uint64_t)max * srv_op_ramp(op) / 100), 1u) : max;
}

uint32_t lb_srv_limit(const struct segment *seg, const struct rt_server *s, uint32_t srv, uint32_t be, uint32_t fullconn)
{
	uint32_t max = srv_admin_maxconn(atomic_load_explicit(&seg->srv[srv].admin, memory_order_relaxed));
	uint64_t op = atomic_load_explicit(&seg->srv[srv].op, memory_order_relaxed);
	uint32_t min = s->o->minconn, busy;

	if (!max && !min)
		return 0;
	if (max < min)
		max = min;
	if (min && min < max && fullconn) {
		busy = live_sum(seg, LIVE_BE, be);
		if (busy < fullconn)
			max = MAX(min, (uint32_t)((uint64_t)busy * max / fullconn));
	}
	return ramped(op, max);
}

bool lb_admit(const struct segment *seg, uint32_t srv, unsigned worker, uint32_t limit)
{
	return live_admit(seg, LIVE_SRV, srv, worker, limit, atomic_load_explicit(&seg->srv[srv].foreign, memory_order_relaxed));
}

bool lb_queues_init(struct lb_queues *q, const struct rt *rt, const struct segment *seg, unsigned worker, struct lb *lb, const int *wake_fd)
{
	*q = (struct lb_queues){ .rt = rt, .seg = seg, .worker = worker, .lb = lb, .wake_fd = wake_fd };
	q->srv_q = calloc(MAX(rt->nsrv, 1u), sizeof(*q->srv_q));
	q->be_q = calloc(MAX(rt->npx, 1u), sizeof(*q->be_q));
	q->be_waiting = calloc(MAX(rt->npx, 1u), sizeof(*q->be_waiting));
	if (q->srv_q && q->be_q && q->be_waiting)
		return true;
	lb_queues_free(q);
	return false;
}

void lb_queues_free(struct lb_queues *q)
{
	free(q->srv_q);
	free(q->be_q);
	free(q->be_waiting);
	q->srv_q = q->be_q = NULL;
	q->be_waiting = NULL;
}

static uint32_t limit_of(const struct lb_queues *q, uint32_t be, uint32_t srv)
{
	return lb_srv_limit(q->seg, &q->rt->srv[srv], srv, be, q->rt->px[be].fullconn);
}

/* A head that was never used is all zero: untouched pages cost nothing with 100,000 servers. */
static struct lb_wait *first_of(struct list *head)
{
	return head->next && !list_empty(head) ? LIST_ENTRY(head->next, struct lb_wait, link) : NULL;
}

static struct list *head_of(const struct lb_queues *q, const struct lb_wait *w)
{
	return w->srv != RT_NONE ? &q->srv_q[w->srv] : &q->be_q[w->be];
}

static void gauge_add(const struct lb_queues *q, const struct lb_wait *w, int32_t d)
{
	if (w->srv != RT_NONE)
		column_add(q->seg, LIVE_SRV_QUEUE, w->srv, q->worker, d);
	else
		column_add(q->seg, LIVE_BE_QUEUE, w->be, q->worker, d);
}

void lb_queue_del(struct lb_queues *q, struct lb_wait *w)
{
	if (!w->queued)
		return;
	list_del(&w->link);
	w->queued = false;
	q->waiting--;
	q->be_waiting[w->be]--;
	gauge_add(q, w, -1);
}

static void grant(struct lb_queues *q, struct lb_wait *w, uint32_t srv)
{
	lb_queue_del(q, w);
	w->granted(w, srv);
}

bool lb_queue_admit(struct lb_queues *q, uint32_t be, uint32_t srv)
{
	uint32_t limit = limit_of(q, be, srv);

	if (limit && live_sum(q->seg, LIVE_SRV_QUEUE, srv))
		return false;
	return lb_admit(q->seg, srv, q->worker, limit);
}

/* One last try after the queue row is raised. A waiter of a backend tries its usable servers in turn, from a random one. */
static bool last_try(struct lb_queues *q, struct lb_wait *w)
{
	struct lb *lb = &q->lb[w->be];
	uint32_t n, from;

	if (w->srv != RT_NONE)
		return lb_admit(q->seg, w->srv, q->worker, limit_of(q, w->be, w->srv));
	n = lb_usable(lb);
	from = n ? rand_below(n) : 0;
	for (uint32_t k = 0; k < n; k++) {
		uint32_t srv = lb->cand[(from + k) % n].srv;

		if (lb_admit(q->seg, srv, q->worker, limit_of(q, w->be, srv))) {
			lb_queue_del(q, w);
			w->srv = srv;
			return true;
		}
	}
	return false;
}

/* The element behind which w belongs: almost always the last. */
static struct list *place_of(struct list *head, const struct lb_wait *w)
{
	struct list *at = head->prev;

	while (at != head && LIST_ENTRY(at, struct lb_wait, link)->prio > w->prio)
		at = at->prev;
	return at;
}

bool lb_queue_add(struct lb_queues *q, struct lb_wait *w)
{
	struct list *head = head_of(q, w);

	ASSERT_HOT(!w->queued);
	if (!head->next)
		list_init(head);
	list_insert(place_of(head, w), &w->link);
	w->queued = true;
	w->seq = q->seq++;
	q->waiting++;
	q->be_waiting[w->be]++;
	gauge_add(q, w, 1);
	if (first_of(head) != w || !last_try(q, w))
		return true;
	lb_queue_del(q, w);
	return false;
}

uint32_t lb_queue_pos(const struct lb_queues *q, const struct lb_wait *w)
{
	uint32_t pos = 0;

	for (struct list *l = w->link.prev; l != head_of(q, w); l = l->prev)
		pos++;
	return pos;
}

/* The one of ours that has waited longest for srv. Backend waiters do not go to a server that takes no new requests. */
static struct lb_wait *oldest_for(struct lb_queues *q, uint32_t be, uint32_t srv)
{
	struct lb_wait *own = first_of(&q->srv_q[srv]), *any = first_of(&q->be_q[be]);

	if (any && !lb_srv_usable(&q->lb[be], srv, false))
		any = NULL;
	if (own && any)
		return own->prio != any->prio ? (own->prio < any->prio ? own : any) : own->seq < any->seq ? own : any;
	return own ? own : any;
}

static bool serve_one(struct lb_queues *q, uint32_t be, uint32_t srv)
{
	struct lb_wait *w = oldest_for(q, be, srv);

	if (!w || !lb_admit(q->seg, srv, q->worker, limit_of(q, be, srv)))
		return false;
	grant(q, w, srv);
	return true;
}

static uint32_t waiting_in(const struct lb_queues *q, uint32_t be, uint32_t srv, unsigned worker)
{
	return atomic_load(live_row(q->seg, LIVE_SRV_QUEUE, srv) + worker) + atomic_load(live_row(q->seg, LIVE_BE_QUEUE, be) + worker);
}

/* Draws the worker that gets the free slot, in proportion to the number waiting there; nworkers when nobody waits. */
static unsigned draw_worker(const struct lb_queues *q, uint32_t be, uint32_t srv)
{
	unsigned n = q->seg->geo.nworkers, chosen = n;
	uint64_t seen = 0;

	for (unsigned i = 0; i < n; i++) {
		uint32_t waiting = waiting_in(q, be, srv, i);

		seen += waiting;
		if (waiting && (chosen == n || rand_u64() % seen < waiting))
			chosen = i;
	}
	return chosen;
}

static void signal_worker(const struct lb_queues *q, unsigned worker)
{
	uint64_t one = 1;

	if (q->wake_fd && write(q->wake_fd[worker], &one, sizeof(one)) < 0)
		return; /* EAGAIN: the counter is full, so the worker has been told already */
}

void lb_release(struct lb_queues *q, uint32_t be, uint32_t srv)
{
	unsigned to;

	if (!limit_of(q, be, srv)) {
		live_add(q->seg, LIVE_SRV, srv, q->worker, -1);
		return;
	}
	column_add(q->seg, LIVE_SRV, srv, q->worker, -1);
	to = draw_worker(q, be, srv);
	if (to == q->seg->geo.nworkers)
		return;
	if (to == q->worker)
		serve_one(q, be, srv);
	else
		signal_worker(q, to);
}

void lb_queue_flush(struct lb_queues *q, uint32_t srv)
{
	struct list *head = &q->srv_q[srv];
	uint32_t n = atomic_load_explicit(live_row(q->seg, LIVE_SRV_QUEUE, srv) + q->worker, memory_order_relaxed);
	struct lb_wait *w;

	/* Counted, because a granted() may queue its request here again. */
	while (n-- && (w = first_of(head)))
		grant(q, w, RT_NONE);
}

static void poll_backend(struct lb_queues *q, uint32_t be)
{
	const struct rt_backend *b = &q->rt->px[be].be;

	for (uint32_t srv = b->srv0; srv < b->srv0 + b->nsrv && q->be_waiting[be]; srv++) {
		if (first_of(&q->srv_q[srv]) && !lb_srv_usable(&q->lb[be], srv, true))
			lb_queue_flush(q, srv);
		while (serve_one(q, be, srv))
			;
	}
}

void lb_queue_poll(struct lb_queues *q)
{
	for (uint32_t be = 0; be < q->rt->npx && q->waiting; be++)
		if (q->be_waiting[be])
			poll_backend(q, be);
}
