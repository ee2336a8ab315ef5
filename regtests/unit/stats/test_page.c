// SPDX-License-Identifier: GPL-3.0-or-later
/* The page: well formed, escaped, made in small pieces. */
#include <stdio.h>
#include "stats_fixture.h"
#include <sluice/stats/page.h>

static struct sbuf out;

static int close_all(void **state)
{
	sbuf_free(&out);
	return fx_close(state);
}
#undef T
#define T(f) cmocka_unit_test_setup_teardown(f, fx_open, close_all)

static const char *page(struct stats_page_opts o)
{
	struct stats_page p = { .o = o, .px = -1, .it = { .iid = -1, .sid = -1 } };
	size_t longest = 0, before;

	out.n = 0;
	do {
		before = out.n;
		bool more = stats_page_step(&src, &p, &out);
		if (before) /* behind the head, which holds the style sheet */
			longest = MAX(longest, out.n - before);
		if (!more)
			break;
	} while (true);
	assert_true(longest < 16384);
	return sbuf_cstr(&out);
}

static unsigned count(const char *hay, const char *needle)
{
	unsigned n = 0;

	for (; (hay = strstr(hay, needle)); hay++)
		n++;
	return n;
}

static const struct stats_page_opts plain = { .uri = { "/stats", 6 } };

TEST(every_tag_that_opens_is_closed)
{
	static const char *const tags[] = { "html", "head", "body", "header", "main", "section", "table", "thead", "tbody", "tr", "td", "form", "script", "style", "select", "button" };
	struct stats_page_opts o = plain;
	char open[16], shut[16];

	for (unsigned admin = 0; admin < 2; admin++) {
		o.admin = admin;
		const char *p = page(o);
		for (unsigned i = 0; i < ARRAY_LEN(tags); i++) {
			snprintf(open, sizeof(open), "<%s>", tags[i]);
			unsigned n = count(p, open);
			snprintf(open, sizeof(open), "<%s ", tags[i]);
			snprintf(shut, sizeof(shut), "</%s>", tags[i]);
			if (n + count(p, open) != count(p, shut))
				fail_msg("%s: %u opened, %u closed", tags[i], n + count(p, open), count(p, shut));
		}
	}
}

TEST(rows_have_as_many_cells_as_the_head)
{
	struct stats_page_opts o = plain;

	for (unsigned admin = 0; admin < 2; admin++) {
		o.admin = admin;
		const char *p = page(o);
		unsigned rows = count(p, "<tr data-k="), cells = count(p, "<td");
		assert_int_equal(rows, 12);
		assert_int_equal(cells % rows, admin ? cells % rows : 0);
		assert_int_equal(count(p, "<section"), 3);
	}
}

TEST(names_cannot_break_out_of_their_place)
{
	struct stats_page_opts o = plain;

	px[PX_APP].name = STR("a\"><script>x");
	srv[0].name = STR("'<&>\"");
	o.node = STR("<n>"), o.desc = STR("<d>");
	const char *p = page(o);
	assert_null(strstr(p, "<script>x"));
	assert_null(strstr(p, "<n>"));
	assert_null(strstr(p, "<d>"));
	assert_non_null(strstr(p, "a&quot;&gt;&lt;script&gt;x"));
	assert_non_null(strstr(p, "&#39;&lt;&amp;&gt;&quot;"));
}

TEST(forms_are_there_for_the_admin_alone_and_carry_the_token)
{
	struct stats_page_opts o = plain;

	assert_int_equal(count(page(o), "<form"), 0);
	o.admin = true, o.token = STR("s3cret");
	assert_int_equal(count(page(o), "<form method=post action=\"/stats\">"), 2); /* two proxies have servers */
	assert_int_equal(count(sbuf_cstr(&out), "value=\"s3cret\""), 2);
	assert_int_equal(count(sbuf_cstr(&out), "value=\"drain a\""), 1);
}

TEST(the_version_can_be_hidden)
{
	struct stats_page_opts o = plain;

	assert_non_null(strstr(page(o), SLUICE_VERSION "</h1>"));
	o.hide_version = true;
	assert_null(strstr(page(o), SLUICE_VERSION "</h1>"));
}

TEST(what_became_of_an_order_is_said_in_words)
{
	struct stats_page_opts o = plain;

	o.done = STR("DENY");
	assert_non_null(strstr(page(o), stats_page_done_text(STR("DENY"))));
	o.done = STR("<b>");
	assert_null(strstr(page(o), "<p class=\"msg"));
	assert_null(stats_page_done_text(STR("XXXX")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(every_tag_that_opens_is_closed), T(rows_have_as_many_cells_as_the_head), T(names_cannot_break_out_of_their_place),
		T(forms_are_there_for_the_admin_alone_and_carry_the_token), T(the_version_can_be_hidden),
		T(what_became_of_an_order_is_said_in_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
