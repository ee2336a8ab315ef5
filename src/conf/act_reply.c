// SPDX-License-Identifier: GPL-3.0-or-later
/* Arguments of the actions that answer in the server's place: deny, tarpit, return, redirect; and error files. */
#include <sluice/base/num.h>

#include "act_priv.h"

/* ---- error files ------------------------------------------------------------------------------------------------ */

static bool http_response_ok(struct str t, uint32_t *status)
{
	struct str first = str_sub(t, 0, 12);
	uint64_t v;

	if (first.n < 12 || !str_starts(first, STR("HTTP/1.")) || first.p[8] != ' ' ||
	    !num_u64(str_sub(first, 9, 3), &v) || v < 100)
		return false;
	*status = (uint32_t)v;
	return str_find(t, STR("\r\n\r\n"), false) > 0 || str_find(t, STR("\n\n"), false) > 0;
}

struct rt_reply *reply_from_file(struct sema *s, const struct word *w, uint32_t status)
{
	struct rt_reply *r = hmap_get(&s->files, w->s), *own;
	uint32_t file_status = 0;

	if (!r) {
		r = ARENA_NEW(s->a, struct rt_reply);
		r->silent = word_is(w, "/dev/null");
		if (!r->silent && !sema_read_file(s, s->a, w->s, &r->raw)) {
			sema_err(s, w, "cannot read '" STR_FMT "': %m", STR_ARG(w->s));
			return NULL;
		}
		if (!r->silent && !http_response_ok(r->raw, &file_status)) {
			sema_err(s, w,
				 "'" STR_FMT "' is not a complete HTTP response: a status line, headers and an empty "
					     "line are needed",
				 STR_ARG(w->s));
			return NULL;
		}
		if (r->raw.n > s->rt->g.bufsize)
			sema_warn(s, w, "'" STR_FMT "' has %zu bytes, more than a buffer (tune.bufsize %u)",
				  STR_ARG(w->s), r->raw.n, s->rt->g.bufsize);
		hmap_put(&s->files, w->s, r);
	}
	own = arena_dup(s->a, r, sizeof(*r));
	own->status = (uint16_t)(status ? status : file_status);
	return own;
}

/* ---- return, deny, tarpit --------------------------------------------------------------------------------------- */

enum reply_word {
	RW_STATUS,
	RW_DENY_STATUS,
	RW_TYPE,
	RW_STRING,
	RW_LF_STRING,
	RW_FILE,
	RW_LF_FILE,
	RW_ERRORFILE,
	RW_HDR,
	RW_DEFAULT,
	RW_ERRORFILES
};
static const char *const reply_words[] = { "status",	"deny_status", "content-type", "string", "lf-string",
					   "file",	"lf-file",     "errorfile",    "hdr",	 "default-errorfiles",
					   "errorfiles" };

struct reply_build {
	struct rt_reply *rp;
	const struct word *payload;   /* the word that gave the body */
	const struct word *set;       /* name of an http-errors section */
	bool raw, dflt;               /* errorfile; default-errorfiles */
	uint32_t status;
};

static bool reply_hdr(struct sema *s, struct act *a, uint32_t *i, struct reply_build *b)
{
	struct rt_reply_hdr h;

	if (*i + 2 >= a->n) {
		sema_err(s, &a->w[*i], "'hdr' expects a name and a format");
		return false;
	}
	if (!act_header_name(s, &a->w[*i + 1], &h.name) || !(h.val = sema_fmt(s, &a->w[*i + 2], a->avail)))
		return false;
	*i += 2;
	APPEND(s->a, b->rp->hdrs, b->rp->nhdrs, h);
	return true;
}

/* The body: text or file, constant or format. */
static bool reply_body(struct sema *s, struct act *a, enum reply_word k, const struct word *v, struct reply_build *b)
{
	struct word text = *v;

	if (b->payload) {
		sema_err(s, v - 1, "the body was already given by '" STR_FMT "'", STR_ARG(b->payload->s));
		return false;
	}
	b->payload = v - 1;
	if (k == RW_ERRORFILE) {
		struct rt_reply *file = reply_from_file(s, v, 0);
		if (!file)
			return false;
		b->raw = true;
		b->rp->raw = file->raw;
		b->rp->silent = file->silent;
		if (!b->status)
			b->status = file->status;
		return true;
	}
	if ((k == RW_FILE || k == RW_LF_FILE) && !sema_read_file(s, s->a, v->s, &text.s)) {
		sema_err(s, v, "cannot read '" STR_FMT "': %m", STR_ARG(v->s));
		return false;
	}
	if (k == RW_STRING || k == RW_FILE) {
		b->rp->body = keep(s, text.s);
		return true;
	}
	text.quoted = true;
	return (b->rp->body_fmt = sema_fmt(s, &text, a->avail)) != NULL;
}

static bool reply_word(struct sema *s, struct act *a, uint32_t *i, struct reply_build *b)
{
	enum reply_word k;
	const struct word *v;
	int found = arg_word(s, &a->w[*i], reply_words, RW_ERRORFILES + 1, "argument");

	if (found < 0)
		return false;
	k = (enum reply_word)found;
	if (k == RW_HDR)
		return reply_hdr(s, a, i, b);
	if (k == RW_DEFAULT)
		return b->dflt = true;
	if (!(v = arg_next(s, a->w, a->n, i)))
		return false;
	if (k == RW_ERRORFILES) {
		b->set = v;
		return true;
	}
	if (k == RW_STATUS || k == RW_DENY_STATUS)
		return arg_u32(s, v, 200, 599, &b->status);
	if (k == RW_TYPE) {
		b->rp->content_type = keep(s, v->s);
		return true;
	}
	return reply_body(s, a, k, v, b);
}

static bool reply_parse(struct sema *s, struct act *a, struct reply_build *b)
{
	b->rp = ARENA_NEW(s->a, struct rt_reply);
	for (uint32_t i = 1; i < a->n; i++)
		if (!reply_word(s, a, &i, b))
			return false;
	if (b->payload && !b->raw && !b->rp->content_type.n && (b->rp->body.n || b->rp->body_fmt)) {
		bool file = str_ends(b->payload->s, STR("file"));
		if (file) {
			sema_err(s, b->payload, "a body from a file needs 'content-type'");
			return false;
		}
		b->rp->content_type = STR("text/plain");
	}
	if (b->raw && (b->rp->nhdrs || b->rp->content_type.n))
		sema_warn(s, b->payload, "an errorfile is sent as it is: 'hdr' and 'content-type' are ignored");
	return true;
}

/* The page of a set in place of everything else; one that the set lacks is the proxy's own. */
static bool reply_from_set(struct sema *s, struct reply_build *b)
{
	struct rt_reply *page;

	if (!b->set)
		return true;
	if (!errors_of_set(s, b->set, b->status, &page))
		return false;
	b->dflt = !page;
	b->payload = page ? b->set : NULL;
	if (page)
		b->rp = page;
	return true;
}

bool act_parse_deny(struct sema *s, struct act *a)
{
	struct reply_build b = { 0 };

	if (!reply_parse(s, a, &b))
		return false;
	if (!b.status)
		b.status = a->r->act == ACT_TARPIT ? 500 : a->ph == PH_HTTP_RES ? 502 : 403;
	if (!reply_from_set(s, &b))
		return false;
	a->r->status = b.rp->status = (uint16_t)b.status;
	if (b.payload || b.rp->nhdrs || error_slot(b.status) < 0)
		a->r->reply = b.rp;
	return true;
}

bool act_parse_return(struct sema *s, struct act *a)
{
	struct reply_build b = { 0 };

	if (!reply_parse(s, a, &b))
		return false;
	if (!b.status)
		b.status = 200;
	if (!reply_from_set(s, &b))
		return false;
	a->r->status = b.rp->status = (uint16_t)b.status;
	a->r->reply = b.dflt && !b.payload ? NULL : b.rp;
	return true;
}

bool act_parse_auth(struct sema *s, struct act *a)
{
	if (a->n == 1)
		return true;
	if (a->n != 3 || !word_is(&a->w[1], "realm")) {
		sema_err(s, &a->w[1], "only 'realm <text>' may follow");
		return false;
	}
	a->r->tpl = keep(s, a->w[2].s);
	return true;
}

/* ---- redirect --------------------------------------------------------------------------------------------------- */

static bool redirect_code(struct sema *s, struct rule *r, const struct word *v)
{
	uint32_t code;
	if (!arg_u32(s, v, 100, 599, &code))
		return false;
	if (code != 301 && code != 302 && code != 303 && code != 307 && code != 308) {
		sema_err(s, v, "'%u' is not a redirect: 301, 302, 303, 307 or 308", code);
		return false;
	}
	r->status = (uint16_t)code;
	return true;
}

static void redirect_cookie(struct sema *s, struct rule *r, const struct word *v, bool clear)
{
	bool value = str_chr(v->s, '=') >= 0;
	r->extra = arena_printf(s->a, STR_FMT "%s; path=/;%s", STR_ARG(v->s), clear && !value ? "=" : "",
				clear ? " Max-Age=0;" : "");
}

static bool redirect_word(struct sema *s, struct rule *r, const struct word *w, uint32_t n, uint32_t *i, unsigned avail)
{
	static const char *const words[] = {
		"location",	"prefix",     "scheme",	      "code",	      "set-cookie",
		"clear-cookie", "drop-query", "append-slash", "ignore-empty", "keep-query"
	};
	static const uint32_t flags[] = { REDIR_DROP_QUERY, REDIR_APPEND_SLASH, REDIR_IGNORE_EMPTY, REDIR_KEEP_QUERY };
	int k = arg_word(s, &w[*i], words, ARRAY_LEN(words), "argument of redirect");
	const struct word *v;

	if (k < 0)
		return false;
	if (k >= 6) {
		r->flags |= flags[k - 6];
		return true;
	}
	if (!(v = arg_next(s, w, n, i)))
		return false;
	if (k == 3)
		return redirect_code(s, r, v);
	if (k >= 4) {
		redirect_cookie(s, r, v, k == 5);
		return true;
	}
	if (r->fmt) {
		sema_err(s, &w[*i - 1], "only one of location, prefix and scheme is possible");
		return false;
	}
	r->kind = (uint8_t)k;
	return (r->fmt = sema_fmt(s, v, avail)) != NULL;
}

static bool redirect_args(struct sema *s, struct rule *r, const struct word *w, uint32_t n, unsigned avail)
{
	r->status = 302;
	for (uint32_t i = 1; i < n; i++)
		if (!redirect_word(s, r, w, n, &i, avail))
			return false;
	if (r->fmt)
		return true;
	sema_err(s, &w[0], "'redirect' expects location, prefix or scheme");
	return false;
}

bool act_parse_redirect(struct sema *s, struct act *a)
{
	return redirect_args(s, a->r, a->w, a->n, a->avail);
}

bool redirect_parse(struct sema *s, struct rule *r, const struct word *w, uint32_t n)
{
	return redirect_args(s, r, w, n, phase_avail(s, PH_HTTP_REQ));
}
