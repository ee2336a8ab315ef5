// SPDX-License-Identifier: GPL-3.0-or-later
/* The environment as configuration sees it: predefined variables, and the directives of the global section that
 * change it for the lines below them. It is the environment of the process, so the `env()` fetch and children see
 * the same. */
#include <stdlib.h>
#include <unistd.h>
#include "front_priv.h"

#define ENV_LINES_MAX 10000u /* setenv(3) searches linearly */

enum env_op { ENV_SET, ENV_PRESET, ENV_UNSET, ENV_RESET };

static const struct { const char *word; enum env_op op; } env_words[] = {
	{ "setenv", ENV_SET }, { "presetenv", ENV_PRESET }, { "unsetenv", ENV_UNSET }, { "resetenv", ENV_RESET },
};

static bool env_name_ok(const struct word *w)
{
	return w->s.n && w->s.n < 256 && str_chr(w->s, '=') < 0;
}

static bool env_names_check(struct front *f, const struct line *l, uint32_t last)
{
	for (uint32_t i = 1; i <= last; i++) {
		if (env_name_ok(&l->w[i]))
			continue;
		diag(f->d, DIAG_ERROR, l->w[i].at, NULL, "'" STR_FMT "' is no name for an environment variable",
		     STR_ARG(l->w[i].s));
		return false;
	}
	return true;
}

static void env_set(struct front *f, const struct line *l, bool overwrite)
{
	if (l->n != 3) {
		diag(f->d, DIAG_ERROR, l->n > 3 ? l->w[3].at : l->w[0].at, NULL,
		     "'" STR_FMT "' expects a name and a value", STR_ARG(l->w[0].s));
	} else if (++f->env_set > ENV_LINES_MAX) {
		if (f->env_set == ENV_LINES_MAX + 1)
			diag(f->d, DIAG_ERROR, l->w[0].at, NULL, "more than %u variables set", ENV_LINES_MAX);
	} else if (env_names_check(f, l, 1) && setenv(l->w[1].s.p, l->w[2].s.p, overwrite) < 0) {
		diag(f->d, DIAG_ERROR, l->w[1].at, NULL, "cannot set this variable");
	}
}

static void env_unset(struct front *f, const struct line *l)
{
	if (l->n < 2)
		diag(f->d, DIAG_ERROR, l->w[0].at, NULL, "'unsetenv' expects at least one name");
	else if (env_names_check(f, l, l->n - 1))
		for (uint32_t i = 1; i < l->n; i++)
			unsetenv(l->w[i].s.p);
}

static bool env_kept(const struct line *l, struct str name)
{
	for (uint32_t i = 1; i < l->n; i++)
		if (str_eq(l->w[i].s, name))
			return true;
	return false;
}

/* Removes every variable but those named on the line. */
static void env_reset(struct front *f, const struct line *l)
{
	char **e = environ;

	if (!env_names_check(f, l, l->n - 1))
		return;
	while (e && *e) {
		struct str rest = str_c(*e), name = str_split(&rest, '=');
		char key[256];

		if (env_kept(l, name) || name.n >= sizeof(key)) {
			e++;
			continue;
		}
		memcpy(key, name.p, name.n);
		key[name.n] = '\0';
		if (unsetenv(key) < 0) /* "=x" entries cannot be removed */
			e++;
	}
}

void env_directive(struct front *f, const struct line *l)
{
	for (size_t i = 0; i < ARRAY_LEN(env_words); i++) {
		if (!str_eq(l->w[0].s, str_c(env_words[i].word)))
			continue;
		switch (env_words[i].op) {
		case ENV_SET: env_set(f, l, true); return;
		case ENV_PRESET: env_set(f, l, false); return;
		case ENV_UNSET: env_unset(f, l); return;
		case ENV_RESET: env_reset(f, l); return;
		}
	}
}

void env_predefine(const struct conf_src *src, const struct conf_opts *o)
{
	char host[256] = "localhost";
	const char *peer = o->localpeer;
	struct sbuf names = { 0 };

	if (!peer) {
		if (gethostname(host, sizeof(host) - 1) < 0)
			strcpy(host, "localhost");
		peer = host;
	}
	for (size_t i = 0; i < src->files.n; i++)
		sbuf_printf(&names, "%s%s", i ? ";" : "", src->files.at[i].name);
	setenv("HAPROXY_LOCALPEER", peer, 1);
	setenv("SLUICE_LOCALPEER", peer, 1);
	setenv("HAPROXY_CFGFILES", sbuf_cstr(&names), 1);
	setenv("SLUICE_CFGFILES", sbuf_cstr(&names), 1);
	setenv("HAPROXY_BRANCH", SLUICE_LANGUAGE_LEVEL, 1);
	setenv("SLUICE_VERSION", SLUICE_VERSION, 1);
	setenv("HAPROXY_MWORKER", "1", 1);
	sbuf_free(&names);
}
