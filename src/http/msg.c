// SPDX-License-Identifier: GPL-3.0-or-later
/* The common message: finding, adding and rewriting headers and the start line. Nothing here parses or writes a
 * protocol; a deleted header keeps its place and its flag, so that indices held by rules stay true. */
#include <sluice/http/msg.h>

void msg_init(struct http_msg *m, struct hdr *hdrs, uint16_t max_hdr, struct arena *a, bool request)
{
	*m = (struct http_msg){
		.flags = request ? MSG_REQ : 0,
		.hdr = hdrs,
		.max_hdr = max_hdr,
		.arena = a,
	};
}

int msg_find_id(const struct http_msg *m, enum http_hdr_id id, int from)
{
	for (int i = from; i < m->nhdr; i++)
		if (m->hdr[i].id == id && !(m->hdr[i].flags & HDR_DEL))
			return i;
	return -1;
}

int msg_find(const struct http_msg *m, struct str name, int from)
{
	enum http_hdr_id id = http_hdr_id(name);

	if (id != HH_OTHER)
		return msg_find_id(m, id, from);
	for (int i = from; i < m->nhdr; i++) {
		const struct hdr *h = &m->hdr[i];
		if (h->id == HH_OTHER && !(h->flags & HDR_DEL) && str_ieq(hdr_name(h), name))
			return i;
	}
	return -1;
}

bool msg_add(struct http_msg *m, struct str name, struct str val)
{
	struct hdr *h = &m->hdr[m->nhdr];

	if (m->nhdr + m->ntrl >= m->max_hdr || name.n > UINT16_MAX || val.n > UINT32_MAX)
		return false;
	memmove(h + 1, h, m->ntrl * sizeof(*h));
	*h = (struct hdr){
		.name = name.p,
		.val = val.p,
		.vlen = (uint32_t)val.n,
		.nlen = (uint16_t)name.n,
		.id = (uint8_t)http_hdr_id(name),
	};
	m->nhdr++;
	m->edits++;
	return true;
}

void msg_del_at(struct http_msg *m, int i)
{
	m->hdr[i].flags |= HDR_DEL;
	m->edits++;
}

unsigned msg_del(struct http_msg *m, struct str name)
{
	unsigned n = 0;

	for (int i = msg_find(m, name, 0); i >= 0; i = msg_find(m, name, i + 1), n++)
		msg_del_at(m, i);
	return n;
}

bool msg_set(struct http_msg *m, struct str name, struct str val)
{
	int old = msg_find(m, name, 0);

	msg_del(m, name);
	if (msg_add(m, name, val))
		return true;
	if (old < 0 || val.n > UINT32_MAX)
		return false;
	/* No slot is left: the old one serves, so that a full message does not lose its Host. */
	m->hdr[old].flags &= (uint8_t)~HDR_DEL;
	msg_set_val(m, old, val);
	return true;
}

void msg_set_val(struct http_msg *m, int i, struct str val)
{
	struct hdr *h = &m->hdr[i];

	h->val = val.p;
	h->vlen = (uint32_t)val.n;
	h->flags &= (uint8_t)~HDR_RAW;
	m->edits++;
}

void msg_set_target(struct http_msg *m, struct str target)
{
	m->target = target;
	m->edits++;
	m->flags &= ~(uint32_t)MSG_START_RAW;
}

void msg_set_method(struct http_msg *m, struct str method)
{
	m->method_s = method;
	m->edits++;
	m->method = (uint8_t)http_method_id(method);
	m->flags &= ~(uint32_t)MSG_START_RAW;
}

void msg_set_status(struct http_msg *m, unsigned status, struct str reason)
{
	m->status = (uint16_t)status;
	m->edits++;
	m->reason = reason;
	m->flags &= ~(uint32_t)MSG_START_RAW;
}

void msg_keep(struct http_msg *m)
{
	struct str *parts[] = { &m->method_s, &m->target, &m->authority, &m->scheme, &m->reason };

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (parts[i]->n)
			*parts[i] = arena_str(m->arena, *parts[i]);
	m->start_raw = STR_NULL;
	m->edits++;
	m->flags &= ~(uint32_t)MSG_START_RAW;
	for (unsigned i = 0; i < m->nhdr + m->ntrl; i++) {
		struct hdr *h = &m->hdr[i];

		if (h->flags & HDR_DEL)
			continue;
		h->name = arena_str(m->arena, hdr_name(h)).p;
		h->val = arena_str(m->arena, hdr_val(h)).p;
		h->flags &= (uint8_t)~HDR_RAW;
	}
}

bool msg_list_has(const struct http_msg *m, enum http_hdr_id id, struct str token)
{
	struct str rest, elem;

	for (int i = msg_find_id(m, id, 0); i >= 0; i = msg_find_id(m, id, i + 1))
		for (rest = hdr_val(&m->hdr[i]); hdr_next_elem(&rest, &elem);)
			if (str_ieq(elem, token))
				return true;
	return false;
}

struct str msg_absolute_url(const struct http_msg *m, struct arena *a)
{
	const struct str part[] = { m->scheme, STR("://"), m->authority, m->target };
	size_t n = 0;

	for (unsigned i = 0; i < ARRAY_LEN(part); i++)
		n += part[i].n;
	char *d = arena_bytes(a, n), *p = d;
	for (unsigned i = 0; i < ARRAY_LEN(part); p += part[i++].n)
		if (part[i].n)
			memcpy(p, part[i].p, part[i].n);
	return str_n(d, n);
}
