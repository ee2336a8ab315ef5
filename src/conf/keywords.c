// SPDX-License-Identifier: GPL-3.0-or-later
/* doc/keywords.md from the tables: what a word does is said once, in its row. */
#include <sluice/conf/conf.h>

static void cell(FILE *out, const char *text)
{
	for (; *text; text++)
		if (*text == '|')
			fputs("\\|", out);
		else
			fputc(*text, out);
}

static void row(FILE *out, const char *word, const char *where, const char *dflt, const char *help)
{
	fputs("| `", out);
	fputs(word, out);
	fputs("` | ", out);
	cell(out, where);
	if (dflt) {
		fputs(" | ", out);
		cell(out, dflt);
	}
	fputs(" | ", out);
	cell(out, help);
	fputs(" |\n", out);
}

/* Between backquotes, control bytes as they are written in a configuration. */
static const char *code(const char *text, char *buf, size_t n)
{
	size_t len = 0;

	buf[len++] = '`';
	for (; *text && len + 8 < n; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ' ' || c >= 0x7f || c == '`')
			len += (size_t)snprintf(buf + len, n - len, "\\x%02x", c);
		else
			buf[len++] = (char)c;
	}
	buf[len++] = '`';
	buf[len] = '\0';
	return buf;
}

static void heading(FILE *out, const char *title, const char *columns, unsigned n)
{
	fprintf(out, "\n## %s\n\n%s\n|", title, columns);
	for (unsigned i = 0; i < n; i++)
		fputs("---|", out);
	fputc('\n', out);
}

static const char *phases_text(unsigned phases, char *buf, size_t n)
{
	static const char *const names[] = { "tcp-request connection", "tcp-request session",  "tcp-request content",
					     "http-request",	       "tcp-response content", "http-response",
					     "http-after-response" };
	size_t len = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		if ((phases >> i & 1) && len < n)
			len += (size_t)snprintf(buf + len, n - len, "%s%s", len ? ", " : "", names[i]);
	return buf;
}

static void print_params(FILE *out)
{
	heading(out, "Parameters of bind", "| word | arguments | meaning |", 3);
#define BIND_OPT(word, nargs, fn, help) row(out, word, #nargs, NULL, help);
#include <sluice/tbl/bind_opts.def>
#undef BIND_OPT
	heading(out, "Parameters of server and default-server", "| word | arguments | default | meaning |", 4);
#define SERVER_OPT(word, nargs, fn, dflt, help) row(out, word, #nargs, dflt, help);
#include <sluice/tbl/server_opts.def>
#undef SERVER_OPT
	heading(out, "TLS parameters of bind (B), crt-list lines (C), server (S), ssl-default-bind-options (D), "
		     "ssl-default-server-options (E)", "| word | where | arguments | meaning |", 4);
#define TLS_OPT(word, nargs, fn, where, help) row(out, word, where, #nargs, help);
#include <sluice/tbl/tls_opts.def>
#undef TLS_OPT
}

/* Fetches and converters: what they give, an example, and what that gives for the exchange of the unit tests. */
static void sample_row(FILE *out, const char *word, const char *type, const char *help, const char *example, const char *value)
{
	char quoted[256], result[256];

	fputs("| `", out);
	fputs(word, out);
	fprintf(out, "` | %s | ", type);
	cell(out, help);
	fputs(" | ", out);
	cell(out, code(example, quoted, sizeof(quoted)));
	fputs(" | ", out);
	cell(out, value && *value ? code(value, result, sizeof(result)) : "");
	fputs(" |\n", out);
}

/* type: SMP_ and what it is. */
static const char *type_word(const char *type)
{
	static const char *const words[][2] = { { "BOOL", "boolean" }, { "INT", "integer" }, { "IP", "address" }, { "STR", "text" }, { "BIN", "bytes" },
						{ "METH", "method" }, { "ANY", "any" } };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (!strcmp(type + 4, words[i][0]))
			return words[i][1];
	return type + 4;
}

static void print_samples(FILE *out)
{
	heading(out, "Fetches", "| word | gives | meaning | example | its value for the request of the tests |", 5);
#define FETCH(word, fn, aux, args, type, needs, flags, help, ex, val) sample_row(out, word, type_word(#type), help, ex, val);
#include <sluice/tbl/fetches.def>
#undef FETCH
	heading(out, "Converters", "| word | gives | meaning | example | its value |", 5);
#define CONV(word, fn, aux, args, in, out_, help, ex, val) sample_row(out, word, type_word(#out_), help, ex, val);
#include <sluice/tbl/converters.def>
#undef CONV
}

static void print_rest(FILE *out)
{
	char buf[256], quoted[256];

	heading(out, "Algorithms of balance", "| word | | meaning |", 3);
#define LB_ALGO(id, word, sym, help) row(out, word, "", NULL, help);
#include <sluice/tbl/lb_algos.def>
#undef LB_ALGO
	heading(out, "Actions of rules", "| word | phases | meaning | example |", 4);
#define ACTION(id, word, phases, parse, exec, changes, help, example) \
	row(out, word, phases_text(phases, buf, sizeof(buf)), help, code(example, quoted, sizeof(quoted)));
#include <sluice/tbl/actions.def>
#undef ACTION
	heading(out, "Data of stick tables", "| word | argument | meaning |", 3);
#define STICK_DATA(id, word, kind, arg, event, help)                                                                                           \
	row(out, word, #arg[0] == 'N' ? "" : #arg[0] == 'P' ? "period" : #arg[0] == 'C' ? "number" : "number, period", NULL, help);
#include <sluice/tbl/stick_data.def>
#undef STICK_DATA
	heading(out, "Known to HAProxy, not supported yet", "| word | kind | without it |", 3);
#define HAW(kind, level, word, nargs, note)                                                                            \
	row(out, word, #kind, NULL, DIAG_##level == DIAG_ERROR ? "error" : "warning, ignored");
#include <sluice/tbl/haproxy_words.def>
#undef HAW
	heading(out, "Removed from HAProxy, ignored with a warning", "| word | | today |", 3);
#define REMOVED(word, today) row(out, word, "", NULL, today);
#include <sluice/tbl/removed_words.def>
#undef REMOVED
}

void keywords_print(FILE *out)
{
	fputs("# Keywords\n\nGenerated from `include/sluice/tbl/*.def` by `make doc`; do not edit. Sections: G global, "
	      "D defaults, F frontend, "
	      "B backend, L listen.\n",
	      out);
	heading(out, "Directives", "| word | sections | default | meaning |", 4);
#define DIRECTIVE(word, sects, min, max, flags, fn, dflt, help) row(out, word, sects, dflt, help);
#include <sluice/tbl/directives.def>
#undef DIRECTIVE
	heading(out, "Options", "| option | sections | meaning |", 3);
#define OPTION(word, sects, fn, bits, help) row(out, word, sects, NULL, help);
#include <sluice/tbl/options.def>
#undef OPTION
	print_params(out);
	print_samples(out);
	print_rest(out);
}
