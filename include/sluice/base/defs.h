// SPDX-License-Identifier: GPL-3.0-or-later
/* Compiler vocabulary and the three levels of assertion. Every other header may include this one. */
#ifndef SLUICE_BASE_DEFS_H
#define SLUICE_BASE_DEFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_FMT(fmt, args) __attribute__((format(printf, fmt, args)))
#define NORETURN __attribute__((noreturn))
#define UNUSED __attribute__((unused))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define CACHE_LINE 64

/* Prints file, line and a backtrace on stderr, then aborts. Any process. */
NORETURN void panic_assert(const char *expr, const char *file, int line);

/* ASSERT: cannot happen, always checked. ASSERT_HOT: the same on the path of a request, debug builds only. */
#define ASSERT(e) (LIKELY(e) ? (void)0 : panic_assert(#e, __FILE__, __LINE__))
#ifdef SLUICE_DEBUG
#define ASSERT_HOT(e) ASSERT(e)
#else
#define ASSERT_HOT(e) ((void)0)
#endif

/* Every long-lived object starts with `uint32_t magic`; functions that are handed one check it on entry. */
#define OBJ_CHECK(o, m) ASSERT_HOT((o) && (o)->magic == (m))

/* Between two looks at a lock that is held for nanoseconds. */
static inline void cpu_relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#else
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
#endif
}

#endif
