// SPDX-License-Identifier: GPL-3.0-or-later
/* Converters that ask or tell the running state: captures, names of backends and servers that come at run time, conditions of the
 * stream, the debug output. */
#include <unistd.h>
#include "rows_priv.h"

#define DEBUG_LINE_MAX 1024

bool conv_capture(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	if (c->env && c->env->capture)
		c->env->capture(c, k->aux == CAPTURE_RES, (int)k->arg[0].i, s->s);
	return true;
}

/* A number of a backend or server whose name is the sample. */
bool conv_env_named(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	bool server = k->aux == ENV_SRV_QUEUE;
	int idx = c->env && c->env->find ? c->env->find(c, server ? REF_SERVER : REF_BACKEND, s->s) : -1;
	int64_t v;

	return idx >= 0 && c->env->num(c, (enum smp_env_num)k->aux, idx, &v) && smp_set_int(s, v);
}

static const struct when_word { const char *word; uint8_t what; } when_words[] = {
	{ "error", ENV_IS_ERROR },	  { "forwarded", ENV_IS_FORWARDED }, { "normal", ENV_IS_NORMAL },
	{ "processed", ENV_IS_PROCESSED }, { "stopping", ENV_STOPPING },	    { "toapplet", ENV_IS_LOCAL },
};

bool when_word(struct str word, int64_t *what)
{
	for (size_t i = 0; i < ARRAY_LEN(when_words); i++) {
		if (str_eq(word, str_c(when_words[i].word))) {
			*what = when_words[i].what;
			return true;
		}
	}
	return false;
}

bool conv_when(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	int64_t v = 0;

	(void)s;
	return c->env && c->env->num(c, (enum smp_env_num)k->arg[0].i, -1, &v) && v;
}

/* One write that never waits for more than the terminal does; control bytes come as dots. */
bool conv_debug(struct smp_ctx *c, const struct call *k, struct smp *s)
{
	char text[DEBUG_LINE_MAX];
	struct sbuf out = SBUF_FIXED(text);
	struct smp copy = *s;
	int fd = k->arg[1].set && str_eq(k->arg[1].s, STR("stdout")) ? STDOUT_FILENO : STDERR_FILENO;

	sbuf_printf(&out, "[debug] " STR_FMT ": type=%s <", STR_ARG(k->arg[0].set ? k->arg[0].s : STR("")),
		    smp_type_name((enum smp_type)s->type).p);
	if (smp_cast(&copy, SMP_STR, c->tmp))
		for (size_t i = 0; i < copy.s.n && out.n + 3 < out.cap; i++)
			sbuf_addc(&out, (unsigned char)copy.s.p[i] >= ' ' ? copy.s.p[i] : '.');
	sbuf_add(&out, STR(">\n"));
	if (write(fd, text, out.n) < 0)
		return true;
	return true;
}
