// SPDX-License-Identifier: GPL-3.0-or-later
/* Names that workers ask for on behalf of exchanges (do-resolve). A good answer serves everybody for `hold valid`: the last ones are kept in a table
 * whose places names share, so it cannot grow. */
#include <stdlib.h>
#include <sluice/base/clock.h>
#include <sluice/base/hash.h>
#include <sluice/ipc/msg.h>
#include "dns_priv.h"

#define KEPT 1024u
#define OPEN_MAX 4096u

struct kept {
	char name[sizeof(((struct ipc_name *)0)->text)];
	uint32_t resolvers;
	uint64_t until;         /* ms */
	struct addr v4, v6;     /* AF_UNSPEC: it has none */
};

struct asked { struct ipc_name name; uint32_t resolvers; uint64_t ticket; };

static struct { struct checker *ck; struct kept *kept; uint32_t open; } as;

static struct kept *place_of(uint32_t resolvers, const char *name)
{
	return &as.kept[hash_xxh3(str_c(name), resolvers) % KEPT];
}

static void tell(uint64_t ticket, uint32_t worker, const struct addr *a)
{
	struct ipc_resolved m;

	ipc_resolved_pack(&m, a);
	if (as.ck->ctl >= 0)
		ipc_send(as.ck->ctl, IPC_NAME_FOUND, worker, ticket, &m, sizeof(m), -1);
}

static const struct addr *preferred(const struct kept *k, unsigned family)
{
	const struct addr *first = family == 4 ? &k->v4 : &k->v6, *other = family == 4 ? &k->v6 : &k->v4;

	return first->family ? first : other;
}

static void on_done(void *arg, const struct dns_answer *ans)
{
	struct asked *q = arg;
	struct kept k = { .resolvers = q->resolvers, .until = clock_ms() + as.ck->rt->resolvers[q->resolvers].hold[HOLD_VALID] };

	as.open--;
	memcpy(k.name, q->name.text, sizeof(k.name));
	for (uint32_t i = 0; ans->status == DNS_VALID && i < ans->n; i++) {
		struct addr *to = ans->at[i].family == AF_INET ? &k.v4 : &k.v6;

		if (!to->family)
			*to = ans->at[i];
	}
	if (ans->status == DNS_VALID)
		*place_of(k.resolvers, k.name) = k;
	tell(q->ticket, q->name.worker, preferred(&k, q->name.family));
	free(q);
}

void asked_name(const struct ipc_msg *m)
{
	static const struct addr none;
	struct asked *q;
	struct ipc_name n;

	memcpy(&n, m->data, sizeof(n));
	n.text[sizeof(n.text) - 1] = '\0';
	if (m->arg >= as.ck->rt->nresolvers)
		return;
	const struct kept *k = place_of(m->arg, n.text);
	if (k->until > clock_ms() && k->resolvers == m->arg && !strcmp(k->name, n.text)) {
		tell(m->num, n.worker, preferred(k, n.family));
		return;
	}
	if (as.open >= OPEN_MAX || !(q = malloc(sizeof(*q)))) {
		tell(m->num, n.worker, &none);
		return;
	}
	*q = (struct asked){ n, m->arg, m->num };
	as.open++;
	if (!dns_ask(m->arg, str_c(n.text), on_done, q)) {
		as.open--;
		free(q);
		tell(m->num, n.worker, &none);
	}
}

bool asked_open(struct checker *ck)
{
	as.ck = ck;
	as.open = 0;
	as.kept = calloc(KEPT, sizeof(*as.kept));
	return as.kept != NULL;
}

void asked_close(void)
{
	free(as.kept);
	as.kept = NULL;
}
