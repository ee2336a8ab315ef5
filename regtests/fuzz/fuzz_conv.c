// SPDX-License-Identifier: GPL-3.0-or-later
/* Converters and fetches that parse what clients send: JSON, tokens, Forwarded, languages, encodings, credentials, raw bytes, targets. The
 * expressions are compiled once, the input is their sample. */
#include "../unit/expr/canned.h"

#include <sluice/http/uri_norm.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const texts[] = {
	"req.body,json_query($.a.b[1].c)", "req.body,json_query($.n,int)", "req.body,json(utf8)", "req.body,json(utf8ps)",
	"req.body,jwt_verify(HS256,k)", "req.body,jwt_header_query($.alg)", "req.body,jwt_payload_query", "req.body,rfc7239_is_valid",
	"req.body,rfc7239_field(for),rfc7239_n2nn", "req.body,rfc7239_field(by),rfc7239_n2np", "req.body,language(en;fr-CA;de,x)",
	"req.body,param(a)", "req.body,url_dec(1)", "req.body,url_enc", "req.body,b64dec", "req.body,ub64dec", "req.body,be2dec(:,3)",
	"req.body,be2hex(-,3,1)", "req.body,hex2i", "req.body,field(2,.)", "req.body,word(-2,.)", "req.body,host_only", "req.body,port_only",
	"req.body,map_regm(m_regm)", "req.body,map_ip(m_ip)", "req.body_len,map_int(m_int)", "req.body,regsub(a+,<\\1>,g)", "req.body_param(q)",
	"req.payload_lv(0,2)", "req.rdp_cookie(mstshash)", "req.proto_http", "http_auth_user", "http_auth_bearer", "req.cook(k)",
	"req.hdr_ip(x-ip,-1)", "url_param(x)", "req.hdrs_bin",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct canned t;
	static struct expr *e[ARRAY_LEN(texts)];
	struct str in = { (const char *)data, size }, out;
	struct xerr err;

	if (!t.env.arena) {
		canned_init(&t);
		for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
			e[i] = expr_compile(&t.env, str_c(texts[i]), &err);
			ASSERT(e[i]);
		}
	}
	t.ctx.body = t.ctx.l6_req = in;
	t.req.target = in;
	for (int i = 0; i < t.req.nhdr; i++)
		t.req.hdr[i].val = in.p, t.req.hdr[i].vlen = (uint32_t)in.n;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		(void)expr_eval_str(e[i], &t.ctx, &out);
	for (unsigned how = 0; how < NORM_COUNT; how++)
		(void)!uri_normalize(&t.tmp, (enum uri_norm)how, size & 1, in, &out);
	arena_reset(&t.tmp);
	return 0;
}
