// SPDX-License-Identifier: GPL-3.0-or-later
/* `save config`: the configuration as it was loaded, with what was changed at run time written into the lines of servers. Words are added at
 * the end of a line, where the last one counts; only an address is replaced. What a line cannot say stands in comments. */
#include <sluice/health/health.h>
#include "cli_change.h"
#include "roster.h"

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

struct diff { bool moved, weight, maxconn, maint, ready, drain, check_port, check_addr, plain, fqdn, agent_addr, agent_port, agent_send; };

/* Its weight is that of its SRV record. */
static bool recorded_weight(const struct rt_server *s) { return s->flags & SRVF_SRV && !(s->o->resolve_opts & RESOLVE_NO_WEIGHT); }

static struct diff diff_of(const struct leader *l, uint32_t srv)
{
	const struct rt_server *s = &l->rt->srv[srv];
	uint64_t now = srv_admin_now(l, srv), cfg = health_initial_admin(s);
	struct srv_place p;
	bool placed = place_read(l->seg, srv, &p), maint = srv_admin_bits(now) & (ADM_FORCED_MAINT | ADM_CONFIG_MAINT);
	bool cfg_maint = srv_admin_bits(cfg) & ADM_CONFIG_MAINT;

	return (struct diff){
		.moved = placed && p.addr.family && !(s->flags & SRVF_RESOLVE) && !addr_eq(&p.addr, &s->addr, true),
		.fqdn = placed && p.fqdn[0] && !(s->flags & SRVF_SRV),
		.agent_addr = placed && p.agent_addr.family,
		.agent_port = placed && p.agent_port && p.agent_port != s->o->agent_port,
		.agent_send = placed && p.send_len,
		.weight = srv_admin_weight(now) != srv_admin_weight(cfg) && !recorded_weight(s),
		.maxconn = srv_admin_maxconn(now) != srv_admin_maxconn(cfg),
		.maint = maint && !cfg_maint,
		.ready = !maint && cfg_maint,
		.drain = srv_admin_bits(now) & ADM_FORCED_DRAIN,
		.check_port = placed && p.check_port && p.check_port != s->o->check_port,
		.check_addr = placed && p.check_addr.family,
		.plain = placed && p.plain,
	};
}

static bool differs(const struct diff *d)
{
	return d->moved || d->fqdn || d->agent_addr || d->agent_port || d->agent_send || d->weight || d->maxconn || d->maint || d->ready || d->drain || d->check_port || d->check_addr || d->plain;
}

/* As one word between double quotes. */
static void add_quoted(struct sbuf *b, struct str s)
{
	static const char special[] = "\\\"$\n\r\t", letter[] = "\\\"$nrt";

	sbuf_addc(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		const char *at = s.p[i] ? strchr(special, s.p[i]) : NULL;
		if (at)
			sbuf_addc(b, '\\');
		sbuf_addc(b, at ? letter[at - special] : s.p[i]);
	}
	sbuf_addc(b, '"');
}

static void add_agent(struct sbuf *b, const struct srv_place *p, const struct diff *d)
{
	char ip[ADDR_TEXT_MAX];

	if (d->agent_addr)
		sbuf_printf(b, " agent-addr %.*s", (int)addr_ip_text(&p->agent_addr, ip), ip);
	if (d->agent_port)
		sbuf_printf(b, " agent-port %u", p->agent_port);
	if (d->agent_send) {
		sbuf_add(b, STR(" agent-send "));
		add_quoted(b, str_n(p->agent_send, p->send_len));
	}
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
	add_agent(b, &p, d);
	if (d->maint || d->ready)
		sbuf_add(b, d->maint ? STR(" disabled") : STR(" enabled"));
	if (d->plain)
		sbuf_add(b, STR(" no-ssl"));
	if (d->drain)
		sbuf_add(b, STR(" # drained at run time"));
}

static void add_address(struct sbuf *b, const struct leader *l, uint32_t srv)
{
	struct srv_place p = cli_place(l, srv);
	char text[ADDR_TEXT_MAX];

	if (p.fqdn[0]) {
		sbuf_add(b, str_c(p.fqdn));
		if (p.addr.port)
			sbuf_printf(b, ":%u", p.addr.port);
		return;
	}
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
	if (d.moved || d.fqdn) {
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

/* A row whose line in the file defines what is there now. */
static bool is_of_line(const struct rt_server *s) { return rt_srv_exists(s) && !(s->flags & SRVF_ADDED); }

/* The line of one server of a template: `server`, its name, and what stands behind the range. */
static void template_server(struct cli_run *r, struct str line, uint32_t srv)
{
	struct str rest = line, name = r->l->rt->srv[srv].name;
	struct sbuf b = { 0 };
	size_t from = skip_blanks(line, 0), at = from;

	for (unsigned i = 0; i < 3; i++)
		at = skip_blanks(rest, word_end(rest, at));
	sbuf_add(&b, str_sub(line, 0, from));
	sbuf_printf(&b, "server " STR_FMT " ", STR_ARG(name));
	sbuf_add(&b, str_sub(line, at, line.n));
	server_line(r, sbuf_str(&b), srv);
	sbuf_free(&b);
}

/* Several servers on one line came from a template, which stays as it is when nothing about them has changed. */
static void template_line(struct cli_run *r, struct str line, uint32_t first)
{
	const struct rt *rt = r->l->rt;
	unsigned put = 0;
	bool changed = false;

	for (uint32_t i = first; i < r->srv; i++) {
		struct diff d = diff_of(r->l, i);
		changed |= !is_of_line(&rt->srv[i]) || differs(&d);
	}
	if (!changed) {
		sbuf_add(r->out, line);
		sbuf_addc(r->out, '\n');
		return;
	}
	for (uint32_t i = first; i < r->srv; i++)
		if (is_of_line(&rt->srv[i])) {
			template_server(r, line, i);
			sbuf_addc(r->out, '\n');
			put++;
		}
	if (!put)
		sbuf_add(r->out, STR("    # all of its servers were deleted at run time\n"));
}

static void add_word(struct sbuf *b, struct str w)
{
	sbuf_addc(b, ' ');
	for (size_t i = 0; i < w.n; i++) {
		if (strchr(" #\\\"'", w.p[i]))
			sbuf_addc(b, '\\');
		sbuf_addc(b, w.p[i]);
	}
}

/* The servers that were added to a backend. */
static void added_lines(struct cli_run *r, const struct rt_proxy *px)
{
	const struct rt *rt = r->l->rt;
	const struct conf_change *c;
	size_t at = 0;

	while ((c = roster_next(px->name, &at))) {
		uint32_t srv = rt_find_server(rt, px, c->w[0]);
		struct sbuf b = { 0 };

		if (srv == RT_NONE || !(rt->srv[srv].flags & SRVF_ADDED))
			continue;
		sbuf_add(&b, STR("    server"));
		for (unsigned i = 0; i < c->n; i++)
			add_word(&b, c->w[i]);
		server_line(r, sbuf_str(&b), srv);
		sbuf_addc(r->out, '\n');
		sbuf_free(&b);
	}
}

/* Is this the head of a backend whose rows have no place in the files? */
static const struct rt_proxy *head_of(const struct rt *rt, const struct rt_file *f, struct str line, uint32_t no)
{
	size_t from = skip_blanks(line, 0), end = word_end(line, from), name = skip_blanks(line, end);
	struct str word = str_sub(line, from, end - from);
	const struct rt_proxy *px = NULL;

	if (str_eq(word, STR("backend")) || str_eq(word, STR("listen")))
		px = rt_find_backend(rt, str_sub(line, name, word_end(line, name) - name));
	return px && px->loc.line == no && strcmp(px->loc.file, f->name) == 0 && px->be.nsrv && !px->be.srv[0].loc.file ? px : NULL;
}

/* The backend whose added servers stand behind this line: behind its last server, or its head. */
static const struct rt_proxy *ends_servers(const struct cli_run *r, const struct rt_file *f, struct str line, uint32_t first)
{
	const struct rt *rt = r->l->rt;

	if (r->srv == first)
		return head_of(rt, f, line, r->at);
	const struct rt_proxy *px = &rt->px[rt->srv[r->srv - 1].px];

	return r->srv == px->be.srv0 + px->be.nsrv || !rt->srv[r->srv].loc.file ? px : NULL;
}

/* r->srv is the first row not yet passed: those with a place in the files stand in the order of the text. */
static void one_line(struct cli_run *r, const struct rt_file *f, struct str line)
{
	const struct rt *rt = r->l->rt;
	const struct rt_proxy *px;

	while (r->srv < rt->nsrv && !rt->srv[r->srv].loc.file)
		r->srv++;
	uint32_t first = r->srv;

	while (r->srv < rt->nsrv && rt->srv[r->srv].loc.file && stands_at(&rt->srv[r->srv], f->name, r->at))
		r->srv++;
	if (r->srv > first + 1) {
		template_line(r, line, first);
	} else if (r->srv == first) {
		sbuf_add(r->out, line.n ? line : STR(" ")); /* an empty line would end the answer */
		sbuf_addc(r->out, '\n');
	} else if (is_of_line(&rt->srv[first])) {
		server_line(r, line, first);
		sbuf_addc(r->out, '\n');
	}
	px = ends_servers(r, f, line, first);
	if (px)
		added_lines(r, px);
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
