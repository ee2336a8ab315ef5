// SPDX-License-Identifier: GPL-3.0-or-later
/* Between ACLs and the conditions made of them. */
#ifndef SLUICE_EXPR_ACL_PRIV_H
#define SLUICE_EXPR_ACL_PRIV_H

#include "expr_priv.h"

/* Adds the tests of one line to acl; words[0] is the expression. err->word indexes words. */
bool acl_parse_line(struct acl *acl, const struct expr_env *env, const struct str *words, int nwords, struct xerr *err);
/* The named ACL of set, its parents, or the predefined one; marks it as used. NULL when there is none. */
struct acl *acl_find(const struct acl_set *set, const struct expr_env *env, struct str name);
void acl_hint(const struct acl_set *set, struct str name, struct xerr *err);

#endif
