// SPDX-License-Identifier: GPL-3.0-or-later
/* Bind lines: which certificates serve which name. Exact names and wildcards are two hash tables of lower-case names;
 * a name finds at most one certificate for each kind of key, the first that was configured. */
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "tls_priv.h"

static struct tls_front *fronts, **fronts_last = &fronts;

/* ---- policies --------------------------------------------------------------------------------------------------- */

static void hash_text(EVP_MD_CTX *h, const char *s)
{
	EVP_DigestUpdate(h, s ? s : "", s ? strlen(s) + 1 : 1);
}

/* Who may resume what: the line, and everything that decides whether a client certificate is good. */
static bool policy_sid(struct tls_policy *p)
{
	EVP_MD_CTX *h = EVP_MD_CTX_new();
	bool ok = h && EVP_DigestInit_ex(h, EVP_sha256(), NULL);

	if (ok) {
		hash_text(h, p->front->id);
		EVP_DigestUpdate(h, &p->o.verify, sizeof(p->o.verify));
		tls_trust_hash(h, &p->o);
		EVP_DigestUpdate(h, &p->o.ca_ignore, sizeof(p->o.ca_ignore));
		EVP_DigestUpdate(h, &p->o.crt_ignore, sizeof(p->o.crt_ignore));
		ok = EVP_DigestFinal_ex(h, p->sid, NULL);
	}
	EVP_MD_CTX_free(h);
	return ok && SSL_CTX_set_session_id_context(p->ctx, p->sid, sizeof(p->sid));
}

static struct tls_policy *policy_new(struct tls_front *f, const struct tls_opts *o, struct tls_err *err)
{
	struct tls_policy *p = calloc(1, sizeof(*p)), **at = &f->policies;

	if (!p) {
		tls_err_set(err, "out of memory for a TLS policy");
		return NULL;
	}
	p->o = *o;
	p->front = f;
	p->ctx = tls_ctx_new(o, true, err);
	if (!p->ctx) {
		free(p);
		return NULL;
	}
	tls_accept_hooks(p->ctx, p);
	tls_tickets_use(p->ctx, f->tickets);
	while (*at)
		at = &(*at)->next;
	*at = p;
	if (policy_sid(p))
		return p;
	tls_err_ssl(err, "cannot set up a session id context");
	return NULL;
}

static struct tls_policy *policy_get(struct tls_front *f, const struct tls_opts *o, struct tls_err *err)
{
	if (!o)
		return f->policies;
	for (struct tls_policy *p = f->policies; p; p = p->next)
		if (tls_opts_eq(&p->o, o))
			return p;
	return policy_new(f, o, err);
}

/* ---- life ------------------------------------------------------------------------------------------------------- */

static void entry_free(struct tls_entry *e)
{
	if (e->refs) {
		e->refs--;
		return;
	}
	for (unsigned k = 0; k < e->nfilters; k++)
		free((char *)(uintptr_t)e->filters[k].p);
	free(e->filters);
	tls_cert_free(e->cert);
	free(e);
}

void tls_match_hold(struct tls_match *m)
{
	for (unsigned k = 0; k < TLS_KEY_KINDS; k++)
		if (m->at[k])
			m->at[k]->refs++;
}

void tls_match_drop(struct tls_match *m)
{
	for (unsigned k = 0; k < TLS_KEY_KINDS; k++)
		if (m->at[k])
			entry_free(m->at[k]);
	*m = (struct tls_match){ 0 };
}

static void front_free(struct tls_front *f)
{
	while (f->policies) {
		struct tls_policy *p = f->policies;
		f->policies = p->next;
		SSL_CTX_free(p->ctx);
		free(p);
	}
	for (size_t i = 0; i < f->entries.n; i++)
		entry_free(f->entries.at[i]);
	VEC_FREE(&f->entries);
	VEC_FREE(&f->lists);
	arena_free(&f->names_mem);
	free(f->id);
	free(f);
}

struct tls_front *tls_front_new(const struct tls_opts *o, struct str id, struct tls_err *err)
{
	struct tls_front *f = calloc(1, sizeof(*f));

	if (!f || !(f->id = strndup(id.p, id.n))) {
		free(f);
		tls_err_set(err, "out of memory for a TLS listener");
		return NULL;
	}
	arena_init(&f->names_mem, 0);
	if ((o->ticket_keys && !(f->tickets = tls_ticket_file_load(o->ticket_keys, err))) || !policy_new(f, o, err)) {
		front_free(f);
		return NULL;
	}
	*fronts_last = f;
	fronts_last = &f->next;
	return f;
}

void tls_fronts_drop(void)
{
	TLS_DROP_ALL(fronts, fronts_last, front_free);
	tls_ticket_files_drop();
}

static bool filters_copy(struct tls_entry *e, const struct str *from, unsigned n)
{
	e->filters = n ? calloc(n, sizeof(*e->filters)) : NULL;
	if (n && !e->filters)
		return false;
	for (unsigned i = 0; i < n; i++) {
		char *t = malloc(from[i].n + 1);
		if (!t)
			return false;
		for (size_t k = 0; k < from[i].n; k++)
			t[k] = ascii_lower(from[i].p[k]);
		t[from[i].n] = '\0';
		e->filters[i] = str_n(t, from[i].n);
		e->nfilters = i + 1;
	}
	return true;
}

bool tls_front_add(struct tls_front *f, struct tls_cert *c, const struct str *filters, unsigned n,
		   const struct tls_opts *own, const struct tls_line *line, struct tls_err *err)
{
	struct tls_policy *p = policy_get(f, own, err);
	struct tls_entry *e = p ? calloc(1, sizeof(*e)) : NULL;

	if (!p)
		return false;
	if (!e) {
		tls_err_set(err, "out of memory for the certificate '%s'", c->path);
		return false;
	}
	*e = (struct tls_entry){ .cert = tls_cert_hold(c), .policy = p, .front = f, .line = line };
	VEC_PUSH(&f->entries, e);
	c->ocsp_update = c->ocsp_update || (own ? own : &f->policies->o)->ocsp_update == TLS_OCSP_ON;
	if (filters_copy(e, filters, n))
		return true;
	tls_err_set(err, "out of memory for the filters of '%s'", c->path);
	return false;
}

void tls_front_remove(struct tls_front *f, const struct tls_line *line)
{
	size_t n = 0;

	for (size_t i = 0; i < f->entries.n; i++) {
		struct tls_entry *e = f->entries.at[i];
		if (e->line == line)
			entry_free(e);
		else
			f->entries.at[n++] = e;
	}
	f->entries.n = n;
}

void tls_front_cut(struct tls_front *f, size_t from)
{
	for (size_t i = from; i < f->entries.n; i++)
		entry_free(f->entries.at[i]);
	f->entries.n = MIN(f->entries.n, from);
}

void tls_front_replace(struct tls_front *f, size_t from)
{
	size_t n = f->entries.n, at = 0, place = SIZE_MAX;
	struct tls_entry **fresh = &f->entries.at[from], **all = n ? malloc(n * sizeof(*all)) : NULL;

	if (n && !all)
		abort(); /* out of memory */
	for (size_t i = 0; i < from; i++) {
		struct tls_entry *e = f->entries.at[i];
		bool goes = e->line && e->line->gone;
		if (goes && place == SIZE_MAX) {
			place = at;
			at += n - from;
		}
		if (goes)
			entry_free(e);
		else
			all[at++] = e;
	}
	if (place == SIZE_MAX) {
		place = at;
		at += n - from;
	}
	if (n > from)
		memcpy(&all[place], fresh, (n - from) * sizeof(*all));
	if (at)
		memcpy(f->entries.at, all, at * sizeof(*all));
	f->entries.n = at;
	free(all);
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

static void match_fill(struct tls_match *m, struct tls_entry *e)
{
	if (!m->at[e->cert->kind])
		m->at[e->cert->kind] = e;
}

static void name_claim(struct tls_front *f, struct str name, struct tls_entry *e)
{
	bool star = name.n > 0 && name.p[0] == '*';
	struct str key = star ? str_sub(name, 1, name.n) : name;
	struct hmap *map = star ? &f->wild : &f->exact;
	struct tls_match *m = hmap_get(map, key);

	if (!m) {
		m = ARENA_NEW(&f->names_mem, struct tls_match);
		hmap_put(map, arena_str(&f->names_mem, key), m);
	}
	match_fill(m, e);
}

static void entry_claim(struct tls_front *f, struct tls_entry *e)
{
	unsigned positive = 0;

	for (unsigned i = 0; i < e->nfilters; i++) {
		if (e->filters[i].n && e->filters[i].p[0] == '!') {
			f->any_negative = true;
			continue;
		}
		positive++;
		name_claim(f, e->filters[i], e);
	}
	for (unsigned i = 0; !positive && i < e->cert->nnames; i++)
		name_claim(f, str_c(e->cert->names[i]), e);
}

static bool share_name(const struct tls_cert *a, const struct tls_cert *b)
{
	for (unsigned i = 0; i < a->nnames; i++)
		for (unsigned k = 0; k < b->nnames; k++)
			if (strcmp(a->names[i], b->names[k]) == 0)
				return true;
	return false;
}

/* The first certificate, and beside it those with other kinds of keys for one of its names. */
static bool default_build(struct tls_front *f, struct tls_err *err)
{
	struct tls_entry *head = f->entries.n ? f->entries.at[0] : NULL;
	uint8_t now = 0;

	f->dflt = (struct tls_match){ 0 };
	if (!head)
		return true;
	match_fill(&f->dflt, head);
	for (size_t i = 1; i < f->entries.n && i < 64; i++)
		if (f->entries.at[i]->policy == head->policy && share_name(head->cert, f->entries.at[i]->cert))
			match_fill(&f->dflt, f->entries.at[i]);
	for (unsigned k = 0; k < TLS_KEY_KINDS; k++)
		if (f->dflt.at[k]) {
			if (!tls_ctx_use_cert(head->policy->ctx, f->dflt.at[k]->cert, err))
				return false;
			now |= (uint8_t)(1u << k);
		}
	f->certs_stale = f->certs_stale || f->dflt_kinds & ~now;
	f->dflt_kinds |= now;
	return true;
}

bool tls_front_finish(struct tls_front *f, struct tls_err *err)
{
	arena_free(&f->names_mem);
	arena_init(&f->names_mem, 0);
	hmap_init(&f->exact, &f->names_mem);
	hmap_init(&f->wild, &f->names_mem);
	f->any_negative = false;
	for (size_t i = 0; i < f->entries.n; i++)
		entry_claim(f, f->entries.at[i]);
	return default_build(f, err);
}

bool tls_fronts_refresh(struct tls_err *err)
{
	for (struct tls_front *f = fronts; f; f = f->next)
		if (!tls_front_finish(f, err))
			return false;
	return true;
}

static bool uses(const struct tls_front *f, const struct tls_cert *c)
{
	for (unsigned k = 0; k < TLS_KEY_KINDS; k++)
		if (f->dflt.at[k] && f->dflt.at[k]->cert == c)
			return true;
	return false;
}

/* A certificate that only got younger costs nothing but a look at the defaults, or ten thousand of them would cost ten
 * thousand times the names of all. */
bool tls_fronts_recert(const struct tls_cert *c, bool renamed, struct tls_err *err)
{
	if (renamed)
		return tls_fronts_refresh(err);
	for (struct tls_front *f = fronts; f; f = f->next)
		if (uses(f, c) && !default_build(f, err))
			return false;
	return true;
}

/* ---- trust ------------------------------------------------------------------------------------------------------ */

static bool trusts(const struct tls_policy *p, enum tls_trust_kind k, const char *path)
{
	return p->o.verify != TLS_VERIFY_NONE && tls_trust_named(&p->o, k, path);
}

bool tls_fronts_trust(enum tls_trust_kind k, const char *path)
{
	for (struct tls_front *f = fronts; f; f = f->next)
		for (struct tls_policy *p = f->policies; p; p = p->next)
			if (trusts(p, k, path))
				return true;
	return false;
}

/* Sessions of clients that were believed by the former content are strangers from now on. */
bool tls_fronts_retrust(enum tls_trust_kind k, const char *path, struct tls_err *err)
{
	for (struct tls_front *f = fronts; f; f = f->next)
		for (struct tls_policy *p = f->policies; p; p = p->next)
			if (trusts(p, k, path) && (!tls_trust_apply(p->ctx, &p->o, true, err) || !policy_sid(p)))
				return false;
	return true;
}

/* ---- lookup ----------------------------------------------------------------------------------------------------- */

static bool wild_covers(struct str pattern, struct str name)
{
	struct str tail = str_sub(pattern, 1, pattern.n);
	ptrdiff_t dot = str_chr(name, '.');

	return dot > 0 && str_eq(str_sub(name, (size_t)dot, name.n), tail);
}

/* "!name" on a crt-list line takes that name out of the line's wildcard. */
static bool refused(const struct tls_match *m, struct str name)
{
	for (unsigned k = 0; k < TLS_KEY_KINDS; k++) {
		const struct tls_entry *e = m->at[k];
		for (unsigned i = 0; e && i < e->nfilters; i++) {
			struct str n = str_sub(e->filters[i], 1, e->filters[i].n);
			if (e->filters[i].p[0] == '!' && (str_eq(n, name) || (n.n && n.p[0] == '*' && wild_covers(n, name))))
				return true;
		}
	}
	return false;
}

const struct tls_match *tls_front_match(const struct tls_front *f, struct str sni)
{
	char low[TLS_SNI_MAX];
	struct str name = { low, sni.n };
	const struct tls_match *m;
	ptrdiff_t dot;

	if (!sni.n || sni.n > sizeof(low))
		return NULL;
	if (sni.p[sni.n - 1] == '.')
		name.n--;
	for (size_t i = 0; i < name.n; i++)
		low[i] = ascii_lower(sni.p[i]);
	m = hmap_get(&f->exact, name);
	if (m)
		return m;
	dot = str_chr(name, '.');
	if (dot > 0 && (m = hmap_get(&f->wild, str_sub(name, (size_t)dot, name.n))) && !(f->any_negative && refused(m, name)))
		return m;
	m = hmap_get(&f->wild, STR("")); /* "*" */
	return m && f->any_negative && refused(m, name) ? NULL : m;
}

const struct tls_match *tls_front_default(const struct tls_front *f) { return &f->dflt; }
struct tls_front *tls_front_first(void) { return fronts; }
struct tls_front *tls_front_next(const struct tls_front *f) { return f->next; }
const struct tls_opts *tls_front_opts(const struct tls_front *f) { return &f->policies->o; }
struct str tls_front_id(const struct tls_front *f) { return str_c(f->id); }
unsigned tls_front_entries(const struct tls_front *f) { return (unsigned)f->entries.n; }
struct tls_entry *tls_front_entry(const struct tls_front *f, unsigned i) { return f->entries.at[i]; }
