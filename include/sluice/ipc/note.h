// SPDX-License-Identifier: GPL-3.0-or-later
/* What the last check of a server and the last answer of its agent said in words. The checker writes, under a number that is odd meanwhile; a
 * reader that meets it so, or changed, tries again. The word of the check or agent says whether there is a note: others must not be looked up
 * (reading would allocate the page). */
#ifndef SLUICE_IPC_NOTE_H
#define SLUICE_IPC_NOTE_H

#include <sluice/ipc/segment.h>

enum note_kind { NOTE_CHECK, NOTE_AGENT, NOTE_COUNT };
#define NOTE_TEXT 120 /* bytes, NUL-padded; printable but for that */

struct seg_note {
	_Alignas(64) _Atomic uint32_t seq;
	uint32_t zero;
	char text[NOTE_TEXT];
};

/* Checker. Cuts what is too long and replaces what cannot be printed by '?'. false and errno: no memory. */
bool note_write(const struct segment *s, unsigned srv, enum note_kind k, struct str text) MUST_CHECK;
/* Copies the text of a note to out[NOTE_TEXT] and returns its length; 0 also when it cannot be read. Any process. */
size_t note_read(const struct segment *s, unsigned srv, enum note_kind k, char *out);
/* The same from a note in memory of another generation. */
size_t note_copy(const struct seg_note *n, char *out);

#endif
