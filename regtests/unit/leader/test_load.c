// SPDX-License-Identifier: GPL-3.0-or-later
/* Loading a configuration: what is printed, when it is refused, and how many workers follow. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "leader/leader_priv.h"

static char said[4096];

static struct conf_changes changes;

static struct rt *load(const char *text, bool quiet, bool warn_fatal)
{
	char path[] = "/tmp/sluice-load.XXXXXX";
	const char *paths[] = { path };
	struct conf_opts o = { .paths = paths, .npaths = 1, .changes = &changes };
	FILE *saved = stderr;
	int fd = mkstemp(path);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	memset(said, 0, sizeof(said));
	stderr = fmemopen(said, sizeof(said), "w");
	struct rt *rt = leader_load(&o, quiet, warn_fatal);
	fclose(stderr);
	stderr = saved;
	unlink(path);
	return rt;
}

static const char good[] = "frontend f\n mode http\n bind 127.0.0.1:1\n timeout client 1s\n http-request return status 200\n";
static const char warns[] = "global\n nbproc 2\nfrontend f\n mode http\n bind 127.0.0.1:1\n timeout client 1s\n"
			    " http-request return status 200\n";

static void a_good_file_loads_without_a_word(void **state)
{
	(void)state;
	struct rt *rt = load(good, false, false);
	assert_non_null(rt);
	assert_string_equal(said, "");
	assert_int_equal(rt->nlst, 1);
	rt_free(rt);
}

static void errors_refuse_it_and_name_the_place(void **state)
{
	(void)state;
	assert_null(load("frontend f\n bind 127.0.0.1:1\n no-such-word\n", true, false));
	assert_non_null(strstr(said, ":3:2: error:"));
}

static void a_missing_file_is_refused(void **state)
{
	(void)state;
	const char *paths[] = { "/no/such/file.cfg" };
	struct conf_opts o = { .paths = paths, .npaths = 1 };
	FILE *saved = stderr;
	stderr = fmemopen(said, sizeof(said), "w");
	struct rt *rt = leader_load(&o, false, false);
	fclose(stderr);
	stderr = saved;
	assert_null(rt);
	assert_non_null(strstr(said, "/no/such/file.cfg"));
}

static void warnings_refuse_it_only_when_asked(void **state)
{
	(void)state;
	struct rt *rt = load(warns, false, false);
	assert_non_null(rt);
	assert_non_null(strstr(said, "warning"));
	rt_free(rt);
	rt = load(warns, true, false);
	assert_non_null(rt);
	assert_string_equal(said, "");
	rt_free(rt);
	assert_null(load(warns, true, true));
	assert_non_null(strstr(said, "-dW"));
}

static void workers_default_to_the_usable_cpus_and_have_a_bound(void **state)
{
	(void)state;
	struct rt rt = { 0 };
	cpu_set_t one;
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_int_equal(leader_workers(&rt), 1);
	rt.g.workers = 5;
	assert_int_equal(leader_workers(&rt), 5);
	rt.g.workers = 5000;
	assert_int_equal(leader_workers(&rt), SEG_MAX_WORKERS);
}

#define SITE "defaults\n timeout connect 1s\n timeout server 1s\nbackend site\n server s1 127.0.0.1:1\n"

static struct str words[8][8];
static struct conf_change changed[8];

/* "+site n 127.0.0.1:2" adds, "?…" is pending, "-site s1" deletes. */
static struct rt *load_with(const char *text, const char *const *what)
{
	changes = (struct conf_changes){ .at = changed };
	for (unsigned i = 0; what[i]; i++) {
		struct str rest = str_c(what[i] + 1);
		struct conf_change *c = &changed[changes.n++];

		*c = (struct conf_change){ .add = what[i][0] != '-', .numbered = c->numbered, .pending = what[i][0] == '?', .be = str_split(&rest, ' '), .w = words[i] };
		while (rest.p)
			words[i][c->n++] = str_split(&rest, ' ');
	}
	struct rt *rt = load(text, false, false);

	changes = (struct conf_changes){ 0 };
	return rt;
}

static bool has(const struct rt *rt, const char *name) { return rt_find_server(rt, NULL, str_c(name)) != RT_NONE; }

static void servers_that_were_added_are_compiled_in(void **state)
{
	(void)state;
	const char *const what[] = { "+site n 127.0.0.1:2 weight 5 id 9", "+nosuch n 127.0.0.1:2", NULL };
	struct rt *rt = load_with(SITE, what);

	assert_non_null(rt);
	uint32_t n = rt_find_server(rt, NULL, STR("site/n"));
	assert_true(n != RT_NONE && rt->srv[n].flags & SRVF_ADDED && rt->srv[n].weight == 5 && rt->srv[n].id == 9 && !rt->srv[n].loc.file);
	assert_false(changed[0].over);
	assert_true(changed[1].over);
	assert_int_equal(rt->nfiles, 1);
	rt_free(rt);
}

static void a_server_of_the_files_goes_before_an_added_one(void **state)
{
	(void)state;
	const char *const what[] = { "+site s1 127.0.0.1:2", NULL };
	struct rt *rt = load_with(SITE, what);

	assert_non_null(rt);
	assert_int_equal(rt->srv[rt_find_server(rt, NULL, STR("site/s1"))].addr.port, 1);
	assert_true(changed[0].over);
	rt_free(rt);
}

static void a_deleted_server_is_hidden_while_its_line_is_the_same(void **state)
{
	(void)state;
	const char *const what[] = { "-site s1", NULL };
	struct rt *rt = load_with(SITE " server s2 127.0.0.1:2\n", what);

	assert_true(has(rt, "site/s1") && changed[0].over);
	uint64_t line = rt->srv[rt_find_server(rt, NULL, STR("site/s1"))].line;
	rt_free(rt);
	changes = (struct conf_changes){ .at = changed, .n = 1 };
	changed[0].line = line;
	rt = load(SITE " server s2 127.0.0.1:2\n", false, false);
	assert_true(!has(rt, "site/s1") && has(rt, "site/s2") && !changed[0].over);
	assert_int_equal(rt->srv[rt_find_server(rt, NULL, STR("site/s2"))].id, 2);
	struct str w[] = { STR("n"), STR("127.0.0.1:3") };
	struct rt_srv_opts o;
	struct rt_server s;
	struct arena a;
	struct diags d;

	arena_init(&a, 0);
	diags_init(&d, &a, NULL);
	assert_int_equal(conf_server_live(rt, (uint32_t)(rt_find_backend(rt, STR("site")) - rt->px), w, 2, &a, &s, &o, &d), CONF_LIVE_OK);
	assert_int_equal(s.id, 3); /* 1 is that of the deleted one */
	arena_free(&a);
	rt_free(rt);
	changes = (struct conf_changes){ 0 };
}

static void an_addition_that_does_not_fit_is_left_out_with_a_warning(void **state)
{
	(void)state;
	const char *const what[] = { "+site a 127.0.0.1:2 wat", "+site b 127.0.0.1:2", "+site c 127.0.0.1:2 id 1", NULL };
	struct rt *rt = load_with("defaults\n timeout connect 1s\n timeout server 1s\nbackend site\n server s1 127.0.0.1:1 id 1\n", what);

	assert_non_null(rt);
	assert_true(!has(rt, "site/a") && has(rt, "site/b") && !has(rt, "site/c"));
	assert_true(changed[0].refused && !changed[1].refused && changed[2].refused);
	rt_free(rt);
}

static void a_number_that_was_given_yields_to_one_that_the_files_give(void **state)
{
	(void)state;
	const char *const what[] = { "+site n 127.0.0.1:2 id 1", NULL };

	changed[0].numbered = true;
	struct rt *rt = load_with("defaults\n timeout connect 1s\n timeout server 1s\nbackend site\n server s1 127.0.0.1:1 id 1\n", what);

	assert_non_null(rt);
	assert_true(has(rt, "site/n") && rt->srv[rt_find_server(rt, NULL, STR("site/n"))].id == 2);
	rt_free(rt);
}

static void a_deletion_that_does_not_fit_is_forgotten(void **state)
{
	(void)state;
	static const char uses[] = SITE " mode http\n use-server s1 if { path / }\n";
	const char *const what[] = { "-site s1", NULL };
	struct rt *rt = load_with(SITE, what);
	uint64_t line = rt->srv[rt_find_server(rt, NULL, STR("site/s1"))].line;

	rt_free(rt);
	changes = (struct conf_changes){ .at = changed, .n = 1 };
	changed[0].line = line;
	rt = load(uses, false, false);
	assert_true(rt && has(rt, "site/s1"));
	rt_free(rt);
	changes = (struct conf_changes){ 0 };
}

static void a_start_for_the_sake_of_an_addition_fails_with_it(void **state)
{
	(void)state;
	const char *const what[] = { "?site a 127.0.0.1:2 wat", NULL };

	assert_null(load_with(SITE, what));
	assert_non_null(strstr(said, "unknown parameter 'wat'"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_file_loads_without_a_word), cmocka_unit_test(errors_refuse_it_and_name_the_place),
		cmocka_unit_test(a_missing_file_is_refused), cmocka_unit_test(warnings_refuse_it_only_when_asked),
		cmocka_unit_test(workers_default_to_the_usable_cpus_and_have_a_bound),
		cmocka_unit_test(servers_that_were_added_are_compiled_in),
		cmocka_unit_test(a_server_of_the_files_goes_before_an_added_one),
		cmocka_unit_test(a_deleted_server_is_hidden_while_its_line_is_the_same),
		cmocka_unit_test(an_addition_that_does_not_fit_is_left_out_with_a_warning),
		cmocka_unit_test(a_number_that_was_given_yields_to_one_that_the_files_give),
		cmocka_unit_test(a_deletion_that_does_not_fit_is_forgotten),
		cmocka_unit_test(a_start_for_the_sake_of_an_addition_fails_with_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
