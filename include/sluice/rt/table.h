// SPDX-License-Identifier: GPL-3.0-or-later
/* What a configuration says of a stick table. The entries live in shared memory of their own: stick/stick.h. */
#ifndef SLUICE_RT_TABLE_H
#define SLUICE_RT_TABLE_H

#include <sluice/base/str.h>
#include <sluice/expr/stick_env.h>

#define STICK_SC_MAX	12  /* tune.stick-counters at most */
#define STICK_ARRAY_MAX 100 /* elements of gpc(n), gpt(n), gpc_rate(n,p) */

enum stick_kind { SD_KIND_VALUE, SD_KIND_COUNT, SD_KIND_GAUGE, SD_KIND_RATE };
enum stick_arg { SD_ARG_NONE, SD_ARG_PERIOD, SD_ARG_COUNT, SD_ARG_BOTH };
enum stick_event {
	SE_NONE,
	SE_CONN,
	SE_SESS,
	SE_HTTP_REQ,
	SE_HTTP_ERR,
	SE_HTTP_FAIL,
	SE_BYTES_IN,
	SE_BYTES_OUT,
	SE_GLITCH,
	SE_COUNT
};

struct stick_data_desc {
	const char *word;
	uint8_t kind, arg, event;
	const char *help;
};
extern const struct stick_data_desc stick_data_descs[SD_COUNT];

enum stick_key_type { SK_IP, SK_IPV6, SK_INTEGER, SK_STRING, SK_BINARY };
extern const char *const stick_key_words[5];

struct rt_store {
	uint16_t n;
	uint32_t period;
}; /* elements (0 = not stored); ms of a rate */
struct rt_table {
	struct str name;  /* of its proxy, or "peers/table" */
	uint8_t type;	  /* enum stick_key_type */
	bool nopurge;	  /* a full table refuses new keys instead of forgetting old ones */
	bool srvkey_addr; /* server_key is the address of the server instead of its name */
	uint16_t key_len; /* bytes of a key at most */
	uint32_t size;	  /* entries */
	uint32_t expire;  /* ms since the last use; 0 = never */
	struct rt_store store[SD_COUNT];
	uint32_t write_to;/* table that gets what a peer teaches this one, counted from 1; 0 = none. The only peer is the generation before */
};

#endif
