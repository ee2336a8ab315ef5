// SPDX-License-Identifier: GPL-3.0-or-later
/* `sluice dump`: the compiled tables as lines that golden tests and people can compare. */
#include "sema_test.h"

static char *dump(const char *text)
{
	struct compiled c;
	struct sbuf b = { 0 };
	char *out;

	rt_dump(compile_ok(&c, text), &b);
	out = strndup(sbuf_str(&b).p, sbuf_str(&b).n);
	sbuf_free(&b);
	compiled_close(&c);
	return out;
}

static void expect_line(const char *text, const char *line)
{
	char *out = dump(text);

	if (!strstr(out, line))
		print_error("%s", out);
	assert_non_null(strstr(out, line));
	free(out);
}

static void the_first_line_counts_everything(void **st)
{
	char *out = dump("defaults\n mode http\n" TIMES "listen l\n bind :80-81\n http-request deny if { path /x }\n"
			 " server a 127.0.0.1:1\n server b 127.0.0.1:2\n");

	(void)st;
	assert_ptr_equal(strstr(out, "global workers="), out);
	assert_non_null(strstr(out, " proxies=1 servers=2 listeners=2 rules=1\n"));
	assert_non_null(strstr(out, "\nlisten 0 l id="));
	free(out);
}

static void a_proxy_shows_its_kind_mode_and_the_timeouts_it_has(void **st)
{
	(void)st;
	expect_line("frontend f\n mode tcp\n bind :1\n timeout client 7s\n timeout client-fin 1s\n",
		    "frontend 0 f id=1 mode=tcp\n  client=7000ms http-request=7000ms http-keep-alive=7000ms client-fin=1000ms ");
	expect_line("backend b\n mode http\n disabled\n", "backend 0 b id=1 mode=http disabled\n");
}

static void a_rule_shows_phase_action_condition_and_its_line(void **st)
{
	static const char text[] = "frontend f\n mode http\n bind :1\n timeout client 1s\n"
				   " http-request set-header X-A b if { path /x } or { path -i /y }\n"
				   " http-response set-status 404\n tcp-request connection reject if { src 10.0.0.0/8 }\n";

	(void)st;
	expect_line(text, " http-request set-header X-A if { path -m str /x } or { path -m str -i /y }  # t.cfg:5\n");
	expect_line(text, " http-response set-status 404  # t.cfg:6\n");
	expect_line(text, " tcp-request connection reject if { src -m ip 10.0.0.0/8 }  # t.cfg:7\n");
}

static void a_frontend_shows_its_listeners_and_where_requests_go(void **st)
{
	static const char text[] = "defaults\n mode http\n" TIMES "frontend f\n bind 127.0.0.1:81,fd@6\n"
				   " use_backend b if { path_beg /b }\n use_backend %[path]\n default_backend c\n"
				   "backend b\nbackend c\n";

	(void)st;
	expect_line(text, "  listener 0 127.0.0.1:81\n  listener 1 fd@6\n");
	expect_line(text, "  use_backend b if { path -m beg /b }\n  use_backend <dynamic>\n");
	expect_line(text, "  default_backend c\n");
}

static void a_server_shows_what_differs_from_a_plain_one(void **st)
{
	static const char text[] = "backend b\n mode http\n timeout connect 1s\n timeout server 1s\n balance leastconn\n"
				   " retries 5\n option httpchk\n server p 10.0.0.1:80\n"
				   " server q 10.0.0.2:+5 id 77 weight 9 check port 81 inter 3s rise 4 fall 5 backup disabled maxconn 8\n"
				   " server r 10.0.0.3 track q\n server h name.invalid:80\n"
				   " use-server p if { src 10.0.0.0/8 }\n";

	(void)st;
	expect_line(text, "  balance leastconn retries=5 check=http\n");
	expect_line(text, "  server 0 p 10.0.0.1:80 id=1 weight=1\n");
	expect_line(text, " id=77 weight=9 port+5 check inter=3000ms rise=4 fall=5 backup disabled maxconn=8\n");
	expect_line(text, " weight=1 port=client track=1\n");
	expect_line(text, " host=name.invalid(unresolved)");
	expect_line(text, "  use-server p if { src -m ip 10.0.0.0/8 }\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_line_counts_everything),
		cmocka_unit_test(a_proxy_shows_its_kind_mode_and_the_timeouts_it_has),
		cmocka_unit_test(a_rule_shows_phase_action_condition_and_its_line),
		cmocka_unit_test(a_frontend_shows_its_listeners_and_where_requests_go),
		cmocka_unit_test(a_server_shows_what_differs_from_a_plain_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
