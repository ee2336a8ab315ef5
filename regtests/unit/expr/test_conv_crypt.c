// SPDX-License-Identifier: GPL-3.0-or-later
/* Digests, HMAC and AES-GCM against published vectors; arguments that the library does not know. */
#include "expr_test.h"

static void digests_follow_their_vectors(void **s)
{
	expect_expr(*s, "str(),sha1,hex", "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709");
	expect_expr(*s, "str(abc),sha2,hex", "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD");
	expect_expr(*s, "str(abc),sha2(512),bytes(0,4),hex", "DDAF35A1");
	expect_expr(*s, "str(abc),sha2(384),bytes(0,4),hex", "CB00753F");
	expect_expr(*s, "str(abc),digest(sha3-256),bytes(0,4),hex", "3A985DA7");
	expect_expr(*s, "src,sha1,length", "20");
}

/* RFC 4231, test case 2 */
static void codes_take_their_key_from_text_or_from_a_variable(void **s)
{
	const char *want = "5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843";

	expect_expr(*s, "str(what do ya want for nothing?),hmac(sha256,SmVmZQ==),hex", want);
	expect_expr(*s, "str(SmVmZQ==),set-var(txn.key)", "SmVmZQ==");
	expect_expr(*s, "str(what do ya want for nothing?),hmac(sha256,txn.key),hex", want);
	expect_expr(*s, "str(x),hmac(sha256,txn.none),hex", NULL);
	expect_expr(*s, "str(=),set-var(txn.key)", "=");
	expect_expr(*s, "str(x),hmac(sha256,txn.key),hex", NULL);
}

/* The Galois/Counter Mode of Operation, test case 2: 128-bit key, and what was tampered with */
static void what_does_not_authenticate_has_no_value(void **s)
{
	expect_expr(*s, "bin(0388DACE60B6A392F328C2B971B2FE78),aes_gcm_dec(128,AAAAAAAAAAAAAAAA,AAAAAAAAAAAAAAAAAAAAAA==,q25H1CzsE731OmeyEle93w==),hex",
		    "00000000000000000000000000000000");
	expect_expr(*s, "bin(0388DACE60B6A392F328C2B971B2FE79),aes_gcm_dec(128,AAAAAAAAAAAAAAAA,AAAAAAAAAAAAAAAAAAAAAA==,q25H1CzsE731OmeyEle93w==)", NULL);
	expect_expr(*s, "bin(0388DACE60B6A392F328C2B971B2FE78),aes_gcm_dec(256,AAAAAAAAAAAAAAAA,AAAAAAAAAAAAAAAAAAAAAA==,q25H1CzsE731OmeyEle93w==)", NULL);
	expect_expr(*s, "bin(0388DACE60B6A392F328C2B971B2FE78),aes_gcm_dec(128,AAAAAAAAAAAAAAAA,AAAAAAAAAAAAAAAAAAAAAA==,q24=)", NULL);
}

static void arguments_are_judged_when_compiled(void **s)
{
	expect_expr_error(*s, "str(a),digest(sha77)", 14, 5, "'sha77' is not the name of a digest");
	expect_expr_error(*s, "str(a),sha2(257)", 12, 3, "'257' is not 224, 256, 384 or 512");
	expect_expr_error(*s, "str(a),hmac(sha1,abc)", 17, 3, "'abc' is not base 64 text or a variable");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(digests_follow_their_vectors),
		TEST(codes_take_their_key_from_text_or_from_a_variable),
		TEST(what_does_not_authenticate_has_no_value),
		TEST(arguments_are_judged_when_compiled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
