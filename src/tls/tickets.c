// SPDX-License-Identifier: GPL-3.0-or-later
/* Ticket keys: AES-256-CBC with HMAC-SHA256 (RFC 5077, 4), named by the epoch they belong to. See tls/tickets.h for how
 * processes agree on them without a word. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "tls_priv.h"

#define EPOCH_MIN_S 3600
#define CATCH_UP_MAX 100000     /* epochs; eleven years of hours */
#define NAME_BYTES 16
#define KEY_BYTES 32

struct ticket_key { unsigned char name[NAME_BYTES], hmac[KEY_BYTES], aes[KEY_BYTES]; uint8_t key_len; };

struct tls_ticket_file {
	char *path;
	struct ticket_key *at;
	unsigned n;
	struct tls_ticket_file *next;
};

_Static_assert(NAME_BYTES + 2 * KEY_BYTES == TLS_TICKET_KEY_BYTES, "a key of the state has another size");

static struct tls_ticket_state state = { .epoch_s = EPOCH_MIN_S };
static struct ticket_key current, former;
static struct tls_ticket_file *files, **files_last = &files;

/* ---- the ratchet ------------------------------------------------------------------------------------------------ */

static void derive(const unsigned char *secret, const char *label, unsigned char *out, size_t n)
{
	unsigned char md[32];
	unsigned len = sizeof(md);

	if (!HMAC(EVP_sha256(), secret, TLS_SECRET_BYTES, (const unsigned char *)label, strlen(label), md, &len))
		memset(md, 0, sizeof(md));
	memcpy(out, md, n);
	OPENSSL_cleanse(md, sizeof(md));
}

static void key_of(const struct tls_ticket_state *s, struct ticket_key *k)
{
	derive(s->secret, "ticket name", k->name, sizeof(k->name));
	derive(s->secret, "ticket hmac", k->hmac, sizeof(k->hmac));
	derive(s->secret, "ticket aes", k->aes, sizeof(k->aes));
	k->key_len = KEY_BYTES;
}

static uint64_t epoch_now(void) { return (uint64_t)time(NULL) / state.epoch_s; }

void tls_tickets_advance(void)
{
	uint64_t now = epoch_now();

	if (now <= state.epoch)
		return;
	if (now - state.epoch > CATCH_UP_MAX)
		state.epoch = now - 2;
	while (state.epoch < now) {
		former = current;
		state.have_former = 1;
		derive(state.secret, "next epoch", state.secret, sizeof(state.secret));
		state.epoch++;
		key_of(&state, &current);
	}
}

void tls_tickets_init(uint32_t epoch_s)
{
	state = (struct tls_ticket_state){ .epoch_s = MAX(epoch_s, (uint32_t)EPOCH_MIN_S) };
	if (RAND_bytes(state.secret, sizeof(state.secret)) != 1)
		abort(); /* no randomness, no TLS */
	state.epoch = epoch_now();
	key_of(&state, &current);
}

void tls_tickets_export(struct tls_ticket_state *out)
{
	tls_tickets_advance();
	*out = state;
	memcpy(out->former, former.name, NAME_BYTES);
	memcpy(out->former + NAME_BYTES, former.hmac, KEY_BYTES);
	memcpy(out->former + NAME_BYTES + KEY_BYTES, former.aes, KEY_BYTES);
}

uint32_t tls_tickets_next_s(void) { return state.epoch_s - (uint32_t)((uint64_t)time(NULL) % state.epoch_s); }

bool tls_tickets_import(const struct tls_ticket_state *in)
{
	if (in->epoch_s != state.epoch_s || in->epoch > epoch_now() + 1)
		return false;
	state = *in;
	key_of(&state, &current);
	memcpy(former.name, in->former, NAME_BYTES);
	memcpy(former.hmac, in->former + NAME_BYTES, KEY_BYTES);
	memcpy(former.aes, in->former + NAME_BYTES + KEY_BYTES, KEY_BYTES);
	former.key_len = KEY_BYTES;
	tls_tickets_advance();
	return true;
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

static bool key_parse(struct str raw, struct ticket_key *k)
{
	*k = (struct ticket_key){ .key_len = raw.n == 48 ? 16 : 32 };
	if (raw.n != 48 && raw.n != 80)
		return false;
	memcpy(k->name, raw.p, NAME_BYTES);
	if (raw.n == 48) { /* 16 name, 16 aes, 16 hmac */
		memcpy(k->aes, raw.p + 16, 16);
		memcpy(k->hmac, raw.p + 32, 16);
	} else { /* 16 name, 32 hmac, 32 aes */
		memcpy(k->hmac, raw.p + 16, 32);
		memcpy(k->aes, raw.p + 48, 32);
	}
	return true;
}

static size_t key_raw(const struct ticket_key *k, char *raw)
{
	const unsigned char *second = k->key_len == 16 ? k->aes : k->hmac, *third = k->key_len == 16 ? k->hmac : k->aes;

	memcpy(raw, k->name, NAME_BYTES);
	memcpy(raw + NAME_BYTES, second, k->key_len);
	memcpy(raw + NAME_BYTES + k->key_len, third, k->key_len);
	return NAME_BYTES + 2u * k->key_len;
}

static bool file_key(struct tls_ticket_file *f, struct str line)
{
	unsigned char raw[120];
	int n = line.n && line.n % 4 == 0 && line.n <= 128 ? EVP_DecodeBlock(raw, (const unsigned char *)line.p, (int)line.n) : -1;
	struct ticket_key k, *more;

	while (n > 0 && line.n && line.p[line.n - 1] == '=')
		n--, line.n--;
	if (n < 0 || !key_parse(str_n((const char *)raw, (size_t)n), &k) || !(more = realloc(f->at, (f->n + 1) * sizeof(*more))))
		return false;
	f->at = more;
	f->at[f->n++] = k;
	OPENSSL_cleanse(raw, sizeof(raw));
	return true;
}

static void file_free(struct tls_ticket_file *f)
{
	if (!f)
		return;
	if (f->at)
		OPENSSL_cleanse(f->at, f->n * sizeof(*f->at));
	free(f->at);
	free(f->path);
	free(f);
}

static bool file_read(struct tls_ticket_file *f, FILE *in, struct tls_err *err)
{
	char line[512];
	bool ok = true;

	for (unsigned no = 1; ok && fgets(line, sizeof(line), in); no++) {
		struct str s = str_c(line);
		while (s.n && (unsigned char)s.p[s.n - 1] <= ' ')
			s.n--;
		ok = !s.n || file_key(f, s);
		if (!ok)
			tls_err_set(err, "%s:%u: not 48 or 80 bytes in base64", f->path, no);
	}
	OPENSSL_cleanse(line, sizeof(line));
	if (ok && f->n < 3) {
		tls_err_set(err, "'%s' must hold at least 3 keys", f->path);
		ok = false;
	}
	return ok;
}

struct tls_ticket_file *tls_ticket_file_first(void) { return files; }
struct tls_ticket_file *tls_ticket_file_next(const struct tls_ticket_file *f) { return f->next; }
const char *tls_ticket_file_path(const struct tls_ticket_file *f) { return f->path; }
unsigned tls_ticket_file_keys(const struct tls_ticket_file *f) { return f->n; }
size_t tls_ticket_file_key(const struct tls_ticket_file *f, unsigned i, char raw[TLS_TICKET_KEY_BYTES])
{
	return key_raw(&f->at[i], raw);
}

static struct tls_ticket_file *file_find(const char *path)
{
	struct tls_ticket_file *f = files;

	while (f && strcmp(f->path, path) != 0)
		f = f->next;
	return f;
}

struct tls_ticket_file *tls_ticket_file_load(const char *path, struct tls_err *err)
{
	struct tls_ticket_file *f = file_find(path);
	FILE *in;

	if (f)
		return f;
	f = calloc(1, sizeof(*f));
	in = f && (f->path = strdup(path)) ? fopen(path, "re") : NULL;
	if (!in || !file_read(f, in, err)) {
		if (!in)
			tls_err_set(err, "cannot read ticket keys from '%s': %s", path, strerror(errno));
		else
			fclose(in);
		file_free(f);
		return NULL;
	}
	fclose(in);
	*files_last = f;
	files_last = &f->next;
	return f;
}

void tls_ticket_files_drop(void)
{
	TLS_DROP_ALL(files, files_last, file_free);
}

/* The oldest goes, the others move up, so the one that was last encrypts from now on: by then the other machines of a
 * cluster have it too. All keys of a file have the size of its first. */
bool tls_ticket_rotate(struct str name, struct str raw, struct tls_err *err)
{
	struct tls_ticket_file *f = file_find(name.p);
	struct ticket_key k;

	if (!f) {
		tls_err_set(err, "'set ssl tls-key' unable to locate referenced filename");
		return false;
	}
	if (!key_parse(raw, &k) || k.key_len != f->at[0].key_len) {
		tls_err_set(err, "'set ssl tls-key' received a key of wrong size.");
		return false;
	}
	memmove(f->at, f->at + 1, (f->n - 1) * sizeof(*f->at));
	f->at[f->n - 1] = k;
	return true;
}

/* ---- use -------------------------------------------------------------------------------------------------------- */

static bool key_apply(const struct ticket_key *k, unsigned char *iv, EVP_CIPHER_CTX *c, EVP_MAC_CTX *m, int enc)
{
	OSSL_PARAM params[3];

	params[0] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)(uintptr_t)k->hmac, k->key_len);
	params[1] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)(uintptr_t) "SHA256", 0);
	params[2] = OSSL_PARAM_construct_end();
	return EVP_CipherInit_ex(c, k->key_len == 16 ? EVP_aes_128_cbc() : EVP_aes_256_cbc(), NULL, k->aes, iv, enc) &&
	       EVP_MAC_CTX_set_params(m, params);
}

static const struct ticket_key *key_find(const struct tls_ticket_file *f, const unsigned char *name, bool *fresh)
{
	for (unsigned i = 0; f && i < f->n; i++)
		if (CRYPTO_memcmp(f->at[i].name, name, NAME_BYTES) == 0) {
			*fresh = i + 2 >= f->n;
			return &f->at[i];
		}
	if (f)
		return NULL;
	*fresh = CRYPTO_memcmp(current.name, name, NAME_BYTES) == 0;
	if (*fresh)
		return &current;
	return state.have_former && CRYPTO_memcmp(former.name, name, NAME_BYTES) == 0 ? &former : NULL;
}

/* 0: unknown, full handshake; 1: good; 2: good, and a new one is due. */
static int on_ticket(SSL *ssl, unsigned char name[NAME_BYTES], unsigned char *iv, EVP_CIPHER_CTX *c, EVP_MAC_CTX *m, int enc)
{
	const struct tls_ticket_file *f = tls_of(ssl)->front->tickets;
	const struct ticket_key *k;
	bool fresh = true;

	tls_tickets_advance();
	if (enc) {
		tls_of(ssl)->ticketed = true;
		k = f ? &f->at[f->n - 2] : &current;
		memcpy(name, k->name, NAME_BYTES);
		if (RAND_bytes(iv, EVP_MAX_IV_LENGTH) != 1)
			return -1;
		return key_apply(k, iv, c, m, 1) ? 1 : -1;
	}
	k = key_find(f, name, &fresh);
	if (!k)
		return 0;
	if (!key_apply(k, iv, c, m, 0))
		return -1;
	return fresh && SSL_version(ssl) != TLS1_3_VERSION ? 1 : 2;
}

/* OpenSSL makes no ticket when it turns a session down for the hash of its cipher suite, as after a change of ciphersuites: the client would
 * come with the old one until that has expired, in vain each time. */
void tls_ticket_owe(struct tls *t)
{
	bool wanted = SSL_version(t->ssl) == TLS1_3_VERSION && SSL_get_num_tickets(t->ssl);

	if (wanted && !t->ticketed && !SSL_session_reused(t->ssl) && SSL_new_session_ticket(t->ssl))
		(void)SSL_do_handshake(t->ssl);
	ERR_clear_error();
}

void tls_tickets_use(SSL_CTX *ctx, struct tls_ticket_file *f)
{
	(void)f; /* found through the connection: policies of one line share it */
	SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket);
}
