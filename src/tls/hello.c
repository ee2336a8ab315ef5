// SPDX-License-Identifier: GPL-3.0-or-later
/* Reading hellos. A cursor over the bytes gives fields and refuses what would lie outside; every length in the message
 * has to fit exactly into what surrounds it, so two readers cannot see two different names. */
#include <sluice/tls/hello.h>

#define RECORD_HEAD 5
#define RECORD_MAX 16384u
#define MESSAGE_MAX 65536u
#define HANDSHAKE 22

enum { EXT_SNI = 0, EXT_GROUPS = 10, EXT_FORMATS = 11, EXT_SIGALGS = 13, EXT_ALPN = 16, EXT_TICKET = 35, EXT_VERSIONS = 43 };

struct cursor { const uint8_t *p; size_t n; bool bad; };

static struct cursor over(struct str s) { return (struct cursor){ (const uint8_t *)s.p, s.n, false }; }

static unsigned number(struct cursor *c, unsigned bytes)
{
	unsigned v = 0;

	if (c->bad || c->n < bytes) {
		c->bad = true;
		return 0;
	}
	for (unsigned i = 0; i < bytes; i++)
		v = v << 8 | c->p[i];
	c->p += bytes;
	c->n -= bytes;
	return v;
}

static struct str take(struct cursor *c, size_t n)
{
	struct str s = { (const char *)c->p, n };

	if (c->bad || c->n < n) {
		c->bad = true;
		return STR_NULL;
	}
	c->p += n;
	c->n -= n;
	return s;
}

/* Bytes behind a length of that many bytes. */
static struct str vector(struct cursor *c, unsigned length_bytes)
{
	unsigned n = number(c, length_bytes);

	return take(c, n);
}

/* A vector that is all there is. */
static struct str whole_vector(struct str s, unsigned length_bytes)
{
	struct cursor c = over(s);
	struct str v = vector(&c, length_bytes);

	return c.bad || c.n ? STR_NULL : v;
}

/* ---- extensions -------------------------------------------------------------------------------------------------- */

bool tls_hello_ext(struct str *rest, uint16_t *type, struct str *content)
{
	struct cursor c = over(*rest);

	if (!c.n)
		return false;
	*type = (uint16_t)number(&c, 2);
	*content = vector(&c, 2);
	*rest = str_n((const char *)c.p, c.n);
	return !c.bad;
}

bool tls_hello_alpn(struct str *rest, struct str *name)
{
	struct cursor c = over(*rest);

	if (!c.n)
		return false;
	*name = vector(&c, 1);
	*rest = str_n((const char *)c.p, c.n);
	return !c.bad && name->n;
}

/* RFC 6066, 3: a list with one host name. */
static struct str host_name(struct str content)
{
	struct str list = whole_vector(content, 2);
	struct cursor c = over(list);
	unsigned type = number(&c, 1);
	struct str name = vector(&c, 2);

	return c.bad || c.n || type || memchr(name.p, '\0', name.n) ? STR_NULL : name;
}

static void ext_note(struct tls_hello *h, unsigned type, struct str content)
{
	switch (type) {
	case EXT_SNI: h->sni = host_name(content); break;
	case EXT_GROUPS: h->groups = whole_vector(content, 2); break;
	case EXT_FORMATS: h->formats = whole_vector(content, 1); break;
	case EXT_SIGALGS: h->sigalgs = whole_vector(content, 2); break;
	case EXT_ALPN: h->alpn = whole_vector(content, 2); break;
	case EXT_TICKET: h->ticket = content; break;
	case EXT_VERSIONS: h->versions = whole_vector(content, 1); break;
	}
}

static bool exts_read(struct tls_hello *h)
{
	struct str rest = h->exts, content;
	uint16_t type;

	while (rest.n) {
		if (!tls_hello_ext(&rest, &type, &content))
			return false;
		ext_note(h, type, content);
	}
	return true;
}

/* ---- the message ------------------------------------------------------------------------------------------------- */

static bool client_read(struct cursor *c, struct tls_hello *h)
{
	h->version = (uint16_t)number(c, 2);
	take(c, 32);
	vector(c, 1); /* session id */
	h->ciphers = vector(c, 2);
	vector(c, 1); /* compression methods */
	if (!c->bad && c->n)
		h->exts = vector(c, 2);
	return !c->bad && !c->n && h->ciphers.n % 2 == 0 && exts_read(h);
}

/* The message behind its head, collected from as many records as it has. MORE: it is not all here. */
static enum tls_hello_verdict message(struct str in, struct arena *tmp, size_t want, struct str *body)
{
	struct cursor c = over(in);
	char *to = NULL;
	size_t have = 0;

	while (have < want) {
		unsigned type, n;
		size_t here;
		if (c.n < RECORD_HEAD)
			return TLS_HELLO_MORE;
		type = number(&c, 1);
		number(&c, 2);
		n = number(&c, 2);
		if (type != HANDSHAKE || !n || n > RECORD_MAX)
			return TLS_HELLO_BAD;
		here = n < c.n ? n : c.n;
		if (!have && here >= want) {
			*body = take(&c, want);
			return TLS_HELLO_OK;
		}
		if (here < n && have + here < want)
			return TLS_HELLO_MORE;
		if (!to)
			to = arena_bytes(tmp, want);
		if (here > want - have)
			here = want - have;
		memcpy(to + have, take(&c, here).p, here);
		have += here;
	}
	*body = str_n(to, want);
	return TLS_HELLO_OK;
}

/* Type and length of the handshake message, which may themselves be cut by records. */
static enum tls_hello_verdict message_head(struct str in, struct arena *tmp, struct tls_hello *h, size_t *len)
{
	struct str head;
	struct cursor c;
	enum tls_hello_verdict v = message(in, tmp, 4, &head);

	if (v != TLS_HELLO_OK)
		return v;
	c = over(head);
	h->type = (uint8_t)number(&c, 1);
	*len = number(&c, 3);
	return (h->type == 1 || h->type == 2) && *len >= 38 && *len <= MESSAGE_MAX ? TLS_HELLO_OK : TLS_HELLO_BAD;
}

enum tls_hello_verdict tls_hello_parse(struct str in, struct arena *tmp, struct tls_hello *h)
{
	enum tls_hello_verdict v;
	struct str body;
	struct cursor c;
	size_t len;

	*h = (struct tls_hello){ 0 };
	if (in.n && (uint8_t)in.p[0] != HANDSHAKE)
		return TLS_HELLO_BAD;
	if (in.n > 1 && in.p[1] != 3)
		return TLS_HELLO_BAD;
	if (in.n < RECORD_HEAD)
		return TLS_HELLO_MORE;
	h->record_version = (uint16_t)(3 << 8 | (uint8_t)in.p[2]);
	v = message_head(in, tmp, h, &len);
	if (v != TLS_HELLO_OK)
		return v;
	v = message(in, tmp, len + 4, &body);
	if (v != TLS_HELLO_OK)
		return v;
	c = over(str_sub(body, 4, len));
	if (h->type == 2) {
		h->version = (uint16_t)number(&c, 2);
		return TLS_HELLO_OK;
	}
	return client_read(&c, h) ? TLS_HELLO_OK : TLS_HELLO_BAD;
}

uint16_t tls_hello_max_version(const struct tls_hello *h)
{
	struct cursor c = over(h->versions);
	unsigned best = h->versions.n ? 0 : h->version;

	while (c.n >= 2) {
		unsigned v = number(&c, 2);
		if (!tls_grease(v) && v > best)
			best = v;
	}
	return (uint16_t)best;
}
