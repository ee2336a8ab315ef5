// SPDX-License-Identifier: GPL-3.0-or-later
/* The request that `explain` is asked about, from the words of a command line. */
#include <stdio.h>
#include <sluice/base/num.h>
#include <sluice/http/msg.h>
#include <sluice/rt/rt.h>
#include <sluice/worker/explain.h>

struct words { const struct str *at; unsigned n, i; char *err; size_t errlen; };

static bool refuse(struct words *w, const char *why, struct str about)
{
	snprintf(w->err, w->errlen, "%s%s" STR_FMT "%s", why, about.n ? " '" : "", STR_ARG(about), about.n ? "'" : "");
	return false;
}

static bool has_ctl(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ')
			return true;
	return false;
}

/* The port behind the last colon of an authority, unless that colon is inside of brackets. */
static bool authority_port(struct words *w, struct explain_request *q)
{
	uint64_t port;
	size_t i = q->host.n;

	while (i > 0 && q->host.p[i - 1] != ':' && q->host.p[i - 1] != ']')
		i--;
	if (i == 0 || q->host.p[i - 1] == ']')
		return true;
	if (!num_u64(str_sub(q->host, i, SIZE_MAX), &port) || port == 0 || port > 65535)
		return refuse(w, "not a port:", str_sub(q->host, i, SIZE_MAX));
	q->port = (uint16_t)port;
	return true;
}

static bool take_url(struct words *w, struct explain_request *q, struct str url)
{
	ptrdiff_t slash;

	if (str_istarts(url, STR("https://")))
		q->tls = true, q->port = 443, url = str_sub(url, 8, SIZE_MAX);
	else if (str_istarts(url, STR("http://")))
		url = str_sub(url, 7, SIZE_MAX);
	else
		return refuse(w, "a URL begins with http:// or https://, not", url);
	slash = str_chr(url, '/');
	q->host = slash < 0 ? url : str_sub(url, 0, (size_t)slash);
	q->target = slash < 0 ? STR("/") : str_sub(url, (size_t)slash, SIZE_MAX);
	if (!q->host.n || has_ctl(url) || str_chr(url, ' ') >= 0)
		return refuse(w, "not a URL:", url);
	return authority_port(w, q);
}

/* "GET http://…" may be one word or two. */
static bool take_request(struct words *w, struct explain_request *q)
{
	struct str first = w->i < w->n ? w->at[w->i++] : STR_NULL, method;

	if (!first.n)
		return refuse(w, "what to explain? 'GET http://host/path' [--src IP] [--header 'N: v'] [--frontend NAME]", STR_NULL);
	method = str_split(&first, ' ');
	if (first.p)
		first = str_trim(first);
	else if (str_find(method, STR("://"), false) >= 0)
		first = method, method = STR("GET");
	else if (w->i < w->n)
		first = w->at[w->i++];
	if (!http_token(method))
		return refuse(w, "not a method:", method);
	q->method = method;
	return take_url(w, q, first);
}

static bool take_src(struct words *w, struct explain_request *q, struct str v)
{
	return addr_parse_ip(&q->src, v) || refuse(w, "not an address:", v);
}

static bool take_header(struct words *w, struct explain_request *q, struct str v)
{
	if (str_chr(v, ':') <= 0 || has_ctl(v))
		return refuse(w, "a header is written 'Name: value', not", v);
	if (q->nhdr == EXPLAIN_MAX_HDRS)
		return refuse(w, "too many headers", STR_NULL);
	q->hdr[q->nhdr++] = v;
	return true;
}

static bool take_proto(struct words *w, struct explain_request *q, struct str v)
{
	q->proto = str_eq(v, STR("h2")) ? PROTO_H2 : str_eq(v, STR("h1")) ? PROTO_H1 : PROTO_AUTO;
	return q->proto != PROTO_AUTO || refuse(w, "a protocol is h1 or h2, not", v);
}

/* Switches that are kept as they are; those of TLS want a URL with https. */
static struct str *plain_switch(struct explain_request *q, struct str name, bool *tls)
{
	const struct { const char *word; struct str *at; bool tls; } rows[] = {
		{ "--frontend", &q->frontend, false }, { "--sni", &q->sni, true },	       { "--alpn", &q->alpn, true },
		{ "--tls", &q->version, true },	       { "--cipher", &q->cipher, true },       { "--client-dn", &q->client_dn, true },
		{ "--issuer-dn", &q->issuer_dn, true },	       { "--upgrade", &q->upgrade, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (!str_eq(name, str_c(rows[i].word)))
			continue;
		*tls = rows[i].tls;
		return rows[i].at;
	}
	return NULL;
}

static bool take_switch(struct words *w, struct explain_request *q)
{
	struct str name = w->at[w->i++], v;
	bool tls = false;

	if (w->i == w->n)
		return refuse(w, "a value is missing behind", name);
	v = w->at[w->i++];
	if (str_eq(name, STR("--src")))
		return take_src(w, q, v);
	if (str_eq(name, STR("--header")))
		return take_header(w, q, v);
	if (str_eq(name, STR("--proto")))
		return take_proto(w, q, v);
	if (str_eq(name, STR("--seed")))
		return (num_u64(v, &q->seed) && q->seed) || refuse(w, "not a number above 0:", v);
	struct str *at = plain_switch(q, name, &tls);

	if (!at)
		return refuse(w, "unknown switch", name);
	if (tls && !q->tls)
		return refuse(w, "only a request for https:// has", name);
	*at = v;
	return true;
}

/* Clients send the name that they were given, not an address (RFC 6066 section 3). */
static void default_sni(struct explain_request *q)
{
	struct addr a;
	ptrdiff_t colon = str_chr(q->host, ':');
	struct str name = str_sub(q->host, 0, colon < 0 ? SIZE_MAX : (size_t)colon);

	if (q->tls && !q->sni.p && q->host.p[0] != '[' && !addr_parse_ip(&a, name))
		q->sni = name;
}

bool explain_parse(struct explain_request *q, const struct str *words, unsigned n, char *err, size_t errlen)
{
	struct words w = { words, n, 0, err, errlen };

	*q = (struct explain_request){ .port = 80 };
	q->src = (struct addr){ .family = AF_INET, .in4.s_addr = htonl(INADDR_LOOPBACK) };
	if (!take_request(&w, q))
		return false;
	while (w.i < w.n)
		if (!take_switch(&w, q))
			return false;
	default_sni(q);
	return true;
}
