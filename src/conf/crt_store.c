// SPDX-License-Identifier: GPL-3.0-or-later
/* crt-store sections: certificates whose parts lie in several files, under names that `crt` refers to as @store/alias
 * (@/alias for the store without a name), or as the file where the store has no name. */
#include <sluice/tls/cert.h>
#include "tls_priv.h"

struct store { struct str name; const char *crt_base, *key_base; };

static const char *below(struct sema *s, const char *own, const char *global, const char *path)
{
	return tls_path(s, own ? own : global, path);
}

static void put(struct sema *s, const struct word *w, struct str key, struct tls_cert_files *f)
{
	if (hmap_put(&s->crt_stores, key, f))
		sema_err(s, w, "'" STR_FMT "' is already in a crt-store", STR_ARG(key));
}

static void store_load(struct sema *s, const struct store *st, const struct line *l)
{
	static const char *const words[] = { "crt", "key", "ocsp", "issuer", "alias", "sctl", "ocsp-update", "domains" };
	struct tls_cert_files *f = ARENA_NEW(&s->scratch, struct tls_cert_files);
	struct str alias = STR_NULL, crt = STR_NULL;

	for (uint32_t i = 1; i < l->n; i++) {
		const struct word *k = &l->w[i], *v;
		int which = arg_word(s, k, words, ARRAY_LEN(words), "part of a certificate");
		if (which < 0 || !(v = arg_next(s, l->w, l->n, &i)))
			return;
		switch (which) {
		case 0:
			crt = v->s;
			f->crt = below(s, st->crt_base, s->crt_base, keep(s, v->s).p);
			break;
		case 1: f->key = below(s, st->key_base, s->key_base, keep(s, v->s).p); break;
		case 2: f->beside[TLS_BESIDE_OCSP] = below(s, st->crt_base, s->crt_base, keep(s, v->s).p); break;
		case 3: f->beside[TLS_BESIDE_ISSUER] = below(s, st->crt_base, s->crt_base, keep(s, v->s).p); break;
		case 4: alias = v->s; break;
		case 5: f->beside[TLS_BESIDE_SCTL] = below(s, st->crt_base, s->crt_base, keep(s, v->s).p); break;
		case 6: f->ocsp_update = word_is(v, "on"); break;
		default: sema_warn_inert(s, k);
		}
	}
	if (!f->crt) {
		sema_err(s, &l->w[0], "'load' needs a 'crt'");
		return;
	}
	put(s, &l->w[0], arena_printf(&s->scratch, "@" STR_FMT "/" STR_FMT, STR_ARG(st->name), STR_ARG(alias.n ? alias : crt)), f);
	if (!st->name.n)
		put(s, &l->w[0], arena_str(&s->scratch, crt), f);
}

void crt_store_section(struct sema *s, const struct section *sec)
{
	struct store st = { .name = sec->head.n > 1 ? sec->head.w[1].s : STR("") };

	s->sect_word = "crt-store";
	if (!s->crt_stores.arena)
		hmap_init(&s->crt_stores, &s->scratch);
	for (size_t i = 0; i < sec->lines.n; i++) {
		const struct line *l = &sec->lines.at[i];
		if (word_is(&l->w[0], "crt-base") && l->n == 2)
			st.crt_base = keep(s, l->w[1].s).p;
		else if (word_is(&l->w[0], "key-base") && l->n == 2)
			st.key_base = keep(s, l->w[1].s).p;
		else if (word_is(&l->w[0], "load"))
			store_load(s, &st, l);
		else
			sema_err(s, &l->w[0], "'" STR_FMT "' is none of crt-base, key-base (with a directory), load",
				 STR_ARG(l->w[0].s));
	}
}
