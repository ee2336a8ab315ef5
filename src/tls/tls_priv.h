// SPDX-License-Identifier: GPL-3.0-or-later
/* Inside of the TLS layer:
 *
 *   cert.c     certificates, cert_files.c their files ctx.c     options to an SSL_CTX
 *   trust.c    CAs and revocations, trust_files.c where from  ocsp.c     responses to staple
 *   cache.c    sessions by their id                  beside.c   what stands beside a certificate
 *   chains.c   certificates that lack their chain
 *   lists.c    crt-lists, line by line               live.c     changes while the processes live
 *   front.c    bind lines: names to certificates     accept.c   choices during a client's handshake
 *   back.c     servers: contexts, known sessions     tickets.c  ticket keys
 *   verify.c   judging a peer's certificate          xprt_tls.c the transport on a connection
 *   early.c    early data of clients, early_back.c to servers, replay.c none of it twice
 */
#ifndef TLS_PRIV_H
#define TLS_PRIV_H

#include <dirent.h>

#include <sluice/base/hmap.h>
#include <sluice/base/vec.h>
#include <sluice/tls/cache.h>
#include <sluice/tls/lists.h>
#include <sluice/tls/ocsp.h>
#include <sluice/tls/tickets.h>
#include <sluice/tls/trust.h>
#include <sluice/tls/xprt_tls.h>

#define TLS_SNI_MAX 255

/* Frees every element of a list that is linked by `next` and has a pointer to its end; it is empty then. */
#define TLS_DROP_ALL(first, last, free_one)                                                                            \
	do {                                                                                                           \
		while (first) {                                                                                        \
			__typeof__(first) one_ = (first);                                                              \
			(first) = one_->next;                                                                          \
			free_one(one_);                                                                                \
		}                                                                                                      \
		(last) = &(first);                                                                                     \
	} while (0)

struct tls_policy {
	SSL_CTX *ctx;
	struct tls_opts o;
	struct tls_front *front;
	struct tls_policy *next;
	unsigned char sid[32];          /* session id context: sessions of another policy are strangers */
};

struct tls_front {
	char *id;
	struct tls_policy *policies;    /* the first one is that of the line */
	VEC(struct tls_entry *) entries;
	struct arena names_mem;         /* of exact and wild */
	struct hmap exact, wild;        /* name, or what follows the star -> struct tls_match */
	struct tls_match dflt;
	struct tls_ticket_file *tickets;
	VEC(struct tls_list *) lists;
	size_t before;                  /* entries before the change at hand */
	uint8_t dflt_kinds;             /* bit n: the context of the default has had a certificate of that kind of key */
	bool certs_stale;               /* one of them is no more, but OpenSSL cannot take it out of a context */
	bool any_negative;              /* some crt-list line has a "!name" */
	struct tls_front *next;
};

struct tls_back {
	struct tls_opts o;
	SSL_CTX *ctx;
	uint32_t trust_no;              /* changes when other servers are believed */
	struct tls_back *next;
};

/* Of a client that may send early data, or a server that may get some: what comes next from it. */
enum tls_stage {
	TLS_EARLY_NONE,      /* the handshake, or data, as ever */
	TLS_EARLY_READING,   /* early data */
	TLS_EARLY_FINISHING, /* the end of the handshake */
	TLS_EARLY_LEFT,      /* data; but early data is kept that nobody has read */
	TLS_EARLY_SENDING,   /* of a server: the end of the handshake, while what we send is early data */
};
#define TLS_EARLY_MAX 16384u /* bytes of early data a connection */

/* A connection. */
struct tls {
	SSL *ssl;
	struct conn *c;
	char *out;                      /* encrypted bytes that the socket has not taken, NULL = none */
	uint32_t out_at, out_n, out_cap;
	bool dry;                       /* the socket has nothing to read as far as we know */
	bool fin;                       /* shut the socket down once `out` has left */
	bool more;                      /* of the send() at work: MSG_MORE */
	bool broken;                    /* no further use of ssl or the socket */
	bool wire_eof;
	bool early;                     /* not established */
	uint8_t stage;                  /* enum tls_stage */
	bool ticketed;                  /* a ticket was made for the client */
	bool early_taken;               /* the client's early data was accepted */
	char *early_buf;                /* of a client: early data that nobody has read; of a server: what it was sent; NULL = none */
	uint32_t early_at, early_n;     /* early_at, of a server: so much of it has left as early data */
	uint32_t early_cap;
	SSL_SESSION *early_with;        /* of a server: whose early data it is; NULL = none is sent */
	struct list waiters;            /* struct tls_waiter: for the end of a handshake below early data */
	struct tls_result res;
	const struct tls_front *front;
	const struct tls_policy *policy;
	struct tls_match match;         /* a copy: name tables may be rebuilt during the handshake */
	bool matched, is_default;
	const struct tls_back *back;
	struct tls_sessions *sessions;
	struct timer timer;             /* while closing */
	char *prints;                   /* JA3 and JA4, one behind the other; NULL: not wanted */
};

/* cert.c */
/* Fills c from texts; key_text may be what pem is. */
bool tls_cert_fill(struct tls_cert *c, struct str pem, struct str key_text, struct tls_err *err) MUST_CHECK;

/* cert_files.c */
bool tls_cert_read(struct tls_cert *c, const struct tls_cert_files *f, struct tls_err *err) MUST_CHECK;
/* The whole of a regular file of at most 1 MiB, NUL-terminated; NULL with errno. The caller wipes (tls_text_wipe) or frees. */
char *tls_file_read(const char *path, size_t *n);
void tls_text_wipe(char *text, size_t n);
/* Calls each for the files of a directory that are wanted, in the order of their names, until it says false. 1 = it never did, 0 = it did,
 * -1 = the directory cannot be read (errno). */
int tls_dir_each(const char *dir, int (*wanted)(const struct dirent *d), bool (*each)(const char *file, void *arg), void *arg);
/* For PEM readers: no password is ever asked for on a terminal. */
int tls_no_password(char *buf, int size, int rw, void *u);

/* chains.c: what its file did not say; everything as before the first word. */
void tls_cert_complete(struct tls_cert *c);
void tls_chains_drop(void);
/* cert.c: all certificates of a text, in their order. */
bool tls_certs_parse(struct str pem, STACK_OF(X509) *out) MUST_CHECK;

/* beside.c: clients who ask for them get the timestamps of their certificate. */
void tls_timestamps_hook(SSL_CTX *ctx);

/* trust.c */
/* Fills the certificate store of a context from the files that o names. */
bool tls_trust_apply(SSL_CTX *ctx, const struct tls_opts *o, bool server, struct tls_err *err) MUST_CHECK;
/* Everything about those files that decides who is believed. */
void tls_trust_hash(EVP_MD_CTX *h, const struct tls_opts *o);
bool tls_trust_named(const struct tls_opts *o, enum tls_trust_kind k, const char *path);

/* lists.c, tickets.c: changes of live.h. name is NUL-terminated. */
bool tls_list_add_apply(struct str name, struct str body, struct tls_err *err) MUST_CHECK;
bool tls_list_del_apply(struct str name, struct str body, struct tls_err *err) MUST_CHECK;
bool tls_list_put_apply(struct str name, struct str body, struct tls_err *err) MUST_CHECK;
bool tls_ticket_rotate(struct str name, struct str key, struct tls_err *err) MUST_CHECK;

/* tickets.c: a client's handshake is over: a ticket, if it is to have one and has none. */
void tls_ticket_owe(struct tls *t);

/* front.c: entries of the line go; the names have to be built again. */
void tls_front_remove(struct tls_front *f, const struct tls_line *line);
/* The entries from place `from` on take that of those whose lines are `gone`, which go; or go themselves. */
void tls_front_replace(struct tls_front *f, size_t from);
void tls_front_cut(struct tls_front *f, size_t from);
/* c has been replaced; renamed: its names or the kind of its key are others. */
bool tls_fronts_recert(const struct tls_cert *c, bool renamed, struct tls_err *err) MUST_CHECK;
/* The entries of a handshake live until it is over, whatever happens to their line. */
void tls_match_hold(struct tls_match *m);
void tls_match_drop(struct tls_match *m);

/* front.c, back.c: contexts whose options name the file; judging by its new content. */
bool tls_fronts_trust(enum tls_trust_kind k, const char *path);
bool tls_backs_trust(enum tls_trust_kind k, const char *path);
bool tls_fronts_retrust(enum tls_trust_kind k, const char *path, struct tls_err *err) MUST_CHECK;
bool tls_backs_retrust(enum tls_trust_kind k, const char *path, struct tls_err *err) MUST_CHECK;

/* ctx.c */
SSL_CTX *tls_ctx_new(const struct tls_opts *o, bool server, struct tls_err *err) MUST_CHECK;
bool tls_ctx_use_cert(SSL_CTX *ctx, const struct tls_cert *c, struct tls_err *err) MUST_CHECK;
/* Puts OpenSSL's reason behind the message and empties its queue. */
void tls_err_ssl(struct tls_err *e, const char *fmt, ...) PRINTF_FMT(2, 3);
struct tls *tls_of(const SSL *ssl);

/* fingerprint.c */
void tls_fingerprint_take(struct tls *t);

/* accept.c */
void tls_accept_hooks(SSL_CTX *ctx, const struct tls_policy *p);

/* early.c */
void tls_early_allow(SSL_CTX *ctx);
/* While stage is READING and the connection is not established: 1 = it is now, else as SSL_do_handshake(). */
int tls_early_start(struct tls *t);
/* While stage is not NONE: bytes, 0 = go on with SSL_read(), -1 = ask SSL_get_error() with it. */
ssize_t tls_early_recv(struct tls *t, void *p, size_t n);
/* Bytes sent, or <= 0. */
int tls_early_send(struct tls *t, const char *p, size_t n);
/* The socket has news: tells who waits for the end of the handshake. */
void tls_early_event(struct tls *t);

/* early_back.c */
/* May the first bytes for a server go with its session s? alpn: what will be offered, wire form. */
bool tls_early_fits(const SSL_SESSION *s, struct str alpn);
void tls_early_begin(struct tls *t, SSL_SESSION *s);
/* While stage is SENDING. Sends n bytes as early data, or keeps them until the handshake is over: they count as sent. <= 0: no memory. */
int tls_early_back_send(struct tls *t, const char *p, size_t n);
/* Goes on with the handshake: 0 = it is over and everything has been sent, -1 = ask SSL_get_error() with it; t->broken when the server
 * took another protocol than the bytes were meant for. */
int tls_early_back_finish(struct tls *t);
/* The protocol of the bytes. */
struct str tls_early_alpn(const struct tls *t);

/* verify.c */
int tls_verify_cb(int ok, X509_STORE_CTX *store);
int tls_verify_mode(const struct tls_opts *o);

/* back.c */
void tls_session_keep(struct tls *t, SSL_SESSION *s);   /* takes over a reference */
struct tls_session *tls_session_find(struct tls_sessions *c, const struct tls_back *b, const char *sni);
void tls_session_drop(struct tls *t);
bool tls_back_setup(SSL *ssl, const struct tls_connect *k) MUST_CHECK;

#endif
