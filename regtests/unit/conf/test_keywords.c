// SPDX-License-Identifier: GPL-3.0-or-later
/* The generated list of keywords: complete, a table that renders, and the one that is checked in. */
#include "sema_test.h"

static char *text;

static int make_text(void **st)
{
	size_t n;
	FILE *out = open_memstream(&text, &n);

	(void)st;
	keywords_print(out);
	return fclose(out);
}

static int free_text(void **st)
{
	(void)st;
	free(text);
	return 0;
}

static void expect_row(const char *word)
{
	char want[128];

	snprintf(want, sizeof(want), "\n| `%s` | ", word);
	if (!strstr(text, want))
		fail_msg("no row for %s", word);
}

static void every_row_of_every_table_is_listed(void **st)
{
	(void)st;
#define DIRECTIVE(word, sects, min, max, flags, fn, dflt, help) expect_row(word);
#include <sluice/tbl/directives.def>
#undef DIRECTIVE
#define OPTION(word, sects, fn, bits, help) expect_row(word);
#include <sluice/tbl/options.def>
#undef OPTION
#define BIND_OPT(word, nargs, fn, help) expect_row(word);
#include <sluice/tbl/bind_opts.def>
#undef BIND_OPT
#define SERVER_OPT(word, nargs, fn, dflt, help) expect_row(word);
#include <sluice/tbl/server_opts.def>
#undef SERVER_OPT
#define ACTION(id, word, phases, parse, exec, changes, help, example) expect_row(word);
#include <sluice/tbl/actions.def>
#undef ACTION
}

/* Cells of a line: bars that are not escaped, less one. */
static unsigned cells(const char *line, const char *end)
{
	unsigned n = 0;

	for (const char *p = line; p < end; p++)
		n += *p == '|' && (p == line || p[-1] != '\\');
	return n - 1;
}

static void every_row_has_as_many_cells_as_its_heading(void **st)
{
	unsigned want = 0, rows = 0;

	(void)st;
	for (const char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
		if (*line != '|') {
			want = 0;
			continue;
		}
		if (!want)
			want = cells(line, end);
		if (cells(line, end) != want)
			fail_msg("%.*s", (int)(end - line), line);
		rows++;
	}
	assert_true(rows > 200);
}

static void the_page_that_is_checked_in_is_up_to_date(void **st)
{
	FILE *f = fopen("doc/keywords.md", "r");
	struct sbuf b = { 0 };
	int ch;

	(void)st;
	assert_non_null(f);
	while ((ch = getc(f)) != EOF)
		sbuf_addc(&b, (char)ch);
	fclose(f);
	assert_true(str_eq(sbuf_str(&b), str_c(text)));
	sbuf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_of_every_table_is_listed),
		cmocka_unit_test(every_row_has_as_many_cells_as_its_heading),
		cmocka_unit_test(the_page_that_is_checked_in_is_up_to_date),
	};

	return cmocka_run_group_tests(tests, make_text, free_text);
}
