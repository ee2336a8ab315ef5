// SPDX-License-Identifier: GPL-3.0-or-later
/* Samples as keys, and keys as text. Addresses are compared as bytes of the table's family, text is cut to the table's
 * length, binary keys are cut or filled up with zeros. */
#include <arpa/inet.h>
#include <sluice/base/buf.h>
#include <sluice/base/hash.h>
#include <sluice/stick/stick.h>

static bool key_v4(const struct addr *a, struct arena *tmp, struct str *key)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	const void *p = NULL;

	if (a->family == AF_INET)
		p = &a->in4;
	else if (a->family == AF_INET6 && memcmp(&a->in6, mapped, sizeof(mapped)) == 0)
		p = (const uint8_t *)&a->in6 + sizeof(mapped);
	if (p)
		*key = str_n(arena_dup(tmp, p, 4), 4);
	return p != NULL;
}

static bool key_v6(const struct addr *a, struct arena *tmp, struct str *key)
{
	uint8_t b[16] = { [10] = 0xff, [11] = 0xff };

	if (a->family == AF_INET)
		memcpy(b + 12, &a->in4, 4);
	else if (a->family == AF_INET6)
		memcpy(b, &a->in6, 16);
	else
		return false;
	*key = str_n(arena_dup(tmp, b, 16), 16);
	return true;
}

static bool key_padded(const struct rt_table *t, struct str s, struct arena *tmp, struct str *key)
{
	if (s.n >= t->key_len) {
		*key = str_sub(s, 0, t->key_len);
		return true;
	}
	char *p = arena_alloc(tmp, t->key_len);

	memcpy(p, s.p ? s.p : "", s.n);
	*key = str_n(p, t->key_len);
	return true;
}

bool stick_key_of(const struct rt_table *t, struct smp *s, struct arena *tmp, struct str *key)
{
	static const uint8_t want[] = { SMP_IP, SMP_IP, SMP_INT, SMP_STR, SMP_BIN };
	uint32_t i;

	if (s->type != want[t->type] && !smp_cast(s, want[t->type], tmp))
		return false;
	switch (t->type) {
	case SK_IP:
		return key_v4(&s->ip, tmp, key);
	case SK_IPV6:
		return key_v6(&s->ip, tmp, key);
	case SK_INTEGER:
		i = (uint32_t)s->i;
		*key = str_n(arena_dup(tmp, &i, sizeof(i)), sizeof(i));
		return true;
	case SK_STRING:
		*key = str_sub(s->s, 0, t->key_len);
		return true;
	default:
		return key_padded(t, s->s, tmp, key);
	}
}

uint64_t stick_server_key(const struct rt_table *spec, const struct rt_server *srv, const struct addr *at)
{
	char text[ADDR_TEXT_MAX];

	if (!spec->srvkey_addr)
		return hash_xxh3(srv->name, 0);
	return hash_xxh3(str_n(text, addr_text(at, text)), 0);
}

void stick_key_text(const struct rt_table *t, struct str key, struct sbuf *out)
{
	char text[INET6_ADDRSTRLEN];
	uint32_t i = 0;

	switch (t->type) {
	case SK_IP:
	case SK_IPV6:
		if (key.n == (t->type == SK_IP ? 4u : 16u) &&
		    inet_ntop(t->type == SK_IP ? AF_INET : AF_INET6, key.p, text, sizeof(text)))
			sbuf_add(out, str_c(text));
		break;
	case SK_INTEGER:
		memcpy(&i, key.p, MIN(key.n, sizeof(i)));
		sbuf_printf(out, "%u", i);
		break;
	case SK_STRING:
		sbuf_add(out, key);
		break;
	default:
		for (size_t k = 0; k < key.n; k++)
			sbuf_printf(out, "%02X", (uint8_t)key.p[k]);
	}
}
