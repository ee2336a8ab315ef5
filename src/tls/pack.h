// SPDX-License-Identifier: GPL-3.0-or-later
/* Numbers, strings and options in a row, from the leader to its workers: one build on both sides, so no byte order and
 * no versions, but lengths are checked. */
#ifndef TLS_PACK_H
#define TLS_PACK_H

#include <sluice/base/arena.h>
#include <sluice/base/buf.h>
#include <sluice/tls/opts.h>

void pack_u32(struct sbuf *out, uint32_t n);
void pack_str(struct sbuf *out, struct str s);
void pack_opts(struct sbuf *out, const struct tls_opts *o);

struct unpack { struct str rest; bool bad; };   /* bad: it ended early; what is taken then is zero */
uint32_t unpack_u32(struct unpack *u);
struct str unpack_str(struct unpack *u);        /* a slice of the text */
void unpack_opts(struct unpack *u, struct arena *a, struct tls_opts *o); /* its texts are copied to a */

#endif
