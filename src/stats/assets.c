// SPDX-License-Identifier: GPL-3.0-or-later
/* Style sheet and script of the page, taken in as they are; paths are relative to where make runs. */
#include "stats_priv.h"

#define EMBED(name, file) \
	__asm__(".pushsection .rodata\n" \
		#name "_begin:\n.incbin \"" file "\"\n" #name "_end:\n" \
		".popsection\n"); \
	extern const char name##_begin[] __attribute__((visibility("hidden"))), name##_end[] __attribute__((visibility("hidden")))

EMBED(page_css, "src/stats/page.css");
EMBED(page_js, "src/stats/page.js");

struct str stats_css(void) { return str_n(page_css_begin, (size_t)(page_css_end - page_css_begin)); }
struct str stats_js(void) { return str_n(page_js_begin, (size_t)(page_js_end - page_js_begin)); }
