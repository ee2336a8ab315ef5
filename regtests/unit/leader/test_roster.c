// SPDX-License-Identifier: GPL-3.0-or-later
/* The list of servers that come and go beside the files: what one leader writes the next one reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include <sluice/base/clock.h>
#include "leader/roster.h"

static struct rt_proxy px[2];
static struct rt rt = { .px = px, .npx = 2 };
static struct leader_opts lo;
static struct leader l;

static int setup(void **state)
{
	(void)state;
	loop_init("poll", 16);
	px[0].name = STR("a"), px[1].name = STR("b");
	lo = (struct leader_opts){ .fds = -1 };
	l = (struct leader){ .o = &lo, .rt = &rt, .roster_fd = -1, .master_gone = true, .phase = LEAD_ACTIVE };
	roster_peek(&l);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	roster_stop();
	close(l.roster_fd);
	loop_free();
	return 0;
}

static void add(const char *be, const char *name, bool pending)
{
	struct str w[] = { str_c(name), STR("1.2.3.4:80"), STR("weight"), STR("7") };

	assert_true(roster_add(&l, &(struct conf_change){ .add = true, .pending = pending, .be = str_c(be), .w = w, .n = 4 }));
}

/* What the next leader, who is given the descriptor, finds: "a/x b/y". */
static const char *next_leader(void)
{
	static char text[4096];
	struct sbuf b = SBUF_FIXED(text);
	struct ipc_fd_entry e = { .fd = dup(l.roster_fd), .key = { .text = "servers" } };

	lo.fds = memfd_create("table", 0);
	assert_int_equal(write(lo.fds, &e, sizeof(e)), sizeof(e));
	roster_stop();
	close(l.roster_fd);
	roster_peek(&l);
	close(lo.fds);
	l.roster_fd = e.fd;
	for (unsigned i = 0; i < l.changes->n; i++) {
		const struct conf_change *c = &l.changes->at[i];
		sbuf_printf(&b, "%s%s" STR_FMT "/" STR_FMT "%s", b.n ? " " : "", c->add ? "" : "-", STR_ARG(c->be), STR_ARG(c->w[0]), c->pending ? "?" : "");
	}
	return sbuf_cstr(&b);
}

static void what_was_added_is_read_by_the_next(void **state)
{
	(void)state;
	add("a", "x", false);
	add("b", "y", true);
	assert_string_equal(next_leader(), "a/x b/y?");
	assert_int_equal(l.changes->at[0].n, 4);
	assert_true(str_eq(l.changes->at[0].w[3], STR("7")));
	size_t at = 0;
	assert_true(str_eq(roster_next(STR("b"), &at)->w[0], STR("y")));
	assert_null(roster_next(STR("b"), &at));
}

static void an_addition_replaces_one_of_its_name_and_is_taken_back(void **state)
{
	(void)state;
	add("a", "x", false);
	add("b", "x", false);
	add("a", "x", false);
	assert_string_equal(next_leader(), "b/x a/x");
	roster_remove(&l, STR("a"), STR("x"));
	assert_string_equal(next_leader(), "b/x");
}

static void a_deletion_of_an_added_one_leaves_nothing_and_of_another_its_line(void **state)
{
	(void)state;
	const struct rt_server added = { .name = STR("x"), .flags = SRVF_ADDED, .px = 0 }, own = { .name = STR("s"), .px = 1, .line = 77 };

	add("a", "x", false);
	roster_deleted(&l, &added);
	assert_string_equal(next_leader(), "");
	roster_deleted(&l, &own);
	roster_deleted(&l, &own);
	assert_string_equal(next_leader(), "-b/s");
	assert_int_equal(l.changes->at[0].line, 77);
}

static void a_refused_start_forgets_what_it_was_for(void **state)
{
	(void)state;
	add("a", "x", false);
	add("a", "y", true);
	roster_refused(&l);
	assert_string_equal(next_leader(), "a/x");
}

static void what_the_files_have_overtaken_is_forgotten_when_the_generation_serves(void **state)
{
	(void)state;
	add("a", "x", false);
	add("a", "y", true);
	assert_string_equal(next_leader(), "a/x a/y?");
	l.changes->at[0].over = true;
	roster_start(&l);
	assert_string_equal(next_leader(), "a/y");
}

static void the_memfd_stays_small_over_thousands_of_changes(void **state)
{
	(void)state;
	char name[16];

	for (unsigned i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "n%u", i % 10);
		add("a", name, false);
		if (i % 3 == 0)
			roster_remove(&l, STR("a"), str_c(name));
	}
	assert_in_range(lseek(l.roster_fd, 0, SEEK_END), 1, 16384);
}

static void a_torn_list_gives_what_can_be_read(void **state)
{
	(void)state;
	add("a", "x", false);
	add("a", "y", false);
	struct { uint32_t magic, zero; uint64_t span; } head, less;
	int fd = l.roster_fd;

	assert_int_equal(pread(fd, &head, sizeof(head), 0), sizeof(head));
	less = head;
	for (uint32_t cut = (uint32_t)head.span; cut--;) {
		less.span = (head.span >> 32 << 32) | cut;
		assert_int_equal(pwrite(l.roster_fd, &less, sizeof(less), 0), sizeof(less));
		const char *text = next_leader();
		assert_true(!*text || !strcmp(text, "a/x"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(what_was_added_is_read_by_the_next),
		T(an_addition_replaces_one_of_its_name_and_is_taken_back),
		T(a_deletion_of_an_added_one_leaves_nothing_and_of_another_its_line),
		T(a_refused_start_forgets_what_it_was_for),
		T(what_the_files_have_overtaken_is_forgotten_when_the_generation_serves),
		T(the_memfd_stays_small_over_thousands_of_changes),
		T(a_torn_list_gives_what_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
