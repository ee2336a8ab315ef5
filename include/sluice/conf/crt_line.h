// SPDX-License-Identifier: GPL-3.0-or-later
/* A line of a crt-list that comes at run time: `certificate [options] names`. Leader. */
#ifndef SLUICE_CONF_CRT_LINE_H
#define SLUICE_CONF_CRT_LINE_H

#include <sluice/base/arena.h>
#include <sluice/tls/opts.h>

struct crt_line {
	struct str cert, text;      /* the certificate as written, and what stands behind it */
	struct str *names;
	unsigned nnames;
	struct tls_opts *opts;      /* for each front, upon the options of its bind line; NULL = none were given */
};

/* Everything that is found lives in a. false with err, which is the first error found. */
bool crt_line_parse(struct str line, struct arena *a, struct crt_line *out, struct tls_err *err) MUST_CHECK;

#endif
