// SPDX-License-Identifier: GPL-3.0-or-later
/* Fetches of the start lines and of the target of a request: method, path, query and its parameters, status.
 * Headers and cookies are in fetch_hdr.c. A fetch is only called when its message is there. */
#include <sluice/base/hash.h>
#include <sluice/base/num.h>
#include "rows_priv.h"

bool fetch_method(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)k, (void)it;
	out->type = SMP_METH;
	out->meth = c->req->method;
	out->s = c->req->method_s;
	return true;
}

bool fetch_status(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)k, (void)it;
	return smp_set_int(out, c->res->status);
}

/* Behind the trailers a head may carry it, when there is nothing else to send; the head of an HTTP/1 response does not
 * outlive it. */
bool fetch_grpc_status(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	const struct http_msg *m = c->res;
	uint64_t v;

	(void)k, (void)it;
	for (unsigned i = m->ver == 20 ? 0 : m->nhdr; i < m->nhdr + m->ntrl; i++)
		if (str_ieq(hdr_name(&m->hdr[i]), STR("grpc-status")))
			return num_u64(hdr_val(&m->hdr[i]), &v) && smp_set_int(out, (int64_t)v);
	return false;
}

bool fetch_ver(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	const struct http_msg *m = k->aux ? c->res : c->req;

	(void)it;
	switch (m->ver) {
	case 10: return smp_set_str(out, STR("1.0"));
	case 11: return smp_set_str(out, STR("1.1"));
	case 20: return smp_set_str(out, STR("2.0"));
	case 30: return smp_set_str(out, STR("3.0"));
	default: return false;
	}
}

/* "*" and authority-form have no path. */
static bool has_path(const struct http_msg *m)
{
	return m->target.n && m->target.p[0] == '/';
}

bool fetch_url(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	const struct http_msg *m = c->req;

	(void)k, (void)it;
	if (!(m->flags & MSG_ABS_FORM))
		return smp_set_str(out, m->target);
	return smp_set_str(out, msg_absolute_url(m, c->tmp));
}

bool fetch_path(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)k, (void)it;
	return has_path(c->req) && smp_set_str(out, uri_path(c->req->target));
}

bool fetch_pathq(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)k, (void)it;
	return has_path(c->req) && smp_set_str(out, c->req->target);
}

bool fetch_query(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)k, (void)it;
	return smp_set_str(out, uri_has_query(c->req->target) ? uri_query(c->req->target) : STR(""));
}

static struct str request_host(const struct http_msg *m)
{
	int i = msg_find_id(m, HH_HOST, 0);

	return i >= 0 ? hdr_val(&m->hdr[i]) : m->authority;
}

static struct str join_host(struct smp_ctx *c, struct str tail)
{
	struct str host = request_host(c->req);

	if (!host.n)
		return tail;
	if (!tail.n)
		return host;
	char *p = arena_bytes(c->tmp, host.n + tail.n);

	memcpy(p, host.p, host.n);
	memcpy(p + host.n, tail.p, tail.n);
	return str_n(p, host.n + tail.n);
}

bool fetch_base(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)k, (void)it;
	return smp_set_str(out, join_host(c, has_path(c->req) ? uri_path(c->req->target) : STR_NULL));
}

bool fetch_baseq(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)k, (void)it;
	return smp_set_str(out, join_host(c, has_path(c->req) ? c->req->target : STR_NULL));
}

bool fetch_base32(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)k, (void)it;
	struct str base = join_host(c, has_path(c->req) ? uri_path(c->req->target) : STR_NULL);

	return smp_set_int(out, hash_avalanche(hash_sdbm(base)));
}

bool fetch_url32(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)k, (void)it;
	struct str url = join_host(c, has_path(c->req) ? c->req->target : STR_NULL);

	return smp_set_int(out, hash_avalanche(hash_sdbm(url)));
}

/* Four bytes of a hash, then the client's address: a key for tables. aux: 0 base32, 1 url32. */
bool fetch_hash_src(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	size_t n = c->src && c->src->family == AF_INET ? 4 : c->src && c->src->family == AF_INET6 ? 16 : 0;
	char *p = arena_bytes(c->tmp, 4 + n);

	if (!(k->aux ? fetch_url32 : fetch_base32)(c, k, it, out))
		return false;
	for (int i = 0; i < 4; i++)
		p[i] = (char)(out->i >> (24 - 8 * i));
	if (n)
		memcpy(p + 4, &c->src->in6, n);
	out->type = SMP_BIN;
	out->s = str_n(p, 4 + n);
	return true;
}

/* Splits "host", "host:port", "[v6]:port". port is empty when there is none. */
static void split_authority(struct str a, struct str *host, struct str *port)
{
	size_t i = a.n;

	while (i && a.p[i - 1] >= '0' && a.p[i - 1] <= '9')
		i--;
	if (i && a.p[i - 1] == ':' && (str_chr(a, ':') == (ptrdiff_t)i - 1 || (i > 1 && a.p[i - 2] == ']'))) {
		*host = str_sub(a, 0, i - 1);
		*port = str_sub(a, i, SIZE_MAX);
		return;
	}
	*host = a;
	*port = STR_NULL;
}

bool fetch_url_ip(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	struct str host, port;

	(void)k, (void)it;
	if (!(c->req->flags & MSG_ABS_FORM) && c->req->method != HTTP_CONNECT)
		return false;
	split_authority(c->req->authority, &host, &port);
	out->type = SMP_IP;
	return addr_parse_ip(&out->ip, host);
}

bool fetch_url_port(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	struct str host, port = STR_NULL;

	(void)k, (void)it;
	if (c->req->flags & MSG_ABS_FORM || c->req->method == HTTP_CONNECT) {
		split_authority(c->req->authority, &host, &port);
		if (!port.n)
			return smp_set_int(out, str_ieq(c->req->scheme, STR("https")) ? 443 : 80);
	}
	return smp_set_int(out, smp_str_to_int(port));
}

/* The next `name=value` of *rest with that name (any when empty). */
static bool param_next(struct str *rest, struct str name, char delim, bool icase, struct str *val)
{
	while (rest->p) {
		size_t n = 0;

		while (n < rest->n && rest->p[n] != '&' && rest->p[n] != ';' && rest->p[n] != delim)
			n++;
		struct str item = str_sub(*rest, 0, n);

		*rest = n < rest->n ? str_sub(*rest, n + 1, SIZE_MAX) : STR_NULL;
		ptrdiff_t eq = str_chr(item, '=');
		struct str key = str_sub(item, 0, eq < 0 ? item.n : (size_t)eq);

		if (eq < 0 || (name.n && !(icase ? str_ieq(key, name) : str_eq(key, name))))
			continue;
		*val = str_sub(item, (size_t)eq + 1, SIZE_MAX);
		return true;
	}
	return false;
}

static struct str params_start(const struct http_msg *m, char delim)
{
	ptrdiff_t i = str_chr(m->target, delim);

	return i < 0 ? STR_NULL : str_sub(m->target, (size_t)i + 1, SIZE_MAX);
}

static bool next_param(struct str start, const struct call *k, char delim, bool icase, struct smp_iter *it,
		       struct smp *out)
{
	struct str val;

	if (it->pos++ == 0)
		it->rest = start;
	if (!param_next(&it->rest, k->arg[0].set ? k->arg[0].s : STR_NULL, delim, icase, &val))
		return false;
	it->more = it->all && it->rest.p;
	return smp_set_str(out, val);
}

bool fetch_url_param(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	char delim = k->arg[1].set && k->arg[1].s.n ? k->arg[1].s.p[0] : '?';
	bool icase = k->arg[2].set && str_chr(k->arg[2].s, 'i') >= 0;

	return next_param(params_start(c->req, delim), k, delim, icase, it, out);
}

bool fetch_url_param_val(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	if (!fetch_url_param(c, k, it, out))
		return false;
	struct str s = out->s;

	return smp_set_int(out, smp_str_to_int(s));
}

/* aux: 0 request, 1 response. */
static struct str body_of(const struct smp_ctx *c, const struct call *k)
{
	return k->aux ? c->res_body : c->body;
}

bool fetch_body_size(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	const struct http_msg *m = k->aux ? c->res : c->req;

	(void)it;
	return smp_set_int(out, m->flags & MSG_CLEN ? (int64_t)m->body_len : (int64_t)body_of(c, k).n);
}

bool fetch_body(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)it;
	out->type = SMP_BIN;
	out->s = body_of(c, k);
	return out->s.p != NULL;
}

bool fetch_body_len(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	(void)it;
	return smp_set_int(out, (int64_t)body_of(c, k).n);
}

bool fetch_body_param(struct smp_ctx *c, const struct call *k, struct smp_iter *it, struct smp *out)
{
	return next_param(c->body, k, '&', k->arg[1].set && str_chr(k->arg[1].s, 'i') >= 0, it, out);
}
