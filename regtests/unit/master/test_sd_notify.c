// SPDX-License-Identifier: GPL-3.0-or-later
/* Notifications arrive on path and abstract sockets; nothing happens without one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>
#include "master/master_priv.h"

static int receiver(const char *name)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	size_t n = strlen(name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	memcpy(sa.sun_path, name, n);
	if (name[0] == '@')
		sa.sun_path[0] = 0;
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)), 0);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static void expect_text(int fd, const char *want)
{
	char got[200] = "";
	assert_int_equal(recv(fd, got, sizeof(got) - 1, 0), strlen(want));
	assert_string_equal(got, want);
	close(fd);
}

static void a_path_socket_gets_one_datagram(void **state)
{
	(void)state;
	char path[64];
	snprintf(path, sizeof(path), "/tmp/sluice-notify.%d", (int)getpid());
	int fd = receiver(path);
	sd_notify_send("READY=1\nMAINPID=5");
	expect_text(fd, "READY=1\nMAINPID=5");
	unlink(path);
}

static void an_abstract_socket_gets_it_too(void **state)
{
	(void)state;
	char name[64];
	snprintf(name, sizeof(name), "@sluice-notify.%d", (int)getpid());
	int fd = receiver(name);
	sd_notify_send("STOPPING=1");
	expect_text(fd, "STOPPING=1");
}

static void without_a_usable_address_nothing_happens(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "/", "relative", "/nobody/listens/here" };
	char longer[300];

	unsetenv("NOTIFY_SOCKET");
	sd_notify_send("READY=1");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		setenv("NOTIFY_SOCKET", bad[i], 1);
		sd_notify_send("READY=1");
	}
	memset(longer, '/', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = 0;
	setenv("NOTIFY_SOCKET", longer, 1);
	sd_notify_send("READY=1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_socket_gets_one_datagram), cmocka_unit_test(an_abstract_socket_gets_it_too),
		cmocka_unit_test(without_a_usable_address_nothing_happens),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
