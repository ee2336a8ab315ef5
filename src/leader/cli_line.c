// SPDX-License-Identifier: GPL-3.0-or-later
/* Lines, words, escapes and payloads of the runtime socket, as HAProxy's management manual describes them (9.3). */
#include "cli_line.h"

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/* One word from text[i], written to text[*to]; escapes are gone afterwards. Returns the index behind it. */
static size_t take_word(char *text, size_t i, size_t n, size_t *to)
{
	while (i < n && !is_blank(text[i]) && text[i] != ';') {
		if (text[i] == '\\' && i + 1 < n)
			i++;
		text[(*to)++] = text[i++];
	}
	return i;
}

size_t cli_line_take(char *text, size_t n, struct cli_words *w)
{
	size_t i = 0;

	w->n = 0;
	w->too_many = false;
	for (;;) {
		while (i < n && is_blank(text[i]))
			i++;
		if (i == n)
			return n;
		if (text[i] == ';')
			return i + 1;
		size_t from = i, to = i;
		i = take_word(text, i, n, &to);
		if (w->n < CLI_WORDS_MAX)
			w->w[w->n++] = str_n(text + from, to - from);
		else
			w->too_many = true;
	}
}

bool cli_line_payload(struct str *line, struct str *mark)
{
	struct str l = *line;
	size_t at;

	while (l.n && is_blank(l.p[l.n - 1]))
		l.n--;
	for (at = l.n; at && !is_blank(l.p[at - 1]); at--)
		;
	if (l.n - at < 2 || l.n - at > 2 + CLI_MARK_MAX || l.p[at] != '<' || l.p[at + 1] != '<')
		return false;
	*mark = str_n(l.p + at + 2, l.n - at - 2);
	line->n = at;
	return true;
}

bool cli_payload_end(struct str text, struct str mark, size_t *len, size_t *used)
{
	for (size_t at = 0; at < text.n;) {
		ptrdiff_t lf = str_chr(str_sub(text, at, text.n), '\n');
		if (lf < 0)
			return false;
		struct str line = str_n(text.p + at, (size_t)lf);
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (str_eq(line, mark)) {
			*len = at;
			*used = at + (size_t)lf + 1;
			return true;
		}
		at += (size_t)lf + 1;
	}
	return false;
}
