// SPDX-License-Identifier: GPL-3.0-or-later
#include "tls_test.h"
#include <sluice/tls/tickets.h>

TEST(two_processes_with_one_state_agree_and_an_older_state_catches_up)
{
	struct tls_ticket_state a, b, old;

	tls_tickets_init(3600);
	tls_tickets_export(&a);
	assert_true(tls_tickets_import(&a));
	tls_tickets_export(&b);
	assert_memory_equal(&a, &b, sizeof(a));
	old = a;
	old.epoch -= 3;
	assert_true(tls_tickets_import(&old));
	tls_tickets_export(&b);
	assert_true(a.epoch == b.epoch);
	assert_memory_not_equal(a.secret, b.secret, sizeof(a.secret));
	assert_true(tls_tickets_import(&old));
	tls_tickets_export(&a);
	assert_memory_equal(&a, &b, sizeof(a));
}

TEST(a_state_of_the_future_is_refused)
{
	struct tls_ticket_state a, b;

	tls_tickets_init(3600);
	tls_tickets_export(&a);
	b = a;
	b.epoch += 5;
	assert_false(tls_tickets_import(&b));
	tls_tickets_export(&b);
	assert_memory_equal(&a, &b, sizeof(a));
}

static struct tls_ticket_file *file(const char *text, struct tls_err *e)
{
	char path[] = "/tmp/sluice-unit-keys.XXXXXX";
	int fd = mkstemp(path);
	struct tls_ticket_file *f;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	f = tls_ticket_file_load(path, e);
	unlink(path);
	return f;
}

TEST(a_file_of_keys_has_three_of_48_or_80_bytes)
{
	char k48[65], k80[109], text[512];
	struct tls_ticket_file *f;
	struct tls_err e;

	memset(k48, 'A', 64);
	k48[64] = '\0';
	memset(k80, 'A', 106);
	strcpy(k80 + 106, "A=");
	snprintf(text, sizeof(text), "%s\n%s\n%s\n", k48, k80, k48);
	f = file(text, &e);
	assert_non_null(f);
	tls_ticket_files_drop();
	snprintf(text, sizeof(text), "%s\n%s\n", k48, k48);
	assert_null(file(text, &e));
	assert_non_null(strstr(e.text, "at least 3"));
	snprintf(text, sizeof(text), "%s\nAAAA\n%s\n", k48, k48);
	assert_null(file(text, &e));
	assert_non_null(strstr(e.text, ":2: not 48 or 80 bytes"));
	assert_null(tls_ticket_file_load("/nowhere/keys", &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_processes_with_one_state_agree_and_an_older_state_catches_up),
		cmocka_unit_test(a_state_of_the_future_is_refused),
		cmocka_unit_test(a_file_of_keys_has_three_of_48_or_80_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
