// SPDX-License-Identifier: GPL-3.0-or-later
/* Conversions between sample types, as HAProxy casts them. */
#include <arpa/inet.h>
#include <limits.h>

#include <sluice/base/num.h>
#include "expr_priv.h"

#define T(t) (1u << SMP_##t)

/* Row: from; bits: what it may become. */
static const uint16_t cast_to[] = {
	[SMP_NONE] = 0,
	[SMP_BOOL] = T(BOOL) | T(INT) | T(STR) | T(BIN),
	[SMP_INT] = T(BOOL) | T(INT) | T(IP) | T(STR) | T(BIN),
	[SMP_IP] = T(INT) | T(IP) | T(STR) | T(BIN),
	[SMP_STR] = T(BOOL) | T(INT) | T(IP) | T(STR) | T(BIN) | T(METH),
	[SMP_BIN] = T(STR) | T(BIN) | T(IP),
	[SMP_METH] = T(STR) | T(BIN) | T(METH),
	[SMP_ANY] = UINT16_MAX,
};

bool smp_castable(enum smp_type from, enum smp_type to)
{
	return to == SMP_ANY || (cast_to[from] & 1u << to);
}

struct str smp_type_name(enum smp_type t)
{
	static const struct str name[] = {
		[SMP_NONE] = { "nothing", 7 }, [SMP_BOOL] = { "a boolean", 9 }, [SMP_INT] = { "an integer", 10 },
		[SMP_IP] = { "an address", 10 }, [SMP_STR] = { "text", 4 }, [SMP_BIN] = { "binary", 6 },
		[SMP_METH] = { "a method", 8 }, [SMP_ANY] = { "anything", 8 },
	};

	return name[t];
}

/* The integer that s starts with, 0 when it starts with none; saturates. */
int64_t smp_str_to_int(struct str s)
{
	size_t i = 0;
	bool neg = s.n && s.p[0] == '-';
	int64_t v = 0;

	if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
		i = 1;
	for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++) {
		int d = s.p[i] - '0';

		if (__builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, d, &v))
			return neg ? INT64_MIN : INT64_MAX;
	}
	return neg ? v : v == INT64_MIN ? INT64_MAX : -v;
}

static bool cast_int(struct smp *s)
{
	struct str t;

	switch (s->type) {
	case SMP_STR:
		t = s->s;
		return smp_set_int(s, smp_str_to_int(t));
	case SMP_IP:
		if (s->ip.family != AF_INET)
			return false;
		return smp_set_int(s, ntohl(s->ip.in4.s_addr));
	default:
		s->type = SMP_INT;
		return true;
	}
}

static bool cast_ip(struct smp *s)
{
	struct addr a = { .family = AF_UNSPEC };

	switch (s->type) {
	case SMP_INT:
		a.family = AF_INET;
		a.in4.s_addr = htonl((uint32_t)s->i);
		break;
	case SMP_STR:
		if (!addr_parse_ip(&a, s->s))
			return false;
		break;
	default:
		if (s->s.n != 4 && s->s.n != 16)
			return false;
		a.family = s->s.n == 4 ? AF_INET : AF_INET6;
		memcpy(&a.in6, s->s.p, s->s.n);
	}
	s->type = SMP_IP;
	s->ip = a;
	return true;
}

static bool cast_str(struct smp *s, struct arena *tmp)
{
	char *p;

	switch (s->type) {
	case SMP_BOOL:
	case SMP_INT:
		p = arena_bytes(tmp, 24);
		return smp_set_str(s, str_n(p, num_fmt_i64(p, s->i)));
	case SMP_IP:
		if (s->ip.family != AF_INET && s->ip.family != AF_INET6)
			return false;
		p = arena_bytes(tmp, ADDR_TEXT_MAX);
		return smp_set_str(s, str_n(p, addr_ip_text(&s->ip, p)));
	}
	s->type = SMP_STR;
	return true;
}

static bool cast_bin(struct smp *s, struct arena *tmp)
{
	char *p = arena_bytes(tmp, 16);
	size_t n = 8;

	switch (s->type) {
	case SMP_BOOL:
	case SMP_INT:
		for (int i = 0; i < 8; i++)
			p[i] = (char)((uint64_t)s->i >> (56 - 8 * i));
		break;
	case SMP_IP:
		if (s->ip.family != AF_INET && s->ip.family != AF_INET6)
			return false;
		n = s->ip.family == AF_INET ? 4 : 16;
		memcpy(p, &s->ip.in6, n);
		break;
	default:
		s->type = SMP_BIN;
		return true;
	}
	s->type = SMP_BIN;
	s->s = str_n(p, n);
	return true;
}

static bool cast_bool(struct smp *s)
{
	if (s->type == SMP_STR && !cast_int(s))
		return false;
	return smp_set_bool(s, s->i != 0);
}

bool smp_cast(struct smp *s, enum smp_type to, struct arena *tmp)
{
	if (to == s->type || to == SMP_ANY)
		return true;
	if (!smp_castable(s->type, to))
		return false;
	switch (to) {
	case SMP_BOOL:
		return cast_bool(s);
	case SMP_INT:
		return cast_int(s);
	case SMP_IP:
		return cast_ip(s);
	case SMP_STR:
		return cast_str(s, tmp);
	case SMP_BIN:
		return cast_bin(s, tmp);
	case SMP_METH:
		s->type = SMP_METH;
		s->meth = (uint8_t)http_method_id(s->s);
		return true;
	default:
		return false;
	}
}
