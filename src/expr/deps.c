// SPDX-License-Identifier: GPL-3.0-or-later
/* What an expression depends on. The function that fetches decides; one that is not named here depends on everything, so a new row of
 * the table is right before it is fast. */
#include <sluice/base/hash.h>
#include <sluice/expr/deps.h>

#include "rows_priv.h"

#define DEP_NAMED (1ull << 15) /* of a row below: the header whose name is the first argument, all when there is none */

static const struct { fetch_fn *fn; uint64_t deps; } known[] = {
	{ fetch_bool_const, DEP_NONE }, { fetch_bool_arg, DEP_NONE },	  { fetch_int_const, DEP_NONE }, { fetch_int_arg, DEP_NONE },
	{ fetch_str_arg, DEP_NONE },	{ fetch_bin_arg, DEP_NONE },	  { fetch_ip_arg, DEP_NONE },	 { fetch_meth_arg, DEP_NONE },
	{ fetch_env_text, DEP_NONE },	{ fetch_pp_tlv, DEP_NONE },	{ fetch_env_num, DEP_NONE },	  { fetch_env_flag, DEP_NONE },	 { fetch_conn_addr, DEP_NONE },
	{ fetch_conn_port, DEP_NONE },	{ fetch_conn_is_local, DEP_NONE }, { fetch_tls_fc, DEP_NONE },	 { fetch_tls_bc, DEP_NONE },
	{ fetch_tls_print, DEP_NONE },	{ fetch_tls_err, DEP_NONE },	  { fetch_tls_dn_fc, DEP_NONE }, { fetch_tls_dn_bc, DEP_NONE },
	{ fetch_ver, DEP_NONE },	{ fetch_var, DEP_NONE /* its argument says which */ },
	{ fetch_src, DEP_SRC },		{ fetch_src_port, DEP_SRC },	  { fetch_src_is_local, DEP_SRC },
	{ fetch_dst, DEP_DST },		{ fetch_dst_port, DEP_DST },	  { fetch_dst_is_local, DEP_DST },
	{ fetch_method, DEP_METHOD },	{ fetch_status, DEP_STATUS },	  { fetch_url, DEP_URI },	 { fetch_path, DEP_URI },
	{ fetch_pathq, DEP_URI },	{ fetch_query, DEP_URI },	  { fetch_url_param, DEP_URI },	 { fetch_url_param_val, DEP_URI },
	{ fetch_hdr, DEP_NAMED },	{ fetch_fhdr, DEP_NAMED },	  { fetch_hdr_cnt, DEP_NAMED },	 { fetch_fhdr_cnt, DEP_NAMED },
	{ fetch_hdr_ip, DEP_NAMED },	{ fetch_hdr_val, DEP_NAMED },	  { fetch_hdr_names, DEP_HDR },	 { fetch_hdrs, DEP_HDR },
	{ fetch_hdrs_bin, DEP_HDR },	{ fetch_cook, DEP_HDR },	  { fetch_cook_cnt, DEP_HDR },	 { fetch_cook_val, DEP_HDR },
	{ fetch_base, DEP_URI | DEP_HDR },	{ fetch_base32, DEP_URI | DEP_HDR },
	{ fetch_baseq, DEP_URI | DEP_HDR },	{ fetch_url32, DEP_URI | DEP_HDR },
};

uint64_t dep_hdr(struct str name)
{
	uint32_t h = 5381;

	for (size_t i = 0; i < name.n; i++)
		h = h * 33 + (unsigned char)ascii_lower(name.p[i]);
	return 1ull << (DEP_HDR_AT + hash_avalanche(h) % DEP_HDR_N);
}

uint64_t dep_var(struct var_ref ref)
{
	return 1ull << (DEP_VAR_AT + (ref.slot * (unsigned)VAR_SCOPES + ref.scope) % DEP_VAR_N);
}

static uint64_t call_vars(const struct call *k)
{
	uint64_t deps = DEP_NONE;

	for (unsigned i = 0; i < k->narg; i++)
		if (k->arg[i].is_var)
			deps |= dep_var(k->arg[i].var);
	return deps;
}

static uint64_t fetch_deps(const struct call *k)
{
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (known[i].fn != k->fetch->fn)
			continue;
		if (known[i].deps != DEP_NAMED)
			return known[i].deps | call_vars(k);
		return k->narg && k->arg[0].set && k->arg[0].s.n ? dep_hdr(k->arg[0].s) : DEP_HDR;
	}
	return DEP_ALL;
}

uint64_t expr_deps(const struct expr *e)
{
	uint64_t deps = fetch_deps(&e->fetch);

	for (unsigned i = 0; i < e->nconv; i++)
		deps |= call_vars(&e->conv[i]) | (e->conv[i].conv->fn == conv_map ? DEP_PAT : DEP_NONE);
	return deps;
}

uint64_t acl_deps(const struct acl *a)
{
	uint64_t deps = DEP_NONE;

	for (uint32_t i = 0; i < a->ntest; i++)
		deps |= expr_deps(a->test[i]->expr) | (a->test[i]->nfile ? DEP_PAT : DEP_NONE);
	return deps;
}

uint64_t cond_deps(const struct cond *c)
{
	uint64_t deps = DEP_NONE;

	for (uint32_t i = 0; c && i < c->nconj; i++)
		for (uint32_t j = 0; j < c->conj[i].nterm; j++)
			deps |= acl_deps(c->conj[i].term[j].acl);
	return deps;
}
