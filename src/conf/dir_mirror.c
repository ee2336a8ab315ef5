// SPDX-License-Identifier: GPL-3.0-or-later
/* mirror: copies of requests for another backend. */
#include <sluice/base/num.h>

#include "sema_priv.h"

#define MAX_SIZE 65536u

/* "12.5%" into hundredths of a percent, two decimals at most. */
static bool percent(struct sema *s, const struct word *w, uint32_t *share)
{
	struct str frac = str_sub(w->s, 0, w->s.n - 1), whole = str_split(&frac, '.');
	uint64_t n, f = 0;

	if (!num_u64(whole, &n) || frac.n > 2 || (frac.n && !num_u64(frac, &f)) || (f *= frac.n == 1 ? 10 : 1, n * 100 + f > 10000)) {
		sema_err(s, w, "'" STR_FMT "' is no share: 0%% to 100%%, with two decimals at most", STR_ARG(w->s));
		return false;
	}
	*share = (uint32_t)(n * 100 + f);
	return true;
}

static bool share(struct sema *s, const struct word *w, unsigned avail, struct rt_mirror *m)
{
	if (str_ends(w->s, STR("%")))
		return percent(s, w, &m->share);
	if (!(m->percent = sema_expr(s, w, avail)))
		return false;
	if (smp_castable(expr_type(m->percent), SMP_INT))
		return true;
	sema_err(s, w, "this gives %s, a number of percent is needed", smp_type_name(expr_type(m->percent)).p);
	return false;
}

/* What stands between the backend and the condition. */
static bool mirror_words(struct sema *s, const struct line *l, uint32_t end, unsigned avail, struct rt_mirror *m)
{
	for (uint32_t i = 2; i < end; i++) {
		const struct word *w = &l->w[i];

		if (word_is(w, "log")) {
			m->log = true;
		} else if (word_is(w, "max-size")) {
			if (!(w = arg_next(s, l->w, end, &i)) || !arg_size(s, w, 0, INT32_MAX, &m->max_size))
				return false;
		} else if (i > 2) {
			sema_err(s, w, "unexpected '" STR_FMT "': 'max-size', 'log', 'if' or 'unless' may stand here", STR_ARG(w->s));
			return false;
		} else if (!share(s, w, avail, m)) {
			return false;
		}
	}
	return true;
}

void dir_mirror(struct sema *s, const struct line *l)
{
	struct rt_mirror m = { .share = 10000, .max_size = MAX_SIZE, .loc = sema_loc(s, l->w[0].at) };
	unsigned avail = phase_avail(s, PH_HTTP_REQ);
	uint32_t end = cond_at(l->w, l->n, 2);
	struct px_build *be;

	if (!px_speaks_http(s->px)) {
		sema_warn(s, &l->w[0], "'mirror' has no effect in mode tcp");
		return;
	}
	if (!(be = sema_backend(s, &l->w[1])))
		return;
	if (be->p->mode != MODE_HTTP) {
		sema_err(s, &l->w[1], "'" STR_FMT "' is in mode tcp: requests are copied in mode http", STR_ARG(be->name));
		return;
	}
	m.px = (uint32_t)(be->p - s->rt->px);
	if (mirror_words(s, l, end, avail, &m) && sema_cond(s, l->w, l->n, end, avail, &m.cond))
		APPEND(s->a, s->px->p->mirror, s->px->p->nmirror, m);
}
