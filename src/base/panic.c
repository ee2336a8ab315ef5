// SPDX-License-Identifier: GPL-3.0-or-later
/* Last words: only async-signal-safe calls between the fault and the end. */
#include <execinfo.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sluice/base/num.h>
#include <sluice/base/panic.h>

static const char *panic_role = "sluice";
static bool installed;

static void say(const char *s)
{
	if (write(2, s, strlen(s)) < 0)
		return;
}

static void say_num(uint64_t v)
{
	char n[21];
	n[num_fmt_u64(n, v)] = 0;
	say(n);
}

static void say_backtrace(void)
{
	void *frame[48];
	backtrace_symbols_fd(frame, backtrace(frame, ARRAY_LEN(frame)), 2);
}

void panic_assert(const char *expr, const char *file, int line)
{
	say("sluice: assertion failed in ");
	say(file);
	say(":");
	say_num((uint64_t)line);
	say(": ");
	say(expr);
	say("\n");
	if (!installed) /* else the handler of SIGABRT says it */
		say_backtrace();
	abort();
}

static void on_fault(int sig)
{
	say("sluice: ");
	say(panic_role);
	say(" (pid ");
	say_num((uint64_t)getpid());
	say(") died of signal ");
	say_num((uint64_t)sig);
	say("\n");
	say_backtrace();
	raise(sig); /* SA_RESETHAND: the default action ends the process */
}

void panic_install(const char *role)
{
	static char stack[65536];
	static const int sigs[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	void *warm[1];
	panic_role = role;
	installed = true;
	backtrace(warm, 1); /* loads libgcc now: not from a handler */
	sigaltstack(&(stack_t){ .ss_sp = stack, .ss_size = sizeof stack }, NULL);
	struct sigaction sa = { .sa_handler = on_fault, .sa_flags = SA_ONSTACK | SA_RESETHAND | SA_NODEFER };
	for (size_t i = 0; i < ARRAY_LEN(sigs); i++)
		sigaction(sigs[i], &sa, NULL);
}

void die(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	fputs("sluice: fatal: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}
