// SPDX-License-Identifier: GPL-3.0-or-later
/* Normal forms of targets, after the examples of the manual. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sluice/http/uri_norm.h>

static void expect(enum uri_norm how, bool flag, const char *in, const char *want)
{
	struct arena a;
	struct str out;

	arena_init(&a, 0);
	bool ok = uri_normalize(&a, how, flag, str_c(in), &out);

	if (ok != (want != NULL) || (ok && !str_eq(out, str_c(want))))
		fail_msg("%s gives " STR_FMT ", not %s", in, STR_ARG(ok ? out : STR("nothing")), want ? want : "nothing");
	arena_free(&a);
}

static void slashes_are_merged_in_the_path_alone(void **s)
{
	(void)s;
	expect(NORM_MERGE_SLASHES, false, "//", "/");
	expect(NORM_MERGE_SLASHES, false, "/foo//bar", "/foo/bar");
	expect(NORM_MERGE_SLASHES, false, "///a///?x=//", "/a/?x=//");
	expect(NORM_MERGE_SLASHES, false, "*", "*");
}

static void single_dots_go(void **s)
{
	(void)s;
	expect(NORM_STRIP_DOT, false, "/.", "/");
	expect(NORM_STRIP_DOT, false, "/./bar/", "/bar/");
	expect(NORM_STRIP_DOT, false, "/a/./a", "/a/a");
	expect(NORM_STRIP_DOT, false, "/.well-known/", "/.well-known/");
	expect(NORM_STRIP_DOT, false, "/a/.?b=/./", "/a/?b=/./");
	expect(NORM_STRIP_DOT, false, "/././.", "/");
}

static void double_dots_take_a_segment_away(void **s)
{
	(void)s;
	expect(NORM_STRIP_DOTDOT, false, "/foo/../", "/");
	expect(NORM_STRIP_DOTDOT, false, "/foo/../bar/", "/bar/");
	expect(NORM_STRIP_DOTDOT, false, "/foo/bar/../", "/foo/");
	expect(NORM_STRIP_DOTDOT, false, "/../bar/", "/../bar/");
	expect(NORM_STRIP_DOTDOT, false, "/bar/../../", "/../");
	expect(NORM_STRIP_DOTDOT, false, "/foo//../", "/foo/");
	expect(NORM_STRIP_DOTDOT, false, "/foo/..", "/");
	expect(NORM_STRIP_DOTDOT, false, "/../..", "/../..");
	expect(NORM_STRIP_DOTDOT, true, "/../bar/", "/bar/");
	expect(NORM_STRIP_DOTDOT, true, "/bar/../../", "/");
	expect(NORM_STRIP_DOTDOT, true, "/../../a?b=/../", "/a?b=/../");
	expect(NORM_STRIP_DOTDOT, true, "/..", "/");
	expect(NORM_STRIP_DOTDOT, false, "/a/...", "/a/...");
}

static void escapes_are_decoded_or_written_in_capitals(void **s)
{
	(void)s;
	expect(NORM_DECODE_UNRESERVED, false, "/%61dmin", "/admin");
	expect(NORM_DECODE_UNRESERVED, false, "/foo%3Fbar=baz", "/foo%3Fbar=baz");
	expect(NORM_DECODE_UNRESERVED, false, "/%%36%36", "/%66");
	expect(NORM_DECODE_UNRESERVED, false, "/%zz%4", "/%zz%4");
	expect(NORM_DECODE_UNRESERVED, true, "/%zz", NULL);
	expect(NORM_DECODE_UNRESERVED, true, "/%4", NULL);
	expect(NORM_TO_UPPERCASE, false, "/%6f?%2f%zz", "/%6F?%2F%zz");
	expect(NORM_TO_UPPERCASE, true, "/%zz", NULL);
}

static void parameters_are_sorted_and_equal_ones_keep_their_order(void **s)
{
	(void)s;
	expect(NORM_SORT_QUERY, false, "/?c=3&a=1&b=2", "/?a=1&b=2&c=3");
	expect(NORM_SORT_QUERY, false, "/?aaa=3&a=1&aa=2", "/?a=1&aa=2&aaa=3");
	expect(NORM_SORT_QUERY, false, "/?a=3&b=4&a=1&b=5&a=2", "/?a=3&a=1&a=2&b=4&b=5");
	expect(NORM_SORT_QUERY, false, "/?", "/?");
	expect(NORM_SORT_QUERY, false, "/?b&a#f", "/?a&b#f");
	expect(NORM_SORT_QUERY, false, "/x", "/x");
}

static void fragments_are_encoded_or_stripped(void **s)
{
	(void)s;
	expect(NORM_FRAGMENT_ENCODE, false, "/#foo#", "/%23foo%23");
	expect(NORM_FRAGMENT_STRIP, false, "/x#foo", "/x");
	expect(NORM_FRAGMENT_STRIP, false, "/x", "/x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slashes_are_merged_in_the_path_alone),
		cmocka_unit_test(single_dots_go),
		cmocka_unit_test(double_dots_take_a_segment_away),
		cmocka_unit_test(escapes_are_decoded_or_written_in_capitals),
		cmocka_unit_test(parameters_are_sorted_and_equal_ones_keep_their_order),
		cmocka_unit_test(fragments_are_encoded_or_stripped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
