// SPDX-License-Identifier: GPL-3.0-or-later
/* The words of stick tables as tables. */
#include <sluice/rt/table.h>

const struct stick_data_desc stick_data_descs[SD_COUNT] = {
#define STICK_DATA(id, word, kind, arg, event, help)                                                                   \
	[SD_##id] = { word, SD_KIND_##kind, SD_ARG_##arg, SE_##event, help },
#include <sluice/tbl/stick_data.def>
#undef STICK_DATA
};

const char *const stick_key_words[5] = { "ip", "ipv6", "integer", "string", "binary" };
