// SPDX-License-Identifier: GPL-3.0-or-later
/* For tests that send over the loopback and look at once; cmocka.h before it. */
#ifndef SLUICE_UNIT_LOOPBACK_H
#define SLUICE_UNIT_LOOPBACK_H

#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>

/* What was sent over the loopback before has arrived when a datagram sent now has: a processor's queue is in order, but on a busy machine
 * the kernel may come to it later than we come back from send(2). */
static inline void loopback_settle(void)
{
	static int fd = -1;
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(sa);
	cpu_set_t here;
	char b = 0;

	if (fd < 0) {
		CPU_ZERO(&here);
		CPU_SET(sched_getcpu(), &here);
		assert_int_equal(sched_setaffinity(0, sizeof(here), &here), 0);
		fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		assert_int_equal(bind(fd, (struct sockaddr *)&sa, n), 0);
		assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &n), 0);
		assert_int_equal(connect(fd, (struct sockaddr *)&sa, n), 0);
	}
	assert_int_equal(send(fd, &b, 1, 0), 1);
	assert_int_equal(recv(fd, &b, 1, 0), 1);
}

#endif
