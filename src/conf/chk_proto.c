// SPDX-License-Identifier: GPL-3.0-or-later
/* Health checks that speak a protocol: each is a script of sends and expectations, as tcp-check lines would say it. Lines of tcp-check that
 * follow add to it.
 *
 * Redis RESP · RFC 5321 (SMTP) · RFC 4511 4.2 (LDAP, anonymous bind) · PostgreSQL protocol 3.0, StartupMessage · MySQL client/server protocol,
 * HandshakeV10 and HandshakeResponse · RFC 5246 7.4.1.2 (ClientHello) */
#include "chk_priv.h"

/* Of the option, not of a line of its own. */
static struct chk_step *add_step(struct sema *s, enum chk_step_kind kind)
{
	struct rt_check *c = &s->px->p->check;
	struct chk_step st = { .kind = kind };

	APPEND(s->a, c->steps, c->nsteps, st);
	return &c->steps[c->nsteps - 1];
}

/* false: the option is taken back. What defaults or earlier lines said of steps is forgotten. */
static bool begin(struct sema *s, const struct word *w, uint32_t n, uint32_t max)
{
	struct rt_check *c = &s->px->p->check;

	if (s->no) {
		if (c->kind == CHK_SCRIPT)
			c->kind = CHK_TCP;
		return false;
	}
	if (n > max + 1) {
		sema_err(s, &w[max + 1], "unexpected '" STR_FMT "' after 'option " STR_FMT "'", STR_ARG(w[max + 1].s), STR_ARG(w->s));
		return false;
	}
	c->kind = CHK_SCRIPT;
	c->proto = true;
	c->steps = NULL, c->nsteps = 0;
	s->px->chk_own = true;
	return true;
}

static void sends(struct sema *s, struct str bytes)
{
	add_step(s, CS_SEND_BINARY)->data = keep(s, bytes);
}

/* What the log says of an answer: formats and an expression, NULL = nothing. */
struct telling { const char *good, *bad, *code; };

static struct logfmt *telling_fmt(struct sema *s, const struct word *w, const char *text)
{
	struct word t = { .s = str_c(text), .at = w->at, .quoted = true };

	return text ? sema_raw_fmt(s, &t, CHK_AVAIL_TCP) : NULL;
}

/* how: CM_RSTRING, or CM_RBINARY over upper-case hexadecimal digits. A wrong answer is a wrong status: somebody did answer. */
static struct chk_expect *expects(struct sema *s, const struct word *w, enum chk_match how, const char *regex, struct telling say)
{
	struct word re = { .s = str_c(regex), .at = w->at, .quoted = true }, code = { .s = str_c(say.code), .at = w->at, .quoted = true };
	struct chk_step *st = add_step(s, CS_EXPECT);

	st->exp = (struct chk_expect){
		.match = (uint8_t)how, .text = keep(s, re.s), .re = sema_regex(s, &re, false), .error_status = chk_status("L7STS"),
		.on_success = telling_fmt(s, w, say.good), .on_error = telling_fmt(s, w, say.bad),
		.code = say.code ? sema_expr(s, &code, CHK_AVAIL_TCP) : NULL,
	};
	return &st->exp;
}

void chk_option_redis(struct sema *s, const struct word *w, uint32_t n)
{
	if (!begin(s, w, n, 0))
		return;
	sends(s, STR("*1\r\n$4\r\nPING\r\n"));
	expects(s, w, CM_RSTRING, "^\\+PONG\r\n", (struct telling){ "Redis server is ok", "%[res.payload(0,0),cut_crlf]", NULL });
}

void chk_option_smtp(struct sema *s, const struct word *w, uint32_t n)
{
	static const char says[] = "%[res.payload(4,0),ltrim(' '),cut_crlf]";
	static const struct telling smtp_says = { says, says, "res.payload(0,3)" };
	struct sbuf hello = { 0 };

	if (!begin(s, w, n, 2))
		return;
	if (n > 1 && (!(word_is(&w[1], "HELO") || word_is(&w[1], "EHLO")) || n == 2))
		sema_err(s, &w[1], "'option smtpchk' expects HELO or EHLO and the name to say");
	sbuf_printf(&hello, STR_FMT " " STR_FMT "\r\n", STR_ARG(n > 2 ? w[1].s : STR("HELO")), STR_ARG(n > 2 ? w[2].s : STR("localhost")));
	expects(s, w, CM_RSTRING, "^(2[0-9]{2}-[^\r]*\r\n)*2[0-9]{2}[ \r]", smtp_says);
	sends(s, sbuf_str(&hello));
	expects(s, w, CM_RSTRING, "^(2[0-9]{2}-[^\r]*\r\n)*2[0-9]{2}[ \r]", smtp_says);
	sends(s, STR("QUIT\r\n"));
	expects(s, w, CM_RSTRING, "^2[0-9]{2}[ \r]", smtp_says);
	sbuf_free(&hello);
}

void chk_option_ldap(struct sema *s, const struct word *w, uint32_t n)
{
	static const char bind[] = { 0x30, 0x0c, 0x02, 0x01, 0x01, 0x60, 0x07, 0x02, 0x01, 0x03, 0x04, 0x00, (char)0x80, 0x00 };

	if (!begin(s, w, n, 0))
		return;
	sends(s, str_n(bind, sizeof(bind)));
	/* BindResponse of message 1 with resultCode success; lengths in the short or the long form */
	expects(s, w, CM_RBINARY, "^30([0-7].|81..|82....|84........)02010161([0-7].|81..|82....|84........)0A0100",
		(struct telling){ "Success", "See RFC: http://tools.ietf.org/html/rfc4511#section-4.1.9", NULL });
}

static void big_endian(struct sbuf *b, uint32_t v)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		sbuf_addc(b, (char)(v >> shift));
}

static void little_endian(struct sbuf *b, uint32_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		sbuf_addc(b, (char)(v >> (8 * i)));
}

/* The name behind `user`; NULL after a message. */
static const struct word *user_of(struct sema *s, const struct word *w, uint32_t n)
{
	if (n > 2 && word_is(&w[1], "user") && w[2].s.n && w[2].s.n < 256)
		return &w[2];
	sema_err(s, &w[0], "'option " STR_FMT "' expects 'user' and a name", STR_ARG(w->s));
	return NULL;
}

void chk_option_pgsql(struct sema *s, const struct word *w, uint32_t n)
{
	const struct word *user;
	struct sbuf b = { 0 };

	if (!begin(s, w, n, 2) || !(user = user_of(s, w, n)))
		return;
	big_endian(&b, (uint32_t)(4 + 4 + 5 + user->s.n + 1 + 1));
	big_endian(&b, 3u << 16); /* version 3.0 */
	sbuf_add(&b, str_n("user", 5));
	sbuf_add(&b, user->s);
	sbuf_add(&b, str_n("\0", 2));
	sends(s, sbuf_str(&b));
	/* it asks who we are: any Authentication message */
	expects(s, w, CM_RBINARY, "^52000000..",
		(struct telling){ "PostgreSQL server is ok", "%[res.payload(6,0)]", NULL })->error_status = 0;
	sbuf_free(&b);
}

/* HandshakeResponse41 with an empty answer, or HandshakeResponse320; then COM_QUIT. */
static void mysql_login(struct sema *s, const struct word *w, struct str user, bool old)
{
	struct sbuf body = { 0 }, b = { 0 };

	little_endian(&body, old ? 0x0001 : 0x8200, old ? 2 : 4); /* LONG_PASSWORD; PROTOCOL_41 and SECURE_CONNECTION */
	little_endian(&body, 1u << 16, old ? 3 : 4);              /* largest packet */
	for (unsigned i = 0; !old && i < 24; i++)
		sbuf_addc(&body, i ? 0 : 33);                     /* character set utf8, then nothing */
	sbuf_add(&body, user);
	sbuf_add(&body, str_n("\0", old ? 1 : 2));
	little_endian(&b, (uint32_t)body.n, 3);
	sbuf_addc(&b, 1);
	sbuf_add(&b, sbuf_str(&body));
	sends(s, sbuf_str(&b));
	expects(s, w, CM_RBINARY, "^......02(?!FF)..", (struct telling){ NULL, "%[res.payload(7,0)]", NULL }); /* anything but an error */
	sends(s, str_n("\1\0\0\0\1", 5));
	sbuf_free(&b);
	sbuf_free(&body);
}

void chk_option_mysql(struct sema *s, const struct word *w, uint32_t n)
{
	static const char *const words[] = { "post-41", "pre-41" };
	const struct word *user;
	int k = 0;

	if (!begin(s, w, n, 3))
		return;
	/* HandshakeV10, and no error */
	expects(s, w, CM_RBINARY, "^......000A", (struct telling){ "%[res.payload(5,0)]", "%[res.payload(7,0)]", NULL });
	if (n > 1 && (user = user_of(s, w, n)) && (n < 4 || (k = arg_word(s, &w[3], words, 2, "version of the protocol")) >= 0))
		mysql_login(s, w, user->s, k == 1);
}

void chk_option_ssl_hello(struct sema *s, const struct word *w, uint32_t n)
{
	/* ClientHello of TLS 1.2 with suites that every server of today knows, P-256 and the usual signatures */
	static const unsigned char suites[] = { 0xc0, 0x2f, 0xc0, 0x2b, 0xc0, 0x30, 0xc0, 0x2c, 0x00, 0x9c, 0x00, 0x9d, 0x00, 0x2f, 0x00, 0xff };
	static const unsigned char exts[] = { 0x00, 0x0a, 0x00, 0x06, 0x00, 0x04, 0x00, 0x17, 0x00, 0x1d, 0x00, 0x0b, 0x00, 0x02, 0x01, 0x00,
					      0x00, 0x0d, 0x00, 0x0a, 0x00, 0x08, 0x04, 0x03, 0x04, 0x01, 0x08, 0x04, 0x05, 0x01 };
	enum { BODY = 2 + 32 + 1 + 2 + (int)sizeof(suites) + 2 + 2 + (int)sizeof(exts) };
	struct sbuf b = { 0 };

	if (!begin(s, w, n, 0))
		return;
	sbuf_add(&b, str_n("\x16\x03\x01", 3));
	sbuf_addc(&b, 0), sbuf_addc(&b, BODY + 4);
	big_endian(&b, 1u << 24 | BODY);
	sbuf_add(&b, str_n("\x03\x03", 2));
	for (int i = 0; i < 32; i++)
		sbuf_addc(&b, (char)(i * 37 + 11)); /* its random: nobody goes on with this handshake */
	sbuf_addc(&b, 0);
	sbuf_addc(&b, 0), sbuf_addc(&b, (char)sizeof(suites));
	sbuf_add(&b, str_n((const char *)suites, sizeof(suites)));
	sbuf_add(&b, str_n("\1\0", 2));
	sbuf_addc(&b, 0), sbuf_addc(&b, (char)sizeof(exts));
	sbuf_add(&b, str_n((const char *)exts, sizeof(exts)));
	sends(s, sbuf_str(&b));
	/* a handshake or an alert: it speaks TLS */
	struct chk_expect *e = expects(s, w, CM_RBINARY, "^1[56]03", (struct telling){ NULL, NULL, NULL });


	e->ok_status = chk_status("L6OK");
	e->error_status = chk_status("L6RSP");
	e->tout_status = chk_status("L6TOUT");
	sbuf_free(&b);
}
