// SPDX-License-Identifier: GPL-3.0-or-later
/* Prepared changes of certificates, CA files and revocation lists, and names without content. They belong to the leader
 * and are lost with its generation: nothing that was not committed is kept. */
#include <stdlib.h>
#include <string.h>

#include "cli_cert.h"

void pending_clear(struct cli_pending *p)
{
	if (p->text)
		OPENSSL_cleanse(p->text, p->n);
	free(p->text);
	free(p->path);
	*p = (struct cli_pending){ 0 };
}

bool pending_set(struct cli_pending *p, const char *path, struct str text)
{
	struct cli_pending n = { .path = strdup(path), .text = malloc(text.n + 1), .n = text.n };

	if (n.text && n.path) {
		memcpy(n.text, text.p, text.n);
		n.text[n.n] = '\0';
		pending_clear(p);
		*p = n;
		return true;
	}
	pending_clear(&n);
	pending_clear(p);
	return false;
}

enum cli_state pending_other(struct cli_run *r, const struct cli_pending *p, const char *verb, const char *failed)
{
	struct sbuf tail = { 0 };
	enum cli_state st;

	if (failed)
		sbuf_printf(&tail, "\n%s " STR_FMT "!", failed, STR_ARG(r->w[0]));
	if (!p->path)
		st = cli_fail(r, "No ongoing transaction!%s%s", failed ? " !" : "", sbuf_cstr(&tail));
	else
		st = cli_fail(r, "The ongoing transaction is about '%s' but you are trying to %s '" STR_FMT "'%s", p->path, verb,
			      STR_ARG(r->w[0]), sbuf_cstr(&tail));
	sbuf_free(&tail);
	return st;
}

static size_t seek(const struct cli_empty *e, struct str name)
{
	size_t i = 0;

	while (i < e->at.n && !str_eq(name, str_c(e->at.at[i])))
		i++;
	return i;
}

bool empty_has(const struct cli_empty *e, struct str name) { return seek(e, name) < e->at.n; }

void empty_add(struct cli_empty *e, struct str name)
{
	char *p = strndup(name.p, name.n);

	if (p)
		VEC_PUSH(&e->at, p);
}

bool empty_drop(struct cli_empty *e, struct str name)
{
	size_t i = seek(e, name);

	if (i == e->at.n)
		return false;
	free(e->at.at[i]);
	e->at.at[i] = VEC_LAST(&e->at);
	e->at.n--;
	return true;
}
