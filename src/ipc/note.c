// SPDX-License-Identifier: GPL-3.0-or-later
/* Words of checks and agents. They are there to be read by people: a reader that never meets a quiet moment does without. */
#include <errno.h>
#include <fcntl.h>
#include <sluice/ipc/note.h>

#define READ_TRIES 100

static struct seg_note *note_of(const struct segment *s, unsigned srv, enum note_kind k)
{
	ASSERT(srv < s->geo.nsrv && k < NOTE_COUNT);
	return &s->note[(size_t)srv * NOTE_COUNT + k];
}

static char printable(char c)
{
	return (unsigned char)c < 32 || (unsigned char)c > 126 ? '?' : c;
}

bool note_write(const struct segment *s, unsigned srv, enum note_kind k, struct str text)
{
	struct seg_note *n = note_of(s, srv, k);
	int err = posix_fallocate(s->fd, (off_t)((const char *)n - (const char *)s->h), (off_t)sizeof(*n));

	if (err) {
		errno = err;
		return false;
	}
	uint32_t seq = atomic_load_explicit(&n->seq, memory_order_relaxed) | 1;
	atomic_store_explicit(&n->seq, seq, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	for (size_t i = 0; i < NOTE_TEXT; i++)
		n->text[i] = i < text.n ? printable(text.p[i]) : '\0';
	atomic_store_explicit(&n->seq, seq + 1, memory_order_release);
	return true;
}

size_t note_copy(const struct seg_note *n, char *out)
{
	for (unsigned i = 0; i < READ_TRIES; i++) {
		uint32_t seq = atomic_load_explicit(&n->seq, memory_order_acquire);

		memcpy(out, n->text, NOTE_TEXT);
		atomic_thread_fence(memory_order_acquire);
		if (!(seq & 1) && atomic_load_explicit(&n->seq, memory_order_relaxed) == seq)
			return strnlen(out, NOTE_TEXT);
	}
	return 0;
}

size_t note_read(const struct segment *s, unsigned srv, enum note_kind k, char *out)
{
	return note_copy(note_of(s, srv, k), out);
}
