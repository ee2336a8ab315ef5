// SPDX-License-Identifier: GPL-3.0-or-later
/* The statistics page. One table a proxy, its columns from the list below; every piece is complete in itself, so that what a reader has
 * so far is always well formed up to the open table. All names are escaped; there is no asset but what stands in the page. */
#include <sluice/stats/page.h>
#include "stats_priv.h"

enum col_how { AS_IS, AS_BYTES, AS_AGE, AS_CHECK, AS_LATENCY };
static const struct col { const char *group, *label, *title; uint8_t f, how; } cols[] = {
	{ "Server", "Last change", "since the last change between UP and DOWN", ST_F_lastchg, AS_AGE },
	{ "Server", "Check", "last health check", ST_F_check_status, AS_CHECK },
	{ "Server", "Weight", "effective weight", ST_F_weight, AS_IS },
	{ "Queue", "Cur", "requests in the queue", ST_F_qcur, AS_IS },
	{ "Queue", "Max", "most requests queued at once", ST_F_qmax, AS_IS },
	{ "Queue", "Limit", "maxqueue", ST_F_qlimit, AS_IS },
	{ "Session rate", "Cur", "sessions in the last second", ST_F_rate, AS_IS },
	{ "Session rate", "Max", "most sessions in one second", ST_F_rate_max, AS_IS },
	{ "Session rate", "Limit", "rate-limit sessions", ST_F_rate_lim, AS_IS },
	{ "Sessions", "Cur", "sessions now", ST_F_scur, AS_IS },
	{ "Sessions", "Max", "most sessions at once", ST_F_smax, AS_IS },
	{ "Sessions", "Limit", "maxconn, fullconn", ST_F_slim, AS_IS },
	{ "Sessions", "Total", "sessions so far", ST_F_stot, AS_IS },
	{ "Sessions", "Last", "since the last session", ST_F_lastsess, AS_AGE },
	{ "Requests", "Rate", "requests in the last second", ST_F_req_rate, AS_IS },
	{ "Requests", "Total", "requests so far", ST_F_req_tot, AS_IS },
	{ "Latency", "p50", "half of all exchanges were faster; servers: the recent mean", ST_F_total_p50_us, AS_LATENCY },
	{ "Latency", "p90", "9 of 10 exchanges were faster", ST_F_total_p90_us, AS_LATENCY },
	{ "Latency", "p99", "99 of 100 exchanges were faster", ST_F_total_p99_us, AS_LATENCY },
	{ "Latency", "p99.9", "999 of 1000 exchanges were faster", ST_F_total_p999_us, AS_LATENCY },
	{ "Responses", "2xx", "responses with a 2xx status", ST_F_hrsp_2xx, AS_IS },
	{ "Responses", "3xx", "responses with a 3xx status", ST_F_hrsp_3xx, AS_IS },
	{ "Responses", "4xx", "responses with a 4xx status", ST_F_hrsp_4xx, AS_IS },
	{ "Responses", "5xx", "responses with a 5xx status", ST_F_hrsp_5xx, AS_IS },
	{ "Bytes", "In", "from clients", ST_F_bin, AS_BYTES },
	{ "Bytes", "Out", "to clients", ST_F_bout, AS_BYTES },
	{ "Denied", "Req", "requests denied by rules", ST_F_dreq, AS_IS },
	{ "Denied", "Resp", "responses denied by rules", ST_F_dresp, AS_IS },
	{ "Errors", "Req", "requests in error", ST_F_ereq, AS_IS },
	{ "Errors", "Conn", "connections to servers that failed", ST_F_econ, AS_IS },
	{ "Errors", "Resp", "responses in error", ST_F_eresp, AS_IS },
	{ "Warnings", "Retr", "connections tried again", ST_F_wretr, AS_IS },
	{ "Warnings", "Redis", "requests moved to another server", ST_F_wredis, AS_IS },
	{ "Health", "Act", "active servers", ST_F_act, AS_IS },
	{ "Health", "Bck", "backup servers", ST_F_bck, AS_IS },
	{ "Health", "Fails", "failed checks", ST_F_chkfail, AS_IS },
	{ "Health", "Downs", "changes from UP to DOWN", ST_F_chkdown, AS_IS },
	{ "Health", "Downtime", "time spent DOWN", ST_F_downtime, AS_AGE },
	{ "Health", "Throttle", "percent of the weight during slow start", ST_F_throttle, AS_IS },
};

void stats_html_str(struct sbuf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		switch (s.p[i]) {
		case '&': sbuf_add(out, STR("&amp;")); break;
		case '<': sbuf_add(out, STR("&lt;")); break;
		case '>': sbuf_add(out, STR("&gt;")); break;
		case '"': sbuf_add(out, STR("&quot;")); break;
		case '\'': sbuf_add(out, STR("&#39;")); break;
		default: sbuf_addc(out, s.p[i]);
		}
}

static void add(struct sbuf *out, const char *lit) { sbuf_add(out, str_c(lit)); }

/* ---- values ------------------------------------------------------------------------------------------------------------ */

static void add_bytes(struct sbuf *out, uint64_t n)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB" };
	double v = (double)n;
	unsigned u = 0;

	for (; v >= 1000 && u + 1 < ARRAY_LEN(units); u++)
		v /= 1000;
	sbuf_printf(out, u && v < 100 ? "%.1f %s" : "%.0f %s", v, units[u]);
}

static void add_age(struct sbuf *out, int64_t s)
{
	if (s < 0)
		add(out, "\xe2\x80\x93");
	else if (s < 60)
		sbuf_printf(out, "%llds", (long long)s);
	else if (s < 3600)
		sbuf_printf(out, "%lldm%02llds", (long long)(s / 60), (long long)(s % 60));
	else if (s < 86400)
		sbuf_printf(out, "%lldh%02lldm", (long long)(s / 3600), (long long)(s / 60 % 60));
	else
		sbuf_printf(out, "%lldd%02lldh", (long long)(s / 86400), (long long)(s / 3600 % 24));
}

static void add_us(struct sbuf *out, uint64_t us)
{
	if (us < 1000)
		sbuf_printf(out, "%llu \xc2\xb5s", (unsigned long long)us);
	else if (us < 1000000)
		sbuf_printf(out, us < 100000 ? "%.1f ms" : "%.0f ms", (double)us / 1000);
	else
		sbuf_printf(out, "%.1f s", (double)us / 1000000);
}

static void title_of_check(const struct stats_row *r, struct sbuf *out)
{
	add(out, " title=\"");
	stats_html_str(out, r->v[ST_F_check_desc].str);
	if (r->v[ST_F_last_chk].str.n) {
		add(out, ": ");
		stats_html_str(out, r->v[ST_F_last_chk].str);
	}
	add(out, "\"");
}

/* The same quantile of the phases, which stand in the table one quantile after the other. */
static void title_of_latency(const struct stats_row *r, unsigned f, struct sbuf *out)
{
	static const char *const phases[] = { "queue", "connect", "response" };
	unsigned q = f - ST_F_total_p50_us;

	add(out, " title=\"");
	for (unsigned i = 0; i < ARRAY_LEN(phases); i++) {
		sbuf_printf(out, "%s%s ", i ? ", " : "", phases[i]);
		add_us(out, r->v[ST_F_queue_p50_us + 4 * i + q].u);
	}
	add(out, "\"");
}

static void cell_check(const struct stats_row *r, struct sbuf *out)
{
	const struct stat_val *st = &r->v[ST_F_check_status], *code = &r->v[ST_F_check_code], *ms = &r->v[ST_F_check_duration];

	title_of_check(r, out);
	add(out, ">");
	stats_html_str(out, st->str);
	if (code->type)
		sbuf_printf(out, "/%llu", (unsigned long long)code->u);
	if (ms->type)
		sbuf_printf(out, " in %llums", (unsigned long long)ms->u);
}

static void cell_latency(const struct stats_row *r, const struct col *c, struct sbuf *out)
{
	const struct stat_val *v = &r->v[c->f];

	if (v->type) {
		sbuf_printf(out, " data-v=\"%llu\"", (unsigned long long)v->u);
		title_of_latency(r, c->f, out);
		add(out, ">");
		add_us(out, v->u);
	} else if (r->o.kind == STAT_SRV && c->f == ST_F_total_p50_us) {
		sbuf_printf(out, " data-v=\"%llu\">~ %llu ms", (unsigned long long)r->v[ST_F_ttime].u * 1000, (unsigned long long)r->v[ST_F_ttime].u);
	} else {
		add(out, ">");
	}
}

static void cell(const struct stats_row *r, const struct col *c, struct sbuf *out)
{
	const struct stat_val *v = &r->v[c->f];

	add(out, "<td");
	if (c->how == AS_LATENCY) {
		cell_latency(r, c, out);
	} else if (!v->type) {
		add(out, ">");
	} else if (c->how == AS_CHECK) {
		cell_check(r, out);
	} else if (c->how == AS_IS) {
		add(out, ">");
		stats_val_text(v, out);
	} else {
		add(out, " data-v=\"");
		stats_val_text(v, out);
		add(out, "\">");
		if (c->how == AS_BYTES)
			add_bytes(out, v->u);
		else
			add_age(out, v->type == SV_S32 ? v->s : (int64_t)v->u);
	}
	add(out, "</td>");
}

/* ---- rows -------------------------------------------------------------------------------------------------------------- */

static const char *status_class(const struct stats_src *s, const struct stats_row *r)
{
	static const char *const of[] = {
		[SRV_CLASS_DOWN] = "DOWN", [SRV_CLASS_GOING_UP] = "WARN", [SRV_CLASS_GOING_DOWN] = "WARN", [SRV_CLASS_UP] = "UP",
		[SRV_CLASS_NOLB] = "NOLB", [SRV_CLASS_DRAIN] = "DRAIN", [SRV_CLASS_NO_CHECK] = "NONE", [SRV_CLASS_MAINT] = "MAINT",
	};
	if (r->o.kind == STAT_SRV)
		return of[stats_srv_class(s, r->o.idx)];
	return str_eq(r->v[ST_F_status].str, STR("DOWN")) ? "DOWN" : "UP";
}

static void row_buttons(const struct stats_row *r, struct sbuf *out)
{
	static const char *const acts[] = { "ready", "drain", "maint" };

	add(out, "<td class=x>");
	for (unsigned i = 0; r->o.kind == STAT_SRV && i < ARRAY_LEN(acts); i++) {
		sbuf_printf(out, "<button name=do value=\"%s ", acts[i]);
		stats_html_str(out, r->v[ST_F_svname].str);
		sbuf_printf(out, "\">%s</button> ", acts[i]);
	}
	add(out, "</td>");
}

static void row_box(const struct stats_row *r, struct sbuf *out)
{
	if (r->o.kind != STAT_SRV) {
		add(out, "<td></td>");
		return;
	}
	add(out, "<td><input type=checkbox name=s value=\"");
	stats_html_str(out, r->v[ST_F_svname].str);
	sbuf_printf(out, "\" data-id=%u></td>", r->o.idx);
}

static void page_row(const struct stats_src *s, const struct stats_page *p, const struct stats_row *r, struct sbuf *out)
{
	static const char *const bodies[STAT_KINDS] = { [STAT_FE] = "<tbody class=fe>", [STAT_BE] = "</tbody><tbody class=be>" };

	if (bodies[r->o.kind])
		add(out, bodies[r->o.kind]);
	add(out, "<tr data-k=\"");
	stats_html_str(out, r->v[ST_F_svname].str);
	add(out, " ");
	stats_html_str(out, r->v[ST_F_status].str);
	add(out, "\">");
	if (p->form)
		row_box(r, out);
	add(out, "<td class=n");
	if (r->v[ST_F_addr].type) {
		add(out, " title=\"");
		stats_html_str(out, r->v[ST_F_addr].str);
		add(out, "\"");
	}
	add(out, ">");
	stats_html_str(out, r->v[ST_F_svname].str);
	sbuf_printf(out, "</td><td class=\"s %s\">", status_class(s, r));
	stats_html_str(out, r->v[ST_F_status].str);
	add(out, "</td>");
	if (p->form)
		row_buttons(r, out);
	for (unsigned i = 0; i < ARRAY_LEN(cols); i++)
		cell(r, &cols[i], out);
	add(out, "</tr>\n");
	if (r->o.kind == STAT_FE)
		add(out, "</tbody><tbody class=srv>");
}

static void table_groups(const struct stats_page *p, struct sbuf *out)
{
	sbuf_printf(out, "<table><thead><tr class=g><th class=n colspan=%d></th>", p->form ? 4 : 2);
	for (unsigned i = 0, k; i < ARRAY_LEN(cols); i = k) {
		for (k = i + 1; k < ARRAY_LEN(cols) && !strcmp(cols[k].group, cols[i].group); k++)
			;
		sbuf_printf(out, "<th colspan=%u>%s</th>", k - i, cols[i].group);
	}
	add(out, "</tr>\n");
}

static void table_open(const struct stats_src *s, struct stats_page *p, uint32_t px, struct sbuf *out)
{
	const struct rt_proxy *x = &s->rt->px[px];
	unsigned c = 0;

	p->px = px;
	p->form = p->o.admin && x->caps & PX_BE && rt_has_servers(&x->be);
	sbuf_printf(out, "<section id=\"px-%u\" data-name=\"", x->id);
	stats_html_str(out, x->name);
	add(out, "\"><div class=cap><h2>");
	stats_html_str(out, x->name);
	sbuf_printf(out, "</h2> <span class=dim>%s", x->mode == MODE_HTTP ? "http" : "tcp");
	if (x->description.n) {
		add(out, " \xc2\xb7 ");
		stats_html_str(out, x->description);
	}
	add(out, "</span></div>\n");
	if (p->form) {
		add(out, "<form method=post action=\"");
		stats_html_str(out, p->o.uri);
		sbuf_printf(out, "\"><input type=hidden name=b value=\"#%u\"><input type=hidden name=t value=\"" STR_FMT "\">", x->id, STR_ARG(p->o.token));
	}
	table_groups(p, out);
	add(out, "<tr class=c>");
	if (p->form)
		sbuf_printf(out, "<th><input type=checkbox class=all title=\"all servers shown\"></th>"), c++;
	sbuf_printf(out, "<th class=n data-c=%u>Name</th><th class=s data-c=%u>Status</th>", c, c + 1);
	if (p->form)
		add(out, "<th class=x>Order</th>");
	c += p->form ? 3 : 2;
	for (unsigned i = 0; i < ARRAY_LEN(cols); i++, c++)
		sbuf_printf(out, "<th data-c=%u title=\"%s\">%s</th>", c, cols[i].title, cols[i].label);
	sbuf_printf(out, "</tr></thead>\n%s", x->caps & PX_FE ? "" : "<tbody class=srv>");
}

static void table_close(struct stats_page *p, struct sbuf *out)
{
	if (p->px < 0)
		return;
	add(out, "</tbody></table>\n");
	if (p->form)
		add(out, "<div class=act>Selected servers: <select name=action><option value=ready>ready</option><option value=drain>drain</option>"
			 "<option value=maint>maintenance</option><option value=shutdown>shut sessions</option></select> "
			 "<button>Apply</button></div></form>\n");
	add(out, "</section>\n");
	p->px = -1;
}

/* ---- the page ---------------------------------------------------------------------------------------------------------- */

static const struct { const char *code, *text; bool bad; } dones[] = {
	{ "DONE", "Done.", false },
	{ "NONE", "Nothing has changed: no server was selected.", false },
	{ "PART", "Some servers were not changed.", true },
	{ "ERRP", "Nothing has changed: the order was not understood.", true },
	{ "EXCD", "Nothing has changed: the order is too long.", true },
	{ "DENY", "Nothing has changed: not allowed. The form may be from before a restart, or from another site.", true },
	{ "UNKN", "Nothing has changed: the process that stores states did not take the order.", true },
};

static int done_find(struct str code)
{
	for (unsigned i = 0; i < ARRAY_LEN(dones); i++)
		if (str_eq(code, str_c(dones[i].code)))
			return (int)i;
	return -1;
}

const char *stats_page_done_text(struct str code)
{
	int i = done_find(code);

	return i < 0 ? NULL : dones[i].text;
}

static void page_summary(struct stats_src *s, const struct stats_page *p, struct sbuf *out)
{
	struct stat_val v[INFO_COUNT];
	char text[64];

	stats_fill_info(s, v, text, sizeof(text));
	add(out, "<div id=top><h1>sluice");
	if (!p->o.hide_version)
		add(out, " " SLUICE_VERSION);
	add(out, "</h1> <span class=dim>");
	if (p->o.node.n) {
		add(out, "on <b>");
		stats_html_str(out, p->o.node);
		add(out, "</b> ");
	}
	stats_html_str(out, p->o.desc);
	add(out, "</span>\n<p class=sub>");
	sbuf_printf(out, "up " STR_FMT " \xc2\xb7 pid %u \xc2\xb7 generation %llu \xc2\xb7 %u workers%s \xc2\xb7 ", STR_ARG(v[INF_uptime].str), s->pid,
		    (unsigned long long)s->seg->h->generation, s->seg->geo.nworkers, v[INF_stopping].u ? " \xc2\xb7 <b class=WARN>draining</b>" : "");
	sbuf_printf(out, "%llu of %llu connections \xc2\xb7 %llu connections/s \xc2\xb7 %llu requests so far \xc2\xb7 ", (unsigned long long)v[INF_currconns].u,
		    (unsigned long long)v[INF_maxconn].u, (unsigned long long)v[INF_connrate].u, (unsigned long long)v[INF_cumreq].u);
	add_bytes(out, v[INF_totalbytesout].u);
	add(out, " sent</p></div>\n");
}

static void link_to(const struct stats_page *p, const char *opt, const char *label, struct sbuf *out)
{
	add(out, "<a href=\"");
	stats_html_str(out, p->o.uri);
	sbuf_printf(out, "%s\">%s</a>\n", opt, label);
}

static void page_bar(const struct stats_page *p, struct sbuf *out)
{
	static const unsigned steps[] = { 0, 1, 2, 5, 10, 30, 60 };
	bool listed = false;

	add(out, "<div class=bar hidden><input id=filter type=search placeholder=\"filter: name, status\" aria-label=filter> <label>refresh <select id=every>");
	for (unsigned i = 0; i < ARRAY_LEN(steps); i++) {
		listed |= steps[i] == p->o.refresh;
		sbuf_printf(out, "<option value=%u%s>%s%.0u%s</option>", steps[i], steps[i] == p->o.refresh ? " selected" : "", steps[i] ? "" : "off", steps[i],
			    steps[i] ? " s" : "");
	}
	if (!listed)
		sbuf_printf(out, "<option value=%u selected>%u s</option>", p->o.refresh, p->o.refresh);
	add(out, "</select></label> <span id=note class=DOWN></span></div>\n<p class=links>");
	link_to(p, "", "all", out);
	link_to(p, ";up", "up only", out);
	link_to(p, ";no-maint", "without maintenance", out);
	link_to(p, ";csv", "CSV", out);
	link_to(p, ";json", "JSON", out);
	link_to(p, ";typed", "typed", out);
	add(out, "</p></header>\n");
}

static void page_head(struct stats_src *s, const struct stats_page *p, struct sbuf *out)
{
	int done = done_find(p->o.done);

	add(out, "<!DOCTYPE html>\n<html lang=en><head><meta charset=utf-8><title>Statistics");
	if (p->o.node.n) {
		add(out, " of ");
		stats_html_str(out, p->o.node);
	}
	add(out, "</title><meta name=viewport content=\"width=device-width\">\n");
	if (p->o.refresh)
		sbuf_printf(out, "<noscript><meta http-equiv=refresh content=%u></noscript>\n", p->o.refresh);
	sbuf_printf(out, "<style nonce=\"" STR_FMT "\">\n", STR_ARG(p->o.nonce));
	sbuf_add(out, stats_css());
	add(out, "</style></head><body><header>\n");
	page_summary(s, p, out);
	page_bar(p, out);
	add(out, "<main>\n");
	if (done >= 0)
		sbuf_printf(out, "<p class=\"msg%s\">%s</p>\n", dones[done].bad ? " bad" : "", dones[done].text);
}

static void page_foot(const struct stats_page *p, struct sbuf *out)
{
	sbuf_printf(out, "</main>\n<script nonce=\"" STR_FMT "\">\n", STR_ARG(p->o.nonce));
	sbuf_add(out, stats_js());
	add(out, "</script></body></html>\n");
}

enum { PAGE_HEAD, PAGE_ROWS, PAGE_END };

bool stats_page_step(struct stats_src *s, struct stats_page *p, struct sbuf *out)
{
	static struct stats_row row;
	struct stats_obj o;

	switch (p->phase) {
	case PAGE_HEAD:
		page_head(s, p, out);
		p->phase = PAGE_ROWS;
		return true;
	case PAGE_ROWS:
		if (stats_next(s, &p->it, &o)) {
			if (p->px != o.px) {
				table_close(p, out);
				table_open(s, p, o.px, out);
			}
			stats_fill(s, &o, STAT_ALL, &row);
			page_row(s, p, &row, out);
			return true;
		}
		table_close(p, out);
		page_foot(p, out);
		p->phase = PAGE_END;
		return true;
	default:
		return false;
	}
}
