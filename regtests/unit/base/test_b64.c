// SPDX-License-Identifier: GPL-3.0-or-later
/* Base 64 there and back. */
#include "../unit.h"
#include <sluice/base/b64.h>

TEST(the_vectors_of_rfc_4648_hold)
{
	static const char *const plain[] = { "", "f", "fo", "foo", "foob", "fooba", "foobar" };
	static const char *const coded[] = { "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy" };
	struct arena a;
	struct str back;
	char out[32];

	arena_init(&a, 256);
	for (unsigned i = 0; i < ARRAY_LEN(plain); i++) {
		assert_slice(str_n(out, b64_encode(str_c(plain[i]), false, out)), coded[i]);
		assert_true(b64_decode(&a, str_c(coded[i]), false, &back));
		assert_slice(back, plain[i]);
	}
	arena_free(&a);
}

TEST(the_url_alphabet_has_no_padding)
{
	char out[8];

	assert_slice(str_n(out, b64_encode(STR("\xfb\xff"), true, out)), "-_8");
}

TEST(what_is_not_base_64_is_refused)
{
	struct arena a;
	struct str out;

	arena_init(&a, 256);
	assert_true(b64_decode(&a, STR("-_8"), true, &out));
	assert_false(b64_decode(&a, STR("Zg"), false, &out));
	assert_false(b64_decode(&a, STR("Z*=="), false, &out));
	assert_false(b64_decode(&a, STR("Zg==="), false, &out));
	assert_false(b64_decode(&a, STR("Z"), true, &out));
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_vectors_of_rfc_4648_hold), cmocka_unit_test(the_url_alphabet_has_no_padding),
					    cmocka_unit_test(what_is_not_base_64_is_refused) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
