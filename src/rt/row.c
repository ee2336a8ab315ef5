// SPDX-License-Identifier: GPL-3.0-or-later
/* Rows of servers in frozen tables. The pages of a row are made writable for the time of one store; the process has one thread, so nobody
 * sees them so. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sluice/base/panic.h>
#include <sluice/rt/row.h>

#define PAGE 4096u
#define TEXTS 6

struct record {
	uint32_t size, zero;           /* of the whole record */
	struct rt_server s;
	struct rt_srv_opts o;
	uint32_t len[TEXTS];           /* of the texts behind, each with a final NUL */
};

/* Texts of a server that are its own, in the order of the record. */
static void texts_of(struct rt_server *s, struct rt_srv_opts *o, struct str *t[TEXTS])
{
	t[0] = &s->name, t[1] = &s->cookie, t[2] = &s->host, t[3] = &o->check_sni, t[4] = &o->check_alpn, t[5] = &o->agent_send;
}

void rt_row_pack(const struct rt_server *s, struct sbuf *out)
{
	struct record r;
	struct str *t[TEXTS];
	size_t at = out->n;

	memset(&r, 0, sizeof(r));
	r.s = *s;
	r.o = *s->o;
	r.s.loc = (struct rt_loc){ 0 };
	r.s.line = 0;
	r.s.own = NULL;
	r.o.sni_text = STR_NULL;
	texts_of(&r.s, &r.o, t);
	for (unsigned i = 0; i < TEXTS; i++)
		r.len[i] = (uint32_t)t[i]->n;
	sbuf_add(out, str_n((const char *)&r, sizeof(r)));
	for (unsigned i = 0; i < TEXTS; i++) {
		sbuf_add(out, *t[i]);
		sbuf_addc(out, '\0');
	}
	r.size = (uint32_t)(out->n - at);
	memcpy(out->p + at, &r, sizeof(r));
}

static bool record_ok(const struct record *r, struct str rec)
{
	uint64_t want = sizeof(*r);

	for (unsigned i = 0; i < TEXTS; i++)
		want += (uint64_t)r->len[i] + 1;
	return rec.n >= sizeof(*r) && r->size == rec.n && want == rec.n && r->len[0];
}

static void row_store(const struct rt *rt, uint32_t i, const struct rt_server *s)
{
	struct rt_server *at = &rt->srv[i];
	uintptr_t from = (uintptr_t)at & ~(uintptr_t)(PAGE - 1), to = ((uintptr_t)(at + 1) + PAGE - 1) & ~(uintptr_t)(PAGE - 1);

	if (mprotect((void *)from, to - from, PROT_READ | PROT_WRITE))
		die("cannot write a row of the tables: out of mappings");
	*at = *s;
	if (mprotect((void *)from, to - from, PROT_READ))
		die("cannot protect a row of the tables: out of mappings");
}

bool rt_row_put(const struct rt *rt, uint32_t i, struct str rec)
{
	struct record r;
	struct str *t[TEXTS];
	char *own;

	if (rec.n < sizeof(r) || i >= rt->nsrv)
		return false;
	memcpy(&r, rec.p, sizeof(r));
	if (!record_ok(&r, rec) || r.s.px >= rt->npx || i - rt->px[r.s.px].be.srv0 >= rt->px[r.s.px].be.nsrv)
		return false;
	if ((r.s.track != RT_NONE && r.s.track >= rt->nsrv) || !(own = malloc(rec.n)))
		return false;
	memcpy(own, rec.p, rec.n);
	struct record *mine = (struct record *)(void *)own;
	const char *text = own + sizeof(r);

	texts_of(&mine->s, &mine->o, t);
	for (unsigned k = 0; k < TEXTS; k++) {
		*t[k] = str_n(text, r.len[k]);
		text += r.len[k] + 1;
	}
	mine->s.o = &mine->o;
	mine->s.own = own;
	mine->s.loc = rt->srv[i].loc;
	mine->s.line = rt->srv[i].line;
	void *former = rt->srv[i].own;
	row_store(rt, i, &mine->s);
	free(former);
	return true;
}

int rt_row_memfd(const struct rt_server *s)
{
	struct sbuf b = { 0 };
	int fd = memfd_create("server", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	rt_row_pack(s, &b);
	if (fd >= 0 && (write(fd, b.p, b.n) != (ssize_t)b.n || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)) {
		close(fd);
		fd = -1;
	}
	sbuf_free(&b);
	return fd;
}

bool rt_row_receive(const struct rt *rt, uint32_t i, int fd)
{
	struct stat st;
	char *p = NULL;
	bool ok = false;

	if (fstat(fd, &st) == 0 && st.st_size > 0 && st.st_size <= (off_t)RT_ROW_MAX && (p = malloc((size_t)st.st_size)))
		ok = pread(fd, p, (size_t)st.st_size, 0) == st.st_size && rt_row_put(rt, i, str_n(p, (size_t)st.st_size));
	free(p);
	return ok;
}

void rt_row_drop(const struct rt *rt, uint32_t i)
{
	struct rt_server s = rt->srv[i];

	s.flags = SRVF_SPARE;
	s.cookie = STR_NULL;
	s.track = RT_NONE;
	row_store(rt, i, &s);
}

void rt_row_restore(const struct rt *rt, uint32_t i, const struct rt_server *s) { row_store(rt, i, s); }

void rt_rows_free(const struct rt *rt)
{
	for (uint32_t i = 0; i < rt->nsrv; i++)
		free(rt->srv[i].own);
}

uint32_t rt_row_free(const struct rt_backend *be, uint32_t from)
{
	for (uint32_t i = from > be->srv0 ? from - be->srv0 : 0; i < be->nsrv; i++)
		if (!rt_srv_exists(&be->srv[i]))
			return be->srv0 + i;
	return RT_NONE;
}
