// SPDX-License-Identifier: GPL-3.0-or-later
/* Which coding Accept-Encoding chooses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>
#include <sluice/filter/comp.h>

static const uint8_t all[] = { COMP_ZSTD, COMP_BROTLI, COMP_GZIP, COMP_DEFLATE };

static void expect_choice(const char *value, enum comp_algo want)
{
	enum comp_algo got = comp_negotiate(str_c(value), all, ARRAY_LEN(all));

	if (got != want)
		fail_msg("'%s' gives %d, not %d", value, got, want);
}

static void of_equals_the_first_configured_wins(void **s)
{
	(void)s;
	expect_choice("gzip, deflate, br, zstd", COMP_ZSTD);
	expect_choice("gzip, deflate, br", COMP_BROTLI);
	expect_choice("deflate", COMP_DEFLATE);
	expect_choice("*", COMP_ZSTD);
}

static void weights_go_before_the_order(void **s)
{
	(void)s;
	expect_choice("br;q=0.5, gzip;q=0.9", COMP_GZIP);
	expect_choice("zstd;q=0.001, deflate;q=0.002", COMP_DEFLATE);
	expect_choice("*;q=0.1, gzip", COMP_GZIP);
	expect_choice("br; q=1.000 ,GZIP;Q=1", COMP_BROTLI);
}

static void zero_refuses_and_so_does_silence(void **s)
{
	(void)s;
	expect_choice("", COMP_NONE);
	expect_choice("identity", COMP_NONE);
	expect_choice("gzip;q=0", COMP_NONE);
	expect_choice("*, zstd;q=0", COMP_BROTLI);
	expect_choice("gzip;q=0, *;q=0", COMP_NONE);
	expect_choice("compress, sdch", COMP_NONE);
}

static void nonsense_is_never_taken_for_consent(void **s)
{
	(void)s;
	expect_choice("gzip;q=", COMP_NONE);
	expect_choice("gzip;q=x", COMP_NONE);
	expect_choice("gzip;q=2", COMP_NONE);
	expect_choice("gzip;q=0.0001", COMP_NONE);
	expect_choice(",,,;;;q=1,", COMP_NONE);
	expect_choice("gzipped, xgzip", COMP_NONE);
	expect_choice("x-gzip", COMP_GZIP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_equals_the_first_configured_wins),
		cmocka_unit_test(weights_go_before_the_order),
		cmocka_unit_test(zero_refuses_and_so_does_silence),
		cmocka_unit_test(nonsense_is_never_taken_for_consent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
