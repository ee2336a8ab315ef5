// SPDX-License-Identifier: GPL-3.0-or-later
/* Lines of entries, from the text in memory and from the file on disk. */
#include "expr_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char path[] = "/tmp/patline.XXXXXX";
static const char *text;

static bool read_text(void *ctx UNUSED, struct str name UNUSED, struct str *out)
{
	*out = str_c(text);
	return true;
}

static struct pat_use *map_of(void **state, const char *t)
{
	struct canned *c = *state;
	struct xerr err;

	text = t;
	c->env.read_file = read_text;
	struct pat_use *u = pat_use_get(&c->env, str_c(path), PAT_MAP, true, MATCH_STR, false, SMP_STR, &err);

	assert_non_null(u);
	return u;
}

static void write_file(const char *t)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(t, f);
	fclose(f);
}

static int64_t line_of(const struct pat_use *u, const char *key, const char *val, bool *changed)
{
	struct ptab_entry e = { .key = str_c(key), .val = str_c(val) };

	return pat_file_line(u->file, &e, changed);
}

static void lines_are_counted_with_comments_and_empty_ones(void **s)
{
	struct pat_use *u = map_of(s, "# c\n\na 1\r\n b  2\na 3");
	bool changed;

	assert_int_equal(line_of(u, "a", "1", &changed), 3);
	assert_false(changed);
	assert_int_equal(line_of(u, "b", "2", &changed), 4);
	assert_int_equal(line_of(u, "a", "3", &changed), 5);
	assert_false(changed);
	assert_int_equal(line_of(u, "c", "1", &changed), 0);
}

static void a_value_of_run_time_leads_to_the_first_line_of_its_key(void **s)
{
	struct pat_use *u = map_of(s, "b 2\na 1\na 3\n");
	bool changed;

	assert_int_equal(line_of(u, "a", "4", &changed), 2);
	assert_true(changed);
}

static void when_the_text_is_gone_the_file_is_read_if_it_is_still_the_same(void **s)
{
	struct pat_use *u = map_of(s, "b 2\na 1\n");
	bool changed;

	pat_file_settle(u->file);
	unlink(path);
	assert_int_equal(line_of(u, "a", "1", &changed), -1);
	write_file("b 2\na 1\n");
	assert_int_equal(line_of(u, "a", "1", &changed), 2);
	assert_int_equal(line_of(u, "x", "1", &changed), 0);
	write_file("a 1\n");
	assert_int_equal(line_of(u, "a", "1", &changed), -1);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_are_counted_with_comments_and_empty_ones),
		TEST(a_value_of_run_time_leads_to_the_first_line_of_its_key),
		TEST(when_the_text_is_gone_the_file_is_read_if_it_is_still_the_same),
	};
	int fd = mkstemp(path);

	if (fd >= 0)
		close(fd);
	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	unlink(path);
	return rc;
}
