// SPDX-License-Identifier: GPL-3.0-or-later
/* What a client of the runtime socket writes, cut into commands and words. Pure: no descriptor, no memory of its own. */
#ifndef SLUICE_LEADER_CLI_LINE_H
#define SLUICE_LEADER_CLI_LINE_H

#include <sluice/base/str.h>

#define CLI_WORDS_MAX 128
#define CLI_LINE_MAX 65536u       /* bytes of a command line */
#define CLI_PAYLOAD_MAX (1u << 20) /* bytes of a payload */
#define CLI_MARK_MAX 32u          /* bytes of the word behind << */

struct cli_words { struct str w[CLI_WORDS_MAX]; unsigned n; bool too_many; };

/* Takes the first command of the line: up to a ';' without a backslash, or the end. Words are separated by blanks; a backslash takes the
 * next byte as it is and disappears, in place, so `text` changes. Returns the bytes used, with the ';'; 0 only when n is 0. */
size_t cli_line_take(char *text, size_t n, struct cli_words *w);
/* Does the line announce a payload: a last word of "<<" or "<<MARK"? Then *line loses it and *mark is MARK (empty: an empty line ends
 * the payload). */
bool cli_line_payload(struct str *line, struct str *mark);
/* Looks for the end of a payload: a line that equals mark. True: *len bytes are the payload with its line ends, *used what it took. */
bool cli_payload_end(struct str text, struct str mark, size_t *len, size_t *used);

#endif
