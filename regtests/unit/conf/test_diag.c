// SPDX-License-Identifier: GPL-3.0-or-later
/* How diagnostics look. */
#include "conf_test.h"

struct bench {
	struct arena arena;
	struct conf_src src;
	struct src_file file[2];
	struct diags d;
	char *out;
};

static void bench_open(struct bench *b, const char *text)
{
	memset(b, 0, sizeof(*b));
	arena_init(&b->arena, 0);
	b->src.arena = &b->arena;
	b->file[0] = (struct src_file){ "a.cfg", str_c(text) };
	b->file[1] = (struct src_file){ "b.cfg", str_c(text) };
	b->src.files.at = b->file;
	b->src.files.n = 2;
	diags_init(&b->d, &b->arena, &b->src);
}

static void bench_expect(struct bench *b, bool warnings, const char *want)
{
	size_t n;
	FILE *out = open_memstream(&b->out, &n);

	diags_print(&b->d, out, warnings);
	fclose(out);
	assert_string_equal(b->out, want);
	free(b->out);
}

static void bench_close(struct bench *b)
{
	arena_free(&b->arena);
}

static void an_error_shows_its_line_a_caret_and_a_hint(void **st)
{
	struct bench b;

	(void)st;
	bench_open(&b, "backend b\n  balance leastcon\n");
	diag(&b.d, DIAG_ERROR, (struct span){ 0, 2, 11, 8 }, "leastconn", "unknown algorithm '%s'", "leastcon");
	bench_expect(&b, false,
		     "a.cfg:2:11: error: unknown algorithm 'leastcon' (did you mean 'leastconn'?)\n"
		     "    2 |   balance leastcon\n"
		     "      |           ^~~~~~~~\n");
	bench_close(&b);
}

static void tabs_and_wide_characters_keep_the_caret_in_place(void **st)
{
	struct bench b;

	(void)st;
	bench_open(&b, "\tx\t\xc3\xa9 b\xc3\xbcg\r\n");
	diag(&b.d, DIAG_ERROR, (struct span){ 0, 1, 7, 4 }, NULL, "m");
	bench_expect(&b, false,
		     "a.cfg:1:7: error: m\n"
		     "    1 | \tx\t\xc3\xa9 b\xc3\xbcg\n"
		     "      | \t \t  ^~~\n");
	bench_close(&b);
}

static void entries_come_in_the_order_of_the_text(void **st)
{
	struct bench b;

	(void)st;
	bench_open(&b, "1\n2\n");
	diag(&b.d, DIAG_ERROR, (struct span){ 1, 1, 1, 1 }, NULL, "fourth");
	diag(&b.d, DIAG_WARN, (struct span){ 0, 2, 1, 1 }, NULL, "second");
	diag(&b.d, DIAG_ERROR, (struct span){ 0, 2, 1, 1 }, NULL, "third");
	diag(&b.d, DIAG_NOTE, (struct span){ 0, 1, 1, 1 }, NULL, "first");
	assert_int_equal(b.d.errors, 2);
	assert_int_equal(b.d.warnings, 1);
	bench_expect(&b, true,
		     "a.cfg:1:1: note: first\n    1 | 1\n      | ^\n"
		     "a.cfg:2:1: warning: second\n    2 | 2\n      | ^\n"
		     "a.cfg:2:1: error: third\n    2 | 2\n      | ^\n"
		     "b.cfg:1:1: error: fourth\n    1 | 1\n      | ^\n");
	bench_expect(&b, false,
		     "a.cfg:2:1: error: third\n    2 | 2\n      | ^\n"
		     "b.cfg:1:1: error: fourth\n    1 | 1\n      | ^\n");
	bench_close(&b);
}

static void a_span_without_line_names_the_file_only(void **st)
{
	struct bench b;

	(void)st;
	bench_open(&b, "");
	diag(&b.d, DIAG_ERROR, (struct span){ .file = 1 }, NULL, "cannot open: %s", "No such file");
	diag(&b.d, DIAG_ERROR, (struct span){ .file = 7, .line = 1, .col = 2 }, NULL, "nowhere");
	bench_expect(&b, false, "b.cfg: error: cannot open: No such file\n1:2: error: nowhere\n");
	bench_close(&b);
}

static void spans_outside_of_the_text_are_harmless(void **st)
{
	struct bench b;

	(void)st;
	bench_open(&b, "ab\n");
	diag(&b.d, DIAG_ERROR, (struct span){ 0, 1, 2, 500 }, NULL, "long");
	diag(&b.d, DIAG_ERROR, (struct span){ 0, 1, 90, 5 }, NULL, "right");
	diag(&b.d, DIAG_ERROR, (struct span){ 0, 9, 1, 1 }, NULL, "below");
	bench_expect(&b, false,
		     "a.cfg:1:2: error: long\n    1 | ab\n      |  ^\n"
		     "a.cfg:1:90: error: right\n    1 | ab\n      |   ^\n"
		     "a.cfg:9:1: error: below\n    9 | \n      | ^\n");
	bench_close(&b);
}

static void more_than_twenty_errors_are_counted(void **st)
{
	struct bench b;
	char *out;
	size_t n, lines = 0;
	FILE *f;

	(void)st;
	bench_open(&b, "x\n");
	for (unsigned i = 0; i < 5000; i++)
		diag(&b.d, DIAG_ERROR, (struct span){ 0, 1, 1, 1 }, NULL, "e%u", i);
	assert_int_equal(b.d.errors, 5000);
	f = open_memstream(&out, &n);
	diags_print(&b.d, f, false);
	fclose(f);
	for (size_t i = 0; i < n; i++)
		lines += out[i] == '\n';
	assert_int_equal(lines, 20 * 3 + 1);
	assert_non_null(strstr(out, ": e19\n"));
	assert_null(strstr(out, ": e20\n"));
	assert_string_equal(out + n - strlen("4980 more errors\n"), "4980 more errors\n");
	free(out);
	bench_close(&b);
}

static void a_long_line_is_cut_around_the_span(void **st)
{
	struct bench b;
	char text[402], want[400], line[120];

	(void)st;
	memset(text, 'x', 400);
	text[300] = 'Y';
	strcpy(text + 400, "\n");
	bench_open(&b, text);
	diag(&b.d, DIAG_ERROR, (struct span){ 0, 1, 301, 1 }, NULL, "m");
	memset(line, 'x', 110);
	line[60] = 'Y';
	line[110] = '\0';
	snprintf(want, sizeof(want), "a.cfg:1:301: error: m\n    1 | ...%s...\n      |    %60s^\n", line, "");
	bench_expect(&b, false, want);
	bench_close(&b);
}

static void bytes_that_steer_a_terminal_are_not_printed(void **st)
{
	struct bench b;

	(void)st;
	bench_open(&b, "a\x1b[2Jb\n");
	diag(&b.d, DIAG_ERROR, (struct span){ 0, 1, 2, 1 }, NULL, "bad \x1b here");
	bench_expect(&b, false, "a.cfg:1:2: error: bad ? here\n    1 | a?[2Jb\n      |  ^\n");
	bench_close(&b);
}

static void nearest_needs_a_third_of_the_letters_at_most(void **st)
{
	static const char *const words[] = { "leastconn", "roundrobin", "source", "uri", "first" };

	(void)st;
	assert_string_equal(diag_nearest(STR("leastcon"), words, 5), "leastconn");
	assert_string_equal(diag_nearest(STR("ruondrobin"), words, 5), "roundrobin");
	assert_string_equal(diag_nearest(STR("ur1"), words, 5), "uri");
	assert_null(diag_nearest(STR("ab1"), words, 5));
	assert_null(diag_nearest(STR("completely"), words, 5));
	assert_null(diag_nearest(STR(""), words, 5));
	assert_null(diag_nearest(STR("uri"), words, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_error_shows_its_line_a_caret_and_a_hint),
		cmocka_unit_test(tabs_and_wide_characters_keep_the_caret_in_place),
		cmocka_unit_test(entries_come_in_the_order_of_the_text),
		cmocka_unit_test(a_span_without_line_names_the_file_only),
		cmocka_unit_test(spans_outside_of_the_text_are_harmless),
		cmocka_unit_test(more_than_twenty_errors_are_counted),
		cmocka_unit_test(a_long_line_is_cut_around_the_span),
		cmocka_unit_test(bytes_that_steer_a_terminal_are_not_printed),
		cmocka_unit_test(nearest_needs_a_third_of_the_letters_at_most),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
