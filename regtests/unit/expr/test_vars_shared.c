// SPDX-License-Identifier: GPL-3.0-or-later
/* Shared variables: two stores over one area stand for two processes; real ones where death and contention matter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <sluice/base/clock.h>
#include <sluice/expr/expr.h>
#include <sluice/expr/vars_shared.h>

static struct arena mem;
static struct var_table *table;
static struct var_area *area;
static struct var_store one, two;
static struct var_ref x, n;

static struct smp_ctx ctx_of(struct var_store *st) { return (struct smp_ctx){ .tmp = &mem, .vars[VAR_PROC] = st }; }
static void next_turn(void) { clock_now_ns++; }

static struct var_table *names(const char *init)
{
	struct var_table *t = var_table_new(&mem);
	struct xerr err;
	struct smp v = { .type = SMP_STR, .s = str_c(init) };

	assert_true(var_resolve(t, STR("proc.x"), &x, &err));
	assert_true(var_resolve(t, STR("proc.n"), &n, &err));
	if (*init)
		var_table_init(t, x, &v);
	return t;
}

static void attach(struct var_store *st)
{
	vars_process_init(table, st);
	var_store_share(st, area);
}

static int setup(void **state)
{
	(void)state;
	clock_update();
	arena_init(&mem, 0);
	table = names("blue");
	area = var_area_create(table);
	if (!area)
		return -1;
	attach(&one), attach(&two);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	var_store_drop(&one), var_store_drop(&two);
	var_area_close(area);
	arena_free(&mem);
	return 0;
}

static bool set_text(struct var_store *st, const char *text, unsigned conds)
{
	struct smp_ctx c = ctx_of(st);
	struct smp v = { .type = SMP_STR, .s = str_c(text) };

	return var_set(&c, x, &v, conds);
}

static bool set_int(struct var_store *st, int64_t i, unsigned conds)
{
	struct smp_ctx c = ctx_of(st);
	struct smp v = { .type = SMP_INT, .i = i };

	return var_set(&c, n, &v, conds);
}

static void text_is(struct var_store *st, const char *want)
{
	struct smp_ctx c = ctx_of(st);
	const struct smp *v = var_get(&c, x);

	assert_int_equal(v != NULL, want != NULL);
	if (want)
		assert_true(str_eq(v->s, str_c(want)));
}

static void what_one_process_sets_another_sees_in_its_next_turn(void **state)
{
	(void)state;
	text_is(&one, "blue"), text_is(&two, "blue");
	assert_true(set_text(&one, "green", 0));
	text_is(&one, "green");
	text_is(&two, "blue"); /* whoever works on it in this turn keeps what there is */
	next_turn();
	text_is(&two, "green");
}

static void an_unset_variable_is_unset_for_all_and_was_there(void **state)
{
	struct smp_ctx c = ctx_of(&one);

	(void)state;
	var_unset(&c, x);
	next_turn();
	text_is(&two, NULL);
	assert_false(set_text(&two, "a", VC_NOT_EXISTS));
	assert_true(set_text(&two, "b", VC_NOT_SET));
}

static void conditions_look_at_what_others_have_set(void **state)
{
	(void)state;
	assert_true(set_int(&one, 5, 0));
	assert_false(set_int(&two, 9, VC_GT)); /* 5 > 9 */
	assert_true(set_int(&two, 3, VC_GT));
	assert_false(set_int(&one, 2, VC_NOT_EXISTS));
}

static void a_text_that_does_not_fit_is_not_set(void **state)
{
	static char big[VAR_SHARED_TEXT + 2];

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	assert_false(set_text(&one, big, 0));
	big[VAR_SHARED_TEXT] = '\0';
	assert_true(set_text(&one, big, 0));
	next_turn();
	text_is(&two, big);
}

static void readers_never_see_half_a_value(void **state)
{
	char text[200];
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		for (unsigned i = 0; i < 20000; i++) {
			memset(text, 'a' + (int)(i % 26), sizeof(text)), text[1 + i % 190] = '\0';
			(void)set_text(&one, text, 0);
		}
		_exit(0);
	}
	struct smp_ctx c = ctx_of(&two);
	for (unsigned i = 0; waitpid(pid, NULL, WNOHANG) == 0; i++) {
		next_turn();
		const struct smp *v = var_get(&c, x);
		for (size_t k = 0; v && v->s.n && v->s.p[0] != 'b' && k < v->s.n; k++)
			assert_int_equal(v->s.p[k], v->s.p[0]);
	}
}

static void a_process_that_died_with_the_lock_leaves_no_value_and_no_lock(void **state)
{
	_Atomic uint32_t *slot = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, var_area_fd(area), 0);

	(void)state;
	text_is(&two, "blue");
	assert_ptr_not_equal(slot, MAP_FAILED);
	atomic_store(&slot[0], 4242); /* holder */
	atomic_fetch_add(&slot[1], 1); /* in the middle */
	assert_false(set_text(&one, "green", 0));
	next_turn();
	text_is(&two, "blue"); /* the last whole one */
	var_area_repair(area, 1);
	assert_int_equal(atomic_load(&slot[0]), 4242);
	var_area_repair(area, 4242);
	next_turn();
	text_is(&two, NULL);
	assert_true(set_text(&one, "green", 0));
	munmap(slot, 4096);
}

static void what_was_set_at_run_time_goes_to_another_layout_by_name(void **state)
{
	struct xerr err;
	struct var_ref more;

	(void)state;
	uint64_t layout = var_area_layout(table);
	assert_true(set_text(&one, "green", 0));
	struct var_table *t = names("blue");
	assert_int_equal(var_area_layout(t), layout);
	assert_true(var_resolve(t, STR("proc.new"), &more, &err));
	assert_int_not_equal(var_area_layout(t), layout);
	struct var_area *next = var_area_create(t);
	assert_non_null(next);
	var_area_copy(next, var_area_fd(area));
	vars_process_init(t, &two);
	var_store_share(&two, next);
	text_is(&two, "green");
	var_store_drop(&two);
	var_area_close(next);
}

static void a_new_value_in_the_configuration_counts(void **state)
{
	(void)state;
	assert_true(set_text(&one, "green", 0));
	struct var_table *t = names("red");
	assert_int_not_equal(var_area_layout(t), var_area_layout(table));
	struct var_area *next = var_area_create(t);
	assert_non_null(next);
	var_area_copy(next, var_area_fd(area));
	vars_process_init(t, &two);
	var_store_share(&two, next);
	text_is(&two, "red");
	var_store_drop(&two);
	var_area_close(next);
}

static void a_private_copy_changes_nothing_for_others(void **state)
{
	int status = 1;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(var_area_make_private(area) && set_text(&one, "green", 0) ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	next_turn();
	text_is(&two, "blue");
}

static void a_file_of_another_size_is_not_taken_for_an_area(void **state)
{
	int fd = memfd_create("x", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(ftruncate(fd, 100), 0);
	var_area_copy(area, fd);
	assert_null(var_area_map(table, fd));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_one_process_sets_another_sees_in_its_next_turn), T(an_unset_variable_is_unset_for_all_and_was_there),
		T(conditions_look_at_what_others_have_set), T(a_text_that_does_not_fit_is_not_set), T(readers_never_see_half_a_value),
		T(a_process_that_died_with_the_lock_leaves_no_value_and_no_lock), T(what_was_set_at_run_time_goes_to_another_layout_by_name),
		T(a_new_value_in_the_configuration_counts), T(a_private_copy_changes_nothing_for_others),
		T(a_file_of_another_size_is_not_taken_for_an_area),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
