// SPDX-License-Identifier: GPL-3.0-or-later
/* The frozen tables: what a configuration means once every word is resolved. One arena, read-only after the leader has built it,
 * inherited by fork. Nothing in here changes at run time; what changes lives in the segment under the same indices.
 *
 *   rt ── px[]  proxies (frontend, backend, listen): index = segment proxy index
 *      ── srv[] all servers of all backends, those of one backend adjacent: index = segment server index
 *      ── lst[] listeners (one per address of a bind line): index = heritage listener fd index */
#ifndef SLUICE_RT_RT_H
#define SLUICE_RT_RT_H

#include <sluice/base/hmap.h>
#include <sluice/expr/memo.h>
#include <sluice/expr/patfile.h>
#include <sluice/log/log.h>
#include <sluice/log/logfmt.h>
#include <sluice/net/sock.h>
#include <sluice/rt/check.h>
#include <sluice/rt/route.h>
#include <sluice/rt/table.h>

#define RT_NONE UINT32_MAX
#define TIMEOUT_NONE 0u            /* timeouts are ms; 0 = infinite */
#define RETRIES_MAX 100           /* of set-retries */
#define RT_ERROR_SLOTS 20         /* rows of tbl/error_pages.def at most */

struct rt_loc { const char *file; uint32_t line, col; };

enum rt_mode { MODE_TCP, MODE_HTTP };

/* Phases in which rules run, in the order of a request. */
enum rule_phase {
	PH_TCP_CONN, PH_TCP_SESS, PH_TCP_CONTENT, PH_HTTP_REQ, PH_TCP_RES_CONTENT, PH_HTTP_RES, PH_HTTP_AFTER, PH_COUNT
};

enum rule_id {
#define ACTION(id, word, phases, parse, exec, changes, help, example) ACT_##id,
#include <sluice/tbl/actions.def>
#undef ACTION
	ACT_COUNT
};

/* A complete answer made by the proxy: deny, return, errorfile, redirect. */
struct rt_reply_hdr { struct str name; struct logfmt *val; };
struct rt_reply {
	uint16_t status;
	bool silent;                    /* errorfile /dev/null: close without a byte */
	struct str raw;                 /* errorfile: a full HTTP/1 message, sent as it is (head and body) */
	struct str content_type;
	struct str body;                /* constant body, or */
	struct logfmt *body_fmt;        /* evaluated body */
	struct rt_reply_hdr *hdrs;
	uint32_t nhdrs;
	struct str location;            /* errorloc: redirect to this, status 302 or 303 */
};

enum redirect_kind { REDIR_LOCATION, REDIR_PREFIX, REDIR_SCHEME };
enum redirect_flags { REDIR_DROP_QUERY = 1, REDIR_APPEND_SLASH = 2, REDIR_IGNORE_EMPTY = 4, REDIR_KEEP_QUERY = 8 };

/* Fields by action (what is not named is 0); cond, loc and id always:
 *   allow accept reject                 -
 *   switch-mode                         kind = enum rt_proto
 *   expect-netscaler-cip                num = magic number, -1 = that of the listener
 *   silent-drop                         num = 1 with rst-ttl, num2 = the TTL
 *   deny tarpit                         status; reply = the whole answer, or NULL: the error page of status
 *   return                              status, reply = the whole answer, or NULL: the error page of status
 *   auth                                tpl = realm, empty: the name of the proxy
 *   redirect                            kind = enum redirect_kind, status, flags = enum redirect_flags, fmt = target, extra = Set-Cookie value or empty
 *   set-header add-header               name, fmt
 *   del-header                          name; kind = enum name_match; re with NAME_REG
 *   replace-header replace-value        name, re, fmt (with \1 for groups, substituted after rendering)
 *   set-path set-pathq set-query set-uri set-method  fmt
 *   replace-path replace-pathq replace-uri           re, fmt (as replace-header)
 *   set-status                          status, tpl = reason, empty: the standard one
 *   set-log-level                       num = level 0-7, -1 = silent
 *   track-sc0 …                         num = slot, num2 = table, expr = key
 *   sc-inc-gpc0 …                       kind = enum stick_data, status = element, num = slot, flags = 1: set instead of add;
 *                                       num2 = the number, or expr
 *   capture                             expr, num = index in req_cap (request phases) or res_cap of the frontend, num2 = 1 when the
 *                                       slot was named by `id`
 *   set-src set-src-port set-dst set-dst-port set-priority-class set-priority-offset  expr
 *   set-retries                         num, or expr
 *   set-tos set-mark                    kind = 1 towards the server; num, or expr
 *   set-timeout                         kind = enum rt_timeout; num = ms, or expr
 *   pause                               num = ms, or expr
 *   do-resolve                          var, expr = name, num = section resolvers, num2 = 4 or 6: the family that is preferred
 *   wait-for-body                       num = ms, num2 = bytes that are enough, 0 = all
 *   early-hint                          name, fmt
 *   normalize-uri                       kind = enum uri_norm, flags = 1 for its flag
 *   set-map del-map add-acl del-acl     patterns, fmt = key, value
 *   set-var                             var, num = enum var_cond bits, expr
 *   set-var-fmt                         var, num, fmt
 *   unset-var                           var
 *   set-bandwidth-limit                 bw */
/* filter bwlim-in, bwlim-out: how many bytes of bodies (in mode tcp of everything) pass from the client, or to it. */
struct rt_bwlim {
	struct str name;
	bool in;                        /* what comes from the client */
	uint32_t limit, period;         /* bytes in so many ms; with a key the period is the table's */
	uint32_t min_size;              /* bytes that pass at once, but for the last */
	struct expr *key;               /* whose entry all streams share the limit of; NULL: each stream has its own */
	uint32_t table;
};
/* set-bandwidth-limit; 0 and NULL: the filter's own value. */
struct rt_bw_use { struct str name; const struct rt_bwlim *filter; uint32_t limit, period; struct expr *limit_of, *period_of; };
enum name_match { NAME_STR, NAME_BEG, NAME_END, NAME_SUB, NAME_REG };
/* Is text like want in that way, like re with NAME_REG? icase: ASCII case counts for nothing; re knows for itself. */
bool rt_name_matches(enum name_match how, struct str want, const struct regex *re, struct str text, bool icase);
struct rule {                       /* one action line */
	uint8_t act;                    /* enum rule_id */
	uint8_t kind;                   /* redirect kind and the like */
	uint16_t status;
	uint32_t flags;
	struct cond *cond;              /* NULL = always */
	struct str name;                /* header or variable name */
	struct logfmt *fmt;             /* value */
	struct logfmt *value;
	struct pat_file *patterns;
	struct expr *expr;
	struct regex *re;               /* replace-*, del-header -m reg */
	struct str tpl;                 /* replacement text when constant */
	struct rt_reply *reply;
	struct str extra;               /* set-cookie of a redirect, ... */
	int64_t num, num2;
	struct var_ref var;
	struct rt_bw_use *bw;
	struct rt_loc loc;
	uint32_t id;                    /* running number over the whole configuration, for hit counts */
	uint64_t changes;               /* rule_changes() */
};
/* As the configuration writes them: "http-request", "set-header", "track-sc0". */
const char *rule_phase_word(enum rule_phase ph);
struct rule;
void rule_action_print(const struct rule *r, struct sbuf *out);
/* What later conditions may see otherwise once r has run, as sets of expr/deps.h. */
uint64_t rule_changes(const struct rule *r);

/* route: over the conditions, where the list is long enough to gain by it, else NULL.
 * at[late .. n) are `redirect` lines (phase http-request only): they run after the others, also when an allow rule ended those. */
struct rule_list { struct rule *at; uint32_t n, late; const struct route *route; };

/* use_split: backends with weights; a key, when there is one, keeps its backend. */
struct rt_split_target { uint32_t px, weight; };
struct rt_split { struct rt_split_target *at; uint32_t n, total; struct expr *by; };

/* mirror: copies of requests for another backend, whose answers nobody sees. */
struct rt_mirror {
	uint32_t px;
	uint32_t share;                 /* of 10000 requests, or */
	struct expr *percent;
	uint32_t max_size;              /* bytes of a body; larger ones are not copied */
	bool log;
	struct cond *cond;
	struct rt_loc loc;
};

struct rt_use_be {                  /* use_backend / use-server */
	uint32_t target;                /* proxy index (use_backend) or server index (use-server); RT_NONE when dynamic */
	struct logfmt *name;            /* %[…] name looked up at run time */
	struct rt_split *split;         /* use_split, instead of a target */
	struct cond *cond;
	struct rt_loc loc;
	uint32_t id;                    /* for hit counts, as of rules */
};

/* stick on|match|store-request|store-response: the key finds the server, or is stored with it. */
enum stick_when { STICK_MATCH = 1, STICK_STORE_REQ = 2, STICK_STORE_RES = 4 };
struct rt_stick { uint8_t when; uint32_t table; struct expr *key; struct cond *cond; struct rt_loc loc; };

/* cookie: in the order of the words in conf/dir_persist.c. */
enum cookie_flags {
	CK_REWRITE = 1, CK_INSERT = 2, CK_PREFIX = 4, CK_INDIRECT = 8, CK_NOCACHE = 16, CK_POSTONLY = 32, CK_PRESERVE = 64, CK_HTTPONLY = 128,
	CK_SECURE = 256, CK_DYNAMIC = 512, CK_MODES = CK_REWRITE | CK_INSERT | CK_PREFIX | CK_INDIRECT,
};
struct rt_cookie {
	struct str name;                /* empty: no cookie persistence */
	uint32_t flags;                 /* enum cookie_flags */
	uint32_t maxidle, maxlife;      /* s, 0 = none */
	struct str suffix;              /* behind "; path=/" */
	struct str key;                 /* dynamic-cookie-key */
};
/* The value that HAProxy gives to the cookie of a server at `a`: XXH64 of key, address and port, in hex digits. Addresses of other families have none. */
#define DYN_COOKIE_LEN 16
#define DYN_COOKIE_KEY_MAX 1024u
void rt_dynamic_cookie(const struct rt_cookie *c, const struct addr *a, char out[DYN_COOKIE_LEN + 1]);
/* force-persist, ignore-persist: the first whose condition holds counts. */
struct rt_persist { bool force; struct cond *cond; };

struct rt_capture { struct str name; uint16_t len; };

struct rt_logging {
	const struct log_target **targets;
	uint32_t ntargets;
	struct logfmt *fmt, *err_fmt;   /* NULL: nothing is logged */
	struct str tag;
	bool dontlognull, dontlog_normal, separate_errors, asap;
};

enum rt_proto { PROTO_AUTO, PROTO_H1, PROTO_H2 };

struct rt_bind_opts {               /* shared by the addresses of a bind line */
	struct sock_listen_opts sock;
	struct str name;
	uint32_t maxconn;               /* 0 = none */
	bool accept_proxy, accept_cip, ssl;
	uint32_t cip_magic;             /* with accept_cip */
	const void *xprt_cfg;           /* with ssl: its struct tls_front */
	uint8_t proto;                  /* enum rt_proto; auto: HTTP/2 when a connection begins with its preface */
	struct rt_loc loc;
};
struct rt_listener {
	struct addr addr;
	int inherited_fd;               /* fd@N, else -1 */
	uint32_t px;                    /* its frontend */
	const struct rt_bind_opts *opts;
};

enum rt_timeout { TO_CONNECT, TO_CLIENT, TO_SERVER, TO_QUEUE, TO_HTTP_REQUEST, TO_HTTP_KEEP_ALIVE, TO_TUNNEL, TO_CLIENT_FIN, TO_SERVER_FIN, TO_CHECK, TO_TARPIT, TO_CLIENT_HS, TO_COUNT };

enum rt_opt {                       /* options that are one bit */
	OPT_HTTP_KEEP_ALIVE = 1u << 0, OPT_HTTP_SERVER_CLOSE = 1u << 1, OPT_HTTPCLOSE = 1u << 2, OPT_PRETEND_KEEPALIVE = 1u << 3,
	OPT_ABORTONCLOSE = 1u << 4, OPT_HTTP_BUFFER_REQUEST = 1u << 5, OPT_REDISPATCH = 1u << 6, OPT_ALLBACKUPS = 1u << 7,
	OPT_PREFER_LAST = 1u << 8, OPT_LOG_HEALTH = 1u << 9, OPT_TCPKA_CLI = 1u << 10, OPT_TCPKA_SRV = 1u << 11, OPT_NOLINGER = 1u << 12,
	OPT_IGNORE_PROBES = 1u << 13, OPT_SOCKET_STATS = 1u << 14, OPT_NO_H2_UPGRADE = 1u << 15, OPT_PERSIST = 1u << 16,
	OPT_DROP_REQ_TRAILERS = 1u << 17, OPT_DROP_RES_TRAILERS = 1u << 18,
};

struct rt_xff { bool on, if_none; struct str header; struct addr_net *except; uint32_t nexcept; };
struct rt_forwarded { bool on, by, for_, host, proto; };

enum rt_reuse { REUSE_NEVER, REUSE_SAFE, REUSE_AGGRESSIVE, REUSE_ALWAYS };

/* Compression; the backend's settings go before the frontend's. */
enum comp_dir { COMP_RES = 1, COMP_REQ = 2 };
struct rt_comp_what {
	uint8_t algos[8], nalgos;       /* enum comp_algo, in order of preference; none: nothing is compressed */
	struct str *types; uint32_t ntypes; /* beginnings of media types; none: all */
	uint32_t minsize;               /* bytes of a body of known length */
};
struct rt_comp {
	struct rt_comp_what res, req;   /* of requests one algorithm at most */
	uint8_t dirs;                   /* enum comp_dir */
	bool offload;                   /* servers are not told what the client accepts */
};

/* ---- servers ---------------------------------------------------------------------------------------------------- */
enum on_error { ONERR_FASTINTER, ONERR_FAIL_CHECK, ONERR_SUDDEN_DEATH, ONERR_MARK_DOWN };
enum init_state { INIT_UP, INIT_FULLY_UP, INIT_DOWN, INIT_FULLY_DOWN, INIT_NONE };
enum observe { OBSERVE_NONE, OBSERVE_L4, OBSERVE_L7 };
enum srv_flags {
	SRVF_BACKUP = 1, SRVF_CHECK = 2, SRVF_DISABLED = 4, SRVF_SHUT_ON_DOWN = 8, SRVF_PORT_FROM_CLIENT = 16 /* port 0: the client's */,
	SRVF_PORT_OFFSET = 32, SRVF_UNRESOLVED = 64, SRVF_TFO = 512, SRVF_SHUT_BACKUP_ON_UP = 1024,
	SRVF_NON_STICK = 2048, SRVF_SEND_PROXY = 128, SRVF_SEND_PROXY_V2 = 256, SRVF_CHECK_SEND_PROXY = 4096,
	SRVF_SSL = 8192, SRVF_CHECK_SSL = 16384, SRVF_NO_CHECK_SSL = 32768, SRVF_AGENT = 65536 /* agent-check */,
	SRVF_RESOLVE = 131072 /* its name is resolved at run time; without an address yet its addr is any */,
	SRVF_DYN_COOKIE = 1 << 28 /* its cookie is made of its address: rt_dynamic_cookie() */,
	SRVF_SRV = 1 << 27 /* with SRVF_RESOLVE: its name is a label, and an SRV record of that says name, port and weight */,
	SRVF_SPARE = 1 << 26 /* a row without a server */, SRVF_ADDED = 1 << 24 /* at run time: no line of the files has it */,
	 SRVF_NAMED = 1 << 25 /* a rule or an expression means this very server */,
};
#define AGENT_SEND_MAX 128

/* section resolvers: how names are asked for at run time. Times in ms. */
enum rt_hold { HOLD_OTHER, HOLD_REFUSED, HOLD_NX, HOLD_TIMEOUT, HOLD_VALID, HOLD_OBSOLETE, HOLD_COUNT };
struct rt_nameserver { struct str name; struct addr addr; bool tcp; };
struct rt_resolvers {
	struct str name;
	struct rt_nameserver *ns; uint32_t nns;
	uint32_t ns0;                   /* number of its first nameserver among those of all sections */
	uint32_t retries, payload;      /* queries for an answer; bytes of an answer over UDP */
	uint32_t resolve, retry;        /* between two resolutions of a name; until a query is repeated */
	uint32_t hold[HOLD_COUNT];
	struct rt_loc loc;
};
#define RESOLVE_NETS_MAX 5
enum resolve_opts { RESOLVE_DUP_IP = 1 /* two servers of a backend may have the same address */, RESOLVE_NO_WEIGHT = 2 /* weights of SRV records do not count */ };

/* What a PROXY header of version 2 says beside the addresses. */
enum pp_opts { PPO_SSL = 1, PPO_CN = 2, PPO_CIPHER = 4, PPO_SIG = 8, PPO_KEY = 16, PPO_AUTHORITY = 32, PPO_CRC32C = 64, PPO_UNIQUE_ID = 128 };
struct rt_pp_tlv { const struct rt_pp_tlv *before; const struct logfmt *fmt; uint8_t type; };

struct rt_srv_opts {                /* identical option sets of many servers are shared: a server costs what differs */
	uint32_t inter, fastinter, downinter; /* ms; fastinter/downinter 0 = inter */
	uint16_t rise, fall;
	uint16_t check_port;
	struct addr check_addr;
	uint32_t agent_inter;           /* ms */
	struct addr agent_addr;         /* AF_UNSPEC: the server's */
	uint16_t agent_port;
	struct str agent_send;          /* what its agent is told before it answers */
	uint32_t resolvers;             /* index + 1; 0 = names are looked up once */
	struct addr_net resolve_net[RESOLVE_NETS_MAX]; /* preferred addresses */
	uint8_t nresolve_net, resolve_prefer; /* 0 = none, 4, 6: the family that is preferred */
	uint8_t resolve_opts;           /* enum resolve_opts */
	uint8_t on_error, init_state, observe;
	uint32_t error_limit;
	uint32_t maxconn, minconn, maxqueue;
	uint32_t slowstart;             /* ms */
	int32_t pool_max_conn;          /* -1 = no limit */
	uint32_t pool_purge_delay, pool_low_conn, max_reuse;
	uint32_t tcp_ut;
	struct str redir;               /* GET and HEAD are redirected there, with their target behind it; empty = not */
	struct addr socks4;             /* proxy that leads to the server; AF_UNSPEC: none */
	bool check_socks4;              /* to its checks as well */
	struct addr source;
	const char *source_if;          /* network device, NULL = any */
	const void *xprt_cfg;           /* with SRVF_SSL: struct tls_back */
	const void *check_xprt_cfg;     /* with SRVF_CHECK_SSL, or SRVF_SSL: that of checks */
	struct expr *sni;               /* name to ask for; NULL: the Host header, unless no_sni_auto */
	bool no_sni_auto;
	struct str sni_text;            /* what sni was compiled from */
	struct str check_sni, check_alpn; /* of checks; alpn in wire form */
	uint8_t proto;                  /* enum rt_proto; auto: HTTP/1 */
	uint8_t check_proto;            /* enum rt_proto; auto: as proto, where checks go to the server itself */
	uint8_t pp_opts;                /* enum pp_opts */
	const struct rt_pp_tlv *pp_tlvs; /* the last one, NULL = none */
	uint8_t ws;                     /* enum rt_proto, of WebSocket; auto: as other requests */
};
struct rt_server {
	struct str name;
	struct addr addr;
	int32_t port_offset;
	uint32_t flags;                 /* enum srv_flags */
	uint32_t px;                    /* its backend */
	uint32_t id;                    /* puid, stable in hashes */
	uint16_t weight;                /* 0-256 */
	uint32_t track;                 /* server index whose health it follows, or RT_NONE */
	struct str cookie;
	struct str host;                /* name to resolve, when the address was not numeric */
	const struct rt_srv_opts *o;
	struct rt_loc loc;              /* of its line; with SRVF_ADDED or SRVF_SPARE of the one that was deleted from this row, file NULL: none */
	uint64_t line;                  /* hash of the words of that line, 0 = none */
	void *own;                      /* texts and options of one that came at run time (rt/row.h), else NULL */
};

/* ---- balancing -------------------------------------------------------------------------------------------------- */
enum hash_fn { HASH_SDBM, HASH_DJB2, HASH_WT6, HASH_CRC32, HASH_XXH3 };
enum key_kind { KEY_NONE, KEY_SOURCE, KEY_URI, KEY_URL_PARAM, KEY_HDR, KEY_EXPR };
struct rt_backend {                 /* the balancing half of a proxy, all that lb needs */
	const struct lb_algo *algo;
	uint8_t key;                    /* enum key_kind */
	uint8_t hash_fn;
	bool hash_consistent, hash_avalanche;
	uint16_t balance_factor;        /* percent, 0 = off */
	uint32_t uri_len, uri_depth;
	bool uri_whole, uri_path_only;
	bool hdr_domain_only;           /* hdr(host) use_domain_only */
	struct str key_name;            /* url_param or header name */
	struct expr *key_expr;
	uint32_t draws;                 /* random(n) */
	bool allbackups;
	uint32_t srv0, nsrv;            /* its rows: rt->srv[srv0 .. srv0+nsrv-1]; those that are no server are spare (rt_srv_exists) */
	const struct rt_server *srv;    /* = rt->srv + srv0 */
};

/* ---- the statistics page ---------------------------------------------------------------------------------------- */
enum stats_verdict { STATS_ALLOW, STATS_DENY, STATS_AUTH };
struct rt_stats_rule { uint8_t what; struct str realm; struct cond *cond; }; /* what: enum stats_verdict; realm may be empty */
struct rt_stats {                   /* shared by the proxies that inherit it */
	struct str uri;                 /* prefix of the request targets it answers */
	struct str realm, node, desc;   /* node, desc: shown when not empty */
	struct str *auth; uint32_t nauth; /* "user:password" in base 64 */
	struct str *scope; uint32_t nscope; /* names of proxies that are shown, "." is the own one; none: all */
	struct rt_stats_rule *rules; uint32_t nrules; /* the first whose condition holds decides; without one, auth does */
	struct cond **admin; uint32_t nadmin; /* orders are taken when one of them is NULL or holds */
	uint32_t refresh;               /* seconds, 0 = off */
	bool hide_version, legends;
};

/* ---- proxies ---------------------------------------------------------------------------------------------------- */
enum px_caps { PX_FE = 1, PX_BE = 2, PX_DISABLED = 4 };
struct rt_proxy {
	struct str name;
	uint32_t id;                    /* puid */
	uint8_t caps, mode;             /* enum px_caps, rt_mode */
	uint32_t opts;                  /* enum rt_opt */
	uint32_t to[TO_COUNT];          /* ms */
	struct rule_list rules[PH_COUNT];
	struct rt_logging log;
	struct sock_keepalive cli_ka, srv_ka; /* with OPT_TCPKA_CLI, OPT_TCPKA_SRV */
	struct rt_xff forwardfor, originalto;
	struct rt_forwarded forwarded;
	struct rt_reply *errors[RT_ERROR_SLOTS]; /* by error_slot(status): NULL = built-in */
	struct str description;
	const struct rt_comp *comp;     /* NULL = no compression */
	struct rt_bwlim *bwlim; uint32_t nbwlim;
	const struct rt_stats *stats;   /* NULL = no page */
	struct acl_set *acls;
	uint32_t table;                 /* its stick table + 1, index into rt->tbl; 0 = none */
	bool keeps_req;                 /* a rule or format that runs after the request has left reads its head */
	struct rt_loc loc;
	/* frontend */
	uint32_t maxconn;               /* 0 = the process's */
	uint32_t rate_limit;            /* sessions a second, 0 = none */
	uint32_t inspect_delay;         /* ms, tcp-request content */
	uint32_t res_inspect_delay;
	uint32_t default_be;            /* proxy index or RT_NONE */
	struct rt_use_be *use_be; uint32_t nuse_be;
	struct route *route;            /* over use_be */
	struct rt_mirror *mirror; uint32_t nmirror;
	struct str monitor_uri;
	struct cond **monitor_fail; uint32_t nmonitor_fail;
	struct rt_capture *req_cap, *res_cap; uint32_t nreq_cap, nres_cap;
	struct rt_capture cookie_cap;
	struct logfmt *unique_id_fmt; struct str unique_id_hdr;
	/* backend */
	struct rt_backend be;
	const void *srv_dflt;           /* what default-server says, for servers that come at run time; conf's own */
	struct rt_use_be *use_srv; uint32_t nuse_srv;
	struct route *srv_route;        /* over use_srv, NULL: few */
	struct rt_stick *stick; uint32_t nstick;
	struct rt_cookie cookie;
	struct rt_persist *persist; uint32_t npersist;
	struct rt_check check;
	uint32_t fullconn;
	uint16_t retries;               /* extra tries, default 3 */
	int16_t redispatch_every;       /* retries that may leave the server: 0 = every one, at once; n = every n-th; -n = the
					 * n-th from the end */
	uint32_t retry_on;              /* enum retry_on bits */
	uint32_t retry_slots;           /* with RO_STATUS: bit error_slot(status) for each status that is tried again */
	uint8_t reuse;                  /* enum rt_reuse */
	struct str send_name_hdr;
	uint8_t req_hdr_names;          /* enum hdr_names */
	uint8_t state_from;             /* enum state_from */
	struct str state_name;          /* of a local state file, empty: the backend's name */
	struct addr source;             /* of connections to servers that name none */
	const char *source_if;          /* network device, NULL = any */
};

enum state_from { STATE_FROM_NONE, STATE_FROM_GLOBAL, STATE_FROM_LOCAL }; /* file with states of servers, read at the start */

/* Request headers whose names are not letters, digits and '-': kept, left out, or a reason to refuse the request. */
enum hdr_names { HDR_NAMES_PRESERVE, HDR_NAMES_DELETE, HDR_NAMES_REJECT };
enum retry_on { RO_CONN_FAILURE = 1, RO_EMPTY = 2, RO_JUNK = 4, RO_TIMEOUT = 8, RO_0RTT = 16, RO_STATUS = 32 };

/* Statuses with a built-in page and an errorfile slot, from tbl/error_pages.def; -1 for others. */
int error_slot(unsigned status);
/* The sentence of the built-in page, empty when there is none. */
struct str error_text(unsigned status);


enum drain_idle { DRAIN_IDLE_ON_RESPONSE, DRAIN_IDLE_SPREAD, DRAIN_IDLE_NOW };
struct rt_global {
	uint32_t workers, maxconn, maxconnrate, maxsessrate, maxsslconn, maxsslrate, ulimit_n;
	uint32_t bufsize, maxrewrite, maxhdr, maxaccept;
	struct rt_h2 {                  /* tune.h2.*; 0 = the value for both sides, and where there is none the default */
		uint32_t streams, fe_streams, be_streams;
		uint32_t window, fe_window, be_window;
		uint32_t table, frame;
		uint32_t fe_glitches, be_glitches, fe_total;
	} h2;
	uint32_t stick_counters;        /* slots of track-sc: 3 */
	uint32_t spread_checks;         /* percent */
	uint32_t max_spread_checks;     /* ms over which first checks are spread at most, 0 = their interval */
	uint32_t comp_level;            /* 0-9; 0 = nothing is compressed */
	uint32_t comp_max_rate;         /* KiB of input a second over all workers, 0 = no limit */
	uint32_t comp_max_cpu;          /* percent of a worker's CPU above which nothing more is compressed */
	uint32_t comp_max_mem;          /* MiB over all workers, 0 = no limit */
	uint32_t hard_stop_after;       /* ms */
	bool daemon, noepoll, quiet;
	bool maxconn_derived;           /* from the limit of descriptors: no line gave it */
	struct str user, group, chroot, pidfile, node, description, log_tag, log_send_hostname, localpeer;
	int64_t uid, gid;               /* -1 = unchanged */
	uint32_t sndbuf_client, rcvbuf_client, sndbuf_server, rcvbuf_server;
	const struct log_target **log_targets; uint32_t nlog; /* of the global section */
	uint32_t server_close_spread;   /* ms over which a draining generation closes what is left at the end */
	uint8_t drain_idle;             /* enum drain_idle */
	uint32_t drain_idle_spread;     /* ms */
	struct str state_base, state_file;
	uint32_t stats_timeout, stats_maxconn; /* runtime socket: idle ms, sessions */
	bool ssl_watch;                 /* changed certificate files take effect without a reload */
	uint32_t http_resolvers;  /* for requests of our own: index + 1; 0 = section "default", else the machine's own way */
	uint8_t http_prefer;      /* ... and the family that is tried first: 4, 6, 0 = as answered */
	uint32_t ocsp_mindelay, ocsp_maxdelay; /* s between two renewals of an OCSP response */
	uint32_t tls_cache;             /* sessions that can be resumed by id; 0 = none */
	uint32_t tls_lifetime;          /* s, of sessions; 0 = default */
	uint32_t spare_servers;         /* spare rows of each backend; RT_NONE: by its size */
};

struct rt_file { const char *name; struct str text; }; /* as it was read */
struct rt_cli_sock { struct addr addr; int fd; uint8_t level; struct sock_listen_opts sock; struct rt_loc loc; };

/* section userlist */
struct rt_user { struct str name, pass; bool plain; struct str *groups; uint32_t ngroups; }; /* pass: empty = nobody logs in by it */
struct rt_userlist { struct str name; struct rt_user *user; uint32_t nuser; };

struct rt {
	struct arena arena;
	struct rt_global g;
	struct rt_proxy *px; uint32_t npx;
	struct rt_server *srv; uint32_t nsrv; /* nsrv: with spare rows */
	uint32_t nspare;                /* rows that were spare when the configuration was read */
	const void *srv_tls;            /* TLS defaults of servers and base directories, for lines that come at run time; conf's own */
	struct rt_listener *lst; uint32_t nlst;
	struct rt_table *tbl; uint32_t ntbl;
	const struct log_target **logs; uint32_t nlogs; /* every target, for log_process_init */
	struct rt_cli_sock *cli; uint32_t ncli;
	struct rt_file *files; uint32_t nfiles; /* only where somebody may ask for them: in a leader */
	struct hmap px_by_name;         /* backends: name -> struct rt_proxy * */
	uint32_t nrules;
	bool pp_tlvs;                   /* an expression asks for what clients' PROXY headers say beside addresses */
	bool tls_prints;                /* an expression asks for fingerprints of TLS clients */
	struct var_table *vars;
	struct memo_slots memo;         /* expressions that are evaluated once for several rules */
	struct pat_files patterns;
	struct rt_userlist *userlist; uint32_t nuserlist;
	struct rt_resolvers *resolvers; uint32_t nresolvers;
	uint32_t nns;                   /* nameservers of all of them */
	uint64_t config_hash;
};

/* Frees the tables; they must not be frozen. Leader and tools, before anything was forked. */
void rt_free(struct rt *rt);

/* A spare row is in maintenance, and nobody chooses, finds, shows or counts it. */
static inline bool rt_srv_exists(const struct rt_server *s) { return !(s->flags & SRVF_SPARE); }
uint32_t rt_count_servers(const struct rt_backend *be);
bool rt_has_servers(const struct rt_backend *be);
/* Row i becomes spare: before the tables are frozen, or inside rt_row_*(). */
void rt_srv_clear(struct rt *rt, uint32_t i, uint32_t px);

const struct rt_proxy *rt_find_backend(const struct rt *rt, struct str name);
/* "be/srv" or a server of px; RT_NONE when unknown. */
uint32_t rt_find_server(const struct rt *rt, const struct rt_proxy *px, struct str name);

#endif
