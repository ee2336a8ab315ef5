// SPDX-License-Identifier: GPL-3.0-or-later
/* From files to frozen tables. Leader, `sluice -c`, `fmt`, `dump`, `explain`, and tests. */
#ifndef SLUICE_CONF_CONF_H
#define SLUICE_CONF_CONF_H

#include <sluice/conf/diag.h>
#include <sluice/rt/rt.h>

/* What was changed about servers at run time. An addition is a server line of its backend, unless the files have a server of that name; a deletion hides
 * the line with its hash (rt_server.line), until that says something else. */
struct conf_change {
	bool add;
	bool pending;          /* an addition that the start is about: when it is refused, the start is */
	bool numbered;         /* the last two words are the number it was given: another will do when that is taken */
	struct str be;
	struct str *w; unsigned n; /* name, address, parameters; of a deletion the name */
	uint64_t line;         /* of a deletion */
	bool over, refused;    /* out: the files have overtaken it; its line is no good in this configuration, and was left out */
};
struct conf_changes { struct conf_change *at; unsigned n; };

struct conf_opts {
	const char *const *paths; unsigned npaths; /* -f, files or directories (*.cfg in C order) */
	const char *chdir_to;                      /* -C */
	uint32_t maxconn_override;                 /* -n, 0 = none */
	const char *master_sock;                   /* -S address[,parameters]: one more runtime socket; NULL = none */
	const char *localpeer;                     /* -L */
	bool no_lookup;                            /* host names are not resolved: tools, fuzzing */
	bool poll_only;                            /* -de or noepoll on the command line */
	struct conf_changes *changes;              /* NULL = none */
	uint32_t changes_file;                     /* index of the file among the sources whose line i + 1 stands for change i */
};

/* Reads and parses all files into src (stage 1): lexing, quoting, environment, .if blocks, section split. false when
 * there were errors; what could be read is in src even then. src has only its arena set before, and all it points to
 * afterwards lives there. setenv and its kin in a global section change the environment of the process at once. */
bool conf_parse_files(struct conf_src *src, struct diags *d, const struct conf_opts *o) MUST_CHECK;
/* The same for one text in memory: tests, fuzzing. */
bool conf_parse_text(struct conf_src *src, struct diags *d, const char *name, struct str text) MUST_CHECK;
/* Evaluates a condition of -cc / .if; returns 1, 0, or -1 with a message in err. */
int conf_eval_condition(struct str text, char *err, size_t errlen);
/* Stage 2: meaning. Builds rt (not frozen yet). NULL when there were errors. */
struct rt *conf_compile(const struct conf_src *src, struct diags *d, const struct conf_opts *o) MUST_CHECK;

/* A server that comes at run time. w: name, address, parameters, as on a server line; the default-server of backend px applies. srv and o are
 * filled, texts live in a and in w, and srv->o is o. RELOAD: it is well formed, but something of it (a name to resolve, a TLS context) can only be made
 * by a generation that starts with it. BAD: d says why; there may be warnings in any case. Leader, on frozen tables. */
enum conf_live { CONF_LIVE_BAD, CONF_LIVE_OK, CONF_LIVE_RELOAD };
enum conf_live conf_server_live(const struct rt *rt, uint32_t px, const struct str *w, unsigned n, struct arena *a, struct rt_server *srv,
				struct rt_srv_opts *o, struct diags *d) MUST_CHECK;
/* Canonical formatting of one file or text: heads at the margin, directives indented by four, comments and quoting
 * kept; formatting the result again changes nothing. false when it does not lex, and out is then empty. d->src is set to a
 * source in d->arena, so that diags_print() works. */
bool conf_format(const char *path, struct sbuf *out, struct diags *d) MUST_CHECK;
bool conf_format_text(const char *name, struct str text, struct sbuf *out, struct diags *d) MUST_CHECK;
/* Readable dump of the compiled tables. */
void rt_dump(const struct rt *rt, struct sbuf *out);
/* Markdown of all words of the language: doc/keywords.md. */
void keywords_print(FILE *out);

#define SLUICE_LANGUAGE_LEVEL "3.5"  /* the HAProxy version whose words sluice speaks */

#endif
