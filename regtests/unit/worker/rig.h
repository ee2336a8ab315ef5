// SPDX-License-Identifier: GPL-3.0-or-later
/* A worker under test: tables made by hand, a real segment, worker_run() in a forked child, scripted origins in
 * others, and blocking clients in the test. What is to happen may take the machine a minute, then an alarm ends the program; nothing sleeps. */
#ifndef REGTESTS_WORKER_RIG_H
#define REGTESTS_WORKER_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <cmocka.h>
#include <sluice/ipc/counters.h>
#include <sluice/ipc/msg.h>
#include <sluice/lb/lb.h>
#include <sluice/rt/rt.h>
#include <sluice/worker/worker.h>

#define RIG_SRV 4

struct rig;
/* Serves one accepted connection; nth: how many there were before. */
typedef void origin_fn(int conn, int nth, void *arg);

struct rig {
	struct rt rt;
	struct rt_proxy px[2];          /* 0 frontend, 1 backend */
	struct rt_server srv[RIG_SRV];
	struct rt_srv_opts opts;
	struct rt_listener lst;
	struct rt_bind_opts bind;
	struct heritage h;
	struct segment *seg;
	int lfd, wake[2], ctl;
	uint16_t port;
	pid_t worker, origin[RIG_SRV];
	int olfd[RIG_SRV];
};

static int rig_listen(uint16_t *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	*port = ntohs(a.sin_port);
	return fd;
}

/* Everything at its default; the test changes what it is about, then rig_start(). */
static void rig_init(struct rig *r, enum rt_mode mode, unsigned nsrv)
{
	memset(r, 0, sizeof(*r));
	r->rt.g.maxconn = 1000, r->rt.g.workers = 1;
	r->rt.g.bufsize = 16384, r->rt.g.maxrewrite = 1024, r->rt.g.maxhdr = 101, r->rt.g.maxaccept = 8;
	r->rt.px = r->px, r->rt.npx = 2, r->rt.srv = r->srv, r->rt.nsrv = nsrv, r->rt.lst = &r->lst, r->rt.nlst = 1;
	r->opts = (struct rt_srv_opts){ .pool_max_conn = -1, .pool_purge_delay = 5000, .error_limit = 10 };
	for (unsigned i = 0; i < nsrv; i++) {
		static const char *names[RIG_SRV] = { "s0", "s1", "s2", "s3" };
		struct addr *a = &r->srv[i].addr;

		r->srv[i] = (struct rt_server){
			.name = str_c(names[i]), .px = 1, .id = i + 1, .weight = 1, .track = RT_NONE, .o = &r->opts,
		};
		*a = (struct addr){ .family = AF_INET, .in4.s_addr = htonl(INADDR_LOOPBACK) };
		r->olfd[i] = rig_listen(&a->port);
	}
	for (unsigned i = 0; i < 2; i++) {
		struct rt_proxy *p = &r->px[i];

		p->name = i ? STR("be") : STR("fe");
		p->caps = i ? PX_BE : PX_FE;
		p->mode = (uint8_t)mode;
		p->opts = OPT_REDISPATCH;
		p->default_be = i ? RT_NONE : 1;
		p->retries = 3;
		p->retry_on = RO_CONN_FAILURE;
		p->reuse = REUSE_SAFE;
		p->to[TO_CLIENT] = p->to[TO_SERVER] = 40000;
		p->to[TO_CONNECT] = 40000;
	}
	r->px[1].be = (struct rt_backend){ .algo = lb_algo_find(STR("roundrobin")), .nsrv = nsrv, .srv = r->srv };
	r->lst = (struct rt_listener){ .inherited_fd = -1, .px = 0, .opts = &r->bind };
	r->lfd = rig_listen(&r->port);
}

/* A server that refuses connections. */
static void rig_refuse(struct rig *r, unsigned i)
{
	close(r->olfd[i]);
	r->olfd[i] = -1;
}

static void rig_origin(struct rig *r, unsigned i, origin_fn *fn, void *arg)
{
	r->origin[i] = fork();
	if (r->origin[i])
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_IGN);
	for (int nth = 0;; nth++) {
		int c = accept(r->olfd[i], NULL, NULL);

		if (c < 0)
			_exit(1);
		if (fork() == 0) { /* an idle connection holds nobody up */
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			fn(c, nth, arg);
			_exit(0);
		}
		close(c);
	}
}

static void rig_start(struct rig *r)
{
	int sv[2], fd = -1;
	struct ipc_msg m;

	r->seg = segment_create(1, r->rt.g.workers, 2, r->rt.nsrv, 0);
	assert_non_null(r->seg);
	for (unsigned i = 0; i < r->rt.nsrv; i++) {
		atomic_store(&r->seg->srv[i].op, srv_op_pack(SRV_UP, 4, 100, 0));
		atomic_store(&r->seg->srv[i].admin, srv_admin_pack(0, 1, 0));
	}
	for (unsigned i = 1; i < r->rt.g.workers; i++) /* no process, but for the one under test they are there and idle */
		atomic_store(&r->seg->slot[i].state, SLOT_ACTIVE);
	assert_int_equal(ipc_pair(sv), 0);
	r->wake[0] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	r->wake[1] = -1;
	r->ctl = sv[0];
	r->h = (struct heritage){
		.role = ROLE_WORKER, .nworkers = r->rt.g.workers, .rt = &r->rt, .seg = r->seg, .listen_fd = &r->lfd, .ctl = sv[1],
		.wake_fd = r->wake, .master_pid = (uint32_t)getpid(),
	};
	fflush(NULL);
	r->worker = fork();
	if (!r->worker) {
		close(sv[0]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(worker_run(&r->h));
	}
	close(sv[1]);
	alarm(60);
	assert_true(ipc_wait(r->ctl, 40000));
	assert_int_equal(ipc_recv(r->ctl, ROLE_LEADER, ROLE_WORKER, &m, &fd), 1);
	assert_int_equal(m.type, IPC_READY);
	assert_true(ipc_send(r->ctl, IPC_GO, 0, 0, NULL, 0, -1));
	assert_true(ipc_wait(r->ctl, 40000));
	assert_int_equal(ipc_recv(r->ctl, ROLE_LEADER, ROLE_WORKER, &m, &fd), 1);
	assert_int_equal(m.type, IPC_ACCEPTING);
}

/* The worker has exited: every gauge must be at 0. */
static void rig_gone(struct rig *r)
{
	assert_int_equal(live_sum(r->seg, LIVE_PROCESS, 0), 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(live_sum(r->seg, LIVE_FE, i), 0);
		assert_int_equal(live_sum(r->seg, LIVE_BE, i), 0);
		assert_int_equal(live_sum(r->seg, LIVE_BE_QUEUE, i), 0);
	}
	for (unsigned i = 0; i < r->rt.nsrv; i++) {
		assert_int_equal(live_sum(r->seg, LIVE_SRV, i), 0);
		assert_int_equal(live_sum(r->seg, LIVE_SRV_QUEUE, i), 0);
		assert_int_equal(live_sum(r->seg, LIVE_SRV_CONN, i), 0);
		assert_int_equal(live_sum(r->seg, LIVE_SRV_IDLE, i), 0);
		assert_int_equal(live_sum(r->seg, LIVE_SRV_SAFE, i), 0);
		if (r->origin[i] > 0) {
			kill(r->origin[i], SIGKILL);
			waitpid(r->origin[i], NULL, 0);
		}
		if (r->olfd[i] >= 0)
			close(r->olfd[i]);
	}
	close(r->ctl);
	close(r->wake[0]);
	close(r->lfd);
	segment_unmap(r->seg);
	alarm(0);
}

/* Drains the worker: it must exit with 0. */
static void rig_stop(struct rig *r)
{
	int st;

	(void)ipc_send(r->ctl, IPC_DRAIN, 0, 200, NULL, 0, -1);
	assert_int_equal(waitpid(r->worker, &st, 0), r->worker);
	assert_true(WIFEXITED(st));
	assert_int_equal(WEXITSTATUS(st), 0);
	rig_gone(r);
}

static int rig_client(const struct rig *r)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET, .sin_port = htons(r->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static void put(int fd, const char *text)
{
	size_t n = strlen(text);

	assert_int_equal(send(fd, text, n, MSG_NOSIGNAL), (ssize_t)n);
}

/* Reads one HTTP head and, by its Content-Length, the body; NUL-terminated in out. Returns bytes, 0 at end of file. */
static size_t get_message(int fd, char *out, size_t cap)
{
	size_t n = 0, want = 0;

	for (;;) {
		char *end, *cl;
		ssize_t k;

		out[n] = 0;
		end = strstr(out, "\r\n\r\n");
		if (end) {
			cl = strcasestr(out, "content-length:");
			want = (size_t)(end + 4 - out) + (cl && cl < end ? strtoul(cl + 15, NULL, 10) : 0);
			if (n >= want)
				return n;
		}
		k = recv(fd, out + n, end ? MIN(want - n, cap - 1 - n) : 1, 0);
		if (k <= 0)
			return n;
		n += (size_t)k;
	}
}

/* Everything up to end of file. */
static size_t get_all(int fd, char *out, size_t cap)
{
	size_t n = 0;
	ssize_t k;

	while (n < cap - 1 && (k = recv(fd, out + n, cap - 1 - n, 0)) > 0)
		n += (size_t)k;
	out[n] = 0;
	return n;
}

/* Not every test needs every helper. */
static inline void rig_use(void)
{
	(void)rig_refuse, (void)get_all, (void)get_message, (void)rig_client, (void)put, (void)rig_origin;
}

#endif
