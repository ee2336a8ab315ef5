// SPDX-License-Identifier: GPL-3.0-or-later
/* Log targets: the head of each format, and that a target which takes nothing costs lines, not time. */
#include <stdint.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <sluice/base/clock.h>
#include <sluice/log/log.h>

static struct log_target target(int fd, enum log_format format)
{
	return (struct log_target){
		.fd = fd, .format = (uint8_t)format, .facility = 16, .max_level = 7, .max_len = 1024
	};
}

static void start(const struct log_target *t, struct str host)
{
	log_process_init(&t, 1, STR("sluice"), host, 42);
	clock_real = (struct timespec){ 1233922454, 655321000 };
}

static void expect_format(enum log_format format, struct str host, const char *want)
{
	char got[2048] = "";
	int p[2];

	assert_int_equal(pipe(p), 0);
	struct log_target t = target(p[1], format);

	start(&t, host);
	log_send(&t, 6, STR_NULL, STR("hello"));
	assert_true(read(p[0], got, sizeof(got) - 1) > 0);
	assert_string_equal(got, want);
	close(p[0]);
	close(p[1]);
}

static void each_format_has_haproxys_head(void **s)
{
	(void)s;
	expect_format(LOGF_RFC3164, STR("lb1"), "<134>Feb  6 12:14:14 lb1 sluice[42]: hello\n");
	expect_format(LOGF_RFC3164, STR_NULL, "<134>Feb  6 12:14:14 localhost sluice[42]: hello\n");
	expect_format(LOGF_LOCAL, STR("lb1"), "<134>Feb  6 12:14:14 sluice[42]: hello\n");
	expect_format(LOGF_RFC5424, STR("lb1"), "<134>1 2009-02-06T12:14:14.655321+00:00 lb1 sluice 42 - - hello\n");
	expect_format(LOGF_RFC5424, STR_NULL, "<134>1 2009-02-06T12:14:14.655321+00:00 - sluice 42 - - hello\n");
	expect_format(LOGF_RAW, STR_NULL, "hello\n");
	expect_format(LOGF_SHORT, STR_NULL, "<6>hello\n");
	expect_format(LOGF_PRIORITY, STR_NULL, "<134>hello\n");
	expect_format(LOGF_TIMED, STR_NULL, "<6>2009-02-06T12:14:14.655321+00:00 hello\n");
	expect_format(LOGF_ISO, STR_NULL, "2009-02-06T12:14:14.655321+00:00 hello\n");
}

static void levels_are_filtered_and_capped(void **s)
{
	char got[256] = "";
	int p[2];

	(void)s;
	assert_int_equal(pipe(p), 0);
	struct log_target t = target(p[1], LOGF_SHORT);

	t.max_level = 5, t.min_level = 3;
	start(&t, STR_NULL);
	log_send(&t, 6, STR_NULL, STR("too chatty"));
	log_send(&t, 0, STR_NULL, STR("capped"));
	log_send(&t, 5, STR_NULL, STR("kept"));
	assert_true(read(p[0], got, sizeof(got) - 1) > 0);
	assert_string_equal(got, "<3>capped\n<5>kept\n");
	close(p[0]);
	close(p[1]);
}

static void long_messages_are_cut_and_line_ends_cannot_forge_lines(void **s)
{
	char got[256] = "";
	int p[2];

	(void)s;
	assert_int_equal(pipe(p), 0);
	struct log_target t = target(p[1], LOGF_RAW);

	t.max_len = 10;
	start(&t, STR_NULL);
	log_send(&t, 6, STR_NULL, STR("0123456789abc"));
	log_send(&t, 6, STR_NULL, STR("a\nb\tc"));
	assert_true(read(p[0], got, sizeof(got) - 1) > 0);
	assert_string_equal(got, "012345678\na#0Ab\tc\n");
	close(p[0]);
	close(p[1]);
}

static void sampling_keeps_the_first_of_each_round(void **s)
{
	char got[256] = "";
	int p[2];

	(void)s;
	assert_int_equal(pipe(p), 0);
	struct log_target t = target(p[1], LOGF_RAW);

	t.sample_num = 1, t.sample_of = 3;
	start(&t, STR_NULL);
	for (char c = 'a'; c <= 'g'; c++)
		log_send(&t, 6, STR_NULL, str_n(&c, 1));
	assert_true(read(p[0], got, sizeof(got) - 1) > 0);
	assert_string_equal(got, "a\nd\ng\n");
	close(p[0]);
	close(p[1]);
}

static void a_full_pipe_loses_lines_and_counts_them(void **s)
{
	static char text[1000];
	int p[2];

	(void)s;
	memset(text, 'x', sizeof(text));
	assert_int_equal(pipe(p), 0);
	struct log_target t = target(p[1], LOGF_RAW);

	start(&t, STR_NULL);
	for (int i = 0; i < 1000; i++)
		log_send(&t, 6, STR_NULL, str_n(text, sizeof(text)));
	assert_true(log_dropped() > 800 && log_dropped() < 1000);
	/* the descriptor that others share is still blocking */
	assert_false(fcntl(p[1], F_GETFL) & O_NONBLOCK);
	close(p[0]);
	close(p[1]);
}

static void a_full_socket_loses_lines_too(void **s)
{
	static char text[1000];
	int sv[2];

	(void)s;
	memset(text, 'x', sizeof(text));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	struct log_target t = target(sv[1], LOGF_RAW);

	start(&t, STR_NULL);
	for (int i = 0; i < 2000; i++)
		log_send(&t, 6, STR_NULL, str_n(text, sizeof(text)));
	assert_true(log_dropped() > 0);
	assert_false(fcntl(sv[1], F_GETFL) & O_NONBLOCK);
	close(sv[0]);
	close(sv[1]);
}

static int unix_receiver(struct addr *a, const char *path)
{
	struct sockaddr_storage ss;

	*a = (struct addr){ .family = AF_UNIX, .path = path };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	socklen_t len = addr_to_sockaddr(a, &ss);

	assert_true(fd >= 0);
	unlink(path);
	assert_int_equal(bind(fd, (struct sockaddr *)&ss, len), 0);
	return fd;
}

static void a_unix_target_that_comes_back_is_opened_again(void **s)
{
	char got[256] = "", dir[] = "/tmp/logtest.XXXXXX", path[64];

	(void)s;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/log", dir);
	struct log_target t = target(-1, LOGF_RAW);
	int fd = unix_receiver(&t.addr, path);

	start(&t, STR_NULL);
	log_send(&t, 6, STR_NULL, STR("one"));
	assert_int_equal(recv(fd, got, sizeof(got), 0), 4);
	close(fd);
	unlink(path);
	clock_real.tv_sec++;
	log_send(&t, 6, STR_NULL, STR("lost"));
	assert_int_equal(log_dropped(), 1);
	fd = unix_receiver(&t.addr, path);
	log_send(&t, 6, STR_NULL, STR("lost: one attempt a second"));
	assert_int_equal(log_dropped(), 2);
	clock_real.tv_sec++;
	log_send(&t, 6, STR_NULL, STR("two"));
	assert_int_equal(recv(fd, got, sizeof(got), 0), 4);
	assert_memory_equal(got, "two\n", 4);
	close(fd);
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_format_has_haproxys_head),
		cmocka_unit_test(levels_are_filtered_and_capped),
		cmocka_unit_test(long_messages_are_cut_and_line_ends_cannot_forge_lines),
		cmocka_unit_test(sampling_keeps_the_first_of_each_round),
		cmocka_unit_test(a_full_pipe_loses_lines_and_counts_them),
		cmocka_unit_test(a_full_socket_loses_lines_too),
		cmocka_unit_test(a_unix_target_that_comes_back_is_opened_again),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
