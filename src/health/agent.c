// SPDX-License-Identifier: GPL-3.0-or-later
/* The text an agent answers with, as data. What to do with it is the checker's affair. */
#include <sluice/base/num.h>
#include <sluice/health/health.h>

static bool is_sep(char c)
{
	return c == ' ' || c == '\t' || c == ',';
}

static struct str first_line(struct str t)
{
	for (size_t i = 0; i < t.n; i++)
		if (t.p[i] == '\n' || t.p[i] == '\r' || t.p[i] == '\0')
			return str_n(t.p, i);
	return t;
}

static struct str next_word(struct str *rest)
{
	size_t from = 0, to;

	while (from < rest->n && is_sep(rest->p[from]))
		from++;
	for (to = from; to < rest->n && !is_sep(rest->p[to]) && rest->p[to] != '#';)
		to++;
	struct str w = str_sub(*rest, from, to - from);

	*rest = str_sub(*rest, to, rest->n - to);
	return w;
}

static bool take_number(struct str w, struct agent_reply *r)
{
	uint64_t v;

	if (str_istarts(w, STR("maxconn:"))) {
		if (!num_u64(str_sub(w, 8, w.n - 8), &v) || v > UINT32_MAX)
			return false;
		r->maxconn = (int64_t)v;
		return true;
	}
	if (w.n < 2 || w.p[w.n - 1] != '%' || !num_u64(str_sub(w, 0, w.n - 1), &v) || v > 25600)
		return false;
	r->weight_pct = (int32_t)v;
	return true;
}

static bool take_word(struct str w, struct agent_reply *r)
{
	static const struct { struct str word; uint8_t oper, admin; } words[] = {
		{ { "up", 2 }, AGENT_UP, 0 }, { { "down", 4 }, AGENT_DOWN, 0 }, { { "stopped", 7 }, AGENT_STOPPED, 0 },
		{ { "fail", 4 }, AGENT_FAIL, 0 }, { { "failed", 6 }, AGENT_FAIL, 0 },
		{ { "ready", 5 }, 0, AGENT_READY }, { { "drain", 5 }, 0, AGENT_DRAIN },
		{ { "maint", 5 }, 0, AGENT_MAINT },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!str_ieq(w, words[i].word))
			continue;
		r->oper = words[i].oper ? words[i].oper : r->oper;
		r->admin = words[i].admin ? words[i].admin : r->admin;
		return true;
	}
	return take_number(w, r);
}

const char *agent_oper_word(enum agent_oper o)
{
	static const char *const words[] = { [AGENT_UP] = "up", [AGENT_DOWN] = "down", [AGENT_STOPPED] = "stopped", [AGENT_FAIL] = "fail" };

	return o > AGENT_OPER_NONE && o < ARRAY_LEN(words) ? words[o] : "";
}

bool health_agent_parse(struct str text, struct agent_reply *r)
{
	struct str rest = first_line(text), w;

	*r = (struct agent_reply){ .weight_pct = -1, .maxconn = -1 };
	while ((w = next_word(&rest)).n)
		if (!take_word(w, r) && !r->error.n)
			r->error = w;
	if (rest.n && rest.p[0] == '#')
		r->reason = str_trim(str_sub(rest, 1, rest.n - 1));
	return !r->error.n;
}

uint64_t health_agent_admin(const struct agent_reply *r, const struct rt_server *s, uint64_t admin)
{
	unsigned bits = srv_admin_bits(admin), weight = srv_admin_weight(admin);
	uint32_t maxconn = srv_admin_maxconn(admin);

	if (r->admin == AGENT_MAINT)
		bits = (bits & ~(unsigned)ADM_FORCED_DRAIN) | ADM_FORCED_MAINT;
	else if (r->admin)
		bits &= ~(unsigned)(ADM_FORCED_MAINT | ADM_CONFIG_MAINT | ADM_FORCED_DRAIN);
	if (r->admin == AGENT_DRAIN)
		bits |= ADM_FORCED_DRAIN;
	if (r->weight_pct >= 0)
		weight = MIN(s->weight * (unsigned)r->weight_pct / 100, 256u);
	if (r->maxconn >= 0)
		maxconn = (uint32_t)MIN(r->maxconn, (int64_t)UINT32_MAX);
	return srv_admin_pack(bits, weight, maxconn) | (uint64_t)srv_admin_flags(admin) << 24;
}
