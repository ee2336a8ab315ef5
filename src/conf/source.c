// SPDX-License-Identifier: GPL-3.0-or-later
/* Where configuration text comes from: files, directories of *.cfg in C order, and memory. All files are read
 * before the first is parsed, so that ${HAPROXY_CFGFILES} is whole and diagnostics can show any of them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "front_priv.h"

static void source_error(struct front *f, uint32_t file, const char *what)
{
	diag(f->d, DIAG_ERROR, (struct span){ .file = file }, NULL, "%s: %s", what, strerror(errno));
}

static uint32_t source_register(struct front *f, const char *name)
{
	struct conf_src *src = f->src;

	VEC_PUSH(&src->files, ((struct src_file){ .name = arena_cstr(src->arena, str_c(name)), .text = STR("") }));
	return (uint32_t)src->files.n - 1;
}

static bool source_slurp(int fd, struct sbuf *out)
{
	char part[65536];
	ssize_t n;

	while ((n = read(fd, part, sizeof(part))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		if (out->n + (size_t)n > CONF_FILE_MAX) {
			errno = EFBIG;
			return false;
		}
		sbuf_add(out, str_n(part, (size_t)n));
	}
	return true;
}

void source_file(struct front *f, const char *path)
{
	uint32_t file = source_register(f, path);
	struct sbuf text = { 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0) {
		source_error(f, file, "cannot open");
		return;
	}
	if (source_slurp(fd, &text))
		f->src->files.at[file].text = arena_str(f->src->arena, sbuf_str(&text));
	else
		source_error(f, file, "cannot read");
	sbuf_free(&text);
	close(fd);
}

static int entry_is_config(const struct dirent *e)
{
	return e->d_name[0] != '.' && str_ends(str_c(e->d_name), STR(".cfg"));
}

static int entry_order(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void source_directory(struct front *f, const char *path)
{
	struct dirent **e = NULL;
	int n = scandir(path, &e, entry_is_config, entry_order);

	if (n < 0)
		source_error(f, source_register(f, path), "cannot read directory");
	for (int i = 0; i < n; i++) {
		bool slash = str_ends(str_c(path), STR("/"));
		struct str full = arena_printf(f->src->arena, "%s%s%s", path, slash ? "" : "/", e[i]->d_name);
		struct stat st;

		if (stat(full.p, &st) < 0 || !S_ISDIR(st.st_mode))
			source_file(f, full.p);
		free(e[i]);
	}
	free(e);
}

static void source_path(struct front *f, const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		source_directory(f, path);
	else
		source_file(f, path);
}

void source_text(struct front *f, const char *name, struct str text)
{
	uint32_t file = source_register(f, name);

	f->src->files.at[file].text = arena_str(f->src->arena, text);
}

void source_freeze(struct conf_src *src)
{
	struct src_file *files = VEC_FREEZE(&src->files, src->arena);
	size_t n = src->files.n;

	VEC_FREE(&src->files);
	src->files.at = files;
	src->files.n = src->files.cap = n;
}

static bool source_parse(struct front *f)
{
	for (uint32_t i = 0; i < f->src->files.n; i++)
		front_file(f, i);
	front_done(f);
	return !f->d->errors;
}

bool conf_parse_files(struct conf_src *src, struct diags *d, const struct conf_opts *o)
{
	struct front f;

	front_init(&f, src, d);
	f.poll_only = o->poll_only;
	if (o->chdir_to && chdir(o->chdir_to) < 0)
		source_error(&f, source_register(&f, o->chdir_to), "cannot change to this directory");
	for (unsigned i = 0; i < o->npaths; i++)
		source_path(&f, o->paths[i]);
	if (!src->files.n)
		diag(d, DIAG_ERROR, (struct span){ .file = source_register(&f, o->npaths ? o->paths[0] : "-f") }, NULL,
		     "no configuration file here");
	source_freeze(src);
	env_predefine(src, o);
	return source_parse(&f);
}

bool conf_parse_text(struct conf_src *src, struct diags *d, const char *name, struct str text)
{
	struct front f;

	front_init(&f, src, d);
	source_text(&f, name, text);
	source_freeze(src);
	return source_parse(&f);
}
