// SPDX-License-Identifier: GPL-3.0-or-later
/* Words of stick tables: the question that each of them asks. */
#include "expr_test.h"

static struct smp_stick asked;
static char asked_key[64];

static bool record(struct smp_ctx *c, const struct smp_stick *q, int64_t *out)
{
	asked = *q;
	asked_key[0] = '\0';
	if (q->key) {
		struct smp k = *q->key;

		assert_true(smp_cast(&k, SMP_STR, c->tmp));
		memcpy(asked_key, k.s.p, MIN(k.s.n, sizeof(asked_key) - 1));
		asked_key[MIN(k.s.n, sizeof(asked_key) - 1)] = '\0';
	}
	*out = 5;
	return true;
}

static void asks(struct canned *t, const char *text, unsigned op, unsigned by, unsigned data, int64_t slot, int64_t elem, int table, const char *key)
{
	static struct smp_env env;

	env = *t->ctx.env;
	env.stick = record;
	t->ctx.env = &env;
	expect_expr(t, text, op == STICK_IN || op == STICK_TRACKED ? "1" : "5");
	assert_int_equal(asked.op, op);
	assert_int_equal(asked.by, by);
	if (op != STICK_CNT && op != STICK_AVL && op != STICK_IN && op != STICK_TRACKED && op != STICK_TRACKERS)
		assert_int_equal(asked.data, data);
	if (by == STICK_BY_SLOT)
		assert_int_equal(asked.slot, slot);
	assert_int_equal(asked.elem, elem);
	assert_int_equal(asked.table, table);
	assert_string_equal(asked_key, key);
}

static void slots_are_named_by_number_in_the_word_or_in_parentheses(void **s)
{
	asks(*s, "sc1_http_req_cnt", STICK_GET, STICK_BY_SLOT, SD_HTTP_REQ_CNT, 1, 0, -1, "");
	asks(*s, "sc_http_req_cnt(2)", STICK_GET, STICK_BY_SLOT, SD_HTTP_REQ_CNT, 2, 0, -1, "");
	asks(*s, "sc_http_req_cnt(2,t1)", STICK_GET, STICK_BY_SLOT, SD_HTTP_REQ_CNT, 2, 0, 0, "");
	asks(*s, "sc0_tracked", STICK_TRACKED, STICK_BY_SLOT, 0, 0, 0, -1, "");
	asks(*s, "sc_get_gpc(3,1)", STICK_GET, STICK_BY_SLOT, SD_GPC, 1, 3, -1, "");
	asks(*s, "sc0_inc_gpc0", STICK_INC, STICK_BY_SLOT, SD_GPC0, 0, 0, -1, "");
	asks(*s, "sc0_clr_gpc0", STICK_CLR, STICK_BY_SLOT, SD_GPC0, 0, 0, -1, "");
	asks(*s, "sc0_kbytes_in", STICK_KB, STICK_BY_SLOT, SD_BYTES_IN_CNT, 0, 0, -1, "");
}

static void src_words_ask_for_the_address_of_the_client(void **s)
{
	asks(*s, "src_conn_rate(t1)", STICK_GET, STICK_BY_KEY, SD_CONN_RATE, 0, 0, 0, "192.0.2.7");
	asks(*s, "src_get_gpt(2,t1)", STICK_GET, STICK_BY_KEY, SD_GPT, 0, 2, 0, "192.0.2.7");
}

static void converters_ask_for_the_sample(void **s)
{
	asks(*s, "str(k),table_http_req_rate(t1)", STICK_GET, STICK_BY_KEY, SD_HTTP_REQ_RATE, 0, 0, 0, "k");
	asks(*s, "str(k),table_gpc(4,t1)", STICK_GET, STICK_BY_KEY, SD_GPC, 0, 4, 0, "k");
	asks(*s, "str(k),in_table(t1)", STICK_IN, STICK_BY_KEY, 0, 0, 0, 0, "k");
}

static void tables_are_asked_for_their_size(void **s)
{
	asks(*s, "table_cnt(t1)", STICK_CNT, STICK_BY_TABLE, 0, 0, 0, 0, "");
	asks(*s, "table_avl(t1)", STICK_AVL, STICK_BY_TABLE, 0, 0, 0, 0, "");
}

static void without_a_client_or_tables_there_is_no_value(void **s)
{
	struct canned *t = *s;
	static struct smp_env none;

	t->ctx.src = NULL;
	expect_expr(t, "src_conn_rate(t1)", NULL);
	none = *t->ctx.env;
	none.stick = NULL;
	t->ctx.env = &none;
	expect_expr(t, "sc0_conn_rate", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(slots_are_named_by_number_in_the_word_or_in_parentheses),
		TEST(src_words_ask_for_the_address_of_the_client),
		TEST(converters_ask_for_the_sample),
		TEST(tables_are_asked_for_their_size),
		TEST(without_a_client_or_tables_there_is_no_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
