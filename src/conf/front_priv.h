// SPDX-License-Identifier: GPL-3.0-or-later
/* Stage 1 of the configuration language, seen from inside: the fragment lexer (grammar/config.re), the reader that
 * makes words and logical lines of fragments (word.c), conditional blocks (ifblock.c), the driver of the grammar
 * (front.c) and the environment (env.c).
 *
 *   text ─ conf_lex ─► fragments ─ front_read_line ─► words ─ ifblock ─► tokens ─ config.y ─► sections and lines
 *
 * / */
#ifndef CONF_FRONT_PRIV_H
#define CONF_FRONT_PRIV_H

#include <sluice/base/buf.h>
#include <sluice/conf/conf.h>

#define CONF_LINE_MAX 65536u   /* bytes of one logical line, as written and after expansion */
#define CONF_WORDS_MAX 1024u   /* words of one logical line */
#define CONF_IF_DEPTH 16u      /* nested .if blocks */
#define CONF_FILE_MAX (256u << 20)

/* What one call of conf_lex() consumed. Those from FRAG_BAD on are errors. */
enum frag {
	FRAG_EOF,
	FRAG_EOL,       /* LF or CRLF */
	FRAG_BLANK,     /* spaces and tabs outside quotes */
	FRAG_CONT,      /* backslash before the end of line: both vanish */
	FRAG_COMMENT,   /* from # to the end of line */
	FRAG_TEXT,      /* bytes that mean themselves */
	FRAG_ESC,       /* backslash and one byte */
	FRAG_HEX,       /* \xHH */
	FRAG_STRONG,    /* a whole '...' */
	FRAG_WEAK,      /* one double quote; the caller flips lexer.weak */
	FRAG_VAR,       /* $NAME, ${NAME}, ${NAME-default}, ${NAME[*]} inside weak quotes */
	FRAG_BAD,
	FRAG_BAD_CTRL = FRAG_BAD, /* NUL or another control character */
	FRAG_BAD_QUOTE, /* ' that is not closed on its line */
	FRAG_BAD_HEX,
	FRAG_BAD_ZERO,  /* \x00: words end in NUL and hold none */
	FRAG_BAD_NAME,  /* $ before something that is no name */
	FRAG_BAD_BRACE, /* ${ without } */
};

struct lexer {
	const char *cur, *lim; /* *lim is NUL */
	const char *tok;       /* where the last fragment began; it ends at cur */
	bool weak;             /* between double quotes */
};

enum frag conf_lex(struct lexer *lx);
/* Part of a word, rather than what separates words or ends a line. */
static inline bool frag_is_content(enum frag g) { return g >= FRAG_TEXT; }

/* Where a piece of text stands: for ${.FILE} and friends. */
struct place { const char *file; uint32_t line; struct str section; };

/* Appends what a fragment means (not for EOF, EOL, BLANK, COMMENT; lists are appended whole). */
void word_frag_append(struct sbuf *out, enum frag g, const struct lexer *lx, const struct place *at);
/* Message for a fragment from FRAG_BAD on. */
const char *word_frag_error(enum frag g);

enum if_state { IF_TAKE, IF_SKIP, IF_DONE }; /* this branch is read; a later one may be; none will be */
struct if_level { enum if_state state; bool seen_else; struct span at; };

struct front {
	struct conf_src *src;
	struct diags *d;
	bool poll_only;           /* epoll is off: enabled(EPOLL) is false */

	struct lexer lx;          /* the file being read */
	uint32_t file, line;
	const char *bol;          /* first byte of the current physical line */

	VEC(struct word) q;       /* words of the logical line just read */
	size_t qi;                /* next one to hand to the parser */
	bool q_bad, q_end;        /* an error, then an end of line are still to be handed over */
	struct str cond;          /* text behind .if or .elif */
	struct span cond_at;      /* where it begins */
	struct sbuf text;         /* the word being built */
	size_t line_text;         /* expanded bytes of this logical line */
	bool in_word, in_list;    /* a word is open; it holds a ${LIST[*]} */
	struct word cur;
	const char *cur_at;       /* its first byte in the source */
	const char *weak_at;      /* the last opening double quote */

	struct if_level ifs[CONF_IF_DEPTH];
	unsigned if_depth;        /* may exceed CONF_IF_DEPTH: the blocks above it are skipped */

	VEC(struct word) words;   /* words of the line the parser is collecting */
	VEC(struct line) lines;   /* lines of the open section */
	VEC(struct section) sections;
	struct section head;      /* the open section */
	bool open, orphan_told;
	unsigned env_set;         /* setenv lines so far */
};

/* Where the line just read stands. */
struct place front_place(const struct front *f, uint32_t line);
/* word.c: reads one logical line into f->q. false at the end of the file. Errors are reported unless `quiet`. */
bool front_read_line(struct front *f, bool quiet);
/* Span of source bytes [from, to) of the current physical line. */
struct span front_span(const struct front *f, const char *from, const char *to);

/* source.c: register a file (errors are reported), a text; then move the list of files into the arena. */
void source_file(struct front *f, const char *path);
void source_text(struct front *f, const char *name, struct str text);
void source_freeze(struct conf_src *src);

/* ifblock.c: true when the line in f->q is to be parsed, false when it was a dot directive or stands in a skipped
 * block. */
bool if_filter(struct front *f);
bool if_skipping(const struct front *f);
void if_finish(struct front *f); /* end of a file: blocks left open are errors */

/* ccond.c: evaluates a condition. 1, 0, or -1 with what is wrong in err. */
struct ccond_error { size_t at, len; char msg[256]; }; /* offset and length in the text of the condition */
int ccond_eval(struct str text, const struct place *at, bool poll_only, struct ccond_error *err);

/* env.c */
/* setenv, presetenv, unsetenv, resetenv of a global section take effect at once. */
void env_directive(struct front *f, const struct line *l);
/* Sets HAPROXY_* and SLUICE_* variables. */
void env_predefine(const struct conf_src *src, const struct conf_opts *o);

/* front.c: called by the grammar. */
void front_word(struct front *f, const struct word *w);
void front_section_open(struct front *f);
void front_line_add(struct front *f, enum line_prefix prefix);
void front_line_drop(struct front *f);
void front_bare_prefix(struct front *f, const struct word *w);
void front_init(struct front *f, struct conf_src *src, struct diags *d);
void front_open_file(struct front *f, uint32_t file); /* points the lexer at its first byte */
void front_file(struct front *f, uint32_t file); /* parses src->files.at[file] */
void front_done(struct front *f);                /* hands the sections to src and frees the scratch memory */
bool conf_is_section(struct str w);

#endif
