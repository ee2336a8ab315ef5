// SPDX-License-Identifier: GPL-3.0-or-later
/* The PROXY header that begins a connection to a server. Version 2 says beside the addresses what is known of the client's TLS and what the
 * server's line asks for, in HAProxy's order. It is about the client of the exchange that makes the connection, which is why nobody else's
 * goes over it. */
#include <arpa/inet.h>
#include <sluice/tls/info.h>
#include "steps.h"

static struct str ask(struct stream *s, unsigned what, const struct tls_dn *dn)
{
	struct tls_answer a = { 0 };

	return tls_ask(s->sess->conn, what, dn, s->arena, &a) ? a.text : STR_NULL;
}

static int64_t number(struct stream *s, unsigned what)
{
	struct tls_answer a = { 0 };

	return tls_ask(s->sess->conn, what, NULL, s->arena, &a) ? a.num : 0;
}

static void put_known(struct sbuf *out, unsigned type, struct str v)
{
	if (v.n)
		proxy_tlv_put(out, type, v);
}

/* "EC256", "RSA2048": of our own certificate. */
static struct str key_of(struct stream *s)
{
	const X509 *x = SSL_get_certificate(tls_ssl(s->sess->conn));
	EVP_PKEY *key = x ? X509_get0_pubkey(x) : NULL;
	const char *kind = NULL;

	switch (key ? EVP_PKEY_base_id(key) : 0) {
	case EVP_PKEY_RSA: kind = "RSA"; break;
	case EVP_PKEY_EC: kind = "EC"; break;
	case EVP_PKEY_DSA: kind = "DSA"; break;
	}
	return kind ? arena_printf(s->arena, "%s%d", kind, EVP_PKEY_bits(key)) : STR_NULL;
}

static void put_ssl(struct stream *s, unsigned opts, struct sbuf *out)
{
	char text[1024];
	struct sbuf v = SBUF_FIXED(text);
	uint8_t client = 0;
	uint32_t verify = 0;

	if (tls_ssl(s->sess->conn)) {
		client = PP_CLIENT_SSL;
		if (number(s, TLS_ASK_CRT_USED)) {
			client |= (uint8_t)(PP_CLIENT_CERT_SESS | (number(s, TLS_ASK_CRT_SENT) ? PP_CLIENT_CERT_CONN : 0));
			verify = htonl((uint32_t)number(s, TLS_ASK_VERIFY));
		}
	}
	sbuf_addc(&v, (char)client);
	sbuf_add(&v, str_n((const char *)&verify, sizeof(verify)));
	if (client) {
		put_known(&v, PP_SSL_VERSION, ask(s, TLS_ASK_PROTOCOL, NULL));
		if (opts & PPO_CN)
			put_known(&v, PP_SSL_CN, ask(s, TLS_ASK_SUBJECT, &(struct tls_dn){ .attr = STR("CN") }));
		if (opts & PPO_KEY)
			put_known(&v, PP_SSL_KEY_ALG, key_of(s));
		if (opts & PPO_SIG)
			put_known(&v, PP_SSL_SIG_ALG, ask(s, TLS_ASK_SIG_ALG | TLS_ASK_OWN, NULL));
		if (opts & PPO_CIPHER)
			put_known(&v, PP_SSL_CIPHER, ask(s, TLS_ASK_CIPHER, NULL));
	}
	proxy_tlv_put(out, PP_SSL, sbuf_str(&v));
}

/* In the order of the server's line. */
static void put_own(struct stream *s, const struct rt_pp_tlv *t, struct sbuf *out)
{
	char text[1024];
	struct sbuf v = SBUF_FIXED(text);

	if (!t)
		return;
	put_own(s, t->before, out);
	strm_render(s, t->fmt, &v);
	if (!v.cut)
		put_known(out, t->type, sbuf_str(&v));
}

size_t server_proxy_header(struct stream *s, char hdr[PROXY_OUT_MAX])
{
	const struct rt_server *rs = &wk.rt->srv[s->srv_idx];
	char text[PROXY_OUT_MAX - PROXY_V1_MAX];
	struct sbuf tlvs = SBUF_FIXED(text);
	const struct smp_ctx *x;
	unsigned opts;

	if (!(rs->flags & (SRVF_SEND_PROXY | SRVF_SEND_PROXY_V2)))
		return 0;
	x = strm_smp_ctx(s);
	if (!(rs->flags & SRVF_SEND_PROXY_V2))
		return proxy_hdr_write_v1(hdr, x->src, x->dst);
	opts = rs->o->pp_opts;
	if (opts & PPO_CRC32C)
		proxy_tlv_put(&tlvs, PP_CRC32C, str_n("\0\0\0", 4));
	put_known(&tlvs, PP_ALPN, ask(s, TLS_ASK_ALPN, NULL));
	if (opts & PPO_AUTHORITY)
		put_known(&tlvs, PP_AUTHORITY, ask(s, TLS_ASK_SNI, NULL));
	if (opts & PPO_UNIQUE_ID)
		put_known(&tlvs, PP_UNIQUE_ID, strm_unique_id(s));
	if (opts & PPO_SSL)
		put_ssl(s, opts, &tlvs);
	put_own(s, rs->o->pp_tlvs, &tlvs);
	return proxy_hdr_add_tlvs(hdr, proxy_hdr_write_v2(hdr, x->src, x->dst), sbuf_str(&tlvs));
}
