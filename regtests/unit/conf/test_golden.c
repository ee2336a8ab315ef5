// SPDX-License-Identifier: GPL-3.0-or-later
/* Broken configurations and what is said about them: each regtests/golden/conf/NAME.cfg must print exactly NAME.err. Names
 * that begin with `lex_` are broken in stage 1, the others only in stage 2; host names are not looked up. GOLDEN_WRITE=1 writes
 * the .err files instead: read them before committing. */
#include <dirent.h>
#include <unistd.h>
#include "conf_test.h"

#define GOLDEN_DIR "regtests/golden/conf"

static char *slurp(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t n = 0;

	if (!f)
		return strdup("(no such file)");
	if (getdelim(&text, &n, '\0', f) < 0) {
		free(text);
		text = strdup("");
	}
	fclose(f);
	return text;
}

/* Everything a check of this file prints. */
static char *judge(const char *cfg)
{
	struct conf_opts o = { .paths = &cfg, .npaths = 1, .localpeer = "golden", .no_lookup = true };
	struct rt *rt = NULL;
	struct parsed p;
	char *out;
	size_t n;
	FILE *f;

	parsed_open(&p);
	p.ok = conf_parse_files(&p.src, &p.d, &o);
	assert_int_equal(p.ok, !str_starts(str_c(cfg), STR("lex_")));
	if (p.ok)
		rt = conf_compile(&p.src, &p.d, &o);
	assert_int_equal(rt == NULL, p.d.errors > 0);
	if (rt)
		rt_free(rt);
	f = open_memstream(&out, &n);
	diags_print(&p.d, f, true);
	fclose(f);
	parsed_close(&p);
	return out;
}

static void compare(const char *cfg)
{
	char err[300], *want, *got = judge(cfg);
	FILE *f;

	snprintf(err, sizeof(err), "%.*s.err", (int)strlen(cfg) - 4, cfg);
	if (getenv("GOLDEN_WRITE")) {
		f = fopen(err, "w");
		assert_non_null(f);
		fputs(got, f);
		fclose(f);
	}
	want = slurp(err);
	if (strcmp(want, got) != 0)
		print_error("%s says:\n%s\ninstead of:\n%s\n", cfg, got, want);
	assert_string_equal(want, got);
	free(want);
	free(got);
}

static int is_config(const struct dirent *e)
{
	return str_ends(str_c(e->d_name), STR(".cfg"));
}

static void broken_files_are_reported_exactly_so(void **st)
{
	struct dirent **e;
	int n;

	(void)st;
	assert_int_equal(chdir(GOLDEN_DIR), 0);
	n = scandir(".", &e, is_config, alphasort);
	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		compare(e[i]->d_name);
		free(e[i]);
	}
	free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(broken_files_are_reported_exactly_so) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
