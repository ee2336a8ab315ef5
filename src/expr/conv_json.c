// SPDX-License-Identifier: GPL-3.0-or-later
/* JSON: text as a JSON string, and values out of a document. libjansson parses; the memory it takes comes from an arena that goes when
 * the value is out, and is limited by the length of the document, its depth by the library: a document beyond either has no value. */
#include <jansson.h>
#include <math.h>

#include <sluice/base/arena_pool.h>
#include <sluice/base/num.h>
#include <sluice/base/rand.h>
#include "rows_priv.h"

#define MEM_PER_BYTE 64u  /* of a document, its tables included */
#define MEM_MIN (64u << 10)
#define MEM_MAX (16u << 20)

/* ---- text to JSON ----------------------------------------------------------------------------------------------- */

enum utf8_fault { U_OVERLONG = 1, U_BAD = 2 };

/* One code point from p[0..n); *fault: enum utf8_fault bits. Returns the bytes taken, at least 1. */
static size_t utf8_next(const unsigned char *p, size_t n, uint32_t *cp, unsigned *fault)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000, 0x200000 };
	size_t more = p[0] < 0x80 ? 0 : p[0] < 0xc0 ? 9 : p[0] < 0xe0 ? 1 : p[0] < 0xf0 ? 2 : p[0] < 0xf8 ? 3 : 9, i = 1;

	*fault = more == 9 ? U_BAD : 0;
	*cp = more == 0 || more == 9 ? p[0] : p[0] & (0x3fu >> more);
	if (more == 0 || more == 9)
		return 1;
	for (; i <= more && i < n && (p[i] & 0xc0) == 0x80; i++)
		*cp = *cp << 6 | (p[i] & 0x3f);
	if (i <= more)
		*fault |= U_BAD;
	else if (*cp < least[more])
		*fault |= U_OVERLONG;
	if ((*cp >= 0xd800 && *cp <= 0xdfff) || *cp > 0x10ffff)
		*fault |= U_BAD;
	return i;
}

static void json_put(struct sbuf *out, uint32_t cp)
{
	static const char plain[] = "\"\\/\b\f\n\r\t", escaped[] = "\"\\/bfnrt";
	const char *at = cp && cp < 0x80 ? strchr(plain, (int)cp) : NULL;

	if (at) {
		sbuf_addc(out, '\\');
		sbuf_addc(out, escaped[at - plain]);
	} else if (cp < 0x20 || cp >= 0x7f) {
		sbuf_printf(out, "\\u%04x", (unsigned)cp);
	} else {
		sbuf_addc(out, (char)cp);
	}
}

static const char *const input_codes[] = { "ascii", "utf8", "utf8s", "utf8p", "utf8ps" };

bool json_input_code(struct str word, int64_t *code)
{
	for (size_t i = 0; i < ARRAY_LEN(input_codes); i++) {
		if (str_eq(word, str_c(input_codes[i]))) {
			*code = (int64_t)i;
			return true;
		}
	}
	return false;
}

/* s: what is wrong is left out; p: overlong forms are taken for what they say; else it ends the conversion. */
bool conv_json(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	int64_t code = k->arg[0].set ? k->arg[0].i : 0;
	bool skip = code == 2 || code == 4;
	unsigned fatal = code >= 3 ? U_BAD : U_BAD | U_OVERLONG;
	size_t cap = s->s.n * 6 + 1;
	struct sbuf out = { .p = arena_bytes(c->tmp, cap), .cap = cap, .fixed = true };

	for (size_t i = 0; i < s->s.n;) {
		uint32_t cp = (unsigned char)s->s.p[i];
		unsigned fault = 0;

		i += code ? utf8_next((const unsigned char *)s->s.p + i, s->s.n - i, &cp, &fault) : 1;
		if (fault & fatal || cp > 0xffff) {
			if (!skip)
				return false;
			continue;
		}
		json_put(&out, cp);
	}
	return smp_set_str(s, sbuf_str(&out));
}

/* ---- values of a document --------------------------------------------------------------------------------------- */

static struct arena *mem;
static size_t mem_left;

static void *mem_take(size_t n)
{
	if (n + 16 > mem_left)
		return NULL;
	mem_left -= n + 16;
	return arena_alloc(mem, n);
}

static void mem_give(void *p)
{
	(void)p;
}

void json_process_init(void)
{
	json_object_seed((size_t)(rand_u64() & 0x7fffffff) | 1);
}

/* The next step of a path: ".key" (a backslash takes the next byte as it is) or "[n]". false: not a path. */
static bool path_step(struct str *path, char *key, size_t cap, size_t *n, bool *index)
{
	size_t i = 1;

	*n = 0;
	*index = path->p[0] == '[';
	if (path->p[0] != '.' && !*index)
		return false;
	for (; i < path->n && path->p[i] != '[' && (*index ? path->p[i] != ']' : path->p[i] != '.'); i++) {
		if (path->p[i] == '\\' && i + 1 < path->n)
			i++;
		if (*n == cap)
			return false;
		key[(*n)++] = path->p[i];
	}
	if (*index && (i == path->n || path->p[i++] != ']'))
		return false;
	*path = str_sub(*path, i, SIZE_MAX);
	return *n > 0;
}

bool json_path_ok(struct str path)
{
	char key[256];
	size_t n;
	bool index;
	uint64_t v;

	if (!path.n || path.p[0] != '$')
		return false;
	for (path = str_sub(path, 1, SIZE_MAX); path.n;)
		if (!path_step(&path, key, sizeof(key), &n, &index) || (index && !num_u64(str_n(key, n), &v)))
			return false;
	return true;
}

static const json_t *path_walk(const json_t *v, struct str path)
{
	char key[256];
	size_t n;
	bool index;
	uint64_t i = 0;

	for (path = str_sub(path, 1, SIZE_MAX); v && path.n;) {
		if (!path_step(&path, key, sizeof(key), &n, &index) || (index && !num_u64(str_n(key, n), &i)))
			return NULL;
		v = index ? json_array_get(v, i) : json_object_getn(v, key, n);
	}
	return v;
}

static bool number_value(struct smp_ctx *c, const json_t *v, bool as_int, struct smp *s)
{
	double d = json_number_value(v);
	char *p;

	if (as_int && json_is_integer(v))
		return smp_set_int(s, json_integer_value(v));
	if (as_int)
		return d > -9.2e18 && d < 9.2e18 && smp_set_int(s, (int64_t)d);
	if (json_is_integer(v)) {
		p = arena_bytes(c->tmp, 24);
		return smp_set_str(s, str_n(p, num_fmt_i64(p, json_integer_value(v))));
	}
	return smp_set_str(s, arena_printf(c->tmp, "%g", d));
}

/* Arrays and objects come as compact text. */
static bool text_value(struct smp_ctx *c, const json_t *v, struct smp *s)
{
	size_t n = json_dumpb(v, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);
	char *p = arena_bytes(c->tmp, n + 1);

	return n && json_dumpb(v, p, n, JSON_COMPACT | JSON_ENCODE_ANY) == n && smp_set_str(s, str_n(p, n));
}

static bool json_value(struct smp_ctx *c, const json_t *v, bool as_int, struct smp *s)
{
	switch (v ? (int)json_typeof(v) : -1) {
	case JSON_TRUE: return smp_set_bool(s, true);
	case JSON_FALSE: return smp_set_bool(s, false);
	case JSON_INTEGER:
	case JSON_REAL: return number_value(c, v, as_int, s);
	case JSON_STRING:
		smp_set_str(s, arena_str(c->tmp, str_n(json_string_value(v), json_string_length(v))));
		if (as_int)
			return smp_cast(s, SMP_INT, c->tmp);
		return true;
	case JSON_ARRAY:
	case JSON_OBJECT: return !as_int && text_value(c, v, s);
	default: return false;
	}
}

bool json_get(struct smp_ctx *c, struct str doc, struct str path, bool as_int, struct smp *s)
{
	json_malloc_t old_take;
	json_free_t old_give;
	json_error_t err;
	bool ok = false;

	mem = arena_take();
	if (!mem)
		return false;
	mem_left = MIN((uint64_t)doc.n * MEM_PER_BYTE + MEM_MIN, MEM_MAX);
	json_get_alloc_funcs(&old_take, &old_give);
	json_set_alloc_funcs(mem_take, mem_give);
	const json_t *root = json_loadb(doc.p ? doc.p : "", doc.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &err);

	if (root)
		ok = json_value(c, path_walk(root, path), as_int, s);
	else if (json_error_code(&err) == json_error_out_of_memory || json_error_code(&err) == json_error_stack_overflow)
		expr_given_up.json++;
	json_set_alloc_funcs(old_take, old_give);
	arena_give(mem);
	return ok;
}

bool conv_json_query(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	return json_get(c, s->s, k->arg[0].s, k->arg[1].set, s);
}
