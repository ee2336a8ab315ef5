// SPDX-License-Identifier: GPL-3.0-or-later
/* Inside of log formats: what an alias is handed, and how text gets into a line. */
#ifndef SLUICE_LOG_LOGFMT_PRIV_H
#define SLUICE_LOG_LOGFMT_PRIV_H

#include <sluice/log/logfmt.h>

enum lf_flags {
	LF_QUOTE = 1,   /* Q: "text" */
	LF_HEX = 2,     /* X: addresses and numbers in hexadecimal */
	LF_ESCAPE = 4,  /* E: backslash before " \ ] */
	LF_LOG = 8,     /* a log line, not a header value: empty text is "-", blanks are merged */
	LF_RAW = 16,    /* bytes for somebody else: nothing is encoded */
};

struct lf_alias;
typedef void alias_fn(const struct lf_alias *al, unsigned flags, const struct log_data *d, struct sbuf *out);
struct lf_alias { const char *word; alias_fn *fn; int aux; };

const struct lf_alias *alias_find(struct str word);
/* The nearest known word, or NULL. */
const char *alias_near(struct str word);

/* Does the word stand for nothing at all where nothing is configured for it? */
bool alias_optional(const struct lf_alias *al);

/* Bytes that get `prefix` and two hexadecimal digits in place of themselves. */
enum lf_encode { ENC_CONTROL, ENC_URL, ENC_HDR };
void lf_encode(struct sbuf *out, struct str s, enum lf_encode set, char prefix, unsigned flags);
/* Text as an item: quoted, escaped, and "-" when it is empty in a log line. */
void lf_text(struct sbuf *out, struct str s, unsigned flags);

#endif
