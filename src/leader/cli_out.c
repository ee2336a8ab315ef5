// SPDX-License-Identifier: GPL-3.0-or-later
/* What commands answer with: messages and rows, once written, twice readable (text in HAProxy's form, JSON). */
#include <stdarg.h>
#include "cli_priv.h"

static const char *const severities[] = { "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug" };

void cli_json_str(struct sbuf *b, struct str s)
{
	sbuf_addc(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '"' || c == '\\')
			sbuf_addc(b, '\\'), sbuf_addc(b, (char)c);
		else if (c < 32 || c == 127)
			sbuf_printf(b, "\\u%04x", c);
		else
			sbuf_addc(b, (char)c);
	}
	sbuf_addc(b, '"');
}

void cli_severity(struct cli_run *r, enum cli_sev sev)
{
	if (r->s->severity == SEV_NUMBER)
		sbuf_printf(r->out, "[%d]: ", (int)sev);
	else if (r->s->severity == SEV_STRING)
		sbuf_printf(r->out, "[%s]: ", severities[sev]);
}

void cli_lines(struct sbuf *b, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c == '\n' && (!b->n || b->p[b->n - 1] == '\n'))
			sbuf_addc(b, ' ');
		sbuf_addc(b, (c < 32 && c != '\n' && c != '\t') || c == 127 ? '?' : (char)c);
	}
}

static void say(struct cli_run *r, enum cli_sev sev, const char *fmt, va_list ap) PRINTF_FMT(3, 0);
static void say(struct cli_run *r, enum cli_sev sev, const char *fmt, va_list ap)
{
	struct sbuf text = { 0 };

	sbuf_vprintf(&text, fmt, ap);
	r->failed = r->failed || sev <= CLI_ERR;
	if (r->json && r->cmd && r->cmd->flags & CF_JSON) {
		sbuf_printf(r->out, "{\"%s\":", sev <= CLI_ERR ? "error" : "message");
		cli_json_str(r->out, sbuf_str(&text));
		sbuf_add(r->out, STR("}\n"));
	} else {
		cli_severity(r, sev);
		sbuf_add(r->out, sbuf_str(&text));
		sbuf_addc(r->out, '\n');
	}
	sbuf_free(&text);
}

enum cli_state cli_say(struct cli_run *r, enum cli_sev sev, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(r, sev, fmt, ap);
	va_end(ap);
	return CLI_DONE;
}

enum cli_state cli_fail(struct cli_run *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(r, CLI_ERR, fmt, ap);
	va_end(ap);
	return CLI_DONE;
}

/* ---- rows ---- */

void cli_head(struct cli_run *r, const char *head)
{
	if (r->json)
		sbuf_addc(r->out, '[');
	else if (head)
		sbuf_printf(r->out, "%s\n", head);
}

void cli_row(struct cli_run *r)
{
	r->cells = 0;
	if (r->json)
		sbuf_add(r->out, r->rows ? STR(",\n{") : STR("{"));
	r->rows++;
}

static void cell(struct cli_run *r, const char *name)
{
	if (r->json)
		sbuf_printf(r->out, "%s\"%s\":", r->cells ? "," : "", name);
	else if (r->cells)
		sbuf_addc(r->out, ' ');
	r->cells++;
}

void cli_str(struct cli_run *r, const char *name, struct str v)
{
	cell(r, name);
	if (r->json)
		cli_json_str(r->out, v);
	else
		sbuf_add(r->out, v.n ? v : STR("-"));
}

void cli_num(struct cli_run *r, const char *name, int64_t v)
{
	cell(r, name);
	sbuf_printf(r->out, "%lld", (long long)v);
}

void cli_fmt(struct cli_run *r, const char *name, const char *fmt, ...)
{
	struct sbuf text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	sbuf_vprintf(&text, fmt, ap);
	va_end(ap);
	cli_str(r, name, sbuf_str(&text));
	sbuf_free(&text);
}

void cli_row_end(struct cli_run *r) { sbuf_addc(r->out, r->json ? '}' : '\n'); }

void cli_tail(struct cli_run *r)
{
	if (r->json)
		sbuf_add(r->out, STR("]\n"));
}
