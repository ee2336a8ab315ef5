// SPDX-License-Identifier: GPL-3.0-or-later
/* `save config`: the configuration as it was loaded, with what was changed at run time written into the lines of servers. Words are added at
 * the end of a line, where the last one counts; only an address is replaced. What a line cannot say stands in comments. */
#include <sluice/health/health.h>
#include "cli_change.h"

/* ---- words of a line ---- */

/* End of the word that begins at i; quotes and backslashes as the language has them. */
static size_t word_end(struct str l, size_t i)
{
	char quote = 0;

	for (; i < l.n; i++) {
		char c = l.p[i];

		if (c == '\\' && quote != '\'')
			i++;
		else if (quote)
			quote = c == quote ? 0 : quote;
		else if (c == '"' || c == '\'')
			quote = c;
		else if (c == ' ' || c == '\t' || c == '#' || c == '\r')
			break;
	}
	return MIN(i, l.n);
}

static size_t skip_blanks(struct str l, size_t i)
{
	while (i < l.n && (l.p[i] == ' ' || l.p[i] == '\t'))
		i++;
	return i;
}

struct cut { size_t addr, addr_end, end; }; /* of a server line: its third word, and where its last word ends */

/* false: not a line whose words can be told. */
static bool cut_line(struct str l, struct cut *c)
{
	size_t i = 0, n = 0;

	*c = (struct cut){ 0 };
	for (;;) {
		i = skip_blanks(l, i);
		if (i == l.n || l.p[i] == '#' || l.p[i] == '\r')
			break;
		size_t e = word_end(l, i);
		if (++n == 3)
			c->addr = i, c->addr_end = e;
		if (e == i || (e == l.n && l.p[e - 1] == '\\'))
			return false;
		c->end = i = e;
	}
	return n >= 3;
}

/* ---- what differs ---- */

struct diff { bool moved, weight, maxconn, maint, ready, drain, check_port, check_addr; };

static struct diff diff_of(const struct leader *l, uint32_t srv)
{
	const struct rt_server *s = &l->rt->srv[srv];
	uint64_t now = srv_admin_now(l, srv), cfg = health_initial_admin(s);
	struct srv_place p;
	bool placed = place_read(l->seg, srv, &p), maint = srv_admin_bits(now) & (ADM_FORCED_MAINT | ADM_CONFIG_MAINT);
	bool cfg_maint = srv_admin_bits(cfg) & ADM_CONFIG_MAINT;

	return (struct diff){
		.moved = placed && p.addr.family && !addr_eq(&p.addr, &s->addr, true),
		.weight = srv_admin_weight(now) != srv_admin_weight(cfg),
		.maxconn = srv_admin_maxconn(now) != srv_admin_maxconn(cfg),
		.maint = maint && !cfg_maint,
		.ready = !maint && cfg_maint,
		.drain = srv_admin_bits(now) & ADM_FORCED_DRAIN,
		.check_port = placed && p.check_port && p.check_port != s->o->check_port,
		.check_addr = placed && p.check_addr.family,
	};
}

static bool differs(const struct diff *d)
{
	return d->moved || d->weight || d->maxconn || d->maint || d->ready || d->drain || d->check_port || d->check_addr;
}

static void add_words(struct sbuf *b, const struct leader *l, uint32_t srv, const struct diff *d)
{
	uint64_t now = srv_admin_now(l, srv);
	struct srv_place p = cli_place(l, srv);
	char ip[ADDR_TEXT_MAX];

	if (d->weight)
		sbuf_printf(b, " weight %u", srv_admin_weight(now));
	if (d->maxconn)
		sbuf_printf(b, " maxconn %u", srv_admin_maxconn(now));
	if (d->check_addr)
		sbuf_printf(b, " addr %.*s", (int)addr_ip_text(&p.check_addr, ip), ip);
	if (d->check_port)
		sbuf_printf(b, " port %u", p.check_port);
	if (d->maint || d->ready)
		sbuf_add(b, d->maint ? STR(" disabled") : STR(" enabled"));
	if (d->drain)
		sbuf_add(b, STR(" # drained at run time"));
}

static void add_address(struct sbuf *b, const struct leader *l, uint32_t srv)
{
	struct srv_place p = cli_place(l, srv);
	char text[ADDR_TEXT_MAX];

	sbuf_add(b, str_n(text, p.addr.port ? addr_text(&p.addr, text) : addr_ip_text(&p.addr, text)));
}

/* ---- lines ---- */

static void server_line(struct cli_run *r, struct str line, uint32_t srv)
{
	struct diff d = diff_of(r->l, srv);
	struct cut c;

	if (!differs(&d) || !cut_line(line, &c)) {
		sbuf_add(r->out, line);
		if (differs(&d))
			sbuf_add(r->out, STR(" # changed at run time"));
		return;
	}
	if (d.moved) {
		sbuf_add(r->out, str_sub(line, 0, c.addr));
		add_address(r->out, r->l, srv);
		sbuf_add(r->out, str_sub(line, c.addr_end, c.end - c.addr_end));
	} else {
		sbuf_add(r->out, str_sub(line, 0, c.end));
	}
	add_words(r->out, r->l, srv, &d);
	sbuf_add(r->out, str_sub(line, c.end, line.n));
}

static bool stands_at(const struct rt_server *s, const char *file, uint32_t line) { return s->loc.line == line && strcmp(s->loc.file, file) == 0; }

/* r->srv is the first server not yet passed: they stand in the order of the text. Several on one line came from a template. */
static void one_line(struct cli_run *r, const struct rt_file *f, struct str line)
{
	const struct rt *rt = r->l->rt;
	bool changed = false;

	while (r->srv < rt->nsrv && !rt->srv[r->srv].loc.file) /* spare rows */
		r->srv++;
	uint32_t first = r->srv;

	while (r->srv < rt->nsrv && rt->srv[r->srv].loc.file && stands_at(&rt->srv[r->srv], f->name, r->at))
		r->srv++;
	if (r->srv == first + 1) {
		server_line(r, line, first);
	} else {
		for (uint32_t i = first; i < r->srv; i++) {
			struct diff d = diff_of(r->l, i);
			changed |= differs(&d);
		}
		sbuf_add(r->out, line.n ? line : STR(" ")); /* an empty line would end the answer */
		if (changed)
			sbuf_add(r->out, STR(" # some were changed at run time"));
	}
	sbuf_addc(r->out, '\n');
}

static void head(struct cli_run *r)
{
	const struct leader *l = r->l;

	for (uint32_t i = 0; i < l->rt->npx; i++) {
		const struct seg_be *w = &l->seg->be[i];
		uint32_t max = atomic_load_explicit(&w->fe_maxconn, memory_order_relaxed);

		if (atomic_load_explicit(&w->fe_state, memory_order_relaxed) != FE_OPEN)
			sbuf_printf(r->out, "# frontend " STR_FMT " is closed at run time\n", STR_ARG(l->rt->px[i].name));
		if (max != l->rt->px[i].maxconn)
			sbuf_printf(r->out, "# frontend " STR_FMT " has maxconn %u at run time\n", STR_ARG(l->rt->px[i].name), max);
	}
}

enum cli_state cli_save_config(struct cli_run *r)
{
	const struct rt *rt = r->l->rt;

	if (!r->calls)
		head(r);
	for (; r->px < rt->nfiles; r->px++, r->num = r->at = 0) {
		const struct rt_file *f = &rt->files[r->px];

		if (!r->num && rt->nfiles > 1)
			sbuf_printf(r->out, "# ---- %s\n", f->name);
		while (r->num < f->text.n) {
			struct str rest = str_sub(f->text, r->num, f->text.n), line = str_split(&rest, '\n');

			if (cli_full(r))
				return CLI_AGAIN;
			r->at++;
			one_line(r, f, line);
			r->num += line.n + 1;
		}
	}
	return CLI_DONE;
}
