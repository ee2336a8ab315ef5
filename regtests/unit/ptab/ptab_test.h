// SPDX-License-Identifier: GPL-3.0-or-later
/* What the tests of pattern tables share: tables with one use, entries in few words. */
#ifndef PTAB_TEST_H
#define PTAB_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <sluice/base/clock.h>
#include <sluice/base/num.h>
#include <sluice/base/rand.h>
#include "ptab/ptab_priv.h"

static inline struct ptab *table_for(enum ptab_how how, bool icase)
{
	struct ptab_use u = { (uint8_t)how, icase };
	struct ptab *t = ptab_create(&u, 1, 0);

	assert_non_null(t);
	return t;
}

static inline struct ptab_key key_of(const char *text) { return (struct ptab_key){ .text = str_c(text) }; }

static inline void put(struct ptab *t, int slot, const char *key, const char *val)
{
	struct ptab_key k = key_of(key);

	assert_true(ptab_add(t, slot, &k, str_c(val)));
}

static inline void put_net(struct ptab *t, const char *net, const char *val)
{
	struct ptab_key k = key_of(net);

	assert_true(addr_parse_net(&k.net, k.text));
	assert_true(ptab_add(t, ptab_current(t), &k, str_c(val)));
}

static inline void put_range(struct ptab *t, int64_t lo, int64_t hi, const char *val)
{
	struct ptab_key k = { .text = STR("range"), .lo = lo, .hi = hi };

	assert_true(ptab_add(t, ptab_current(t), &k, str_c(val)));
}

/* The value found, "-" for nothing; good until the next call. */
static inline const char *value_for(struct ptab *t, const struct ptab_probe *p)
{
	static char text[256];
	struct ptab_entry e;

	snprintf(text, sizeof(text), "-");
	if (ptab_find(t, 0, p, &e))
		snprintf(text, sizeof(text), STR_FMT, STR_ARG(e.val));
	return text;
}

static inline const char *look(struct ptab *t, const char *text)
{
	return value_for(t, &(struct ptab_probe){ .text = str_c(text) });
}

static inline const char *look_ip(struct ptab *t, const char *text)
{
	struct addr a;

	assert_true(addr_parse_ip(&a, str_c(text)));
	return value_for(t, &(struct ptab_probe){ .ip = &a });
}

static inline const char *look_num(struct ptab *t, int64_t i) { return value_for(t, &(struct ptab_probe){ .i = i }); }

#define T(f) cmocka_unit_test(f)

#endif
