// SPDX-License-Identifier: GPL-3.0-or-later
/* From an entry back to the line of its file. Tables keep no line numbers: a million of them would be paid for by everybody, and the text
 * is at hand, in memory or on disk, when somebody asks. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sluice/base/hash.h>
#include <sluice/expr/patfile.h>

/* The file as it is on disk, if it still is what was loaded; munmap() it. */
static struct str text_on_disk(const struct pat_file *f)
{
	char path[4096];
	struct stat st;
	void *p = MAP_FAILED;

	if (f->name.n >= sizeof(path))
		return STR_NULL;
	memcpy(path, f->name.p, f->name.n);
	path[f->name.n] = '\0';
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (fd >= 0)
		close(fd);
	if (p == MAP_FAILED)
		return STR_NULL;
	struct str text = str_n(p, (size_t)st.st_size);

	if (hash_xxh3(text, 0) == f->hash)
		return text;
	munmap(p, text.n);
	return STR_NULL;
}

/* Of lines with the same key the one with the same value; the first of them, when the value is another by now. */
static uint32_t line_of(struct str text, bool pairs, const struct ptab_entry *e, bool *changed)
{
	struct str key, val;
	uint32_t no = 0, first = 0;

	for (struct str rest = text; rest.p;) {
		no++;
		if (!pat_line(pairs, str_split(&rest, '\n'), &key, &val) || !str_eq(key, e->key))
			continue;
		if (!pairs || str_eq(val, e->val)) {
			*changed = false;
			return no;
		}
		first = first ? first : no;
	}
	*changed = first > 0;
	return first;
}

int64_t pat_file_line(const struct pat_file *f, const struct ptab_entry *e, bool *changed)
{
	struct str text = f->ntext ? str_n(f->text, f->ntext) : text_on_disk(f);

	*changed = false;
	if (!text.n)
		return -1;
	int64_t line = line_of(text, f->pairs, e, changed);

	if (!f->ntext)
		munmap((void *)(uintptr_t)text.p, text.n);
	return line;
}
