// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sluice/net/sock.h>
#include "../unit.h"

static const struct sock_listen_opts lo = { .unix_mode = -1, .unix_uid = -1, .unix_gid = -1 };
static const struct sock_connect_opts co = { .tos = -1, .mark = -1 };
static char dir[64], path[96];

static int make_dir(void **state UNUSED)
{
	snprintf(dir, sizeof dir, "/tmp/sluice-sock.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/s", dir);
	return 0;
}

static int drop_dir(void **state UNUSED)
{
	unlink(path);
	return rmdir(dir);
}

static struct addr ip(const char *text)
{
	struct addr a;
	assert_true(addr_parse_ip(&a, str_c(text)));
	return a;
}

static struct addr named(const char *p) { return (struct addr){ .family = AF_UNIX, .path = p }; }

/* Listens on a port of the kernel's choice and fills it in. */
static int listen_any(struct addr *a)
{
	int fd = sock_listen(a, &lo);
	assert_true(fd >= 0);
	assert_true(sock_local(fd, a));
	return fd;
}

static void wait_for(int fd, short ev)
{
	struct pollfd p = { .fd = fd, .events = ev };
	assert_int_equal(poll(&p, 1, 40000), 1);
}

static int option(int fd, int level, int name)
{
	int v = -1;
	socklen_t n = sizeof v;
	assert_int_equal(getsockopt(fd, level, name, &v, &n), 0);
	return v;
}

static void nonblocking_and_cloexec(int fd)
{
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static void talk(const char *at)
{
	struct addr a = ip(at), peer, local;
	bool done;
	int l = listen_any(&a), c = sock_connect(&a, &co, &done);
	assert_true(c >= 0);
	wait_for(c, POLLOUT);
	assert_int_equal(sock_error(c), 0);
	wait_for(l, POLLIN);
	int s = sock_accept(l, &peer);
	assert_true(s >= 0);
	nonblocking_and_cloexec(l), nonblocking_and_cloexec(c), nonblocking_and_cloexec(s);
	assert_int_equal(option(c, IPPROTO_TCP, TCP_NODELAY), 1);
	assert_int_equal(option(s, IPPROTO_TCP, TCP_NODELAY), 1);
	assert_true(sock_local(c, &local));
	assert_true(addr_eq(&peer, &local, true));
	assert_true(sock_peer(c, &local));
	assert_true(addr_eq(&a, &local, true));
	close(s), close(c), close(l);
}

TEST(a_connection_over_ipv4_knows_both_ends) { talk("127.0.0.1"); }

TEST(a_connection_over_ipv6_knows_both_ends) { talk("::1"); }

TEST(accepting_from_an_empty_queue_is_eagain)
{
	struct addr a = ip("127.0.0.1"), peer;
	int l = listen_any(&a);
	assert_int_equal(sock_accept(l, &peer), -1);
	assert_int_equal(errno, EAGAIN);
	close(l);
}

TEST(running_out_of_descriptors_is_told_by_accept_and_loses_nothing)
{
	struct addr a = ip("127.0.0.1"), peer;
	struct rlimit was, none;
	bool done;
	int l = listen_any(&a), c = sock_connect(&a, &co, &done);
	wait_for(l, POLLIN);
	getrlimit(RLIMIT_NOFILE, &was);
	none = (struct rlimit){ (rlim_t)c + 1, was.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);
	assert_int_equal(sock_accept(l, &peer), -1);
	assert_int_equal(errno, EMFILE);
	setrlimit(RLIMIT_NOFILE, &was);
	int s = sock_accept(l, &peer);
	assert_true(s >= 0);
	close(s), close(c), close(l);
}

TEST(a_second_listener_on_the_same_port_fails)
{
	struct addr a = ip("127.0.0.1");
	int l = listen_any(&a);
	assert_int_equal(sock_listen(&a, &lo), -1);
	assert_int_equal(errno, EADDRINUSE);
	close(l);
}

TEST(an_ipv6_listener_takes_ipv4_only_when_asked)
{
	struct sock_listen_opts both = lo;
	struct addr a = ip("::"), four;
	int l = listen_any(&a);
	assert_int_equal(option(l, IPPROTO_IPV6, IPV6_V6ONLY), 1);
	close(l);
	both.v4v6 = true;
	a = ip("::");
	l = sock_listen(&a, &both);
	assert_true(l >= 0 && sock_local(l, &a));
	four = ip("127.0.0.1");
	four.port = a.port;
	bool done;
	int c = sock_connect(&four, &co, &done);
	wait_for(c, POLLOUT);
	assert_int_equal(sock_error(c), 0);
	close(c), close(l);
}

TEST(a_listener_does_not_come_up_without_its_interface)
{
	struct sock_listen_opts o = lo;
	struct addr a = ip("127.0.0.1");
	o.interface = "nosuchif0";
	assert_int_equal(sock_listen(&a, &o), -1);
	assert_true(errno == ENODEV || errno == EPERM);
}

TEST(a_refused_connection_shows_its_error)
{
	struct addr a = ip("127.0.0.1");
	bool done;
	int l = listen_any(&a);
	close(l);
	int c = sock_connect(&a, &co, &done);
	if (c < 0) {
		assert_int_equal(errno, ECONNREFUSED);
		return;
	}
	assert_false(done);
	wait_for(c, POLLOUT);
	assert_int_equal(sock_error(c), ECONNREFUSED);
	close(c);
}

TEST(a_source_address_is_used_without_reserving_a_port)
{
	struct addr a = ip("127.0.0.1"), src = ip("127.0.0.9"), peer;
	struct sock_connect_opts o = co;
	bool done;
	o.source = &src;
	int l = listen_any(&a), c = sock_connect(&a, &o, &done);
	assert_true(c >= 0);
	wait_for(l, POLLIN);
	int s = sock_accept(l, &peer);
	assert_true(addr_eq(&peer, &src, false));
	assert_int_equal(option(c, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT), 1);
	close(s), close(c), close(l);
}

TEST(a_source_that_is_not_ours_fails_at_once)
{
	struct addr a = ip("127.0.0.1"), src = ip("192.0.2.1");
	struct sock_connect_opts o = co;
	bool done = true;
	o.source = &src;
	assert_int_equal(sock_connect(&a, &o, &done), -1);
	assert_int_equal(errno, EADDRNOTAVAIL);
	assert_false(done);
}

TEST(a_unix_connection_is_established_at_once)
{
	struct addr a = named(path), peer;
	bool done;
	int l = sock_listen(&a, &lo), c = sock_connect(&a, &co, &done);
	assert_true(l >= 0 && c >= 0 && done);
	int s = sock_accept(l, &peer);
	assert_true(s >= 0);
	assert_int_equal(peer.family, AF_UNIX);
	close(s), close(c), close(l);
}

TEST(an_abstract_name_leaves_no_file)
{
	char name[80];
	bool done;
	snprintf(name, sizeof name, "@sluice-test-%d", (int)getpid());
	struct addr a = named(name);
	int l = sock_listen(&a, &lo), c = sock_connect(&a, &co, &done);
	assert_true(l >= 0 && c >= 0 && done);
	assert_int_equal(sock_listen(&a, &lo), -1);
	assert_int_equal(errno, EADDRINUSE);
	assert_int_not_equal(access(name, F_OK), 0);
	close(c), close(l);
}

TEST(a_stale_unix_path_is_replaced_and_a_live_one_is_not)
{
	struct addr a = named(path);
	int l = sock_listen(&a, &lo);
	assert_true(l >= 0);
	assert_int_equal(sock_listen(&a, &lo), -1);
	assert_int_equal(errno, EADDRINUSE);
	close(l); /* the path stays behind, nobody listens */
	l = sock_listen(&a, &lo);
	assert_true(l >= 0);
	close(l);
}

TEST(a_path_that_is_no_socket_is_never_removed)
{
	struct addr a = named(path);
	char target[110];
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_int_equal(sock_listen(&a, &lo), -1);
	assert_int_equal(errno, EADDRINUSE);
	assert_int_equal(access(path, F_OK), 0);
	snprintf(target, sizeof target, "%s.sock", path);
	struct addr t = named(target);
	unlink(path);
	int l = sock_listen(&t, &lo);
	close(l); /* a stale socket behind a symbolic link */
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(sock_listen(&a, &lo), -1);
	assert_int_equal(access(target, F_OK), 0);
	unlink(target);
}

TEST(a_unix_path_gets_its_mode)
{
	struct sock_listen_opts o = lo;
	struct addr a = named(path);
	struct stat st;
	o.unix_mode = 0600;
	int l = sock_listen(&a, &o);
	assert_true(l >= 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	close(l);
}

TEST(a_new_unix_socket_takes_its_path_in_one_step)
{
	struct addr a = named(path);
	char beside[140];
	struct stat before, after;
	int stale = sock_listen(&a, &lo);
	close(stale);
	assert_int_equal(stat(path, &before), 0);
	int l = sock_listen(&a, &lo);
	assert_true(l >= 0);
	assert_int_equal(stat(path, &after), 0);
	assert_int_not_equal(before.st_ino, after.st_ino);
	snprintf(beside, sizeof beside, "%s.%d", path, (int)getpid());
	assert_int_not_equal(access(beside, F_OK), 0);
	close(l);
}

TEST(a_unix_path_without_room_for_a_second_name_is_bound_itself)
{
	char p[108];
	bool done;
	memset(p, 'x', sizeof p);
	p[snprintf(p, sizeof p, "%s", path)] = 'x';
	p[106] = 0;
	struct addr a = named(p);
	int l = sock_listen(&a, &lo), c = sock_connect(&a, &co, &done);
	assert_true(l >= 0 && c >= 0);
	close(c), close(l);
	unlink(p);
}

TEST(a_unix_path_that_is_too_long_is_refused_not_cut)
{
	char p[200];
	bool done;
	memset(p, 'x', sizeof p);
	p[0] = '/', p[199] = 0;
	struct addr a = named(p);
	assert_int_equal(sock_listen(&a, &lo), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	assert_int_equal(sock_connect(&a, &co, &done), -1);
	assert_int_equal(errno, ENAMETOOLONG);
}

TEST(lingering_for_no_time_resets_the_peer)
{
	struct addr a = ip("127.0.0.1"), peer;
	bool done;
	char b;
	int l = listen_any(&a), c = sock_connect(&a, &co, &done);
	wait_for(l, POLLIN);
	int s = sock_accept(l, &peer);
	sock_set_linger_reset(s);
	close(s);
	wait_for(c, POLLIN);
	assert_int_equal(read(c, &b, 1), -1);
	assert_int_equal(errno, ECONNRESET);
	close(c), close(l);
}

TEST(flags_can_be_turned_on_and_off)
{
	int fd = sock_udp(AF_INET);
	assert_true(fd >= 0);
	nonblocking_and_cloexec(fd);
	assert_true(sock_cloexec(fd, false));
	assert_false(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(sock_cloexec(fd, true));
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	sock_keepalive(fd, &(struct sock_keepalive){ .cnt = 3, .idle = 90 });
	assert_int_equal(option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
	assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPCNT), 3);
	assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 90);
	close(fd);
	assert_false(sock_cloexec(-1, true));
}

TEST(the_descriptor_limit_is_raised_but_never_lowered)
{
	struct rlimit was;
	getrlimit(RLIMIT_NOFILE, &was);
	setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 256, was.rlim_max });
	assert_int_equal(sock_raise_nofile(300), 300);
	assert_int_equal(sock_raise_nofile(10), 300);
	setrlimit(RLIMIT_NOFILE, &was);
}

#define DIR_TEST(f) cmocka_unit_test_setup_teardown(f, make_dir, drop_dir)

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(a_connection_over_ipv4_knows_both_ends),
		cmocka_unit_test(a_connection_over_ipv6_knows_both_ends),
		cmocka_unit_test(accepting_from_an_empty_queue_is_eagain),
		cmocka_unit_test(running_out_of_descriptors_is_told_by_accept_and_loses_nothing),
		cmocka_unit_test(a_second_listener_on_the_same_port_fails),
		cmocka_unit_test(an_ipv6_listener_takes_ipv4_only_when_asked),
		cmocka_unit_test(a_listener_does_not_come_up_without_its_interface),
		cmocka_unit_test(a_refused_connection_shows_its_error),
		cmocka_unit_test(a_source_address_is_used_without_reserving_a_port),
		cmocka_unit_test(a_source_that_is_not_ours_fails_at_once),
		DIR_TEST(a_unix_connection_is_established_at_once),
		cmocka_unit_test(an_abstract_name_leaves_no_file),
		DIR_TEST(a_stale_unix_path_is_replaced_and_a_live_one_is_not),
		DIR_TEST(a_path_that_is_no_socket_is_never_removed),
		DIR_TEST(a_unix_path_gets_its_mode),
		DIR_TEST(a_new_unix_socket_takes_its_path_in_one_step),
		DIR_TEST(a_unix_path_without_room_for_a_second_name_is_bound_itself),
		cmocka_unit_test(a_unix_path_that_is_too_long_is_refused_not_cut),
		cmocka_unit_test(lingering_for_no_time_resets_the_peer),
		cmocka_unit_test(flags_can_be_turned_on_and_off),
		cmocka_unit_test(the_descriptor_limit_is_raised_but_never_lowered),
	};
	return cmocka_run_group_tests(t, NULL, NULL);
}
