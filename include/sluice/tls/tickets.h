// SPDX-License-Identifier: GPL-3.0-or-later
/* Session ticket keys. All workers derive the same keys from one secret without talking to each other: the secret of an
 * epoch is a one-way function of the one before, and each process forgets the older one, so a key that leaks later
 * opens no old ticket. Tickets of the epoch before the present one are still taken. */
#ifndef SLUICE_TLS_TICKETS_H
#define SLUICE_TLS_TICKETS_H

#include <openssl/ssl.h>
#include <sluice/tls/opts.h>

#define TLS_SECRET_BYTES 32
#define TLS_TICKET_KEY_BYTES 80

struct tls_ticket_state {
	uint64_t epoch;
	uint32_t epoch_s;               /* length of an epoch */
	uint32_t have_former;
	unsigned char secret[TLS_SECRET_BYTES];
	unsigned char former[TLS_TICKET_KEY_BYTES]; /* keys of the epoch before: name, hmac, aes */
};

/* Begins with a random secret. Leader, before it forks. epoch_s: how long keys are used, seconds. */
void tls_tickets_init(uint32_t epoch_s);
/* The state to hand on, brought forward to the present; and its taking over. One of the future, or with epochs of another
 * length, is refused. */
void tls_tickets_export(struct tls_ticket_state *out);
bool tls_tickets_import(const struct tls_ticket_state *in);
/* Moves to the present epoch. Also happens by itself when a key is needed; the leader calls it before forking. */
void tls_tickets_advance(void);
/* Seconds until the next epoch. */
uint32_t tls_tickets_next_s(void);

/* Keys of a tls-ticket-keys file: base64 lines of 48 or 80 bytes, the last but one encrypts (HAProxy manual 5.1). A file
 * is read once under its path. */
struct tls_ticket_file;
struct tls_ticket_file *tls_ticket_file_load(const char *path, struct tls_err *err) MUST_CHECK;
struct tls_ticket_file *tls_ticket_file_first(void);
struct tls_ticket_file *tls_ticket_file_next(const struct tls_ticket_file *f);
const char *tls_ticket_file_path(const struct tls_ticket_file *f);
unsigned tls_ticket_file_keys(const struct tls_ticket_file *f);
/* Key i as it stands in the file, decoded; its length. */
size_t tls_ticket_file_key(const struct tls_ticket_file *f, unsigned i, char raw[TLS_TICKET_KEY_BYTES]);
void tls_ticket_files_drop(void);
/* Makes ctx use the keys of f, or the shared ones when f is NULL. */
void tls_tickets_use(SSL_CTX *ctx, struct tls_ticket_file *f);

#endif
