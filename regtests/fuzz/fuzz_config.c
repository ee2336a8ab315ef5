// SPDX-License-Identifier: GPL-3.0-or-later
/* Configuration text: neither parsing nor compiling crashes, words hold no NUL, and formatting keeps the meaning and is
 * stable. */
#include <netdb.h>
#include <sanitizer/lsan_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <sluice/base/buf.h>
#include <sluice/conf/conf.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In front of libc's: no text makes the fuzzer ask the network. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **res)
{
	(void)node, (void)service, (void)hints, (void)res;
	return EAI_NONAME;
}

struct run { struct arena arena; struct conf_src src; struct diags d; struct sbuf tree; bool ok; };

static void tree_line(struct run *r, const struct line *l)
{
	sbuf_printf(&r->tree, "%u:", l->prefix);
	for (uint32_t i = 0; i < l->n; i++) {
		const struct word *w = &l->w[i];

		if (strlen(w->s.p) != w->s.n || !w->at.line || !w->at.col)
			abort();
		sbuf_printf(&r->tree, "%d[%s]", w->quoted, w->s.p);
	}
	sbuf_addc(&r->tree, '\n');
}

static void run_open(struct run *r, struct str text, bool parse)
{
	memset(r, 0, sizeof(*r));
	clearenv();
	setenv("LIST", " a 'b\\ c' ", 1);
	arena_init(&r->arena, 0);
	r->src.arena = &r->arena;
	diags_init(&r->d, &r->arena, &r->src);
	if (!parse)
		return;
	r->ok = conf_parse_text(&r->src, &r->d, "fuzz.cfg", text);
	if (r->ok != !r->d.errors)
		abort();
	for (size_t i = 0; i < r->src.sections.n; i++) {
		tree_line(r, &r->src.sections.at[i].head);
		for (size_t k = 0; k < r->src.sections.at[i].lines.n; k++)
			tree_line(r, &r->src.sections.at[i].lines.at[k]);
	}
}

static void run_close(struct run *r)
{
	sbuf_free(&r->tree);
	arena_free(&r->arena);
}

static bool format(struct str text, struct sbuf *out)
{
	struct run r;
	bool ok;

	run_open(&r, STR_NULL, false);
	ok = conf_format_text("fuzz.cfg", text, out, &r.d);
	run_close(&r);
	return ok;
}

/* Compiled regular expressions live outside of the tables' arena and die with the process. */
static void compile(struct run *r)
{
	static const struct conf_opts o = { .localpeer = "fuzz", .no_lookup = true };
	struct rt *rt;

	if (!r->ok)
		return;
	__lsan_disable();
	rt = conf_compile(&r->src, &r->d, &o);
	__lsan_enable();
	if (!rt != !!r->d.errors)
		abort();
	if (rt)
		rt_free(rt);
}

/* ${.LINE} means another number once lines have moved. */
static void check_format(struct str text, const struct run *before)
{
	struct sbuf once = { 0 }, twice = { 0 };
	struct run after;

	if (format(text, &once) && str_find(text, STR(".LINE"), false) < 0) {
		run_open(&after, sbuf_str(&once), true);
		if (after.ok != before->ok || !str_eq(sbuf_str(&after.tree), sbuf_str(&before->tree)))
			abort();
		run_close(&after);
		if (!format(sbuf_str(&once), &twice) || !str_eq(sbuf_str(&once), sbuf_str(&twice)))
			abort();
	}
	sbuf_free(&once);
	sbuf_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	static FILE *null;
	struct run r;

	if (!null)
		null = fopen("/dev/null", "w");
	run_open(&r, text, true);
	check_format(text, &r);
	compile(&r);
	diags_print(&r.d, null, true);
	run_close(&r);
	return 0;
}
