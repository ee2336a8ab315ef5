// SPDX-License-Identifier: GPL-3.0-or-later
/* What the files of the semantic pass share: the state of one compilation, proxies under construction, the table of
 * directives, argument readers. Early lines (shapes, names, addresses, numbers) are run when met; late ones
 * (expressions, rules, names of other proxies) once every section is known. Inheritance: settings are copied from the
 * defaults, late lines are replayed. */
#ifndef SLUICE_CONF_SEMA_PRIV_H
#define SLUICE_CONF_SEMA_PRIV_H

#include <sluice/conf/conf.h>
#include <sluice/tls/opts.h>

enum sect { SECT_GLOBAL = 1, SECT_DEFAULTS = 2, SECT_FRONTEND = 4, SECT_BACKEND = 8, SECT_LISTEN = 16, SECT_SKIP = 32 };

enum dir_flags {
	DF_NO = 1,      /* accepts `no` before it */
	DF_COND = 2,    /* accepts `if` / `unless` */
	DF_LATE = 4,    /* second pass */
	DF_NAMED = 8,   /* in a defaults section only when that has a name */
	DF_MULTI = 16,  /* may be repeated, each line adds */
	DF_LAX = 32,    /* in the wrong kind of proxy: ignored with a warning, as HAProxy does */
	DF_INERT = 64,  /* is read and changes nothing: the warning says so */
};

struct sema;
typedef void dir_fn(struct sema *s, const struct line *l);
struct directive {
	const char *word;
	const char *sects;      /* letters out of GDFBL */
	uint8_t min, max;       /* words behind the directive; 255 = any number */
	uint8_t flags;          /* enum dir_flags */
	dir_fn *run;
	const char *dflt, *help;
};
#define DIRECTIVE(word, sects, min, max, flags, fn, dflt, help) dir_fn dir_##fn;
#include <sluice/tbl/directives.def>
#undef DIRECTIVE

enum ha_kind { HAW_DIRECTIVE, HAW_OPTION, HAW_BIND, HAW_SERVER, HAW_ACTION, HAW_SECTION };
struct ha_word { uint8_t kind, level; const char *word; uint8_t nargs; const char *note; };

enum tls_crt_kind { TLS_CRT_FILE, TLS_CRT_DEFAULT, TLS_CRT_LIST };
struct tls_crt { const struct word *w; uint8_t kind; struct tls_crt *next; };
struct tls_words {                /* what the TLS words of one line set */
	struct tls_opts o;
	bool ssl;
	struct tls_crt *crts;         /* bind: crt, default-crt and crt-list in order */
	const struct word *sni;       /* server: expression */
	bool no_sni_auto;
	int8_t check_ssl;             /* 1 check-ssl, -1 no-check-ssl */
	struct str check_sni, check_alpn;
};

struct srv_tmpl {                 /* what `server` and `default-server` options set */
	struct rt_srv_opts o;
	uint32_t flags;
	uint16_t weight;
	struct str cookie;
	const struct word *track;     /* resolved at the end */
	uint32_t id;
	bool check_port_set;
	bool no_libc;                 /* init-addr leaves it out */
	struct addr init_ip;          /* where init-addr ends; AF_UNSPEC: no address */
	struct tls_words tls;
};

enum log_kind { LK_DEFAULT, LK_HTTP, LK_HTTPS, LK_TCP, LK_CUSTOM };

struct bw_named { struct rt_bw_use *use; const struct word *name; };
struct px_build {                 /* a proxy or a defaults section under construction */
	struct rt_proxy *p;
	const struct section *sec;
	const struct px_build *base;  /* the defaults it inherits from */
	struct str name;              /* of a defaults section, or = p->name */
	uint8_t sect;                 /* enum sect */
	bool is_named;
	bool used;                    /* defaults: something inherits from it; backend: something names it */
	bool has_late;
	struct srv_tmpl dsrv;
	uint8_t log_kind;             /* enum log_kind */
	const struct word *log_word;  /* of the option that chose the kind, for warnings */
	const struct word *log_fmt, *err_fmt, *uid_fmt;
	bool log_global;
	VEC(const struct log_target *) logs;
	const struct word *default_be;
	VEC(struct bw_named) bw_names; /* rules that name a limit of this section */
	uint32_t backlog;
	bool switches;                /* mode tcp, but a switch-mode rule may turn a connection to HTTP */
	uint32_t to_unset;            /* bits of enum rt_timeout that no line gave, after px_finish() */
	bool id_set, bound, chk_own, chk_sent;
	bool srv_ids;                 /* a server has an id of its own */
	uint32_t nspare;              /* rows behind its servers */
	struct str chk_comment;       /* of a comment line, for the step that follows */
	VEC(struct rule) rules[PH_COUNT];
	VEC(struct rule) redirects;
	VEC(struct rt_use_be) use_be, use_srv;
	VEC(struct cond *) monitor_fail;
	uint32_t error_line[RT_ERROR_SLOTS]; /* of the line of the section itself that set that page, 0 = none did */
	struct rt_stats *own_stats;   /* the page that lines of this section describe */
	VEC(const struct line *) stats_cond; /* its lines with conditions, read at the end */
	bool use_be_final;            /* an unconditional use_backend was seen */
	bool phase_final[PH_COUNT];
	uint8_t last_rank;            /* of the lines so far, for the warning about misplaced rules */
	const char *last_rank_word;
	struct hmap srv_names;        /* of the section being read; scratch */
	struct acl_set *own_acls;
};

struct tls_bind_job { struct px_build *px; const struct line *l; struct rt_bind_opts *o; struct tls_words t; };
struct tls_srv_job { const struct line *l; uint32_t srv; struct tls_words t; };

struct bind_dup { struct addr addr; const struct word *w; };

struct sema {
	struct rt *rt;
	struct arena *a;              /* of rt */
	struct arena scratch;         /* dies with the compilation */
	struct diags *d;
	const struct conf_src *src;
	const struct conf_opts *o;
	uint8_t sect;                 /* of the line being read */
	struct px_build *px;          /* NULL in global */
	bool mute;                    /* replayed lines complain once, where they stand */
	bool no, dflt_prefix;         /* prefix of the line */
	VEC(struct px_build *) pxs;   /* same index as rt->px */
	VEC(struct px_build *) defaults;
	struct px_build *last_defaults;
	struct hmap dflt_by_name, fe_by_name, be_by_name;
	struct hmap directives, srv_opts, bind_opts;
	struct hmap interned;         /* srv option sets */
	struct hmap binds;            /* address text -> struct word of the bind that has it */
	struct hmap hosts;            /* names already looked up */
	struct hmap files;            /* error files already read */
	struct hmap names;            /* file names of locations */
	struct hmap http_errors;      /* sections of that name -> struct error_set */
	VEC(const struct log_target *) logs;
	VEC(const struct log_target *) glogs;
	VEC(struct rt_listener) lst;
	VEC(struct rt_cli_sock) cli;
	VEC(struct rt_table) tables;
	VEC(struct table_links) table_links; /* of each */
	VEC(struct peers_known) peers;
	const struct word **track;    /* by server index, NULL = none */
	uint32_t nsrv_cap, nbackends;
	const struct srv_tmpl *kept_dsrv; /* the last one that was kept for servers that come at run time, as it was in the build */
	const void *kept_dsrv_as;
	uint64_t lookup_ms;           /* spent on names that did not answer */
	uint32_t next_rule, next_id;
	struct acl_set *no_acls;      /* of proxies without ACLs: the predefined ones */
	struct str unix_prefix;
	int unix_mode, unix_uid, unix_gid;
	bool workers_set, state_seen;
	bool dynamic_targets;         /* a use_backend names its target at run time */
	const struct word *user_w, *group_w;
	const char *sect_word;
	bool in_default_server;
	bool quiet_lookup, no_libc;   /* addr_spec_parse(): a name that is not found is asked for at run time; is not looked up at all */
	struct tls_opts tls_bind_dflt, tls_srv_dflt;
	const char *crt_base, *key_base, *ca_base;
	VEC(struct tls_bind_job) tls_binds;
	VEC(struct tls_srv_job) tls_srvs;
	struct hmap crt_stores;       /* "@store/alias" -> struct tls_cert_files */
};

/* ---- diagnostics ------------------------------------------------------------------------------------------------ */
void sema_err(struct sema *s, const struct word *w, const char *fmt, ...) PRINTF_FMT(3, 4);
void sema_warn(struct sema *s, const struct word *w, const char *fmt, ...) PRINTF_FMT(3, 4);
void sema_err_hint(struct sema *s, const struct word *w, const char *hint, const char *fmt, ...) PRINTF_FMT(4, 5);
/* The part `sub` (a slice of w->s) is underlined. */
void sema_err_at(struct sema *s, const struct word *w, struct str sub, const char *fmt, ...) PRINTF_FMT(4, 5);
/* An error of the expression compiler over words w[0..). */
void sema_xerr(struct sema *s, const struct word *w, const struct xerr *e);
struct rt_loc sema_loc(struct sema *s, struct span at);
/* Accepts or refuses a word that HAProxy has and sluice lacks; NULL when it is none of those. */
const struct ha_word *sema_ha_word(struct sema *s, enum ha_kind kind, const struct word *w);
const struct ha_word *ha_word_find(enum ha_kind kind, struct str w);

/* ---- words ------------------------------------------------------------------------------------------------------ */
void words_init(struct sema *s);
/* Row of a line's first word, or NULL after a diagnosis (an unknown word, a wrong section, a removed spelling that was
 * applied). */
/* Warns that w is read and changes nothing. */
void sema_warn_inert(struct sema *s, const struct word *w);
const struct directive *words_find(struct sema *s, const struct line *l);
/* Did words_find() let this line pass? Without a diagnosis, for the second pass. */
bool words_allowed(const struct sema *s, const struct directive *d, const struct line *l);
const char *sect_names(const char *letters, char *buf, size_t n);

/* ---- arguments: false after a diagnosis ------------------------------------------------------------------------- */
bool arg_u32(struct sema *s, const struct word *w, uint32_t min, uint32_t max, uint32_t *out) MUST_CHECK;
bool arg_i32(struct sema *s, const struct word *w, int32_t min, int32_t max, int32_t *out) MUST_CHECK;
bool arg_time(struct sema *s, const struct word *w, uint32_t unit_ms, uint32_t *ms) MUST_CHECK;
bool arg_size(struct sema *s, const struct word *w, uint32_t min, uint32_t max, uint32_t *out) MUST_CHECK;
/* Index of w in words[0..n), -1 after a diagnosis naming `what`. */
int arg_word(struct sema *s, const struct word *w, const char *const *words, int n, const char *what) MUST_CHECK;
bool arg_name(struct sema *s, const struct word *w, const char *what) MUST_CHECK;
static inline bool word_is(const struct word *w, const char *lit) { return str_eq(w->s, str_c(lit)); }
/* The next argument of a keyword at w[*i], advancing; NULL after a diagnosis. */
const struct word *arg_next(struct sema *s, const struct word *w, uint32_t n, uint32_t *i);
struct str keep(struct sema *s, struct str t); /* copies into the frozen arena */
bool sema_read_file(struct sema *s, struct arena *a, struct str name, struct str *text) MUST_CHECK;

/* ---- expressions ------------------------------------------------------------------------------------------------ */
struct expr_env sema_env(struct sema *s, unsigned avail, const struct word *at);
unsigned phase_avail(const struct sema *s, enum rule_phase ph);
/* Index of an unquoted if / unless in w[from..n), or n. */
uint32_t cond_at(const struct word *w, uint32_t n, uint32_t from);
/* Compiles w[i..n) which starts with if/unless; i == n gives *out = NULL. */
bool sema_cond(struct sema *s, const struct word *w, uint32_t n, uint32_t i, unsigned avail,
	       struct cond **out) MUST_CHECK;
struct logfmt *sema_fmt(struct sema *s, const struct word *w, unsigned avail) MUST_CHECK;
struct logfmt *sema_raw_fmt(struct sema *s, const struct word *w, unsigned avail) MUST_CHECK; /* every byte as it is */
struct logfmt *sema_log_fmt(struct sema *s, const struct word *w, unsigned avail) MUST_CHECK; /* of log lines */
struct expr *sema_expr(struct sema *s, const struct word *w, unsigned avail) MUST_CHECK;
struct regex *sema_regex(struct sema *s, const struct word *w, bool icase) MUST_CHECK;
struct px_build *sema_backend(struct sema *s, const struct word *w) MUST_CHECK; /* by name, with did-you-mean */
int sema_resolve(void *ctx, enum ref_kind kind, struct str name);

/* ---- addresses -------------------------------------------------------------------------------------------------- */
enum addr_use { ADDR_BIND = 1, ADDR_SERVER = 2, ADDR_LOG = 4, ADDR_CLI = 8, ADDR_SOURCE = 16 };
struct addr_spec {
	struct addr addr;
	int fd;                 /* fd@N, else -1 */
	uint16_t port_lo, port_hi;
	int32_t port_off;       /* +n / -n */
	bool port_rel, port_given, dgram, unresolved, any;
	struct str host;        /* the name, when it was one */
};
/* text is a slice of w->s. */
bool addr_spec_parse(struct sema *s, const struct word *w, struct str text, enum addr_use use,
		     struct addr_spec *out) MUST_CHECK;

/* May there be HTTP exchanges? */
static inline bool px_speaks_http(const struct px_build *b) { return b->p->mode == MODE_HTTP || b->switches; }

/* ---- parts of proxies ------------------------------------------------------------------------------------------- */
void px_init_builtin(struct px_build *b);
struct px_build *px_open(struct sema *s, const struct section *sec);
void px_number(struct sema *s);
void px_finish(struct sema *s, struct px_build *b);
void px_check(struct sema *s, struct px_build *b);
/* memo.c: once all rules are known. */
void memo_number(struct sema *s);
const struct rt_srv_opts *srv_opts_intern(struct sema *s, const struct rt_srv_opts *o);
/* Does this action end its rule list whenever its condition holds? */
bool rule_ends_list(unsigned act);
/* chk.c: does the script of checks begin with a connection to a port of its own? Its lines may stand behind the server's. */
bool chk_names_port(const struct px_build *b);
/* Completes the steps of the checks, once the section has been read. */
void chk_finish(struct sema *s, struct px_build *b);
void srv_init_tmpl(struct srv_tmpl *t);
void srv_resolve_tracks(struct sema *s);
void srv_number(struct sema *s, struct px_build *b);
/* Value of the dynamic cookie of a server at a. */
void persist_dynamic(struct sema *s, const struct rt_cookie *c, struct rt_server *srv); /* a cookie of its address, when it is to have one */
bool redirect_parse(struct sema *s, struct rule *r, const struct word *w, uint32_t n);
struct rt_reply *reply_from_file(struct sema *s, const struct word *w, uint32_t status);
bool log_target_parse(struct sema *s, const struct line *l, struct log_target *t);
void log_finish(struct sema *s, struct px_build *b);
struct sock_listen_opts bind_sock_defaults(const struct sema *s);
/* dir_stick.c: what lines of stick tables name before all sections have been read; NULL = nothing. */
struct table_links { const struct word *peers, *write_to; struct str peers_name; };
struct peers_known { struct str name; bool local; }; /* local: this instance is one of them */
/* Index of a stick table; "" = the section's own. -1 = there is none. */
int sema_table(const struct sema *s, struct str name);
/* By the name that stands there, with did-you-mean; the section's own, `at` being where one is missed. */
bool sema_table_word(struct sema *s, const struct word *name, uint32_t *out) MUST_CHECK;
bool sema_table_own(struct sema *s, const struct word *at, uint32_t *out) MUST_CHECK;
/* May a sample of e, which stands at w, be a key of the table? */
bool sema_key_fits(struct sema *s, const struct word *w, const struct expr *e, uint32_t table) MUST_CHECK;
/* dir_filter.c: gives the rules that set bandwidth limits their filters. */
void filter_finish(struct sema *s, struct px_build *b);
void peers_section(struct sema *s, const struct section *sec);
/* What tables name, once all of them are known; then they are complete. */
void stick_link(struct sema *s);
void stick_freeze(struct sema *s);
void persist_finish(struct sema *s, struct px_build *b);
bool id_of_user(struct sema *s, const struct word *w, bool group, int *out) MUST_CHECK;
void global_finish(struct sema *s);
/* dir_stats.c: a `stats` line of a proxy, and those with conditions once the ACLs are known. */
void stats_page_line(struct sema *s, const struct line *l);
void stats_page_finish(struct sema *s, struct px_build *b);

/* ---- sections that are no proxies ---------------------------------------------------- */
void sect_userlist(struct sema *s, const struct section *sec);
void sect_resolvers(struct sema *s, const struct section *sec);
/* Index of a resolvers section, -1 = unknown. */
int sema_resolvers(struct sema *s, struct str name);
extern const char *sema_resolv_conf; /* tests have one of their own */
int sema_userlist(const struct sema *s, struct str name); /* index, -1 = unknown */
void sect_http_errors(struct sema *s, const struct section *sec);

/* A view of `l` without its first word. */
static inline struct line line_tail(const struct line *l) { return (struct line){ l->w + 1, l->n - 1, l->prefix }; }
/* Grows an arena array by one copy of *elem (small arrays of the configuration; inherited ones stay untouched). */
void *arena_append(struct arena *a, const void *at, uint32_t n, const void *elem, size_t size);
#define APPEND(a, ptr, n, elem) ((ptr) = arena_append((a), (ptr), (n), &(elem), sizeof(elem)), (n)++)

#endif
