// SPDX-License-Identifier: GPL-3.0-or-later
/* Stick tables in the configuration: what they store, who finds them, and what is refused. */
#include "sema_test.h"

#define BE "backend b\n mode http\n " TIMES " server s 127.0.0.1:1\n"
#define FE "frontend f\n mode http\n " TIMES " bind :80\n default_backend b\n"

static const struct rt_table *table(const struct rt *rt, const char *name)
{
	for (uint32_t i = 0; i < rt->ntbl; i++)
		if (str_eq(rt->tbl[i].name, str_c(name)))
			return &rt->tbl[i];
	fail_msg("no table %s", name);
	return NULL;
}

static void a_table_has_what_its_line_says(void **st)
{
	struct compiled c;
	const struct rt_table *t;

	(void)st;
	compile_ok(&c,
		   BE " stick-table type string len 20 size 10k expire 30m nopurge store gpc0,conn_rate(10s),gpc(3) "
		      "store gpc_rate(3,1m),gpt(2),bytes_out_cnt srvkey addr\n");
	t = table(c.rt, "b");
	assert_int_equal(px(c.rt, "b")->table, 1);
	assert_int_equal(t->type, SK_STRING);
	assert_int_equal(t->key_len, 20);
	assert_int_equal(t->size, 10240);
	assert_int_equal(t->expire, 1800000);
	assert_true(t->nopurge && t->srvkey_addr);
	assert_int_equal(t->store[SD_GPC0].n, 1);
	assert_int_equal(t->store[SD_CONN_RATE].period, 10000);
	assert_int_equal(t->store[SD_GPC].n, 3);
	assert_int_equal(t->store[SD_GPC_RATE].n, 3);
	assert_int_equal(t->store[SD_GPC_RATE].period, 60000);
	assert_int_equal(t->store[SD_GPT].n, 2);
	assert_int_equal(t->store[SD_CONN_CUR].n, 0);
	compiled_close(&c);
}

static void keys_have_the_length_of_their_type(void **st)
{
	static const struct {
		const char *type;
		unsigned kind, len;
	} rows[] = {
		{ "ip", SK_IP, 4 },
		{ "ipv6", SK_IPV6, 16 },
		{ "integer", SK_INTEGER, 4 },
		{ "string", SK_STRING, 32 },
		{ "binary len 64", SK_BINARY, 64 },
	};

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct compiled c;
		char text[400];

		snprintf(text, sizeof(text), BE " stick-table type %s size 1\n", rows[i].type);
		compile_ok(&c, text);
		assert_int_equal(table(c.rt, "b")->type, rows[i].kind);
		assert_int_equal(table(c.rt, "b")->key_len, rows[i].len);
		compiled_close(&c);
	}
}

static void wrong_tables_are_refused_where_they_are_wrong(void **st)
{
	(void)st;
	expect_error(BE " stick-table size 1k\n", "7:2", "needs a type");
	expect_error(BE " stick-table type ip\n", "7:2", "needs a size");
	expect_error(BE " stick-table type ipv4 size 1k\n", "7:19", "type of key");
	expect_error(BE " stick-table type ip len 4 size 1k\n", "7:22", "have a length of their own");
	expect_error(BE " stick-table type ip size 1k store conn_count\n", "7:36", "did you mean 'conn_cnt'");
	expect_error(BE " stick-table type ip size 1k store conn_rate\n", "7:36", "expects a period in parentheses");
	expect_error(BE " stick-table type ip size 1k store conn_cnt(10s)\n", "7:36", "takes no argument");
	expect_error(BE " stick-table type ip size 1k store gpc(0)\n", "7:36", "1 to 100");
	expect_error(BE " stick-table type ip size 1k store gpc0,gpc0\n", "7:41", "stored already");
	expect_error(BE " stick-table type ip size 1k expire 30d\n", "7:37", "24 days");
	expect_error(BE " stick-table type ip size 1k\n stick-table type ip size 1k\n", "8:2", "already");
	expect_error("frontend b\n mode http\n" TIMES " bind :80\n stick-table type ip size 1\n" BE
		     " stick-table type ip size 1k\n",
		     "14:2", "there is a stick table 'b' already");
}

static void tables_of_peers_sections_have_both_names(void **st)
{
	struct compiled c;

	(void)st;
	compile_ok(&c,
		   "global\n localpeer me\npeers p\n peer me 127.0.0.1:1024\n table t1 type ip size 1k store gpc0\n" BE
		   " http-request track-sc0 src table p/t1\n");
	assert_int_equal(table(c.rt, "p/t1")->store[SD_GPC0].n, 1);
	compiled_close(&c);
	expect_warning("peers p\n peer other 10.0.0.1:1024\n" BE, "nothing is sent to peers and nothing received from them");
	expect_error("peers p\n pear x\n" BE, "2:2", "pear");
}

#define ME "global\n localpeer me\npeers p\n peer me 127.0.0.1:1024\n"

static void a_table_is_written_to_one_of_its_kind(void **st)
{
	struct compiled c;

	(void)st;
	compile_ok(&c, ME " table t type ip size 1k store server_id write-to c\n" BE " stick-table type ip size 9 peers p write-to c\n"
		   "backend c\n mode http\n stick-table type ip size 1k\n");
	assert_int_equal(table(c.rt, "c")->write_to, 0);
	assert_int_equal(table(c.rt, "b")->write_to, table(c.rt, "c") - c.rt->tbl + 1);
	assert_int_equal(table(c.rt, "p/t")->write_to, table(c.rt, "c") - c.rt->tbl + 1);
	compiled_close(&c);
}

static void what_cannot_be_written_to_is_refused(void **st)
{
	(void)st;
	expect_error(ME " table t type ip size 1k write-to x\n" BE, "5:35", "unknown stick table 'x'");
	expect_error(ME " table t type ip size 1k write-to p/t\n" BE, "5:35", "cannot be written to itself");
	expect_error(ME " table t type ip size 1k write-to p/u\n table u type ipv6 size 1\n" BE, "5:35", "of table 'p/u' are of type ipv6, those of 'p/t' of type ip");
	expect_error(ME " table t type string size 1k write-to p/u\n table u type string len 9 size 1\n" BE, "5:39", "have 9 bytes, those of 'p/t' 32");
	expect_error(ME " table t type ip size 1k write-to p/u\n table u type ip size 1 write-to p/v\n table v type ip size 1\n" BE, "5:35",
		     "is written to another one itself");
	expect_error(BE " stick-table type ip size 1 peers q\n", "7:35", "unknown peers section 'q'");
	expect_warning("global\n localpeer me\npeers p\n peer you 127.0.0.1:1024\n table t type ip size 1k write-to p/u\n table u type ip size 1\n" BE,
		       "nothing is ever written there");
	expect_warning(BE " stick-table type ip size 1 write-to c\nbackend c\n mode http\n stick-table type ip size 1k\n", "'b' is in no peers section");
}

static void tracking_needs_a_table_and_a_key_that_fits(void **st)
{
	struct compiled c;
	const struct rule *r;

	(void)st;
	compile_ok(&c, BE " stick-table type ip size 1k\n http-request track-sc2 src if { path /x }\n"
			  " http-request track-sc(1) hdr(x) table s\nbackend s\n mode http\n" TIMES
			  " stick-table type string size 1\n");
	r = px(c.rt, "b")->rules[PH_HTTP_REQ].at;
	assert_int_equal(r[0].num, 2);
	assert_int_equal(r[0].num2, 0);
	assert_non_null(r[0].cond);
	assert_int_equal(r[1].num, 1);
	assert_int_equal(r[1].num2, 1);
	compiled_close(&c);
	expect_error(BE " http-request track-sc0 src\n", "7:15", "no stick table of its own");
	expect_error(BE " stick-table type ip size 1\n http-request track-sc0 src table c\n", "8:35",
		     "unknown stick table 'c'");
	expect_error(BE " stick-table type ip size 1\n http-request track-sc3 src\n", "8:23", "counter slot");
	expect_error(BE " stick-table type ip size 1\n http-request track-sc0 method\n", "8:25", "of type ip");
	expect_error(BE " stick-table type ip size 1\n http-request track-sc0\n", "8:15", "expects an expression");
	expect_error(BE " stick-table type ip size 1\n http-request track-scx src\n", "8:15", "unknown action");
}

static void more_counter_slots_may_be_had(void **st)
{
	struct compiled c;

	(void)st;
	compile_ok(&c, "global\n tune.stick-counters 12\n" BE
		       " stick-table type ip size 1\n http-request track-sc11 src\n");
	assert_int_equal(px(c.rt, "b")->rules[PH_HTTP_REQ].at[0].num, 11);
	compiled_close(&c);
	expect_error("global\n tune.stick-counters 13\n" BE, "2:22", "12");
}

static void counters_are_changed_by_number(void **st)
{
	struct compiled c;
	const struct rule *r;

	(void)st;
	compile_ok(&c,
		   BE " stick-table type ip size 1k\n http-request sc-inc-gpc0(1)\n http-request sc-add-gpc(4,2) 17\n"
		      " http-request sc-set-gpt0(0) int(3)\n");
	r = px(c.rt, "b")->rules[PH_HTTP_REQ].at;
	assert_true(r[0].kind == SD_GPC0 && r[0].num == 1 && r[0].num2 == 1 && !r[0].flags);
	assert_true(r[1].kind == SD_GPC && r[1].status == 4 && r[1].num == 2 && r[1].num2 == 17);
	assert_true(r[2].kind == SD_GPT0 && r[2].flags == 1 && r[2].expr);
	compiled_close(&c);
	expect_error(BE " http-request sc-inc-gpc0(9)\n", "7:27", "counter slot");
	expect_error(BE " http-request sc-inc-gpc(1)\n", "7:26", "counter slot");
	expect_error(BE " http-request sc-add-gpc(100,0) 1\n", "7:26", "0 to 99");
	expect_error(BE " http-request sc-set-gpt0(0)\n", "7:15", "a number or an expression");
}

static void words_about_the_client_take_the_table_of_their_section(void **st)
{
	struct compiled c;

	(void)st;
	compile_ok(&c, BE FE " stick-table type ip size 1 store gpc0\n http-request deny if { src_get_gpc0 gt 0 }\n"
			     " http-request deny if { src,in_table(f) }\n http-request deny if { table_cnt gt 3 }\n");
	compiled_close(&c);
	expect_error(BE " http-request deny if { src_get_gpc0 gt 0 }\n", "7:25", "has none of its own");
	expect_error(BE " http-request deny if { src_get_gpc0(x) gt 0 }\n", "7:38", "unknown stick table 'x'");
}

static void stick_rules_store_the_server(void **st)
{
	struct compiled c;
	const struct rt_proxy *b;

	(void)st;
	compile_ok(&c, BE " stick-table type ip size 1k\n stick on src if { path /a }\n stick match src\n stick "
			  "store-request src\n"
			  " stick store-response res.hdr(x),ipmask(24)\n");
	b = px(c.rt, "b");
	assert_int_equal(b->nstick, 4);
	assert_int_equal(b->stick[0].when, STICK_MATCH | STICK_STORE_REQ);
	assert_int_equal(b->stick[1].when, STICK_MATCH);
	assert_int_equal(b->stick[2].when, STICK_STORE_REQ);
	assert_int_equal(b->stick[3].when, STICK_STORE_RES);
	assert_true(table(c.rt, "b")->store[SD_SERVER_ID].n && table(c.rt, "b")->store[SD_SERVER_KEY].n);
	compiled_close(&c);
	expect_error(BE " stick on src\n", "7:8", "no stick table of its own");
	expect_error(BE " stick-table type ip size 1\n stick onto src\n", "8:8", "kind of stick rule");
	expect_error(BE " stick-table type ip size 1\n stick on src foo\n", "8:15", "unexpected 'foo'");
	expect_error(FE BE " stick-table type ip size 1\n stick on status\n", "15:11", "needs the response");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_has_what_its_line_says),
		cmocka_unit_test(keys_have_the_length_of_their_type),
		cmocka_unit_test(wrong_tables_are_refused_where_they_are_wrong),
		cmocka_unit_test(tables_of_peers_sections_have_both_names),
		cmocka_unit_test(a_table_is_written_to_one_of_its_kind),
		cmocka_unit_test(what_cannot_be_written_to_is_refused),
		cmocka_unit_test(tracking_needs_a_table_and_a_key_that_fits),
		cmocka_unit_test(more_counter_slots_may_be_had),
		cmocka_unit_test(counters_are_changed_by_number),
		cmocka_unit_test(words_about_the_client_take_the_table_of_their_section),
		cmocka_unit_test(stick_rules_store_the_server),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
