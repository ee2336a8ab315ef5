// SPDX-License-Identifier: GPL-3.0-or-later
/* crt-lists and directories of certificates as they are in force, line by line. What a line means for a listener are
 * entries of its front; here is what it looks like, and where lines are added and taken away while connections live. */
#ifndef SLUICE_TLS_LISTS_H
#define SLUICE_TLS_LISTS_H

#include <sluice/base/vec.h>
#include <sluice/tls/front.h>

struct tls_line {
	unsigned no;                /* in the file; added ones go on counting */
	char *cert;                 /* path */
	char *text;                 /* options in brackets and names, as written; may be empty */
	bool gone;                  /* while it is being replaced */
};
struct tls_lines { struct tls_line **at; size_t n, cap; };
struct tls_list {
	char *path;
	uint64_t stamp;             /* tls_file_stamp() when it was read; 0 = a directory */
	struct tls_lines lines;     /* by number */
	struct tls_list *next;
};

/* The list of that path, made when it is new; f begins to use it. Leader, while the configuration is read. */
struct tls_list *tls_list_open(struct tls_front *f, const char *path);
/* Its line of that number, made when it is new (a list may be read for several listeners). */
struct tls_line *tls_list_line(struct tls_list *l, unsigned no, struct str cert, struct str text);
struct tls_list *tls_list_find(const char *path);
struct tls_list *tls_list_first(void);
/* The number after the last line's. */
unsigned tls_list_next_no(const struct tls_list *l);
/* Does f take lines from it? */
bool tls_front_has_list(const struct tls_front *f, const struct tls_list *l);

/* A line to add at run time, for every listener that uses the list. */
struct tls_line_add {
	struct str cert, text;
	const struct str *filters;
	unsigned nfilters, no;
	bool own;                   /* there were options; opts[i] are those for the i-th front (all fronts count) */
	const struct tls_opts *opts;
};
/* The text of a change (tls/live.h) that adds the line. */
void tls_line_pack(const struct tls_line_add *a, struct sbuf *out);
/* The same for n lines in place of all that there are. */
void tls_list_pack(const struct tls_line_add *a, unsigned n, struct sbuf *out);
/* The same for taking the line of that number away. */
void tls_line_pack_del(unsigned no, struct sbuf *out);
void tls_lists_drop(void);

#endif
