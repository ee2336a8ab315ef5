// SPDX-License-Identifier: GPL-3.0-or-later
/* Weighted splits: shares are the weights', keys stay, and few of them move when weights change. */
#include <stdio.h>
#include "../unit.h"
#include <sluice/base/rand.h>
#include "../../../src/worker/rules.h"
#include "../../../src/worker/session.h"
#include "../../../src/worker/worker_priv.h"

#define KEYS 20000

static struct rt_proxy px[3] = { { .name = STR("blue") }, { .name = STR("green") }, { .name = STR("red") } };
static struct rt rt = { .px = px, .npx = 3 };
static struct rt_split_target targets[3];
static struct arena tmp;

static struct stream *stream(void)
{
	static struct session se;
	static struct stream s;

	s = (struct stream){ .sess = &se, .ctx = { .tmp = &tmp } };
	return &s;
}

static struct rt_split split(uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t w[] = { a, b, c };

	wk.rt = &rt;
	for (uint32_t i = 0; i < 3; i++)
		targets[i] = (struct rt_split_target){ i, w[i] };
	return (struct rt_split){ .at = targets, .n = 3, .total = a + b + c };
}

static void shares(const uint32_t *n, uint32_t total, uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t w[] = { a, b, c };

	for (unsigned i = 0; i < 3; i++) /* five deviations */
		assert_in_range(n[i], total * w[i] / 100 - 300 * !!w[i], total * w[i] / 100 + 300 * !!w[i]);
}

TEST(without_a_key_each_backend_is_drawn_by_its_weight)
{
	struct rt_split sp = split(80, 15, 5);
	uint32_t n[3] = { 0 };

	rand_seed_fixed(7);
	for (uint32_t i = 0; i < KEYS; i++)
		n[rules_split(stream(), &sp)]++;
	shares(n, KEYS, 80, 15, 5);
}

static void all_keys(const struct rt_split *sp, uint8_t *to)
{
	struct rt_split by = *sp;
	char text[32];

	for (uint32_t i = 0; i < KEYS; i++) {
		struct expr_env env = { .arena = &tmp, .avail = ~0u };
		struct arena_mark m = arena_mark(&tmp);
		struct xerr err;

		snprintf(text, sizeof(text), "str(user-%u)", i);
		by.by = expr_compile(&env, str_c(text), &err);
		assert_non_null(by.by);
		to[i] = (uint8_t)rules_split(stream(), &by);
		arena_rewind(&tmp, m);
	}
}

static void count(const uint8_t *to, uint32_t *n)
{
	n[0] = n[1] = n[2] = 0;
	for (uint32_t i = 0; i < KEYS; i++)
		n[to[i]]++;
}

TEST(keys_stay_and_a_change_of_weights_moves_only_those_that_must)
{
	static uint8_t before[KEYS], again[KEYS], after[KEYS];
	struct rt_split sp = split(95, 5, 0);
	uint32_t n[3], moved = 0;

	all_keys(&sp, before);
	all_keys(&sp, again);
	assert_memory_equal(before, again, KEYS);
	count(before, n);
	shares(n, KEYS, 95, 5, 0);
	sp = split(90, 10, 0);
	all_keys(&sp, after);
	count(after, n);
	shares(n, KEYS, 90, 10, 0);
	for (uint32_t i = 0; i < KEYS; i++) {
		assert_false(before[i] == 1 && after[i] == 0); /* who is on the canary stays there */
		moved += before[i] != after[i];
	}
	assert_in_range(moved, KEYS * 4 / 100, KEYS * 7 / 100);
}

TEST(a_backend_that_is_disabled_gets_nothing)
{
	struct rt_split sp = split(50, 50, 0);

	px[0].caps = PX_DISABLED;
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(rules_split(stream(), &sp), 1);
	px[1].caps = PX_DISABLED;
	assert_int_equal(rules_split(stream(), &sp), RT_NONE);
	px[0].caps = px[1].caps = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_key_each_backend_is_drawn_by_its_weight),
		cmocka_unit_test(keys_stay_and_a_change_of_weights_moves_only_those_that_must),
		cmocka_unit_test(a_backend_that_is_disabled_gets_nothing),
	};
	arena_init(&tmp, 0);
	int r = cmocka_run_group_tests(tests, NULL, NULL);

	arena_free(&tmp);
	return r;
}
