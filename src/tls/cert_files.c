// SPDX-License-Identifier: GPL-3.0-or-later
/* Certificates from files. A PEM file holds the certificate, its chain and usually its key; what it lacks may stand
 * beside it: FILE.key, FILE.issuer (who signed it, when the chain does not show that), FILE.ocsp, FILE.sctl. Each certificate
 * remembers what its files were when they were read, so a change can be seen. Leader only. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sluice/base/hash.h>
#include <sluice/base/notice.h>
#include "tls_priv.h"

#define CERT_FILE_MAX (1u << 20)

char *tls_file_read(const char *path, size_t *n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	char *text = NULL;
	ssize_t got = -1;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0) {
		if (!S_ISREG(st.st_mode) || st.st_size > (off_t)CERT_FILE_MAX)
			errno = S_ISDIR(st.st_mode) ? EISDIR : EFBIG;
		else if ((text = malloc((size_t)st.st_size + 1)))
			got = read(fd, text, (size_t)st.st_size);
	}
	close(fd);
	if (got < 0) {
		free(text);
		return NULL;
	}
	text[got] = '\0';
	*n = (size_t)got;
	return text;
}

static char *beside(const char *path, const char *suffix)
{
	struct str s = str_c(path);
	char *p = malloc(s.n + strlen(suffix) + 1);

	if (tls_completion()->del_ext && str_ends(s, STR(".crt")))
		s.n -= strlen(".crt");
	if (p) {
		memcpy(p, s.p, s.n);
		strcpy(p + s.n, suffix);
	}
	return p;
}

static char *read_beside(const char *given, const char *path, const char *suffix, size_t *n)
{
	char *p = given ? NULL : beside(path, suffix), *text = tls_file_read(given ? given : p ? p : path, n);

	free(p);
	return text;
}

void tls_text_wipe(char *text, size_t n)
{
	if (text)
		OPENSSL_cleanse(text, n);
	free(text);
}

/* ---- certificates ------------------------------------------------------------------------------------------------ */

static const struct { const char *suffix, *name; uint8_t extra; } besides[TLS_BESIDES] = {
	[TLS_BESIDE_OCSP] = { ".ocsp", "OCSP response", TLS_EXTRA_OCSP },
	[TLS_BESIDE_ISSUER] = { ".issuer", "issuer", TLS_EXTRA_ISSUER },
	[TLS_BESIDE_SCTL] = { ".sctl", "list of timestamps", TLS_EXTRA_SCTL },
};

/* What stands beside the certificate, when it is there; a response is judged by the issuer. */
static void siblings_load(struct tls_cert *c)
{
	static const enum tls_beside order[] = { TLS_BESIDE_ISSUER, TLS_BESIDE_OCSP, TLS_BESIDE_SCTL };

	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		struct sbuf text = { 0 };
		struct tls_err e;

		if (c->beside[order[i]].path && tls_text_read(c->beside[order[i]].path, &text) && !tls_cert_take(c, order[i], sbuf_str(&text), &e))
			notice(SAY_WARNING, "the %s of '%s' is left out: %s", besides[order[i]].name, c->path, e.text);
		sbuf_free(&text);
	}
}

static bool text_has_key(const char *text) { return strstr(text, "PRIVATE KEY-----") != NULL; }

static uint64_t stamp(const char *path, uint64_t seed)
{
	struct { uint64_t dev, ino, size, sec, nsec; } s = { 0 };
	struct stat st;

	if (!path)
		return seed;
	if (stat(path, &st) == 0) {
		s.dev = st.st_dev, s.ino = st.st_ino, s.size = (uint64_t)st.st_size;
		s.sec = (uint64_t)st.st_mtim.tv_sec, s.nsec = (uint64_t)st.st_mtim.tv_nsec;
	}
	return hash_xxh3(str_n((const char *)&s, sizeof(s)), seed);
}

uint64_t tls_file_stamp(const char *path) { return stamp(path, 1); }
uint64_t tls_cert_stamp(const struct tls_cert *c) { return stamp(c->key_path, stamp(c->path, 1)); }

/* Which files it is made of, and what they are now, before they are read. */
static bool remember(struct tls_cert *c, const struct tls_cert_files *f, bool key_apart)
{
	bool ok = true;

	for (unsigned i = 0; i < TLS_BESIDES; i++) {
		if (!f->beside[i] && !(tls_completion()->extra & besides[i].extra))
			continue;
		c->beside[i].path = f->beside[i] ? strdup(f->beside[i]) : beside(f->crt, besides[i].suffix);
		ok = ok && c->beside[i].path;
		c->beside[i].stamp = ok ? tls_file_stamp(c->beside[i].path) : 0;
	}
	if (key_apart)
		c->key_path = f->key ? strdup(f->key) : beside(f->crt, ".key");
	return ok && (!key_apart || c->key_path);
}

bool tls_cert_read(struct tls_cert *c, const struct tls_cert_files *f, struct tls_err *err)
{
	size_t n, nkey = 0;
	uint64_t before = stamp(f->crt, 1);
	char *text = tls_file_read(f->crt, &n), *key = NULL;
	bool ok, apart;

	if (!text) {
		tls_err_set(err, "cannot read '%s': %s", f->crt, strerror(errno));
		return false;
	}
	apart = f->key || (!text_has_key(text) && tls_completion()->extra & TLS_EXTRA_KEY);
	if (apart)
		key = read_beside(f->key, f->crt, ".key", &nkey);
	tls_err_set(err, "out of memory for '%s'", c->path);
	ok = remember(c, f, apart) && tls_cert_fill(c, str_n(text, n), key ? str_n(key, nkey) : str_n(text, n), err);
	c->stamp = stamp(c->key_path, before);
	if (ok)
		siblings_load(c);
	tls_text_wipe(text, n);
	tls_text_wipe(key, nkey);
	return ok;
}

bool tls_cert_read_text(const struct tls_cert *c, struct sbuf *pem, struct tls_err *err)
{
	const char *const paths[] = { c->path, c->key_path };

	for (size_t i = 0; i < ARRAY_LEN(paths) && paths[i]; i++) {
		size_t n;
		char *text = tls_file_read(paths[i], &n);
		if (!text) {
			tls_err_set(err, "cannot read '%s': %s", paths[i], strerror(errno));
			return false;
		}
		sbuf_add(pem, str_n(text, n));
		sbuf_addc(pem, '\n');
		tls_text_wipe(text, n);
	}
	return true;
}

bool tls_text_read(const char *path, struct sbuf *out)
{
	size_t n;
	char *text = tls_file_read(path, &n);

	if (text)
		sbuf_add(out, str_n(text, n));
	free(text);
	return text != NULL;
}

int tls_dir_each(const char *dir, int (*wanted)(const struct dirent *d), bool (*each)(const char *file, void *arg), void *arg)
{
	struct dirent **at;
	char file[4096];
	bool ok = true;
	int n = scandir(dir, &at, wanted, alphasort);

	for (int i = 0; i < n; i++) {
		if (ok && (size_t)snprintf(file, sizeof(file), "%s/%s", dir, at[i]->d_name) < sizeof(file))
			ok = each(file, arg);
		free(at[i]);
	}
	if (n >= 0)
		free(at);
	return n < 0 ? -1 : ok;
}
