// SPDX-License-Identifier: GPL-3.0-or-later
/* Lines of crt-lists that come at run time: `certificate [options] names`. Leader. */
#ifndef SLUICE_CONF_CRT_LINE_H
#define SLUICE_CONF_CRT_LINE_H

#include <sluice/base/arena.h>
#include <sluice/tls/opts.h>

struct rt;

struct crt_line {
	struct str cert, text;      /* path of the certificate, and what stands behind it */
	unsigned no;                /* in its file */
	struct str *names;
	unsigned nnames;
	struct tls_opts *opts;      /* for each front, upon the options of its bind line; NULL = none were given */
};

/* Everything that is found lives in a. false with err, which is the first error found. */
bool crt_line_parse(const struct rt *rt, struct str line, struct arena *a, struct crt_line *out, struct tls_err *err) MUST_CHECK;
/* The same for the text of the list of that name, which may be empty. */
bool crt_list_parse(const struct rt *rt, const char *name, struct str text, struct arena *a, struct crt_line **out, unsigned *n,
		    struct tls_err *err) MUST_CHECK;

#endif
