// SPDX-License-Identifier: GPL-3.0-or-later
/* Lookups in the frozen tables, for rules with dynamic names, the runtime CLI and logs. */
#include <arpa/inet.h>
#include <stdio.h>
#include <sluice/base/hash.h>
#include <sluice/rt/rt.h>

static const char *const phase_words[PH_COUNT] = {
	"tcp-request connection", "tcp-request session", "tcp-request content", "http-request", "tcp-response content", "http-response",
	"http-after-response",
};
static const char *const action_words[ACT_COUNT] = {
#define ACTION(id, word, phases, parse, exec, changes, help, example) word,
#include <sluice/tbl/actions.def>
#undef ACTION
};

static const uint64_t action_changes[ACT_COUNT] = {
#define ACTION(id, word, phases, parse, exec, changes, help, example) changes,
#include <sluice/tbl/actions.def>
#undef ACTION
};

uint64_t rule_changes(const struct rule *r)
{
	uint64_t changes = action_changes[r->act];

	if ((r->expr && expr_effect(r->expr)) || (r->fmt && logfmt_effect(r->fmt)) || (r->value && logfmt_effect(r->value)))
		return DEP_ALL;
	if (changes == DEP_HDR && r->name.n && !(r->act == ACT_DEL_HEADER && r->kind != NAME_STR))
		return dep_hdr(r->name);
	return changes == DEP_VAR ? dep_var(r->var) : changes;
}

bool rt_name_matches(enum name_match how, struct str want, const struct regex *re, struct str text, bool icase)
{
	switch (how) {
	case NAME_BEG: return icase ? str_istarts(text, want) : str_starts(text, want);
	case NAME_END: return icase ? str_iends(text, want) : str_ends(text, want);
	case NAME_SUB: return str_find(text, want, icase) >= 0;
	case NAME_REG: return regex_match(re, text);
	default: return icase ? str_ieq(text, want) : str_eq(text, want);
	}
}

const char *rule_phase_word(enum rule_phase ph) { return phase_words[ph]; }

void rule_action_print(const struct rule *r, struct sbuf *out)
{
	struct str word = str_c(action_words[r->act]);
	char last = word.p[word.n - 1];

	if (last == '#' || last == '(')
		word.n--;
	sbuf_add(out, word);
	if (r->act == ACT_TRACK_SC || r->act == ACT_TRACK_SC_N)
		sbuf_printf(out, "%lld", (long long)r->num);
}

static const uint16_t slots[] = {
#define ERROR_PAGE(status, reason, text) status,
#include <sluice/tbl/error_pages.def>
#undef ERROR_PAGE
};
_Static_assert(ARRAY_LEN(slots) <= RT_ERROR_SLOTS, "more error pages than slots");

int error_slot(unsigned status)
{
	for (unsigned i = 0; i < ARRAY_LEN(slots); i++)
		if (slots[i] == status)
			return (int)i;
	return -1;
}

/* The tables live in the arena that they hold. */
void rt_free(struct rt *rt)
{
	struct pat_files files = rt->patterns; /* both are read-only by now */
	struct arena a = rt->arena;

	pat_files_free(&files);
	arena_free(&a);
}

struct str error_text(unsigned status)
{
	switch (status) {
#define ERROR_PAGE(code, reason, text) case code: return STR(text);
#include <sluice/tbl/error_pages.def>
#undef ERROR_PAGE
	default: return STR_NULL;
	}
}

const struct rt_proxy *rt_find_backend(const struct rt *rt, struct str name)
{
	return hmap_get(&rt->px_by_name, name);
}

uint32_t rt_find_server(const struct rt *rt, const struct rt_proxy *px, struct str name)
{
	ptrdiff_t slash = str_chr(name, '/');

	if (slash >= 0) {
		px = rt_find_backend(rt, str_sub(name, 0, (size_t)slash));
		name = str_sub(name, (size_t)slash + 1, name.n);
	}
	for (uint32_t i = 0; px && i < px->be.nsrv; i++)
		if (rt_srv_exists(&px->be.srv[i]) && str_eq(px->be.srv[i].name, name))
			return px->be.srv0 + i;
	return RT_NONE;
}

uint32_t rt_count_servers(const struct rt_backend *be)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < be->nsrv; i++)
		n += rt_srv_exists(&be->srv[i]);
	return n;
}

bool rt_has_servers(const struct rt_backend *be)
{
	for (uint32_t i = 0; i < be->nsrv; i++)
		if (rt_srv_exists(&be->srv[i]))
			return true;
	return false;
}

void rt_srv_clear(struct rt *rt, uint32_t i, uint32_t px)
{
	static const struct rt_srv_opts none = { .inter = 2000, .rise = 2, .fall = 3 };

	rt->srv[i] = (struct rt_server){ .px = px, .flags = SRVF_SPARE, .track = RT_NONE, .o = &none, .own = rt->srv[i].own };
}

void rt_dynamic_cookie(const struct rt_cookie *c, const struct addr *a, char out[DYN_COOKIE_LEN + 1])
{
	char text[DYN_COOKIE_KEY_MAX + sizeof(a->in6) + sizeof(uint32_t)];
	size_t n = MIN(c->key.n, (size_t)DYN_COOKIE_KEY_MAX), len = a->family == AF_INET ? sizeof(a->in4) : sizeof(a->in6);
	uint32_t port = htonl(a->port);

	memcpy(text, c->key.p, n);
	memcpy(text + n, a->family == AF_INET ? (const void *)&a->in4 : (const void *)&a->in6, len);
	memcpy(text + n + len, &port, sizeof(port));
	snprintf(out, DYN_COOKIE_LEN + 1, "%016llx", (unsigned long long)hash_xxh64(str_n(text, n + len + sizeof(port)), 0));
}
