// SPDX-License-Identifier: GPL-3.0-or-later
/* What expressions may ask about the running state: the only link from samples to the worker. idx is a proxy or
 * server index, -1 = the stream's own. */
#include <unistd.h>
#include <sluice/stats/env_num.h>
#include "steps.h"
#include "track.h"

static const struct stream *env_stream(const struct smp_ctx *c) { return c->owner; }

static uint32_t env_be(const struct stream *s, int idx)
{
	return idx >= 0 ? (uint32_t)idx : s->be ? s->be_idx : px_index(s->fe);
}

static uint32_t env_fe(const struct stream *s, int idx) { return idx >= 0 ? (uint32_t)idx : px_index(s->fe); }

static bool of_frontend(enum smp_env_num what)
{
	return what == ENV_FE_CONN || what == ENV_FE_SESS_RATE || what == ENV_FE_REQ_RATE || what == ENV_FE_ID;
}

static bool env_num(const struct smp_ctx *c, enum smp_env_num what, int idx, int64_t *out)
{
	struct stream *s = (struct stream *)(uintptr_t)c->owner;

	switch (what) {
	case ENV_DST_CONN: *out = live_sum(wk.seg, LIVE_FE, px_index(s->fe)); return true;
	case ENV_STOPPING: *out = wk.draining; return true;
	case ENV_NBPROC: *out = wk.h->nworkers; return true;
	case ENV_PID: *out = getpid(); return true;
	case ENV_PROC: *out = wk.slot + 1; return true;
	default: break;
	}
	return stats_env_num(wk.rt, wk.seg, what, of_frontend(what) ? env_fe(s, idx) : env_be(s, idx), idx >= 0 ? (uint32_t)idx : s->srv_idx, out) ||
	       env_strm_num(s, what, out);
}

static bool capture_slot(const struct str *caps, int idx, uint32_t n, struct str *out)
{
	if (!caps || idx < 0 || (uint32_t)idx >= n || !caps[idx].p)
		return false;
	*out = caps[idx];
	return true;
}

static bool given(struct str v, struct str *out)
{
	*out = v;
	return v.n > 0;
}

static bool env_text(const struct smp_ctx *c, enum smp_env_str what, int idx, struct str *out)
{
	const struct stream *s = env_stream(c);

	switch (what) {
	case ENV_FE_NAME: return given(s->fe->name, out);
	case ENV_BE_NAME: return given(wk.rt->px[env_be(s, idx)].name, out);
	case ENV_SRV_NAME: return s->srv_idx != RT_NONE && given(wk.rt->srv[s->srv_idx].name, out);
	case ENV_FC_PP_TLV:
		return s->sess->tlvs && idx >= 0 && proxy_tlv_find(str_n(s->sess->tlvs->b, s->sess->tlvs->n), (unsigned)idx, out);
	case ENV_UNIQUE_ID: return given(s->unique_id, out);
	case ENV_HOSTNAME: return given(wk.rt->g.node, out);
	case ENV_CAPTURE_REQ_HDR: return capture_slot(s->req_caps, idx, s->fe->nreq_cap, out);
	case ENV_CAPTURE_RES_HDR: return capture_slot(s->res_caps, idx, s->fe->nres_cap, out);
	case ENV_CAPTURE_REQ_URI: return given(s->log_uri, out);
	case ENV_CAPTURE_REQ_METHOD: return given(s->log_method, out);
	case ENV_CAPTURE_REQ_VER: return given(s->log_version, out);
	case ENV_CAPTURE_RES_VER: return s->res.status && given(s->res.ver == 10 ? STR("HTTP/1.0") : STR("HTTP/1.1"), out);
	case ENV_LAST_RULE_FILE: return s->last_rule && given(str_c(s->last_rule->loc.file), out);
	case ENV_SO_NAME: return given(s->sess->lst->opts->name, out);
	case ENV_FE_DEFBE: return s->fe->default_be != RT_NONE && given(wk.rt->px[s->fe->default_be].name, out);
	case ENV_TERM_STATE: return given(str_n(s->term, s->flags & SF_HTTP ? 4 : 2), out);
	}
	return false;
}

static int env_find(const struct smp_ctx *c, enum ref_kind kind, struct str name)
{
	const struct stream *s = env_stream(c);
	const struct rt_proxy *be;
	uint32_t srv;

	if (kind == REF_BACKEND) {
		be = rt_find_backend(wk.rt, name);
		return be ? (int)px_index(be) : -1;
	}
	srv = kind == REF_SERVER ? rt_find_server(wk.rt, s->be ? s->be : s->fe, name) : RT_NONE;
	return srv == RT_NONE ? -1 : (int)srv;
}

const struct smp_env strm_env = { .num = env_num, .text = env_text, .addr = env_addr, .find = env_find, .capture = env_capture,
				.stick = track_ask, .auth = auth_check, .group = auth_group };
