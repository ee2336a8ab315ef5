// SPDX-License-Identifier: GPL-3.0-or-later
/* -v and -vv: what this binary is and what it can do, from the tables that it does it by. */
#include <stdio.h>
#include <sluice/args/args.h>
#include <sluice/lb/lb.h>

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

static void print_features(FILE *out)
{
	fputs("Feature list :", out);
#define FEATURE(name, present) fprintf(out, " %c" name, (present) ? '+' : '-');
#include <sluice/tbl/features.def>
#undef FEATURE
	fputs("\n\n", out);
}

static void print_algorithms(FILE *out)
{
	fputs("Load balancing algorithms :\n", out);
#define LB_ALGO(id, word, sym, help) fprintf(out, "  %-12s %s\n", word, help);
#include <sluice/tbl/lb_algos.def>
#undef LB_ALGO
	fputc('\n', out);
}

void args_version(FILE *out, bool detailed)
{
	fprintf(out, "sluice version %s\n", SLUICE_VERSION);
	if (!detailed)
		return;
	fprintf(out, "Language level : %s (the HAProxy version whose words it speaks)\n\n", SLUICE_LANGUAGE_LEVEL);
	fprintf(out, "Build options :\n  CC      = %s\n  LIBC    = glibc\n  WORKERS = at most %d\n\n", COMPILER, SEG_MAX_WORKERS);
	print_features(out);
	print_algorithms(out);
	fputs("Available polling systems :\n  epoll : edge-triggered, the default\n  poll  : -de or noepoll\n", out);
}
