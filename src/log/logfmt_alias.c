// SPDX-License-Identifier: GPL-3.0-or-later
/* The words of log formats, HAProxy's output to the byte. All values come from struct log_data; nothing is
 * looked up here. Texts of dates are kept for the second they belong to. */
#include <time.h>

#include <sluice/base/num.h>
#include "logfmt_priv.h"

static void put_int(struct sbuf *out, int64_t v)
{
	char text[24];

	sbuf_add(out, str_n(text, num_fmt_i64(text, v)));
}

static void put_num(struct sbuf *out, uint64_t v, unsigned flags)
{
	if (flags & LF_HEX)
		sbuf_printf(out, "%04llX", (unsigned long long)v);
	else
		put_int(out, (int64_t)v);
}

static const struct addr *addr_of(const struct log_data *d, int which)
{
	const struct addr *a = which == 'c' ? d->cli : which == 'f' ? d->fe : which == 'b' ? d->bck : d->srv;

	return a && a->family != AF_UNSPEC ? a : NULL;
}

static void put_ip_hex(struct sbuf *out, const struct addr *a)
{
	const uint8_t *p = (const uint8_t *)&a->in6;
	int n = a->family == AF_INET ? 4 : 16;

	for (int i = 0; i < n; i++)
		sbuf_printf(out, "%02X", p[i]);
}

static void alias_ip(const struct lf_alias *al, unsigned flags, const struct log_data *d, struct sbuf *out)
{
	const struct addr *a = addr_of(d, al->aux);
	char text[ADDR_TEXT_MAX];
	struct str s = STR_NULL;

	if (a && a->family == AF_UNIX) {
		s = STR("unix");
	} else if (a && flags & LF_HEX) {
		put_ip_hex(out, a);
		return;
	} else if (a) {
		s = str_n(text, addr_ip_text(a, text));
	}
	lf_text(out, s, flags);
}

static void alias_port(const struct lf_alias *al, unsigned flags, const struct log_data *d, struct sbuf *out)
{
	const struct addr *a = addr_of(d, al->aux);

	if (a)
		put_num(out, a->port, flags);
	else
		lf_text(out, STR_NULL, flags | LF_LOG);
}

static void alias_name(const struct lf_alias *al, unsigned flags, const struct log_data *d, struct sbuf *out)
{
	char tls[256];
	struct sbuf b = SBUF_FIXED(tls);

	switch (al->aux) {
	case 'b':
		lf_text(out, d->be_name, flags);
		return;
	case 'f':
		lf_text(out, d->fe_name, flags);
		return;
	case 's':
		lf_text(out, d->stats ? STR("<STATS>") : d->no_server ? STR("<NOSRV>") : d->srv_name, flags);
		return;
	}
	sbuf_add(&b, d->fe_name);
	if (d->fe_tls)
		sbuf_addc(&b, '~');
	lf_text(out, sbuf_str(&b), flags);
}

/* ms between two points of time, -1 when one of them was not reached. */
static int64_t ms_between(uint64_t from, uint64_t to)
{
	return from && to >= from ? (int64_t)((to - from) / 1000000u) : -1;
}

int64_t log_timer(const struct log_data *d, char which)
{
	uint64_t start = d->t_req_start ? d->t_req_start : d->t_accept;
	uint64_t ready = d->t_req_done ? d->t_req_done : d->http ? 0 : d->t_accept;
	int64_t idle = ms_between(d->t_hs_done, d->t_req_start), total = ms_between(d->t_accept, d->t_end);

	switch (which) {
	case 'h': return ms_between(d->t_accept, d->t_hs_done);
	case 'i': return idle;
	case 'R': return ms_between(d->t_req_start, d->t_req_done);
	case 'q': return ms_between(d->t_accept, d->t_req_done);
	case 'w': return ms_between(ready, d->t_queue_done);
	case 'c': return ms_between(d->t_queue_done, d->t_conn_done);
	case 'r': return ms_between(d->t_conn_done, d->t_res_head);
	case 'd': return ms_between(d->t_res_head ? d->t_res_head : d->http ? 0 : d->t_conn_done, d->t_end);
	case 'a': return ms_between(start, d->t_end);
	case 'u': return total < 0 || idle < 0 ? total : total - idle;
	default: return total;
	}
}

static void alias_timer(const struct lf_alias *al, unsigned flags, const struct log_data *d, struct sbuf *out)
{
	(void)flags;
	if (d->logasap && (al->aux == 'a' || al->aux == 't' || al->aux == 'u'))
		sbuf_addc(out, '+');
	put_int(out, log_timer(d, (char)al->aux));
}

static void alias_bytes(const struct lf_alias *al, unsigned flags, const struct log_data *d, struct sbuf *out)
{
	(void)flags;
	if (al->aux && d->logasap)
		sbuf_addc(out, '+');
	put_int(out, (int64_t)(al->aux ? d->bytes_out : d->bytes_in));
}

static void alias_status(const struct lf_alias *al, unsigned flags, const struct log_data *d, struct sbuf *out)
{
	(void)al, (void)flags;
	put_int(out, d->status ? d->status : -1);
}

static void alias_count(const struct lf_alias *al, unsigned flags, const struct log_data *d, struct sbuf *out)
{
	(void)flags;
	switch (al->aux) {
	case 'a': put_int(out, d->actconn); break;
	case 'f': put_int(out, d->feconn); break;
	case 'b': put_int(out, d->beconn); break;
	case 's': put_int(out, d->srvconn); break;
	case 'q': put_int(out, d->srv_queue); break;
	default: put_int(out, d->bck_queue); break;
	}
}

static void alias_retries(const struct lf_alias *al, unsigned flags, const struct log_data *d, struct sbuf *out)
{
	(void)al, (void)flags;
	if (d->redispatched)
		sbuf_addc(out, '+');
	put_int(out, d->retries);
}

static void alias_counter(const struct lf_alias *al, unsigned flags, const struct log_data *d, struct sbuf *out)
{
	put_num(out, al->aux == 'p' ? d->pid : al->aux == 'r' ? d->req_counter : d->counter, flags);
}

static void alias_host(const struct lf_alias *al, unsigned flags, const struct log_data *d, struct sbuf *out)
{
	(void)al;
	lf_text(out, d->hostname, flags);
}

static void alias_unique_id(const struct lf_alias *al, unsigned flags, const struct log_data *d, struct sbuf *out)
{
	(void)al;
	lf_text(out, d->unique_id, flags);
}

static void alias_cookie(const struct lf_alias *al, unsigned flags, const struct log_data *d, struct sbuf *out)
{
	lf_text(out, al->aux ? d->res_cookie : d->req_cookie, flags);
}

static void alias_tls(const struct lf_alias *al, unsigned flags, const struct log_data *d, struct sbuf *out)
{
	lf_text(out, al->aux == 'v' ? d->tls_version : d->tls_cipher, flags | LF_LOG);
}

static void alias_origin(const struct lf_alias *al, unsigned flags, const struct log_data *d, struct sbuf *out)
{
	(void)al, (void)d;
	lf_text(out, d->logasap ? STR("txn_response") : STR("txn_close"), flags);
}

static void alias_term(const struct lf_alias *al, unsigned flags, const struct log_data *d, struct sbuf *out)
{
	(void)flags;
	for (int i = 0; i < al->aux; i++)
		sbuf_addc(out, d->term[i] ? d->term[i] : '-');
}

static void alias_captures(const struct lf_alias *al, unsigned flags, const struct log_data *d, struct sbuf *out)
{
	const struct str *cap = al->aux ? d->res_caps : d->req_caps;
	unsigned n = al->aux ? d->n_res_caps : d->n_req_caps;

	if (!n)
		return;
	if (flags & LF_QUOTE)
		sbuf_addc(out, '"');
	sbuf_addc(out, '{');
	for (unsigned i = 0; i < n; i++) {
		if (i)
			sbuf_addc(out, '|');
		if (cap)
			lf_encode(out, cap[i], ENC_HDR, '#', flags);
	}
	sbuf_addc(out, '}');
	if (flags & LF_QUOTE)
		sbuf_addc(out, '"');
}

static void alias_capture_list(const struct lf_alias *al, unsigned flags, const struct log_data *d, struct sbuf *out)
{
	const struct str *cap = al->aux ? d->res_caps : d->req_caps;
	unsigned n = al->aux ? d->n_res_caps : d->n_req_caps;

	for (unsigned i = 0; i < n; i++) {
		if (i)
			sbuf_addc(out, ' ');
		if (flags & LF_QUOTE)
			sbuf_addc(out, '"');
		if (cap && cap[i].n)
			lf_encode(out, cap[i], ENC_HDR, '#', flags);
		else if (!(flags & LF_QUOTE))
			sbuf_addc(out, '-');
		if (flags & LF_QUOTE)
			sbuf_addc(out, '"');
	}
}

/* Where the path of a target begins: behind the authority of an absolute one. */
static struct str target_path(struct str uri)
{
	ptrdiff_t i = str_find(uri, STR("://"), false);

	if (i < 0 || (uri.n && uri.p[0] == '/'))
		return uri;
	struct str rest = str_sub(uri, (size_t)i + 3, SIZE_MAX);
	ptrdiff_t slash = str_chr(rest, '/');

	return slash < 0 ? STR("/") : str_sub(rest, (size_t)slash, SIZE_MAX);
}

static struct str until_query(struct str s)
{
	ptrdiff_t q = str_chr(s, '?');

	return q < 0 ? s : str_sub(s, 0, (size_t)q);
}

static struct str request_part(const struct log_data *d, int which)
{
	ptrdiff_t q = str_chr(d->uri, '?');

	switch (which) {
	case 'M': return d->method;
	case 'P': return until_query(d->uri);
	case 'O': return until_query(target_path(d->uri));
	case 'Q': return q < 0 ? STR_NULL : str_sub(d->uri, (size_t)q, SIZE_MAX);
	case 'U': return d->uri;
	default: return d->version;
	}
}

static void put_request_line(struct sbuf *out, const struct log_data *d, unsigned flags)
{
	lf_encode(out, d->method, ENC_URL, '#', flags);
	sbuf_addc(out, ' ');
	lf_encode(out, d->uri, ENC_URL, '#', flags);
	if (d->version.n) {
		sbuf_addc(out, ' ');
		lf_encode(out, d->version, ENC_URL, '#', flags);
	}
}

static void alias_request(const struct lf_alias *al, unsigned flags, const struct log_data *d, struct sbuf *out)
{
	bool bad = !d->method.n;

	if (flags & LF_QUOTE)
		sbuf_addc(out, '"');
	if (bad)
		sbuf_add(out, STR("<BADREQ>"));
	else if (al->aux == 'r')
		put_request_line(out, d, flags);
	else
		lf_encode(out, request_part(d, al->aux), ENC_URL, '#', flags);
	if (flags & LF_QUOTE)
		sbuf_addc(out, '"');
}

static struct timespec request_date(const struct log_data *d)
{
	struct timespec t = d->accept_date;
	uint64_t ns = d->t_req_start > d->t_accept ? d->t_req_start - d->t_accept : 0;

	ns += (uint64_t)t.tv_nsec;
	t.tv_sec += (time_t)(ns / 1000000000u);
	t.tv_nsec = (long)(ns % 1000000000u);
	return t;
}

enum date_kind { DATE_LOCAL, DATE_GMT, DATE_ZONE, DATE_KINDS };

static struct str date_text(enum date_kind kind, time_t sec)
{
	static struct { time_t sec; size_t n; char text[40]; } cache[DATE_KINDS];
	struct tm tm;

	if (cache[kind].sec != sec || !cache[kind].n) {
		bool ok = kind == DATE_GMT ? gmtime_r(&sec, &tm) != NULL : localtime_r(&sec, &tm) != NULL;
		char *text = cache[kind].text;
		size_t room = sizeof(cache[kind].text);

		cache[kind].sec = sec;
		cache[kind].n = !ok ? 0 : kind == DATE_LOCAL ? strftime(text, room, "%d/%b/%Y:%H:%M:%S", &tm) :
			kind == DATE_GMT ? strftime(text, room, "%d/%b/%Y:%H:%M:%S +0000", &tm) :
			strftime(text, room, "%d/%b/%Y:%H:%M:%S %z", &tm);
	}
	return str_n(cache[kind].text, cache[kind].n);
}

static void put_ms(struct sbuf *out, long ns)
{
	unsigned ms = (unsigned)(ns / 1000000);

	sbuf_addc(out, (char)('0' + ms / 100 % 10));
	sbuf_addc(out, (char)('0' + ms / 10 % 10));
	sbuf_addc(out, (char)('0' + ms % 10));
}

static void alias_date(const struct lf_alias *al, unsigned flags, const struct log_data *d, struct sbuf *out)
{
	bool request = al->aux == 'g' || al->aux == 'l', gmt = al->aux == 'g' || al->aux == 'G';
	struct timespec t = request ? request_date(d) : d->accept_date;

	(void)flags;
	sbuf_add(out, date_text(gmt ? DATE_GMT : DATE_ZONE, t.tv_sec));
}

static void alias_date_ms(const struct lf_alias *al, unsigned flags, const struct log_data *d, struct sbuf *out)
{
	struct timespec t = al->aux == 'r' ? request_date(d) : d->accept_date;

	(void)flags;
	sbuf_add(out, date_text(DATE_LOCAL, t.tv_sec));
	sbuf_addc(out, '.');
	put_ms(out, t.tv_nsec);
}

static void alias_stamp(const struct lf_alias *al, unsigned flags, const struct log_data *d, struct sbuf *out)
{
	if (!al->aux)
		put_num(out, (uint64_t)d->accept_date.tv_sec, flags);
	else if (flags & LF_HEX)
		sbuf_printf(out, "%02X", (unsigned)(d->accept_date.tv_nsec / 1000000));
	else
		put_ms(out, d->accept_date.tv_nsec);
}

static const struct lf_alias aliases[] = {
#define LOG_ALIAS(word, fn, aux, help) { word, alias_##fn, aux },
#include <sluice/tbl/log_aliases.def>
#undef LOG_ALIAS
};

const struct lf_alias *alias_find(struct str word)
{
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (str_eq(word, str_c(aliases[i].word)))
			return &aliases[i];
	return NULL;
}

bool alias_optional(const struct lf_alias *al)
{
	return al->fn == alias_captures || al->fn == alias_capture_list;
}

const char *alias_near(struct str word)
{
	const char *best = NULL;
	unsigned best_d = 2;

	for (size_t i = 0; i < ARRAY_LEN(aliases); i++) {
		unsigned dist = str_distance(word, str_c(aliases[i].word));

		if (dist < best_d)
			best_d = dist, best = aliases[i].word;
	}
	return best;
}
