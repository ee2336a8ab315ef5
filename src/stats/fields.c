// SPDX-License-Identifier: GPL-3.0-or-later
/* The tables of columns. */
#include <sluice/stats/stats.h>

#define STAT_EXT(name, hist, permille, objs, help) STAT(name, MGP, U64, objs, hist, help)
const struct stat_desc stat_descs[STAT_COUNT] = {
#define STAT(name, tag, type, objs, src, help) { #name, #tag, objs, help, SV_##type },
#include <sluice/tbl/stats_fields.def>
#undef STAT
};

const struct stat_desc info_descs[INFO_COUNT] = {
#define INFO(id, name, tag, type, help) { name, #tag, "", help, SV_##type },
#include <sluice/tbl/info_fields.def>
#undef INFO
};

bool stat_applies(enum stat_field f, enum stat_kind k, bool http)
{
	static const char big[STAT_KINDS] = { [STAT_FE] = 'F', [STAT_BE] = 'B', [STAT_SRV] = 'S', [STAT_LST] = 'L' };

	for (const char *c = stat_descs[f].objs; *c; c++)
		if (*c == big[k] || (http && *c == (big[k] | 0x20)))
			return true;
	return false;
}
