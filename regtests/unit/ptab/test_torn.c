// SPDX-License-Identifier: GPL-3.0-or-later
/* A writer that dies: at every instruction of a change the list of a version is what it was or what it becomes, readers find what nobody touches,
 * and the mark says whether indexes may be half done. The writer is a child under ptrace(2), which goes on by single instructions; where it is
 * stopped, the shared table is what its death would leave. Some times it really dies, and the next writer takes the table over. */
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>
#include "ptab_test.h"

enum { STEPS_MOST = 2000000, DEATHS = 12 };

/* Instructions of a sanitizer are no states of the table. */
#ifdef __SANITIZE_ADDRESS__
enum { FEW = 1 };
#else
enum { FEW = 0 };
#endif

typedef void change_fn(struct ptab *t);

struct change {
	const char *name;
	change_fn *prepare, *make;
	const char *allowed[6];      /* lists that may be found, in the order in which they come; the last one is the end */
};

/* "key=value " of each entry in force. */
static const char *list_of(struct ptab *t)
{
	static char text[4096];
	struct ptab_entry e;
	unsigned n = 0, seen = 0;

	text[0] = '\0';
	for (uint32_t at = ptab_first(t); at; at = ptab_next(t, at)) {
		assert_true(seen++ < 100 && ptab_entry(t, at, &e));
		n += (unsigned)snprintf(text + n, sizeof(text) - n, STR_FMT "=" STR_FMT " ", STR_ARG(e.key), STR_ARG(e.val));
	}
	return text;
}

static struct ptab *table_of_kinds(void)
{
	static const struct ptab_use use[] = { { PTAB_EXACT, false }, { PTAB_PREFIX, true }, { PTAB_DOM, false } };
	struct ptab *t = ptab_create(use, 3, 0);

	assert_non_null(t);
	return t;
}

/* ---- changes ------------------------------------------------------------------------------------------------------ */

static void three(struct ptab *t)
{
	put(t, 0, "a", "1");
	put(t, 0, "b", "2");
	put(t, 0, "c", "3");
}

static void twins(struct ptab *t)
{
	three(t);
	put(t, 0, "b", "4");
}

static void sixteen(struct ptab *t)
{
	char key[8];

	for (unsigned i = 0; i < 15; i++) {
		snprintf(key, sizeof(key), "k%u", i);
		put(t, 0, key, "v");
	}
	put(t, 0, "c", "3");
}

static void prepared(struct ptab *t)
{
	three(t);
	assert_int_equal(ptab_prepare(t), 1);
	put(t, ptab_slot(t, 1), "c", "3");
	put(t, ptab_slot(t, 1), "d", "9");
}

static void adds(struct ptab *t)
{
	struct ptab_key k = key_of("d");

	(void)!ptab_add(t, 0, &k, STR("4"));
}

static void sets_longer(struct ptab *t) { (void)ptab_set(t, 0, STR("b"), STR("a value that is longer")); }
static void sets_none(struct ptab *t) { (void)ptab_set(t, 0, STR("b"), STR("")); }
static void deletes_first(struct ptab *t) { (void)ptab_del(t, 0, STR("a")); }
static void deletes_middle(struct ptab *t) { (void)ptab_del(t, 0, STR("b")); }
static void clears(struct ptab *t) { ptab_clear(t, 0); }
static void commits(struct ptab *t) { (void)!ptab_commit(t, 1); }
static void prepares(struct ptab *t) { (void)ptab_prepare(t); }

#define K15 "k0=v k1=v k2=v k3=v k4=v k5=v k6=v k7=v k8=v k9=v k10=v k11=v k12=v k13=v k14=v c=3 "
static const struct change changes[] = {
	{ "add", three, adds, { "a=1 b=2 c=3 ", "a=1 b=2 c=3 d=4 " } },
	{ "add, which makes indexes grow", sixteen, adds, { K15, K15 "d=4 " } },
	{ "set", three, sets_longer, { "a=1 b=2 c=3 ", "a=1 b=a value that is longer c=3 " } },
	{ "set to nothing", three, sets_none, { "a=1 b=2 c=3 ", "a=1 b= c=3 " } },
	{ "delete the first", three, deletes_first, { "a=1 b=2 c=3 ", "b=2 c=3 " } },
	{ "delete one of the middle", three, deletes_middle, { "a=1 b=2 c=3 ", "a=1 c=3 " } },
	{ "delete two of one key", twins, deletes_middle, { "a=1 b=2 c=3 b=4 ", "a=1 c=3 b=4 ", "a=1 c=3 " } },
	{ "clear", three, clears, { "a=1 b=2 c=3 ", "" } },
	{ "prepare", three, prepares, { "a=1 b=2 c=3 " } },
	{ "commit", prepared, commits, { "a=1 b=2 c=3 ", "c=3 d=9 " } },
};

/* ---- the writer --------------------------------------------------------------------------------------------------- */

static pid_t writer_start(struct ptab *t, const struct change *c)
{
	pid_t pid = fork();
	int st;

	if (!pid) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
			_exit(77);
		raise(SIGSTOP);
		ptab_begin(t);
		c->make(t);
		ptab_end(t);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &st, 0), pid);
	if (WIFEXITED(st) && WEXITSTATUS(st) == 77) {
		print_message("ptrace(2) is not allowed here\n");
		skip();
	}
	assert_true(WIFSTOPPED(st));
	return pid;
}

/* false: it has ended. */
static bool writer_step(pid_t pid)
{
	int st;

	assert_int_equal(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL), 0);
	assert_int_equal(waitpid(pid, &st, 0), pid);
	if (WIFEXITED(st))
		assert_int_equal(WEXITSTATUS(st), 0);
	return WIFSTOPPED(st);
}

static unsigned last_of(const struct change *c)
{
	unsigned n = 0;

	while (n + 1 < ARRAY_LEN(c->allowed) && c->allowed[n + 1])
		n++;
	return n;
}

/* Where in its course the list stands; never behind `at`. */
static unsigned progress(const struct change *c, unsigned at, const char *list)
{
	for (; at <= last_of(c); at++)
		if (!strcmp(list, c->allowed[at]))
			return at;
	fail_msg("%s: found %s", c->name, list);
	return 0;
}

static void check(const struct change *c, struct ptab *t, unsigned at)
{
	bool gone = !strstr(c->allowed[at], "c=3");

	if (strstr(c->allowed[last_of(c)], "c=3"))
		assert_string_equal(look(t, "c"), "3"); /* nobody touches it */
	if (t->h->dirty)
		return;
	assert_true(at == 0 || at == last_of(c)); /* not begun or ended: lists and indexes agree */
	assert_string_equal(look(t, "c"), gone ? "-" : "3");
	assert_string_equal(look(t, "a"), strstr(c->allowed[at], "a=1") ? "1" : "-");
	assert_string_equal(look(t, "d"), strstr(c->allowed[at], "d=4") ? "4" : strstr(c->allowed[at], "d=9") ? "9" : "-");
}

static unsigned step_through(const struct change *c)
{
	struct ptab *t = table_of_kinds();
	unsigned steps = 0, at = 0;

	c->prepare(t);
	pid_t pid = writer_start(t, c);

	do {
		at = progress(c, at, list_of(t));
		check(c, t, at);
		assert_true(steps++ < STEPS_MOST);
	} while (writer_step(pid));
	at = progress(c, at, list_of(t));
	assert_int_equal(at, last_of(c));
	assert_false(t->h->dirty);
	check(c, t, at);
	ptab_unmap(t);
	return steps;
}

/* What a new leader does with what is linked, when the mark is there. */
static struct ptab *copied(struct ptab *from)
{
	struct ptab *t = table_of_kinds();
	struct ptab_entry e;

	for (uint32_t at = ptab_first(from); at && ptab_entry(from, at, &e); at = ptab_next(from, at)) {
		struct ptab_key k = { .text = e.key };

		assert_true(ptab_add(t, ptab_current(t), &k, e.val));
	}
	return t;
}

static void die_at(const struct change *c, unsigned steps)
{
	struct ptab *t = table_of_kinds(), *u;
	int st;
	bool torn;

	c->prepare(t);
	pid_t pid = writer_start(t, c);

	while (steps-- && writer_step(pid))
		;
	kill(pid, SIGKILL);
	(void)waitpid(pid, &st, 0);
	bool dirty = t->h->dirty;

	u = ptab_map(dup(ptab_fd(t)), &torn); /* nobody holds the lock any more */
	assert_non_null(u);
	assert_int_equal(torn, dirty);
	unsigned at = progress(c, 0, list_of(u));

	if (torn) {
		struct ptab *copy = copied(u);

		assert_string_equal(list_of(copy), c->allowed[at]);
		assert_string_equal(look(copy, "c"), strstr(c->allowed[at], "c=3") ? "3" : "-");
		ptab_unmap(copy);
	} else {
		put(u, ptab_current(u), "next", "5"); /* it goes on with the table itself */
		assert_string_equal(look(t, "next"), "5");
	}
	ptab_unmap(u);
	ptab_unmap(t);
}

static void at_each_instruction_a_list_is_the_old_one_or_the_new_one(void **s UNUSED)
{
	for (size_t i = 0; i < (FEW ? 1 : ARRAY_LEN(changes)); i++)
		assert_true(step_through(&changes[i]) > 100);
}

static void the_next_writer_takes_over_wherever_the_last_one_died(void **s UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		unsigned steps = FEW ? 4000 : step_through(&changes[i]);

		for (unsigned k = 0; k < (FEW ? 2 : DEATHS); k++)
			die_at(&changes[i], steps * k / DEATHS + k % 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(at_each_instruction_a_list_is_the_old_one_or_the_new_one),
		T(the_next_writer_takes_over_wherever_the_last_one_died),
	};

	clock_update();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
