// SPDX-License-Identifier: GPL-3.0-or-later
/* What explain says: in lines that the end-to-end tests do not show, and what it refuses. */
#include "ruled.h"

static char *explained(const char *front, const char *back, const char *const *words)
{
	struct explain_request q;
	struct sbuf out = { 0 };
	struct str w[24];
	struct ruled r;
	char err[200];
	unsigned n = 0;

	while (words[n])
		w[n] = str_c(words[n]), n++;
	if (!explain_parse(&q, w, n, err, sizeof(err)))
		fail_msg("%s", err);
	ruled_open(&r, front, back);
	worker_teardown();
	(void)explain_run(&r.h, &q, &out); /* makes the worker anew */
	ruled_close(&r);
	return out.p ? (sbuf_addc(&out, '\0'), out.p) : calloc(1, 1);
}
#define SAYS(want, front, back, ...) says((want), explained((front), (back), (const char *const[]){ __VA_ARGS__, NULL }))

static void says(const char *want, char *got)
{
	if (!strstr(got, want))
		fail_msg("'%s' is not in\n%s", want, got);
	free(got);
}

TEST(a_request_that_reaches_no_frontend_is_told_so)
{
	SAYS("no http frontend listens on port 81\n", "", NULL, "http://h:81/");
	SAYS("no http frontend of that name has a listener\n", "", NULL, "http://h/", "--frontend", "g");
}

TEST(a_request_that_http_forbids_is_answered)
{
	SAYS("answer    400 made by the proxy, termination state PR\n", "", NULL, "http://h/a%zz", "--header", "Host: a", "--header", "Host: b");
}

TEST(http_2_is_told_from_http_1)
{
	SAYS("protocol  HTTP/2: the first bytes are its preface\n", "", NULL, "http://h/", "--proto", "h2");
	SAYS("closed    the client speaks HTTP/2 only\n", " option disable-h2-upgrade\n", NULL, "http://h/", "--proto", "h2");
	SAYS("hdr(v) is \"2.0\"\n", " http-request set-header v %[req.ver]\n http-request deny if { hdr(v) x }\n", NULL, "http://h/", "--proto", "h2");
	SAYS("req.cook(b) is \"2\"\n", " http-request deny if { req.cook(b) x }\n", NULL, "http://h/", "--proto", "h2", "--header", "Cookie: a=1", "--header", "Cookie: b=2");
}

TEST(an_extended_connect_is_a_get_with_an_upgrade)
{
	static const char *const rule = " http-request deny status 418 if { method GET } { hdr(upgrade) websocket }\n";

	SAYS("answer    418", rule, NULL, "http://h/chat", "--proto", "h2", "--upgrade", "websocket");
	SAYS("answer    418", rule, NULL, "http://h/chat", "--upgrade", "websocket");
	SAYS("connect   HTTP/2, as its line says; the WebSocket goes as an extended CONNECT (RFC 8441)\n", "", "backend b\n server s 127.0.0.1:1 proto h2\n",
	     "http://h/chat", "--upgrade", "websocket");
	SAYS("connect   HTTP/1.1; the WebSocket goes as an upgrade\n", "", "backend b\n server s 127.0.0.1:1\n", "http://h/chat", "--upgrade", "websocket");
}

TEST(a_server_that_is_asked_for_needs_no_draw)
{
	SAYS("because   it is the one that persistence or use-server asks for\nconnect", "", "backend b\n use-server s2 if TRUE\n server s1 127.0.0.1:1\n server s2 127.0.0.1:2\n",
	     "http://h/");
	SAYS("because   each server in turn by its weight, exact over all workers\nconnect", "", "backend b\n balance roundrobin\n server s1 127.0.0.1:1\n", "http://h/");
}

TEST(a_seed_repeats_the_draws)
{
	char *first = explained("", NULL, (const char *const[]){ "http://h/", "--seed", "11", NULL });

	for (int i = 0; i < 5; i++)
		says(strstr(first, "drawn"), explained("", NULL, (const char *const[]){ "http://h/", "--seed", "11", NULL }));
	free(first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_that_reaches_no_frontend_is_told_so),
		cmocka_unit_test(a_request_that_http_forbids_is_answered),
		cmocka_unit_test(http_2_is_told_from_http_1),
		cmocka_unit_test(an_extended_connect_is_a_get_with_an_upgrade),
		cmocka_unit_test(a_server_that_is_asked_for_needs_no_draw),
		cmocka_unit_test(a_seed_repeats_the_draws),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
