// SPDX-License-Identifier: GPL-3.0-or-later
/* What expressions ask of stick tables: fetches sc_*, src_*, table_* and the converters in_table, table_*. The worker
 * answers (smp_env.stick); expressions know no table. */
#ifndef SLUICE_EXPR_STICK_ENV_H
#define SLUICE_EXPR_STICK_ENV_H

#include <sluice/expr/sample.h>

enum stick_data {
#define STICK_DATA(id, word, kind, arg, event, help) SD_##id,
#include <sluice/tbl/stick_data.def>
#undef STICK_DATA
	SD_COUNT
};

enum stick_op {
	STICK_GET, /* the value of `data`; in KiB with STICK_KB */
	STICK_KB,
	STICK_INC,	/* adds one to a counter and its rate; the new value */
	STICK_CLR,	/* sets it to 0; the old value */
	STICK_TRACKED,	/* sc: is there an entry? */
	STICK_TRACKERS, /* how many track it */
	STICK_UPDT,	/* makes the entry, counts a connection; the new value */
	STICK_IN,	/* is the key in the table? */
	STICK_IDLE,	/* ms since the entry was used */
	STICK_EXPIRE,	/* ms until it expires */
	STICK_CNT,	/* of the table: entries in use */
	STICK_AVL,	/* of the table: entries that are free */
};

/* Which entry: of a counter slot (its own table, or the same key in another), of a key, or none (the table). */
enum stick_by { STICK_BY_SLOT, STICK_BY_KEY, STICK_BY_TABLE };
struct smp_stick {
	uint8_t op, by; /* enum stick_op, stick_by */
	uint8_t data;	/* enum stick_data */
	int table;	/* index, -1 = the slot's own */
	int64_t slot, elem;
	struct smp *key; /* STICK_BY_KEY; may be cast */
};

#endif
