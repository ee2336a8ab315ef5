// SPDX-License-Identifier: GPL-3.0-or-later
/* What checking costs: CPU of one checker process with 5,000 servers at 2 s, over plain connections and over HTTP. The servers are
 * SERVERS/PORT_SHARE listeners in another process that accepts, answers and closes. Exit status 1 when tcp takes 10 % of a core or more. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/checker/checker.h>
#include <sluice/health/health.h>
#include <sluice/ipc/msg.h>
#include <sluice/net/loop.h>
#include <sluice/net/sock.h>

enum { SERVERS = 5000, LISTENERS = 20, INTER_MS = 2000, SECONDS = 6 };

static struct rt_server srv[SERVERS];
static struct rt_srv_opts opts = { .inter = INTER_MS, .rise = 2, .fall = 3 };
static struct rt_proxy px = { .name = { "b", 1 }, .caps = PX_BE, .be = { .nsrv = SERVERS, .srv = srv } };
static struct rt rt = { .px = &px, .npx = 1, .srv = srv, .nsrv = SERVERS };
static struct io lst[LISTENERS];

static void on_request(struct io *io)
{
	static const char answer[] = "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n";
	char buf[1024];

	if (read(io->fd, buf, sizeof(buf)) > 0 && write(io->fd, answer, sizeof(answer) - 1) > 0)
		return;
	io_del(io);
	close(io->fd);
	free(io);
}

static void on_accept(struct io *l)
{
	struct addr peer;
	int fd;

	while ((fd = sock_accept(l->fd, &peer)) >= 0) {
		struct io *io = px.check.kind == CHK_HTTP ? malloc(sizeof(*io)) : NULL;

		if (!io || !io_add(io, fd, IO_READ, on_request)) {
			free(io);
			close(fd);
		}
	}
}

static pid_t start_origin(const int *lfd)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	loop_init(NULL, 4096);
	for (unsigned i = 0; i < LISTENERS; i++)
		if (!io_add(&lst[i], lfd[i], IO_READ, on_accept))
			_exit(1);
	loop_run(NULL);
	_exit(0);
}

static void make_servers(int *lfd)
{
	struct sock_listen_opts lo = { .unix_mode = -1, .unix_uid = -1, .unix_gid = -1 };

	for (unsigned i = 0; i < LISTENERS; i++) {
		struct addr a = { .family = AF_INET };

		a.in4.s_addr = htonl(INADDR_LOOPBACK);
		lfd[i] = sock_listen(&a, &lo);
		if (lfd[i] < 0 || !sock_local(lfd[i], &a)) {
			perror("listen");
			exit(2);
		}
		for (unsigned k = i; k < SERVERS; k += LISTENERS)
			srv[k] = (struct rt_server){ .name = { "s", 1 }, .addr = a, .flags = SRVF_CHECK, .weight = 1, .id = k + 1, .track = RT_NONE,
						     .o = &opts };
	}
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static unsigned count_up(const struct segment *seg)
{
	unsigned n = 0;

	for (unsigned i = 0; i < SERVERS; i++)
		n += check_status_result(check_word_status(atomic_load(&seg->srv[i].check))) == HEALTH_PASSED;
	return n;
}

/* Percent of a core. */
static double cost(enum chk_kind kind)
{
	struct segment *seg = segment_create(1, 1, 1, SERVERS, 0);
	int lfd[LISTENERS], sv[2], st;
	struct rusage ru;
	pid_t origin, pid;
	double cpu;

	px.check.kind = (uint8_t)kind;
	make_servers(lfd);
	for (unsigned i = 0; i < SERVERS; i++) {
		atomic_store(&seg->srv[i].admin, health_initial_admin(&srv[i]));
		atomic_store(&seg->srv[i].op, health_initial_op(&srv[i], 1));
	}
	if (!seg || ipc_pair(sv) < 0)
		exit(2);
	origin = start_origin(lfd);
	pid = fork();
	if (pid == 0) {
		struct heritage h = { .role = ROLE_CHECKER, .nworkers = 1, .rt = &rt, .seg = seg, .ctl = sv[1] };

		_exit(checker_run(&h));
	}
	ipc_wait(sv[0], 5000);
	ipc_send(sv[0], IPC_CHK_GO, 0, 0, NULL, 0, -1);
	poll(NULL, 0, SECONDS * 1000);
	printf("%u of %u passed; ", count_up(seg), SERVERS);
	ipc_send(sv[0], IPC_CHK_STOP, 0, 0, NULL, 0, -1);
	wait4(pid, &st, 0, &ru);
	cpu = (seconds(ru.ru_utime) + seconds(ru.ru_stime)) / SECONDS * 100;
	kill(origin, SIGKILL);
	waitpid(origin, &st, 0);
	for (unsigned i = 0; i < LISTENERS; i++)
		close(lfd[i]);
	segment_unmap(seg);
	printf("%.1f us a check, %.1f %% of a core (user %.2f s, system %.2f s)\n", cpu * INTER_MS * 10 / SERVERS, cpu, seconds(ru.ru_utime),
	       seconds(ru.ru_stime));
	return cpu;
}

int main(void)
{
	double tcp;

	clock_update();
	printf("%u servers every %u ms\ntcp:  ", SERVERS, INTER_MS);
	fflush(stdout);
	tcp = cost(CHK_TCP);
	printf("http: ");
	fflush(stdout);
	cost(CHK_HTTP);
	return tcp >= 10;
}
