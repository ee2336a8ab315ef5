// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <stdio.h>
#include <sluice/net/sock.h>
#include <sluice/net/udp.h>
#include "../unit.h"

static char dir[64], path[96];

static int make_dir(void **state UNUSED)
{
	snprintf(dir, sizeof dir, "/tmp/sluice-udp.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/log", dir);
	return 0;
}

static int drop_dir(void **state UNUSED)
{
	unlink(path);
	return rmdir(dir);
}

static int bound(struct addr *a)
{
	struct sockaddr_storage ss;
	socklen_t n = addr_to_sockaddr(a, &ss);
	int fd = sock_udp(a->family);
	assert_int_equal(bind(fd, (struct sockaddr *)&ss, n), 0);
	if (a->family == AF_INET)
		assert_true(sock_local(fd, a));
	return fd;
}

static bool send_text(int fd, const char *text)
{
	struct iovec v[2] = { { "<6>", 3 }, { (char *)text, strlen(text) } };
	return dgram_sendv(fd, v, 2);
}

static void expect(int fd, const char *want)
{
	char b[64];
	ssize_t n = recv(fd, b, sizeof b, 0); /* over loopback a datagram is there when its send returns */
	assert_int_equal(n, strlen(want));
	assert_memory_equal(b, want, (size_t)n);
}

TEST(pieces_arrive_as_one_datagram)
{
	struct addr a;
	assert_true(addr_parse_ip(&a, STR("127.0.0.1")));
	int r = bound(&a), fd = dgram_open(&a);
	assert_true(fd >= 0);
	assert_true(send_text(fd, "hello"));
	expect(r, "<6>hello");
	close(fd), close(r);
}

TEST(a_refusal_of_an_earlier_datagram_does_not_lose_the_present_one)
{
	struct addr a;
	assert_true(addr_parse_ip(&a, STR("127.0.0.1")));
	int r = bound(&a), fd = dgram_open(&a);
	close(r);
	assert_true(send_text(fd, "lost")); /* the kernel took it; the refusal comes back */
	r = bound(&a);
	assert_true(send_text(fd, "kept"));
	expect(r, "<6>kept");
	close(fd), close(r);
}

TEST(a_unix_sink_that_was_replaced_is_found_again)
{
	struct addr a = { .family = AF_UNIX, .path = path };
	int r = bound(&a), fd = dgram_open(&a);
	assert_true(fd >= 0);
	assert_true(send_text(fd, "one"));
	close(r);
	assert_false(send_text(fd, "nobody"));
	assert_false(send_text(fd, "still nobody"));
	unlink(path);
	assert_false(send_text(fd, "no path"));
	r = bound(&a);
	assert_true(send_text(fd, "two"));
	expect(r, "<6>two");
	close(fd), close(r);
}

TEST(a_sink_that_is_full_refuses_and_never_blocks)
{
	struct addr a = { .family = AF_UNIX, .path = path };
	int r = bound(&a), fd = dgram_open(&a), sent = 0;
	while (send_text(fd, "x") && sent < 1000000)
		sent++;
	assert_in_range(sent, 1, 999999);
	expect(r, "<6>x");
	close(fd), close(r);
}

TEST(a_descriptor_number_used_again_belongs_to_its_new_sink)
{
	char path2[110];
	snprintf(path2, sizeof path2, "%s2", path);
	struct addr a = { .family = AF_UNIX, .path = path }, b = { .family = AF_UNIX, .path = path2 };
	int ra = bound(&a), rb = bound(&b), fd = dgram_open(&a);
	close(fd);
	assert_int_equal(dgram_open(&b), fd);
	close(rb);
	unlink(path2);
	rb = bound(&b);
	assert_true(send_text(fd, "two")); /* connects to the second path anew, not to the first */
	expect(rb, "<6>two");
	close(fd), close(ra), close(rb);
	unlink(path2);
}

TEST(a_sink_that_is_not_there_or_has_no_name_cannot_be_opened)
{
	char p[200];
	struct addr a = { .family = AF_UNIX, .path = path };
	assert_int_equal(dgram_open(&a), -1);
	assert_int_equal(errno, ENOENT);
	memset(p, 'x', sizeof p);
	p[199] = 0;
	a.path = p;
	assert_int_equal(dgram_open(&a), -1);
	assert_int_equal(errno, ENAMETOOLONG);
}

#define DIR_TEST(f) cmocka_unit_test_setup_teardown(f, make_dir, drop_dir)

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(pieces_arrive_as_one_datagram),
		cmocka_unit_test(a_refusal_of_an_earlier_datagram_does_not_lose_the_present_one),
		DIR_TEST(a_unix_sink_that_was_replaced_is_found_again),
		DIR_TEST(a_sink_that_is_full_refuses_and_never_blocks),
		DIR_TEST(a_descriptor_number_used_again_belongs_to_its_new_sink),
		DIR_TEST(a_sink_that_is_not_there_or_has_no_name_cannot_be_opened),
	};
	return cmocka_run_group_tests(t, NULL, NULL);
}
