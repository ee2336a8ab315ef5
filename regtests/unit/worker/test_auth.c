// SPDX-License-Identifier: GPL-3.0-or-later
/* Passwords of userlists: right ones are remembered, everything else is judged anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <crypt.h>
#include "../../../src/worker/steps.h"

static struct rt_user users[3];
static struct rt_userlist list = { { "l", 1 }, users, 3 };
static struct rt rt = { .userlist = &list, .nuserlist = 1 };
static char hash[CRYPT_OUTPUT_SIZE];

static int setup(void **state)
{
	static struct str groups[] = { { "a", 1 }, { "b", 1 } };

	(void)state;
	strcpy(hash, crypt("secret", "$5$rounds=1000$salt"));
	users[0] = (struct rt_user){ .name = STR("ann"), .pass = str_c(hash), .groups = groups, .ngroups = 2 };
	users[1] = (struct rt_user){ .name = STR("eve"), .pass = STR("plain"), .plain = true };
	users[2] = (struct rt_user){ .name = STR("nobody") };
	wk.rt = &rt;
	auth_start();
	return 0;
}

static bool check(const char *user, const char *pass)
{
	return auth_check(NULL, 0, str_c(user), str_c(pass));
}

static void users_log_in_with_their_password_alone(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_true(check("ann", "secret"));
		assert_false(check("ann", "secrets"));
		assert_false(check("ann", ""));
		assert_false(check("anns", "ecret"));
	}
	assert_true(check("eve", "plain"));
	assert_false(check("eve", "plai"));
	assert_false(check("nobody", ""));
	assert_false(check("zoe", "secret"));
	assert_false(auth_check(NULL, 1, STR("ann"), STR("secret")));
	assert_false(auth_check(NULL, -1, STR("ann"), STR("secret")));
}

static void what_is_remembered_belongs_to_the_password_of_now(void **state)
{
	(void)state;
	assert_true(check("ann", "secret"));
	users[0].pass = STR("$5$rounds=1000$salt$changed");
	assert_true(check("ann", "secret")); /* found without crypt(3): tables never change while a process lives */
	auth_start();
	assert_false(check("ann", "secret"));
	users[0].pass = str_c(hash);
}

static void groups_come_one_by_one(void **state)
{
	struct str g;

	(void)state;
	assert_true(auth_group(NULL, 0, STR("ann"), 1, &g));
	assert_true(str_eq(g, STR("b")));
	assert_false(auth_group(NULL, 0, STR("ann"), 2, &g));
	assert_false(auth_group(NULL, 0, STR("eve"), 0, &g));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(users_log_in_with_their_password_alone),
		cmocka_unit_test(what_is_remembered_belongs_to_the_password_of_now),
		cmocka_unit_test(groups_come_one_by_one),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
