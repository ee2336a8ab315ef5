// SPDX-License-Identifier: GPL-3.0-or-later
/* The statistics page and the metrics for Prometheus, in steps: each call appends a piece, so that neither a large configuration nor a
 * slow reader holds up or fills a process. They read the tables and the segment and know nothing of requests. */
#ifndef SLUICE_STATS_PAGE_H
#define SLUICE_STATS_PAGE_H

#include <sluice/stats/stats.h>

struct stats_page_opts {
	struct str uri;         /* of the page, for its links */
	struct str node, desc;  /* shown when not empty */
	struct str token;       /* goes into every form */
	struct str nonce;       /* of the script, as the Content-Security-Policy names it */
	struct str done;        /* code of the order before (DONE, DENY, …), or empty */
	uint32_t refresh;       /* seconds, 0 = off */
	bool admin;             /* with forms */
	bool hide_version, up, no_maint;
};
struct stats_page {
	struct stats_page_opts o;
	struct stats_iter it;
	uint8_t phase;
	int64_t px;             /* index of the proxy whose table is open, -1 = none */
	bool form;              /* a form is open in it */
};
/* it of the page says what is shown; px must be -1. false: the page is complete. */
bool stats_page_step(struct stats_src *s, struct stats_page *p, struct sbuf *out);
/* What an order came to, in words; NULL for an unknown code. */
const char *stats_page_done_text(struct str code);

enum prom_scope { PROM_GLOBAL = 1, PROM_FRONTEND = 2, PROM_BACKEND = 4, PROM_SERVER = 8, PROM_LISTENER = 16, PROM_SLUICE = 32, PROM_ALL = 63 };
struct stats_prom {
	unsigned scopes;        /* enum prom_scope bits */
	bool no_maint;
	uint8_t part;           /* where it stands: zero to begin */
	uint32_t metric;
	struct stats_iter it;
	bool open;              /* the metric's HELP and TYPE are out */
};
/* Text format 0.0.4, one metric of one object a step. */
bool stats_prom_step(struct stats_src *s, struct stats_prom *p, struct sbuf *out);

/* Text with the characters that mean something to HTML replaced. */
void stats_html_str(struct sbuf *out, struct str s);

#endif
