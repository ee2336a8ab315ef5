// SPDX-License-Identifier: GPL-3.0-or-later
/* Orders of workers to change maps and ACLs: those of a worker that has gone astray change nothing, and each is answered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include <sluice/base/clock.h>
#include "leader/leader_priv.h"
#include "leader/patterns.h"

static struct rt rt;
static struct leader l = { .rt = &rt };
static struct child worker = { .l = &l };
static int other_end;
static uint64_t ticket;

static struct pat_file *file_of(unsigned roles)
{
	struct expr_env env = { .arena = &rt.arena, .maps = &rt.patterns };
	struct xerr err;
	struct pat_file *f = pat_file_get(&env, roles & PAT_ACL ? STR("a") : STR("m"), roles | PAT_RULES, !(roles & PAT_ACL), &err);

	assert_non_null(f);
	assert_true(pat_file_build(f));
	f->roles = roles;
	return f;
}

static void order(uint32_t file, unsigned kind, const char *key, const char *val, int fd)
{
	struct ipc_pat_order o = { .kind = (uint16_t)kind, .klen = (uint16_t)strlen(key), .vlen = (uint16_t)strlen(val) };
	struct ipc_msg m = { .arg = file, .num = ++ticket }, back;
	int none;

	if (fd < 0) {
		strcpy(o.text, key);
		strcat(o.text, val);
	}
	memcpy(m.data, &o, sizeof(o));
	order_pattern(&worker, &m, fd);
	assert_int_equal(ipc_recv(other_end, ROLE_WORKER, ROLE_LEADER, &back, &none), 1);
	assert_int_equal(back.type, IPC_PAT_DONE);
	assert_int_equal(back.num, ticket);
}

static struct str value_of(const struct pat_file *f, const char *key)
{
	struct ptab_entry e = { 0 };

	(void)ptab_entry(f->tab, ptab_by_key(f->tab, ptab_current(f->tab), str_c(key)), &e);
	return e.val;
}

static void an_order_sets_adds_and_removes(void **s UNUSED)
{
	struct pat_file *m = file_of(PAT_MAP | PAT_RULES), *a = file_of(PAT_ACL | PAT_RULES);

	order(m->id, PAT_ORDER_SET, "k", "1", -1);
	assert_true(str_eq(value_of(m, "k"), STR("1")));
	order(m->id, PAT_ORDER_SET, "k", "2", -1);
	assert_true(str_eq(value_of(m, "k"), STR("2")));
	assert_int_equal(ptab_count(m->tab), 1);
	order(m->id, PAT_ORDER_DEL, "k", "", -1);
	assert_int_equal(ptab_count(m->tab), 0);
	order(a->id, PAT_ORDER_ADD, "p", "", -1);
	order(a->id, PAT_ORDER_ADD, "p", "", -1);
	assert_int_equal(ptab_count(a->tab), 1);
}

static void long_text_comes_in_a_file(void **s UNUSED)
{
	struct pat_file *m = file_of(PAT_MAP | PAT_RULES);
	int fd = memfd_create("x", MFD_CLOEXEC);
	char key[301], val[401];

	memset(key, 'k', 300), key[300] = '\0';
	memset(val, 'v', 400), val[400] = '\0';
	assert_int_equal(pwrite(fd, key, 300, 0) + pwrite(fd, val, 400, 300), 700);
	order(m->id, PAT_ORDER_SET, key, val, fd);
	assert_true(str_eq(value_of(m, key), str_c(val)));
	assert_int_equal(ftruncate(fd, 10), 0); /* shorter than it says */
	order(m->id, PAT_ORDER_SET, key, "", fd);
	assert_true(str_eq(value_of(m, key), str_c(val)));
	close(fd);
}

static void what_a_worker_may_not_order_changes_nothing(void **s UNUSED)
{
	struct pat_file *m = file_of(PAT_MAP | PAT_RULES), *closed;
	struct ipc_pat_order o = { .kind = PAT_ORDER_SET, .klen = 60000, .vlen = 60000 };
	struct ipc_msg msg = { .arg = m->id, .num = ++ticket }, back;
	int none;

	closed = file_of(PAT_ACL); /* no rule names it */
	order(closed->id, PAT_ORDER_ADD, "p", "", -1);
	assert_int_equal(ptab_count(closed->tab), 0);
	order(99, PAT_ORDER_SET, "k", "1", -1);
	order(m->id, 17, "k", "1", -1);
	order(m->id, PAT_ORDER_SET, "a\nb", "1", -1);
	order(m->id, PAT_ORDER_SET, "", "1", -1);
	memcpy(msg.data, &o, sizeof(o));
	order_pattern(&worker, &msg, -1);
	assert_int_equal(ipc_recv(other_end, ROLE_WORKER, ROLE_LEADER, &back, &none), 1);
	assert_int_equal(ptab_count(m->tab), 0);
}

static int up(void **s UNUSED)
{
	int sv[2];

	clock_update();
	arena_init(&rt.arena, 0);
	if (ipc_pair(sv) < 0)
		return 1;
	worker.io.fd = sv[0];
	other_end = sv[1];
	return 0;
}

static int down(void **s UNUSED)
{
	pat_files_free(&rt.patterns);
	arena_free(&rt.arena);
	close(worker.io.fd);
	close(other_end);
	return 0;
}

#define T(f) cmocka_unit_test_setup_teardown(f, up, down)

int main(void)
{
	const struct CMUnitTest tests[] = { T(an_order_sets_adds_and_removes), T(long_text_comes_in_a_file), T(what_a_worker_may_not_order_changes_nothing) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
