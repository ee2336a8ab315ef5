// SPDX-License-Identifier: GPL-3.0-or-later
/* Fetches of TLS: rows hand their question to tls/info.h, the row's type says what the answer is. */
#include <sluice/tls/info.h>
#include "rows_priv.h"

static bool answer(struct smp_ctx *c, const struct call *k, struct conn *conn, const struct tls_dn *dn, struct smp *out)
{
	struct tls_answer a;

	if (!conn || !tls_ask(conn, (unsigned)k->aux, dn, c->tmp, &a))
		return false;
	out->type = k->fetch->type;
	if (out->type == SMP_STR || out->type == SMP_BIN)
		out->s = a.text;
	else
		out->i = a.num;
	return true;
}

bool fetch_tls_fc(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)it;
	return answer(c, k, c->fc, NULL, out);
}

bool fetch_tls_bc(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)it;
	return answer(c, k, c->bc, NULL, out);
}

/* (attribute, occurrence, format) of a distinguished name. */
static bool dn_of(const struct call *k, struct tls_dn *d)
{
	*d = (struct tls_dn){ .attr = k->arg[0].set ? k->arg[0].s : STR_NULL };
	if (k->narg > 1 && k->arg[1].set)
		d->at = (int)k->arg[1].i;
	if (k->narg > 2 && k->arg[2].set)
		d->rfc2253 = str_eq(k->arg[2].s, STR("rfc2253"));
	return true;
}

bool fetch_tls_dn_fc(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	struct tls_dn d;

	(void)it;
	return dn_of(k, &d) && answer(c, k, c->fc, &d, out);
}

bool fetch_tls_dn_bc(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	struct tls_dn d;

	(void)it;
	return dn_of(k, &d) && answer(c, k, c->bc, &d, out);
}

/* Errors of a connection that never was TLS are none. */
bool fetch_tls_err(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)it;
	if (answer(c, k, c->fc, NULL, out))
		return true;
	return k->fetch->type == SMP_STR ? smp_set_str(out, STR("Success")) : smp_set_int(out, 0);
}

bool fetch_tls_print(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	return fetch_tls_fc(c, k, it, out);
}
