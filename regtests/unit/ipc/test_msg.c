// SPDX-License-Identifier: GPL-3.0-or-later
/* Control messages: what passes, what is refused, and that no descriptor leaks. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include <sluice/ipc/msg.h>

static int sv[2];
static struct ipc_msg m;
static int fd;

static int setup(void **state)
{
	(void)state;
	return ipc_pair(sv);
}

static int teardown(void **state)
{
	(void)state;
	close(sv[0]);
	close(sv[1]);
	return 0;
}

static unsigned open_fds(void)
{
	unsigned n = 0;
	DIR *d = opendir("/proc/self/fd");
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void a_message_arrives_with_its_numbers(void **state)
{
	(void)state;
	assert_int_equal(ipc_recv(sv[1], ROLE_WORKER, ROLE_LEADER, &m, &fd), 0);
	assert_true(ipc_send(sv[0], IPC_DRAIN, 3, 300000, NULL, 0, -1));
	assert_true(ipc_wait(sv[1], 0));
	assert_int_equal(ipc_recv(sv[1], ROLE_WORKER, ROLE_LEADER, &m, &fd), 1);
	assert_int_equal(m.type, IPC_DRAIN);
	assert_int_equal(m.arg, 3);
	assert_int_equal(m.num, 300000);
	assert_int_equal(fd, -1);
	assert_false(ipc_wait(sv[1], 0));
}

static void a_message_of_another_build_is_skipped_between_master_and_leader(void **state)
{
	(void)state;
	struct ipc_msg later = { .type = 63, .version = IPC_VERSION, .num = 1 }, longer = { .type = IPC_GEN_DRAIN, .version = IPC_VERSION, .num = 2 };
	longer.data[100] = 1;
	assert_int_equal(send(sv[0], &later, sizeof(later), 0), sizeof(later));
	assert_int_equal(send(sv[0], &longer, sizeof(longer), 0), sizeof(longer));
	assert_int_equal(ipc_recv(sv[1], ROLE_LEADER, ROLE_MASTER, &m, &fd), 1);
	assert_int_equal(m.num, 2);
	assert_int_equal(send(sv[0], &later, sizeof(later), 0), sizeof(later));
	assert_int_equal(ipc_recv(sv[1], ROLE_LEADER, ROLE_WORKER, &m, &fd), -2);
}

static void the_last_words_of_a_peer_that_did_not_listen_arrive(void **state)
{
	(void)state;
	assert_true(ipc_send(sv[1], IPC_READY, 0, 0, NULL, 0, -1)); /* never read */
	assert_true(ipc_send(sv[0], IPC_DRAIN, 0, 7, NULL, 0, -1));
	close(sv[0]);
	assert_int_equal(ipc_recv(sv[1], ROLE_WORKER, ROLE_LEADER, &m, &fd), 1);
	assert_int_equal(m.num, 7);
	assert_int_equal(ipc_recv(sv[1], ROLE_WORKER, ROLE_LEADER, &m, &fd), -1);
	sv[0] = -1;
}

static void a_descriptor_travels_close_on_exec(void **state)
{
	(void)state;
	struct ipc_key key = { "tcp4:1.2.3.4:80" };
	int p[2];
	assert_int_equal(pipe(p), 0);
	assert_true(ipc_send(sv[0], IPC_LISTENER, 0, 0, &key, sizeof(key), p[1]));
	assert_int_equal(ipc_recv(sv[1], ROLE_MASTER, ROLE_LEADER, &m, &fd), 1);
	assert_string_equal(((struct ipc_key *)(void *)m.data)->text, "tcp4:1.2.3.4:80");
	assert_true(fd >= 0 && fd != p[1]);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(p[1]);
	assert_int_equal(write(fd, "x", 1), 1);
	char c;
	assert_int_equal(read(p[0], &c, 1), 1);
	close(fd);
	close(p[0]);
}

static void the_wrong_sender_or_receiver_is_a_violation(void **state)
{
	(void)state;
	assert_true(ipc_send(sv[0], IPC_GO, 0, 0, NULL, 0, -1));
	assert_int_equal(ipc_recv(sv[1], ROLE_LEADER, ROLE_WORKER, &m, &fd), -2);
	assert_true(ipc_send(sv[0], IPC_GO, 0, 0, NULL, 0, -1));
	assert_int_equal(ipc_recv(sv[1], ROLE_CHECKER, ROLE_LEADER, &m, &fd), -2);
	assert_true(ipc_send(sv[0], IPC_COMMIT, 0, 0, NULL, 0, -1));
	assert_int_equal(ipc_recv(sv[1], ROLE_LEADER, ROLE_LEADER, &m, &fd), -2);
}

static void the_wrong_size_is_a_violation(void **state)
{
	(void)state;
	char big[sizeof(struct ipc_msg) + 1] = { 0 };
	assert_int_equal(send(sv[0], big, sizeof(big), 0), sizeof(big));
	assert_int_equal(ipc_recv(sv[1], ROLE_LEADER, ROLE_WORKER, &m, &fd), -2);
	assert_int_equal(send(sv[0], big, 8, 0), 8);
	assert_int_equal(ipc_recv(sv[1], ROLE_LEADER, ROLE_WORKER, &m, &fd), -2);
}

static void unknown_types_versions_and_stray_payload_are_violations(void **state)
{
	(void)state;
	struct ipc_msg bad = { .type = IPC_COUNT, .version = IPC_VERSION };
	assert_int_equal(send(sv[0], &bad, sizeof(bad), 0), sizeof(bad));
	assert_int_equal(ipc_recv(sv[1], ROLE_LEADER, ROLE_WORKER, &m, &fd), -2);
	bad.type = IPC_READY, bad.version = IPC_VERSION + 1;
	assert_int_equal(send(sv[0], &bad, sizeof(bad), 0), sizeof(bad));
	assert_int_equal(ipc_recv(sv[1], ROLE_LEADER, ROLE_WORKER, &m, &fd), -2);
	bad.version = IPC_VERSION, bad.data[111] = 1;
	assert_int_equal(send(sv[0], &bad, sizeof(bad), 0), sizeof(bad));
	assert_int_equal(ipc_recv(sv[1], ROLE_LEADER, ROLE_WORKER, &m, &fd), -2);
}

static void send_raw_with_fds(const struct ipc_msg *msg, unsigned n)
{
	union { struct cmsghdr align; char buf[CMSG_SPACE(8 * sizeof(int))]; } ctl = { 0 };
	struct iovec iov = { (void *)(uintptr_t)msg, sizeof(*msg) };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl.buf, .msg_controllen = CMSG_SPACE(n * sizeof(int)) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&mh);
	c->cmsg_level = SOL_SOCKET, c->cmsg_type = SCM_RIGHTS, c->cmsg_len = CMSG_LEN(n * sizeof(int));
	for (unsigned i = 0; i < n; i++)
		memcpy(CMSG_DATA(c) + i * sizeof(int), &sv[0], sizeof(int));
	assert_int_equal(sendmsg(sv[0], &mh, 0), sizeof(*msg));
}

static void descriptors_nobody_asked_for_are_refused_and_closed(void **state)
{
	(void)state;
	struct ipc_msg plain = { .type = IPC_READY, .version = IPC_VERSION };
	unsigned before = open_fds();
	for (unsigned n = 1; n <= 8; n++) {
		send_raw_with_fds(&plain, n);
		assert_int_equal(ipc_recv(sv[1], ROLE_LEADER, ROLE_WORKER, &m, &fd), -2);
		assert_int_equal(fd, -1);
	}
	plain.type = IPC_LISTENER;
	send_raw_with_fds(&plain, 2);
	assert_int_equal(ipc_recv(sv[1], ROLE_MASTER, ROLE_LEADER, &m, &fd), -2);
	assert_int_equal(send(sv[0], &plain, sizeof(plain), 0), sizeof(plain));
	assert_int_equal(ipc_recv(sv[1], ROLE_MASTER, ROLE_LEADER, &m, &fd), -2);
	assert_int_equal(open_fds(), before);
}

static void a_closed_peer_is_told_apart_from_silence(void **state)
{
	(void)state;
	shutdown(sv[0], SHUT_RDWR);
	assert_int_equal(ipc_recv(sv[1], ROLE_WORKER, ROLE_LEADER, &m, &fd), -1);
	assert_false(ipc_send(sv[1], IPC_READY, 0, 0, NULL, 0, -1));
}

static void a_full_channel_refuses_instead_of_blocking(void **state)
{
	(void)state;
	unsigned n = 0;
	while (n < 100000 && ipc_send(sv[0], IPC_GO, 0, n, NULL, 0, -1))
		n++;
	assert_in_range(n, 16, 99999);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_message_arrives_with_its_numbers), T(a_descriptor_travels_close_on_exec), T(the_wrong_sender_or_receiver_is_a_violation),
		T(the_wrong_size_is_a_violation), T(unknown_types_versions_and_stray_payload_are_violations),
		T(descriptors_nobody_asked_for_are_refused_and_closed), T(a_closed_peer_is_told_apart_from_silence),
		T(a_full_channel_refuses_instead_of_blocking), T(a_message_of_another_build_is_skipped_between_master_and_leader),
		T(the_last_words_of_a_peer_that_did_not_listen_arrive),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
