// SPDX-License-Identifier: GPL-3.0-or-later
/* The written forms: CSV, typed lines, JSON, as HAProxy's tools read them. */
#include <sluice/base/num.h>
#include "stats_priv.h"

static void add_u64(struct sbuf *out, uint64_t v)
{
	char text[20];

	sbuf_add(out, str_n(text, num_fmt_u64(text, v)));
}

static void add_i64(struct sbuf *out, int64_t v)
{
	char text[24];

	sbuf_add(out, str_n(text, num_fmt_i64(text, v)));
}

void stats_val_text(const struct stat_val *v, struct sbuf *out)
{
	switch ((enum stat_type)v->type) {
	case SV_NONE: break;
	case SV_U32: case SV_U64: add_u64(out, v->u); break;
	case SV_S32: add_i64(out, v->s); break;
	case SV_STR: sbuf_add(out, v->str); break;
	}
}

/* ---- CSV --------------------------------------------------------------------------------------------------------------- */

/* RFC 4180: quoted where a comma, a quote or a line end would be misread. */
static void csv_str(struct sbuf *out, struct str s)
{
	bool plain = true;

	for (size_t i = 0; i < s.n && plain; i++)
		plain = s.p[i] != ',' && s.p[i] != '"' && s.p[i] != '\n' && s.p[i] != '\r';
	if (plain) {
		sbuf_add(out, s);
		return;
	}
	sbuf_addc(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			sbuf_addc(out, '"');
		sbuf_addc(out, s.p[i]);
	}
	sbuf_addc(out, '"');
}

void stats_csv_header(struct sbuf *out)
{
	sbuf_add(out, STR("# "));
	for (unsigned f = 0; f < STAT_COUNT; f++) {
		if (f == STAT_EXT_FIRST)
			sbuf_add(out, STR("-,"));
		sbuf_add(out, str_c(stat_descs[f].name));
		sbuf_addc(out, ',');
	}
	sbuf_addc(out, '\n');
}

void stats_csv_row(const struct stats_row *r, struct sbuf *out)
{
	for (unsigned f = 0; f < STAT_COUNT; f++) {
		if (f == STAT_EXT_FIRST)
			sbuf_add(out, STR("-,"));
		if (r->v[f].type == SV_STR)
			csv_str(out, r->v[f].str);
		else
			stats_val_text(&r->v[f], out);
		sbuf_addc(out, ',');
	}
	sbuf_addc(out, '\n');
}

/* ---- typed ------------------------------------------------------------------------------------------------------------- */

static const char *const type_words[] = { [SV_NONE] = "", [SV_U32] = "u32", [SV_S32] = "s32", [SV_U64] = "u64", [SV_STR] = "str" };

static void typed_value(const struct stat_desc *d, const struct stat_val *v, bool desc, struct sbuf *out)
{
	sbuf_add(out, str_c(d->name));
	sbuf_add(out, STR(".1:"));
	sbuf_add(out, str_c(d->tag));
	sbuf_addc(out, ':');
	sbuf_add(out, str_c(type_words[v->type]));
	sbuf_addc(out, ':');
	stats_val_text(v, out);
	if (desc)
		sbuf_printf(out, ":\"%s\"", d->help);
	sbuf_addc(out, '\n');
}

static uint32_t row_iid(const struct stats_src *s, const struct stats_row *r) { return s->rt->px[r->o.px].id; }

void stats_typed_row(const struct stats_src *s, const struct stats_row *r, bool desc, struct sbuf *out)
{
	static const char letters[STAT_KINDS] = { [STAT_FE] = 'F', [STAT_BE] = 'B', [STAT_SRV] = 'S', [STAT_LST] = 'L' };

	for (unsigned f = 0; f < STAT_COUNT; f++) {
		if (r->v[f].type == SV_NONE)
			continue;
		sbuf_printf(out, "%c.%u.%u.%u.", letters[r->o.kind], row_iid(s, r), (unsigned)r->v[ST_F_sid].u, f);
		typed_value(&stat_descs[f], &r->v[f], desc, out);
	}
}

/* ---- JSON -------------------------------------------------------------------------------------------------------------- */

void stats_json_str(struct sbuf *out, struct str s)
{
	sbuf_addc(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '"' || c == '\\')
			sbuf_addc(out, '\\');
		if (c < 32 || c > 126)
			sbuf_printf(out, "\\u%04x", c);
		else
			sbuf_addc(out, (char)c);
	}
	sbuf_addc(out, '"');
}

static const char *origin_word(char c)
{
	switch (c) {
	case 'M': return "Metric";
	case 'S': return "Status";
	case 'K': return "Key";
	case 'C': return "Config";
	default: return "Product";
	}
}

static const char *nature_word(char c)
{
	switch (c) {
	case 'G': return "Gauge";
	case 'L': return "Limit";
	case 'M': return "Max";
	case 'R': return "Rate";
	case 'C': return "Counter";
	case 'D': return "Duration";
	case 'A': return "Age";
	case 'N': return "Name";
	case 'a': return "Avg";
	default: return "Output";
	}
}

static void json_value(const struct stat_desc *d, unsigned pos, const struct stat_val *v, bool desc, struct sbuf *out)
{
	sbuf_printf(out, "\"field\":{\"pos\":%u,\"name\":\"%s\"},\"processNum\":1,", pos, d->name);
	sbuf_printf(out, "\"tags\":{\"origin\":\"%s\",\"nature\":\"%s\",\"scope\":\"%s\"},", origin_word(d->tag[0]), nature_word(d->tag[1]),
		    d->tag[2] == 'S' ? "Service" : "Process");
	sbuf_printf(out, "\"value\":{\"type\":\"%s\",\"value\":", type_words[v->type]);
	if (v->type == SV_STR)
		stats_json_str(out, v->str);
	else
		stats_val_text(v, out);
	sbuf_addc(out, '}');
	if (desc) {
		sbuf_add(out, STR(",\"desc\":"));
		stats_json_str(out, str_c(d->help));
	}
	sbuf_addc(out, '}');
}

void stats_json_row(const struct stats_src *s, const struct stats_row *r, bool desc, struct sbuf *out)
{
	static const char *const kinds[STAT_KINDS] = { [STAT_FE] = "Frontend", [STAT_BE] = "Backend", [STAT_SRV] = "Server", [STAT_LST] = "Listener" };
	char sep = '[';

	for (unsigned f = 0; f < STAT_COUNT; f++) {
		if (r->v[f].type == SV_NONE)
			continue;
		sbuf_printf(out, "%c{\"objType\":\"%s\",\"proxyId\":%u,\"id\":%u,", sep, kinds[r->o.kind], row_iid(s, r), (unsigned)r->v[ST_F_sid].u);
		json_value(&stat_descs[f], f, &r->v[f], desc, out);
		sep = ',';
	}
	sbuf_addc(out, ']');
}

/* ---- information about the process --------------------------------------------------------------------------------------- */

void stats_info(struct stats_src *s, enum stats_form form, bool desc, struct sbuf *out)
{
	struct stat_val v[INFO_COUNT];
	char text[64], sep = '[';

	stats_fill_info(s, v, text, sizeof(text));
	for (unsigned i = 0; i < INFO_COUNT; i++) {
		if (v[i].type == SV_NONE)
			continue;
		if (form == STATS_TYPED) {
			sbuf_printf(out, "%u.", i);
			typed_value(&info_descs[i], &v[i], desc, out);
		} else if (form == STATS_JSON) {
			sbuf_printf(out, "%c{", sep);
			json_value(&info_descs[i], i, &v[i], desc, out);
			sep = ',';
		} else {
			sbuf_printf(out, "%s: ", info_descs[i].name);
			stats_val_text(&v[i], out);
			if (desc)
				sbuf_printf(out, " [%s]", info_descs[i].help);
			sbuf_addc(out, '\n');
		}
	}
	if (form == STATS_JSON)
		sbuf_add(out, STR("]\n"));
}

/* ---- the whole, in steps ------------------------------------------------------------------------------------------------- */

enum { DUMP_HEAD, DUMP_ROWS, DUMP_END };

static void dump_row(struct stats_src *s, struct stats_dump *d, const struct stats_obj *o, struct sbuf *out)
{
	static struct stats_row row;

	stats_fill(s, o, STAT_ALL, &row);
	switch (d->form) {
	case STATS_CSV: stats_csv_row(&row, out); break;
	case STATS_TYPED: stats_typed_row(s, &row, d->desc, out); break;
	case STATS_JSON:
		if (d->rows)
			sbuf_addc(out, ',');
		stats_json_row(s, &row, d->desc, out);
		break;
	}
	d->rows++;
}

bool stats_dump_step(struct stats_src *s, struct stats_dump *d, struct sbuf *out)
{
	struct stats_obj o;

	switch (d->phase) {
	case DUMP_HEAD:
		if (d->form == STATS_CSV)
			stats_csv_header(out);
		else if (d->form == STATS_JSON)
			sbuf_addc(out, '[');
		d->phase = DUMP_ROWS;
		return true;
	case DUMP_ROWS:
		if (stats_next(s, &d->it, &o)) {
			dump_row(s, d, &o, out);
			return true;
		}
		d->phase = DUMP_END;
		if (d->form == STATS_JSON)
			sbuf_add(out, STR("]\n"));
		return true;
	default:
		return false;
	}
}
