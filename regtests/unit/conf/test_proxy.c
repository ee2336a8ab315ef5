// SPDX-License-Identifier: GPL-3.0-or-later
/* Settings of proxies, options, balancing, logging, binds: that each word reaches its field. */
#include "sema_test.h"

#define BE "defaults\n mode http\n" TIMES "backend b\n"
#define FE "defaults\n mode http\n" TIMES "frontend f\n bind :80\n"

static const struct rt_backend *balance(struct compiled *c, const char *line)
{
	char conf[300];
	snprintf(conf, sizeof(conf), BE " %s\n server a 1.1.1.1:80\n", line);
	return &px(compile_ok(c, conf), "b")->be;
}

static void every_algorithm_of_the_table_is_a_word(void **st)
{
	static const char *const words[] = {
		"p2c", "roundrobin",   "static-rr", "leastconn", "first", "random",	   "random(3)",	      "source",
		"uri", "url_param id", "hdr(Host)", "hash src",	 "ewma",  "maglev source", "maglev hash path"
	};
	struct compiled c;
	char line[64];

	(void)st;
	for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
		struct str name = str_c(words[i]);
		size_t n = strcspn(words[i], " (");
		if (!lb_algo_find(str_sub(name, 0, n)))
			continue;
		snprintf(line, sizeof(line), "balance %s", words[i]);
		assert_ptr_equal(balance(&c, line)->algo, lb_algo_find(str_sub(name, 0, n)));
		compiled_close(&c);
	}
}

static void the_default_algorithm_is_p2c(void **st)
{
	struct compiled c;

	(void)st;
	assert_ptr_equal(balance(&c, "retries 1")->algo, &lb_p2c);
	compiled_close(&c);
}

static void balance_arguments_reach_their_fields(void **st)
{
	struct compiled c;
	const struct rt_backend *be = balance(&c, "balance uri len 10 depth 3 whole path-only");

	(void)st;
	assert_int_equal(be->key, KEY_URI);
	assert_int_equal(be->uri_len, 10);
	assert_int_equal(be->uri_depth, 3);
	assert_true(be->uri_whole && be->uri_path_only);
	compiled_close(&c);
	be = balance(&c, "balance hdr(host) use_domain_only");
	assert_int_equal(be->key, KEY_HDR);
	STR_IS(be->key_name, "host");
	assert_true(be->hdr_domain_only);
	compiled_close(&c);
	be = balance(&c, "balance hash req.hdr(x),lower");
	assert_int_equal(be->key, KEY_EXPR);
	assert_non_null(be->key_expr);
	compiled_close(&c);
	be = balance(&c, "hash-type consistent djb2 avalanche");
	assert_true(be->hash_consistent && be->hash_avalanche);
	assert_int_equal(be->hash_fn, HASH_DJB2);
	compiled_close(&c);
	be = balance(&c, "hash-balance-factor 150");
	assert_int_equal(be->balance_factor, 150);
	compiled_close(&c);
}

static void a_later_balance_line_wins_over_that_of_defaults(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(&c, "defaults\n mode http\n balance uri depth 2\n" TIMES
					     "backend a\nbackend b\n balance roundrobin\n");

	(void)st;
	assert_int_equal(px(rt, "a")->be.uri_depth, 2);
	assert_int_equal(px(rt, "b")->be.key, KEY_NONE);
	assert_string_equal(px(rt, "b")->be.algo->name, "roundrobin");
	compiled_close(&c);
}

static void options_switch_on_and_off(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(
		&c,
		"defaults\n mode http\n option abortonclose\n option http-server-close\n option forwardfor header X\n"
		" option redispatch 2\n" TIMES
		"backend on\n option httpclose\nbackend off\n no option abortonclose\n no option redispatch\n"
		" default option http-server-close\n no option forwardfor\n");

	(void)st;
	assert_int_equal(px(rt, "on")->opts, OPT_ABORTONCLOSE | OPT_HTTPCLOSE | OPT_REDISPATCH);
	assert_int_equal(px(rt, "off")->opts, 0);
	assert_int_equal(px(rt, "on")->redispatch_every, 2);
	assert_true(px(rt, "on")->forwardfor.on);
	assert_false(px(rt, "off")->forwardfor.on);
	STR_IS(px(rt, "on")->forwardfor.header, "X");
	compiled_close(&c);
}

static void redispatch_is_on_by_default(void **st)
{
	struct compiled c;

	(void)st;
	assert_true(px(compile_ok(&c, BE), "b")->opts & OPT_REDISPATCH);
	compiled_close(&c);
}

static void retry_on_collects_kinds_and_statuses(void **st)
{
	struct compiled c;
	const struct rt_proxy *p = px(compile_ok(&c, BE " retry-on empty-response 503 425\n"), "b");

	(void)st;
	assert_int_equal(p->retry_on, RO_EMPTY | RO_STATUS);
	assert_int_equal(p->retry_slots, 1u << error_slot(503) | 1u << error_slot(425));
	compiled_close(&c);
}

static void log_targets_of_global_and_of_the_proxy_add_up(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(
		&c,
		"global\n log 127.0.0.1:1514 len 2000 format rfc5424 sample 1,3-4:10 local3 notice err\n log stdout "
		"daemon\n" FE
		" log global\n log /dev/log local0\n option httplog\nfrontend g\n bind :81\n log global\n no log\n");
	const struct rt_logging *lg = &px(rt, "f")->log;
	const struct log_target *t = lg->targets[0];

	(void)st;
	assert_int_equal(lg->ntargets, 3);
	assert_int_equal(t->addr.port, 1514);
	assert_int_equal(t->max_len, 2000);
	assert_int_equal(t->format, LOGF_RFC5424);
	assert_int_equal(t->sample_num, 3);
	assert_int_equal(t->sample_of, 10);
	assert_int_equal(t->facility, 19);
	assert_int_equal(t->max_level, 5);
	assert_int_equal(t->min_level, 3);
	assert_int_equal(lg->targets[1]->fd, 1);
	assert_int_equal(lg->targets[2]->addr.family, AF_UNIX);
	assert_non_null(lg->fmt);
	assert_int_equal(px(rt, "g")->log.ntargets, 0);
	assert_null(px(rt, "g")->log.fmt);
	assert_int_equal(rt->nlogs, 3);
	compiled_close(&c);
}

static void bind_parameters_are_shared_by_the_addresses_of_a_line(void **st)
{
	struct compiled c;
	const struct rt *rt = compile_ok(
		&c, FE
		" backlog 99\n bind :81,:82 name n maxconn 5 tfo defer-accept mss 1400 interface lo v4v6\n"
		" bind :83 backlog 7\n");

	(void)st;
	assert_int_equal(rt->nlst, 4);
	assert_ptr_equal(rt->lst[1].opts, rt->lst[2].opts);
	STR_IS(rt->lst[1].opts->name, "n");
	assert_int_equal(rt->lst[1].opts->maxconn, 5);
	assert_true(rt->lst[1].opts->sock.defer_accept && rt->lst[1].opts->sock.v4v6);
	assert_int_equal(rt->lst[1].opts->sock.mss, 1400);
	assert_string_equal(rt->lst[1].opts->sock.interface, "lo");
	assert_int_equal(rt->lst[0].opts->sock.backlog, 99);
	assert_int_equal(rt->lst[1].opts->sock.backlog, 99);
	assert_int_equal(rt->lst[3].opts->sock.backlog, 7);
	compiled_close(&c);
}

static void captures_monitor_and_error_pages_are_kept(void **st)
{
	struct compiled c;
	const struct rt_proxy *p =
		px(compile_ok(&c, FE " capture request header Host len 20\n capture response header Server len 10\n"
				     " capture cookie S len 5\n monitor-uri /m\n monitor fail if FALSE\n errorloc 503 "
				     "/sorry\n errorfile 408 /dev/null\n"
				     " unique-id-format %[src]\n unique-id-header X-Id\n"),
		   "f");

	(void)st;
	STR_IS(p->req_cap[0].name, "Host");
	assert_int_equal(p->req_cap[0].len, 20);
	STR_IS(p->res_cap[0].name, "Server");
	STR_IS(p->cookie_cap.name, "S");
	STR_IS(p->monitor_uri, "/m");
	assert_int_equal(p->nmonitor_fail, 1);
	STR_IS(p->errors[error_slot(503)]->location, "/sorry");
	assert_true(p->errors[error_slot(408)]->silent);
	assert_non_null(p->unique_id_fmt);
	STR_IS(p->unique_id_hdr, "X-Id");
	compiled_close(&c);
}

static void a_distribution_file_loads_with_warnings_only(void **st)
{
	struct compiled c;

	(void)st;
	compile_ok(&c, "global\n\tlog /dev/log\tlocal0\n\tlog /dev/log\tlocal1 notice\n\tchroot /var/lib/x\n\tstats "
		       "socket /run/a.sock mode 660 level admin\n"
		       "\tstats timeout 30s\n\tuser root\n\tgroup root\n\tdaemon\n\tca-base /etc/ssl/certs\n\tcrt-base "
		       "/etc/ssl/private\n"
		       "\tssl-default-bind-ciphers A:B\n\tssl-default-bind-ciphersuites C\n\tssl-default-bind-options "
		       "ssl-min-ver TLSv1.2 no-tls-tickets\n"
		       "defaults\n\tlog\tglobal\n\tmode\thttp\n\toption\thttplog\n\toption\tdontlognull\n\ttimeout "
		       "connect 5000\n\ttimeout client  50000\n"
		       "\ttimeout server  50000\n\terrorfile 400 /dev/null\n");
	assert_int_equal(c.rt->ncli, 1);
	assert_int_equal(c.rt->cli[0].level, 2);
	assert_int_equal(c.rt->cli[0].sock.unix_mode, 0660);
	compiled_close(&c);
}

static void http_has_no_way_back_to_tcp(void **st)
{
	struct compiled c;

	(void)st;
	expect_error(FE " default_backend t\nbackend t\n mode tcp\n", "8:18", "mode tcp");
	compile_ok(&c, "defaults\n" TIMES "frontend f\n bind :80\n use_backend t if TRUE\nbackend t\n mode http\n");
	compiled_close(&c);
}

static void keep_alives_have_counts_and_times(void **st)
{
	struct compiled c;
	const struct rt_proxy *f;

	(void)st;
	compile_ok(&c, FE " option clitcpka\n clitcpka-cnt 3\n clitcpka-idle 90\n clitcpka-intvl 1500ms\n");
	f = px(c.rt, "f");
	assert_true(f->opts & OPT_TCPKA_CLI);
	assert_int_equal(f->cli_ka.cnt, 3);
	assert_int_equal(f->cli_ka.idle, 90);
	assert_int_equal(f->cli_ka.intvl, 2);
	assert_int_equal(f->srv_ka.cnt, 0);
	compiled_close(&c);
	expect_error(FE " clitcpka-idle 0\n", "8:16", "out of range");
	expect_error(FE " clitcpka-cnt 128\n", "8:15", "out of range");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_algorithm_of_the_table_is_a_word),
		cmocka_unit_test(the_default_algorithm_is_p2c),
		cmocka_unit_test(balance_arguments_reach_their_fields),
		cmocka_unit_test(a_later_balance_line_wins_over_that_of_defaults),
		cmocka_unit_test(options_switch_on_and_off),
		cmocka_unit_test(redispatch_is_on_by_default),
		cmocka_unit_test(retry_on_collects_kinds_and_statuses),
		cmocka_unit_test(log_targets_of_global_and_of_the_proxy_add_up),
		cmocka_unit_test(bind_parameters_are_shared_by_the_addresses_of_a_line),
		cmocka_unit_test(captures_monitor_and_error_pages_are_kept),
		cmocka_unit_test(a_distribution_file_loads_with_warnings_only),
		cmocka_unit_test(http_has_no_way_back_to_tcp),
		cmocka_unit_test(keep_alives_have_counts_and_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
