// SPDX-License-Identifier: GPL-3.0-or-later
/* Files and directories as sources. */
#include <sys/stat.h>
#include <unistd.h>
#include "conf_test.h"

static char dir[] = "/tmp/sluice-conf-XX" "XX" "XX";

static const struct { const char *name, *text; } made[] = {
	{ "d/b.cfg", "backend b\n x" },
	{ "d/a.cfg", "global\n a\n" },
	{ "d/B.cfg", "backend B\r\n y\r\n" },
	{ "d/.hidden.cfg", "'broken" },
	{ "d/note.txt", "'broken" },
	{ "one.cfg", "defaults\n one \"${HAPROXY_CFGFILES}\"\n" },
	{ "tail.cfg", " orphan\nbackend t\n" },
};

static int files_make(void **st)
{
	(void)st;
	if (!mkdtemp(dir) || chdir(dir) < 0)
		return -1;
	if (mkdir("d", 0700) < 0 || mkdir("empty", 0700) < 0 || mkdir("d/c.cfg", 0700) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(made); i++) {
		FILE *f = fopen(made[i].name, "w");

		if (!f)
			return -1;
		fputs(made[i].text, f);
		fclose(f);
	}
	return 0;
}

static int files_remove(void **st)
{
	(void)st;
	if (chdir(dir) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(made); i++)
		unlink(made[i].name);
	return rmdir("d/c.cfg") | rmdir("d") | rmdir("empty") | rmdir(dir);
}

static void expect_files(struct conf_opts o, const char *tree, const char *diags)
{
	struct parsed p;

	parse_paths(&p, &o);
	assert_string_equal(p.diags, diags);
	assert_int_equal(p.ok, !*diags);
	assert_string_equal(p.tree, tree);
	parsed_close(&p);
}

static void a_directory_gives_its_cfg_files_in_c_order(void **st)
{
	const char *paths[] = { "d/" };

	(void)st;
	expect_files((struct conf_opts){ .paths = paths, .npaths = 1 },
		     "[backend][B]\n [y]\n[global]\n [a]\n[backend][b]\n [x]\n",
		     "");
}

static void several_files_are_read_in_the_order_given(void **st)
{
	const char *paths[] = { "one.cfg", "d" };

	(void)st;
	expect_files((struct conf_opts){ .paths = paths, .npaths = 2 },
		     "[defaults]\n [one]\"one.cfg;d/B.cfg;d/a.cfg;d/b.cfg\"\n[backend][B]\n [y]\n[global]\n [a]\n"
		     "[backend][b]\n [x]\n",
		     "");
}

static void a_file_does_not_continue_the_section_of_the_one_before(void **st)
{
	const char *paths[] = { "d/b.cfg", "tail.cfg" };

	(void)st;
	expect_files((struct conf_opts){ .paths = paths, .npaths = 2 }, "[backend][b]\n [x]\n[backend][t]\n",
		     "tail.cfg:1:2: error: 'orphan' stands outside of any section\n    1 |  orphan\n      |  ^~~~~~\n");
}

static void what_cannot_be_read_is_an_error_with_its_name(void **st)
{
	const char *paths[] = { "none.cfg", "d/c.cfg/x", "d/a.cfg" }, *empty[] = { "empty" };

	(void)st;
	expect_files((struct conf_opts){ .paths = paths, .npaths = 3 }, "[global]\n [a]\n",
		     "none.cfg: error: cannot open: No such file or directory\n"
		     "d/c.cfg/x: error: cannot open: No such file or directory\n");
	expect_files((struct conf_opts){ .paths = empty, .npaths = 1 }, "",
		     "empty: error: no configuration file here\n");
}

static void relative_names_are_looked_up_behind_the_change_of_directory(void **st)
{
	const char *paths[] = { "a.cfg" };

	(void)st;
	expect_files((struct conf_opts){ .paths = paths, .npaths = 1, .chdir_to = "d" }, "[global]\n [a]\n", "");
	assert_int_equal(chdir(".."), 0);
	expect_files((struct conf_opts){ .paths = paths, .npaths = 1, .chdir_to = "no" }, "",
		     "no: error: cannot change to this directory: No such file or directory\n"
		     "a.cfg: error: cannot open: No such file or directory\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_directory_gives_its_cfg_files_in_c_order),
		cmocka_unit_test(several_files_are_read_in_the_order_given),
		cmocka_unit_test(a_file_does_not_continue_the_section_of_the_one_before),
		cmocka_unit_test(what_cannot_be_read_is_an_error_with_its_name),
		cmocka_unit_test(relative_names_are_looked_up_behind_the_change_of_directory),
	};
	return cmocka_run_group_tests(tests, files_make, files_remove);
}
