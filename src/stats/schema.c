// SPDX-License-Identifier: GPL-3.0-or-later
/* The JSON schema (draft 04) of `show stat json` and `show info json`. */
#include <sluice/stats/stats.h>

static const char schema[] =
	"{\"$schema\":\"http://json-schema.org/draft-04/schema#\",\"oneOf\":["
	"{\"title\":\"Info\",\"type\":\"array\",\"items\":{\"title\":\"InfoItem\",\"type\":\"object\",\"properties\":{"
	"\"field\":{\"$ref\":\"#/definitions/field\"},\"processNum\":{\"$ref\":\"#/definitions/processNum\"},"
	"\"tags\":{\"$ref\":\"#/definitions/tags\"},\"value\":{\"$ref\":\"#/definitions/typedValue\"}},"
	"\"required\":[\"field\",\"processNum\",\"tags\",\"value\"]}},"
	"{\"title\":\"Stat\",\"type\":\"array\",\"items\":{\"title\":\"StatObject\",\"type\":\"array\",\"items\":{\"title\":\"StatItem\",\"type\":\"object\","
	"\"properties\":{\"objType\":{\"enum\":[\"Frontend\",\"Backend\",\"Listener\",\"Server\"]},"
	"\"proxyId\":{\"type\":\"integer\",\"minimum\":0},\"id\":{\"type\":\"integer\",\"minimum\":0},"
	"\"field\":{\"$ref\":\"#/definitions/field\"},\"processNum\":{\"$ref\":\"#/definitions/processNum\"},"
	"\"tags\":{\"$ref\":\"#/definitions/tags\"},\"value\":{\"$ref\":\"#/definitions/typedValue\"}},"
	"\"required\":[\"objType\",\"proxyId\",\"id\",\"field\",\"processNum\",\"tags\",\"value\"]}}},"
	"{\"title\":\"Error\",\"type\":\"object\",\"properties\":{\"errorStr\":{\"type\":\"string\"}},\"required\":[\"errorStr\"]}],"
	"\"definitions\":{\"field\":{\"type\":\"object\",\"properties\":{\"pos\":{\"type\":\"integer\",\"minimum\":0},\"name\":{\"type\":\"string\"}},"
	"\"required\":[\"pos\",\"name\"]},\"processNum\":{\"type\":\"integer\",\"minimum\":1},"
	"\"tags\":{\"type\":\"object\",\"properties\":{\"origin\":{\"enum\":[\"Metric\",\"Status\",\"Key\",\"Config\",\"Product\"]},"
	"\"nature\":{\"enum\":[\"Gauge\",\"Limit\",\"Max\",\"Rate\",\"Counter\",\"Duration\",\"Age\",\"Name\",\"Output\",\"Avg\"]},"
	"\"scope\":{\"enum\":[\"Process\",\"Service\"]}},\"required\":[\"origin\",\"nature\",\"scope\"]},"
	"\"typedValue\":{\"type\":\"object\",\"properties\":{\"type\":{\"enum\":[\"s32\",\"u32\",\"u64\",\"str\"]},"
	"\"value\":{\"type\":[\"integer\",\"string\"]}},\"required\":[\"type\",\"value\"]}}}\n";

void stats_schema(struct sbuf *out) { sbuf_add(out, STR(schema)); }
