// SPDX-License-Identifier: GPL-3.0-or-later
/* Passwords of userlists. crypt(3) takes milliseconds by design, so what was found right is remembered: a keyed digest of list, user and
 * password in a table of fixed size, where a new entry takes the place of the one that has its slot. Passwords themselves are not kept. */
#include <crypt.h>
#include <openssl/hmac.h>
#include <sluice/base/rand.h>
#include "steps.h"

#define REMEMBERED 1024u
#define DIGEST 32

static struct { unsigned char key[DIGEST], seen[REMEMBERED][DIGEST]; } memo;

void auth_start(void)
{
	rand_secret(memo.key, sizeof(memo.key));
}

static bool digest(int list, struct str user, struct str pass, unsigned char out[DIGEST])
{
	char text[1024];
	struct sbuf b = SBUF_FIXED(text);
	unsigned n = DIGEST;

	sbuf_printf(&b, "%d:%zu:", list, user.n);
	sbuf_add(&b, user);
	sbuf_add(&b, pass);
	return !b.cut && HMAC(EVP_sha256(), memo.key, DIGEST, (unsigned char *)text, b.n, out, &n);
}

static bool same_bytes(struct str a, struct str b)
{
	unsigned char diff = a.n != b.n;

	for (size_t i = 0; i < MIN(a.n, b.n); i++)
		diff |= (unsigned char)(a.p[i] ^ b.p[i]);
	return !diff;
}

static bool crypt_equal(const struct rt_user *u, struct str pass)
{
	static struct crypt_data data;
	char text[512];
	const char *out;

	if (pass.n >= sizeof(text) || memchr(pass.p, 0, pass.n))
		return false;
	memcpy(text, pass.p, pass.n);
	text[pass.n] = '\0';
	out = crypt_r(text, u->pass.p, &data);
	explicit_bzero(text, sizeof(text));
	return out && same_bytes(str_c(out), u->pass);
}

static const struct rt_user *user_find(int list, struct str name)
{
	const struct rt_userlist *l = list >= 0 && (uint32_t)list < wk.rt->nuserlist ? &wk.rt->userlist[list] : NULL;

	for (uint32_t i = 0; l && i < l->nuser; i++)
		if (str_eq(l->user[i].name, name))
			return &l->user[i];
	return NULL;
}

bool auth_check(const struct smp_ctx *c, int list, struct str user, struct str pass)
{
	const struct rt_user *u = user_find(list, user);
	unsigned char d[DIGEST], *seen;
	uint32_t slot;

	(void)c;
	if (!u || !u->pass.n)
		return false;
	if (u->plain)
		return same_bytes(u->pass, pass);
	if (!digest(list, user, pass, d))
		return false;
	memcpy(&slot, d, sizeof(slot));
	seen = memo.seen[slot % REMEMBERED];
	if (memcmp(seen, d, DIGEST) == 0)
		return true;
	if (!crypt_equal(u, pass))
		return false;
	memcpy(seen, d, DIGEST);
	return true;
}

bool auth_group(const struct smp_ctx *c, int list, struct str user, int n, struct str *out)
{
	const struct rt_user *u = user_find(list, user);

	(void)c;
	if (!u || n < 0 || (uint32_t)n >= u->ngroups)
		return false;
	*out = u->groups[n];
	return true;
}
