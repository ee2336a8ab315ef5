// SPDX-License-Identifier: GPL-3.0-or-later
/* Accept-Encoding. A value is in thousandths; what cannot be read counts as refused, which is always safe. */
#include <sluice/filter/comp.h>
#include <sluice/http/msg.h>

/* "0.5" is 500, nothing is 1000, nonsense is 0. */
static unsigned weight_of(struct str q)
{
	unsigned w = 0, scale = 100;

	if (q.n < 1 || q.n > 5 || (q.p[0] != '0' && q.p[0] != '1') || (q.n > 1 && q.p[1] != '.'))
		return 0;
	for (size_t i = 2; i < q.n; i++, scale /= 10) {
		if (q.p[i] < '0' || q.p[i] > '9')
			return 0;
		w += (unsigned)(q.p[i] - '0') * scale;
	}
	return q.p[0] == '1' ? 1000 : w;
}

static unsigned element_weight(struct str *elem)
{
	struct str params = *elem;

	*elem = str_trim(str_split(&params, ';'));
	while (params.p) {
		struct str p = str_trim(str_split(&params, ';'));

		if (str_istarts(p, STR("q=")))
			return weight_of(str_sub(p, 2, SIZE_MAX));
	}
	return 1000;
}

/* The weight of a coding; that of "*" when it is not named. */
static unsigned coding_weight(struct str value, struct str coding)
{
	unsigned star = 0;
	struct str elem;

	while (hdr_next_elem(&value, &elem)) {
		unsigned w = element_weight(&elem);

		if (str_ieq(elem, coding) || (str_eq(coding, STR("gzip")) && str_ieq(elem, STR("x-gzip"))))
			return w;
		if (str_eq(elem, STR("*")))
			star = w;
	}
	return star;
}

enum comp_algo comp_negotiate(struct str value, const uint8_t *algos, unsigned n)
{
	enum comp_algo best = COMP_NONE;
	unsigned best_w = 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned w = coding_weight(value, comp_coding((enum comp_algo)algos[i]));

		if (w > best_w)
			best = (enum comp_algo)algos[i], best_w = w;
	}
	return best;
}
