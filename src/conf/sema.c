// SPDX-License-Identifier: GPL-3.0-or-later
/* Driver of the semantic pass: walks the sections twice and hands each line to the handler of its directive. First
 * pass: all sections, names, addresses, settings. Second pass: rules and expressions, when every name is known. A proxy
 * replays the late lines of its defaults before its own; those have been judged where they stand, so the replay is
 * silent. */
#include <unistd.h>
#include <sluice/base/hash.h>
#include <sluice/base/num.h>

#include "tls_priv.h"

static const char *const section_words[] = { "global", "defaults", "frontend", "backend", "listen" };

/* Sections with words of their own. */
static const struct { const char *word; void (*run)(struct sema *s, const struct section *sec); } other_sections[] = {
	{ "userlist", sect_userlist },
	{ "http-errors", sect_http_errors },
	{ "resolvers", NULL }, /* before all others: servers name them */
};

static int other_section(const struct word *w)
{
	for (unsigned i = 0; i < ARRAY_LEN(other_sections); i++)
		if (word_is(w, other_sections[i].word))
			return (int)i;
	return -1;
}

static void run_line(struct sema *s, const struct directive *d, const struct line *l)
{
	s->no = l->prefix == LINE_NO;
	s->dflt_prefix = l->prefix == LINE_DEFAULT;
	d->run(s, l);
}

/* ---- first pass ------------------------------------------------------------------------------------------------- */

static unsigned sect_of(const struct word *w)
{
	for (unsigned i = 0; i < ARRAY_LEN(section_words); i++)
		if (word_is(w, section_words[i]))
			return 1u << i;
	return 0;
}

static bool sect_open(struct sema *s, const struct section *sec)
{
	const struct line *h = &sec->head;
	unsigned sect = sect_of(&h->w[0]);

	s->px = NULL;
	if (word_is(&h->w[0], "peers")) {
		peers_section(s, sec);
		return false;
	}
	s->sect = (uint8_t)sect;
	if (other_section(&h->w[0]) >= 0) {
		if (other_sections[other_section(&h->w[0])].run)
			other_sections[other_section(&h->w[0])].run(s, sec);
		return false;
	}
	if (word_is(&h->w[0], "crt-store")) {
		crt_store_section(s, sec);
		return false;
	}
	if (!sect) {
		if (!sema_ha_word(s, HAW_SECTION, &h->w[0]))
			sema_err_hint(s, &h->w[0], diag_nearest(h->w[0].s, section_words, ARRAY_LEN(section_words)),
				      "unknown section '" STR_FMT "'", STR_ARG(h->w[0].s));
		return false;
	}
	s->sect_word = section_words[__builtin_ctz(sect)];
	if (sect == SECT_GLOBAL) {
		if (h->n > 1)
			sema_err(s, &h->w[1], "'global' takes no argument");
		return true;
	}
	s->px = px_open(s, sec);
	return s->px != NULL;
}

static void pass_resolvers(struct sema *s)
{
	for (size_t i = 0; i < s->src->sections.n; i++)
		if (word_is(&s->src->sections.at[i].head.w[0], "resolvers"))
			sect_resolvers(s, &s->src->sections.at[i]);
}

static void pass_early(struct sema *s)
{
	for (size_t i = 0; i < s->src->sections.n; i++) {
		const struct section *sec = &s->src->sections.at[i];
		if (!sect_open(s, sec))
			continue;
		for (size_t k = 0; k < sec->lines.n; k++) {
			const struct directive *d = words_find(s, &sec->lines.at[k]);
			if (d && !(d->flags & DF_LATE))
				run_line(s, d, &sec->lines.at[k]);
			else if (d)
				s->px->has_late = true;
		}
		if (s->px && s->px->sect & (SECT_BACKEND | SECT_LISTEN)) {
			srv_added(s, s->px);
			srv_reserve(s, s->px);
		}
	}
}

/* ---- second pass ------------------------------------------------------------------------------------------------ */

static void run_late(struct sema *s, const struct section *sec)
{
	for (size_t k = 0; k < sec->lines.n; k++) {
		const struct line *l = &sec->lines.at[k];
		const struct directive *d = hmap_get(&s->directives, l->w[0].s);
		if (d && (d->flags & DF_LATE) && words_allowed(s, d, l))
			run_line(s, d, l);
	}
}

static bool needs_replay(const struct px_build *base)
{
	for (; base; base = base->base)
		if (base->has_late)
			return true;
	return false;
}

/* The oldest ancestor first. */
static void replay_base(struct sema *s, const struct px_build *base)
{
	if (!base)
		return;
	replay_base(s, base->base);
	if (base->has_late)
		run_late(s, base->sec);
}

static void late_of(struct sema *s, struct px_build *b)
{
	s->px = b;
	s->sect = b->sect;
	s->sect_word = section_words[__builtin_ctz(b->sect)];
	if (needs_replay(b->base)) {
		s->mute = true;
		replay_base(s, b->base);
		s->mute = false;
	}
	if (b->has_late)
		run_late(s, b->sec);
}

static void pass_late(struct sema *s)
{
	for (size_t i = 0; i < s->defaults.n; i++)
		late_of(s, s->defaults.at[i]);
	for (size_t i = 0; i < s->pxs.n; i++) {
		late_of(s, s->pxs.at[i]);
		px_finish(s, s->pxs.at[i]);
	}
}

/* ---- whole ------------------------------------------------------------------------------------------------------ */

static uint32_t servers_of(const struct line *l)
{
	uint32_t first;

	if (word_is(&l->w[0], "server-template"))
		return l->n > 2 ? srv_template_count(l->w[2].s, &first) : 0;
	return word_is(&l->w[0], "server");
}

static uint32_t servers_in(const struct section *sec)
{
	uint32_t n = 0;

	for (size_t k = 0; k < sec->lines.n; k++)
		n += servers_of(&sec->lines.at[k]);
	return n;
}

/* How many spare rows there will be must be known before the first server; what is wrong with the word is said in its turn. */
static void peek_spare(struct sema *s, const struct section *sec)
{
	uint64_t n;

	for (size_t k = 0; k < sec->lines.n; k++) {
		const struct line *l = &sec->lines.at[k];
		if (l->n > 1 && word_is(&l->w[0], "tune.spare-servers") && num_u64(l->w[1].s, &n))
			s->rt->g.spare_servers = (uint32_t)MIN(n, (uint64_t)SPARE_MAX);
	}
}

/* Proxies and servers are counted first: their arrays never move, so that pointers to them stay good. */
static void count_objects(struct sema *s)
{
	struct rt *rt = s->rt;
	uint32_t npx = 0;

	for (size_t i = 0; i < s->src->sections.n; i++) {
		const struct section *sec = &s->src->sections.at[i];
		unsigned sect = sect_of(&sec->head.w[0]);
		npx += sect >= SECT_FRONTEND;
		s->nbackends += !!(sect & (SECT_BACKEND | SECT_LISTEN));
		if (sect == SECT_GLOBAL)
			peek_spare(s, sec);
	}
	for (size_t i = 0; i < s->src->sections.n; i++) {
		const struct section *sec = &s->src->sections.at[i];
		uint32_t n = servers_in(sec);
		if (sect_of(&sec->head.w[0]) & (SECT_BACKEND | SECT_LISTEN))
			s->nsrv_cap += n + srv_spare(s, n);
	}
	if (s->o->changes)
		srv_changes_begin(s);
	rt->px = ARENA_NEWN(s->a, struct rt_proxy, npx + 1);
	rt->srv = ARENA_NEWN(s->a, struct rt_server, s->nsrv_cap + 1);
	s->track = ARENA_NEWN(&s->scratch, const struct word *, s->nsrv_cap + 1);
}

static void global_defaults(struct rt_global *g)
{
	*g = (struct rt_global){
		.bufsize = 16384,
		.tls_cache = 20000,
		.ocsp_mindelay = 300, .ocsp_maxdelay = 3600,
		.maxrewrite = 1024,
		.maxhdr = 101,
		.maxaccept = 8,
		.stick_counters = 3,
		.comp_level = 1, .comp_max_cpu = 100, .comp_max_mem = 256,
		.hard_stop_after = 300000, .stats_timeout = 10000, .stats_maxconn = 32,
		.uid = -1,
		.gid = -1,
		.server_close_spread = 10000,
		.spare_servers = RT_NONE,
	};
}

/* The name of this node unless a line gives another. */
static struct str host_name(struct arena *a)
{
	char host[256] = "";

	return gethostname(host, sizeof(host) - 1) < 0 ? STR_NULL : arena_str(a, str_c(host));
}

static void sema_init(struct sema *s, struct rt *rt)
{
	s->rt = rt;
	s->a = &rt->arena;
	arena_init(&s->scratch, 0);
	words_init(s);
	srv_opts_init(s);
	hmap_init(&s->dflt_by_name, &s->scratch);
	hmap_init(&s->fe_by_name, &s->scratch);
	hmap_init(&s->be_by_name, &s->scratch);
	hmap_init(&s->interned, &s->scratch);
	hmap_init(&s->binds, &s->scratch);
	hmap_init(&s->hosts, &s->scratch);
	hmap_init(&s->files, &s->scratch);
	hmap_init(&s->names, &s->scratch);
	hmap_init(&s->http_errors, &s->scratch);
	hmap_init(&rt->px_by_name, s->a);
	rt->vars = var_table_new(s->a);
	s->unix_mode = s->unix_uid = s->unix_gid = -1;
	global_defaults(&rt->g);
	rt->g.node = host_name(s->a);
}

static void freeze_lists(struct sema *s)
{
	struct rt *rt = s->rt;

	rt->npx = (uint32_t)s->pxs.n;
	rt->lst = VEC_FREEZE(&s->lst, s->a), rt->nlst = (uint32_t)s->lst.n;
	rt->logs = VEC_FREEZE(&s->logs, s->a), rt->nlogs = (uint32_t)s->logs.n;
	rt->g.log_targets = VEC_FREEZE(&s->glogs, s->a), rt->g.nlog = (uint32_t)s->glogs.n;
	rt->cli = VEC_FREEZE(&s->cli, s->a), rt->ncli = (uint32_t)s->cli.n;
	rt->nrules = s->next_rule;
	srv_live_freeze(s);
}

static void build_free(struct px_build *b)
{
	for (unsigned i = 0; i < PH_COUNT; i++)
		VEC_FREE(&b->rules[i]);
	VEC_FREE(&b->bw_names);
	VEC_FREE(&b->redirects);
	VEC_FREE(&b->use_be);
	VEC_FREE(&b->use_srv);
	VEC_FREE(&b->monitor_fail);
	VEC_FREE(&b->logs);
}

static void sema_free(struct sema *s)
{
	for (size_t i = 0; i < s->pxs.n; i++)
		build_free(s->pxs.at[i]);
	for (size_t i = 0; i < s->defaults.n; i++)
		build_free(s->defaults.at[i]);
	VEC_FREE(&s->pxs);
	VEC_FREE(&s->defaults);
	VEC_FREE(&s->logs);
	VEC_FREE(&s->glogs);
	VEC_FREE(&s->lst);
	VEC_FREE(&s->cli);
	VEC_FREE(&s->tables);
	VEC_FREE(&s->table_links);
	VEC_FREE(&s->peers);
	arena_free(&s->scratch);
}

static uint64_t config_hash(const struct conf_src *src)
{
	uint64_t h = 0;
	for (size_t i = 0; i < src->files.n; i++)
		h = hash_xxh3(src->files.at[i].text, h);
	return h;
}

/* The tables live in their own arena, whose head is inside them. */
static struct rt *rt_new(void)
{
	struct arena a;
	struct rt *rt;

	arena_init(&a, 1 << 20);
	rt = ARENA_NEW(&a, struct rt);
	rt->arena = a;
	return rt;
}

struct rt *conf_compile(const struct conf_src *src, struct diags *d, const struct conf_opts *o)
{
	static const struct conf_opts none;
	struct rt *rt = rt_new();
	struct sema s = { .d = d, .src = src, .o = o ? o : &none };

	sema_init(&s, rt);
	count_objects(&s);
	pass_resolvers(&s);
	pass_early(&s);
	global_finish(&s);
	tls_finish(&s);
	px_number(&s);
	pass_late(&s);
	srv_resolve_tracks(&s);
	stick_link(&s);
	for (size_t i = 0; i < s.pxs.n; i++)
		px_check(&s, s.pxs.at[i]);
	stick_freeze(&s);
	freeze_lists(&s);
	memo_number(&s);
	rt->config_hash = config_hash(src);
	sema_free(&s);
	if (d->errors) {
		rt_free(rt);
		return NULL;
	}
	return rt;
}
