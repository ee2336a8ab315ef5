// SPDX-License-Identifier: GPL-3.0-or-later
/* Names of hosts by section and text, case ignored: entries lie in their owners' structures, so putting one in and taking it out costs
 * no memory of its own. */
#ifndef SLUICE_CHECKER_NAME_INDEX_H
#define SLUICE_CHECKER_NAME_INDEX_H

#include <sluice/base/str.h>

struct name_entry {
	struct name_entry *next;        /* of its bucket */
	uint32_t resolvers;             /* index of the section */
	struct str host;                /* lives as long as the entry */
};
struct name_index { struct name_entry **bucket; uint32_t nbuckets, n; }; /* all zero is empty */

/* NULL: not there. */
struct name_entry *name_index_find(const struct name_index *ix, uint32_t resolvers, struct str host);
/* e is not in there, nor its equal. false: no memory for the first bucket. */
bool name_index_put(struct name_index *ix, struct name_entry *e) MUST_CHECK;
void name_index_del(struct name_index *ix, struct name_entry *e);
void name_index_free(struct name_index *ix);

#endif
