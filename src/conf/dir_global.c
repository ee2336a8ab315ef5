// SPDX-License-Identifier: GPL-3.0-or-later
/* Directives of the global section: process, privileges, limits, tuning. Only numbers and names are settled here; the
 * leader applies them. Several global sections add to each other. */
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include <sluice/base/num.h>

#include "srv_priv.h"

#define WORKERS_MAX 64            /* columns of a live row */
#define MAXCONN_MAX 10000000
#define FD_DEFAULT_CAP 1048576    /* hard limits beyond this are not taken as a wish */
#define FD_RESERVE 100            /* pollers, logs, control sockets, files being read */

#define GLOBAL_STR(name, field)                                                                                        \
	void dir_##name(struct sema *s, const struct line *l) { s->rt->g.field = keep(s, l->w[1].s); }
GLOBAL_STR(pidfile, pidfile)
GLOBAL_STR(node, node)
GLOBAL_STR(localpeer, localpeer)
GLOBAL_STR(state_base, state_base)
GLOBAL_STR(state_file, state_file)
GLOBAL_STR(chroot, chroot)

#define GLOBAL_U32(name, field, min, max)                                                                              \
	void dir_##name(struct sema *s, const struct line *l)                                                          \
	{                                                                                                              \
		(void)!arg_u32(s, &l->w[1], min, max, &s->rt->g.field);                                                \
	}
GLOBAL_U32(maxconnrate, maxconnrate, 0, MAXCONN_MAX)
GLOBAL_U32(maxsessrate, maxsessrate, 0, MAXCONN_MAX)
GLOBAL_U32(maxsslconn, maxsslconn, 0, MAXCONN_MAX)
GLOBAL_U32(maxsslrate, maxsslrate, 0, MAXCONN_MAX)
GLOBAL_U32(ulimit_n, ulimit_n, 1, INT32_MAX)
GLOBAL_U32(spread_checks, spread_checks, 0, 50)
GLOBAL_U32(tune_spare_servers, spare_servers, 0, SPARE_MAX)
GLOBAL_U32(tune_maxhdr, maxhdr, 1, 32767)
GLOBAL_U32(tune_maxaccept, maxaccept, 1, 1000000)
GLOBAL_U32(tune_h2_streams, h2.streams, 1, 10000)
GLOBAL_U32(tune_h2_fe_streams, h2.fe_streams, 1, 10000)
GLOBAL_U32(tune_h2_be_streams, h2.be_streams, 1, 10000)
GLOBAL_U32(tune_h2_fe_glitches, h2.fe_glitches, 0, INT32_MAX)
GLOBAL_U32(tune_h2_be_glitches, h2.be_glitches, 0, INT32_MAX)
GLOBAL_U32(tune_h2_fe_total, h2.fe_total, 0, INT32_MAX)

#define GLOBAL_SIZE(name, field, min, max)                                                                             \
	void dir_##name(struct sema *s, const struct line *l)                                                          \
	{                                                                                                              \
		(void)!arg_size(s, &l->w[1], min, max, &s->rt->g.field);                                               \
	}
GLOBAL_SIZE(tune_bufsize, bufsize, 1024, 256u << 20)
GLOBAL_SIZE(tune_h2_window, h2.window, 1024, 16u << 20)
GLOBAL_SIZE(tune_h2_fe_window, h2.fe_window, 1024, 16u << 20)
GLOBAL_SIZE(tune_h2_be_window, h2.be_window, 1024, 16u << 20)
GLOBAL_SIZE(tune_h2_table, h2.table, 1, 65535)
GLOBAL_SIZE(tune_h2_frame, h2.frame, 16384, 16777215)
GLOBAL_SIZE(tune_maxrewrite, maxrewrite, 0, 128u << 20)
GLOBAL_SIZE(tune_sndbuf_client, sndbuf_client, 0, INT32_MAX)
GLOBAL_SIZE(tune_rcvbuf_client, rcvbuf_client, 0, INT32_MAX)
GLOBAL_SIZE(tune_sndbuf_server, sndbuf_server, 0, INT32_MAX)
GLOBAL_SIZE(tune_rcvbuf_server, rcvbuf_server, 0, INT32_MAX)

#define GLOBAL_FLAG(name, field)                                                                                       \
	void dir_##name(struct sema *s, const struct line *l)                                                          \
	{                                                                                                              \
		(void)l;                                                                                               \
		s->rt->g.field = true;                                                                                 \
	}
GLOBAL_FLAG(daemon, daemon)
GLOBAL_FLAG(noepoll, noepoll)
GLOBAL_FLAG(quiet, quiet)

/* Its meaning is none (guid, DF_INERT). */
void dir_tolerated_arg(struct sema *s, const struct line *l)
{
	(void)s, (void)l;
}

/* env.c carried the line out while files were read. */
void dir_done_before(struct sema *s, const struct line *l)
{
	(void)s, (void)l;
}

/* ---- privileges ------------------------------------------------------------------------------------------------- */

bool id_of_user(struct sema *s, const struct word *w, bool group, int *out)
{
	char *name = arena_cstr(&s->scratch, w->s);
	struct passwd *pw = group ? NULL : getpwnam(name);
	struct group *gr = group ? getgrnam(name) : NULL;

	if (!pw && !gr) {
		sema_err(s, w, "unknown %s '%s'", group ? "group" : "user", name);
		return false;
	}
	*out = (int)(pw ? pw->pw_uid : gr->gr_gid);
	return true;
}

void dir_user(struct sema *s, const struct line *l)
{
	int id;
	s->rt->g.user = keep(s, l->w[1].s);
	if (id_of_user(s, &l->w[1], false, &id))
		s->rt->g.uid = id;
}

void dir_group(struct sema *s, const struct line *l)
{
	int id;
	s->rt->g.group = keep(s, l->w[1].s);
	if (id_of_user(s, &l->w[1], true, &id))
		s->rt->g.gid = id;
}

void dir_uid(struct sema *s, const struct line *l)
{
	uint32_t id;
	if (arg_u32(s, &l->w[1], 0, INT32_MAX, &id))
		s->rt->g.uid = id;
}

void dir_gid(struct sema *s, const struct line *l)
{
	uint32_t id;
	if (arg_u32(s, &l->w[1], 0, INT32_MAX, &id))
		s->rt->g.gid = id;
}

/* ---- process ---------------------------------------------------------------------------------------------------- */

static uint32_t usable_cpus(void)
{
	cpu_set_t set;
	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		return (uint32_t)MIN(MAX(CPU_COUNT(&set), 1), WORKERS_MAX);
	return 1;
}

void dir_workers(struct sema *s, const struct line *l)
{
	uint32_t n;

	if (word_is(&l->w[0], "nbproc"))
		sema_warn(s, &l->w[0], "'nbproc' was removed from HAProxy; read as 'workers'");
	if (word_is(&l->w[1], "auto"))
		s->rt->g.workers = usable_cpus();
	else if (arg_u32(s, &l->w[1], 1, WORKERS_MAX, &n))
		s->rt->g.workers = n;
}

void dir_hard_stop_after(struct sema *s, const struct line *l)
{
	(void)!arg_time(s, &l->w[1], 1, &s->rt->g.hard_stop_after);
}

void dir_max_spread_checks(struct sema *s, const struct line *l)
{
	(void)!arg_time(s, &l->w[1], 1, &s->rt->g.max_spread_checks);
}

void dir_close_spread(struct sema *s, const struct line *l)
{
	(void)!arg_time(s, &l->w[1], 1, &s->rt->g.server_close_spread);
}

void dir_drain_idle(struct sema *s, const struct line *l)
{
	static const char *const words[] = { "on-response", "spread", "now" };
	int i = arg_word(s, &l->w[1], words, 3, "way to drain idle connections");

	if (i < 0)
		return;
	s->rt->g.drain_idle = (uint8_t)i;
	if (i != DRAIN_IDLE_SPREAD && l->n > 2)
		sema_err(s, &l->w[2], "'%s' takes no argument", words[i]);
	else if (i == DRAIN_IDLE_SPREAD && l->n < 3)
		sema_err(s, &l->w[1], "'spread' expects a time");
	else if (i == DRAIN_IDLE_SPREAD)
		(void)!arg_time(s, &l->w[2], 1, &s->rt->g.drain_idle_spread);
}

void dir_log_send_hostname(struct sema *s, const struct line *l)
{
	char host[256] = "";
	if (l->n < 2)
		gethostname(host, sizeof(host) - 1);
	s->rt->g.log_send_hostname = keep(s, l->n > 1 ? l->w[1].s : str_c(host));
}

void dir_default_path(struct sema *s, const struct line *l)
{
	static const char *const words[] = { "current", "config", "parent", "origin" };
	int i = arg_word(s, &l->w[1], words, 4, "origin of relative paths");
	if (i > 0)
		sema_err(s, &l->w[1],
			 "'%s' is known to HAProxy, not supported by sluice yet: relative paths start at the working "
			 "directory",
			 words[i]);
}

/* ---- sockets ---------------------------------------------------------------------------------------------------- */

static bool unix_mode(struct sema *s, const struct word *w, int *mode)
{
	char *end, *text = arena_cstr(&s->scratch, w->s);
	long v = strtol(text, &end, 8);

	if (*end || !w->s.n || v < 0 || v > 07777) {
		sema_err(s, w, "'%s' is not an octal file mode", text);
		return false;
	}
	*mode = (int)v;
	return true;
}

void dir_unix_bind(struct sema *s, const struct line *l)
{
	for (uint32_t i = 1; i < l->n; i++) {
		const struct word *k = &l->w[i], *v = arg_next(s, l->w, l->n, &i);
		uint32_t n;
		if (!v)
			return;
		if (word_is(k, "prefix"))
			s->unix_prefix = keep(s, v->s);
		else if (word_is(k, "mode"))
			(void)!unix_mode(s, v, &s->unix_mode);
		else if (word_is(k, "user") || word_is(k, "group"))
			(void)!id_of_user(s, v, word_is(k, "group"), word_is(k, "group") ? &s->unix_gid : &s->unix_uid);
		else if ((word_is(k, "uid") || word_is(k, "gid")) && arg_u32(s, v, 0, INT32_MAX, &n))
			*(word_is(k, "uid") ? &s->unix_uid : &s->unix_gid) = (int)n;
		else
			sema_err(s, k, "unknown parameter '" STR_FMT "' of unix-bind", STR_ARG(k->s));
	}
}

struct sock_listen_opts bind_sock_defaults(const struct sema *s)
{
	return (struct sock_listen_opts){ .unix_mode = s->unix_mode, .unix_uid = s->unix_uid, .unix_gid = s->unix_gid };
}

/* One parameter of `stats socket`; false when the line is beyond use. */
static bool cli_param(struct sema *s, const struct line *l, uint32_t *i, struct rt_cli_sock *c)
{
	static const char *const levels[] = { "user", "operator", "admin" };
	const struct word *k = &l->w[*i], *v = arg_next(s, l->w, l->n, i);
	int lv;

	if (!v)
		return false;
	if (word_is(k, "level")) {
		if ((lv = arg_word(s, v, levels, 3, "level")) >= 0)
			c->level = (uint8_t)lv;
	} else if (word_is(k, "mode")) {
		return unix_mode(s, v, &c->sock.unix_mode);
	} else if (word_is(k, "user") || word_is(k, "uid")) {
		return word_is(k, "uid") ? arg_i32(s, v, 0, INT32_MAX, &c->sock.unix_uid)
					 : id_of_user(s, v, false, &c->sock.unix_uid);
	} else if (word_is(k, "group") || word_is(k, "gid")) {
		return word_is(k, "gid") ? arg_i32(s, v, 0, INT32_MAX, &c->sock.unix_gid)
					 : id_of_user(s, v, true, &c->sock.unix_gid);
	} else if (!word_is(k, "expose-fd") && !word_is(k, "name") && !word_is(k, "process") && !word_is(k, "thread") &&
		   !word_is(k, "maxconn") && !word_is(k, "backlog")) {
		sema_err(s, k, "unknown parameter '" STR_FMT "' of stats socket", STR_ARG(k->s));
		return false;
	}
	return true;
}

static void stats_socket(struct sema *s, const struct line *l)
{
	struct rt_cli_sock c = { .fd = -1, .level = 1, .sock = bind_sock_defaults(s), .loc = sema_loc(s, l->w[0].at) };
	struct addr_spec a;

	if (l->n < 3) {
		sema_err(s, &l->w[1], "'stats socket' expects an address");
		return;
	}
	if (!addr_spec_parse(s, &l->w[2], l->w[2].s, ADDR_CLI, &a))
		return;
	c.addr = a.addr, c.fd = a.fd;
	for (uint32_t i = 3; i < l->n; i++)
		if (!cli_param(s, l, &i, &c))
			return;
	if (c.addr.family == AF_INET || c.addr.family == AF_INET6)
		sema_warn(s, &l->w[2], "a runtime socket on an IP address can be reached by whoever reaches the address: a unix socket has permissions");
	VEC_PUSH(&s->cli, c);
}

/* -S: the words of a `stats socket` line, separated by commas; its level is admin. */
static void stats_master(struct sema *s, const char *text)
{
	struct word w[32] = { { .s = STR("stats") }, { .s = STR("socket") } };
	struct line l = { .w = w, .n = 2 };
	struct str rest = str_c(text);

	while (rest.p && l.n + 2 < ARRAY_LEN(w)) {
		w[l.n++].s = keep(s, str_split(&rest, ','));
		if (l.n == 3) {
			w[l.n++].s = STR("level");
			w[l.n++].s = STR("admin");
		}
	}
	stats_socket(s, &l);
}

static void stats_global(struct sema *s, const struct line *l)
{
	static const char *const words[] = { "socket", "timeout", "maxconn", "bind-process" };
	switch (arg_word(s, &l->w[1], words, 4, "parameter of stats")) {
	case 0: stats_socket(s, l); break;
	case 1:
		if (l->n < 3)
			sema_err(s, &l->w[1], "'stats timeout' expects a time");
		else
			(void)!arg_time(s, &l->w[2], 1, &s->rt->g.stats_timeout);
		break;
	case 2:
		if (l->n < 3)
			sema_err(s, &l->w[1], "'stats maxconn' expects a number");
		else
			(void)!arg_u32(s, &l->w[2], 1, INT32_MAX, &s->rt->g.stats_maxconn);
		break;
	default: break;
	}
}

void dir_stats(struct sema *s, const struct line *l)
{
	if (s->sect == SECT_GLOBAL)
		stats_global(s, l);
	else
		stats_page_line(s, l);
}

/* ---- what follows from the whole ----------------------------------------------------------------------------------
 */

static uint32_t fd_limit(void)
{
	struct rlimit lim;
	if (getrlimit(RLIMIT_NOFILE, &lim) != 0)
		return 1024;
	return (uint32_t)MIN(lim.rlim_max, (rlim_t)FD_DEFAULT_CAP);
}

/* A connection is two descriptors; listeners and one probe a server come on top. */
void global_finish(struct sema *s)
{
	struct rt_global *g = &s->rt->g;
	uint32_t other = FD_RESERVE + (uint32_t)s->lst.n;

	if (!g->workers)
		g->workers = usable_cpus();
	if (s->o->maxconn_override)
		g->maxconn = s->o->maxconn_override;
	if (!g->maxconn) {
		uint32_t fds = g->ulimit_n ? g->ulimit_n : fd_limit();
		g->maxconn = fds > other + 20 ? (fds - other) / 2 : 10;
		g->maxconn_derived = true;
	}
	if (!g->ulimit_n)
		g->ulimit_n = 2 * MIN(g->maxconn, (uint32_t)INT32_MAX / 4) + other;
	if (s->o->master_sock)
		stats_master(s, s->o->master_sock);
	if (s->o->localpeer)
		g->localpeer = keep(s, str_c(s->o->localpeer));
	if (s->o->poll_only)
		g->noepoll = true;
	if (g->maxrewrite > g->bufsize / 2)
		g->maxrewrite = g->bufsize / 2;
	if (!g->log_tag.n)
		g->log_tag = STR("sluice");
}
