// SPDX-License-Identifier: GPL-3.0-or-later
/* Server lines that come at run time: any words; what is taken survives the way through a record into a row and is found there. */
#include <sluice/conf/conf.h>
#include <sluice/rt/row.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char text[] = "resolvers dns\n nameserver a 127.0.0.1:53\n"
			   "defaults\n timeout connect 1s\n timeout server 1s\n default-server inter 3s\n"
			   "backend b\n mode http\n cookie c insert dynamic\n dynamic-cookie-key k\n option httpchk\n"
			   " server s 127.0.0.1:1 check id 5\n server t 127.0.0.1:2 ssl verify none sni str(a)\n";

static struct rt *tables(void)
{
	static struct arena a;
	static struct conf_src src = { .arena = &a };
	static const struct conf_opts o = { .no_lookup = true };
	struct diags d;

	arena_init(&a, 0);
	diags_init(&d, &a, &src);
	ASSERT(conf_parse_text(&src, &d, "f.cfg", str_c(text)));
	return conf_compile(&src, &d, &o);
}

static const void *held; /* for the leak checker, who does not look into arenas */

static void through_a_row(const struct rt *rt, const struct rt_server *s)
{
	uint32_t row = rt_row_free(&rt->px[0].be, 0);
	struct sbuf b = { 0 };

	rt_row_pack(s, &b);
	ASSERT(row != RT_NONE && rt_row_put(rt, row, sbuf_str(&b)));
	sbuf_free(&b);
	ASSERT(rt_find_server(rt, &rt->px[0], s->name) != RT_NONE && rt->srv[row].o->inter == s->o->inter);
	held = rt->srv[row].own;
	rt_row_drop(rt, row);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct rt *rt;
	struct str rest = str_n((const char *)data, n), w[64];
	struct rt_srv_opts o;
	struct rt_server s;
	struct arena a;
	struct diags d;
	unsigned k = 0;

	if (!rt)
		rt = tables();
	ASSERT(rt);
	arena_init(&a, 0);
	while (rest.p && k < ARRAY_LEN(w))
		w[k++] = arena_str(&a, str_split(&rest, ' '));
	for (unsigned i = 0; i < k; i++)
		if (memchr(w[i].p, 0, w[i].n))
			k = 0;
	diags_init(&d, &a, NULL);
	if (k >= 2 && conf_server_live(rt, 0, w, k, &a, &s, &o, &d) != CONF_LIVE_BAD && rt_find_server(rt, &rt->px[0], s.name) == RT_NONE)
		through_a_row(rt, &s);
	arena_free(&a);
	return 0;
}
