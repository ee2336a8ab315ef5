// SPDX-License-Identifier: GPL-3.0-or-later
/* Chunked transfer coding, decoded in place (RFC 9112 section 7.1). Framing lines may arrive in any pieces: sizes and
 * extensions are kept in the state; a trailer line is left unconsumed until it is complete. Extensions are thrown away
 * and have a budget per message, since a byte of data may otherwise cost any amount of framing. */
#include <sluice/http/h1_lex.h>
#include "http_priv.h"

#define EXT_MAX 4096u
#define TRAILERS_MAX 8192u

enum state { ST_SIZE, ST_EXT, ST_SIZE_LF, ST_DATA, ST_DATA_CR, ST_DATA_LF, ST_TRAILER, ST_DONE };

struct cursor {
	char *in;
	uint32_t at, len;   /* next raw byte, end of the raw bytes */
	uint32_t out;       /* end of the data moved to the front */
	struct http_msg *msg;
};

void h1_chunk_init(struct h1_chunk *c) { *c = (struct h1_chunk){ .state = ST_SIZE }; }

static int hex_value(unsigned char ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	ch |= 0x20;
	return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

/* At most 16 digits, and no more than 2^63 - 1 bytes. */
static enum h1_error step_size(struct h1_chunk *c, struct cursor *k)
{
	for (; k->at < k->len; k->at++) {
		int v = hex_value((unsigned char)k->in[k->at]);
		if (v < 0)
			break;
		if (++c->digits > 16 || c->left >> 59)
			return H1E_CHUNK_SIZE;
		c->left = c->left << 4 | (unsigned)v;
	}
	if (k->at == k->len)
		return H1E_NONE;
	if (c->digits == 0)
		return H1E_CHUNK_SIZE;
	char ch = k->in[k->at++];
	c->digits = 0;
	c->state = ch == '\r' ? ST_SIZE_LF : ST_EXT;
	return ch == '\r' || ch == ';' ? H1E_NONE : H1E_CHUNK_SIZE;
}

static enum h1_error step_ext(struct h1_chunk *c, struct cursor *k)
{
	for (; k->at < k->len; k->at++) {
		unsigned char ch = (unsigned char)k->in[k->at];
		if (ch == '\r') {
			k->at++;
			c->state = ST_SIZE_LF;
			return H1E_NONE;
		}
		if ((ch < 0x20 && ch != '\t') || ch == 0x7f)
			return H1E_CHUNK_EXT;
		if (++c->ext_bytes > EXT_MAX)
			return H1E_CHUNK_EXT_BIG;
	}
	return H1E_NONE;
}

static enum h1_error step_size_lf(struct h1_chunk *c, struct cursor *k)
{
	if (k->in[k->at++] != '\n')
		return H1E_CHUNK_SIZE;
	c->state = c->left ? ST_DATA : ST_TRAILER;
	return H1E_NONE;
}

static enum h1_error step_data(struct h1_chunk *c, struct cursor *k)
{
	uint32_t n = (uint32_t)MIN(c->left, (uint64_t)(k->len - k->at));

	if (k->out != k->at)
		memmove(k->in + k->out, k->in + k->at, n);
	k->out += n;
	k->at += n;
	c->left -= n;
	if (c->left == 0)
		c->state = ST_DATA_CR;
	return H1E_NONE;
}

static enum h1_error step_data_cr(struct h1_chunk *c, struct cursor *k)
{
	c->state = ST_DATA_LF;
	return k->in[k->at++] == '\r' ? H1E_NONE : H1E_CHUNK_END;
}

static enum h1_error step_data_lf(struct h1_chunk *c, struct cursor *k)
{
	c->state = ST_SIZE;
	return k->in[k->at++] == '\n' ? H1E_NONE : H1E_CHUNK_END;
}

/* RFC 9110 section 6.5.1: nothing that frames, routes, authenticates or changes how the message is read may come in a
 * trailer. */
static bool trailer_allowed(struct str name, enum http_hdr_id id)
{
	static const struct str forbidden[] = { STR("content-range"), STR("max-forwards"), STR("range"),
						STR("pragma") };

	if (id != HH_OTHER)
		return id == HH_ETAG || id == HH_DATE || id == HH_SERVER || id == HH_VIA;
	for (size_t i = 0; i < ARRAY_LEN(forbidden); i++)
		if (str_ieq(name, forbidden[i]))
			return false;
	return true;
}

enum h1_error http_keep_trailer(struct http_msg *m, struct str name, struct str val)
{
	enum http_hdr_id id = http_hdr_id(name);

	if (!m || !trailer_allowed(name, id))
		return H1E_NONE;
	if (m->nhdr + m->ntrl >= m->max_hdr)
		return H1E_TRAILER_BIG;
	m->hdr[m->nhdr + m->ntrl++] = (struct hdr){
		.name = arena_str(m->arena, name).p,
		.nlen = (uint16_t)name.n,
		.val = arena_str(m->arena, val).p,
		.vlen = (uint32_t)val.n,
		.id = (uint8_t)id,
	};
	return H1E_NONE;
}

static enum h1_error step_trailer(struct h1_chunk *c, struct cursor *k)
{
	const char *line = k->in + k->at, *p = line;
	struct h1_field f;

	if (h1_lex_field(&p, &f))
		return H1E_TRAILER_BAD;
	k->at += (uint32_t)(p - line);
	c->trl_bytes += (uint32_t)(p - line);
	if (f.name.n == 0) {
		c->state = ST_DONE;
		return H1E_NONE;
	}
	if (f.name.n > 255)
		return H1E_NAME_LONG;
	return c->trl_bytes > TRAILERS_MAX ? H1E_TRAILER_BIG : http_keep_trailer(k->msg, f.name, f.val);
}

typedef enum h1_error step_fn(struct h1_chunk *c, struct cursor *k);
static step_fn *const steps[] = {
	[ST_SIZE] = step_size, [ST_EXT] = step_ext,	    [ST_SIZE_LF] = step_size_lf, [ST_DATA] = step_data,
	[ST_DATA_CR] = step_data_cr, [ST_DATA_LF] = step_data_lf, [ST_TRAILER] = step_trailer,
};

/* A trailer line without its line feed must wait; it may not be larger than what all trailers may have. */
static bool trailer_waits(const struct h1_chunk *c, const struct cursor *k)
{
	return c->state == ST_TRAILER && !memchr(k->in + k->at, '\n', k->len - k->at);
}

enum h1_verdict h1_chunk_decode(struct h1_chunk *c, char *in, uint32_t len, uint32_t *used, uint32_t *data,
				struct http_msg *msg, enum h1_error *err)
{
	struct cursor k = { .in = in, .len = len, .msg = msg };

	*err = H1E_NONE;
	while (k.at < k.len && c->state != ST_DONE && !*err) {
		if (trailer_waits(c, &k)) {
			if (k.len - k.at > TRAILERS_MAX)
				*err = H1E_TRAILER_BIG;
			break;
		}
		*err = steps[c->state](c, &k);
	}
	*used = k.at;
	*data = k.out;
	return *err ? H1_BAD : c->state == ST_DONE ? H1_OK : H1_MORE;
}
