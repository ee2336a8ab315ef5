// SPDX-License-Identifier: GPL-3.0-or-later
/* Certificates that end soon: a warning when 30, 7 and 1 days are left and when the last has passed, once for each. */
#include <sluice/base/clock.h>
#include <sluice/base/notice.h>
#include <sluice/tls/cert.h>

#include "leader_priv.h"

#define LOOK_MS (6 * 3600 * 1000u)

/* How near the end is: 0 far, then 1 to 4. */
static uint8_t nearness(long days)
{
	return days < 0 ? 4 : days < 1 ? 3 : days < 7 ? 2 : days < 30 ? 1 : 0;
}

void certs_look(void)
{
	for (struct tls_cert *c = tls_cert_first(); c; c = c->next) {
		long days = tls_cert_days_left(c);
		uint8_t near = nearness(days);

		if (near > c->warned && days < 0)
			notice(SAY_WARNING, "the certificate %s has expired", c->path);
		else if (near > c->warned)
			notice(SAY_WARNING, "the certificate %s expires in %ld day%s", c->path, days, days == 1 ? "" : "s");
		c->warned = near;
	}
}

static void look_again(struct timer *t)
{
	certs_look();
	timer_set(t, clock_ms() + LOOK_MS);
}

void certs_start(struct leader *l)
{
	timer_init(&l->cert_timer, look_again);
	if (tls_cert_first())
		look_again(&l->cert_timer);
}
