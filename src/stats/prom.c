// SPDX-License-Identifier: GPL-3.0-or-later
/* Metrics for Prometheus, text format 0.0.4: under the names of HAProxy's exporter, and every counter and histogram of
 * tbl/counters.def as sluice_<object>_<name>. The format wants all lines of a metric together, so the walk is metric by metric, and of
 * each object one value is read at a time. */
#include <sluice/health/health.h>
#include <sluice/stats/page.h>
#include "stats_priv.h"

enum form { FORM_INT, FORM_SEC, FORM_STATUS, FORM_CHECK, FORM_CODES, FORM_AGG_STATUS, FORM_AGG_CHECK };
static const struct metric { const char *name, *type, *objs; uint8_t f, form; } metrics[] = {
#define PROM(name, type, objs, field, form) { #name, #type, objs, ST_F_##field, FORM_##form },
#define PROM_INFO(name, type, info)
#include <sluice/tbl/prom_metrics.def>
#undef PROM
#undef PROM_INFO
};
static const struct info_metric { const char *name, *type; uint8_t i; } infos[] = {
#define PROM(name, type, objs, field, form)
#define PROM_INFO(name, type, info) { #name, #type, INF_##info },
#include <sluice/tbl/prom_metrics.def>
#undef PROM
#undef PROM_INFO
};

/* Bounds of histograms towards Prometheus: powers of two of microseconds, 64 us to 67 s. */
enum { LE_FIRST = 6, LE_LAST = 26 };

static const char *const kind_words[STAT_KINDS] = { [STAT_FE] = "frontend", [STAT_BE] = "backend", [STAT_SRV] = "server", [STAT_LST] = "listener" };
static const uint32_t kind_types[STAT_KINDS] = { [STAT_FE] = 1, [STAT_BE] = 2, [STAT_SRV] = 4, [STAT_LST] = 8 };

static void label(struct sbuf *out, struct str s)
{
	sbuf_addc(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			sbuf_addc(out, '\\');
		if (s.p[i] == '\n')
			sbuf_add(out, STR("\\n"));
		else
			sbuf_addc(out, s.p[i]);
	}
	sbuf_addc(out, '"');
}

static void seconds(struct sbuf *out, uint64_t us)
{
	sbuf_printf(out, "%llu.%06llu", (unsigned long long)(us / 1000000), (unsigned long long)(us % 1000000));
}

/* "{proxy="x",server="y": the caller closes it. */
static void labels(const struct stats_src *s, const struct stats_obj *o, struct sbuf *out)
{
	sbuf_add(out, STR("{proxy="));
	label(out, s->rt->px[o->px].name);
	if (o->kind == STAT_SRV) {
		sbuf_add(out, STR(",server="));
		label(out, s->rt->srv[o->idx].name);
	} else if (o->kind == STAT_LST) {
		static struct stats_row row;

		stats_fill(&(struct stats_src){ .rt = s->rt, .seg = s->seg }, o, ST_F_svname, &row);
		sbuf_add(out, STR(",listener="));
		label(out, row.v[ST_F_svname].str);
	}
}

static void head(struct sbuf *out, const char *prefix, const char *object, const char *name, const char *suffix, const char *type, const char *help)
{
	sbuf_printf(out, "# HELP %s_%s_%s%s %s\n# TYPE %s_%s_%s%s %s\n", prefix, object, name, suffix, help, prefix, object, name, suffix, type);
}

/* ---- HAProxy's names --------------------------------------------------------------------------------------------------- */

static void line_begin(const struct stats_src *s, const struct stats_obj *o, const struct metric *m, struct sbuf *out)
{
	sbuf_printf(out, "haproxy_%s_%s", kind_words[o->kind], m->name);
	labels(s, o, out);
}

static void state_line(const struct stats_src *s, const struct stats_obj *o, const struct metric *m, const char *state, unsigned v, struct sbuf *out)
{
	line_begin(s, o, m, out);
	sbuf_printf(out, ",state=\"%s\"} %u\n", state, v);
}

static const char *const srv_states[] = { "DOWN", "UP", "MAINT", "DRAIN", "NOLB" };

static unsigned srv_state(const struct stats_src *s, uint32_t srv)
{
	switch (stats_srv_class(s, srv)) {
	case SRV_CLASS_DOWN: case SRV_CLASS_GOING_UP: return 0;
	case SRV_CLASS_MAINT: return 2;
	case SRV_CLASS_DRAIN: return 3;
	case SRV_CLASS_NOLB: return 4;
	default: return 1;
	}
}

static enum fe_state fe_state(const struct stats_src *s, uint32_t px)
{
	return (enum fe_state)atomic_load_explicit(&s->seg->be[px].fe_state, memory_order_relaxed);
}

static void status_lines(const struct stats_src *s, const struct stats_obj *o, const struct metric *m, struct sbuf *out)
{
	static const char *const lst_states[] = { "WAITING", "OPEN", "FULL" };
	unsigned n = o->kind == STAT_SRV ? ARRAY_LEN(srv_states) : o->kind == STAT_LST ? ARRAY_LEN(lst_states) : 2, now = 1;

	switch (o->kind) {
	case STAT_SRV: now = srv_state(s, o->idx); break;
	case STAT_BE: now = stats_be_up(s, o->px); break;
	case STAT_FE: now = fe_state(s, o->px) != FE_SHUT; break;
	case STAT_LST: now = fe_state(s, o->px) == FE_OPEN; break;
	default: break;
	}
	for (unsigned i = 0; i < n; i++)
		state_line(s, o, m, o->kind == STAT_LST ? lst_states[i] : srv_states[i], i == now, out);
}

static enum check_status last_check(const struct stats_src *s, uint32_t srv)
{
	return check_word_status(atomic_load_explicit(&s->seg->srv[srv].check, memory_order_relaxed));
}

static void check_lines(const struct stats_src *s, const struct stats_obj *o, const struct metric *m, struct sbuf *out)
{
	bool checked = s->rt->srv[o->idx].flags & SRVF_CHECK;

	for (enum check_status c = CHK_INI + 1; checked && c < CHK_STATUS_COUNT; c++)
		state_line(s, o, m, check_status_word(c), last_check(s, o->idx) == c, out);
}

static void agg_status_lines(const struct stats_src *s, const struct stats_obj *o, const struct metric *m, struct sbuf *out)
{
	const struct rt_backend *be = &s->rt->px[o->px].be;
	unsigned n[ARRAY_LEN(srv_states)] = { 0 };

	for (uint32_t i = be->srv0; i < be->srv0 + be->nsrv; i++)
		if (rt_srv_exists(&s->rt->srv[i]))
			n[srv_state(s, i)]++;
	for (unsigned i = 0; i < ARRAY_LEN(srv_states); i++)
		state_line(s, o, m, srv_states[i], n[i], out);
}

static void agg_check_lines(const struct stats_src *s, const struct stats_obj *o, const struct metric *m, struct sbuf *out)
{
	const struct rt_backend *be = &s->rt->px[o->px].be;
	unsigned n[CHK_STATUS_COUNT] = { 0 };

	for (uint32_t i = be->srv0; i < be->srv0 + be->nsrv; i++)
		if (s->rt->srv[i].flags & SRVF_CHECK)
			n[MIN(last_check(s, i), CHK_STATUS_COUNT - 1)]++;
	for (enum check_status c = CHK_INI + 1; c < CHK_STATUS_COUNT; c++)
		state_line(s, o, m, check_status_word(c), n[c], out);
}

static void value_line(struct stats_src *s, const struct stats_obj *o, const struct metric *m, struct sbuf *out)
{
	static struct stats_row row;
	static const char *const codes[] = { "1xx", "2xx", "3xx", "4xx", "5xx", "other" };
	unsigned n = m->form == FORM_CODES ? ARRAY_LEN(codes) : 1;

	for (unsigned i = 0; i < n; i++) {
		const struct stat_val *v = &row.v[m->f + i];

		stats_fill(s, o, m->f + i, &row);
		line_begin(s, o, m, out);
		if (m->form == FORM_CODES)
			sbuf_printf(out, ",code=\"%s\"", codes[i]);
		sbuf_add(out, STR("} "));
		if (!v->type)
			sbuf_add(out, STR("NaN"));
		else if (m->form == FORM_SEC)
			seconds(out, v->u * 1000);
		else
			stats_val_text(v, out);
		sbuf_addc(out, '\n');
	}
}

static void metric_lines(struct stats_src *s, const struct stats_obj *o, const struct metric *m, struct sbuf *out)
{
	switch ((enum form)m->form) {
	case FORM_STATUS: status_lines(s, o, m, out); break;
	case FORM_CHECK: check_lines(s, o, m, out); break;
	case FORM_AGG_STATUS: agg_status_lines(s, o, m, out); break;
	case FORM_AGG_CHECK: agg_check_lines(s, o, m, out); break;
	default: value_line(s, o, m, out); break;
	}
}

static void info_line(const struct info_metric *m, const struct stat_val *v, struct sbuf *out)
{
	head(out, "haproxy", "process", m->name, "", m->type, info_descs[m->i].help);
	sbuf_printf(out, "haproxy_process_%s", m->name);
	if (v->type == SV_STR) {
		sbuf_add(out, STR("{version="));
		label(out, v->str);
		sbuf_add(out, STR("} 1\n"));
		return;
	}
	sbuf_addc(out, ' ');
	if (v->type)
		stats_val_text(v, out);
	else
		sbuf_add(out, STR("NaN"));
	sbuf_addc(out, '\n');
}

static void process_lines(struct stats_src *s, struct sbuf *out)
{
	struct stat_val v[INFO_COUNT];
	char text[64];

	stats_fill_info(s, v, text, sizeof(text));
	for (unsigned i = 0; i < ARRAY_LEN(infos); i++)
		info_line(&infos[i], &v[infos[i].i], out);
}

/* ---- sluice's own -------------------------------------------------------------------------------------------------------- */

static const struct { const char *word; enum stat_kind kind; } scopes[] = {
	[CTR_SCOPE_PROC] = { "process", STAT_KINDS }, [CTR_SCOPE_FE] = { "frontend", STAT_FE }, [CTR_SCOPE_BE] = { "backend", STAT_BE },
	[CTR_SCOPE_SRV] = { "server", STAT_SRV },     [CTR_SCOPE_LST] = { "listener", STAT_LST }, [CTR_SCOPE_FEH] = { "frontend", STAT_FE },
	[CTR_SCOPE_BEH] = { "backend", STAT_BE },
};

static const char *ctr_suffix(const struct ctr_desc *d)
{
	switch (d->kind) {
	case CTR_KIND_SUM: return "_total";
	case CTR_KIND_HIST: return "_seconds";
	case CTR_KIND_AVG: return "_ms";
	default: return "";
	}
}

static void ctr_head(const struct ctr_desc *d, struct sbuf *out)
{
	const char *type = d->kind == CTR_KIND_SUM ? "counter" : d->kind == CTR_KIND_HIST ? "histogram" : "gauge";

	head(out, "sluice", scopes[d->scope].word, d->name, ctr_suffix(d), type, d->help);
}

static void hist_line(const struct stats_src *s, const struct stats_obj *o, const struct ctr_desc *d, const char *part, struct sbuf *out)
{
	sbuf_printf(out, "sluice_%s_%s_seconds_%s", scopes[d->scope].word, d->name, part);
	labels(s, o, out);
}

static void hist_lines(const struct stats_src *s, const struct stats_obj *o, const struct ctr_desc *d, struct sbuf *out)
{
	static struct px_hists h;
	const char *base = d->scope == CTR_SCOPE_FEH ? (const char *)&h.fe : (const char *)&h.be;
	const uint64_t *n = (const uint64_t *)(const void *)(base + d->off);
	uint64_t seen = 0;
	unsigned b = 0;

	px_hist_sum(s->seg, o->px, &h);
	for (unsigned e = LE_FIRST; e <= LE_LAST; e++) {
		for (; b < HIST_BUCKETS && hist_floor(b) < 1ull << e; b++)
			seen += n[b];
		hist_line(s, o, d, "bucket", out);
		sbuf_add(out, STR(",le=\""));
		seconds(out, 1ull << e);
		sbuf_printf(out, "\"} %llu\n", (unsigned long long)seen);
	}
	hist_line(s, o, d, "bucket", out);
	sbuf_printf(out, ",le=\"+Inf\"} %llu\n", (unsigned long long)hist_count(n));
	hist_line(s, o, d, "sum", out);
	sbuf_add(out, STR("} "));
	seconds(out, hist_sum(n));
	sbuf_addc(out, '\n');
	hist_line(s, o, d, "count", out);
	sbuf_printf(out, "} %llu\n", (unsigned long long)hist_count(n));
}

static void ctr_line(struct stats_src *s, const struct stats_obj *o, const struct ctr_desc *d, struct sbuf *out)
{
	uint64_t v = ctr_sum_one(s->seg, d, o ? o->idx : 0, s->now_ms, &s->walk);

	sbuf_printf(out, "sluice_%s_%s%s", scopes[d->scope].word, d->name, ctr_suffix(d));
	if (o) {
		labels(s, o, out);
		sbuf_addc(out, '}');
	}
	sbuf_printf(out, " %llu\n", (unsigned long long)v);
}

/* ---- the walk ------------------------------------------------------------------------------------------------------------ */

enum { PART_PROCESS, PART_FE, PART_LST, PART_BE, PART_SRV, PART_OWN, PART_END };
static const struct { unsigned scope; enum stat_kind kind; } parts[] = {
	[PART_FE] = { PROM_FRONTEND, STAT_FE }, [PART_LST] = { PROM_LISTENER, STAT_LST },
	[PART_BE] = { PROM_BACKEND, STAT_BE },  [PART_SRV] = { PROM_SERVER, STAT_SRV },
};

static void walk_begin(struct stats_prom *p, enum stat_kind k)
{
	p->it = (struct stats_iter){ .iid = -1, .sid = -1, .types = kind_types[k], .flags = p->no_maint ? STATS_NO_MAINT : 0 };
	p->open = true;
}

static void metric_done(struct stats_prom *p)
{
	p->open = false;
	p->metric++;
}

static void part_done(struct stats_prom *p)
{
	p->part++;
	p->metric = 0;
	p->open = false;
}

static bool metric_has(const struct metric *m, enum stat_kind k)
{
	return strchr(m->objs, "FBSL"[k]) != NULL;
}

/* The next object of the metric in hand; its head goes out before the first. */
static void object_step(struct stats_src *s, struct stats_prom *p, enum stat_kind k, struct sbuf *out)
{
	const struct metric *m = &metrics[p->metric];
	bool first = !p->open;
	struct stats_obj o;

	if (first)
		walk_begin(p, k);
	if (!stats_next(s, &p->it, &o)) {
		metric_done(p);
		return;
	}
	if (first)
		head(out, "haproxy", kind_words[k], m->name, "", m->type, stat_descs[m->f].help);
	metric_lines(s, &o, m, out);
}

static void own_step(struct stats_src *s, struct stats_prom *p, struct sbuf *out)
{
	const struct ctr_desc *d = &ctr_descs[p->metric];
	bool first = !p->open;
	struct stats_obj o;

	if (d->scope == CTR_SCOPE_PROC) {
		ctr_head(d, out);
		ctr_line(s, NULL, d, out);
		metric_done(p);
		return;
	}
	if (first)
		walk_begin(p, scopes[d->scope].kind);
	if (!stats_next(s, &p->it, &o)) {
		metric_done(p);
		return;
	}
	if (first)
		ctr_head(d, out);
	if (d->kind == CTR_KIND_HIST)
		hist_lines(s, &o, d, out);
	else
		ctr_line(s, &o, d, out);
}

bool stats_prom_step(struct stats_src *s, struct stats_prom *p, struct sbuf *out)
{
	switch (p->part) {
	case PART_PROCESS:
		if (p->scopes & PROM_GLOBAL)
			process_lines(s, out);
		part_done(p);
		return true;
	case PART_OWN:
		if (p->scopes & PROM_SLUICE && p->metric < ctr_ndescs)
			own_step(s, p, out);
		else
			part_done(p);
		return true;
	case PART_END:
		return false;
	default:
		break;
	}
	while (p->metric < ARRAY_LEN(metrics) && !metric_has(&metrics[p->metric], parts[p->part].kind))
		p->metric++;
	if (p->scopes & parts[p->part].scope && p->metric < ARRAY_LEN(metrics))
		object_step(s, p, parts[p->part].kind, out);
	else
		part_done(p);
	return true;
}
