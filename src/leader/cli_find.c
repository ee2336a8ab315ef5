// SPDX-License-Identifier: GPL-3.0-or-later
/* Proxies and servers by the names that commands give. */
#include <sluice/base/num.h>
#include "cli_change.h"

static bool id_of(struct str name, uint64_t *id) { return name.n > 1 && name.p[0] == '#' && num_u64(str_sub(name, 1, name.n), id); }

static uint32_t find_proxy(const struct rt *rt, struct str name, enum px_caps cap)
{
	uint64_t id;
	bool by_id = id_of(name, &id);

	for (uint32_t i = 0; i < rt->npx; i++)
		if (rt->px[i].caps & cap && (by_id ? rt->px[i].id == id : str_eq(rt->px[i].name, name)))
			return i;
	return RT_NONE;
}

static uint32_t find_backend(const struct rt *rt, struct str name)
{
	const struct rt_proxy *px = rt_find_backend(rt, name);

	return px ? (uint32_t)(px - rt->px) : find_proxy(rt, name, PX_BE);
}

uint32_t cli_backend(struct cli_run *r, struct str name)
{
	uint32_t px = find_backend(r->l->rt, name);

	if (px == RT_NONE)
		cli_fail(r, "Can't find backend.");
	return px;
}

uint32_t cli_frontend(struct cli_run *r, struct str name)
{
	uint32_t px;

	if (!name.n) {
		cli_fail(r, "A frontend name is expected.");
		return RT_NONE;
	}
	px = find_proxy(r->l->rt, name, PX_FE);
	if (px == RT_NONE)
		cli_fail(r, "No such frontend.");
	return px;
}

static uint32_t find_server(const struct rt *rt, uint32_t px, struct str name)
{
	const struct rt_backend *be = &rt->px[px].be;
	uint64_t id;

	if (!id_of(name, &id))
		return rt_find_server(rt, &rt->px[px], name);
	for (uint32_t i = be->srv0; i < be->srv0 + be->nsrv; i++)
		if (rt_srv_exists(&rt->srv[i]) && rt->srv[i].id == id)
			return i;
	return RT_NONE;
}

uint32_t cli_server(struct cli_run *r, struct str name)
{
	ptrdiff_t slash = str_chr(name, '/');
	uint32_t px, srv = RT_NONE;

	if (slash < 0) {
		cli_fail(r, "Require 'backend/server'.");
		return RT_NONE;
	}
	px = find_backend(r->l->rt, str_sub(name, 0, (size_t)slash));
	if (px == RT_NONE)
		cli_fail(r, "No such backend.");
	else if ((srv = find_server(r->l->rt, px, str_sub(name, (size_t)slash + 1, name.n))) == RT_NONE)
		cli_fail(r, "No such server.");
	return srv;
}
