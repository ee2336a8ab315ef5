// SPDX-License-Identifier: GPL-3.0-or-later
/* What the commands about certificates have in common: a change that is prepared before it is made. */
#ifndef SLUICE_LEADER_CLI_CERT_H
#define SLUICE_LEADER_CLI_CERT_H

#include "certs.h"
#include "cli_priv.h"

/* One for certificates, one for CA files, one for revocation lists, as in HAProxy. */
struct cli_pending {
	char *path;                 /* NULL = no transaction */
	char *text;                 /* PEM */
	size_t n;
};

void pending_clear(struct cli_pending *p);
/* p is about `path` and `text` from now on. false: no memory, and it is cleared. */
bool pending_set(struct cli_pending *p, const char *path, struct str text) MUST_CHECK;
static inline bool pending_is(const struct cli_pending *p, struct str path) { return p->path && str_eq(path, str_c(p->path)); }
/* Says that there is no transaction, or another one, and (unless NULL) what cannot be done therefore. */
enum cli_state pending_other(struct cli_run *r, const struct cli_pending *p, const char *verb, const char *failed);

/* Names that `new ssl ...` made and nobody has filled yet. */
struct cli_empty { VEC(char *) at; };
bool empty_has(const struct cli_empty *e, struct str name);
void empty_add(struct cli_empty *e, struct str name);
bool empty_drop(struct cli_empty *e, struct str name);

#endif
