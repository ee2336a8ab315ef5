// SPDX-License-Identifier: GPL-3.0-or-later
/* Actions that change maps and ACLs. The leader is the one writer of their tables, so an action is an order to it; the rules of the
 * request go on when it has been carried out, or after a while without it. Then all workers see it: the next request of this client does, wherever
 * it is served. What is there already, or gone already, costs no order. */
#include <sys/mman.h>
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/expr/patfile.h>

#include "act_priv.h"
#include "patterns.h"
#include "stream_priv.h"
#include "worker_priv.h"

#define KEY_MAX 4096
#define LOOK_MS 1    /* between two looks for the answer */
#define WAIT_MS 1000 /* a leader that is gone must not stop traffic */

static uint64_t last_ticket, done_ticket;

void patterns_obeyed(uint64_t ticket) { done_ticket = MAX(done_ticket, MIN(ticket, last_ticket)); }

/* A control byte would end a line of the file, or of what the runtime socket shows. */
static bool text_of(struct stream *s, const struct logfmt *f, char *room, struct str *out)
{
	struct sbuf b = { .p = room, .cap = KEY_MAX, .fixed = true };

	strm_render(s, f, &b);
	*out = sbuf_str(&b);
	for (size_t i = 0; i < out->n; i++)
		if ((unsigned char)out->p[i] < ' ' || out->p[i] == 127)
			return false;
	return !b.cut;
}

/* Nothing would change. */
static bool idle(const struct pat_file *f, enum pat_order_kind kind, struct str key, struct str val)
{
	uint32_t ref = ptab_by_key(f->tab, ptab_current(f->tab), key);
	struct ptab_entry e;

	if (kind == PAT_ORDER_DEL)
		return !ref;
	return ref && (kind == PAT_ORDER_ADD || (ptab_entry(f->tab, ref, &e) && str_eq(e.val, val)));
}

/* What does not fit into a message goes in a file. */
static int long_text(struct str key, struct str val)
{
	int fd = memfd_create("pattern", MFD_CLOEXEC);

	if (fd < 0 || (pwrite(fd, key.p, key.n, 0) == (ssize_t)key.n && pwrite(fd, val.p, val.n, (off_t)key.n) == (ssize_t)val.n))
		return fd;
	close(fd);
	return -1;
}

static bool send_order(const struct pat_file *f, enum pat_order_kind kind, struct str key, struct str val)
{
	struct ipc_pat_order o = { .kind = (uint16_t)kind, .klen = (uint16_t)key.n, .vlen = (uint16_t)val.n };

	if (key.n + val.n <= sizeof(o.text)) {
		memcpy(o.text, key.p, key.n);
		memcpy(o.text + key.n, val.p ? val.p : "", val.n);
		return ipc_send(wk.h->ctl, IPC_PAT_ORDER, f->id, ++last_ticket, &o, sizeof(o), -1);
	}
	int fd = long_text(key, val);
	bool ok = fd >= 0 && ipc_send(wk.h->ctl, IPC_PAT_ORDER_LONG, f->id, ++last_ticket, &o, sizeof(o), fd);

	if (fd >= 0)
		close(fd);
	return ok;
}

/* May the rules of this phase be held? Elsewhere the change is seen a moment later. */
static bool may_hold(enum rule_phase ph) { return ph == PH_HTTP_REQ || ph == PH_HTTP_RES; }

static enum rule_verdict waiting(struct stream *s)
{
	if (done_ticket >= s->pat_ticket || clock_ms() >= s->pat_until) {
		s->hold_until = 0;
		return RULE_CONTINUE;
	}
	s->hold_until = clock_ms() + LOOK_MS;
	return RULE_HOLD;
}

static enum rule_verdict order(struct stream *s, const struct rule *r, enum rule_phase ph, enum pat_order_kind kind)
{
	static char key_room[KEY_MAX], val_room[KEY_MAX];
	struct str key, val = STR_NULL;

	if (s->hold_until)
		return waiting(s);
	if (wk.trace || !text_of(s, r->fmt, key_room, &key) || !key.n || (r->value && !text_of(s, r->value, val_room, &val)) ||
	    idle(r->patterns, kind, key, val) || !send_order(r->patterns, kind, key, val) || !may_hold(ph))
		return RULE_CONTINUE;
	s->pat_ticket = last_ticket;
	s->pat_until = clock_ms() + WAIT_MS;
	return waiting(s);
}

enum rule_verdict act_exec_set_map(struct stream *s, const struct rule *r, enum rule_phase ph) { return order(s, r, ph, PAT_ORDER_SET); }
enum rule_verdict act_exec_add_acl(struct stream *s, const struct rule *r, enum rule_phase ph) { return order(s, r, ph, PAT_ORDER_ADD); }
enum rule_verdict act_exec_del_pattern(struct stream *s, const struct rule *r, enum rule_phase ph) { return order(s, r, ph, PAT_ORDER_DEL); }
