// SPDX-License-Identifier: GPL-3.0-or-later
/* For the tests of stage 1: parse a text and write down sections, lines, words and diagnostics so that one string
 * compares all. */
#ifndef CONF_TEST_H
#define CONF_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include <sluice/base/buf.h>
#include <sluice/conf/conf.h>

struct parsed {
	struct arena arena;
	struct conf_src src;
	struct diags d;
	bool ok;
	char *diags;  /* as printed, warnings too */
	char *tree;   /* heads at the margin, lines behind a blank, words in [], quoted ones in "" */
};

static void write_line(FILE *out, const struct line *l)
{
	static const char *const prefix[] = { "", "no ", "default " };

	fputs(prefix[l->prefix], out);
	for (uint32_t i = 0; i < l->n; i++)
		fprintf(out, l->w[i].quoted ? "\"%s\"" : "[%s]", l->w[i].s.p);
	fputc('\n', out);
}

static void parsed_write(struct parsed *p)
{
	size_t n;
	FILE *out = open_memstream(&p->tree, &n);

	for (size_t i = 0; i < p->src.sections.n; i++) {
		const struct section *s = &p->src.sections.at[i];

		write_line(out, &s->head);
		for (size_t k = 0; k < s->lines.n; k++) {
			fputc(' ', out);
			write_line(out, &s->lines.at[k]);
		}
	}
	fclose(out);
	out = open_memstream(&p->diags, &n);
	diags_print(&p->d, out, true);
	fclose(out);
}

static void parsed_open(struct parsed *p)
{
	memset(p, 0, sizeof(*p));
	arena_init(&p->arena, 0);
	p->src.arena = &p->arena;
	diags_init(&p->d, &p->arena, &p->src);
}

static void parsed_close(struct parsed *p)
{
	free(p->diags);
	free(p->tree);
	arena_free(&p->arena);
}

UNUSED static void parse_n(struct parsed *p, const char *text, size_t n)
{
	parsed_open(p);
	p->ok = conf_parse_text(&p->src, &p->d, "t.cfg", str_n(text, n));
	parsed_write(p);
}

UNUSED static void parse_paths(struct parsed *p, const struct conf_opts *o)
{
	parsed_open(p);
	p->ok = conf_parse_files(&p->src, &p->d, o);
	parsed_write(p);
}

/* The text parses without a diagnostic and gives this tree. */
UNUSED static void expect_tree(const char *text, const char *tree)
{
	struct parsed p;

	parse_n(&p, text, strlen(text));
	assert_string_equal(p.diags, "");
	assert_true(p.ok);
	assert_string_equal(p.tree, tree);
	parsed_close(&p);
}

/* The text gives exactly these diagnostics; it is wrong when one of them is an error. */
UNUSED static void expect_diags_n(const char *text, size_t n, const char *diags)
{
	struct parsed p;

	parse_n(&p, text, n);
	assert_string_equal(p.diags, diags);
	assert_int_equal(p.ok, p.d.errors == 0);
	parsed_close(&p);
}

UNUSED static void expect_diags(const char *text, const char *diags)
{
	expect_diags_n(text, strlen(text), diags);
}

#endif
