// SPDX-License-Identifier: GPL-3.0-or-later
/* What values depend on, and what actions change: sets of classes of data. A value that was seen once holds until an action
 * changes a class that it depends on. A class that is not known to be left alone counts as touched: two sets that do not meet prove
 * independence, two that meet prove nothing. */
#ifndef SLUICE_EXPR_DEPS_H
#define SLUICE_EXPR_DEPS_H

#include <sluice/expr/expr.h>

enum {
	DEP_HDR_AT = 16, DEP_HDR_N = 24,    /* bits of header names, by hash: of request and response alike */
	DEP_VAR_AT = 40, DEP_VAR_N = 24,    /* bits of variables */
};
#define DEP_NONE   0ull
#define DEP_URI    1ull
#define DEP_METHOD 2ull
#define DEP_STATUS 4ull
#define DEP_SRC    8ull
#define DEP_DST    16ull
#define DEP_PAT    32ull /* map and ACL files */
#define DEP_HDR    (((1ull << DEP_HDR_N) - 1) << DEP_HDR_AT)
#define DEP_VAR    (((1ull << DEP_VAR_N) - 1) << DEP_VAR_AT)
#define DEP_ALL    UINT64_MAX

/* One header name, whatever its letter case; one variable. */
uint64_t dep_hdr(struct str name);
uint64_t dep_var(struct var_ref ref);

/* Only for what is pure (expr_pure): chance and time are in no class. */
uint64_t expr_deps(const struct expr *e);
struct acl;
uint64_t acl_deps(const struct acl *a);
/* NULL depends on nothing. */
uint64_t cond_deps(const struct cond *c);

#endif
