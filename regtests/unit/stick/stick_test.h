// SPDX-License-Identifier: GPL-3.0-or-later
/* What the tests of stick tables share: a specification to change, integer keys, one call for the usual steps. */
#ifndef SLUICE_STICK_TEST_H
#define SLUICE_STICK_TEST_H

#include "../unit.h"
#include <sluice/base/clock.h>
#include <sluice/stick/stick.h>

static inline struct rt_table spec_of(enum stick_key_type type, uint16_t key_len, uint32_t size, uint32_t expire)
{
	struct rt_table s = {
		.name = STR("t"), .type = (uint8_t)type, .key_len = key_len, .size = size, .expire = expire
	};

	s.store[SD_HTTP_REQ_CNT] = (struct rt_store){ .n = 1 };
	s.store[SD_HTTP_REQ_RATE] = (struct rt_store){ .n = 1, .period = 10000 };
	s.store[SD_CONN_CUR] = (struct rt_store){ .n = 1 };
	s.store[SD_GPC0] = (struct rt_store){ .n = 1 };
	return s;
}

static inline struct stick_table *table_of(const struct rt_table *s)
{
	struct stick_table *t = stick_create(s);

	assert_non_null(t);
	assert_true(stick_attach(t));
	return t;
}

static inline struct str num_key(const uint32_t *n) { return str_n((const char *)n, sizeof(*n)); }

/* Is the key there? Made when it is not and `create`. */
static inline bool has_key(struct stick_table *t, uint32_t n, bool create, uint32_t now)
{
	struct stick_at at;

	if (!stick_open(t, num_key(&n), create, now, &at))
		return false;
	if (create)
		stick_touch(&at, now);
	stick_close(&at);
	return true;
}

static inline bool pin_key(struct stick_table *t, uint32_t n, uint32_t now, struct stick_ref *r)
{
	struct stick_at at;
	bool ok;

	if (!stick_open(t, num_key(&n), true, now, &at))
		return false;
	ok = stick_pin(&at, r);
	stick_close(&at);
	return ok;
}

static inline uint64_t value_of(struct stick_table *t, uint32_t n, enum stick_data d, uint32_t now)
{
	struct stick_at at;
	uint64_t v;

	if (!stick_open(t, num_key(&n), false, now, &at))
		return UINT64_MAX;
	v = stick_value(&at, d, 0, now);
	stick_close(&at);
	return v;
}

#endif
