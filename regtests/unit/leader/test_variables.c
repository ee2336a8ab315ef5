// SPDX-License-Identifier: GPL-3.0-or-later
/* Variables of scope proc: `get var` and `set var`, and what the next generation finds. */
#include <sluice/expr/vars_shared.h>
#include "cli_fixture.h"
#include "inherit.h"

#define USES(extra) PLAIN "frontend f\n bind 127.0.0.1:1\n http-request set-var(proc.a) int(1)\n http-request set-var(proc.b) int(1)\n" \
			  " http-request set-var(txn.t) int(1)\n" extra

static void open_vars(const char *text, struct ipc_fd_entry *entry)
{
	struct inherited in = finds(entry);

	cli_fx_open(text);
	expr_process_init();
	l.master_gone = false;
	l.ctl = master_open();
	assert_true(variables_open(&l, &in));
}

static void close_vars(void)
{
	var_area_close(l.vars);
	master_close(l.ctl);
	cli_fx_close();
}

TEST(values_have_types_and_are_what_was_set_last)
{
	struct ipc_fd_entry kept = { .fd = -1 };

	open_vars(USES(""), NULL);
	assert_int_equal(told(&kept), IPC_LISTENER);
	SAYS("get var proc.a", "Variable not found.\n"); /* nobody has set it */
	SAYS("set var proc.a int(5)", "");
	SAYS("get var proc.a", "proc.a: type=sint value=<5>\n");
	SAYS("set var proc.a expr str(word),upper", "");
	SAYS("get var proc.a", "proc.a: type=str value=<WORD>\n");
	SAYS("set var proc.a fmt %[int(1)]-%[int(2)]", "");
	SAYS("get var proc.a", "proc.a: type=str value=<1-2>\n");
	SAYS("set var proc.a ipv6(2001:db8::1)", "");
	SAYS("get var proc.a", "proc.a: type=ipv6 value=<2001:db8::1>\n");
	SAYS("get var proc.b", "Variable not found.\n");
	close(kept.fd);
	close_vars();
}

TEST(what_cannot_be_set_is_said_and_left)
{
	struct ipc_fd_entry kept = { .fd = -1 };

	open_vars(USES(""), NULL);
	told(&kept);
	SAYS("get var", "Missing process-wide variable identifier.\n");
	SAYS("get var txn.t", "Variable not found.\n");
	SAYS("set var", "Missing process-wide variable identifier.\n");
	SAYS("set var proc.a", "Missing either 'expr', 'fmt' or expression.\n");
	SAYS("set var proc.a how int(1)", "Missing either 'expr', 'fmt' or expression.\n");
	SAYS("set var txn.t int(1)", "'set var': cannot set variable 'txn.t', only scope 'proc' is permitted here.\n");
	SAYS("set var proc.c int(1)", "'set var': nothing in the configuration uses variable 'proc.c'.\n");
	HAS("set var proc.a nonsense", "nonsense");
	HAS("set var proc.a path", "path"); /* there is no request here */
	SAYS("get var proc.a", "Variable not found.\n");
	close(kept.fd);
	close_vars();
}

TEST(they_go_on_over_a_reload_also_when_there_are_others)
{
	struct ipc_fd_entry kept = { .fd = -1 }, next = { .fd = -1 };

	open_vars(USES(""), NULL);
	told(&kept);
	cmd("set var proc.a int(5)");
	close_vars();
	open_vars(USES(""), &kept);
	assert_int_equal(told(&next), IPC_LISTENER_KEPT);
	SAYS("get var proc.a", "proc.a: type=sint value=<5>\n");
	kept.fd = dup(var_area_fd(l.vars));
	close_vars();
	open_vars(USES(" http-request set-var(proc.new) int(1)\n"), &kept);
	assert_int_equal(told(&next), IPC_LISTENER);
	SAYS("get var proc.a", "proc.a: type=sint value=<5>\n");
	SAYS("set var proc.new int(7)", "");
	close_vars();
	close(next.fd);
	close(kept.fd);
}

TEST(who_has_none_keeps_none)
{
	struct ipc_msg m;
	int fd;

	open_vars(PLAIN "frontend f\n bind 127.0.0.1:1\n", NULL);
	assert_int_equal(ipc_recv(master, ROLE_MASTER, ROLE_LEADER, &m, &fd), 0);
	SAYS("get var proc.a", "Variable not found.\n");
	assert_true(variables_show(&l));
	master_close(l.ctl);
	cli_fx_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_have_types_and_are_what_was_set_last), cmocka_unit_test(what_cannot_be_set_is_said_and_left),
		cmocka_unit_test(they_go_on_over_a_reload_also_when_there_are_others), cmocka_unit_test(who_has_none_keeps_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
