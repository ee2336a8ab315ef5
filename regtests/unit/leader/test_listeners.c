// SPDX-License-Identifier: GPL-3.0-or-later
/* Listeners of a generation: keys, reuse of what the master holds, what fails and how it is said. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include "leader/leader_priv.h"

static struct rt_bind_opts opts;
static struct rt_listener lst[2];
static struct rt_proxy px;
static struct rt rt;
static struct leader_opts lo;
static struct leader l;
static int sv[2];

static int setup(void **state)
{
	(void)state;
	opts = (struct rt_bind_opts){ .sock = { .unix_mode = -1, .unix_uid = -1, .unix_gid = -1 }, .loc = { "web.cfg", 12, 7 } };
	for (int i = 0; i < 2; i++) {
		lst[i] = (struct rt_listener){ .inherited_fd = -1, .opts = &opts };
		assert_true(addr_parse_ip(&lst[i].addr, STR("127.0.0.1")));
	}
	px = (struct rt_proxy){ .caps = PX_FE };
	rt = (struct rt){ .lst = lst, .nlst = 1, .px = &px, .npx = 1 };
	assert_int_equal(ipc_pair(sv), 0);
	lo = (struct leader_opts){ .ctl = sv[0], .fds = -1 };
	l = (struct leader){ .o = &lo, .ctl = sv[0], .rt = &rt };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (l.listen_fd) {
		listeners_close(&l);
		free(l.listen_fd);
		free(l.cli_fd);
	}
	free(l.tables);
	close(sv[0]);
	close(sv[1]);
	return 0;
}

static int next_message(struct ipc_msg *m)
{
	int fd;
	return ipc_recv(sv[1], ROLE_MASTER, ROLE_LEADER, m, &fd) == 1 ? fd : -2;
}

static void keys_tell_apart_what_bind_tells_apart(void **state)
{
	(void)state;
	struct ipc_key a, b;
	lst[0].addr.port = lst[1].addr.port = 80;
	listener_key(&lst[0].addr, &opts.sock, &a);
	listener_key(&lst[1].addr, &opts.sock, &b);
	assert_memory_equal(&a, &b, sizeof(a));
	assert_string_equal(a.text, "127.0.0.1:80");
	lst[1].addr.port = 81;
	listener_key(&lst[1].addr, &opts.sock, &b);
	assert_memory_not_equal(&a, &b, sizeof(a));
	lst[1].addr.port = 80;
	opts.sock.interface = "eth0";
	opts.sock.transparent = true;
	listener_key(&lst[1].addr, &opts.sock, &b);
	assert_string_equal(b.text, "127.0.0.1:80,tp,eth0");
}

static void a_long_unix_path_fits_a_key(void **state)
{
	(void)state;
	char path[108];
	struct ipc_key key;
	memset(path, 'p', sizeof(path));
	path[0] = '/', path[107] = 0;
	lst[0].addr = (struct addr){ .family = AF_UNIX, .path = path };
	listener_key(&lst[0].addr, &opts.sock, &key);
	assert_int_equal(key.text[111], 'p');
}

static void a_new_address_is_bound_and_copied_to_the_master(void **state)
{
	(void)state;
	struct ipc_msg m;
	assert_true(listeners_open(&l));
	assert_true(l.listen_fd[0] >= 0);
	int fd = next_message(&m);
	assert_int_equal(m.type, IPC_LISTENER);
	assert_true(fd >= 0);
	close(fd);
}

static int table_with(int fd, const struct ipc_key *key)
{
	struct ipc_fd_entry e = { .fd = fd, .key = *key };
	int t = memfd_create("t", MFD_CLOEXEC);
	assert_int_equal(write(t, &e, sizeof(e)), sizeof(e));
	return t;
}

static void an_inherited_address_is_used_again(void **state)
{
	(void)state;
	struct ipc_msg m;
	struct ipc_key key;
	int fd = sock_listen(&lst[0].addr, &opts.sock);
	listener_key(&lst[0].addr, &opts.sock, &key);
	lo.fds = table_with(fd, &key);
	assert_true(listeners_open(&l));
	assert_int_equal(l.listen_fd[0], fd);
	assert_int_equal(next_message(&m), -1);
	assert_int_equal(m.type, IPC_LISTENER_KEPT);
}

static void inherited_listeners_that_nobody_wants_are_closed_here(void **state)
{
	(void)state;
	struct ipc_key other = { "10.0.0.1:1" };
	int fd = sock_listen(&lst[0].addr, &opts.sock);
	lo.fds = table_with(fd, &other);
	rt.nlst = 0;
	assert_true(listeners_open(&l));
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void an_address_in_use_names_file_and_line(void **state)
{
	(void)state;
	char text[300] = "";
	FILE *saved = stderr, *mem = fmemopen(text, sizeof(text), "w");
	int fd = sock_listen(&lst[0].addr, &opts.sock);
	struct addr bound;
	assert_true(sock_local(fd, &bound));
	lst[0].addr.port = bound.port;
	stderr = mem;
	bool ok = listeners_open(&l);
	stderr = saved;
	fclose(mem);
	assert_false(ok);
	assert_non_null(strstr(text, "web.cfg:12:7: error: cannot bind 127.0.0.1:"));
	assert_non_null(strstr(text, "another instance running?"));
	close(fd);
}

static void the_same_address_twice_in_a_configuration_fails(void **state)
{
	(void)state;
	struct ipc_key key;
	int probe = sock_listen(&lst[0].addr, &opts.sock);
	assert_true(sock_local(probe, &lst[0].addr));
	lst[1].addr = lst[0].addr;
	listener_key(&lst[0].addr, &opts.sock, &key);
	lo.fds = table_with(probe, &key);
	rt.nlst = 2;
	assert_false(listeners_open(&l));
	assert_int_equal(l.listen_fd[1], -1);
}

static void listeners_of_a_disabled_proxy_are_not_bound(void **state)
{
	(void)state;
	px.caps |= PX_DISABLED;
	assert_true(listeners_open(&l));
	assert_int_equal(l.listen_fd[0], -1);
}

static void a_given_descriptor_must_be_a_listening_socket(void **state)
{
	(void)state;
	lst[0].inherited_fd = sv[1];
	assert_false(listeners_open(&l));
	free(l.listen_fd);
	free(l.cli_fd);
	free(l.tables);
	int fd = sock_listen(&lst[0].addr, &opts.sock);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	lst[0].inherited_fd = fd;
	assert_true(listeners_open(&l));
	assert_int_equal(l.listen_fd[0], fd);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

static void a_runtime_socket_goes_through_the_master_as_well(void **state)
{
	(void)state;
	struct rt_cli_sock c = { .fd = -1, .sock = opts.sock, .loc = opts.loc, .addr = lst[0].addr };
	struct ipc_msg m;
	rt.nlst = 0, rt.cli = &c, rt.ncli = 1;
	assert_true(listeners_open(&l));
	assert_true(l.cli_fd[0] >= 0);
	int fd = next_message(&m);
	assert_int_equal(m.type, IPC_LISTENER);
	close(fd);
	cli_listeners_close(&l);
	assert_int_equal(l.cli_fd[0], -1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(keys_tell_apart_what_bind_tells_apart), T(a_long_unix_path_fits_a_key), T(a_new_address_is_bound_and_copied_to_the_master),
		T(an_inherited_address_is_used_again), T(inherited_listeners_that_nobody_wants_are_closed_here),
		T(an_address_in_use_names_file_and_line), T(the_same_address_twice_in_a_configuration_fails),
		T(a_runtime_socket_goes_through_the_master_as_well), T(listeners_of_a_disabled_proxy_are_not_bound), T(a_given_descriptor_must_be_a_listening_socket),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
